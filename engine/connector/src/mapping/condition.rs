//! Conditions on a row: `when = { InvoiceNo = { starts_with = "C" }, Quantity = { below = 0 } }`, all of which
//! must hold.

use std::cmp::Ordering;

use toml::de::DeValue;

use super::author::{Author, Placed};
use super::decimal::Decimal;
use super::row::Scope;
use super::template::Columns;

/// What must hold of one cell.
#[derive(Debug)]
enum Test {
    Is(String),
    IsNot(String),
    OneOf(Vec<String>),
    StartsWith(String),
    StartsNotWith(String),
    Empty(Presence),
    /// Compares as a number: any of these orderings.
    Compares(&'static [Ordering], Decimal),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Missing,
    There,
}

const TESTS: [&str; 11] = [
    "is",
    "is_not",
    "one_of",
    "starts_with",
    "starts_not_with",
    "empty",
    "below",
    "above",
    "at_least",
    "at_most",
    "equals",
];

/// See the module. An empty condition always holds.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    tests: Vec<(usize, String, Test)>,
}

impl Condition {
    /// Reads a condition.
    pub(crate) fn read(value: &Placed<'_>, columns: &mut Columns, author: &mut Author<'_>) -> Condition {
        let mut tests = Vec::new();
        let cells = author.table(value, "a table such as { Column = { is = \"x\" } }");
        for (column, test) in cells.into_iter().flatten() {
            let Some(table) = author.table(test, "a table such as { is = \"x\" }") else { continue };
            author.only(table, &TESTS);
            for (name, operand) in table {
                if let Some(test) = read_test(name.get_ref(), operand, author) {
                    tests.push((columns.index(column.get_ref()), column.get_ref().to_string(), test));
                }
            }
        }
        Condition { tests }
    }

    /// Whether it holds for the row at hand; an error when a cell that must be a number is none.
    pub(crate) fn holds(&self, scope: &Scope<'_>) -> Result<bool, String> {
        for (column, name, test) in &self.tests {
            let cell = scope.cell(*column).map(|cell| cell.as_str());
            if !test
                .holds(cell)
                .map_err(|cell| format!("`{cell}` in column `{name}` is not a decimal number"))?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn read_test(name: &str, operand: &Placed<'_>, author: &mut Author<'_>) -> Option<Test> {
    let mut text = || author.string(operand, "a string").map(str::to_owned);
    Some(match name {
        "is" => Test::Is(text()?),
        "is_not" => Test::IsNot(text()?),
        "starts_with" => Test::StartsWith(text()?),
        "starts_not_with" => Test::StartsNotWith(text()?),
        "one_of" => Test::OneOf(author.strings(operand, "a list of strings")),
        "empty" => Test::Empty(if author.flag(operand) { Presence::Missing } else { Presence::There }),
        "equals" => Test::Compares(&[Ordering::Equal], number(operand, author)?),
        "below" => Test::Compares(&[Ordering::Less], number(operand, author)?),
        "above" => Test::Compares(&[Ordering::Greater], number(operand, author)?),
        "at_least" => Test::Compares(&[Ordering::Greater, Ordering::Equal], number(operand, author)?),
        "at_most" => Test::Compares(&[Ordering::Less, Ordering::Equal], number(operand, author)?),
        _ => return None,
    })
}

/// A number: an integer, or a string such as `"0.5"`. Floats are not exact.
fn number(operand: &Placed<'_>, author: &mut Author<'_>) -> Option<Decimal> {
    let text = match operand.get_ref() {
        DeValue::Integer(integer) => Some(integer.to_string()),
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)
        | DeValue::Table(_) => None,
    };
    let number = text.and_then(|text| Decimal::parse(&text));
    if number.is_none() {
        author.expected(operand, "a whole number, or a decimal number as a string, such as \"0.5\"");
    }
    number
}

impl Test {
    fn holds<'c>(&self, cell: Option<&'c str>) -> Result<bool, &'c str> {
        Ok(match self {
            Test::Is(text) => cell == Some(text),
            Test::IsNot(text) => cell != Some(text),
            Test::OneOf(texts) => cell.is_some_and(|cell| texts.iter().any(|text| text == cell)),
            Test::StartsWith(prefix) => cell.is_some_and(|cell| cell.starts_with(prefix)),
            Test::StartsNotWith(prefix) => !cell.is_some_and(|cell| cell.starts_with(prefix)),
            Test::Empty(presence) => cell.is_none() == (*presence == Presence::Missing),
            Test::Compares(orderings, number) => match cell {
                Some(cell) => orderings.contains(&Decimal::parse(cell).ok_or(cell)?.compare(*number)),
                None => false,
            },
        })
    }
}
