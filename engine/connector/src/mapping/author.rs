//! A mapping as its author wrote it: TOML with the place of everything, so that whatever is wrong is said with
//! line and column, all of it at once.

use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::nearest;

/// A value and its place.
pub(crate) type Placed<'a> = Spanned<DeValue<'a>>;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong and what would mend it.
    pub message: String,
}

/// Why a mapping cannot be used: everything that is wrong with it, by line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct MappingError {
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for MappingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let between = if index == 0 { "" } else { "\n" };
            write!(f, "{between}line {}, column {}: {}", fault.line, fault.column, fault.message)?;
        }
        Ok(())
    }
}

/// Reads values and collects what is wrong.
pub(crate) struct Author<'t> {
    text: &'t str,
    faults: Vec<Fault>,
}

impl<'t> Author<'t> {
    pub(crate) fn new(text: &'t str) -> Author<'t> {
        Author { text, faults: Vec::new() }
    }

    /// Notes that something is wrong there.
    pub(crate) fn fault(&mut self, at: Range<usize>, message: impl Into<String>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        self.faults.push(Fault { line, column, message: message.into() });
    }

    /// What is wrong, if anything is.
    pub(crate) fn verdict(mut self) -> Result<(), MappingError> {
        self.faults.sort_by_key(|fault| (fault.line, fault.column));
        if self.faults.is_empty() { Ok(()) } else { Err(MappingError { faults: self.faults }) }
    }

    /// Refuses keys that are not among the known.
    pub(crate) fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            self.unknown(key.span(), key.get_ref(), known);
        }
    }

    /// Notes an unknown name, and the one that may be meant.
    pub(crate) fn unknown(&mut self, at: Range<usize>, name: &str, known: &[&str]) {
        let message = match nearest(name, known.iter().copied()) {
            Some(near) => format!("`{name}` is not known here; did you mean `{near}`?"),
            None => format!("`{name}` is not known here; there are {}", known.join(", ")),
        };
        self.fault(at, message);
    }

    /// Notes that a value is of another sort than it must be.
    pub(crate) fn expected(&mut self, value: &Placed<'_>, what: &str) {
        self.fault(
            value.span(),
            format!("a value of type {} stands here, and it must be {what}", value.get_ref().type_str()),
        );
    }

    pub(crate) fn table<'v, 'a>(&mut self, value: &'v Placed<'a>, what: &str) -> Option<&'v DeTable<'a>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.expected(value, what);
        }
        table
    }

    pub(crate) fn tables<'v, 'a>(
        &mut self,
        value: &'v Placed<'a>,
        what: &str,
    ) -> Vec<(Range<usize>, &'v DeTable<'a>)> {
        match value.get_ref().as_array() {
            Some(list) => list
                .iter()
                .filter_map(|entry| self.table(entry, what).map(|table| (entry.span(), table)))
                .collect(),
            None => {
                self.expected(value, what);
                Vec::new()
            }
        }
    }

    pub(crate) fn string<'v>(&mut self, value: &'v Placed<'_>, what: &str) -> Option<&'v str> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            self.expected(value, what);
        }
        text
    }

    /// A string, or a list of strings.
    pub(crate) fn strings(&mut self, value: &Placed<'_>, what: &str) -> Vec<String> {
        match value.get_ref().as_array() {
            Some(list) => {
                list.iter().filter_map(|entry| self.string(entry, what)).map(str::to_owned).collect()
            }
            None => self.string(value, what).map(str::to_owned).into_iter().collect(),
        }
    }

    pub(crate) fn flag(&mut self, value: &Placed<'_>) -> bool {
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.expected(value, "true or false");
        }
        flag.unwrap_or_default()
    }

    /// A choice among names.
    pub(crate) fn choice<T: Copy>(&mut self, value: &Placed<'_>, choices: &[(&str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let text = self.string(value, &format!("one of {}", names.join(", ")))?;
        let choice = choices.iter().find(|(name, _)| *name == text).map(|(_, choice)| *choice);
        if choice.is_none() {
            self.unknown(value.span(), text, &names);
        }
        choice
    }
}
