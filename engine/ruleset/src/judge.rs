//! Facts and measures in, hits out: runs every rule for the record's subject.

use model::Text;
use model::fact::{Facts, Field, Value};
use model::feature::{Measure, Measures, Slot};
use model::hit::{Effect, Evidence, EvidenceValue, Failure, Hit};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, Scope};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::checked::same_kind;
use crate::compile::{Bind, Bound, Compiled, Evident, Instance};
use crate::engine::{Amount, ListAt, SINK, Said, Sink, cut};
use crate::evaluate::{Evaluation, Stop};

/// In the evidence of a rule that failed for want of an answer: how many of its features are unknown.
const UNKNOWN_FEATURES: &str = "unknown_features";

/// The record that is judged, and what was measured of it.
#[derive(Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) record: &'a dyn Facts,
    pub(crate) measures: &'a Measures,
}

/// Whether a rule has run.
pub(crate) enum Ran {
    Yes,
    /// It has said nothing: it is for rhai to run.
    No,
}

/// Runs a rule without rhai, if it was lowered and what happens is not left to rhai.
pub(crate) fn run_lowered(
    rule: &Compiled,
    judged: Judged<'_>,
    mismatches: &AtomicU64,
    hits: &mut Vec<Hit>,
) -> Ran {
    let context = judged.record.context();
    let instance = rule.instance(&context.market, &context.program);
    let Some(lowered) = instance.lowered.as_ref() else { return Ran::No };
    let fields = rule.fields(judged.record.subject());
    match (Evaluation { judged, fields, mismatches }).run(lowered) {
        Ok(calls) => hit(rule, instance, judged, calls, hits),
        Err(Stop::Unknown(slot)) => hits.push(unanswered(rule, judged, slot)),
        Err(Stop::LeftToRhai) => return Ran::No,
    }
    Ran::Yes
}

/// Runs a rule by rhai; the scope holds the sink, and is left as it was.
pub(crate) fn run(
    engine: &Engine,
    rule: &Compiled,
    judged: Judged<'_>,
    scope: &mut Scope<'_>,
    hits: &mut Vec<Hit>,
) {
    let context = judged.record.context();
    let instance = rule.instance(&context.market, &context.program);
    let length = scope.len();
    bind(rule.binds(judged.record.subject()), judged, scope);
    let outcome = execute(engine, instance, scope);
    scope.rewind(length);
    match outcome {
        Ok(calls) => hit(rule, instance, judged, calls, hits),
        Err(error) => hits.push(match unknown(rule, judged, &error) {
            Some(slot) => unanswered(rule, judged, slot),
            None => Hit {
                rule: rule.id.clone(),
                effect: Effect::Failed(Failure::Error),
                reason: cut(&error.to_string()),
                evidence: evidence(rule, instance, judged),
            },
        }),
    }
}

/// The feature that a rule could not read because it is unknown, if that is what it failed of.
fn unknown(rule: &Compiled, judged: Judged<'_>, error: &EvalAltResult) -> Option<Slot> {
    let EvalAltResult::ErrorVariableNotFound(name, _) = error.unwrap_inner() else { return None };
    let bind = rule.binds(judged.record.subject()).iter().find(|bind| bind.name == *name)?;
    match bind.value {
        Bound::Feature(slot) => Some(slot),
        Bound::Fact(_) | Bound::List(_) => None,
    }
}

/// A rule read a feature that is unknown.
fn unanswered(rule: &Compiled, judged: Judged<'_>, slot: Slot) -> Hit {
    let is_unknown = |slot: Slot| judged.measures.get(slot) == Measure::Unknown;
    let count = rule.features.iter().filter(|used| is_unknown(used.slot)).fold(0, |count, _| count + 1);
    Hit {
        rule: rule.id.clone(),
        effect: Effect::Failed(Failure::Unknown),
        reason: cut(&too_many_keys(rule, slot)),
        evidence: Evidence::from([(Text::const_new(UNKNOWN_FEATURES), EvidenceValue::Int(count))]),
    }
}

fn too_many_keys(rule: &Compiled, slot: Slot) -> String {
    let used = rule.features.iter().find(|used| used.slot == slot);
    let text = used.map_or("a feature", |used| used.text.as_str());
    format!("too many keys: {text} is unknown here")
}

/// Why a rule failed, in words.
pub(crate) fn why(rule: &Compiled, judged: Judged<'_>, error: &EvalAltResult) -> String {
    match unknown(rule, judged, error) {
        Some(slot) => too_many_keys(rule, slot),
        None => error.to_string(),
    }
}

fn hit(rule: &Compiled, instance: &Instance, judged: Judged<'_>, calls: Vec<Said>, hits: &mut Vec<Hit>) {
    if calls.is_empty() {
        return;
    }
    let evidence = evidence(rule, instance, judged);
    for (effect, said) in effects(rule, calls) {
        hits.push(Hit { rule: rule.id.clone(), effect, reason: said.reason, evidence: evidence.clone() });
    }
}

/// A scope with a sink in it, for any number of rules one after the other.
pub(crate) fn scope() -> Scope<'static> {
    let mut scope = Scope::new();
    scope.push(SINK, Sink::default());
    scope
}

