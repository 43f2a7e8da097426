//! What came with data, made fit to be shown: a terminal obeys control characters, and turns text around where it is
//! told to. Whoever sent an id or a note could hide or forge what an operator reads.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The styles that we print ourselves: bold, and the colours of problems.
const STYLES: [&str; 4] = ["\x1b[0m", "\x1b[1m", "\x1b[1;31m", "\x1b[1;33m"];

/// The text with what a terminal would obey written out, as `\u{202e}`; ends of lines and tabs stay.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), escaped))
}

/// The same for a text that has our own styles in it.
pub(crate) fn styled(text: &str) -> Cow<'_, str> {
    if !text.contains(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let (mut safe, mut rest) = (String::with_capacity(text.len() + 16), text);
    while let Some(c) = rest.chars().next() {
        let style = STYLES.into_iter().find(|style| rest.starts_with(style));
        match style {
            Some(style) => safe.push_str(style),
            None => safe = escaped(safe, c),
        }
        rest = rest.get(style.map_or(c.len_utf8(), str::len)..).unwrap_or_default();
    }
    Cow::Owned(safe)
}

fn escaped(mut text: String, c: char) -> String {
    if is_obeyed(c) {
        // A string takes all.
        let _ = write!(text, "{}", c.escape_unicode());
    } else {
        text.push(c);
    }
    text
}

/// Control characters, and those that change the direction of what follows.
fn is_obeyed(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n' && c != '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        for (text, shown) in [
            ("Zürich, 東京 – plain\n\tindented", "Zürich, 東京 – plain\n\tindented"),
            ("a\u{202e}b\u{2066}c\u{2069}\u{200f}", r"a\u{202e}b\u{2066}c\u{2069}\u{200f}"),
            ("\x1b[2J\x07\r\u{9b}1m\x7f", r"\u{1b}[2J\u{7}\u{d}\u{9b}1m\u{7f}"),
        ] {
            assert_eq!(plain(text), shown);
            assert_eq!(styled(text), shown);
        }
    }

    #[test]
    fn our_own_styles_stay_and_no_others() {
        assert_eq!(styled("\x1b[1;31merror\x1b[0m: a\u{202e}"), "\x1b[1;31merror\x1b[0m: a\\u{202e}");
        assert_eq!(styled("\x1b[8mhidden\x1b[0m"), "\\u{1b}[8mhidden\x1b[0m");
        assert_eq!(plain("\x1b[1mbold"), r"\u{1b}[1mbold");
    }
}
