//! What was found in a file.

use std::collections::BTreeMap;

use model::Kind;

use crate::mapping::Made;

/// What was found in a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileCounts {
    /// The file's name.
    pub file: String,
    /// Rows or lines, headings and empty lines not counted.
    pub rows: u64,
    /// Events, by kind.
    pub events: BTreeMap<Kind, u64>,
    /// Records that are no event, by the kind that they were to be, as far as that is known.
    pub refused: BTreeMap<Option<Kind>, u64>,
    /// Control records of an exported log.
    pub controls: u64,
    /// Rows passed over, by the mapping's reason.
    pub skipped: BTreeMap<String, u64>,
    /// Fields that this version does not know; they were passed over.
    pub unknown_fields: u64,
}

impl FileCounts {
    pub(super) fn of(file: &str) -> FileCounts {
        FileCounts { file: file.to_owned(), ..FileCounts::default() }
    }

    /// Counts an event, or what was to be one.
    pub(super) fn add(&mut self, made: &Made) {
        match &made.outcome {
            Ok(event) => *self.events.entry(event.kind()).or_default() += 1,
            Err(_) => *self.refused.entry(made.kind).or_default() += 1,
        }
    }

    /// Records that are no event.
    pub fn refused_in_all(&self) -> u64 {
        self.refused.values().sum()
    }
}
