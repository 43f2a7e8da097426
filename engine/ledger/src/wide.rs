//! Holds over many commissions: of a group, or of a creator. Each is one object with one end; its members bear
//! its name. At most [`GROUP_MEMBERS_PER_POSITION`] orders are touched at one position, the rest at the following
//! positions and at the latest in the next sweep.

use model::feature::Slot;
use model::hit::EvidenceValue;
use model::limit::GROUP_MEMBERS_PER_POSITION;
use model::verdict::{Account, Decision, HoldId, Reason};
use model::{EventTime, Position, RuleId, Text};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

use crate::arena::{CommissionIx, CreatorIx, OrderIx, WideIx};
use crate::holds::{Ask, By, Placed, longer};
use crate::kept;
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::Stage;

/// A hold over a group or a creator.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct WideHold {
    pub(crate) hold_id: HoldId,
    pub(crate) rule: RuleId,
    pub(crate) over: Over,
    /// Until when; until reviewed when missing.
    pub(crate) until: Option<EventTime>,
    /// Why, as members' verdicts say.
    #[serde(with = "kept")]
    pub(crate) why: Reason,
    /// A person ended it.
    pub(crate) lifted: bool,
    /// Orders that this feature had counted at this position have been looked at.
    pub(crate) watermark: Option<(Slot, Position)>,
    /// The orders it was ever placed on, perhaps more than once; for a creator, see [`crate::creators`].
    pub(crate) members: Vec<OrderIx>,
}

/// What it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Over {
    /// A group, by its printed key.
    Group(Text),
    /// A creator of a program.
    Creator(CreatorIx),
}

impl WideHold {
    pub(crate) fn stands_at(&self, clock: EventTime) -> bool {
        !self.lifted && self.until.is_none_or(|until| until > clock)
    }

    /// Extends it, or begins it anew after its end. Returns whether it began.
    fn fire(&mut self, until: Option<EventTime>, clock: EventTime) -> bool {
        if self.stands_at(clock) {
            self.until = longer(self.until, until);
            return false;
        }
        self.lifted = false;
        self.until = until;
        self.watermark = None;
        true
    }
}

/// Members that a wide hold still has to touch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Batch {
    wide: WideIx,
    by: ByWhom,
    #[serde(with = "kept")]
    why: Reason,
    /// The order that set it off, if one did: where scheduled and paid members are flagged.
    trigger: Option<OrderIx>,
    /// Since when it waits.
    pub(crate) since: EventTime,
    members: VecDeque<Member>,
}

/// Who wants the hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ByWhom {
    /// A rule.
    Rule,
    /// A person, by name.
    Person(Option<Text>),
}

/// What is touched as one.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Member {
    /// All commissions of an order.
    Order(OrderIx),
    /// One commission.
    Commission(CommissionIx),
}

/// Members that a run has or that were paid.
#[derive(Debug, Default)]
struct OutOfReach {
    members: i64,
    amount: i64,
    /// Where they are flagged if no order set the hold off.
    first: Option<OrderIx>,
}

impl Ledger {
    /// Extends a wide hold, or begins it anew after its end. Returns whether it began. Its end is a timer even
    /// while it has no member: whoever joins just before it leaves with it.
    pub(crate) fn fire_wide(&mut self, ix: WideIx, until: Option<EventTime>, clock: EventTime) -> bool {
        self.forget_end(ix);
        let began = self.wide[ix].fire(until, clock);
        if let Some(end) = self.wide[ix].until {
            self.timers.ends.insert((end, ix));
        }
        began
    }

    /// A wide hold no longer ends at its time.
    pub(crate) fn forget_end(&mut self, ix: WideIx) {
        if let Some(end) = self.wide[ix].until {
            self.timers.ends.remove(&(end, ix));
        }
    }

    /// Puts members of a wide hold on the list of those to touch.
    pub(crate) fn enqueue(
        &mut self,
        wide: WideIx,
        members: VecDeque<Member>,
        (by, why): (ByWhom, Reason),
        trigger: Option<OrderIx>,
        stage: &Stage,
    ) {
        if !members.is_empty() {
            self.backlog.push_back(Batch { wide, by, why, trigger, since: stage.moment.clock, members });
        }
    }

