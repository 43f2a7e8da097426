//! From postings to verdicts. A stage collects drafts, one per (commission, decision); publishing writes them
//! down in that order, each with the balance after it, and numbers them without gaps.

use model::hit::EvidenceValue;
use model::verdict::{Account, Decision, HoldView, Posting, Reason, Subject, VerdictId};
use model::{CreatorId, EventTime, Market, Minor, OrderId, Position, ProgramId, ShopId, Text, Verdict};
use std::collections::BTreeMap;
use std::fmt::Write;

use crate::account::Balance;
use crate::arena::{CommissionIx, OrderIx};
use crate::commission::{Commission, Origin};
use crate::holds::Hold;
use crate::ledger::Ledger;
use crate::reasons;

/// When and where a decision is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) position: Position,
    /// The log clock; in a sweep its grid point.
    pub(crate) clock: EventTime,
    /// The record's own time; in a sweep the grid point.
    pub(crate) occurred_at: EventTime,
}

/// What is decided together and published together.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) moment: Moment,
    drafts: BTreeMap<(CommissionIx, Decision), Draft>,
    flags: BTreeMap<Subject, Notice>,
    touched: Vec<CommissionIx>,
}

#[derive(Debug, Default)]
struct Draft {
    postings: Vec<Posting>,
    reasons: Vec<Reason>,
    actors: Vec<Text>,
    reattributed_from: Option<CreatorId>,
    /// It only tells which holds stand: it is left out beside any other verdict, which tells them as well.
    is_spare: bool,
}

/// A flag about something that has no commission.
#[derive(Debug)]
struct Notice {
    program: ProgramId,
    market: Market,
    order: Option<(OrderId, Option<ShopId>)>,
    reasons: Vec<Reason>,
    actors: Vec<Text>,
}

impl Stage {
    pub(crate) fn new(moment: Moment) -> Stage {
        Stage { moment, drafts: BTreeMap::new(), flags: BTreeMap::new(), touched: Vec::new() }
    }

    /// Its timers are looked at when the stage is published, and its balance is checked.
    pub(crate) fn touch(&mut self, commission: CommissionIx) {
        if self.touched.last() != Some(&commission) {
            self.touched.push(commission);
        }
    }

    /// A verdict will be published even if nothing is posted.
    pub(crate) fn decide(&mut self, commission: CommissionIx, decision: Decision, reason: &Reason) {
        let draft = self.drafts.entry((commission, decision)).or_default();
        draft.is_spare = false;
        reasons::add(&mut draft.reasons, reason.clone());
        self.touch(commission);
    }

    /// A verdict will be published if there is no other about this commission: its holds are not what they were.
    pub(crate) fn mention(&mut self, commission: CommissionIx, decision: Decision, reason: &Reason) {
        let spare = || Draft { is_spare: true, ..Draft::default() };
        let draft = self.drafts.entry((commission, decision)).or_insert_with(spare);
        reasons::add(&mut draft.reasons, reason.clone());
        self.touch(commission);
    }

    /// Names the people behind every decision about a commission.
    pub(crate) fn sign(&mut self, commission: CommissionIx, actor: Option<&Text>) {
        let Some(actor) = actor else { return };
        let all = (commission, Decision::Accrue)..=(commission, Decision::Pay);
        for (_, draft) in self.drafts.range_mut(all) {
            if !draft.actors.contains(actor) {
                draft.actors.push(actor.clone());
            }
        }
    }

    pub(crate) fn reattribute(&mut self, commission: CommissionIx, from: &CreatorId) {
        if let Some(draft) = self.drafts.get_mut(&(commission, Decision::Accrue)) {
            draft.reattributed_from.get_or_insert_with(|| from.clone());
        }
    }

    /// Adds reasons to every decision of these kinds about a commission.
    pub(crate) fn explain(
        &mut self,
        commission: CommissionIx,
        decisions: &[Decision],
        more: &[Reason],
    ) -> bool {
        let mut explained = false;
        for decision in decisions {
            if let Some(draft) = self.drafts.get_mut(&(commission, *decision)) {
                more.iter().for_each(|reason| reasons::add(&mut draft.reasons, reason.clone()));
                draft.is_spare = false;
                explained = true;
            }
        }
        explained
    }

