//! What JUDGE said becomes what happens. Precedence for one record: reject, then hold, then score, then flag; all
//! that fired are reasons of whatever acts.

use model::admitted::ClickRecord;
use model::event::Beneficiary;
use model::hit::{Effect, EvidenceValue, Hit, Judged};
use model::verdict::{Account, Decision, Reason, Subject};
use model::{CreatorId, Position, ProgramId, RuleId};

use crate::arena::{CommissionIx, OrderIx, WideIx};
use crate::holds::{Ask, By, Hold, HoldState, Placed};
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::{Stage, id};
use crate::wide::ByWhom;

/// The decisions that rules bring about on a commission.
const ACTED: [Decision; 5] =
    [Decision::Void, Decision::ClawBack, Decision::Hold, Decision::Recall, Decision::Flag];

/// What was judged.
pub(crate) enum Occasion<'a> {
    /// A click.
    Click(&'a ClickRecord),
    /// An order, or a higher revision.
    Order(OrderIx),
    /// A refund of an order.
    Refund(OrderIx),
    /// A commission about to be released.
    Maturity(CommissionIx),
}

impl Occasion<'_> {
    /// Up to where the features had counted: a sweep comes before the record that sets it off.
    fn counted(&self, position: Position) -> Position {
        match self {
            Occasion::Click(_) | Occasion::Order(_) | Occasion::Refund(_) => position,
            Occasion::Maturity(_) => Position(position.0.saturating_sub(1)),
        }
    }
}

/// What the rules want of one commission, strongest first.
enum Want<'h> {
    Reject,
    Hold(Vec<&'h Hit>),
    Score(i64),
    Flag,
}

impl Want<'_> {
    /// Whether a hit says something beside what is wanted, which would be lost if that changes nothing.
    fn leaves(&self, hit: &Hit) -> bool {
        match hit.effect {
            Effect::Flag | Effect::Reject => true,
            Effect::Score(points) => points != 0 && matches!(self, Want::Hold(_)),
            Effect::Hold(_)
            | Effect::HoldAllOf(..)
            | Effect::HoldCreator(_)
            | Effect::Invalidate
            | Effect::Failed(_) => false,
        }
    }
}

/// What the rules want of one commission, and why.
struct Wish<'h> {
    want: Want<'h>,
    /// Some of them say something beside it.
    more: bool,
    reasons: Vec<Reason>,
}

/// Whether a commission carries the flags of its order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FlagsGo {
    Here,
    Elsewhere,
}

/// What came of a wish, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Came {
    Nothing,
    /// What is wanted stands already.
    Stands,
    /// A verdict says it.
    Told,
}

impl Ledger {
    /// Does what the rules that act want.
    pub(crate) fn act(&mut self, occasion: &Occasion<'_>, judged: &Judged, stage: &mut Stage) {
        self.count_failures(judged, stage.moment.position);
        if judged.hits.is_empty() {
            return;
        }
        let order = self.order_behind(occasion);
        self.fire_groups(judged, order, occasion.counted(stage.moment.position), stage);
        if let Some((program, creator)) = self.credited(occasion) {
            self.fire_creator(&program, &creator, judged, stage);
        }
        if let Some(order) = order {
            self.act_on_order(occasion, order, judged, stage);
        }
        if let Occasion::Click(click) = occasion {
            self.act_on_click(click, judged, stage);
        }
        self.work_backlog(stage);
    }

    fn order_behind(&self, occasion: &Occasion<'_>) -> Option<OrderIx> {
        match occasion {
            Occasion::Click(_) => None,
            Occasion::Order(order) | Occasion::Refund(order) => Some(*order),
            Occasion::Maturity(ix) => self.commissions[*ix].order(),
        }
    }

    /// Whom `hold_creator` means: the credit as first given.
    fn credited(&self, occasion: &Occasion<'_>) -> Option<(ProgramId, CreatorId)> {
        if let Occasion::Click(click) = occasion {
            return Some((click.context.program.clone(), click.click.creator_id.clone()));
        }
        let record = &self.orders[self.order_behind(occasion)?].record;
        Some((record.key.program.clone(), record.credit()?.creator.clone()))
    }

