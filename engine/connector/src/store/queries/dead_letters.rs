//! Records that were refused, and how far they have been dealt with.

use data_encoding::BASE64;
use model::Position;
use runtime::JournalError;
use runtime::books::{DeadLetterFilter, DeadLetterView, Page, PageOf};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::{Row, params, params_from_iter};

use super::filter::Conditions;
use super::page::{Cursor, page, rows_to_read};
use crate::store::reader::Reader;

/// How far a dead letter has been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterState {
    /// Nobody has.
    Open,
    /// Its bytes were accepted again.
    Replayed,
    /// Somebody decided that it stays dead, or it was tried too often.
    GivenUp,
}

impl DeadLetterState {
    /// All states.
    pub const ALL: [DeadLetterState; 3] =
        [DeadLetterState::Open, DeadLetterState::Replayed, DeadLetterState::GivenUp];

    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            DeadLetterState::Open => "open",
            DeadLetterState::Replayed => "replayed",
            DeadLetterState::GivenUp => "given_up",
        }
    }
}

impl ToSql for DeadLetterState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.name().into())
    }
}

impl FromSql for DeadLetterState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<DeadLetterState> {
        let name = value.as_str()?;
        DeadLetterState::ALL.into_iter().find(|state| state.name() == name).ok_or(FromSqlError::InvalidType)
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeadLetterView> {
    let bytes: Vec<u8> = row.get("raw")?;
    let (raw, raw_base64) = match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    };
    Ok(DeadLetterView {
        number: row.get("number")?,
        position: row.get("position")?,
        refused_at: row.get("refused_at_position")?,
        code: row.get("code")?,
        pointer: row.get("pointer")?,
        detail: row.get("detail")?,
        attempts: row.get("attempts")?,
        state: row.get("state")?,
        raw,
        raw_base64,
    })
}

fn query(filter: &DeadLetterFilter, asked: &PageOf) -> Result<(String, Vec<Value>), JournalError> {
    let mut conditions = Conditions::default();
    conditions.equal("state", filter.state.as_ref());
    conditions.equal("code", filter.code.as_ref());
    conditions.given("number > ?", Cursor::of(asked)?.map(|cursor| cursor.number));
    Ok(conditions.query("SELECT * FROM dead_letters", "number", rows_to_read(asked)))
}

impl Reader {
    /// Dead letters in the order in which they were refused.
    ///
    /// # Errors
    /// When they cannot be read, or the page is none.
    pub fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        asked: &PageOf,
    ) -> Result<Page<DeadLetterView>, JournalError> {
        let (select, values) = query(filter, asked)?;
        let row = |row: &Row<'_>| Ok((read(row)?, Cursor::at(row.get("number")?)));
        Ok(page(asked, self.all(&select, params_from_iter(values), row)?))
    }

    /// What became of the record at a position, among the dead letters after a number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn dead_letter_at(
        &self,
        position: Position,
        after: u64,
    ) -> Result<Option<DeadLetterView>, JournalError> {
        let select = "SELECT * FROM dead_letters WHERE number > ?1 AND position = ?2 ORDER BY number LIMIT 1";
        self.one(select, params![after, position.0], read)
    }

    /// One dead letter, by its number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn dead_letter(&self, number: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.one("SELECT * FROM dead_letters WHERE number = ?1", [number], read)
    }
}
