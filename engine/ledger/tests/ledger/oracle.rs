//! The ledger again, slowly and obviously: everything is recomputed from the order's history, everything is
//! scanned, nothing is indexed. It knows one group feature, one currency and the rules of these tests.

use model::event::{RefundState, Status};
use model::verdict::Account;
use std::collections::BTreeMap;

mod doubts;
mod history;
mod time;

use history::{Happened, Order, Owned, Share, replay};

pub(crate) const DELAY: i64 = 30 * 60_000;
pub(crate) const WINDOW: i64 = 10 * 60_000;
pub(crate) const LONGEST: i64 = 120 * 60_000;
pub(crate) const GRID: i64 = 60_000;

/// A line: its number, its creator, what was paid, the rate.
pub(crate) type LineOf = (usize, usize, i64, i64);

#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) rule: &'static str,
    pub(crate) until: Option<i64>,
    since: i64,
    state: State,
    escalated: bool,
    placed_by: Option<usize>,
    /// Groups and creators that hold it too.
    wides: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Standing,
    Lapsed,
    Lifted,
}

pub(crate) struct Commission {
    pub(crate) order: usize,
    pub(crate) creator: usize,
    pub(crate) accounts: BTreeMap<Account, i64>,
    holds: Vec<Hold>,
    named: Vec<&'static str>,
    trusted: bool,
    taken: [i64; 2],
    owing: [i64; 2],
}

#[derive(Clone, Copy, PartialEq)]
enum Over {
    Group(usize),
    Creator(usize),
}

struct Wide {
    rule: &'static str,
    over: Over,
    until: Option<i64>,
    lifted: bool,
    watermark: Option<u64>,
    members: Vec<usize>,
    ended: bool,
}

impl Wide {
    fn stands(&self, now: i64) -> bool {
        !self.lifted && self.until.is_none_or(|until| until > now)
    }
}

struct Parcel {
    commission: usize,
    at: i64,
    amount: i64,
    run: Option<usize>,
}

/// What a rule says of an order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Says {
    Nothing,
    Hold(Option<i64>),
    Burst(i64),
    Creator(i64),
    Reject,
}

#[derive(Default)]
pub(crate) struct Oracle {
    pub(crate) orders: BTreeMap<usize, Order>,
    pub(crate) commissions: Vec<Commission>,
    wides: Vec<Wide>,
    parcels: Vec<Parcel>,
    paid_runs: Vec<usize>,
    pub(crate) now: i64,
    pub(crate) position: u64,
    swept: Option<i64>,
}

impl Commission {
    pub(crate) fn of(&self, account: Account) -> i64 {
        self.accounts.get(&account).copied().unwrap_or(0)
    }

    fn post(&mut self, from: Account, to: Account, amount: i64) {
        *self.accounts.entry(from).or_default() += if from == Account::Accrued { amount } else { -amount };
        *self.accounts.entry(to).or_default() += amount;
    }

    fn open(&self) -> bool {
        self.of(Account::Pending) + self.of(Account::Held) + self.of(Account::Released) > 0
    }

    pub(crate) fn standing(&self) -> impl Iterator<Item = &Hold> {
        self.holds.iter().filter(|hold| hold.state == State::Standing)
    }

    fn held(&self) -> bool {
        self.standing().next().is_some()
    }
}

fn later(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        _ => None,
    }
}

impl Oracle {
    pub(crate) fn at(now: i64) -> Oracle {
        Oracle { now, ..Oracle::default() }
    }

    pub(crate) fn order(&mut self, name: usize, groups: &'static [usize], lines: Vec<LineOf>, says: Says) {
        let history = vec![Happened::Revised(lines)];
        let order = Order { placed_at: self.now, position: self.position, groups, history };
        self.orders.insert(name, order);
        self.settle(name);
        self.say(name, says);
    }

    pub(crate) fn amend(&mut self, name: usize, lines: Vec<LineOf>, says: Says) {
        self.happen(name, Happened::Revised(lines));
        self.say(name, says);
    }

    pub(crate) fn status(&mut self, name: usize, line: Option<usize>, status: Status, at: i64) {
        let position = self.position;
        self.happen(name, Happened::Stood { line, status, at, position });
    }

    pub(crate) fn refund(
        &mut self,
        name: usize,
        refund: usize,
        state: RefundState,
        amount: i64,
        line: Option<usize>,
        says: Says,
    ) {
        let (at, position) = (self.now, self.position);
        self.happen(name, Happened::Refunded { refund, state, amount, line, at, position });
        self.say(name, says);
    }

    fn happen(&mut self, name: usize, happened: Happened) {
        self.orders.get_mut(&name).unwrap().history.push(happened);
        self.settle(name);
    }

