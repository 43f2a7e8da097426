//! Tables for people: aligned, quiet, without colour where nobody sees it. On a terminal a table is as wide as that, and
//! breaks between words; where even the longest words have no room beside one another, each row is shown one field a
//! line. A word is never broken: it may be an id that somebody copies. Where no terminal is, nothing is broken at all.

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, LineStyle, presets};
use std::fmt::{self, Write as _};
use textwrap::Options;
use textwrap::core::display_width;

use crate::plain::plain;

/// Columns that a cell takes beside its text; the last one, one less.
const GAP: usize = 3;

/// A table, until it is shown.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

#[derive(Debug)]
struct Column {
    heading: String,
    holds: Holds,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// Aligned to the right, and never broken: an amount keeps its currency.
    Numbers,
    Words,
}

/// Starts a table; headings of columns of numbers begin with `>`.
pub(crate) fn table(headings: &[&str]) -> Table {
    let column = |heading: &&str| match heading.strip_prefix('>') {
        Some(number) => Column { heading: number.to_owned(), holds: Holds::Numbers },
        None => Column { heading: (*heading).to_owned(), holds: Holds::Words },
    };
    Table { columns: headings.iter().map(column).collect(), rows: Vec::new() }
}

impl Table {
    /// Adds a row: a cell for each heading. What a terminal would obey is written out, and is as wide as that.
    pub(crate) fn add_row(&mut self, cells: impl IntoIterator<Item = impl Into<String>>) {
        self.rows.push(cells.into_iter().map(|cell| plain(&cell.into()).into_owned()).collect());
    }

    /// For a terminal with so many columns, or for something that has none.
    fn shown(&self, terminal: Option<usize>) -> String {
        let widths: Vec<Width> = (0..self.columns.len()).map(|at| self.width(at)).collect();
        let Some(room) = terminal else { return self.drawn(&widths) };
        match fitted(widths, room) {
            Some(widths) => self.drawn(&widths),
            None => self.one_field_a_line(room),
        }
    }

    fn width(&self, at: usize) -> Width {
        let Some(column) = self.columns.get(at) else { return Width::default() };
        let cells = || self.rows.iter().filter_map(|row| row.get(at));
        let most = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or_default();
        let (heading, whole) = (&column.heading, most(&mut cells().map(|cell| widest_line(cell))));
        let least = match column.holds {
            Holds::Numbers => whole,
            Holds::Words => most(&mut cells().map(|cell| widest_word(cell))),
        };
        Width { least: least.max(widest_word(heading)), now: whole.max(widest_line(heading)) }
    }

    fn drawn(&self, widths: &[Width]) -> String {
        let mut drawing = comfy_table::Table::new();
        drawing.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
        drawing.set_content_arrangement(ContentArrangement::Disabled);
        let heads = self.columns.iter().zip(widths).map(|(column, width)| {
            let heading = Cell::new(wrapped(&column.heading, width.now)).add_attribute(Attribute::Bold);
            heading.set_alignment(column.holds.alignment())
        });
        drawing.set_header(heads);
        for row in &self.rows {
            let cells = self.columns.iter().zip(widths).zip(row);
            drawing.add_row(cells.map(|((column, width), cell)| {
                Cell::new(wrapped(cell, width.now)).set_alignment(column.holds.alignment())
            }));
        }
        drawing.to_string()
    }

    fn one_field_a_line(&self, room: usize) -> String {
        let heads =
            self.columns.iter().map(|column| display_width(&column.heading)).max().unwrap_or_default();
        let rows = self.rows.iter().map(|row| {
            let mut text = String::new();
            for (column, cell) in self.columns.iter().zip(row).filter(|(_, cell)| !cell.is_empty()) {
                let indent = format!("\n{:heads$}  ", "");
                let cell = wrapped(cell, room.saturating_sub(heads + GAP)).replace('\n', &indent);
                // A string takes all.
                let _ = writeln!(text, " {:heads$}  {cell}", column.heading);
            }
            text
        });
        rows.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown(comfy_table::Table::new().width().map(usize::from)))
    }
}

impl Holds {
    fn alignment(self) -> CellAlignment {
        match self {
            Holds::Numbers => CellAlignment::Right,
            Holds::Words => CellAlignment::Left,
        }
    }
}

/// How wide a column is, and how narrow it can become, without the gap.
#[derive(Debug, Clone, Copy, Default)]
struct Width {
    least: usize,
    now: usize,
}

/// Takes from the widest until all have room; none where they cannot have it.
fn fitted(mut widths: Vec<Width>, room: usize) -> Option<Vec<Width>> {
    loop {
        let taken: usize = widths.iter().map(|width| width.now + GAP).sum();
        if taken <= room + 1 {
            return Some(widths);
        }
        let widest = widths.iter_mut().filter(|width| width.now > width.least).max_by_key(|width| width.now);
        widest?.now -= 1;
    }
}

fn wrapped(text: &str, width: usize) -> String {
    let lines =
        Options::new(width.max(1)).break_words(false).word_splitter(textwrap::WordSplitter::NoHyphenation);
    textwrap::wrap(text, lines).join("\n")
}

fn widest_line(text: &str) -> usize {
    text.lines().map(display_width).max().unwrap_or_default()
}

fn widest_word(text: &str) -> usize {
    text.split_whitespace().map(display_width).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0f3a5c6d7e8f90a1b2c3d4e5f6071829";
    const WORDS: &str =
        "the currency is not an active ISO 4217 code; send it in capitals, as producers of orders do";

    fn refusals() -> Table {
        let mut table = table(&[">number", "commission", "what is wrong", ">held"]);
        table.add_row(["7", ID, WORDS, "12.30 USD"].map(str::to_owned));
        table
    }

    fn widest(shown: &str) -> usize {
        shown.lines().map(display_width).max().unwrap()
    }

    #[test]
    fn on_a_terminal_words_wrap_and_no_word_is_broken() {
        let shown = refusals().shown(Some(80));
        assert!(widest(&shown) <= 80 && shown.lines().count() > 3, "{shown}");
        assert!(shown.contains(ID) && shown.contains("12.30 USD"), "{shown}");
        let words: Vec<&str> = shown.split_whitespace().collect();
        assert!(WORDS.split(' ').all(|word| words.contains(&word)), "{shown}");
    }

    #[test]
    fn what_has_no_room_side_by_side_is_shown_one_field_a_line() {
        let shown = refusals().shown(Some(50));
        assert!(widest(&shown) <= 50, "{shown}");
        assert!(shown.contains(&format!(" commission     {ID}\n")), "{shown}");
        assert!(shown.ends_with(" held           12.30 USD"), "{shown}");
    }

    #[test]
    fn where_no_terminal_is_a_row_is_a_line() {
        let shown = refusals().shown(None);
        assert!(shown.contains(WORDS) && shown.lines().count() == 3, "{shown}");
    }
}
