//! What is told of an order: the document behind `explain --output json`.

use decider::{Trace, TracedRecord};
use model::admitted::{Candidate, OrderRecord, Rate, TermsSource, What};
use model::feature::Measure;
use model::{Money, OrderKey, Verdict};
use ruleset::{ConditionTrace, RuleTrace};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::explain::Seen;
use crate::explain::standing::{self, CommissionStory};

/// The history of an order.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    /// The program.
    pub program_id: String,
    /// The order.
    pub order_id: String,
    /// What was ordered, and who could earn it.
    pub order: Option<OrderStory>,
    /// What happened, in log order.
    pub scenes: Vec<Scene>,
    /// Its commissions as they stand.
    pub commissions: Vec<CommissionStory>,
}

/// What was ordered, and who could earn it.
#[derive(Debug, Serialize)]
pub(crate) struct OrderStory {
    /// When, RFC 3339.
    pub at: String,
    /// What was paid for what can earn.
    pub amount: String,
    /// The buyer.
    pub buyer: Option<String>,
    /// The market.
    pub market: String,
    /// Line by line: who could earn it, best first.
    pub lines: Vec<LineStory>,
}

/// A line and its candidates.
#[derive(Debug, Serialize)]
pub(crate) struct LineStory {
    /// The line.
    pub line_id: String,
    /// The product.
    pub product_id: String,
    /// What was paid.
    pub paid: String,
    /// Who could earn it, best first.
    pub candidates: Vec<CandidateStory>,
}

/// Somebody who could earn a line.
#[derive(Debug, Serialize)]
pub(crate) struct CandidateStory {
    /// Who.
    pub creator_id: String,
    /// Why: coupon, click_id, buyer, device or declared.
    pub evidence: &'static str,
    /// How closely the click names what was bought.
    pub directness: Option<&'static str>,
    /// The click.
    pub click_id: Option<String>,
    /// From click to order, seconds.
    pub click_age_s: Option<i64>,
    /// On what terms.
    pub terms: String,
}

/// Something that happened to the order.
#[derive(Debug, Serialize)]
pub(crate) struct Scene {
    /// Where in the log.
    pub position: u64,
    /// The log clock, RFC 3339.
    pub at: String,
    /// What happened.
    pub what: String,
    /// What the rules made of it, those that fired first.
    pub rules: Vec<RuleStory>,
    /// What was decided at once.
    pub verdicts: Vec<Verdict>,
}

/// What one rule made of it.
#[derive(Debug, Serialize)]
pub(crate) struct RuleStory {
    /// The rule.
    pub rule: String,
    /// Its mode.
    pub mode: String,
    /// What it said.
    pub said: Vec<String>,
    /// It failed: why.
    pub failure: Option<String>,
    /// The features it read.
    pub features: BTreeMap<String, String>,
    /// Its conditions with the values of both sides.
    pub conditions: Vec<ConditionStory>,
    /// All conditions but one held.
    pub near_miss: bool,
}

/// A term of a condition.
#[derive(Debug, Serialize)]
pub(crate) struct ConditionStory {
    /// As the rule writes it.
    pub text: String,
    /// Whether it held.
    pub held: Option<bool>,
    /// The values: `4 >= 5`.
    pub values: Option<String>,
}

impl Story {
    /// Tells what was seen.
    pub(super) fn new(order: &OrderKey, seen: &Seen) -> Story {
        let order_placed = seen.traces.iter().find_map(|trace| match &trace.record {
            TracedRecord::Admitted(admitted) => placed(&admitted.what),
            TracedRecord::Maturity(_) => None,
        });
        Story {
            program_id: order.program.to_string(),
            order_id: order.order.to_string(),
            order: order_placed,
            scenes: scenes(&seen.traces, &seen.verdicts),
            commissions: standing::commissions(&seen.verdicts, seen.decider.ledger()),
        }
    }
}

fn placed(what: &What) -> Option<OrderStory> {
    if let What::Order(order) = what { Some(order_story(order)) } else { None }
}

fn order_story(order: &OrderRecord) -> OrderStory {
    let currency = order.order.currency;
    let lines = order.order.lines.iter().zip(&order.candidates).map(|(line, candidates)| LineStory {
        line_id: line.line_id.to_string(),
        product_id: line.product_id.to_string(),
        paid: Money { currency, minor: line.paid }.to_string(),
        candidates: candidates.iter().map(|c| candidate_story(order, c)).collect(),
    });
    OrderStory {
        at: order.occurred_at.to_string(),
        amount: order.amount().to_string(),
        buyer: order.order.buyer_id.as_ref().map(ToString::to_string),
        market: order.context.market.to_string(),
        lines: lines.collect(),
    }
}

fn candidate_story(order: &OrderRecord, candidate: &Candidate) -> CandidateStory {
    let rate = match candidate.terms.rate {
        Rate::Share(bp) => format!("{}.{:02} %", bp.get() / 100, bp.get() % 100),
        Rate::Amount(minor) => Money { currency: order.order.currency, minor }.to_string(),
    };
    let terms = match &candidate.terms.source {
        TermsSource::Plan { plan_id, version } => format!("{rate} by plan {plan_id} version {version}"),
        TermsSource::Declared => format!("{rate} as declared"),
        TermsSource::NoPlan => "no plan: accrues nothing until one comes".into(),
    };
    CandidateStory {
        creator_id: candidate.creator.to_string(),
        evidence: candidate.evidence.name(),
        directness: candidate.directness.map(|d| d.name()),
        click_id: candidate.click.as_ref().map(|c| c.click.click_id.to_string()),
        click_age_s: candidate.click.as_ref().map(|c| order.occurred_at.seconds_since(c.occurred_at)),
        terms,
    }
}

