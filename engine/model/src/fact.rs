//! Facts: everything a rule can see of a record. Each has one name, one type and one derivation, all of them in
//! the tables, from which the documentation is printed.

use serde::{Deserialize, Serialize};

use crate::admitted::Context;
use crate::names::names;
use crate::{EventTime, Money, Text};

mod records;
mod tables;

use tables::find;
pub use tables::{CLICK, Fact, MATURITY, ORDER, RECORD, REFUND, Row};

/// A value of a fact, borrowed from the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// `()`: the record does not have it.
    Missing,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An amount.
    Money(Money),
    /// A text.
    Text(&'a str),
    /// Several texts.
    Texts(&'a [Text]),
}

impl<'a> Value<'a> {
    /// Whether there is nothing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    pub(crate) fn text(text: Option<&'a str>) -> Value<'a> {
        text.map_or(Value::Missing, Value::Text)
    }

    pub(crate) fn int(number: Option<i64>) -> Value<'a> {
        number.map_or(Value::Missing, Value::Int)
    }

    pub(crate) fn of_bool(truth: Option<bool>) -> Value<'a> {
        truth.map_or(Value::Missing, Value::Bool)
    }
}

/// The type of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// An amount with its currency.
    Money,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// Whatever the producer sends: a bool, an int or a text.
    Any,
}

impl Type {
    /// The name in documentation and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Money => "money",
            Type::Text => "text",
            Type::Texts => "list of texts",
            Type::Any => "bool, int or text",
        }
    }
}

/// What a rule may name: a fact of the record, of its order, or an attribute of the producer's own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Field {
    /// A fact of the record itself; where the record has no such fact, its order's.
    Fact(Fact),
    /// A fact of the record's order (of itself, for an order).
    Order(Fact),
    /// `attributes.NAME`.
    Attribute(Text),
}

/// A record that rules judge or count.
pub trait Facts {
    /// Which table of facts it has.
    fn subject(&self) -> Subject;

    /// The value of a field; missing where the record has no such fact.
    fn get(&self, field: &Field) -> Value<'_>;

    /// How many lines it has; 0 for what has no lines.
    fn lines(&self) -> usize {
        0
    }

    /// The value of a field on one line: the line's own for a per-line fact, else the record's.
    fn get_on_line(&self, _line: usize, field: &Field) -> Value<'_> {
        self.get(field)
    }

    /// When it happened.
    fn occurred_at(&self) -> EventTime;

    /// Where it belongs.
    fn context(&self) -> &Context;
}

/// What a rule can be about: each has its own table of facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A click.
    Click,
    /// An order of type normal.
    Order,
    /// A refund that moves money for the first time.
    Refund,
    /// A commission just before its release.
    Maturity,
}

names! {
    Subject { Click = "click", Order = "order", Refund = "refund", Maturity = "maturity" }
}

impl Subject {
    /// The name of the variable through which a rule sees it.
    pub const fn variable(self) -> &'static str {
        match self {
            Subject::Click => "click",
            Subject::Order => "order",
            Subject::Refund => "refund",
            Subject::Maturity => "commission",
        }
    }

    /// Its own facts, in the order of the documentation.
    pub const fn table(self) -> &'static [Row] {
        match self {
            Subject::Click => CLICK,
            Subject::Order => ORDER,
            Subject::Refund => REFUND,
            Subject::Maturity => MATURITY,
        }
    }

    /// Whether `refund.order…` and the like exist.
    pub const fn has_order(self) -> bool {
        match self {
            Subject::Click => false,
            Subject::Order | Subject::Refund | Subject::Maturity => true,
        }
    }

    /// Finds the field that a path names, seen from this subject: its own fact, then `order.…`, then
    /// `attributes.…`, then its order's fact.
    pub fn field(self, path: &str) -> Option<(Field, Type)> {
        if let Some(name) = path.strip_prefix("attributes.") {
            let plain = !name.is_empty() && name.bytes().all(|b| b == b'_' || b.is_ascii_alphanumeric());
            return plain.then(|| (Field::Attribute(Text::new(name)), Type::Any));
        }
        if let Some(row) = find(RECORD, path).or_else(|| find(self.table(), path)) {
            return Some((Field::Fact(row.fact), row.fact_type));
        }
        if !self.has_order() {
            return None;
        }
        let of_order = |path: &str| find(RECORD, path).or_else(|| find(ORDER, path));
        if let Some(row) = path.strip_prefix("order.").and_then(of_order) {
            return Some((Field::Order(row.fact), row.fact_type));
        }
        of_order(path).map(|row| (Field::Order(row.fact), row.fact_type))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_the_records_own_fact_first_and_then_its_orders() {
        let field = |subject: Subject, path| subject.field(path).map(|(field, _)| field);
        assert_eq!(field(Subject::Order, "amount"), Some(Field::Fact(Fact::Amount)));
        assert_eq!(field(Subject::Refund, "amount"), Some(Field::Fact(Fact::Amount)));
        assert_eq!(field(Subject::Refund, "order.amount"), Some(Field::Order(Fact::Amount)));
        assert_eq!(field(Subject::Refund, "creator_id"), Some(Field::Order(Fact::CreatorId)));
        assert_eq!(field(Subject::Click, "order.amount"), None);
        assert_eq!(field(Subject::Click, "attributes.campaign"), Some(Field::Attribute("campaign".into())));
    }

    #[test]
    fn no_table_names_a_path_twice() {
        for subject in Subject::ALL {
            let mut paths: Vec<_> = subject.table().iter().chain(RECORD).map(|row| row.path).collect();
            paths.sort_unstable();
            assert!(paths.windows(2).all(|pair| pair[0] != pair[1]), "{subject:?}");
        }
    }
}
