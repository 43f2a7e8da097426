//! Verdicts as they are published.

use model::EventTime;
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
        // No sequence is larger than that.
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        self.all(select, params![sequence, rows], read)
    }

    /// Verdicts of a period, from `since` to before `until` by their own time, after a sequence, in order, at most
    /// `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn verdicts_within(
        &self,
        since: EventTime,
        until: EventTime,
        after: u64,
        rows: u32,
    ) -> Result<Vec<PublishedVerdict>, JournalError> {
        // No verdict is later than the log clock at its position: what was decided before the clock reached `since`
        // is passed over by an index.
        let select = "SELECT sequence, body FROM verdicts WHERE sequence > max(?3, ifnull((SELECT sequence \
                      FROM verdicts WHERE position <= (SELECT last_position FROM rows WHERE clock_at < ?1 \
                      ORDER BY clock_at DESC, last_position DESC LIMIT 1) \
                      ORDER BY position DESC, sequence DESC LIMIT 1), 0)) \
                      AND occurred_at >= ?1 AND occurred_at < ?2 ORDER BY sequence LIMIT ?4";
        self.all(select, params![since.as_ms(), until.as_ms(), after, rows], read)
    }

    /// The last verdicts about commissions of a beneficiary (`creator:ID` or `agency:ID`), in order, at most `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn last_verdicts(&self, beneficiary: &str, rows: u32) -> Result<Vec<PublishedVerdict>, JournalError> {
        let select = "WITH RECURSIVE last (sequence) AS ( \
                      SELECT last_verdict FROM commissions WHERE beneficiary = ?1 \
                      UNION ALL SELECT previous FROM verdicts JOIN last USING (sequence) WHERE previous IS NOT NULL \
                      ORDER BY 1 DESC LIMIT ?2) \
                      SELECT sequence, body FROM last JOIN verdicts USING (sequence) ORDER BY sequence DESC";
        let mut last = self.all(select, params![beneficiary, rows], read)?;
        last.reverse();
        Ok(last)
    }

    /// All verdicts about a subject, in order: a commission by its id, or `click:PROGRAM/ID`, `order:PROGRAM/ID`,
    /// `creator:ID`, `run:ID`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn verdicts_about(&self, subject: &str) -> Result<Vec<PublishedVerdict>, JournalError> {
        let select = "WITH RECURSIVE chain (sequence) AS ( \
                      SELECT last_verdict FROM commissions WHERE commission_id = ?1 \
                      UNION ALL SELECT last_verdict FROM subjects WHERE subject = ?1 \
                      UNION ALL SELECT previous FROM verdicts JOIN chain USING (sequence) WHERE previous IS NOT NULL) \
                      SELECT sequence, body FROM chain JOIN verdicts USING (sequence) ORDER BY sequence";
        self.all(select, [subject], read)
    }
}
