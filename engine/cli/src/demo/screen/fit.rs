//! Making words fit into the columns that there are.

use ratatui::text::Span as Words;
use textwrap::{Options, WordSplitter};

/// Columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    Words::raw(text).width()
}

/// The first of these wordings that fits, else the last.
pub(super) fn wording<const N: usize>(longest_first: [String; N], columns: u16) -> String {
    let mut wordings = longest_first.into_iter().peekable();
    while let Some(wording) = wordings.next() {
        if wordings.peek().is_none() || width(&wording) <= usize::from(columns) {
            return wording;
        }
    }
    String::new()
}

/// The text in so many columns: what is too long loses its middle, because ids differ at their ends.
pub(super) fn shortened(text: &str, columns: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= columns {
        return text.to_owned();
    }
    let tail = columns.saturating_sub(1) / 2;
    let head = columns.saturating_sub(1) - tail;
    let (start, end) = (letters.iter().take(head), letters.iter().skip(letters.len() - tail));
    start.chain([&'…']).chain(end).collect()
}

/// The text as lines of so many columns, ids unbroken; past `lines_max` it ends in an ellipsis.
pub(super) fn wrapped(text: &str, columns: usize, lines_max: usize) -> Vec<String> {
    let whole_words = Options::new(columns).word_splitter(WordSplitter::NoHyphenation);
    let mut lines: Vec<String> = textwrap::wrap(text, whole_words).into_iter().map(Into::into).collect();
    if lines.len() > lines_max {
        lines.truncate(lines_max);
        if let Some(last) = lines.last_mut() {
            *last = format!("{}…", last.chars().take(columns.saturating_sub(1)).collect::<String>());
        }
    }
    lines
}

/// How many of `all` are shown on so many lines, and how many are not: those are counted on the last line.
pub(super) fn shown_of(all: usize, lines: usize) -> (usize, usize) {
    let shown = if all <= lines { all } else { lines.saturating_sub(1) };
    (shown, all - shown)
}
