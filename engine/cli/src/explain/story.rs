//! What is told of an order or a commission: the document behind `explain --output json`.

use decider::{TracedRecord, Watch};
use ledger::{Commission, Origin};
use model::Money;
use model::admitted::{Candidate, OrderRecord, Rate, TermsSource, What};
use model::feature::Measure;
use ruleset::{ConditionTrace, RuleTrace};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::explain::Seen;
use crate::explain::scenes::{self, Scene};
use crate::explain::standing::{self, CommissionStory};

/// The history of an order or a commission.
#[derive(Debug, Serialize)]
pub(crate) struct Story {
    /// What it is about: `order o1`, `obligation bonus-31`, `payment beyond what run r1 had scheduled`.
    pub about: String,
    /// The program.
    pub program_id: String,
    /// The order, if there is one.
    pub order_id: Option<String>,
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
    /// How far it came, where it asks for so many at least: `orders 4 of 5`.
    pub reached: Option<String>,
}

impl Story {
    /// Tells what was seen.
    pub(super) fn new(seen: &Seen) -> Story {
        let order = seen.traces.iter().find_map(|trace| match &trace.record {
            TracedRecord::Admitted(admitted) if seen.watch.sees(admitted) => placed(&admitted.what),
            TracedRecord::Admitted(_) | TracedRecord::Maturity(_) => None,
        });
        let scenes = scenes::scenes(seen);
        Story {
            about: about(seen),
            program_id: seen.verdicts.first().map_or(String::new(), |verdict| verdict.program_id.to_string()),
            order_id: match &seen.watch {
                Watch::Order(key) => Some(key.order.to_string()),
                Watch::Commission(_) => None,
            },
            order,
            commissions: standing::commissions(seen, &scenes),
            scenes,
        }
    }
}

fn about(seen: &Seen) -> String {
    let id = match &seen.watch {
        Watch::Order(key) => return format!("order {}", key.order),
        Watch::Commission(id) => id,
    };
    match seen.decider.ledger().commission(id).map(Commission::origin) {
        Some(Origin::Obligation { id, .. }) => format!("obligation {id}"),
        Some(Origin::Run(run)) => format!("payment beyond what run {run} had scheduled"),
        Some(Origin::Order(_)) | None => format!("commission {id}"),
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

pub(super) fn rule_story(trace: &RuleTrace) -> RuleStory {
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
        reached: values
            .filter(|s| s.operator == ">=" && trace.held == Some(false))
            .map(|s| format!("{} {} of {}", s.left, shown(&s.left_value), shown(&s.right_value))),
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
        Measure::Unknown => "unknown: too many keys".into(),
        Measure::Int(n) => n.to_string(),
        Measure::Money(money) => money.to_string(),
        Measure::Ratio { numerator, denominator } => format!("{numerator}/{denominator}"),
        Measure::Deviation { .. } => measure.as_f64().map_or(String::new(), |d| format!("{d:.3}")),
    }
}
