//! Lists of a store, page by page: as tables for people, as one JSON document a line for programs, as CSV for
//! spreadsheets.

use runtime::books::{PAGE_ROWS_MAX, Page, PageOf};
use serde::Serialize;
use std::ops::ControlFlow;

use crate::args::OutputForm;
use crate::failure::Failure;
use crate::print::{self, Reader};
use crate::table::table;

/// Rows in a table for people, unless `--limit` says otherwise.
const SHOWN: usize = 40;

/// A list: what its rows are called, and how they are told.
pub(crate) struct List<T> {
    /// What its rows are, in the plural.
    pub rows: &'static str,
    /// The columns of its table; those of numbers begin with `>`.
    pub columns: &'static [&'static str],
    /// A row of its table.
    pub cells: fn(&T) -> Vec<String>,
    /// The columns of its CSV.
    pub fields: &'static [&'static str],
    /// A row of its CSV.
    pub values: fn(&T) -> Vec<String>,
}

impl<T: Serialize> List<T> {
    /// Prints a list to its end, or to `limit` rows of those that are `wanted`.
    pub(crate) fn print(
        &self,
        form: OutputForm,
        limit: Option<usize>,
        wanted: impl Fn(&T) -> bool,
        page: impl FnMut(&PageOf) -> Result<Page<T>, Failure>,
    ) -> Result<(), Failure> {
        let limit = limit.unwrap_or(if form == OutputForm::Table { SHOWN } else { usize::MAX });
        let (mut shown, mut is_more) = (0, false);
        let mut table = table(self.columns);
        if form == OutputForm::Csv {
            print::out(&print::csv_text(|csv| csv.write_record(self.fields))?)?;
        }
        let mut reader = Reader::There;
        each_page(page, |rows| {
            let mut rows = rows.into_iter().filter(&wanted);
            for row in rows.by_ref().take(limit - shown) {
                shown += 1;
                match self.row(form, &row)? {
                    Row::Cells(cells) => table.add_row(cells),
                    Row::Text(text) => reader = print::offer(&text)?,
                }
                if reader == Reader::Gone {
                    return Ok(ControlFlow::Break(()));
                }
            }
            is_more = rows.next().is_some();
            Ok(if is_more { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        })?;
        if reader == Reader::Gone {
            return Ok(());
        }
        self.end(form, shown, is_more, &table.to_string())
    }

    fn row(&self, form: OutputForm, row: &T) -> Result<Row, Failure> {
        Ok(match form {
            OutputForm::Table => Row::Cells((self.cells)(row)),
            OutputForm::Json => Row::Text(print::json_line(row)?),
            OutputForm::Csv => Row::Text(print::csv_text(|csv| csv.write_record((self.values)(row)))?),
        })
    }

    fn end(&self, form: OutputForm, shown: usize, is_more: bool, table: &str) -> Result<(), Failure> {
        if form == OutputForm::Table && shown > 0 {
            print::tell(&format!("{table}\n"))?;
        }
        match (shown, is_more) {
            (0, false) => print::note(&format!("there are no {} like that", self.rows)),
            (_, true) => print::note(&format!("the first {shown}; there are more {}: --limit N", self.rows)),
            (_, false) => {}
        }
        Ok(())
    }
}

/// What of a list was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// Another page, at least.
    More,
    /// Nothing.
    Nothing,
}

/// Hands on a list, page by page, to its end or until it is enough.
pub(crate) fn each_page<T>(
    mut page: impl FnMut(&PageOf) -> Result<Page<T>, Failure>,
    mut take: impl FnMut(Vec<T>) -> Result<ControlFlow<()>, Failure>,
) -> Result<Left, Failure> {
    let mut after = None;
    loop {
        let read = page(&PageOf { after, rows: PAGE_ROWS_MAX })?;
        match (take(read.rows)?, read.next) {
            (_, None) => return Ok(Left::Nothing),
            (ControlFlow::Break(()), Some(_)) => return Ok(Left::More),
            (ControlFlow::Continue(()), next) => after = next,
        }
    }
}

enum Row {
    Cells(Vec<String>),
    Text(String),
}

/// The beginning of an id: enough to name it.
pub(crate) fn short(id: &str) -> String {
    id.chars().take(12).collect()
}

/// What may be missing, as a cell.
pub(crate) fn or_empty(text: Option<&String>) -> String {
    text.cloned().unwrap_or_default()
}