    /// Brings every commission of an order to what its history comes to.
    fn settle(&mut self, name: usize) {
        let (shares, _) = replay(&self.orders[&name]);
        for ((creator, _), _) in &shares {
            if self.find(name, *creator).is_none() {
                self.commissions.push(Commission {
                    order: name,
                    creator: *creator,
                    accounts: BTreeMap::new(),
                    holds: Vec::new(),
                    named: Vec::new(),
                    trusted: false,
                    taken: [0; 2],
                    owing: [0; 2],
                });
            }
        }
        for ix in 0..self.commissions.len() {
            if self.commissions[ix].order == name {
                self.settle_one(ix, &shares);
            }
        }
    }

    fn settle_one(&mut self, ix: usize, shares: &[Owned]) {
        let creator = self.commissions[ix].creator;
        let own: Vec<&Share> =
            shares.iter().filter(|((of, _), _)| *of == creator).map(|(_, share)| share).collect();
        let gross: i64 = own.iter().map(|share| share.gross).sum();
        let accrued = self.commissions[ix].of(Account::Accrued);
        let grown = (gross - accrued).max(0);
        let void: i64 = own.iter().filter(|share| share.void).map(|share| share.gross - share.reduced).sum();
        let taken = [own.iter().map(|share| share.reduced).sum(), void + accrued + grown - gross];
        let before = std::mem::replace(&mut self.commissions[ix].taken, taken);
        if grown == 0 && before == taken {
            return;
        }
        // What a person said was about another amount.
        let commission = &mut self.commissions[ix];
        commission.trusted = false;
        commission.holds.retain(|hold| hold.state != State::Lifted);
        if grown > 0 || before.iter().zip(&taken).any(|(before, taken)| before > taken) {
            self.enlist(ix);
        }
        self.commissions[ix].post(Account::Accrued, Account::Pending, grown);
        for side in 0..2 {
            self.give_back(ix, side, (before[side] - taken[side]).max(0));
        }
        self.tidy(ix);
        for side in 0..2 {
            self.take(ix, side, (taken[side] - before[side]).max(0));
        }
    }

    fn give_back(&mut self, ix: usize, side: usize, mut left: i64) {
        let commission = &mut self.commissions[ix];
        let forgiven = left.min(commission.owing[side]);
        commission.owing[side] -= forgiven;
        left -= forgiven;
        let own = [Account::Reduced, Account::Void][side];
        for (from, to) in [
            (own, Account::Pending),
            (Account::OwedBack, Account::Paid),
            (Account::WrittenOff, Account::Paid),
        ] {
            let part = left.min(commission.of(from));
            commission.post(from, to, part);
            left -= part;
        }
        assert_eq!(left, 0);
    }

    fn take(&mut self, ix: usize, side: usize, mut left: i64) {
        let to = [Account::Reduced, Account::Void][side];
        for from in [Account::Pending, Account::Held, Account::Released] {
            let part = left.min(self.commissions[ix].of(from));
            if from == Account::Released {
                self.drop_released(ix, part);
            }
            self.commissions[ix].post(from, to, part);
            left -= part;
        }
        let commission = &mut self.commissions[ix];
        let paid = left.min(commission.of(Account::Paid));
        commission.post(Account::Paid, Account::OwedBack, paid);
        commission.owing[side] += left - paid;
    }

    fn drop_released(&mut self, ix: usize, mut left: i64) {
        for parcel in self.parcels.iter_mut().rev().filter(|p| p.commission == ix && p.run.is_none()) {
            let part = left.min(parcel.amount);
            parcel.amount -= part;
            left -= part;
        }
    }

    /// Money is held if and only if a hold stands.
    fn tidy(&mut self, ix: usize) {
        if self.commissions[ix].held() {
            let released = self.commissions[ix].of(Account::Released);
            self.drop_released(ix, released);
            let pending = self.commissions[ix].of(Account::Pending);
            self.commissions[ix].post(Account::Released, Account::Held, released);
            self.commissions[ix].post(Account::Pending, Account::Held, pending);
        } else {
            let held = self.commissions[ix].of(Account::Held);
            self.commissions[ix].post(Account::Held, Account::Pending, held);
        }
    }

    fn find(&self, order: usize, creator: usize) -> Option<usize> {
        self.commissions.iter().position(|c| c.order == order && c.creator == creator)
    }

    // People.

    pub(crate) fn review_hold(&mut self, ix: usize) {
        self.place(ix, "review", None, None, false);
    }

    pub(crate) fn keep(&mut self, ix: usize) {
        let now = self.now;
        for hold in self.commissions[ix].holds.iter_mut().filter(|hold| hold.state == State::Standing) {
            (hold.since, hold.until, hold.escalated) = (now, None, false);
        }
    }

    pub(crate) fn release(&mut self, ix: usize) {
        self.lift(ix, |_| true);
        let open = self.commissions[ix].open();
        self.commissions[ix].trusted |= open;
    }

