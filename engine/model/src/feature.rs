//! Features: what a rule may ask of the windows, and what it is told.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::fact::{Facts, Field, Subject, Value};
use crate::names::names;
use crate::{Currency, Minor, Money, Span, Text};

/// A feature, fully named: two rules that ask for the same share it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Feature {
    /// What is counted.
    pub counted: Counted,
    /// How.
    pub aggregate: Aggregate,
    /// By what; the field is read from the judged record and from the counted one.
    pub by: Vec<Field>,
    /// Which of them.
    pub filter: Option<Filter>,
    /// How far back, closed.
    pub window: Span,
}

/// The kinds of record that make rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Counted {
    /// Clicks.
    Click,
    /// Orders; of type normal, unless the filter names the type.
    Order,
    /// Refunds, at the first state that moves money.
    Refund,
}

names! {
    Counted { Click = "click", Order = "order", Refund = "refund" }
}

/// How rows are aggregated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Aggregate {
    /// How many rows.
    Count,
    /// Sum of a field.
    Sum(Field),
    /// Mean of a field: a ratio, or money rounded half to even.
    Mean(Field),
    /// Least value of a field.
    Min(Field),
    /// Greatest value of a field.
    Max(Field),
    /// Population standard deviation of a field.
    Deviation(Field),
    /// How many distinct values of a field.
    Distinct(Field),
    /// Share of the most frequent value of a field among rows that have it.
    TopShare(Field),
    /// Mean of the gaps between neighbours, in milliseconds.
    GapMean,
    /// Population standard deviation of those gaps.
    GapDeviation,
    /// Whole seconds since the first row, the judged one included.
    SecondsSinceFirst,
    /// Whole seconds since the last row, the judged one excluded.
    SecondsSinceLast,
    /// Of the orders placed within the window, the share on which a money-moving refund stands.
    RefundRatio {
        /// Fewer orders than this: missing.
        at_least: u32,
    },
}

/// Which rows count: comparisons of the row's own fields with constants.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Filter {
    /// All hold.
    All(Vec<Filter>),
    /// At least one holds.
    Any(Vec<Filter>),
    /// It does not hold.
    Not(Box<Filter>),
    /// A field against a constant.
    Compare(Field, Comparison, Constant),
}

/// A comparison, with the meaning that rules give it: with a missing side `<`, `<=`, `>`, `>=` are false, and
/// `==` holds only between two missing values. Different types, and money of different currencies, are unequal
/// and unordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether two values with that ordering (`None`: unordered) satisfy it.
    pub fn holds(self, ordering: Option<Ordering>) -> bool {
        match self {
            Comparison::Equal => ordering == Some(Ordering::Equal),
            Comparison::NotEqual => ordering != Some(Ordering::Equal),
            Comparison::Less => ordering == Some(Ordering::Less),
            Comparison::LessOrEqual => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
            Comparison::Greater => ordering == Some(Ordering::Greater),
            Comparison::GreaterOrEqual => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

/// A constant of a filter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Constant {
    /// `()`
    Missing,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Text),
    /// Amounts, one a currency: the row's own currency picks.
    Money(Vec<Money>),
}

impl Filter {
    /// Whether a record passes.
    pub fn passes(&self, record: &(impl Facts + ?Sized)) -> bool {
        match self {
            Filter::All(all) => all.iter().all(|f| f.passes(record)),
            Filter::Any(any) => any.iter().any(|f| f.passes(record)),
            Filter::Not(inner) => !inner.passes(record),
            Filter::Compare(field, comparison, constant) => {
                comparison.holds(order(&record.get(field), constant, *comparison))
            }
        }
    }

    /// Whether a comparison names this field.
    pub fn names(&self, field: &Field) -> bool {
        match self {
            Filter::All(inner) | Filter::Any(inner) => inner.iter().any(|f| f.names(field)),
            Filter::Not(inner) => inner.names(field),
            Filter::Compare(named, _, _) => named == field,
        }
    }
}