    /// Flags something that has no commission.
    pub(crate) fn flag_subject(
        &mut self,
        subject: Subject,
        (program, market): (&ProgramId, &Market),
        order: Option<(OrderId, Option<ShopId>)>,
        more: Vec<Reason>,
        actor: Option<&Text>,
    ) {
        let notice = self.flags.entry(subject).or_insert_with(|| Notice {
            program: program.clone(),
            market: market.clone(),
            order,
            reasons: Vec::new(),
            actors: Vec::new(),
        });
        more.into_iter().for_each(|reason| reasons::add(&mut notice.reasons, reason));
        notice.actors.extend(actor.cloned());
    }

    /// What is held and then taken off in one stage is taken off where it lay before: verdicts that take come
    /// before those that hold.
    fn untangle(&mut self) {
        let holds = |(ix, decision): &(CommissionIx, Decision)| {
            matches!(decision, Decision::Hold | Decision::Recall).then_some((*ix, *decision))
        };
        let holding: Vec<(CommissionIx, Decision)> = self.drafts.keys().filter_map(holds).collect();
        for (ix, decision) in holding {
            for taking in [Decision::Reduce, Decision::Void] {
                let Some(mut taken) = self.drafts.remove(&(ix, taking)) else { continue };
                if let Some(held) = self.drafts.get_mut(&(ix, decision)) {
                    reroute(&mut held.postings, &mut taken.postings);
                }
                self.drafts.insert((ix, taking), taken);
            }
        }
    }

    /// What accrues in the same record as a hold accrues into held; what was pending before is held by a verdict
    /// of its own.
    fn absorb_holds(&mut self) {
        let accrued =
            |(ix, decision): &(CommissionIx, Decision)| (*decision == Decision::Accrue).then_some(*ix);
        let accrued: Vec<CommissionIx> = self.drafts.keys().filter_map(accrued).collect();
        for ix in accrued {
            let Some(mut hold) = self.drafts.remove(&(ix, Decision::Hold)) else { continue };
            let accrue = self.drafts.get_mut(&(ix, Decision::Accrue)).expect("it is listed");
            absorb(&mut accrue.postings, &mut hold.postings);
            hold.reasons.iter().for_each(|reason| reasons::add(&mut accrue.reasons, reason.clone()));
            if hold.postings.is_empty() {
                accrue.actors.extend(hold.actors);
            } else {
                self.drafts.insert((ix, Decision::Hold), hold);
            }
        }
    }
}

/// `pending → held` followed by `held → void` is `pending → void`, and so for released and for reduced.
fn reroute(held: &mut Vec<Posting>, taken: &mut Vec<Posting>) {
    let mut direct = Vec::new();
    for hold in held.iter_mut().filter(|posting| posting.to == Account::Held) {
        for take in taken.iter_mut().filter(|posting| posting.from == Account::Held) {
            let amount = hold.amount.min(take.amount);
            hold.amount = hold.amount.minus(amount);
            take.amount = take.amount.minus(amount);
            direct.push(Posting { from: hold.from, to: take.to, amount });
        }
    }
    for posting in direct {
        match taken.iter_mut().find(|known| known.from == posting.from && known.to == posting.to) {
            Some(known) => known.amount = known.amount.plus(posting.amount),
            None => taken.push(posting),
        }
    }
    held.retain(|posting| !posting.amount.is_zero());
    taken.retain(|posting| !posting.amount.is_zero());
}

/// `accrued → pending` followed by `pending → held` is `accrued → held`.
fn absorb(accrued: &mut Vec<Posting>, held: &mut Vec<Posting>) {
    for hold in held.iter_mut().filter(|posting| posting.from == Account::Pending) {
        let Some(pending) = accrued.iter_mut().find(|posting| posting.to == Account::Pending) else {
            continue;
        };
        let direct = pending.amount.min(hold.amount);
        pending.amount = pending.amount.minus(direct);
        hold.amount = hold.amount.minus(direct);
        accrued.push(Posting { from: Account::Accrued, to: Account::Held, amount: direct });
    }
    accrued.retain(|posting| !posting.amount.is_zero());
    held.retain(|posting| !posting.amount.is_zero());
}

