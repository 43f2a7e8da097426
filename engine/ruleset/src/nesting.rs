//! How deep a rule's tree will be, bounded from its text alone. Operators, dots and branches chain without
//! limit in the grammar but nest in the tree: what is too deep is refused before rhai builds a tree that could
//! exhaust a stack, merely by being dropped.

use crate::diagnostic::Range;
use crate::source::Source;

/// Deepest tree of one statement, in operators one above the other.
const DEPTH_MAX: usize = 250;

/// What is counted between two brackets.
#[derive(Default)]
struct Level {
    /// Operators since the last statement began.
    operators: usize,
    /// The deepest bracket of this statement.
    inner: usize,
    /// The deepest statement before it.
    deepest: usize,
    /// Opened by `${` in a text.
    in_text: bool,
}

impl Level {
    fn depth(&self) -> usize {
        self.deepest.max(self.operators + self.inner)
    }

    fn end_statement(&mut self) {
        self.deepest = self.depth();
        self.operators = 0;
        self.inner = 0;
    }
}

/// Where a text becomes too deep, if it does.
pub(crate) fn too_deep(source: &Source<'_>) -> Option<Range> {
    let text = source.text;
    let mut levels = vec![Level::default()];
    let mut at = 0;
    let mut after_block = true;
    let mut after_operator = false;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or("");
        let mut next = at + c.len_utf8();
        let mut operator = false;
        let level = levels.last_mut()?;
        match c {
            _ if c.is_whitespace() => operator = after_operator,
            _ if rest.starts_with("//") => next = at + rest.find('\n').unwrap_or(rest.len()),
            _ if rest.starts_with("/*") => next = at + block_comment(rest),
            '#' if raw_text(rest).is_some() => next = at + raw_text(rest).unwrap_or(1),
            '"' | '\'' => next = at + plain_text(rest, c),
            '`' => next = at + template(rest.get(1..).unwrap_or(""), &mut levels) + 1,
            '(' | '[' | '{' => {
                levels.push(Level::default());
                after_block = c == '{';
            }
            ')' | ']' | '}' => {
                let closed = levels.pop()?;
                let text_goes_on = closed.in_text;
                if levels.is_empty() {
                    levels.push(Level::default());
                }
                let outer = levels.last_mut()?;
                outer.inner = outer.inner.max(closed.depth() + 1);
                after_block = c == '}';
                if text_goes_on {
                    next = at + 1 + template(rest.get(1..).unwrap_or(""), &mut levels);
                }
            }
            ';' | ',' => {
                level.end_statement();
                after_block = true;
            }
            _ if c == '_' || c.is_alphanumeric() => {
                let word = rest.find(|c: char| !(c == '_' || c.is_alphanumeric())).unwrap_or(rest.len());
                next = at + word;
                match rest.get(..word) {
                    // Branches nest in the tree.
                    Some("else") => level.operators += 1,
                    _ if after_block => level.end_statement(),
                    _ => {}
                }
                after_block = false;
            }
            _ => {
                operator = true;
                after_block = false;
                level.operators += usize::from(!after_operator || matches!(c, '!' | '-'));
            }
        }
        after_operator = operator;
        if levels.iter().map(Level::depth).sum::<usize>() > DEPTH_MAX {
            return Some(source.token(source.place(at)));
        }
        at = next.max(at + 1);
    }
    None
}

/// The length of a text up to its closing quote.
fn plain_text(rest: &str, quote: char) -> usize {
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == quote {
            return at + c.len_utf8();
        }
        if c == '\\' {
            chars.next();
        }
    }
    rest.len()
}

/// The length of `#"…"#`, with any number of `#`.
fn raw_text(rest: &str) -> Option<usize> {
    let hashes = rest.find(|c| c != '#')?;
    let inside = rest.get(hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let length = inside.find(&close).map_or(inside.len(), |at| at + close.len());
    Some(hashes + 1 + length)
}

/// The length of a text in back quotes up to its end or its next `${`, which opens a level.
fn template(rest: &str, levels: &mut Vec<Level>) -> usize {
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '`' if matches!(chars.peek(), Some((_, '`'))) => {
                chars.next();
            }
            '`' => return at + 1,
            '\\' => {
                chars.next();
            }
            '$' if matches!(chars.peek(), Some((_, '{'))) => {
                levels.push(Level { in_text: true, ..Level::default() });
                return at + 2;
            }
            _ => {}
        }
    }
    rest.len()
}

/// The length of a comment; comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(here) = rest.get(at..).filter(|here| !here.is_empty()) {
        if here.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with("*/") {
            depth = depth.saturating_sub(1);
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> bool {
        too_deep(&Source::new("x", text)).is_some()
    }

    #[test]
    fn many_statements_are_not_deep() {
        assert!(!deep(&"let a = 1 + 2 * 3;\n".repeat(500)));
        assert!(!deep(&"if a.b > 3 && c.d == \"x\" { hold(`a ${b + 1} c`); }\n".repeat(500)));
        assert!(!deep(&format!("let a = [{}];", "-1, ".repeat(500))));
    }

    #[test]
    fn a_chain_is_deep_however_it_is_wrapped() {
        assert!(deep(&format!("let a = {}1;", "1 + ".repeat(300))));
        assert!(deep(&format!("a{};", ".b".repeat(300))));
        assert!(deep(&format!("{}1", "!".repeat(300))));
        assert!(deep(&format!("if a {{ }} {}", "else if a { } ".repeat(300))));
        let wrapped = |open: &str, close: &str| {
            format!("{}1{}", open.repeat(10), format!("{}{close}", " + 1".repeat(30)).repeat(10))
        };
        for (open, close) in
            [("max(", ", 0)"), ("if true { ", "; }"), ("`it's ${", "}`"), ("[", "]"), ("#\"`\"# + (", ")")]
        {
            assert!(deep(&wrapped(open, close)), "{open}");
        }
    }
}