fn order(value: &Value<'_>, constant: &Constant, comparison: Comparison) -> Option<Ordering> {
    match (value, constant) {
        (Value::Missing, Constant::Missing) => {
            // `() == ()` is true, but `() >= ()` is false.
            matches!(comparison, Comparison::Equal | Comparison::NotEqual).then_some(Ordering::Equal)
        }
        (Value::Bool(a), Constant::Bool(b)) => Some(a.cmp(b)),
        (Value::Int(a), Constant::Int(b)) => Some(a.cmp(b)),
        (Value::Text(a), Constant::Text(b)) => Some((*a).cmp(b.as_str())),
        (Value::Money(a), Constant::Money(amounts)) => {
            amounts.iter().find(|b| b.currency == a.currency).map(|b| a.minor.cmp(&b.minor))
        }
        (
            Value::Missing
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Text(_)
            | Value::Texts(_)
            | Value::Money(_),
            Constant::Missing | Constant::Bool(_) | Constant::Int(_) | Constant::Text(_) | Constant::Money(_),
        ) => None,
    }
}

/// A feature's place in the ruleset's list of features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot(pub u32);

/// What a feature came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// A grouping field is missing, there are too few rows, or the history is too short.
    Missing,
    /// Rows that it would count may not have been kept, for want of room: a rule that reads it fails.
    Unknown,
    /// A count, a whole number of seconds, or a sum.
    Int(i64),
    /// An amount in the judged record's currency.
    Money(Money),
    /// `numerator / denominator`, the denominator positive.
    Ratio {
        /// Above the line.
        numerator: i64,
        /// Below the line.
        denominator: i64,
    },
    /// `sqrt(square) / count`: a standard deviation, from integer sums with one square root.
    Deviation {
        /// `count × Σx² − (Σx)²`
        square: i128,
        /// How many values.
        count: i64,
    },
}

impl Measure {
    /// The mean of `count` values that sum to `sum`: money rounds half to even, numbers stay a ratio.
    pub fn mean(sum: i128, count: i64, currency: Option<Currency>) -> Measure {
        match (count, currency) {
            (..=0, _) => Measure::Missing,
            (_, Some(currency)) => Measure::Money(Money {
                currency,
                minor: crate::commission::half_even(sum, i128::from(count)),
            }),
            (_, None) => match i64::try_from(sum) {
                Ok(numerator) => Measure::Ratio { numerator, denominator: count },
                Err(_) => Measure::Missing,
            },
        }
    }

    /// The population standard deviation of `count` values from their sum and the sum of their squares; of
    /// money, the amount rounded half to even.
    pub fn deviation(sum: i128, squares: i128, count: i64, currency: Option<Currency>) -> Measure {
        if count <= 0 {
            return Measure::Missing;
        }
        let square = i128::from(count) * squares - sum * sum;
        match currency {
            None => Measure::Deviation { square, count },
            Some(currency) => {
                let root = square.isqrt();
                let minor = crate::commission::half_even(root, i128::from(count));
                Measure::Money(Money { currency, minor })
            }
        }
    }

    /// The number that a rule computes with; money is its minor units.
    #[expect(clippy::float_arithmetic, reason = "a rule's ratios are floats; no money is computed from them")]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Measure::Missing | Measure::Unknown => None,
            Measure::Int(n) => Some(n as f64),
            Measure::Money(Money { minor: Minor(n), .. }) => Some(n as f64),
            Measure::Ratio { numerator, denominator } => Some(numerator as f64 / denominator as f64),
            Measure::Deviation { square, count } => Some((square as f64).sqrt() / count as f64),
        }
    }
}

/// A feature that a ruleset asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFeature {
    /// The feature; its place in the list is its [`Slot`].
    pub feature: Feature,
    /// The subjects at which some rule reads it.
    pub read_at: BTreeSet<Subject>,
    /// Whether some rule holds by it (`hold_all_of`), so that groups and memberships are told.
    pub holds: bool,
}

/// What the windows say of one record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Measures {
    /// By slot; missing where the record's subject does not read the feature.
    pub values: Vec<Measure>,
    /// For every slot that some rule holds by: the group that this record was measured in, if it is known.
    pub groups: Vec<Membership>,
    /// For every slot that some rule holds by: the groups that count this record (orders only), whether or not
    /// there was room for its row.
    pub memberships: Vec<Membership>,
}

impl Measures {
    /// The value of a slot; missing for one that is not there.
    pub fn get(&self, slot: Slot) -> Measure {
        self.values.get(slot.0 as usize).copied().unwrap_or(Measure::Missing)
    }
}

/// One group that a record belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Membership {
    /// The feature.
    pub slot: Slot,
    /// The values of its grouping, as a compact JSON array in the order of `by`: `["192.0.2.7","maria"]`.
    pub key: Text,
}
