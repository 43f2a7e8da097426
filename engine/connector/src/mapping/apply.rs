//! Rows to events: conditions, groups, and the making of each event.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::Value;

use model::refusal::{Code, Refusal};
use model::{Event, Kind, Text};

use super::row::{Row, Scope};
use super::spec::{Making, event_currency, make_fields};
use super::{EventSpec, Table};
use crate::wire::{Trust, decode_from, shortened};

/// What a row, or a group of rows, became.
#[derive(Debug)]
pub(crate) struct Made {
    /// The line of the file in which the first row begins, from 1.
    pub(crate) line: u64,
    /// Which of the table's events, for several of one row.
    pub(crate) which: usize,
    /// The bytes of its rows.
    pub(crate) raw: Bytes,
    /// The kind that it is, or was to be; `None` for a row that could not even be split into cells.
    pub(crate) kind: Option<Kind>,
    pub(crate) outcome: Result<Box<Event>, Refusal>,
}

/// A file's rows as events.
#[derive(Debug, Default)]
pub(crate) struct Applied {
    /// In no particular order.
    pub(crate) made: Vec<Made>,
    /// Rows passed over, by reason.
    pub(crate) skipped: BTreeMap<String, u64>,
}

/// Under this reason rows are counted that no event's condition wanted.
const UNWANTED: &str = "matches no event of the mapping";

/// What one event of the mapping takes from a file.
struct Harvest<'r> {
    groups: BTreeMap<Text, usize>,
    events: Vec<Vec<&'r Row>>,
}

impl Table {
    /// Makes the events of a file's rows. Rows that could not be split into cells come as refusals.
    pub(crate) fn apply(&self, file: &str, rows: &[Row], refused: Vec<Made>) -> Applied {
        let mut applied = Applied { made: refused, skipped: BTreeMap::new() };
        let mut harvests: Vec<Harvest<'_>> =
            self.events.iter().map(|_| Harvest { groups: BTreeMap::new(), events: Vec::new() }).collect();
        for row in rows {
            match self.place(file, row, &mut harvests) {
                Ok(None) => {}
                Ok(Some(reason)) => *applied.skipped.entry(reason.to_owned()).or_default() += 1,
                Err(detail) => applied.made.push(refuse(file, row, detail)),
            }
        }
        for (which, (event, harvest)) in self.events.iter().zip(&harvests).enumerate() {
            applied.made.extend(harvest.events.iter().map(|rows| event.make(which, file, rows)));
        }
        applied
    }

    /// Gives a row to every event that wants it, or says why it is passed over.
    fn place<'r>(
        &self,
        file: &str,
        row: &'r Row,
        harvests: &mut [Harvest<'r>],
    ) -> Result<Option<&str>, String> {
        let rows = [row];
        let scope = Scope { file, rows: &rows, line: 0 };
        for skip in &self.skips {
            if skip.when.holds(&scope)? {
                return Ok(Some(&skip.reason));
            }
        }
        let mut reason = Some(UNWANTED);
        for (event, harvest) in self.events.iter().zip(harvests) {
            if event.when.holds(&scope)? {
                reason = None;
                harvest.take(event, row, &scope);
            }
        }
        Ok(reason)
    }
}

impl<'r> Harvest<'r> {
    /// Rows with the same group make one event; a row without one stands alone.
    fn take(&mut self, event: &EventSpec, row: &'r Row, scope: &Scope<'_>) {
        let next = self.events.len();
        let group = event.group.as_ref().and_then(|group| group.fill(scope));
        let index = group.map_or(next, |group| *self.groups.entry(group).or_insert(next));
        match self.events.get_mut(index) {
            Some(rows) => rows.push(row),
            None => self.events.push(vec![row]),
        }
    }
}

fn refuse(file: &str, row: &Row, detail: String) -> Made {
    let refusal = Refusal::new(Code::MappingValue, "", located(detail, file, row.line));
    Made { line: row.line, which: 0, raw: row.raw.clone(), kind: None, outcome: Err(refusal) }
}

impl EventSpec {
    fn make(&self, which: usize, file: &str, rows: &[&Row]) -> Made {
        let line = rows.first().map_or(0, |row| row.line);
        let outcome = self.event(file, rows).map_err(|mut refusal| {
            refusal.detail = located(refusal.detail, file, line);
            refusal
        });
        Made { line, which, raw: joined(rows), kind: Some(self.kind), outcome }
    }

    /// The event as JSON, and from there through the one reader that checks everything.
    fn event(&self, file: &str, rows: &[&Row]) -> Result<Box<Event>, Refusal> {
        let scope = Scope { file, rows, line: 0 };
        let currency = event_currency(&self.fields, &scope)?;
        let mut pointer = String::new();
        let mut making = Making { currency, pointer: &mut pointer };
        let mut event = make_fields(&self.fields, &scope, &mut making)?;
        for (name, spec) in &self.rows {
            let mut list = Vec::new();
            for line in 0..rows.len() {
                *making.pointer = format!("/{name}/{line}");
                list.extend(spec.make(&scope.at(line), &mut making)?);
            }
            event.insert(name.clone(), Value::Array(list));
        }
        event.insert("kind".to_owned(), self.kind.name().into());
        let json = Value::Object(event).to_string();
        decode_from(json.as_bytes(), Trust::Log).map(|decoded| Box::new(decoded.event))
    }
}

/// The detail with the place in the file, which the pointer cannot say.
pub(crate) fn located(detail: String, file: &str, line: u64) -> String {
    shortened(format!("{}, line {line}: {detail}", shortened(file.to_owned())))
}

fn joined(rows: &[&Row]) -> Bytes {
    if let [row] = rows {
        return row.raw.clone();
    }
    let mut bytes = BytesMut::with_capacity(rows.iter().map(|row| row.raw.len() + 1).sum());
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            bytes.put_u8(b'\n');
        }
        bytes.put_slice(&row.raw);
    }
    bytes.freeze()
}
