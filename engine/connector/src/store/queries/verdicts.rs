//! Verdicts as they are published.

use runtime::JournalError;
use runtime::books::PublishedVerdict;
use rusqlite::params;

use crate::store::reader::Reader;

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<PublishedVerdict> {
    Ok(PublishedVerdict { sequence: row.get(0)?, json: row.get(1)? })
}

impl Reader {
    /// Verdicts after a sequence (0 for all), in order, at most `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn verdicts_after(&self, sequence: u64, rows: u32) -> Result<Vec<PublishedVerdict>, JournalError> {
        let select = "SELECT sequence, body FROM verdicts WHERE sequence > ?1 ORDER BY sequence LIMIT ?2";
        self.all(select, params![sequence, rows], read)
    }

    /// All verdicts about a subject, in order: a commission by its id, or `click:PROGRAM/ID`, `order:PROGRAM/ID`,
    /// `creator:ID`, `run:ID`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn verdicts_about(&self, subject: &str) -> Result<Vec<PublishedVerdict>, JournalError> {
        let select = "SELECT sequence, body FROM verdicts WHERE subject = ?1 ORDER BY subject_sequence";
        self.all(select, [subject], read)
    }
}