    /// Group holds are one object each, whoever's commissions they touch: a canary decides member by member.
    fn fire_groups(
        &mut self,
        judged: &Judged,
        trigger: Option<OrderIx>,
        counted: Position,
        stage: &mut Stage,
    ) {
        for hit in &judged.hits {
            if let Effect::HoldAllOf(slot, until) = hit.effect
                && self.may_act_on_somebody(hit, stage)
            {
                let why = self.reason_of(hit);
                self.fire_group((&hit.rule, slot, until), judged, &why, (trigger, counted), stage);
            }
        }
    }

    fn may_act_on_somebody(&self, hit: &Hit, stage: &Stage) -> bool {
        use model::policy::Mode;
        let canary = matches!(self.rule(&hit.rule).map(|policy| policy.mode), Some(Mode::Canary(1..)));
        self.acts(&hit.rule, None, stage.moment.position)
            || canary && !self.is_exhausted(&hit.rule, stage.moment.position)
    }

    fn fire_creator(&mut self, program: &ProgramId, creator: &CreatorId, judged: &Judged, stage: &mut Stage) {
        for hit in &judged.hits {
            if let Effect::HoldCreator(until) = hit.effect
                && self.acts(&hit.rule, Some(creator), stage.moment.position)
            {
                let until = self.hold_until(&hit.rule, until, stage.moment);
                let why = (ByWhom::Rule, self.reason_of(hit));
                self.hold_creator((program, creator), (&hit.rule, until), why, stage);
            }
        }
    }

    /// Effects on the order's own commissions, whoever earns them; a rejection at maturity is of one. Only one
    /// commission of an order carries its flags.
    fn act_on_order(&mut self, occasion: &Occasion<'_>, order: OrderIx, judged: &Judged, stage: &mut Stage) {
        let mut came = Came::Nothing;
        for ix in self.orders[order].commissions.clone() {
            if let Some(wish) = self.wish(ix, occasion, judged, stage) {
                let place = if came == Came::Told { FlagsGo::Elsewhere } else { FlagsGo::Here };
                came = came.max(self.grant(ix, wish, judged, place, stage));
            }
        }
        if came == Came::Nothing {
            self.flag_nowhere(order, judged, stage);
        }
    }

