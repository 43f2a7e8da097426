//! A record as features see it: line by line.

use serde::{Deserialize, Serialize};

use model::admitted::{ClickRecord, Context, MaturityRecord, OrderRecord, RefundRecord};
use model::event::OrderType;
use model::fact::Subject;
use model::feature::{Counted, Filter};
use model::{Currency, EventTime, Fact, Facts, Field, Value};

/// A record that is measured or counted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen<'a> {
    Click(&'a ClickRecord),
    Order(&'a OrderRecord),
    Refund(&'a RefundRecord),
    Maturity(&'a MaturityRecord),
}

/// One line of a record, or the record as a whole where lines make no difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Line {
    Whole,
    Number(usize),
}

/// A record at the moment at which it is measured or counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// The log clock.
    pub(crate) clock: EventTime,
    /// What it is.
    pub(crate) seen: Seen<'a>,
    /// As what it is judged, if it is.
    pub(crate) judged: Option<Subject>,
    /// As what it makes rows, if it does.
    pub(crate) counted: Option<Counted>,
    /// Its own time; of a commission, the sweep's.
    pub(crate) at: EventTime,
}

impl<'a> Seen<'a> {
    pub(crate) fn facts(self) -> &'a dyn Facts {
        match self {
            Seen::Click(record) => record,
            Seen::Order(record) => record,
            Seen::Refund(record) => record,
            Seen::Maturity(record) => record,
        }
    }

    /// The currency of its amounts.
    pub(crate) fn currency(self) -> Option<Currency> {
        match self {
            Seen::Click(_) => None,
            Seen::Order(record) => Some(record.order.currency),
            Seen::Refund(record) => Some(record.refund.currency),
            Seen::Maturity(record) => Some(record.amount.currency),
        }
    }

    /// Whether it is an order of another type than normal.
    pub(crate) fn is_unusual_order(self) -> bool {
        match self {
            Seen::Order(record) => record.order.order_type != OrderType::Normal,
            Seen::Click(_) | Seen::Refund(_) | Seen::Maturity(_) => false,
        }
    }

    /// The parts that a feature must look at one by one.
    pub(crate) fn lines(self, reading: Reading) -> impl Iterator<Item = Line> + Clone {
        let lines = match reading {
            Reading::Whole => 1,
            Reading::ByLine => self.facts().lines().max(1),
        };
        (0..lines).map(move |line| if lines == 1 { Line::Whole } else { Line::Number(line) })
    }
}

/// Whether what a feature reads may differ from line to line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reading {
    /// It may not.
    Whole,
    /// It may.
    ByLine,
}

impl Reading {
    /// `ByLine` if either is.
    pub(crate) fn or(self, other: Reading) -> Reading {
        if self == Reading::ByLine { self } else { other }
    }
}

/// A field that some feature reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Its place among the fields that features read.
    pub(crate) id: usize,
    pub(crate) field: Field,
    /// The line's own, where lines have their own.
    of_line: Option<Field>,
}

impl Source {
    pub(crate) fn new(id: usize, field: &Field) -> Source {
        Source { id, field: field.clone(), of_line: of_line(field) }
    }

    pub(crate) fn reading(&self) -> Reading {
        if self.of_line.is_some() { Reading::ByLine } else { Reading::Whole }
    }

    /// The value on a line; an empty list is missing.
    pub(crate) fn value<'a>(&self, seen: Seen<'a>, line: Line) -> Value<'a> {
        let value = match (line, &self.of_line) {
            (Line::Number(line), Some(of_line)) => seen.facts().get_on_line(line, of_line),
            (Line::Whole | Line::Number(_), Some(_) | None) => seen.facts().get(&self.field),
        };
        if value == Value::Texts(&[]) { Value::Missing } else { value }
    }
}

/// The fact of an order's line that a field names, if it names one. A refund's order has the lines; a click has
/// none, and is never asked by line.
fn of_line(field: &Field) -> Option<Field> {
    match field {
        Field::Fact(fact) | Field::Order(fact) if is_per_line(*fact) => Some(Field::Order(*fact)),
        Field::Fact(_) | Field::Order(_) | Field::Attribute(_) => None,
    }
}

fn is_per_line(fact: Fact) -> bool {
    matches!(fact, Fact::CreatorId | Fact::ProductId | Fact::Sku | Fact::Category)
}

/// Whether a filter may say different things of different lines.
pub(crate) fn reading_of(filter: Option<&Filter>) -> Reading {
    let per_line = Subject::Order.table().iter().filter(|row| row.per_line);
    let mut fields = per_line.flat_map(|row| [Field::Fact(row.fact), Field::Order(row.fact)]);
    let by_line = filter.is_some_and(|filter| fields.any(|field| filter.names(&field)));
    if by_line { Reading::ByLine } else { Reading::Whole }
}

/// Whether a line passes a filter.
pub(crate) fn passes(filter: Option<&Filter>, seen: Seen<'_>, line: Line) -> bool {
    match (filter, line) {
        (None, _) => true,
        (Some(filter), Line::Whole) => filter.passes(seen.facts()),
        (Some(filter), Line::Number(line)) => filter.passes(&OnLine { record: seen.facts(), line }),
    }
}

/// A record of which only one line is looked at.
struct OnLine<'a> {
    record: &'a dyn Facts,
    line: usize,
}

impl Facts for OnLine<'_> {
    fn subject(&self) -> Subject {
        self.record.subject()
    }

    fn get(&self, field: &Field) -> Value<'_> {
        match of_line(field) {
            Some(of_line) => self.record.get_on_line(self.line, &of_line),
            None => self.record.get(field),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.record.occurred_at()
    }

    fn context(&self) -> &Context {
        self.record.context()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_lines_are_those_that_the_table_says() {
        for subject in Subject::ALL {
            for row in subject.table() {
                let of_order = subject == Subject::Order && is_per_line(row.fact);
                assert_eq!(row.per_line, of_order, "{subject:?} {}", row.path);
            }
        }
    }
}
