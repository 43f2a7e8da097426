//! Rows of a foreign table, and the row at hand.

use bytes::Bytes;

use model::Text;

/// A row: the cells of the columns that the mapping names.
#[derive(Debug)]
pub(crate) struct Row {
    /// From 1, headings not counted.
    pub(crate) number: u64,
    /// The line of the file in which it begins, from 1.
    pub(crate) line: u64,
    /// The bytes as they stand in the file.
    pub(crate) raw: Bytes,
    /// By index of column; an empty cell is a missing value.
    pub(crate) cells: Vec<Text>,
}

/// The rows that make an event, and the one at hand.
pub(crate) struct Scope<'r> {
    /// The name of the file.
    pub(crate) file: &'r str,
    /// At least one.
    pub(crate) rows: &'r [&'r Row],
    /// Which of them is at hand.
    pub(crate) line: usize,
}

impl<'r> Scope<'r> {
    /// The row at hand.
    pub(crate) fn row(&self) -> &'r Row {
        self.rows.get(self.line).expect("a scope is of a row that is there")
    }

    /// A cell of the row at hand, if it is not empty.
    pub(crate) fn cell(&self, column: usize) -> Option<&'r Text> {
        self.row().cells.get(column).filter(|cell| !cell.is_empty())
    }

    /// The same rows, another at hand.
    pub(crate) fn at(&self, line: usize) -> Scope<'r> {
        Scope { file: self.file, rows: self.rows, line }
    }
}
