//! Holds of one commission. A hold is (commission, rule): the same rule again extends it. A commission's money is
//! held while any of its holds stands.

use model::hit::EvidenceValue;
use model::verdict::{Account, Decision, HoldId, Reason};
use model::{EventTime, RuleId};
use serde::{Deserialize, Serialize};

use crate::arena::{CommissionIx, WideIx};
use crate::commission::Commission;
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::reviews::HoldPlace;
use crate::verdicts::Stage;

/// A hold of one commission, past ones included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Whose.
    pub rule: RuleId,
    /// Until when; until reviewed when missing.
    pub until: Option<EventTime>,
    /// When it was first placed: a hold that lapsed and is renewed goes on counting.
    pub since: EventTime,
    /// Whether it stands.
    pub state: HoldState,
    /// It has outlived the longest hold of its market, and a person was told.
    pub escalated: bool,
    /// The group or creator hold that placed it: whose name it bears.
    pub(crate) placed_by: Option<WideIx>,
    /// The group and creator holds that hold it too: they renew it when it would lapse.
    pub(crate) wide: Vec<WideIx>,
}

/// Whether a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldState {
    /// It does.
    Standing,
    /// It ended by itself.
    Lapsed,
    /// A person ended it: its rule only flags here until the commission's amount changes.
    Lifted,
}

impl Hold {
    /// Whether it stands.
    pub fn stands(&self) -> bool {
        self.state == HoldState::Standing
    }

    /// Whether one of these group or creator holds placed or renews it.
    pub(crate) fn is_of(&self, wide: &[WideIx]) -> bool {
        self.placed_by.iter().chain(&self.wide).any(|by| wide.contains(by))
    }

    fn join(&mut self, wide: Option<WideIx>) {
        self.wide.extend(wide.filter(|wide| !self.wide.contains(wide)));
    }
}

/// A hold that is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) rule: RuleId,
    pub(crate) until: Option<EventTime>,
    pub(crate) wide: Option<WideIx>,
    /// Who asks.
    pub(crate) by: By,
}

/// Who asks for a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// A rule, whom a person may have contradicted.
    Rule,
    /// The ledger itself or a person.
    Own,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It stands, and that is new.
    Changed,
    /// It stood already, at least as long.
    Unchanged,
    /// A person has decided otherwise: the rule only flags.
    Disagreed,
    /// There is nothing left that could be held.
    Nothing,
}

/// The later of two ends; none at all is the latest.
pub(crate) fn longer(a: Option<EventTime>, b: Option<EventTime>) -> Option<EventTime> {
    a.zip(b).map(|(a, b)| a.max(b))
}

impl Ledger {
    /// Holds a commission: what is pending is held, what is released is recalled, and what a run has is asked
    /// back.
    pub(crate) fn place_hold(
        &mut self,
        ix: CommissionIx,
        ask: &Ask,
        why: &Reason,
        stage: &mut Stage,
    ) -> Placed {
        let commission = &self.commissions[ix];
        if !commission.is_open() && commission.balance.get(Account::Scheduled).is_zero() {
            return Placed::Nothing;
        }
        let lifted = |hold: &Hold| hold.rule == ask.rule && hold.state == HoldState::Lifted;
        if ask.by == By::Rule && (commission.trusted || commission.holds.iter().any(lifted)) {
            return Placed::Disagreed;
        }
        if !self.stand(ix, ask, stage) {
            return Placed::Unchanged;
        }
        self.hold_money(ix, why, stage);
        Placed::Changed
    }

    /// Makes a hold stand, or extends it; moves no money. Returns whether that changed anything.
    pub(crate) fn stand(&mut self, ix: CommissionIx, ask: &Ask, stage: &mut Stage) -> bool {
        let clock = stage.moment.clock;
        let commission = &mut self.commissions[ix];
        commission.held_before = true;
        stage.touch(ix);
        let Some(hold) = commission.holds.iter_mut().find(|hold| hold.rule == ask.rule) else {
            self.begin_hold(ix, ask, clock);
            return true;
        };
        match hold.state {
            HoldState::Standing => {
                hold.join(ask.wide);
                let until = longer(hold.until, ask.until);
                std::mem::replace(&mut hold.until, until) != until
            }
            HoldState::Lapsed => {
                hold.state = HoldState::Standing;
                hold.until = ask.until;
                hold.wide = ask.wide.into_iter().collect();
                self.escalate_renewal(ix, &ask.rule, stage);
                true
            }
            HoldState::Lifted => {
                *hold = Hold { state: HoldState::Standing, until: ask.until, since: clock, ..hold.clone() };
                hold.escalated = false;
                hold.wide = ask.wide.into_iter().collect();
                true
            }
        }
    }

