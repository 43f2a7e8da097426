//! The last verdicts worth a look, newest first, each with its reasons: beside it, or under it where it is narrow.

use model::EventTime;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::{Paragraph, Wrap};

use super::fit;
use super::style::{dim, panel, tone};
use crate::demo::feed::{Entry, Feed};
use crate::summary::group;

/// `01-05 22:17 `, and `CLAW BACK `.
const HEAD_WIDTH: usize = 12 + 10;
const MONEY_WIDTH: usize = 17;

/// How an entry is laid out: columns of each part, and lines that a reason may take.
struct Shape {
    about: usize,
    /// 0 where there is no room to say it.
    whose: usize,
    why: usize,
    /// 0 where the reason stands beside the rest, else how far it is set in under it.
    set_in: usize,
    why_lines_max: usize,
}

impl Shape {
    fn of(columns: usize) -> Shape {
        match columns {
            140.. => Shape::beside(columns, 30, 27),
            110.. => Shape::beside(columns, 26, 0),
            _ => {
                let about = columns.saturating_sub(HEAD_WIDTH + MONEY_WIDTH + 1).min(36);
                let set_in = 12;
                Shape { about, whose: 0, why: columns.saturating_sub(set_in + 1), set_in, why_lines_max: 2 }
            }
        }
    }

    fn beside(columns: usize, about: usize, whose: usize) -> Shape {
        let taken = HEAD_WIDTH + about + 1 + whose + usize::from(whose > 0) + MONEY_WIDTH + 2;
        Shape { about, whose, why: columns.saturating_sub(taken), set_in: 0, why_lines_max: 3 }
    }

    fn lines(&self, entry: &Entry) -> Vec<Line<'static>> {
        let mut head = vec![
            Words::styled(format!("{} ", when(entry.at)), dim()),
            Words::styled(format!("{:<10}", entry.what), style_of(entry).add_modifier(Modifier::BOLD)),
            Words::raw(padded(&entry.about, self.about)),
        ];
        if self.whose > 0 {
            let whose = entry.whose.strip_prefix("creator:").unwrap_or(&entry.whose);
            head.push(Words::raw(padded(whose, self.whose)));
        }
        head.push(Words::raw(format!("{:>width$}", entry.money, width = MONEY_WIDTH - 1)));
        let mut why = fit::wrapped(&entry.why, self.why, self.why_lines_max).into_iter();
        let beside = if self.set_in == 0 { why.next() } else { None };
        head.extend(beside.map(|words| Words::raw(format!("  {words}"))));
        let column = if self.set_in > 0 { self.set_in } else { self.why_column() };
        let under = why.map(|words| Line::raw(format!("{:column$}{words}", "")));
        std::iter::once(Line::from(head)).chain(under).collect()
    }

    fn why_column(&self) -> usize {
        HEAD_WIDTH + self.about + 1 + self.whose + usize::from(self.whose > 0) + MONEY_WIDTH + 1
    }
}

/// Draws as many as there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, feed: &Feed) {
    let shape = Shape::of(usize::from(area.width));
    let rows = usize::from(area.height.saturating_sub(1));
    let mut lines: Vec<Line<'_>> = Vec::new();
    for entry in feed.newest(rows) {
        let more = shape.lines(entry);
        if lines.len() + more.len() > rows {
            break;
        }
        lines.extend(more);
    }
    let quiet = group(&feed.quiet_releases.to_string());
    let title = [
        format!(" Verdicts worth a look ({quiet} more were released on their date, undoubted) "),
        format!(" Verdicts ({quiet} more were released undoubted) "),
    ];
    let block = panel(fit::wording(title, area.width));
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// Draws nothing but them, as plain lines, where there is no room for anything else.
pub(super) fn draw_alone(frame: &mut Frame<'_>, area: Rect, feed: &Feed) {
    let lines = feed.newest(usize::from(area.height)).map(|entry| {
        let words = format!(" {} {} {}", entry.about, entry.money, entry.why);
        let what = Words::styled(entry.what, style_of(entry).add_modifier(Modifier::BOLD));
        Line::from(vec![Words::styled(format!("{} ", when(entry.at)), dim()), what, Words::raw(words)])
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()).wrap(Wrap { trim: true }), area);
}

/// Month, day and time of day.
fn when(at: EventTime) -> String {
    at.to_string().get(5..16).unwrap_or_default().replace('T', " ")
}

/// The text and what fills its column, with a space after it.
fn padded(text: &str, columns: usize) -> String {
    let text = fit::shortened(text, columns);
    let missing = (columns + 1).saturating_sub(fit::width(&text));
    format!("{text}{:missing$}", "")
}

fn style_of(entry: &Entry) -> Style {
    match entry.what {
        "HOLD" | "RECALL" => tone(Color::Yellow),
        "RELEASE" => tone(Color::Green),
        "VOID" | "CLAW BACK" => tone(Color::Red),
        _ => tone(Color::Cyan),
    }
}
