//! Tables for people: aligned, quiet, without colour where nobody sees it.

use comfy_table::{Attribute, Cell, CellAlignment, ContentArrangement, LineStyle, Table, presets};
use std::io::IsTerminal;

/// Starts a table; headings of columns of numbers begin with `>`.
pub(crate) fn table(headings: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !std::io::stdout().is_terminal() {
        table.set_width(160);
    }
    let cell = |heading: &&str| match heading.strip_prefix('>') {
        Some(number) => Cell::new(number).set_alignment(CellAlignment::Right).add_attribute(Attribute::Bold),
        None => Cell::new(heading).add_attribute(Attribute::Bold),
    };
    table.set_header(headings.iter().map(cell));
    for (index, heading) in headings.iter().enumerate() {
        if let (true, Some(column)) = (heading.starts_with('>'), table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