impl Ledger {
    /// Moves money between two accounts of a commission. Nothing moves for an amount of zero.
    pub(crate) fn post(
        &mut self,
        ix: CommissionIx,
        decision: Decision,
        (from, to): (Account, Account),
        amount: Minor,
        stage: &mut Stage,
    ) {
        stage.touch(ix);
        if amount.is_zero() {
            return;
        }
        let posting = Posting { from, to, amount };
        let commission = &mut self.commissions[ix];
        commission.balance.post(posting);
        self.totals.post(commission.book, posting);
        let draft = stage.drafts.entry((ix, decision)).or_default();
        draft.is_spare = false;
        match draft.postings.iter_mut().find(|known| known.from == from && known.to == to) {
            Some(known) => known.amount = known.amount.plus(amount),
            None => draft.postings.push(posting),
        }
    }

    /// Flags an order: its first commission that still means something, else the order itself.
    pub(crate) fn flag_order(&mut self, order: OrderIx, why: Vec<Reason>, stage: &mut Stage) {
        let book = &self.orders[order];
        let means_something = |ix: &&CommissionIx| {
            let balance = &self.commissions[**ix].balance;
            let with_finance = balance.get(Account::Scheduled).plus(balance.get(Account::Paid));
            self.commissions[**ix].is_open() || !with_finance.is_zero()
        };
        if let Some(ix) = book.commissions.iter().find(means_something) {
            why.iter().for_each(|reason| stage.decide(*ix, Decision::Flag, reason));
            return;
        }
        let record = &book.record;
        let named = Some((record.key.order.clone(), record.order.shop_id.clone()));
        let place = (&record.key.program, &record.context.market);
        stage.flag_subject(Subject::Order(record.key.clone()), place, named, why, None);
    }

    /// Ends a stage: checks what it touched, sets timers, and writes its verdicts down.
    pub(crate) fn publish(&mut self, stage: &mut Stage, out: &mut Vec<Verdict>) {
        let mut touched = std::mem::take(&mut stage.touched);
        touched.sort_unstable();
        touched.dedup();
        for ix in touched {
            self.reschedule(ix);
            self.assert_sound(ix);
        }
        stage.untangle();
        stage.absorb_holds();
        let mut drafts = std::mem::take(&mut stage.drafts).into_iter().peekable();
        while let Some((first, _)) = drafts.peek() {
            let ix = first.0;
            let mut of_one = Vec::new();
            while let Some(((_, decision), draft)) = drafts.next_if(|((next, _), _)| *next == ix) {
                of_one.push((decision, draft));
            }
            if of_one.iter().any(|(_, draft)| !draft.is_spare) {
                of_one.retain(|(_, draft)| !draft.is_spare);
            }
            self.publish_commission(ix, of_one, stage.moment, out);
        }
        for (subject, notice) in std::mem::take(&mut stage.flags) {
            self.publish_notice(subject, notice, stage.moment, out);
        }
    }

    fn publish_commission(
        &mut self,
        ix: CommissionIx,
        drafts: Vec<(Decision, Draft)>,
        moment: Moment,
        out: &mut Vec<Verdict>,
    ) {
        let mut balance = self.commissions[ix].balance;
        for posting in drafts.iter().rev().flat_map(|(_, draft)| draft.postings.iter().rev()) {
            balance.unpost(*posting);
        }
        for (decision, draft) in drafts {
            draft.postings.iter().for_each(|posting| balance.post(*posting));
            assert!(balance.is_sound(), "every verdict leaves its commission balanced: {balance:?}");
            self.commissions[ix].sequence += 1;
            out.push(self.verdict(ix, decision, draft, &balance, moment));
        }
        debug_assert_eq!(balance, self.commissions[ix].balance, "verdicts add up to the balance");
    }

