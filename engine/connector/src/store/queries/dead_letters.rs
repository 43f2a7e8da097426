//! Records that were refused, and how far they have been dealt with.

use data_encoding::BASE64;
use model::Position;
use runtime::JournalError;
use runtime::books::{DeadLetterFilter, DeadLetterState, DeadLetterView, Page, PageOf};
use rusqlite::types::{Type, Value};
use rusqlite::{Row, params, params_from_iter};

use super::filter::Conditions;
use super::page::{Cursor, page, rows_to_read};
use crate::store::reader::Reader;

/// The state in a column.
pub(crate) fn state(row: &Row<'_>, column: &str) -> rusqlite::Result<DeadLetterState> {
    let name: String = row.get(column)?;
    let unknown = || format!("`{name}` is no state of a dead letter").into();
    DeadLetterState::from_name(&name)
        .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, unknown()))
}

/// With when the records came that it names: all records of a commit are received at once.
const SELECT: &str = "SELECT *, \
    (SELECT stamp_at FROM manifests m JOIN blocks USING (number) \
     WHERE m.last_position >= position ORDER BY m.last_position LIMIT 1) AS received_at, \
    (SELECT stamp_at FROM manifests m JOIN blocks USING (number) \
     WHERE m.last_position >= refused_at_position ORDER BY m.last_position LIMIT 1) AS refused_at \
    FROM dead_letters";

fn read(row: &Row<'_>) -> rusqlite::Result<DeadLetterView> {
    let bytes: Vec<u8> = row.get("raw")?;
    let (raw, raw_base64) = match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64.encode(error.as_bytes()))),
    };
    Ok(DeadLetterView {
        number: row.get("number")?,
        position: row.get("position")?,
        received_at: row.get("received_at")?,
        refused_at_position: row.get("refused_at_position")?,
        refused_at: row.get("refused_at")?,
        code: row.get("code")?,
        pointer: row.get("pointer")?,
        detail: row.get("detail")?,
        attempts: row.get("attempts")?,
        state: state(row, "state")?,
        ended_at: row.get("ended_at")?,
        ended_by: row.get("ended_by")?,
        became_position: row.get("became_position")?,
        note: row.get("note")?,
        raw,
        raw_base64,
    })
}

fn query(filter: &DeadLetterFilter, asked: &PageOf) -> Result<(String, Vec<Value>), JournalError> {
    let mut conditions = Conditions::default();
    match filter.state {
        Some(state) => conditions.equal("state", Some(&state.name().to_owned())),
        None if filter.all => {}
        None => conditions.always("state <> 'closed'"),
    }
    conditions.equal("code", filter.code.as_ref());
    conditions.given("number > ?", Cursor::of(asked)?.map(|cursor| cursor.number));
    Ok(conditions.query(SELECT, "number", rows_to_read(asked)))
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
        let select = format!("{SELECT} WHERE number > ?1 AND position = ?2 ORDER BY number LIMIT 1");
        self.one(&select, params![after, position.0], read)
    }

    /// One dead letter, by its number.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn dead_letter(&self, number: u64) -> Result<Option<DeadLetterView>, JournalError> {
        self.one(&format!("{SELECT} WHERE number = ?1"), [number], read)
    }
}