/// Puts what the rule reads into the scope. What is unknown is not there: a rule that reads it fails, however it
/// reads it.
pub(crate) fn bind(binds: &[Bind], judged: Judged<'_>, scope: &mut Scope<'_>) {
    for Bind { name, value } in binds {
        let value = match value {
            Bound::Fact(field) => Some(fact(judged.record, field)),
            Bound::Feature(slot) => measure(judged.measures.get(*slot)),
            Bound::List(list) => {
                Some(Dynamic::from(ListAt { list: Arc::clone(list), at: judged.record.occurred_at() }))
            }
        };
        if let Some(value) = value {
            scope.push_dynamic(name.as_str(), value);
        }
    }
}

/// Runs the script and takes what it said; after a failure nothing it said counts.
pub(crate) fn execute(
    engine: &Engine,
    instance: &Instance,
    scope: &mut Scope<'_>,
) -> Result<Vec<Said>, Box<EvalAltResult>> {
    let outcome = engine.run_ast_with_scope(scope, &instance.script);
    let calls = match scope.get_mut(SINK).and_then(|sink| sink.write_lock::<Sink>()) {
        Some(mut sink) => std::mem::take(&mut sink.calls),
        None => Vec::new(),
    };
    outcome.map(|()| calls)
}

/// The effects of the calls: the first of each kind.
pub(crate) fn effects(rule: &Compiled, calls: Vec<Said>) -> Vec<(Effect, Said)> {
    let mut effects: Vec<(Effect, Said)> = Vec::with_capacity(calls.len());
    for said in calls {
        let Some(template) = rule.effects.get(said.site) else { continue };
        let effect = match (template, said.points) {
            // No points add nothing.
            (Effect::Score(_), None | Some(0)) => continue,
            (Effect::Score(_), Some(points)) => Effect::Score(points),
            (other, _) => other.clone(),
        };
        if !effects.iter().any(|(before, _)| same_kind(before, &effect)) {
            effects.push((effect, said));
        }
    }
    effects
}

/// The numbers behind a rule's verdicts.
pub(crate) fn evidence(rule: &Compiled, instance: &Instance, judged: Judged<'_>) -> Evidence {
    let entries = rule.evidence.iter().filter_map(|(name, evident)| {
        let value = match evident {
            Evident::Feature(slot) => of_measure(judged.measures.get(*slot)),
            Evident::Ratio(a, b) => ratio(judged.measures.get(*a), judged.measures.get(*b)),
            Evident::Fact(fields) => of_fact(judged.record, fields.get(&judged.record.subject())?),
            Evident::Dial(name) => match instance.constants.get(name) {
                Some(crate::Constant::Int(number)) => Some(EvidenceValue::Int(*number)),
                _ => None,
            },
        };
        Some((name.clone(), value?))
    });
    entries.take(model::limit::EVIDENCE_ENTRIES_MAX).collect()
}

fn of_measure(measure: Measure) -> Option<EvidenceValue> {
    match measure {
        Measure::Missing | Measure::Unknown => None,
        Measure::Int(number) => Some(EvidenceValue::Int(number)),
        Measure::Money(money) => Some(EvidenceValue::Int(money.minor.0)),
        Measure::Ratio { numerator, denominator } => Some(EvidenceValue::Ratio { numerator, denominator }),
        Measure::Deviation { square, count } => {
            let numerator = i64::try_from(square.max(0).isqrt()).ok()?;
            Some(EvidenceValue::Ratio { numerator, denominator: count })
        }
    }
}

fn ratio(a: Measure, b: Measure) -> Option<EvidenceValue> {
    match (of_measure(a)?, of_measure(b)?) {
        (EvidenceValue::Int(numerator), EvidenceValue::Int(denominator)) => {
            Some(EvidenceValue::Ratio { numerator, denominator })
        }
        _ => None,
    }
}

fn of_fact(record: &dyn Facts, field: &Field) -> Option<EvidenceValue> {
    match record.get(field) {
        Value::Int(number) => Some(EvidenceValue::Int(number)),
        Value::Money(money) => Some(EvidenceValue::Int(money.minor.0)),
        Value::Missing | Value::Bool(_) | Value::Text(_) | Value::Texts(_) => None,
    }
}

/// A fact as rhai holds it.
fn fact(record: &dyn Facts, field: &Field) -> Dynamic {
    match record.get(field) {
        Value::Missing => Dynamic::UNIT,
        Value::Bool(truth) => Dynamic::from_bool(truth),
        Value::Int(number) => Dynamic::from_int(number),
        Value::Money(money) => Dynamic::from(Amount::One(money)),
        Value::Text(text) => Dynamic::from(ImmutableString::from(text)),
        Value::Texts(texts) => {
            let texts = texts.iter().map(|t| Dynamic::from(ImmutableString::from(t.as_str())));
            Dynamic::from_array(texts.collect())
        }
    }
}

/// A measure as rhai holds it; nothing for what is unknown.
fn measure(measure: Measure) -> Option<Dynamic> {
    Some(match measure {
        Measure::Unknown => return None,
        Measure::Missing => Dynamic::UNIT,
        Measure::Int(number) => Dynamic::from_int(number),
        Measure::Money(money) => Dynamic::from(Amount::One(money)),
        Measure::Ratio { .. } | Measure::Deviation { .. } => {
            measure.as_f64().filter(|f| f.is_finite()).map_or(Dynamic::UNIT, Dynamic::from_float)
        }
    })
}
