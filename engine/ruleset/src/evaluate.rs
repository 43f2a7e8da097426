//! Evaluates a lowered rule on one record. It answers as rhai would, or not at all: whatever would be an error
//! in rhai, and the rarer combinations of types, are left to rhai, which then runs the whole rule. Only at a
//! feature that is unknown does it fail by itself.

#![expect(clippy::float_arithmetic, reason = "a rule's ratios are floats; no money is computed from them")]
#![expect(clippy::wildcard_enum_match_arm, reason = "every combination that is not named is left to rhai")]

use model::fact::{Field, Value as Fact};
use model::feature::{Comparison, Measure, Slot};
use model::{Money, Text};
use std::cmp::Ordering;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering as MemoryOrdering};

use crate::constant::Constant;
use crate::engine::{STRING_BYTES_MAX, Said, cut};
use crate::judge::Judged;
use crate::lower::{LOCALS_MAX, Lowered, Node, Question, Step};
use crate::tree::Operator;

/// Why there is no answer.
pub(crate) enum Stop {
    /// Not to be answered here.
    LeftToRhai,
    /// It reads a feature that is unknown.
    Unknown(Slot),
}

use Stop::LeftToRhai;

type Answer<T> = Result<T, Stop>;

/// A value of a rule.
#[derive(Debug, Clone, Copy)]
enum Value<'r> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'r str),
    Money(Money),
    Amounts(&'r [Money]),
    Texts(&'r [Text]),
    Items(&'r [Constant]),
}

/// Whether the rule goes on after a step.
enum Flow {
    On,
    Returned,
}

/// What a rule is evaluated with.
pub(crate) struct Evaluation<'r> {
    pub(crate) judged: Judged<'r>,
    /// The rule's facts as this record has them.
    pub(crate) fields: &'r [Field],
    pub(crate) mismatches: &'r AtomicU64,
}

impl<'r> Evaluation<'r> {
    /// Runs a rule; what it says.
    pub(crate) fn run(&self, lowered: &'r Lowered) -> Answer<Vec<Said>> {
        let mut locals = [Value::Missing; LOCALS_MAX];
        let mut said = Vec::new();
        self.steps(&lowered.steps, &mut locals, &mut said)?;
        Ok(said)
    }

    fn steps(&self, steps: &'r [Step], locals: &mut [Value<'r>], said: &mut Vec<Said>) -> Answer<Flow> {
        for step in steps {
            match step {
                Step::Set(place, node) => {
                    let value = self.value(node, locals)?;
                    *locals.get_mut(*place).ok_or(LeftToRhai)? = value;
                }
                Step::If(condition, then, otherwise) => {
                    let branch = if self.truth(condition, locals)? { then } else { otherwise };
                    if let Flow::Returned = self.steps(branch, locals, said)? {
                        return Ok(Flow::Returned);
                    }
                }
                Step::Say(site, points, pieces) => self.say(*site, points.as_ref(), pieces, locals, said)?,
                Step::Return => return Ok(Flow::Returned),
            }
        }
        Ok(Flow::On)
    }

    fn say(
        &self,
        site: usize,
        points: Option<&'r Node>,
        pieces: &'r [Node],
        locals: &[Value<'r>],
        said: &mut Vec<Said>,
    ) -> Answer<()> {
        let points = points.map(|node| self.value(node, locals)).transpose()?;
        let mut reason = String::new();
        for piece in pieces {
            write_value(&mut reason, self.value(piece, locals)?)?;
        }
        if reason.len() > STRING_BYTES_MAX {
            return Err(LeftToRhai);
        }
        let points = match points {
            Some(Value::Missing) => return Ok(()),
            Some(Value::Int(points)) => Some(points),
            Some(_) => return Err(LeftToRhai),
            None => None,
        };
        said.push(Said { site, points, reason: cut(&reason) });
        Ok(())
    }

    fn truth(&self, node: &'r Node, locals: &[Value<'r>]) -> Answer<bool> {
        match self.value(node, locals)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(LeftToRhai),
        }
    }

    fn value(&self, node: &'r Node, locals: &[Value<'r>]) -> Answer<Value<'r>> {
        Ok(match node {
            Node::Constant(constant) => of_constant(constant),
            Node::Fact(place) => of_fact(self.judged.record.get(self.fields.get(*place).ok_or(LeftToRhai)?)),
            Node::Feature(slot) => of_measure(self.judged.measures.get(*slot)).ok_or(Stop::Unknown(*slot))?,
            Node::Local(place) => *locals.get(*place).ok_or(LeftToRhai)?,
            Node::Not(inner) => Value::Bool(!self.truth(inner, locals)?),
            Node::All(parts) => {
                for part in parts {
                    if !self.truth(part, locals)? {
                        return Ok(Value::Bool(false));
                    }
                }
                Value::Bool(true)
            }
            Node::Any(parts) => {
                for part in parts {
                    if self.truth(part, locals)? {
                        return Ok(Value::Bool(true));
                    }
                }
                Value::Bool(false)
            }
            Node::Either(parts) => {
                for part in parts {
                    match self.value(part, locals)? {
                        Value::Missing => {}
                        value => return Ok(value),
                    }
                }
                Value::Missing
            }
            Node::Negative(inner) => match self.value(inner, locals)? {
                Value::Missing => Value::Missing,
                Value::Int(number) => Value::Int(number.checked_neg().ok_or(LeftToRhai)?),
                Value::Float(number) => Value::Float(-number),
                _ => return Err(LeftToRhai),
            },
            Node::Binary(operator, left, right) => {
                let (a, b) = (self.value(left, locals)?, self.value(right, locals)?);
                match operator.comparison() {
                    Some(comparison) => Value::Bool(self.compare(comparison, a, b)?),
                    None => arithmetic(*operator, a, b)?,
                }
            }
            Node::Ratio(parts) => {
                let [a, b, least] = &**parts;
                ratio(self.value(a, locals)?, self.value(b, locals)?, self.value(least, locals)?)?
            }
            Node::Same(sides) => {
                let [a, b] = &**sides;
                Value::Bool(same(self.value(a, locals)?, self.value(b, locals)?)?)
            }
            Node::Question(question, sides) => {
                let [a, b] = &**sides;
                Value::Bool(answer(*question, self.value(a, locals)?, self.value(b, locals)?)?)
            }
            Node::Listed(list, item) => match self.value(item, locals)? {
                Value::Missing => Value::Bool(false),
                Value::Text(text) => Value::Bool(list.contains(text, self.judged.record.occurred_at())),
                _ => return Err(LeftToRhai),
            },
        })
    }

    fn compare(&self, comparison: Comparison, a: Value<'_>, b: Value<'_>) -> Answer<bool> {
        let ordering = match (a, b) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(&b)),
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::Float(_) | Value::Int(_), Value::Float(_) | Value::Int(_)) => {
                let (a, b) = (number(a).ok_or(LeftToRhai)?, number(b).ok_or(LeftToRhai)?);
                return floats(comparison, a, b);
            }
            (Value::Bool(a), Value::Bool(b)) => {
                return match comparison {
                    Comparison::Equal => Ok(a == b),
                    Comparison::NotEqual => Ok(a != b),
                    _ => Err(LeftToRhai),
                };
            }
            (Value::Missing, Value::Missing) => {
                let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
                equality.then_some(Ordering::Equal)
            }
            (Value::Money(_) | Value::Amounts(_), Value::Money(_) | Value::Amounts(_)) => {
                let pair = pair(a, b);
                if pair.is_none() {
                    self.mismatches.fetch_add(1, MemoryOrdering::Relaxed);
                }
                pair.map(|(a, b)| a.minor.cmp(&b.minor))
            }
            (Value::Texts(_) | Value::Items(_), _) | (_, Value::Texts(_) | Value::Items(_)) => {
                return Err(LeftToRhai);
            }
            // Different types are unequal and unordered.
            _ => None,
        };
        Ok(comparison.holds(ordering))
    }
}

