//! What is known of a value when the rule loads: literals, the rule's constants, and arithmetic of both.

use model::{Currency, Money, Text};
use std::collections::{BTreeMap, BTreeSet};

use crate::tree::{Call, Expr, ExprKind, Operator};

/// A value known at load.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(untagged)]
pub enum Constant {
    /// `()`
    Unit,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// A text.
    Text(Text),
    /// A list.
    Array(Vec<Constant>),
    /// Amounts, one a currency.
    Money(Vec<Money>),
}

impl Constant {
    /// The name of its type, as messages say it.
    pub(crate) const fn type_name(&self) -> &'static str {
        match self {
            Constant::Unit => "()",
            Constant::Bool(_) => "a truth value",
            Constant::Int(_) => "a whole number",
            Constant::Float(_) => "a number with a fraction",
            Constant::Text(_) => "a text",
            Constant::Array(_) => "a list",
            Constant::Money(_) => "an amount",
        }
    }

    /// Whether a value of the other's type may stand in its place; a whole number may for one with a fraction.
    pub(crate) fn may_replace(&self, other: &Constant) -> bool {
        let widened = matches!((self, other), (Constant::Int(_), Constant::Float(_)));
        widened || std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// As a rule would write it.
impl std::fmt::Display for Constant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Constant::Unit => f.write_str("()"),
            Constant::Bool(truth) => write!(f, "{truth}"),
            Constant::Int(number) => write!(f, "{number}"),
            Constant::Float(number) => write!(f, "{number:?}"),
            Constant::Text(text) => write!(f, "{text:?}"),
            Constant::Array(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Constant::Money(amounts) => {
                let amounts: Vec<String> = amounts.iter().map(ToString::to_string).collect();
                f.write_str(&amounts.join(" | "))
            }
        }
    }
}

/// The rule's constants by name.
pub(crate) type Constants = BTreeMap<String, Constant>;

fn negative(value: &Constant) -> Option<Constant> {
    match value {
        Constant::Int(n) => n.checked_neg().map(Constant::Int),
        Constant::Float(n) => Some(Constant::Float(-n)),
        Constant::Unit | Constant::Bool(_) | Constant::Text(_) | Constant::Array(_) | Constant::Money(_) => {
            None
        }
    }
}

/// The value of an expression, if it is known at load. The names of the constants it needed are added to `used`.
pub(crate) fn evaluate(expr: &Expr, constants: &Constants, used: &mut BTreeSet<String>) -> Option<Constant> {
    let mut value_of = |e: &Expr| evaluate(e, constants, used);
    match &expr.kind {
        ExprKind::Unit => Some(Constant::Unit),
        ExprKind::Bool(truth) => Some(Constant::Bool(*truth)),
        ExprKind::Int(number) => Some(Constant::Int(*number)),
        ExprKind::Float(number) => Some(Constant::Float(*number)),
        ExprKind::Text(text) => Some(Constant::Text(Text::new(text))),
        ExprKind::Array(items) => items.iter().map(value_of).collect::<Option<_>>().map(Constant::Array),
        ExprKind::Name(name) => {
            let value = constants.get(name)?.clone();
            used.insert(name.clone());
            Some(value)
        }
        ExprKind::Negative(inner) => negative(&value_of(inner)?),
        ExprKind::Binary(operator, _, left, right) => {
            let (left, right) = (value_of(left)?, value_of(right)?);
            arithmetic(*operator, &left, &right)
        }
        ExprKind::Call(call) if call.name.text == "money" => money(call, constants, used).ok(),
        ExprKind::Interpolated(_)
        | ExprKind::Map(_)
        | ExprKind::Property(..)
        | ExprKind::Method(..)
        | ExprKind::Call(_)
        | ExprKind::Not(_)
        | ExprKind::All(_)
        | ExprKind::Any(_)
        | ExprKind::Either(_)
        | ExprKind::Closure(..)
        | ExprKind::Span(..)
        | ExprKind::Block(_)
        | ExprKind::Refused(..) => None,
    }
}

fn arithmetic(operator: Operator, left: &Constant, right: &Constant) -> Option<Constant> {
    let (Constant::Int(a), Constant::Int(b)) = (left, right) else { return None };
    match operator {
        Operator::Add => a.checked_add(*b),
        Operator::Subtract => a.checked_sub(*b),
        Operator::Multiply => a.checked_mul(*b),
        Operator::Divide => a.checked_div(*b),
        Operator::Remainder => a.checked_rem(*b),
        Operator::Power
        | Operator::Equal
        | Operator::NotEqual
        | Operator::Less
        | Operator::LessOrEqual
        | Operator::Greater
        | Operator::GreaterOrEqual => None,
    }
    .map(Constant::Int)
}

/// The amounts that `money(…)` names, or what is wrong with it.
pub(crate) fn money(
    call: &Call,
    constants: &Constants,
    used: &mut BTreeSet<String>,
) -> Result<Constant, String> {
    let usage =
        || "write `money(\"500.00\", \"USD\")` or `money(#{USD: \"500.00\", JPY: \"75000\"})`".to_owned();
    match call.args.as_slice() {
        [Expr { kind: ExprKind::Map(entries), .. }] if !entries.is_empty() => {
            let mut amounts = Vec::new();
            for (code, amount) in entries {
                match evaluate(amount, constants, used) {
                    Some(Constant::Text(amount)) => amounts.push(one_amount(&amount, code)?),
                    _ => return Err(usage()),
                }
            }
            amounts.sort();
            Ok(Constant::Money(amounts))
        }
        [amount, code] => {
            let texts = (evaluate(amount, constants, used), evaluate(code, constants, used));
            match texts {
                (Some(Constant::Text(amount)), Some(Constant::Text(code))) => {
                    Ok(Constant::Money(vec![one_amount(&amount, &code)?]))
                }
                _ => Err(usage()),
            }
        }
        _ => Err(usage()),
    }
}

/// Reads an amount of a currency, or says what is wrong.
pub(crate) fn one_amount(amount: &str, code: &str) -> Result<Money, String> {
    let currency =
        Currency::new(code).ok_or_else(|| format!("`{code}` is not a currency (ISO 4217, in capitals)"))?;
    Money::parse(amount, currency).ok_or_else(|| {
        format!("`{amount}` is not an amount of {code}, which has {} decimals", currency.decimals())
    })
}
