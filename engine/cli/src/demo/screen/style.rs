//! How things look. Colour says again what words say already.

use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::{Block, Borders, Cell};

use crate::print::no_color;

/// A part of the screen under its title.
pub(super) fn panel(title: String) -> Block<'static> {
    Block::new().borders(Borders::TOP).border_style(dim()).title(Words::styled(title, bold()))
}

/// What matters.
pub(super) fn bold() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What only helps to read.
pub(super) fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// A colour, where colours are wanted.
pub(super) fn tone(colour: Color) -> Style {
    if no_color() { Style::new() } else { Style::new().fg(colour) }
}

/// A cell that ends where its column does.
pub(super) fn right(text: String, style: Style) -> Cell<'static> {
    Cell::new(Line::from(text).right_aligned()).style(style)
}
