//! Pages of a list: the key that it is sorted by and the row's number say where the next one begins.

use runtime::JournalError;
use runtime::books::{PAGE_ROWS_MAX, Page, PageOf};
use std::fmt;

/// A place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) key: i64,
    pub(crate) number: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.number)
    }
}

impl Cursor {
    /// In a list that is sorted by the number alone.
    pub(crate) fn at(number: i64) -> Cursor {
        Cursor { key: number, number }
    }

    fn parse(text: &str) -> Option<Cursor> {
        let (key, number) = text.split_once('.')?;
        Some(Cursor { key: key.parse().ok()?, number: number.parse().ok()? })
    }

    /// Where a page begins.
    pub(crate) fn of(page: &PageOf) -> Result<Option<Cursor>, JournalError> {
        let Some(text) = &page.after else { return Ok(None) };
        let what = || format!("`{text}` is not the place of a page; send back `next`");
        let wrong = || JournalError::Unanswerable { parameter: "after", what: what() };
        Cursor::parse(text).map(Some).ok_or_else(wrong)
    }
}

fn rows(page: &PageOf) -> u32 {
    page.rows.clamp(1, PAGE_ROWS_MAX)
}

/// One row more than is given: it tells whether there is another page.
pub(crate) fn rows_to_read(page: &PageOf) -> i64 {
    i64::from(rows(page)) + 1
}

/// The page, from rows that were read, with the place of each.
pub(crate) fn page<T>(asked: &PageOf, mut found: Vec<(T, Cursor)>) -> Page<T> {
    let rows = usize::try_from(rows(asked)).unwrap_or(usize::MAX);
    let has_more = found.len() > rows;
    found.truncate(rows);
    let next = found.last().filter(|_| has_more).map(|(_, cursor)| cursor.to_string());
    Page { rows: found.into_iter().map(|(row, _)| row).collect(), next }
}