    /// A hold that is renewed beyond the longest allowed waits for a person from now on. It is not left to a
    /// timer: nothing may become due sooner than the shortest time that a rule can set.
    fn escalate_renewal(&mut self, ix: CommissionIx, rule: &RuleId, stage: &mut Stage) {
        let market = self.totals.book(self.commissions[ix].book).market.clone();
        let place = self.commissions[ix].holds.iter().position(|hold| hold.rule == *rule);
        let Some(mut hold) = place.and_then(|place| self.commissions[ix].holds.get(place).cloned()) else {
            return;
        };
        let escalation = self.escalation(&market, hold.since);
        hold.escalated = hold.until.is_none_or(|until| until > escalation);
        if hold.escalated {
            hold.until = None;
            self.tell_escalation(ix, &hold, stage);
        }
        if let Some(known) = place.and_then(|place| self.commissions[ix].holds.get_mut(place)) {
            *known = hold;
        }
    }

    fn begin_hold(&mut self, ix: CommissionIx, ask: &Ask, clock: EventTime) {
        let hold = Hold {
            rule: ask.rule.clone(),
            until: ask.until,
            since: clock,
            state: HoldState::Standing,
            escalated: false,
            placed_by: ask.wide,
            wide: ask.wide.into_iter().collect(),
        };
        if ask.wide.is_none() {
            let id = self.hold_id(&self.commissions[ix], &hold);
            self.hold_index.insert(id, HoldPlace::Own(ix, ask.rule.clone()));
        }
        self.commissions[ix].holds.push(hold);
    }

    /// Moves money to where a standing hold wants it, and says so even if there is none.
    pub(crate) fn hold_money(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        let of = |ledger: &Ledger, account| ledger.commissions[ix].balance.get(account);
        let released = of(self, Account::Released);
        let only_released = of(self, Account::Pending).is_zero() && of(self, Account::Held).is_zero();
        let with_finance = of(self, Account::Scheduled).plus(of(self, Account::Paid));
        if !only_released || self.commissions[ix].waits_for_plan() {
            stage.decide(ix, Decision::Hold, why);
            self.post(
                ix,
                Decision::Hold,
                (Account::Pending, Account::Held),
                of(self, Account::Pending),
                stage,
            );
        }
        if !released.is_zero() {
            stage.decide(ix, Decision::Recall, why);
            self.recall(ix, stage);
        }
        if !with_finance.is_zero() {
            self.mark(ix, why, stage);
        }
    }

    /// Takes released money back.
    pub(crate) fn recall(&mut self, ix: CommissionIx, stage: &mut Stage) {
        let released = self.commissions[ix].balance.get(Account::Released);
        self.drop_parcels(ix, released);
        self.post(ix, Decision::Recall, (Account::Released, Account::Held), released, stage);
    }

    /// Scheduled money is asked back, paid money is marked: no money moves.
    pub(crate) fn mark(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        let of = |account| EvidenceValue::Int(self.commissions[ix].balance.get(account).0);
        let late =
            Cause::TooLate.because([("paid", of(Account::Paid)), ("scheduled", of(Account::Scheduled))]);
        stage.decide(ix, Decision::Flag, why);
        stage.decide(ix, Decision::Flag, &late);
    }

    /// Ends holds of a commission that a person or a plan no longer wants.
    pub(crate) fn lift(
        &mut self,
        ix: CommissionIx,
        which: impl Fn(&Hold) -> bool,
        why: &Reason,
        stage: &mut Stage,
    ) -> bool {
        let mut ended = false;
        for hold in self.commissions[ix].holds.iter_mut().filter(|hold| hold.stands() && which(hold)) {
            hold.state = HoldState::Lifted;
            ended = true;
        }
        if ended {
            stage.touch(ix);
            self.tell_end(ix, why, stage);
        }
        ended
    }

    /// One of a commission's holds has ended: held money is pending again once none stands, and where no money moves,
    /// a verdict tells which ones still stand.
    fn tell_end(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        let held = self.commissions[ix].balance.get(Account::Held);
        if self.commissions[ix].is_held() {
            stage.mention(ix, Decision::Hold, why);
        } else if held.is_zero() {
            stage.mention(ix, Decision::Flag, why);
        } else {
            self.post(ix, Decision::Restore, (Account::Held, Account::Pending), held, stage);
            stage.explain(ix, &[Decision::Restore], std::slice::from_ref(why));
        }
    }

