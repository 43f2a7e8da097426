//! What is wrong with a ruleset, in the words of the person who wrote it: where, what, and the likely fix.

use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::Write as _;

/// A place in a text; lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The character in it.
    pub column: u32,
}

/// A stretch of a text: from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
pub struct Range {
    /// The first character.
    pub start: Place,
    /// The character after the last.
    pub end: Place,
}

impl Range {
    /// The first character of a file: for what has no better place.
    pub const TOP: Range = Range { start: Place { line: 1, column: 1 }, end: Place { line: 1, column: 2 } };

    /// From the start of this to the end of `other`.
    #[must_use]
    pub fn to(self, other: Range) -> Range {
        Range { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

/// Whether a ruleset can load in spite of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The ruleset does not load.
    Error,
    /// It loads; somebody should look.
    Warning,
}

impl Severity {
    /// The name in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Widest part of a line that is shown, in characters.
const LINE_WIDTH_MAX: usize = 160;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagnostic {
    /// Which file, as in [`Sources`](crate::Sources).
    pub file: String,
    /// How bad.
    pub severity: Severity,
    /// A stable name of the kind of problem: `field.unknown`.
    pub code: &'static str,
    /// Where.
    pub range: Range,
    /// What is wrong.
    pub message: String,
    /// The likely fix.
    pub help: Option<String>,
}

impl Diagnostic {
    /// The problem with its line of the source and a caret under it, for a terminal; without colour.
    pub fn render(&self, source: &str) -> String {
        let Range { start, end } = self.range;
        let mut out = String::new();
        let number = start.line.to_string();
        let margin = " ".repeat(number.len());
        // Writing into a `String` cannot fail.
        let _ = writeln!(out, "{}[{}]: {}", self.severity.name(), self.code, self.message);
        let _ = writeln!(out, "{margin}--> {}:{}:{}", self.file, start.line, start.column);
        let line = source.lines().nth((start.line as usize).saturating_sub(1)).unwrap_or("");
        let column = (start.column as usize).saturating_sub(1);
        // Of a line wider than a terminal the part around the place is shown.
        let skipped = column.saturating_sub(LINE_WIDTH_MAX / 2);
        let skipped = if line.chars().count() > LINE_WIDTH_MAX { skipped } else { 0 };
        let shown: String = line
            .chars()
            .skip(skipped)
            .take(LINE_WIDTH_MAX)
            .map(|c| if c == '\t' { ' ' } else { c })
            .collect();
        let width = (shown.chars().count() + skipped).saturating_sub(column).max(1);
        let wanted =
            if end.line == start.line { end.column.saturating_sub(start.column) as usize } else { width };
        let carets = "^".repeat(wanted.clamp(1, width));
        let indent = " ".repeat(column - skipped);
        let _ = writeln!(out, "{margin} |");
        let _ = writeln!(out, "{number} | {shown}");
        let _ = writeln!(out, "{margin} | {indent}{carets}");
        if let Some(help) = &self.help {
            let _ = writeln!(out, "{margin} = help: {help}");
        }
        out
    }
}

/// Collects the problems of one file.
#[derive(Debug)]
pub(crate) struct Problems {
    file: String,
    found: Vec<Diagnostic>,
}

impl Problems {
    pub(crate) fn of(file: &str) -> Problems {
        Problems { file: file.to_owned(), found: Vec::new() }
    }

    pub(crate) fn error(&mut self, code: &'static str, range: Range, message: String, help: Option<String>) {
        self.push(Severity::Error, code, range, message, help);
    }

    pub(crate) fn warning(
        &mut self,
        code: &'static str,
        range: Range,
        message: String,
        help: Option<String>,
    ) {
        self.push(Severity::Warning, code, range, message, help);
    }

    fn push(
        &mut self,
        severity: Severity,
        code: &'static str,
        range: Range,
        message: String,
        help: Option<String>,
    ) {
        let problem = Diagnostic { file: self.file.clone(), severity, code, range, message, help };
        if !self.found.contains(&problem) {
            self.found.push(problem);
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.found.iter().any(|problem| problem.severity == Severity::Error)
    }

    pub(crate) fn into_sorted(mut self) -> Vec<Diagnostic> {
        self.found.sort_by(|a, b| (a.range, a.code).cmp(&(b.range, b.code)));
        self.found
    }
}

/// The candidates that are near enough to be meant by a slip of the pen.
pub(crate) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<(usize, &'a str)> {
    let limit = (word.chars().count() / 3).max(1) + 1;
    let distances = candidates.into_iter().map(|c| (strsim::damerau_levenshtein(word, c), c));
    distances.filter(|(distance, _)| *distance <= limit).collect()
}

/// The nearest of them, if any: "did you mean …?" Of equally near ones the first.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(word, candidates).into_iter().min_by_key(|(distance, _)| *distance).map(|(_, candidate)| candidate)
}

/// The help line for a misspelt name: the nearest one, else all of them if they are few.
pub(crate) fn did_you_mean(word: &str, candidates: &[&str]) -> Option<String> {
    match nearest(word, candidates.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if candidates.is_empty() || candidates.len() > 12 => None,
        None => Some(format!("known are: {}", candidates.join(", "))),
    }
}
