//! Why a rule fired, or how nearly: every feature it read, every dial, and every term of its conditions with the
//! values of both sides. For explanations; slower than judging.

use model::RuleId;
use model::feature::{Measure, Slot};
use model::hit::{Effect, Evidence};
use model::policy::Mode;
use rhai::{AST, Dynamic, Engine, Scope};
use serde::Serialize;

use crate::compile::{Compiled, Instance, TermScript};
use crate::constant::Constant;
use crate::engine::Amount;
use crate::judge::{Judged, bind, effects, evidence, execute, why};

/// What one rule made of one record.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleTrace {
    /// Which rule.
    pub rule: RuleId,
    /// Its mode.
    pub mode: Mode,
    /// What it said, with its reasons; empty when it did not fire.
    pub effects: Vec<(Effect, String)>,
    /// Why it failed.
    pub failure: Option<String>,
    /// Every feature it reads.
    pub features: Vec<FeatureTrace>,
    /// Every dial with its value for this record's market and program.
    pub dials: Vec<(String, Constant)>,
    /// The terms of its conditions, in the order of the text.
    pub conditions: Vec<ConditionTrace>,
    /// The numbers that a verdict would publish.
    pub evidence: Evidence,
}

impl RuleTrace {
    /// Whether it said anything.
    pub fn fired(&self) -> bool {
        !self.effects.is_empty()
    }
}

/// A feature and its value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FeatureTrace {
    /// The `let` that names it.
    pub name: Option<String>,
    /// As the rule writes it.
    pub text: String,
    /// Its place in the ruleset.
    pub slot: Slot,
    /// What it came to.
    pub value: Measure,
}

/// A term of a condition.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConditionTrace {
    /// As the rule writes it.
    pub text: String,
    /// The line of the rule.
    pub line: u32,
    /// Whether it held; nothing where its values are not known at the end of the rule.
    pub held: Option<bool>,
    /// Both sides, of a comparison.
    pub sides: Option<Sides>,
}

/// Both sides of a comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sides {
    /// The left side as the rule writes it.
    pub left: String,
    /// Its value.
    pub left_value: Option<Shown>,
    /// `>=`
    pub operator: &'static str,
    /// The right side as the rule writes it.
    pub right: String,
    /// Its value.
    pub right_value: Option<Shown>,
}

/// A value, as explanations show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Shown {
    /// `()`
    Missing,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// An amount.
    Money(String),
    /// A text, or anything else as text.
    Text(String),
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shown::Missing => f.write_str("missing"),
            Shown::Bool(truth) => write!(f, "{truth}"),
            Shown::Int(number) => write!(f, "{number}"),
            Shown::Float(number) => write!(f, "{number:.4}"),
            Shown::Money(text) | Shown::Text(text) => f.write_str(text),
        }
    }
}

/// Traces a rule; the scope holds the sink, and is left as it was.
pub(crate) fn trace(
    engine: &Engine,
    rule: &Compiled,
    judged: Judged<'_>,
    scope: &mut Scope<'_>,
) -> RuleTrace {
    let context = judged.record.context();
    let instance = rule.instance(&context.market, &context.program);
    let length = scope.len();
    bind(rule.binds(judged.record.subject()), judged, scope);
    let outcome = execute(engine, instance, scope);
    // The variables of the top level are still there: the terms are looked at with them.
    let conditions = instance.terms.iter().map(|term| condition(engine, term, scope)).collect();
    scope.rewind(length);
    let (said, failure) = match outcome {
        Ok(calls) => (effects(rule, calls), None),
        Err(error) => (Vec::new(), Some(why(rule, judged, &error))),
    };
    RuleTrace {
        rule: rule.id.clone(),
        mode: rule.mode,
        effects: said.into_iter().map(|(effect, said)| (effect, said.reason.to_string())).collect(),
        failure,
        features: features(rule, judged),
        dials: dials(instance),
        conditions,
        evidence: evidence(rule, instance, judged),
    }
}

fn features(rule: &Compiled, judged: Judged<'_>) -> Vec<FeatureTrace> {
    let of = rule.features.iter().map(|used| FeatureTrace {
        name: used.name.clone(),
        text: used.text.clone(),
        slot: used.slot,
        value: judged.measures.get(used.slot),
    });
    of.collect()
}

fn dials(instance: &Instance) -> Vec<(String, Constant)> {
    instance.constants.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn condition(engine: &Engine, script: &TermScript, scope: &mut Scope<'_>) -> ConditionTrace {
    let TermScript { term, whole, sides } = script;
    let held = value_of(engine, whole, scope).and_then(|v| v.as_bool().ok());
    let sides = term.sides.clone().zip(sides.as_ref()).map(|((left, operator, right), (a, b))| Sides {
        left,
        left_value: value_of(engine, a, scope).map(shown),
        operator,
        right,
        right_value: value_of(engine, b, scope).map(shown),
    });
    ConditionTrace { text: term.text.clone(), line: term.line, held, sides }
}

fn value_of(engine: &Engine, script: &AST, scope: &mut Scope<'_>) -> Option<Dynamic> {
    let length = scope.len();
    let value = engine.eval_ast_with_scope::<Dynamic>(scope, script).ok();
    scope.rewind(length);
    value
}

fn shown(value: Dynamic) -> Shown {
    if value.is_unit() {
        return Shown::Missing;
    }
    if let Ok(truth) = value.as_bool() {
        return Shown::Bool(truth);
    }
    if let Ok(number) = value.as_int() {
        return Shown::Int(number);
    }
    if let Ok(number) = value.as_float() {
        return Shown::Float(number);
    }
    match value.read_lock::<Amount>() {
        Some(amount) => Shown::Money(amount.to_string()),
        None => Shown::Text(value.to_string()),
    }
}
