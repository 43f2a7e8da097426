//! Mappings: foreign tables as events, by a TOML file. Nothing is coded for one source.
//!
//! ```toml
//! [[table]]
//! files = ["orders-*.csv*"]             # file names, `*` for anything; all files when left out
//! zone = "Europe/London"                # of times that do not say theirs; UTC when left out
//! optional = ["Voucher"]                # columns that a file may lack
//! # format = "ndjson", delimiter = ";"  # else by the file's name, and a comma
//!
//! [[table.skip]]                        # rows passed over, counted under their reason
//! reason = "write-off"
//! when = { Quantity = { below = 0 }, Price = { equals = 0 } }   # all must hold
//!
//! [[table.event]]                       # one for each event that a row may make
//! kind = "order"
//! when = { Invoice = { starts_not_with = "C" } }
//! group = "{Invoice}"                   # rows with the same make one event, of the first row's time
//!
//! [table.event.fields]                  # by the names of `schemas/`
//! event_id = "order-{Invoice}"          # a template; missing when a column that it names is empty
//! order_id = "{Invoice}"
//! occurred_at = { from = "{Date}", as = "time", format = "%Y-%m-%d %H:%M" }
//! currency = "GBP"
//!
//! [table.event.rows.lines]              # an object for each row of the group
//! line_id = "{#line}"
//! product_id = "{Code}"
//! quantity = { from = "{Quantity}", as = "whole" }
//! paid = { from = "{Price}", times = "{Quantity}", as = "money" }
//! declared = { creator_id = "{Country}", rate_bp = 1000 }
//! ```
//!
//! `as` is one of `text` (with `map`), `id` (`17850.0` is `17850`), `time` (with `format` and `zone`), `money` and
//! `whole` (with `times`, `negate`, `sum` over the group, `round`), `flag` (with `true_when`) and `ip` (also as a
//! decimal number). `default` stands in for what is missing. Templates also know `{#row}`, `{#line}`, `{#file}`.
//!
//! Every event goes through the same reader as events from producers: a mapping cannot make nonsense.

mod apply;
mod author;
mod cells;
mod condition;
mod convert;
mod decimal;
mod reading;
mod row;
mod spec;
mod template;

use std::collections::BTreeSet;

use model::Kind;

pub use author::{Fault, MappingError};

pub(crate) use apply::{Applied, Made};
pub(crate) use cells::{split_csv, split_ndjson};

use condition::Condition;
use spec::Fields;
use template::{Columns, Template};

/// A mapping file, checked.
#[derive(Debug)]
pub struct Mapping {
    tables: Vec<Table>,
}

/// How a foreign file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Csv,
    Ndjson,
}

/// Files of one shape, and what becomes of their rows.
#[derive(Debug)]
pub(crate) struct Table {
    patterns: Vec<String>,
    pub(crate) format: Option<Format>,
    delimiter: u8,
    optional: BTreeSet<String>,
    columns: Columns,
    skips: Vec<Skip>,
    events: Vec<EventSpec>,
}

/// Rows that are passed over.
#[derive(Debug)]
struct Skip {
    reason: String,
    when: Condition,
}

/// An event that rows make.
#[derive(Debug)]
struct EventSpec {
    kind: Kind,
    when: Condition,
    group: Option<Template>,
    fields: Fields,
    rows: Fields,
}

impl Mapping {
    /// Reads a mapping file. The error has everything that is wrong, by line and column.
    pub fn parse(text: &str) -> Result<Mapping, MappingError> {
        reading::read(text)
    }

    /// The table for a file of that name: the first whose patterns match.
    pub(crate) fn table(&self, file: &str) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.patterns.is_empty() || table.patterns.iter().any(|p| matches(p, file)))
    }

    /// The patterns of all tables, for messages.
    pub(crate) fn patterns(&self) -> Vec<&str> {
        self.tables.iter().flat_map(|table| table.patterns.iter().map(String::as_str)).collect()
    }
}

/// Whether a name matches a pattern in which `*` stands for anything.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in
            [("a.csv", "a.csv"), ("*.csv", "a.csv"), ("a*.csv*", "a-1.csv.gz"), ("*a*b*", "xaxxb")]
        {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("a.csv", "b.csv"), ("*.csv", "a.csv.gz"), ("a*a", "a"), ("*ab*", "ba")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }
}