/// Traces and verdicts by position: what was seen, then what was decided. Verdicts that no trace of this order
/// explains (a group hold fired by another order, a release by date) are scenes of their own.
fn scenes(traces: &[Trace], verdicts: &[Verdict]) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = traces.iter().map(scene).collect();
    for verdict in verdicts {
        let seen = scenes.iter_mut().rev().find(|s| s.position == verdict.position.0);
        match seen {
            Some(scene) => scene.verdicts.push(verdict.clone()),
            None => scenes.push(Scene {
                position: verdict.position.0,
                at: verdict.occurred_at.to_string(),
                what: "a date, a person, a payout run or another order decided about it".into(),
                rules: Vec::new(),
                verdicts: vec![verdict.clone()],
            }),
        }
    }
    scenes.sort_by_key(|scene| scene.position);
    scenes
}

fn scene(trace: &Trace) -> Scene {
    let what = match &trace.record {
        TracedRecord::Maturity(maturity) => {
            format!("{} {} was due for release", maturity.component.name(), maturity.amount)
        }
        TracedRecord::Admitted(admitted) => happened(&admitted.what),
    };
    let mut rules: Vec<RuleStory> = trace.rules.iter().map(rule_story).collect();
    rules.sort_by_key(|rule| (rule.said.is_empty(), !rule.near_miss));
    Scene { position: trace.position.0, at: trace.clock.to_string(), what, rules, verdicts: Vec::new() }
}

fn happened(what: &What) -> String {
    match what {
        What::Order(order) => format!("the order came: {}", order.amount()),
        What::Amendment(order) => {
            format!("the order was amended to revision {}: {}", order.order.revision, order.amount())
        }
        What::Planned(_) => "a plan came that covers it".into(),
        What::Status(change) => format!("its status became {}", change.status.name()),
        What::Refund(refund) => {
            let amount = Money { currency: refund.refund.currency, minor: refund.refund.amount };
            format!("refund {} of {amount} was {}", refund.part, refund.refund.state.name())
        }
        What::Click(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::Obligation(_)
        | What::FeedMark(_) => String::new(),
    }
}

fn rule_story(trace: &RuleTrace) -> RuleStory {
    let conditions: Vec<ConditionStory> = trace.conditions.iter().map(condition).collect();
    let failed = trace.conditions.iter().filter(|c| c.held == Some(false)).count();
    RuleStory {
        rule: trace.rule.to_string(),
        mode: crate::summary::mode_name(trace.mode),
        said: trace.effects.iter().map(|(_, reason)| reason.clone()).collect(),
        failure: trace.failure.clone(),
        features: trace
            .features
            .iter()
            .map(|f| (f.name.clone().unwrap_or_else(|| f.text.clone()), measure(f.value)))
            .collect(),
        near_miss: !trace.fired() && failed == 1 && trace.conditions.iter().any(is_close),
        conditions,
    }
}

fn condition(trace: &ConditionTrace) -> ConditionStory {
    let shown = |value: &Option<ruleset::Shown>| value.as_ref().map_or("?".to_owned(), ToString::to_string);
    let values = trace.sides.as_ref();
    ConditionStory {
        text: trace.text.clone(),
        held: trace.held,
        values: values.map(|s| format!("{} {} {}", shown(&s.left_value), s.operator, shown(&s.right_value))),
    }
}

/// A number that missed what it is compared with, and had come at least two thirds of the way.
fn is_close(trace: &ConditionTrace) -> bool {
    let Some(sides) = trace.sides.as_ref().filter(|_| trace.held == Some(false)) else { return false };
    match (number(sides.left_value.as_ref()), number(sides.right_value.as_ref())) {
        (Some(left), Some(right)) if sides.operator.starts_with('>') => left > 0 && left * 3 >= right * 2,
        (Some(left), Some(right)) if sides.operator.starts_with('<') => left * 2 <= right * 3,
        (Some(_) | None, Some(_) | None) => false,
    }
}

/// A number in millionths, so that counts and shares compare alike.
#[expect(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    reason = "how near is a matter of words"
)]
fn number(value: Option<&ruleset::Shown>) -> Option<i128> {
    match value? {
        ruleset::Shown::Int(n) => Some(i128::from(*n) * 1_000_000),
        ruleset::Shown::Float(f) => Some((*f * 1e6) as i128),
        ruleset::Shown::Missing
        | ruleset::Shown::Bool(_)
        | ruleset::Shown::Money(_)
        | ruleset::Shown::Text(_) => None,
    }
}

fn measure(measure: Measure) -> String {
    match measure {
        Measure::Missing => "missing".into(),
        Measure::Int(n) => n.to_string(),
        Measure::Money(money) => money.to_string(),
        Measure::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
        Measure::Deviation { .. } => measure.as_f64().map_or(String::new(), |d| format!("{d:.3}")),
    }
}
