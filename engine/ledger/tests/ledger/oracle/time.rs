//! What time brings: ends of holds, and releases.

use model::verdict::Account;

use super::history::replay;
use super::{DELAY, GRID, Hold, LONGEST, Oracle, Parcel, State, at_maturity};

impl Oracle {
    pub(super) fn release_at(&self, ix: usize) -> Option<i64> {
        let commission = &self.commissions[ix];
        if commission.of(Account::Pending) == 0 {
            return None;
        }
        let order = &self.orders[&commission.order];
        let (shares, requested) = replay(order);
        let mut earning = shares.iter().filter(|((creator, _), share)| {
            *creator == commission.creator && !share.void && share.gross > share.reduced
        });
        let unpaid = earning.clone().any(|(_, share)| share.unpaid);
        (earning.next().is_some() && !unpaid && !requested).then_some(order.placed_at + DELAY)
    }

    pub(super) fn lapse_at(&self, ix: usize) -> Option<i64> {
        let next = |hold: &Hold| {
            let escalation = (!hold.escalated).then_some(hold.since + LONGEST);
            [hold.until, escalation].into_iter().flatten().min()
        };
        self.commissions[ix].standing().filter_map(next).min()
    }

    pub(crate) fn next_due(&self) -> Option<i64> {
        let each = 0..self.commissions.len();
        let timers = each.flat_map(|ix| [self.release_at(ix), self.lapse_at(ix)]).flatten();
        let ends = self.wides.iter().filter(|wide| !wide.ended && !wide.lifted).filter_map(|wide| wide.until);
        timers.chain(ends).min()
    }

    /// Sweeps every grid point up to `now` at which something is due.
    pub(crate) fn advance(&mut self, now: i64) {
        let target = now;
        while let Some(due) = self.next_due() {
            let earliest = self.swept.map_or(due, |swept| due.max(swept + 1));
            let point = (earliest + GRID - 1).div_euclid(GRID) * GRID;
            if point > target {
                break;
            }
            self.now = point;
            self.sweep();
            self.swept = Some(point);
        }
        self.now = target;
        self.swept = self.swept.max(Some(target.div_euclid(GRID) * GRID));
    }

    pub(super) fn sweep(&mut self) {
        let mut lapsing: Vec<(i64, usize)> =
            (0..self.commissions.len()).filter_map(|ix| Some((self.lapse_at(ix)?, ix))).collect();
        lapsing.retain(|(at, _)| *at <= self.now);
        for (_, ix) in lapsing {
            self.lapse(ix);
        }
        let now = self.now;
        self.wides.iter_mut().for_each(|wide| wide.ended |= wide.until.is_some_and(|until| until <= now));
        let due = |oracle: &Oracle| -> Vec<(i64, usize)> {
            let each = (0..oracle.commissions.len()).filter_map(|ix| Some((oracle.release_at(ix)?, ix)));
            let mut due: Vec<_> = each.filter(|(at, _)| *at <= oracle.now).collect();
            due.sort_unstable();
            due
        };
        // The record that sets the sweep off has not been counted.
        self.position -= 1;
        for (_, ix) in due(self) {
            let order = self.commissions[ix].order;
            self.say(order, at_maturity(order));
        }
        self.position += 1;
        for (_, ix) in due(self) {
            let pending = self.commissions[ix].of(Account::Pending);
            self.commissions[ix].post(Account::Pending, Account::Released, pending);
            self.parcels.push(Parcel { commission: ix, at: self.now, amount: pending, run: None });
        }
    }

    pub(super) fn lapse(&mut self, ix: usize) {
        let now = self.now;
        let mut holds = self.commissions[ix].holds.clone();
        for hold in holds.iter_mut().filter(|hold| hold.state == State::Standing) {
            let escalation = hold.since + LONGEST;
            if hold.until.is_some_and(|until| until <= now && until <= escalation) {
                match self.latest(hold) {
                    Some(until) => hold.until = until,
                    None => hold.state = State::Lapsed,
                }
            }
            if hold.state == State::Standing && !hold.escalated && escalation <= now {
                hold.escalated = true;
                hold.until = None;
            }
        }
        self.commissions[ix].holds = holds;
        self.tidy(ix);
    }
}