    fn verdict(
        &self,
        ix: CommissionIx,
        decision: Decision,
        draft: Draft,
        balance: &Balance,
        moment: Moment,
    ) -> Verdict {
        let commission = &self.commissions[ix];
        let book = self.totals.book(commission.book);
        let (order_id, shop_id) = self.names(commission);
        let subject = Subject::Commission(commission.id);
        Verdict {
            verdict_id: VerdictId::of_subject(&subject, commission.sequence),
            commission_id: Some(commission.id),
            subject: None,
            sequence: commission.sequence,
            position: moment.position,
            occurred_at: moment.occurred_at,
            decision,
            postings: draft.postings,
            currency: Some(book.currency),
            balance: balance.to_map(),
            beneficiary: Some(text(&commission.beneficiary)),
            component: Some(Text::const_new(commission.component.name())),
            order_id,
            shop_id,
            market: book.market.clone(),
            program_id: book.program.clone(),
            due: self.would_be_released(commission),
            holds: self.hold_views(commission),
            reasons: draft.reasons,
            actors: draft.actors,
            reattributed_from: draft.reattributed_from,
            ruleset: self.terms.ruleset.clone(),
            semantics: model::SEMANTICS,
        }
    }

    fn names(&self, commission: &Commission) -> (Option<OrderId>, Option<ShopId>) {
        match &commission.origin {
            Origin::Order(place) => {
                let record = &self.orders[place.0].record;
                (Some(record.key.order.clone()), record.order.shop_id.clone())
            }
            Origin::Obligation { order, .. } => (order.clone(), None),
            Origin::Run(_) => (None, None),
        }
    }

    /// When a commission would be released as things stand: not while a person must decide first, or a refund that
    /// was requested must be answered.
    pub fn would_be_released(&self, commission: &Commission) -> Option<EventTime> {
        if commission.balance.unreleased().is_zero() || self.awaits_refund(commission) {
            return None;
        }
        let standing = || commission.holds.iter().filter(|hold| hold.stands());
        if standing().any(|hold| hold.until.is_none()) {
            return None;
        }
        commission.due.max(commission.due.and(standing().filter_map(|hold| hold.until).max()))
    }

    /// The holds that stand, by rule.
    pub(crate) fn hold_views(&self, commission: &Commission) -> Vec<HoldView> {
        let view = |hold: &Hold| HoldView {
            hold_id: self.hold_id(commission, hold),
            rule: hold.rule.clone(),
            until: hold.until,
        };
        let mut views: Vec<HoldView> = commission.holds.iter().filter(|h| h.stands()).map(view).collect();
        views.sort_by(|a, b| a.rule.cmp(&b.rule));
        views
    }

    fn publish_notice(&mut self, subject: Subject, notice: Notice, moment: Moment, out: &mut Vec<Verdict>) {
        let sequence = self.notices.entry(subject.clone()).or_insert(0);
        *sequence += 1;
        let (order_id, shop_id) = notice.order.map_or((None, None), |(order, shop)| (Some(order), shop));
        out.push(Verdict {
            verdict_id: VerdictId::of_subject(&subject, *sequence),
            commission_id: None,
            subject: Some(text(&subject)),
            sequence: *sequence,
            position: moment.position,
            occurred_at: moment.occurred_at,
            decision: Decision::Flag,
            postings: Vec::new(),
            currency: None,
            balance: BTreeMap::new(),
            beneficiary: None,
            component: None,
            order_id,
            shop_id,
            market: notice.market,
            program_id: notice.program,
            due: None,
            holds: Vec::new(),
            reasons: notice.reasons,
            actors: notice.actors,
            reattributed_from: None,
            ruleset: self.terms.ruleset.clone(),
            semantics: model::SEMANTICS,
        });
    }
}

/// An id as evidence.
pub(crate) fn id(text: &str) -> EvidenceValue {
    EvidenceValue::Id(Text::new(text))
}

pub(crate) fn text(shown: &impl std::fmt::Display) -> Text {
    let mut text = Text::default();
    write!(text, "{shown}").expect("writing to memory succeeds");
    text
}
