//! What happened, scene by scene. A verdict belongs to what its reasons say it comes from: to a record (the order's
//! own, or another order, a person or a payout run that decided about it) or to a date that came in a sweep. Position
//! alone does not tell them apart: a sweep has that of the record that set it off.

use decider::{Trace, TracedRecord};
use ledger::Cause;
use model::admitted::{Admitted, RefundRecord, What};
use model::event::{Obligation, Review, ReviewStage};
use model::hit::EvidenceValue;
use model::{EventTime, Money, Verdict};
use serde::Serialize;

use crate::explain::Seen;
use crate::explain::story::{RuleStory, rule_story};

/// Something that happened.
#[derive(Debug, Serialize)]
pub(crate) struct Scene {
    /// Where in the log.
    pub position: u64,
    /// The log clock, RFC 3339.
    pub at: String,
    /// What happened.
    pub what: String,
    /// It happened to something else, and decided about this.
    pub elsewhere: bool,
    /// What the rules made of it, those that fired first.
    pub rules: Vec<RuleStory>,
    /// What was decided at once.
    pub verdicts: Vec<Verdict>,
}

/// A scene, and what was seen of it.
struct Draft<'s> {
    /// Nothing is seen of a date that comes where no rule looks at it.
    trace: Option<&'s Trace>,
    at: EventTime,
    scene: Scene,
}

/// Where a verdict comes from, as its reasons say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// A record of the log.
    Record,
    /// The end of a hold.
    End,
    /// The commission's date.
    Date,
    /// Rules, which look at records and at what is due.
    Rules,
}

/// All of them, in log order.
pub(super) fn scenes(seen: &Seen) -> Vec<Scene> {
    let mut drafts: Vec<Draft<'_>> = seen.traces.iter().map(|trace| Draft::of(trace, seen)).collect();
    for verdict in &seen.verdicts {
        match place(&drafts, verdict).and_then(|place| drafts.get_mut(place)) {
            Some(draft) => draft.scene.verdicts.push(verdict.clone()),
            None => drafts.push(Draft::of_time(verdict)),
        }
    }
    // Within a sweep holds end before anything is due.
    drafts.sort_by_key(|draft| (draft.scene.position, draft.is_record(), draft.at, draft.trace.is_some()));
    drafts.into_iter().map(Draft::finish).collect()
}

