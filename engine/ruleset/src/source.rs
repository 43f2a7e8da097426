//! A file's text with its lines: turns offsets into places and finds where a token or a bracket ends, which
//! the syntax tree does not say.

use crate::diagnostic::{Place, Range};

/// A file and its text.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    pub(crate) file: &'a str,
    pub(crate) text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> Source<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> Source<'a> {
        let after_breaks = text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1);
        Source { file, text, line_starts: std::iter::once(0).chain(after_breaks).collect() }
    }

    /// The place of a byte offset.
    pub(crate) fn place(&self, offset: usize) -> Place {
        let offset = offset.min(self.text.len());
        let line = self.line_starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = self.line_starts.get(line).copied().unwrap_or(0);
        let column = self.text.get(start..offset).map_or(0, |before| before.chars().count());
        Place { line: saturated(line + 1), column: saturated(column + 1) }
    }

    /// The byte offset of a place.
    pub(crate) fn offset(&self, place: Place) -> usize {
        let start = self.line_starts.get((place.line as usize).saturating_sub(1)).copied();
        let start = start.unwrap_or(self.text.len());
        let rest = self.text.get(start..).unwrap_or("");
        let column = (place.column as usize).saturating_sub(1);
        rest.char_indices().nth(column).map_or(self.text.len(), |(at, _)| start + at)
    }

    pub(crate) fn range(&self, start: usize, end: usize) -> Range {
        Range { start: self.place(start), end: self.place(end.max(start)) }
    }

    /// The text of a range.
    pub(crate) fn slice(&self, range: Range) -> &'a str {
        self.text.get(self.offset(range.start)..self.offset(range.end)).unwrap_or("")
    }

    /// The end of the file, as a range of one character.
    pub(crate) fn end(&self) -> Range {
        let last = self.text.trim_end().char_indices().next_back().map_or(0, |(at, _)| at);
        self.range(last, self.text.len().min(last + 1))
    }

    /// The range of the token that begins at a place. The place is kept as it is: it is a node's identity.
    pub(crate) fn token(&self, start: Place) -> Range {
        let from = self.offset(start);
        Range { start, ..self.range(from, self.token_end(from)) }
    }

    /// The range of a name and the arguments in brackets behind it.
    pub(crate) fn call(&self, name: Place) -> Range {
        let from = self.offset(name);
        let after_name = self.token_end(from);
        let rest = self.text.get(after_name..).unwrap_or("");
        let open = after_name + (rest.len() - rest.trim_start().len());
        let end = if self.text.get(open..).is_some_and(|t| t.starts_with('(')) {
            self.bracket_end(open)
        } else {
            after_name
        };
        Range { start: name, ..self.range(from, end) }
    }

    /// The range of a bracketed text that begins at a place (`[…]`, `#{…}`, `(…)`).
    pub(crate) fn bracketed(&self, start: Place) -> Range {
        let from = self.offset(start);
        Range { start, ..self.range(from, self.bracket_end(from)) }
    }

    fn token_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or("");
        let word = |c: char| c == '_' || c == '$' || c.is_alphanumeric();
        let length = match rest.chars().next() {
            None => 0,
            Some('"' | '\'' | '`') => return self.string_end(from),
            Some(c) if c.is_ascii_digit() => {
                rest.find(|c: char| !(c == '.' || word(c))).unwrap_or(rest.len())
            }
            Some(c) if word(c) => rest.find(|c: char| !word(c)).unwrap_or(rest.len()),
            Some('(') if rest.starts_with("()") => 2,
            Some(c) => {
                let operators =
                    ["..=", "!in", "==", "!=", "<=", ">=", "&&", "||", "??", "?.", "..", "=>", "**"];
                operators.iter().find(|o| rest.starts_with(**o)).map_or(c.len_utf8(), |o| o.len())
            }
        };
        from + length
    }

    /// Where a string that begins here ends; strings with `${…}` may hold others.
    fn string_end(&self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or("");
        let mut chars = rest.char_indices();
        let Some((_, quote)) = chars.next() else { return from };
        let mut skip_to = 0;
        while let Some((at, c)) = chars.next() {
            if at < skip_to {
                continue;
            }
            if c == quote {
                return from + at + c.len_utf8();
            }
            if c == '\\' {
                chars.next();
            }
            if quote == '`' && rest.get(at..).is_some_and(|t| t.starts_with("${")) {
                skip_to = self.bracket_end(from + at + 1) - from;
            }
        }
        self.text.len()
    }

    /// Where the bracket that opens here closes; the end of the text if it does not.
    fn bracket_end(&self, from: usize) -> usize {
        let mut depth = 0_u32;
        let mut at = from;
        while let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return at + 1;
                    }
                }
                '"' | '\'' | '`' => {
                    at = self.string_end(at).max(at + 1);
                    continue;
                }
                '/' if self.text.get(at..).is_some_and(|rest| rest.starts_with("//")) => {
                    at += self.text.get(at..).and_then(|rest| rest.find('\n')).unwrap_or(usize::MAX - at);
                    continue;
                }
                _ => {}
            }
            at += c.len_utf8();
        }
        self.text.len()
    }
}

fn saturated(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_counted_in_characters() {
        let source = Source::new("x", "é = 1;\nab");
        assert_eq!(source.place(3), Place { line: 1, column: 3 });
        assert_eq!(source.offset(Place { line: 2, column: 2 }), source.text.len() - 1);
        assert_eq!(source.place(source.text.len()), Place { line: 2, column: 3 });
    }

    #[test]
    fn a_call_ends_at_its_own_bracket() {
        let source = Source::new("x", "f( \")\", `${g(1)}`, [2] ) > 1");
        let range = source.call(Place { line: 1, column: 1 });
        assert_eq!(source.slice(range), "f( \")\", `${g(1)}`, [2] )");
    }
}
