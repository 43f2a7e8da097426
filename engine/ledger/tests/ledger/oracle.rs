//! The ledger again, slowly and obviously: everything is recomputed from the order's history, everything is
//! scanned, nothing is indexed. It knows one group feature, one currency and the rules of these tests.

use model::event::{RefundState, Status};
use model::verdict::Account;
use std::collections::BTreeMap;

pub(crate) const DELAY: i64 = 30 * 60_000;
pub(crate) const WINDOW: i64 = 10 * 60_000;
pub(crate) const LONGEST: i64 = 120 * 60_000;
pub(crate) const GRID: i64 = 60_000;

/// A line: its number, its creator, what was paid, the rate.
pub(crate) type LineOf = (usize, usize, i64, i64);

enum Happened {
    Revised(Vec<LineOf>),
    Stood { line: Option<usize>, status: Status, at: i64, position: u64 },
    Refunded { refund: usize, state: RefundState, amount: i64, line: Option<usize>, at: i64, position: u64 },
    Rejected { creator: usize },
}

#[derive(Default, Clone)]
struct Refund {
    requested: bool,
    answer: Option<(i64, u64, RefundState)>,
    posted: BTreeMap<usize, i64>,
}

/// A share with its creator and line.
type Owned = ((usize, usize), Share);

/// What a line gives a creator.
#[derive(Clone, Copy, Debug)]
struct Share {
    gross: i64,
    reduced: i64,
    void: bool,
    unpaid: bool,
}

pub(crate) struct Order {
    pub(crate) placed_at: i64,
    position: u64,
    group: usize,
    history: Vec<Happened>,
}

#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) rule: &'static str,
    pub(crate) until: Option<i64>,
    since: i64,
    state: State,
    escalated: bool,
    placed_by: Option<usize>,
    renewed_by: Option<usize>,
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

/// The amount whose distance to `base × left × rate / (paid × 10,000)` is least; of two, the even one.
fn earned(paid: i64, refunded: i64, rate: i64) -> i64 {
    if paid == 0 {
        return 0;
    }
    let exact = i128::from(paid) * i128::from(paid - refunded) * i128::from(rate);
    let whole = i128::from(paid) * 10_000;
    let below = exact / whole;
    let distance = |n: i128| (n * whole - exact).abs();
    let up =
        distance(below + 1) < distance(below) || distance(below + 1) == distance(below) && below % 2 == 1;
    i64::try_from(below + i128::from(up)).unwrap()
}

fn spread(amount: i64, left: &[(usize, i64)]) -> BTreeMap<usize, i64> {
    let total: i64 = left.iter().map(|(_, left)| left).sum();
    let amount = amount.min(total);
    let mut shares: BTreeMap<usize, i64> = left.iter().map(|(line, _)| (*line, 0)).collect();
    if total == 0 {
        return shares;
    }
    let mut remainders: Vec<(i64, usize, usize)> = Vec::new();
    let mut given = 0;
    for (place, (line, left)) in left.iter().enumerate() {
        shares.insert(*line, amount * left / total);
        given += amount * left / total;
        remainders.push((-(amount * left % total), place, *line));
    }
    remainders.sort_unstable();
    for (_, _, line) in remainders.into_iter().take(usize::try_from(amount - given).unwrap()) {
        *shares.get_mut(&line).unwrap() += 1;
    }
    shares
}

/// What an order's whole history comes to: shares by (creator, line), in the order of lines, and whether a
/// refund is only requested.
fn replay(order: &Order) -> (Vec<Owned>, bool) {
    let mut lines: &[LineOf] = &[];
    let mut statuses: Vec<(i64, u64, Status, Option<usize>)> = Vec::new();
    let mut refunds: BTreeMap<usize, Refund> = BTreeMap::new();
    let mut rejected: Vec<usize> = Vec::new();
    let mut shares: Vec<Owned> = Vec::new();
    for happened in &order.history {
        match happened {
            Happened::Revised(revised) => lines = revised,
            Happened::Stood { line, status, at, position } => statuses.push((*at, *position, *status, *line)),
            Happened::Rejected { creator } => rejected.push(*creator),
            Happened::Refunded { refund, state, amount, line, at, position } => {
                let mut book = refunds.remove(refund).unwrap_or_default();
                let answer = Some((*at, *position, *state));
                if *state == RefundState::Requested {
                    book.requested = true;
                } else if answer > book.answer {
                    book.answer = answer;
                    book.posted = match (state, line) {
                        (RefundState::Approved | RefundState::Completed, Some(line)) => {
                            [(*line, *amount)].into()
                        }
                        (RefundState::Approved | RefundState::Completed, None) => {
                            let left = |(line, _, paid, _): &LineOf| {
                                (*line, paid - refunded(&refunds, *line).min(*paid))
                            };
                            spread(*amount, &lines.iter().map(left).collect::<Vec<_>>())
                        }
                        (RefundState::Requested | RefundState::Rejected | RefundState::Reversed, _) => {
                            BTreeMap::new()
                        }
                    };
                }
                refunds.insert(*refund, book);
            }
        }
        let before = shares;
        shares = Vec::new();
        for (line, creator, paid, rate) in lines {
            let of_line = statuses.iter().filter(|(_, _, _, which)| which.is_none_or(|which| which == *line));
            let status =
                of_line.max_by_key(|(at, position, ..)| (*at, *position)).map(|(_, _, status, _)| *status);
            let gross = earned(*paid, 0, *rate);
            let void = rejected.contains(creator) || status.is_some_and(|status| status.voids());
            let old =
                before.iter().find(|(of, _)| *of == (*creator, *line)).map_or(0, |(_, share)| share.reduced);
            let net = earned(*paid, refunded(&refunds, *line).min(*paid), *rate);
            let reduced = if void { old.min(gross) } else { gross - net };
            if gross > 0 {
                let unpaid = status == Some(Status::Unpaid);
                shares.push(((*creator, *line), Share { gross, reduced, void, unpaid }));
            }
        }
    }
    (shares, refunds.values().any(|refund| refund.requested && refund.answer.is_none()))
}