/// Both amounts in the currency that they share.
fn pair(a: Value<'_>, b: Value<'_>) -> Option<(Money, Money)> {
    let find = |amounts: &[Money], of: Money| amounts.iter().find(|m| m.currency == of.currency).copied();
    match (a, b) {
        (Value::Money(a), Value::Money(b)) => (a.currency == b.currency).then_some((a, b)),
        (Value::Money(a), Value::Amounts(b)) => find(b, a).map(|b| (a, b)),
        (Value::Amounts(a), Value::Money(b)) => find(a, b).map(|a| (a, b)),
        _ => None,
    }
}

/// Rhai compares fractions with a relative tolerance.
fn floats(comparison: Comparison, x: f64, y: f64) -> Answer<bool> {
    if !x.is_finite() || !y.is_finite() {
        return Err(LeftToRhai);
    }
    let max = if x * y == 0.0 { 1.0 } else { x.abs().max(y.abs()) };
    Ok(match comparison {
        Comparison::Equal => (x - y).abs() / max <= f64::EPSILON,
        Comparison::NotEqual => (x - y).abs() / max > f64::EPSILON,
        Comparison::Greater => (x - y) / max > f64::EPSILON,
        Comparison::GreaterOrEqual => (x - y) / max > -f64::EPSILON,
        Comparison::Less => (y - x) / max > f64::EPSILON,
        Comparison::LessOrEqual => (y - x) / max > -f64::EPSILON,
    })
}

fn arithmetic<'r>(operator: Operator, a: Value<'r>, b: Value<'r>) -> Answer<Value<'r>> {
    let plain =
        |v: Value<'_>| matches!(v, Value::Missing | Value::Int(_) | Value::Float(_) | Value::Money(_));
    match (a, b) {
        (Value::Missing, b) if plain(b) => Ok(Value::Missing),
        (a, Value::Missing) if plain(a) => Ok(Value::Missing),
        (Value::Int(a), Value::Int(b)) => {
            let result = match operator {
                Operator::Add => a.checked_add(b),
                Operator::Subtract => a.checked_sub(b),
                Operator::Multiply => a.checked_mul(b),
                Operator::Divide => a.checked_div(b),
                Operator::Remainder => a.checked_rem(b),
                _ => None,
            };
            result.map(Value::Int).ok_or(LeftToRhai)
        }
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            let (a, b) = (number(a).ok_or(LeftToRhai)?, number(b).ok_or(LeftToRhai)?);
            match operator {
                Operator::Add => Ok(Value::Float(a + b)),
                Operator::Subtract => Ok(Value::Float(a - b)),
                Operator::Multiply => Ok(Value::Float(a * b)),
                Operator::Divide => Ok(Value::Float(a / b)),
                _ => Err(LeftToRhai),
            }
        }
        _ => Err(LeftToRhai),
    }
}

fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Int(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    }
}

fn ratio<'r>(a: Value<'r>, b: Value<'r>, least: Value<'r>) -> Answer<Value<'r>> {
    let (a, b) = match (a, b) {
        (Value::Money(_) | Value::Amounts(_), Value::Money(_) | Value::Amounts(_)) => match pair(a, b) {
            Some((a, b)) => (Some(a.minor.0 as f64), Some(b.minor.0 as f64)),
            None => (None, None),
        },
        (a, b) => (number(a), number(b)),
    };
    Ok(match (a, b, number(least)) {
        (Some(a), Some(b), Some(least)) if b >= least && b > 0.0 => Value::Float(a / b),
        _ => Value::Missing,
    })
}

fn same(a: Value<'_>, b: Value<'_>) -> Answer<bool> {
    match (a, b) {
        (Value::Missing, _) | (_, Value::Missing) => Ok(false),
        (Value::Int(a), Value::Int(b)) => Ok(a == b),
        (Value::Text(a), Value::Text(b)) => Ok(a == b),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Money(a), Value::Money(b)) => Ok(a == b),
        _ => Err(LeftToRhai),
    }
}

fn answer(question: Question, holder: Value<'_>, item: Value<'_>) -> Answer<bool> {
    match (question, holder, item) {
        (_, Value::Missing, _) => Ok(false),
        (_, Value::Text(_), Value::Missing) => Ok(false),
        (Question::Contains, Value::Text(text), Value::Text(part)) => Ok(text.contains(part)),
        (Question::StartsWith, Value::Text(text), Value::Text(part)) => Ok(text.starts_with(part)),
        (Question::EndsWith, Value::Text(text), Value::Text(part)) => Ok(text.ends_with(part)),
        (Question::Contains, Value::Texts(texts), Value::Text(item)) => Ok(texts.iter().any(|t| t == item)),
        (Question::Contains, Value::Items(items), Value::Text(_) | Value::Int(_) | Value::Missing) => {
            among(items, item)
        }
        _ => Err(LeftToRhai),
    }
}

fn among(items: &[Constant], item: Value<'_>) -> Answer<bool> {
    for constant in items {
        match (constant, item) {
            (Constant::Text(a), Value::Text(b)) if a == b => return Ok(true),
            (Constant::Int(a), Value::Int(b)) if *a == b => return Ok(true),
            (Constant::Text(_) | Constant::Int(_), _) => {}
            _ => return Err(LeftToRhai),
        }
    }
    Ok(false)
}

fn write_value(reason: &mut String, value: Value<'_>) -> Answer<()> {
    let written = match value {
        Value::Missing => Ok(()),
        Value::Bool(truth) => write!(reason, "{truth}"),
        Value::Int(number) => write!(reason, "{number}"),
        Value::Float(number) => write!(reason, "{}", rhai::Dynamic::from_float(number)),
        Value::Text(text) => reason.write_str(text),
        Value::Money(money) => write!(reason, "{money}"),
        Value::Amounts(_) | Value::Texts(_) | Value::Items(_) => return Err(LeftToRhai),
    };
    written.map_err(|_| LeftToRhai)
}

fn of_constant(constant: &Constant) -> Value<'_> {
    match constant {
        Constant::Unit => Value::Missing,
        Constant::Bool(truth) => Value::Bool(*truth),
        Constant::Int(number) => Value::Int(*number),
        Constant::Float(number) => Value::Float(*number),
        Constant::Text(text) => Value::Text(text),
        Constant::Array(items) => Value::Items(items),
        Constant::Money(amounts) => match amounts.as_slice() {
            [one] => Value::Money(*one),
            several => Value::Amounts(several),
        },
    }
}

fn of_fact(fact: Fact<'_>) -> Value<'_> {
    match fact {
        Fact::Missing => Value::Missing,
        Fact::Bool(truth) => Value::Bool(truth),
        Fact::Int(number) => Value::Int(number),
        Fact::Money(money) => Value::Money(money),
        Fact::Text(text) => Value::Text(text),
        Fact::Texts(texts) => Value::Texts(texts),
    }
}

/// Nothing for what is unknown.
fn of_measure<'r>(measure: Measure) -> Option<Value<'r>> {
    Some(match measure {
        Measure::Unknown => return None,
        Measure::Missing => Value::Missing,
        Measure::Int(number) => Value::Int(number),
        Measure::Money(money) => Value::Money(money),
        Measure::Ratio { .. } | Measure::Deviation { .. } => {
            measure.as_f64().filter(|f| f.is_finite()).map_or(Value::Missing, Value::Float)
        }
    })
}