    /// Touches members, at most so many orders as one position allows.
    pub(crate) fn work_backlog(&mut self, stage: &mut Stage) {
        let position = stage.moment.position;
        let (last, touched) = self.worked;
        let mut touched = if last == Some(position) { touched } else { 0 };
        while touched < GROUP_MEMBERS_PER_POSITION && !self.backlog.is_empty() {
            touched += self.work_batch(GROUP_MEMBERS_PER_POSITION - touched, stage);
        }
        self.worked = (Some(position), touched);
    }

    /// Touches all that are left.
    pub(crate) fn finish_backlog(&mut self, stage: &mut Stage) {
        while !self.backlog.is_empty() {
            self.work_batch(usize::MAX, stage);
        }
    }

    /// Works at the first batch and removes it when it is done; returns how many members it touched.
    fn work_batch(&mut self, limit: usize, stage: &mut Stage) -> usize {
        let Some(mut batch) = self.backlog.pop_front() else { return 0 };
        if !self.wide[batch.wide].stands_at(stage.moment.clock) {
            return 0;
        }
        let count = limit.min(batch.members.len());
        let now: Vec<Member> = batch.members.drain(..count).collect();
        let mut beyond = OutOfReach::default();
        for member in now {
            self.touch_member(&batch, member, &mut beyond, stage);
        }
        self.tell_out_of_reach(&batch, &beyond, stage);
        if !batch.members.is_empty() {
            self.backlog.push_front(batch);
        }
        count
    }

    fn touch_member(&mut self, batch: &Batch, member: Member, beyond: &mut OutOfReach, stage: &mut Stage) {
        match member {
            Member::Commission(ix) => self.touch_commission(batch, ix, stage),
            Member::Order(order) => {
                self.wide[batch.wide].members.push(order);
                let mut with_finance = 0;
                for place in 0..self.orders[order].commissions.len() {
                    let Some(ix) = self.orders[order].commissions.get(place).copied() else { continue };
                    let balance = &self.commissions[ix].balance;
                    with_finance += balance.get(Account::Scheduled).plus(balance.get(Account::Paid)).0;
                    if self.commissions[ix].is_open() {
                        self.touch_commission(batch, ix, stage);
                    }
                }
                if with_finance > 0 {
                    beyond.members += 1;
                    beyond.amount += with_finance;
                    beyond.first.get_or_insert(order);
                }
            }
        }
    }

    fn touch_commission(&mut self, batch: &Batch, ix: CommissionIx, stage: &mut Stage) {
        let wide = &self.wide[batch.wide];
        let by = match &batch.by {
            ByWhom::Rule => By::Rule,
            ByWhom::Person(_) => By::Own,
        };
        // A canary is decided for each creator whose money is touched.
        if by == By::Rule && !self.may_touch(ix, &wide.rule) {
            return;
        }
        let ask = Ask { rule: wide.rule.clone(), until: wide.until, wide: Some(batch.wide), by };
        if self.place_hold(ix, &ask, &batch.why, stage) == Placed::Disagreed {
            stage.decide(ix, Decision::Flag, &batch.why);
        }
        if let ByWhom::Person(actor) = &batch.by {
            stage.sign(ix, actor.as_ref());
        }
    }

    /// Scheduled and paid members of a group are not touched: they become one flag. Their number is evidence of the
    /// rule's own reason, as several rules may flag one order.
    fn tell_out_of_reach(&mut self, batch: &Batch, beyond: &OutOfReach, stage: &mut Stage) {
        let Some(first) = beyond.first else { return };
        let mut why = batch.why.clone();
        why.evidence.insert(Text::const_new("amount"), EvidenceValue::Int(beyond.amount));
        why.evidence.insert(Text::const_new("members"), EvidenceValue::Int(beyond.members));
        self.flag_order(batch.trigger.unwrap_or(first), vec![why, Cause::TooLate.bare()], stage);
    }
}
