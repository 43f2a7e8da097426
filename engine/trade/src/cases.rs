//! Cases: small timelines of events as text, with the verdicts expected of them. What an analyst writes beside a
//! rule, and what a reviewer reads when the rule changes; `rules/README.md` explains the format to them.
//!
//! ```text
//! given order creator=maria ip=192.0.2.7     # holds for all that follows
//!
//! == five orders by two accounts
//! 0s                  order o1 buyer=anna
//! +1m  4x every 1m    order o{n+1} buyer=b{n%2}
//! ---
//! 0s o1/maria accrue accrued>pending 10.00 USD
//! ```
//!
//! A line is a time (from the beginning of the case, or `+` from the line before), perhaps a repetition, a kind, an
//! id and `key=value`s. What is not said is missing, except that an order is one line of product `p1` for 100.00
//! USD and that, unless the case has a plan of its own, a plan pays 1,000 bp of everything.
//!
//! What must hold: a file is read whole or every problem in it is told, with line and column; the same text gives
//! the same events.

use model::{Event, EventTime};
use std::fmt;
use std::ops::Range;

mod body;
mod clock;
mod fields;
mod line;
mod orders;
mod parse;
mod projection;
mod timeline;

pub use parse::parse;
pub use projection::project;

/// When every case begins: 2026-01-05T00:00:00Z, a Monday.
pub const EPOCH_MS: i64 = 1_767_571_200_000;

/// The beginning of every case, as a time.
pub fn epoch() -> EventTime {
    EventTime::from_ms(EPOCH_MS).expect("a time in 2026")
}

/// The cases of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CaseFile {
    /// How the rule is to be run.
    pub setup: Setup,
    /// In the order of the file.
    pub cases: Vec<Case>,
}

/// How the rule is to be run. Cases run one rule alone, live whatever its mode is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setup {
    /// The score that holds, in place of the ruleset's: lets one weak sign show itself.
    pub score_threshold: Option<i64>,
}

/// One timeline and what is expected of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// What it shows, in a few words.
    pub title: String,
    /// The number of its title's line, from 1.
    pub line: usize,
    /// What happens, in the order of the log.
    pub steps: Vec<Step>,
    /// The verdicts, as [`project`] writes them.
    pub expected: Vec<String>,
    /// The lines of `expected` in the file, from 0, for [`rewrite`].
    expected_at: Range<usize>,
}

/// A record of a case's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Something happens.
    Event(Box<Event>),
    /// Time passes.
    Tick(EventTime),
}

/// Something in a case file that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, in the author's words.
    pub message: String,
    /// The likely fix.
    pub help: Option<String>,
}

/// `12:7: unknown key …`, with the help on its own line.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// The text with the expected side of every case replaced; everything else stays as it is.
///
/// `verdicts` has one entry for each case of `file`, which is what [`parse`] made of `text`.
pub fn rewrite(text: &str, file: &CaseFile, verdicts: &[Vec<String>]) -> String {
    let mut lines = text.lines().enumerate();
    let mut out = String::new();
    for (case, expected) in file.cases.iter().zip(verdicts) {
        for (_, line) in lines.by_ref().take_while(|(number, _)| *number + 1 < case.expected_at.start) {
            push_line(&mut out, line);
        }
        // `take_while` has eaten the line before the expected side: the `---`.
        push_line(&mut out, "---");
        expected.iter().for_each(|line| push_line(&mut out, line));
        lines.by_ref().take(case.expected_at.len()).for_each(drop);
    }
    lines.for_each(|(_, line)| push_line(&mut out, line));
    out
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "# about maria\n\n== one\n0s order o1 buyer=a\n---\nold line\n\n# about two\n== two\n0s tick\n---\n";

    #[test]
    fn rewriting_touches_only_the_expected_side() {
        let file = parse(TEXT).unwrap();
        let new = [vec!["new".to_owned(), "lines".to_owned()], vec!["more".to_owned()]];
        let rewritten = rewrite(TEXT, &file, &new);
        assert_eq!(
            rewritten,
            "# about maria\n\n== one\n0s order o1 buyer=a\n---\nnew\nlines\n\n# about two\n== two\n0s tick\n---\nmore\n"
        );
        let again = parse(&rewritten).unwrap();
        assert_eq!(again.cases.iter().map(|c| c.expected.clone()).collect::<Vec<_>>(), new);
        assert_eq!(rewrite(&rewritten, &again, &new), rewritten);
    }
}