    /// A line without terms holds its commission until a plan comes, or `why` else it no longer needs one.
    pub(crate) fn settle_no_plan(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        let cause = Cause::NoPlan;
        let rule = cause.rule();
        let known = self.commissions[ix].holds.iter().find(|hold| hold.rule == rule).map(|hold| hold.state);
        let waits = self.commissions[ix].waits_for_plan();
        if waits && known.is_none() {
            let ask = Ask { rule, until: None, wide: None, by: By::Own };
            self.place_hold(ix, &ask, &cause.bare(), stage);
        } else if !waits && known.is_some() {
            self.lift(ix, |hold| hold.rule == rule, why, stage);
            self.commissions[ix].holds.retain(|hold| hold.rule != rule);
        }
    }

    /// What a person said about the rules ends when the amount changes.
    pub(crate) fn forget_disagreement(&mut self, ix: CommissionIx) {
        let commission = &mut self.commissions[ix];
        commission.trusted = false;
        commission.holds.retain(|hold| hold.state != HoldState::Lifted);
    }

    /// Ends what has lapsed, renews what its group or creator still holds, escalates what has lasted too long.
    pub(crate) fn lapse(&mut self, ix: CommissionIx, stage: &mut Stage) {
        let clock = stage.moment.clock;
        let market = self.totals.book(self.commissions[ix].book).market.clone();
        let mut holds = std::mem::take(&mut self.commissions[ix].holds);
        let mut lapsed = Cause::Lapsed.bare();
        for hold in holds.iter_mut().filter(|hold| hold.stands()) {
            let escalation = self.escalation(&market, hold.since);
            if hold.until.is_some_and(|until| until <= clock && until <= escalation) {
                self.renew_or_end(hold, clock);
            }
            if !hold.stands() {
                let until = hold.until.map_or(0, EventTime::as_ms);
                lapsed.evidence.insert(model::Text::new(hold.rule.as_str()), EvidenceValue::Int(until));
            } else if !hold.escalated && escalation <= clock {
                hold.escalated = true;
                hold.until = None;
                self.tell_escalation(ix, hold, stage);
            }
        }
        self.commissions[ix].holds = holds;
        stage.touch(ix);
        if !lapsed.evidence.is_empty() {
            self.tell_end(ix, &lapsed, stage);
        }
    }

    /// A longer group or creator hold renews its members silently.
    fn renew_or_end(&self, hold: &mut Hold, clock: EventTime) {
        match self.latest_end(hold, clock) {
            Some(until) => hold.until = until,
            None => hold.state = HoldState::Lapsed,
        }
    }

    /// The latest end of the group and creator holds that hold it too and stand; `None` if none does.
    fn latest_end(&self, hold: &Hold, clock: EventTime) -> Option<Option<EventTime>> {
        let standing = hold.wide.iter().map(|wide| &self.wide[*wide]).filter(|wide| wide.stands_at(clock));
        standing.map(|wide| wide.until).reduce(longer)
    }

    /// Ends what group and creator holds have placed that a person ended. What others hold too stands until they
    /// end.
    pub(crate) fn lift_wide(&mut self, ix: CommissionIx, ended: &[WideIx], why: &Reason, stage: &mut Stage) {
        let clock = stage.moment.clock;
        let mut holds = std::mem::take(&mut self.commissions[ix].holds);
        let mut lifted = Vec::new();
        for hold in holds.iter_mut().filter(|hold| hold.stands() && hold.is_of(ended)) {
            match self.latest_end(hold, clock) {
                Some(until) if hold.until != until && !hold.escalated => {
                    hold.until = until;
                    stage.decide(ix, Decision::Hold, why);
                }
                Some(_) => {}
                None => lifted.push(hold.rule.clone()),
            }
        }
        self.commissions[ix].holds = holds;
        self.lift(ix, |hold| lifted.contains(&hold.rule), why, stage);
    }

    fn tell_escalation(&self, ix: CommissionIx, hold: &Hold, stage: &mut Stage) {
        let since = EvidenceValue::Int(hold.since.as_ms());
        let rule = EvidenceValue::Id(model::Text::new(hold.rule.as_str()));
        stage.decide(ix, Decision::Flag, &Cause::Escalated.because([("rule", rule), ("since_at", since)]));
    }

    /// When the next of a commission's holds lapses or must be escalated.
    pub(crate) fn next_lapse(&self, commission: &Commission) -> Option<EventTime> {
        let market = &self.totals.book(commission.book).market;
        let next = |hold: &Hold| {
            let escalation = (!hold.escalated).then(|| self.escalation(market, hold.since));
            [hold.until, escalation].into_iter().flatten().min()
        };
        commission.holds.iter().filter(|hold| hold.stands()).filter_map(next).min()
    }

    /// The id that a hold is published and reviewed by.
    pub(crate) fn hold_id(&self, commission: &Commission, hold: &Hold) -> HoldId {
        match hold.placed_by {
            Some(wide) => self.wide[wide].hold_id,
            None => HoldId::of_scope(&format!("commission:{}", commission.id), &hold.rule),
        }
    }
}