/// Which scene a verdict belongs to, if there is one yet.
fn place(drafts: &[Draft<'_>], verdict: &Verdict) -> Option<usize> {
    let find = |is: &dyn Fn(&Draft<'_>) -> bool| drafts.iter().position(is);
    let recorded = || find(&|draft| draft.recorded(verdict));
    let came = || find(&|draft| draft.came(verdict));
    let matured = || find(&|draft| draft.matured(verdict));
    match origin(verdict) {
        Origin::Record => recorded(),
        Origin::End => came(),
        Origin::Date => matured().or_else(came),
        Origin::Rules => {
            let at_maturity = find(&|draft| draft.matured(verdict) && draft.fired(verdict));
            at_maturity.or_else(recorded).or_else(matured).or_else(came)
        }
    }
}

fn origin(verdict: &Verdict) -> Origin {
    let causes = verdict.reasons.iter().filter_map(|reason| cause(reason.rule.as_str()));
    causes.map(origin_of).find(|origin| *origin != Origin::Rules).unwrap_or(Origin::Rules)
}

fn cause(name: &str) -> Option<Cause> {
    Cause::ALL.iter().copied().find(|cause| cause.name() == name)
}

fn origin_of(cause: Cause) -> Origin {
    match cause {
        Cause::Lapsed => Origin::End,
        Cause::Settled => Origin::Date,
        Cause::Escalated | Cause::Score | Cause::CheckFailed | Cause::Invalidated | Cause::TooLate => {
            Origin::Rules
        }
        Cause::Attributed
        | Cause::Reattributed
        | Cause::Amended
        | Cause::Planned
        | Cause::Obligation
        | Cause::NoPlan
        | Cause::OrphanRefund
        | Cause::Refund
        | Cause::OverRefund
        | Cause::Status
        | Cause::Review
        | Cause::Freeze
        | Cause::Proposal
        | Cause::PayoutRun
        | Cause::PaidBeyond
        | Cause::RunRepeated => Origin::Record,
    }
}

impl<'s> Draft<'s> {
    fn of(trace: &'s Trace, seen: &Seen) -> Draft<'s> {
        let (what, elsewhere) = match &trace.record {
            TracedRecord::Maturity(maturity) => {
                (format!("{} {} was due for release", maturity.component.name(), maturity.amount), false)
            }
            TracedRecord::Admitted(admitted) if seen.watch.sees(admitted) => (happened(admitted), false),
            TracedRecord::Admitted(admitted) => (happened_elsewhere(admitted), true),
        };
        let mut rules: Vec<RuleStory> = trace.rules.iter().map(rule_story).collect();
        rules.sort_by_key(|rule| (rule.said.is_empty(), !rule.near_miss));
        let (position, at) = (trace.position.0, trace.clock.to_string());
        let scene = Scene { position, at, what, elsewhere, rules, verdicts: Vec::new() };
        Draft { trace: Some(trace), at: trace.clock, scene }
    }

    fn of_time(verdict: &Verdict) -> Draft<'s> {
        let scene = Scene {
            position: verdict.position.0,
            at: verdict.occurred_at.to_string(),
            what: time_brought(verdict),
            elsewhere: false,
            rules: Vec::new(),
            verdicts: vec![verdict.clone()],
        };
        Draft { trace: None, at: verdict.occurred_at, scene }
    }

    fn is_record(&self) -> bool {
        self.trace.is_some_and(|trace| matches!(trace.record, TracedRecord::Admitted(_)))
    }

    /// It is the record at which this was decided.
    fn recorded(&self, verdict: &Verdict) -> bool {
        self.trace.is_some_and(|trace| match &trace.record {
            TracedRecord::Admitted(record) => {
                record.position == verdict.position && record.occurred_at == verdict.occurred_at
            }
            TracedRecord::Maturity(_) => false,
        })
    }

    /// It is the date of this verdict's commission, and rules looked at it.
    fn matured(&self, verdict: &Verdict) -> bool {
        self.trace.is_some_and(|trace| match &trace.record {
            TracedRecord::Admitted(_) => false,
            TracedRecord::Maturity(record) => {
                trace.position == verdict.position
                    && record.at == verdict.occurred_at
                    && verdict.commission_id == Some(record.commission_id)
            }
        })
    }

    /// It is a date that brought the same for another commission.
    fn came(&self, verdict: &Verdict) -> bool {
        self.trace.is_none()
            && self.scene.position == verdict.position.0
            && self.at == verdict.occurred_at
            && self.scene.what == time_brought(verdict)
    }

    fn fired(&self, verdict: &Verdict) -> bool {
        self.scene.rules.iter().any(|rule| !rule.said.is_empty() && names(verdict, &rule.rule))
    }

    /// Of what happened elsewhere, only the rules matter that decided here.
    fn finish(self) -> Scene {
        let mut scene = self.scene;
        if scene.elsewhere {
            let decided = |rule: &RuleStory| scene.verdicts.iter().any(|verdict| names(verdict, &rule.rule));
            scene.rules.retain(|rule| !rule.said.is_empty() && decided(rule));
        }
        scene
    }
}

fn names(verdict: &Verdict, rule: &str) -> bool {
    verdict.reasons.iter().any(|reason| reason.rule.as_str() == rule)
}

/// What a date brought that no record shows.
fn time_brought(verdict: &Verdict) -> String {
    let reason = |cause: Cause| verdict.reasons.iter().find(|reason| reason.rule.as_str() == cause.name());
    if let Some(settled) = reason(Cause::Settled) {
        return match settled.evidence.get("due_at") {
            Some(EvidenceValue::Int(ms)) => {
                let due = EventTime::from_ms(*ms).map_or(String::new(), |due| format!(", {due},"));
                format!("its date{due} had come, and nothing held it")
            }
            Some(EvidenceValue::Ratio { .. } | EvidenceValue::Id(_)) | None => "its date had come".into(),
        };
    }
    if reason(Cause::Lapsed).is_some() {
        return "the last hold on it ended by itself".into();
    }
    if reason(Cause::Escalated).is_some() {
        return "a hold on it has lasted as long as the market allows".into();
    }
    "a hold on its group or creator reached it".into()
}

fn happened(record: &Admitted) -> String {
    match &record.what {
        What::Order(order) => format!("the order came: {}", order.amount()),
        What::Amendment(order) => {
            format!("the order was amended to revision {}: {}", order.order.revision, order.amount())
        }
        What::Planned(_) => "a plan came that covers it".into(),
        What::Status(change) => format!("its status became {}", change.status.name()),
        What::Refund(refund) => refunded(refund),
        What::Obligation(owed) => format!("the obligation came: {}", owed_amount(owed)),
        What::Click(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::FeedMark(_) => happened_elsewhere(record),
    }
}

/// The same of what is not its own.
fn happened_elsewhere(record: &Admitted) -> String {
    match &record.what {
        What::Order(order) => {
            let whose =
                order.credit().map_or(String::new(), |credit| format!(" of creator:{}", credit.creator));
            format!("order {}{whose} came: {}", order.key.order, order.amount())
        }
        What::Amendment(order) => {
            format!("order {} was amended to revision {}", order.key.order, order.order.revision)
        }
        What::Planned(order) => format!("a plan came that covers order {}", order.key.order),
        What::Status(change) => {
            format!("the status of order {} became {}", change.order.key.order, change.status.name())
        }
        What::Refund(refund) => format!("{} (order {})", refunded(refund), refund.order.key.order),
        What::Click(click) => {
            format!("click {} for creator:{} came", click.click.click_id, click.click.creator_id)
        }
        What::Creator(creator) => format!("the profile of creator:{} changed", creator.creator_id),
        What::Plan(plan) => format!("plan {plan} came"),
        What::Review(review) => reviewed(review),
        What::PayoutRun(run) => format!("payout run {} was {}", run.run_id, run.state.name()),
        What::Obligation(owed) => format!("obligation {} came: {}", owed.obligation_id, owed_amount(owed)),
        What::FeedMark(mark) => format!("{} is complete through {}", mark.source, mark.complete_through),
    }
}

fn refunded(refund: &RefundRecord) -> String {
    let amount = Money { currency: refund.refund.currency, minor: refund.refund.amount };
    format!("refund {} of {amount} was {}", refund.part, refund.refund.state.name())
}

fn owed_amount(owed: &Obligation) -> Money {
    Money { currency: owed.currency, minor: owed.amount }
}

fn reviewed(review: &Review) -> String {
    let who = review.actor.as_deref().unwrap_or("somebody");
    let does = match review.stage {
        ReviewStage::Proposal => "proposed",
        ReviewStage::Approval => "decided",
    };
    let note = review.note.as_deref().map_or(String::new(), |note| format!(": {note}"));
    format!("{who} {does} {} in review {}{note}", review.decision.name(), review.review_id)
}