fn refunded(refunds: &BTreeMap<usize, Refund>, line: usize) -> i64 {
    refunds.values().filter_map(|refund| refund.posted.get(&line)).sum()
}

impl Oracle {
    pub(crate) fn at(now: i64) -> Oracle {
        Oracle { now, ..Oracle::default() }
    }

    pub(crate) fn order(&mut self, name: usize, group: usize, lines: Vec<LineOf>, says: Says) {
        let history = vec![Happened::Revised(lines)];
        let order = Order { placed_at: self.now, position: self.position, group, history };
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
        let commission = &mut self.commissions[ix];
        commission.trusted = false;
        commission.holds.retain(|hold| hold.state != State::Lifted);
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

    // Holds.

    fn say(&mut self, name: usize, says: Says) {
        let own: Vec<usize> =
            (0..self.commissions.len()).filter(|ix| self.commissions[*ix].order == name).collect();
        match says {
            Says::Nothing => {}
            Says::Hold(span) => {
                let until = span.map(|span| self.now + span);
                own.into_iter().for_each(|ix| self.place(ix, "doubt", until, None, true));
            }
            Says::Burst(span) => self.burst(name, span),
            Says::Creator(span) => {
                // The credit is that of the first line of the latest revision.
                let lines = self.orders[&name].history.iter().rev().find_map(|happened| match happened {
                    Happened::Revised(lines) => Some(lines),
                    Happened::Stood { .. } | Happened::Refunded { .. } | Happened::Rejected { .. } => None,
                });
                if let Some((_, creator, _, _)) = lines.and_then(|lines| lines.first()) {
                    self.hold_creator(*creator, "other", Some(self.now + span), true);
                }
            }
            Says::Reject => {
                for ix in own {
                    let commission = &self.commissions[ix];
                    let lifted =
                        commission.holds.iter().any(|h| h.rule == "doubt" && h.state == State::Lifted);
                    let with_finance = commission.of(Account::Scheduled) + commission.of(Account::Paid);
                    if !commission.trusted && !lifted && (commission.open() || with_finance > 0) {
                        self.reject(ix);
                    }
                }
            }
        }
    }

    fn burst(&mut self, name: usize, span: i64) {
        let group = self.orders[&name].group;
        let wide = self.fire("burst", Over::Group(group), Some(self.now + span)).0;
        let watermark = self.wides[wide].watermark.replace(self.position);
        let counted = |order: &Order| {
            order.group == group
                && order.placed_at >= self.now - WINDOW
                && watermark.is_none_or(|mark| order.position > mark)
        };
        let mut members: Vec<usize> =
            self.orders.iter().filter(|(_, order)| counted(order)).map(|(name, _)| *name).collect();
        self.wides[wide].members.extend(&members);
        members.push(name);
        let until = self.wides[wide].until;
        for ix in 0..self.commissions.len() {
            let commission = &self.commissions[ix];
            // The order that gives it away is held in any case, scheduled or not.
            let own = commission.order == name;
            if members.contains(&commission.order) && (own || commission.open()) {
                self.place(ix, "burst", until, Some(wide), true);
            }
        }
    }

    /// Extends a wide hold or begins it; tells whether it began.
    fn fire(&mut self, rule: &'static str, over: Over, until: Option<i64>) -> (usize, bool) {
        let found = self.wides.iter().position(|wide| wide.rule == rule && wide.over == over);
        let Some(ix) = found else {
            self.wides.push(Wide {
                rule,
                over,
                until,
                lifted: false,
                watermark: None,
                members: Vec::new(),
                ended: false,
            });
            return (self.wides.len() - 1, true);
        };
        let now = self.now;
        let wide = &mut self.wides[ix];
        wide.ended = false;
        if wide.stands(now) {
            wide.until = later(wide.until, until);
            return (ix, false);
        }
        wide.until = until;
        wide.lifted = false;
        wide.watermark = None;
        (ix, true)
    }

    fn hold_creator(&mut self, creator: usize, rule: &'static str, until: Option<i64>, by_rule: bool) {
        let (wide, began) = self.fire(rule, Over::Creator(creator), until);
        if began {
            for ix in 0..self.commissions.len() {
                if self.commissions[ix].creator == creator {
                    self.place(ix, rule, until, Some(wide), by_rule);
                }
            }
        }
    }

    fn place(
        &mut self,
        ix: usize,
        rule: &'static str,
        until: Option<i64>,
        wide: Option<usize>,
        by_rule: bool,
    ) {
        let commission = &self.commissions[ix];
        let lifted = commission.holds.iter().any(|h| h.rule == rule && h.state == State::Lifted);
        if !commission.open() && commission.of(Account::Scheduled) == 0 {
            return;
        }
        if by_rule && (commission.trusted || lifted) {
            return;
        }
        self.stand(ix, rule, until, wide);
        self.tidy(ix);
    }

    fn stand(&mut self, ix: usize, rule: &'static str, until: Option<i64>, wide: Option<usize>) {
        let now = self.now;
        let commission = &mut self.commissions[ix];
        let Some(hold) = commission.holds.iter_mut().find(|hold| hold.rule == rule) else {
            commission.holds.push(Hold {
                rule,
                until,
                since: now,
                state: State::Standing,
                escalated: false,
                placed_by: wide,
                renewed_by: wide,
            });
            if wide.is_none() {
                commission.named.push(rule);
            }
            return;
        };
        if hold.state == State::Standing {
            hold.until = later(hold.until, until);
            hold.renewed_by = hold.renewed_by.or(wide);
        } else {
            hold.since = if hold.state == State::Lapsed { hold.since } else { now };
            hold.escalated =
                until.is_none_or(|until| until > hold.since + LONGEST) && hold.state == State::Lapsed;
            hold.until = if hold.escalated { None } else { until };
            hold.state = State::Standing;
            hold.renewed_by = wide;
        }
    }

    /// A held creator's new money is held.
    fn enlist(&mut self, ix: usize) {
        let creator = self.commissions[ix].creator;
        for wide in 0..self.wides.len() {
            let (rule, until) = (self.wides[wide].rule, self.wides[wide].until);
            let decided =
                self.commissions[ix].holds.iter().any(|h| h.rule == rule && h.state != State::Lapsed);
            if self.wides[wide].over == Over::Creator(creator)
                && self.wides[wide].stands(self.now)
                && !decided
            {
                self.stand(ix, rule, until, Some(wide));
                self.tidy(ix);
            }
        }
    }

    fn reject(&mut self, ix: usize) {
        let (order, creator) = (self.commissions[ix].order, self.commissions[ix].creator);
        let history = &mut self.orders.get_mut(&order).unwrap().history;
        if history.iter().any(|h| matches!(h, Happened::Rejected { creator: who } if *who == creator)) {
            return;
        }
        history.push(Happened::Rejected { creator });
        let (shares, _) = replay(&self.orders[&order]);
        self.settle_one(ix, &shares);
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
            if self.wides[wide].members.contains(&self.commissions[ix].order) {
                self.lift(ix, |hold| hold.placed_by == Some(wide) || hold.renewed_by == Some(wide));
            }
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

    // Time.

    fn release_at(&self, ix: usize) -> Option<i64> {
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

    fn lapse_at(&self, ix: usize) -> Option<i64> {
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

    fn sweep(&mut self) {
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
        for (_, ix) in due(self) {
            let order = self.commissions[ix].order;
            self.say(order, at_maturity(order));
        }
        for (_, ix) in due(self) {
            let pending = self.commissions[ix].of(Account::Pending);
            self.commissions[ix].post(Account::Pending, Account::Released, pending);
            self.parcels.push(Parcel { commission: ix, at: self.now, amount: pending, run: None });
        }
    }

    fn lapse(&mut self, ix: usize) {
        let now = self.now;
        let mut holds = self.commissions[ix].holds.clone();
        for hold in holds.iter_mut().filter(|hold| hold.state == State::Standing) {
            let escalation = hold.since + LONGEST;
            if hold.until.is_some_and(|until| until <= now && until <= escalation) {
                match hold.renewed_by.map(|wide| &self.wides[wide]).filter(|wide| wide.stands(now)) {
                    Some(wide) => hold.until = wide.until,
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

/// What rules say of an order's commissions when they are due: every third order is doubted each time.
pub(crate) fn at_maturity(order: usize) -> Says {
    if order % 3 == 2 { Says::Hold(Some(25 * 60_000)) } else { Says::Nothing }
}
