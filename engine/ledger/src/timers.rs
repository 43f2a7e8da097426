//! What time will bring: releases and ends of holds, ordered by (time, creation).

use model::EventTime;
use model::admitted::OrderRecord;
use model::event::Status;
use model::verdict::Account;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

use crate::arena::{CommissionIx, WideIx};
use crate::commission::{Commission, Origin, Share};
use crate::credit::candidate_of;
use crate::ledger::Ledger;
use crate::order::OrderBook;

/// Where a commission waits for its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Timer {
    /// Nowhere: it is held, stopped, or has nothing to release.
    None,
    /// For its date.
    Set(EventTime),
    /// For a feed; its date has passed.
    Awaiting(EventTime),
}

impl Timer {
    fn time(self) -> Option<EventTime> {
        match self {
            Timer::None => None,
            Timer::Set(at) | Timer::Awaiting(at) => Some(at),
        }
    }
}

/// Everything that waits for a date.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Timers {
    pub(crate) releases: BTreeSet<(EventTime, CommissionIx)>,
    pub(crate) lapses: BTreeSet<(EventTime, CommissionIx)>,
    /// Ends of group and creator holds.
    pub(crate) ends: BTreeSet<(EventTime, WideIx)>,
}

impl Ledger {
    /// Recomputes when a commission is due, and sets its timers.
    pub(crate) fn reschedule(&mut self, ix: CommissionIx) {
        let commission = &self.commissions[ix];
        let due = self.due_by_dates(commission);
        let ripens = !self.awaits_refund(commission) && !commission.balance.get(Account::Pending).is_zero();
        let lapse = self.next_lapse(commission);
        self.commissions[ix].due = due;
        self.set_release(ix, due.filter(|_| ripens));
        self.set_lapse(ix, lapse);
        self.count_open(ix);
    }

    fn set_release(&mut self, ix: CommissionIx, at: Option<EventTime>) {
        let timer = self.commissions[ix].timer;
        if timer.time() == at {
            return;
        }
        match timer {
            Timer::None => {}
            Timer::Set(old) => drop(self.timers.releases.remove(&(old, ix))),
            Timer::Awaiting(old) => self.stop_awaiting(ix, old),
        }
        self.commissions[ix].timer = at.map_or(Timer::None, Timer::Set);
        if let Some(at) = at {
            self.timers.releases.insert((at, ix));
        }
    }

    fn set_lapse(&mut self, ix: CommissionIx, at: Option<EventTime>) {
        let old = std::mem::replace(&mut self.commissions[ix].lapse, at);
        if old != at {
            old.map(|old| self.timers.lapses.remove(&(old, ix)));
            at.map(|at| self.timers.lapses.insert((at, ix)));
        }
    }

    /// Another ruleset may escalate sooner or later what stands.
    pub(crate) fn reset_lapses(&mut self) {
        for ix in self.commissions.names() {
            let lapse = self.next_lapse(&self.commissions[ix]);
            self.set_lapse(ix, lapse);
        }
    }

    /// The date of a commission: the latest of its lines that earn, all of which must have one.
    fn due_by_dates(&self, commission: &Commission) -> Option<EventTime> {
        let order = match &commission.origin {
            Origin::Obligation { due, .. } => return Some(*due),
            Origin::Run(_) => return None,
            Origin::Order(place) => &self.orders[place.0],
        };
        let mut latest = None;
        for share in commission.shares.iter().filter(|share| !share.net().is_zero()) {
            latest = latest.max(Some(line_due(order, &order.record, share)?));
        }
        latest
    }
}

/// The date of one line: its terms' delay after the status that they name. An unpaid line has none.
fn line_due(order: &OrderBook, record: &OrderRecord, share: &Share) -> Option<EventTime> {
    let line = &record.order.lines.get(share.line as usize)?.line_id;
    let terms = &candidate_of(record, share)?.terms;
    if order.status(line) == Some(Status::Unpaid) {
        return None;
    }
    Some(order.settles_from(line, terms.settlement_from)?.plus(terms.settlement_delay))
}
