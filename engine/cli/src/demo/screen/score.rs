//! What was caught of what was planted: a table where there is room, else the same in a few words an attack.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::{Cell, Paragraph, Row, Table};

use super::fit;
use super::style::{bold, dim, panel, right};
use crate::score::{AttackScore, ScoreReport, percent};

/// Columns of an attack in a few words: its name, what was caught of it, honest orders.
const WORDS_WIDTH: usize = 40;

/// Rows of the table, title and headings included.
pub(super) fn table_rows(report: &ScoreReport) -> usize {
    report.attacks.len() + 2
}

/// Rows of the few words, title included.
pub(super) fn words_rows(report: &ScoreReport, columns: u16) -> usize {
    report.attacks.len().div_ceil(beside(columns)) + 1
}

/// Attacks beside one another.
fn beside(columns: u16) -> usize {
    (usize::from(columns) / WORDS_WIDTH).max(1)
}

/// Draws the table, or the few words where the table has no room.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, report: &ScoreReport) {
    if usize::from(area.height) < table_rows(report) {
        return draw_words(frame, area, report);
    }
    let head = ["planted attack", "rule is", "orders", "rule saw", "share", "others"];
    let head = head
        .into_iter()
        .enumerate()
        .map(|(i, h)| if i < 2 { Cell::new(h).style(dim()) } else { right(h.to_owned(), dim()) });
    let rows = report.attacks.iter().map(|attack| {
        Row::new([
            Cell::new(attack.rule.clone()),
            Cell::new(attack.mode.clone()),
            right(attack.planted.to_string(), Style::new()),
            right(caught(attack), Style::new()),
            right(percent((attack.caught * 1_000_000).checked_div(attack.planted)), bold()),
            right(attack.false_alarms.to_string(), Style::new()),
        ])
    });
    let widths = [24, 12, 9, 9, 9, 9].map(Constraint::Length);
    let table = Table::new(rows, widths).header(Row::new(head));
    frame.render_widget(table.block(panel(title("Planted and caught", report, area.width))), area);
}

fn draw_words(frame: &mut Frame<'_>, area: Rect, report: &ScoreReport) {
    let columns = beside(area.width);
    let places = usize::from(area.height.saturating_sub(1)) * columns;
    let (shown, hidden) = fit::shown_of(report.attacks.len(), places);
    let mut cells: Vec<Vec<Words<'_>>> = report.attacks.iter().take(shown).map(words).collect();
    if hidden > 0 {
        cells.push(vec![Words::styled(format!("and {hidden} more"), dim())]);
    }
    let lines = cells.chunks(columns).map(|row| Line::from(row.concat()));
    let title = title("Caught/planted, +honest", report, area.width);
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).block(panel(title)), area);
}

/// `same_ip_ring 4/9 +2`, in columns.
fn words(attack: &AttackScore) -> Vec<Words<'static>> {
    let others = match attack.false_alarms {
        0 => String::new(),
        some => format!("+{some}"),
    };
    let mode = if attack.mode == "live" { "" } else { attack.mode.as_str() };
    let count = format!("{:>9}", format!("{}/{}", caught(attack), attack.planted));
    vec![
        Words::raw(format!("{:<20}", fit::shortened(&attack.rule, 19))),
        Words::styled(count, bold()),
        Words::styled(format!(" {:<10}", fit::shortened(&[others.as_str(), mode].join(" "), 9)), dim()),
    ]
}

/// Orders that the rule saw; an attack of clicks alone has none.
fn caught(attack: &AttackScore) -> String {
    if attack.pointed_beside && attack.planted == 0 { "clicks".into() } else { attack.caught.to_string() }
}

fn title(what: &str, report: &ScoreReport, columns: u16) -> String {
    let (precision, recall) = (percent(report.precision_ppm), percent(report.recall_ppm));
    let honest = percent(Some(report.benign_held_ppm));
    let titles = [
        format!(
            " {what} · precision of holds {precision} · recall of holds and flags {recall} · honest money ever held {honest} "
        ),
        format!(" {what} · precision {precision} · recall {recall} · honest held {honest} "),
        format!(" {what} · precision {precision} · recall {recall} "),
    ];
    fit::wording(titles, columns)
}