    /// What the rules that act on a commission want of it.
    fn wish<'h>(
        &self,
        ix: CommissionIx,
        occasion: &Occasion<'_>,
        judged: &'h Judged,
        stage: &Stage,
    ) -> Option<Wish<'h>> {
        let creator = self.commissions[ix].creator.as_ref();
        let acting = judged.hits.iter().filter(|hit| self.acts(&hit.rule, creator, stage.moment.position));
        let hits: Vec<&Hit> = acting.collect();
        let alone = matches!(occasion, Occasion::Maturity(judged) if *judged != ix);
        let want = self.want(ix, &hits, alone)?;
        let more = !alone && hits.iter().any(|hit| want.leaves(hit));
        Some(Wish { want, more, reasons: hits.iter().map(|hit| self.reason_of(hit)).collect() })
    }

    /// The strongest wish. A commission that is not itself being released is neither rejected nor flagged with
    /// the one that is.
    fn want<'h>(&self, ix: CommissionIx, hits: &[&'h Hit], alone: bool) -> Option<Want<'h>> {
        if !alone && hits.iter().any(|hit| self.may_reject(ix, hit)) {
            return Some(Want::Reject);
        }
        let holds: Vec<&Hit> = hits.iter().copied().filter(|hit| self.wants_hold(hit)).collect();
        if !holds.is_empty() {
            return Some(Want::Hold(holds));
        }
        let score = score(hits);
        if score > 0 && score >= self.terms.policy.score_threshold {
            return Some(Want::Score(score));
        }
        let flags = |hit: &&Hit| matches!(hit.effect, Effect::Flag | Effect::Reject);
        (!alone && hits.iter().any(flags)).then_some(Want::Flag)
    }

    /// A rule that a person contradicted only flags, whatever else fires.
    fn may_reject(&self, ix: CommissionIx, hit: &Hit) -> bool {
        let commission = &self.commissions[ix];
        let contradicted = |hold: &Hold| hold.rule == hit.rule && hold.state == HoldState::Lifted;
        hit.effect == Effect::Reject
            && self.rule(&hit.rule).is_some_and(|rule| rule.may_reject)
            && !commission.trusted
            && !commission.holds.iter().any(contradicted)
    }

    fn wants_hold(&self, hit: &Hit) -> bool {
        match hit.effect {
            Effect::Hold(_) | Effect::HoldAllOf(..) | Effect::HoldCreator(_) => true,
            Effect::Failed(_) => self.failure_holds(&hit.rule),
            Effect::Flag | Effect::Score(_) | Effect::Invalidate | Effect::Reject => false,
        }
    }

    /// Does it; returns what came of it.
    fn grant(
        &mut self,
        ix: CommissionIx,
        wish: Wish<'_>,
        judged: &Judged,
        flags: FlagsGo,
        stage: &mut Stage,
    ) -> Came {
        let Wish { want, more, reasons } = wish;
        let placed = match want {
            Want::Reject => self.reject_by_rule(ix, &reasons, stage),
            Want::Hold(hits) => {
                let each: Vec<Placed> =
                    hits.into_iter().map(|hit| self.hold_by_rule(ix, hit, judged, stage)).collect();
                strongest(&each)
            }
            Want::Score(score) => self.hold_by_score(ix, score, stage),
            Want::Flag => Placed::Disagreed,
        };
        let told = stage.explain(ix, &ACTED, &reasons);
        let only_flags = match placed {
            Placed::Disagreed => true,
            Placed::Unchanged => more && !told,
            // Money that was paid is only marked.
            Placed::Nothing => !self.commissions[ix].balance.get(Account::Paid).is_zero(),
            Placed::Changed => false,
        };
        let flagged = only_flags && flags == FlagsGo::Here && self.is_alive(ix);
        if flagged {
            reasons.iter().for_each(|reason| stage.decide(ix, Decision::Flag, reason));
        }
        match placed {
            _ if told || flagged => Came::Told,
            Placed::Unchanged if !more => Came::Stands,
            Placed::Unchanged | Placed::Changed | Placed::Disagreed | Placed::Nothing => Came::Nothing,
        }
    }

    fn is_alive(&self, ix: CommissionIx) -> bool {
        let balance = &self.commissions[ix].balance;
        let with_finance = balance.get(Account::Scheduled).plus(balance.get(Account::Paid));
        self.commissions[ix].is_open() || !with_finance.is_zero()
    }

    fn reject_by_rule(&mut self, ix: CommissionIx, reasons: &[Reason], stage: &mut Stage) -> Placed {
        if self.commissions[ix].rejected || !self.is_alive(ix) {
            return Placed::Nothing;
        }
        let Some(first) = reasons.first() else { return Placed::Nothing };
        self.reject(ix, first, stage);
        Placed::Changed
    }

    fn hold_by_rule(&mut self, ix: CommissionIx, hit: &Hit, judged: &Judged, stage: &mut Stage) -> Placed {
        let why = self.reason_of(hit);
        let (until, wide) = match hit.effect {
            Effect::Hold(until) => (until, None),
            Effect::HoldAllOf(slot, until) => {
                let group = judged.groups.iter().find(|group| group.slot == slot);
                (until, group.and_then(|group| self.groups.hold(&hit.rule, &group.key)))
            }
            Effect::HoldCreator(until) => match self.creator_hold_over(ix, &hit.rule) {
                Ok(wide) => (until, Some(wide)),
                Err(placed) => return placed,
            },
            Effect::Flag | Effect::Score(_) | Effect::Invalidate | Effect::Reject | Effect::Failed(_) => {
                (model::hit::Until::Default, None)
            }
        };
        let until = match wide {
            Some(wide) => self.wide[wide].until,
            None => self.hold_until(&hit.rule, until, stage.moment),
        };
        let ask = Ask { rule: hit.rule.clone(), until, wide, by: By::Rule };
        match (self.place_hold(ix, &ask, &why, stage), &hit.effect) {
            // The creator is held, even if nothing is left of this order.
            (Placed::Nothing, Effect::HoldCreator(_)) => Placed::Unchanged,
            (placed, _) => placed,
        }
    }

    /// The hold that a rule has just put on the creator of a commission, unless the commission is under it already.
    /// What another creator earns of the order is not meant, nor is an agency's share.
    fn creator_hold_over(&self, ix: CommissionIx, rule: &RuleId) -> Result<WideIx, Placed> {
        let commission = &self.commissions[ix];
        let Beneficiary::Creator(creator) = &commission.beneficiary else { return Err(Placed::Nothing) };
        let record = commission.order().map(|order| &self.orders[order].record);
        let credit = record.and_then(|record| record.credit()).filter(|credit| credit.creator == *creator);
        let stands = commission.holds.iter().any(|hold| hold.stands() && hold.rule == *rule);
        let wide = credit.filter(|_| !stands).and_then(|credit| {
            let program = &self.totals.book(commission.book).program;
            self.hold_of_creator(program, &credit.creator, rule)
        });
        wide.ok_or(Placed::Unchanged)
    }

    fn hold_by_score(&mut self, ix: CommissionIx, score: i64, stage: &mut Stage) -> Placed {
        let threshold = self.terms.policy.score_threshold;
        let why = Cause::Score
            .because([("score", EvidenceValue::Int(score)), ("threshold", EvidenceValue::Int(threshold))]);
        let until = self.terms.policy.score_hold.map(|span| stage.moment.clock.plus(span));
        self.place_hold(ix, &Ask { rule: Cause::Score.rule(), until, wide: None, by: By::Rule }, &why, stage)
    }

    /// An order that earns nobody anything can only be flagged.
    fn flag_nowhere(&mut self, order: OrderIx, judged: &Judged, stage: &mut Stage) {
        let creator = self.orders[order].record.credit().map(|credit| credit.creator.clone());
        let hits: Vec<&Hit> = judged
            .hits
            .iter()
            .filter(|hit| self.acts(&hit.rule, creator.as_ref(), stage.moment.position))
            .collect();
        let concerns = |hit: &&Hit| !matches!(hit.effect, Effect::Failed(_) | Effect::Score(_));
        let scored = score(&hits) >= self.terms.policy.score_threshold.max(1);
        if scored || hits.iter().any(concerns) {
            let reasons = hits.iter().map(|hit| self.reason_of(hit)).collect();
            self.flag_order(order, reasons, stage);
        }
    }

    /// A click that is invalidated earns nothing from here on; anything else said of a click is a flag.
    fn act_on_click(&mut self, click: &ClickRecord, judged: &Judged, stage: &mut Stage) {
        let creator = Some(&click.click.creator_id);
        let told = |hit: &&Hit| match hit.effect {
            Effect::Invalidate | Effect::Flag | Effect::Hold(_) | Effect::Reject => true,
            Effect::HoldAllOf(..) | Effect::HoldCreator(_) | Effect::Score(_) | Effect::Failed(_) => false,
        };
        let acting = judged.hits.iter().filter(|hit| self.acts(&hit.rule, creator, stage.moment.position));
        let hits: Vec<&Hit> = acting.filter(told).collect();
        if hits.is_empty() {
            return;
        }
        let mut reasons: Vec<Reason> = hits.iter().map(|hit| self.reason_of(hit)).collect();
        let (program, name) = (&click.context.program, &click.click.click_id);
        if hits.iter().any(|hit| hit.effect == Effect::Invalidate) {
            self.invalid_clicks.insert(click, stage.moment.clock);
            reasons.push(Cause::Invalidated.because([("creator", id(click.click.creator_id.as_str()))]));
        }
        let subject = Subject::Click(program.clone(), name.clone());
        stage.flag_subject(subject, (program, &click.context.market), None, reasons, None);
    }
}

/// Points of all rules that act, added up.
fn score(hits: &[&Hit]) -> i64 {
    let points = hits.iter().map(|hit| match hit.effect {
        Effect::Score(points) => points,
        Effect::Hold(_)
        | Effect::HoldAllOf(..)
        | Effect::HoldCreator(_)
        | Effect::Flag
        | Effect::Invalidate
        | Effect::Reject
        | Effect::Failed(_) => 0,
    });
    points.fold(0, i64::saturating_add)
}

/// What the strongest of several holds came to.
fn strongest(each: &[Placed]) -> Placed {
    let order = [Placed::Changed, Placed::Disagreed, Placed::Unchanged];
    order.into_iter().find(|placed| each.contains(placed)).unwrap_or(Placed::Nothing)
}