    pub(crate) fn lift_named(&mut self, ix: usize, rule: &'static str) {
        if self.commissions[ix].named.contains(&rule) {
            self.lift(ix, |hold| hold.rule == rule);
        }
    }

    fn lift(&mut self, ix: usize, which: impl Fn(&Hold) -> bool) {
        for hold in self.commissions[ix].holds.iter_mut() {
            if hold.state == State::Standing && which(hold) {
                hold.state = State::Lifted;
            }
        }
        self.tidy(ix);
    }

    pub(crate) fn void(&mut self, ix: usize) {
        self.reject(ix);
    }

    pub(crate) fn write_off(&mut self, ix: usize) {
        let owed = self.commissions[ix].of(Account::OwedBack);
        self.commissions[ix].post(Account::OwedBack, Account::WrittenOff, owed);
    }

    pub(crate) fn freeze(&mut self, creator: usize) {
        self.hold_creator(creator, "freeze", None, false);
    }

    pub(crate) fn unfreeze(&mut self, creator: usize) {
        for wide in self.wides.iter_mut().filter(|w| w.rule == "freeze" && w.over == Over::Creator(creator)) {
            wide.lifted = true;
        }
        for ix in 0..self.commissions.len() {
            if self.commissions[ix].creator == creator {
                self.lift(ix, |hold| hold.rule == "freeze");
            }
        }
    }

    pub(crate) fn release_creator(&mut self, creator: usize) {
        for wide in self.wides.iter_mut().filter(|wide| wide.over == Over::Creator(creator)) {
            wide.lifted = true;
        }
        for ix in 0..self.commissions.len() {
            if self.commissions[ix].creator == creator {
                self.release(ix);
            }
        }
    }

    pub(crate) fn lift_group(&mut self, group: usize) {
        let Some(wide) = self.wides.iter().position(|w| w.over == Over::Group(group)) else { return };
        self.wides[wide].lifted = true;
        for ix in 0..self.commissions.len() {
            if !self.wides[wide].members.contains(&self.commissions[ix].order) {
                continue;
            }
            let mut holds = self.commissions[ix].holds.clone();
            for hold in holds.iter_mut().filter(|hold| hold.state == State::Standing) {
                if hold.placed_by == Some(wide) || hold.wides.contains(&wide) {
                    match self.latest(hold) {
                        Some(until) if !hold.escalated => hold.until = until,
                        Some(_) => {}
                        None => hold.state = State::Lifted,
                    }
                }
            }
            self.commissions[ix].holds = holds;
            self.tidy(ix);
        }
    }

    // Finance.

    pub(crate) fn lock(&mut self, run: usize) {
        if self.paid_runs.contains(&run) {
            return;
        }
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.run.is_none() && parcel.at <= self.now) {
            parcel.run = Some(run);
            let (from, to) = (Account::Released, Account::Scheduled);
            self.commissions[parcel.commission].post(from, to, parcel.amount);
        }
    }

    /// Pays so much to each creator; everything when `amounts` is empty.
    pub(crate) fn pay(&mut self, run: usize, amounts: &BTreeMap<usize, i64>) {
        if self.paid_runs.contains(&run) {
            return;
        }
        self.paid_runs.push(run);
        let mut left = amounts.clone();
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.run == Some(run)) {
            let commission = &mut self.commissions[parcel.commission];
            let part = if amounts.is_empty() {
                parcel.amount
            } else {
                left.get(&commission.creator).copied().unwrap_or(0).min(parcel.amount)
            };
            left.entry(commission.creator).and_modify(|left| *left -= part);
            commission.post(Account::Scheduled, Account::Paid, part);
            parcel.amount -= part;
        }
        self.give_back_run(run);
    }

    pub(crate) fn fail(&mut self, run: usize) {
        if !self.paid_runs.contains(&run) {
            self.give_back_run(run);
        }
    }

    fn give_back_run(&mut self, run: usize) {
        let mut moved = Vec::new();
        for parcel in self.parcels.iter_mut().filter(|parcel| parcel.run == Some(run)) {
            parcel.run = None;
            moved.push(parcel.commission);
            let (from, to) = (Account::Scheduled, Account::Released);
            self.commissions[parcel.commission].post(from, to, parcel.amount);
        }
        for ix in moved {
            for side in 0..2 {
                let owing = std::mem::take(&mut self.commissions[ix].owing[side]);
                self.take(ix, side, owing);
            }
            self.tidy(ix);
        }
    }
}

/// What rules say of an order's commissions when they are due: one is doubted each time, one gives a burst away.
pub(crate) fn at_maturity(order: usize) -> Says {
    match order {
        2 => Says::Hold(Some(25 * 60_000)),
        3 => Says::Burst(50 * 60_000),
        _ => Says::Nothing,
    }
}
