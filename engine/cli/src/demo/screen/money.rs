//! Money by account: as many accounts as there is room for, the most telling first.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Style};
use ratatui::widgets::{Cell, Row, Table};

use super::fit;
use super::style::{bold, dim, panel, right, tone};
use crate::demo::simulation::Simulation;
use crate::summary::{AccountSummary, amount};

/// A heading, what stands under it and how, and its place when there is not room for all: 0 comes first.
type Column = (&'static str, fn(&AccountSummary) -> i64, fn() -> Style, usize);

const COLUMNS: [Column; 7] = [
    ("accrued", |a| a.accrued, bold, 0),
    ("pending", |a| a.pending, Style::new, 3),
    ("held", |a| a.held, || tone(Color::Yellow), 1),
    ("released", |a| a.released, || tone(Color::Green), 2),
    ("reduced", |a| a.reduced, Style::new, 5),
    ("void", |a| a.void, || tone(Color::Red), 4),
    ("owed back", |a| a.owed_back, || tone(Color::Red), 6),
];

/// A currency's code.
const CODE_WIDTH: usize = 4;

/// Rows that all of it takes, title and headings included.
pub(super) fn rows(simulation: &Simulation) -> usize {
    simulation.books.totals.len() + 2
}

/// Draws as much of it as there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, simulation: &Simulation) {
    let totals: Vec<Total> = totals(simulation);
    let (shown, hidden) = fit::shown_of(totals.len(), usize::from(area.height.saturating_sub(2)));
    let name_width = totals.iter().map(|total| fit::width(&total.name)).max().unwrap_or(0).clamp(6, 20);
    let amounts = totals.iter().flat_map(|total| total.amounts.iter());
    let width = amounts.map(|text| fit::width(text)).max().unwrap_or(0).max(10);
    let room = usize::from(area.width).saturating_sub(name_width + CODE_WIDTH + 2);
    let columns = COLUMNS.iter().enumerate().filter(|(_, column)| column.3 < room / (width + 1));
    let columns: Vec<(usize, &Column)> = columns.collect();

    let head = ["market", ""].into_iter().map(|text| Cell::new(text).style(dim()));
    let head = head.chain(columns.iter().map(|(_, column)| right(column.0.to_owned(), dim())));
    let rows = totals.into_iter().take(shown).map(|total| {
        let names = [fit::shortened(&total.name, name_width), total.code].map(Cell::new);
        let amounts = columns
            .iter()
            .map(|(index, column)| right(total.amounts.get(*index).cloned().unwrap_or_default(), column.2()));
        Row::new(names.into_iter().chain(amounts))
    });
    let more = (hidden > 0).then(|| Row::new([format!("and {hidden} more")]).style(dim()));
    let lengths = [name_width, CODE_WIDTH].into_iter().chain(columns.iter().map(|_| width));
    let lengths = lengths.map(|length| Constraint::Length(u16::try_from(length).unwrap_or(u16::MAX)));
    let table = Table::new(rows.chain(more), lengths).header(Row::new(head));
    frame.render_widget(table.block(panel(" Money by account ".into())), area);
}

/// One program, market and currency.
struct Total {
    name: String,
    code: String,
    /// In the order of [`COLUMNS`].
    amounts: [String; 7],
}

fn totals(simulation: &Simulation) -> Vec<Total> {
    let programs = simulation.books.totals.keys().map(|(program, _, _)| program);
    let is_alone = programs.clone().min() == programs.max();
    let total = |((program, market, currency), accounts): (&(_, _, model::Currency), _)| {
        let a = AccountSummary::of(accounts);
        Total {
            name: if is_alone { format!("{market}") } else { format!("{program} · {market}") },
            code: currency.code().to_owned(),
            amounts: COLUMNS.map(|column| amount(column.1(&a), currency.code())),
        }
    };
    simulation.books.totals.iter().map(total).collect()
}
