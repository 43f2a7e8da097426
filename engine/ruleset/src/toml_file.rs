//! A TOML file read key by key, so that every problem is found and has its place: unknown keys with the nearest
//! known one, values of the wrong type, spans that do not parse.

use model::{Span, Text};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::constant::{Constant, one_amount};
use crate::diagnostic::{Problems, Range, did_you_mean, nearest};
use crate::source::Source;

/// A value and where it stands.
pub(crate) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads one file.
pub(crate) struct TomlFile<'a> {
    source: Source<'a>,
    pub(crate) problems: Problems,
}

impl<'a> TomlFile<'a> {
    pub(crate) fn new(file: &'a str, text: &'a str) -> TomlFile<'a> {
        TomlFile { source: Source::new(file, text), problems: Problems::of(file) }
    }

    /// The whole file, if it is TOML.
    pub(crate) fn root(&mut self) -> Option<DeTable<'a>> {
        match DeTable::parse(self.source.text) {
            Ok(table) => Some(table.into_inner()),
            Err(error) => {
                let span = error.span().unwrap_or(0..1);
                let range = self.source.range(span.start, span.end);
                self.problems.error("toml", range, error.message().to_owned(), None);
                None
            }
        }
    }

    pub(crate) fn range_of<T>(&self, spanned: &Spanned<T>) -> Range {
        let span = spanned.span();
        self.source.range(span.start, span.end)
    }

    /// Reports keys that a table does not have.
    pub(crate) fn only(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|k| !known.contains(&k.get_ref().as_ref())) {
            let name = key.get_ref().as_ref();
            let range = self.range_of(key);
            let message = format!("there is no setting `{name}` here");
            self.problems.error("setting.unknown", range, message, did_you_mean(name, known));
        }
    }

    /// Whether a table says something under a key, in its spelling or another. Where that cannot be read, an error
    /// was reported, and nothing else may be measured against a default.
    pub(crate) fn says(table: &DeTable<'_>, key: &str, known: &[&str]) -> bool {
        table.contains_key(key) || TomlFile::misspells(table, key, known)
    }

    /// Whether a table has a key that is not known and is likely meant to be this one.
    pub(crate) fn misspells(table: &DeTable<'_>, key: &str, known: &[&str]) -> bool {
        let said = table.keys().map(|said| said.get_ref().as_ref());
        said.filter(|said| !known.contains(said))
            .any(|said| nearest(said, known.iter().copied()) == Some(key))
    }

    /// A table under a key; nothing if it is not there.
    pub(crate) fn table<'t, 'd>(&mut self, table: &'t DeTable<'d>, key: &str) -> Option<&'t DeTable<'d>> {
        let value = table.get(key)?;
        match value.get_ref() {
            DeValue::Table(inner) => Some(inner),
            DeValue::String(_)
            | DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => {
                self.wrong(value, key, "a table, as in `[…]` on a line of its own");
                None
            }
        }
    }

    pub(crate) fn wrong(&mut self, value: &Value<'_>, key: &str, wanted: &str) {
        let range = self.range_of(value);
        self.problems.error("setting.value", range, format!("`{key}` must be {wanted}"), None);
    }

    pub(crate) fn text<'t, 'd>(
        &mut self,
        table: &'t DeTable<'d>,
        key: &str,
    ) -> Option<(&'t str, &'t Value<'d>)> {
        let value = table.get(key)?;
        match value.get_ref().as_str() {
            Some(text) => Some((text, value)),
            None => {
                self.wrong(value, key, "a text in quotes");
                None
            }
        }
    }

    pub(crate) fn truth(&mut self, table: &DeTable<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            self.wrong(value, key, "`true` or `false`");
        }
        truth
    }

    /// A whole number of at least `least`.
    pub(crate) fn number(&mut self, table: &DeTable<'_>, key: &str, least: i64) -> Option<i64> {
        let value = table.get(key)?;
        let number = integer(value.get_ref()).filter(|n| *n >= least);
        if number.is_none() {
            self.wrong(value, key, &format!("a whole number of at least {least}"));
        }
        number
    }

    /// How many of something there may be, from 1 to `most`, and where that stands.
    pub(crate) fn count(&mut self, table: &DeTable<'_>, key: &str, most: u32) -> Option<(u32, Range)> {
        let value = table.get(key)?;
        let number = integer(value.get_ref()).and_then(|n| u32::try_from(n).ok());
        let number = number.filter(|n| (1..=most).contains(n));
        if number.is_none() {
            self.wrong(value, key, &format!("a whole number from 1 to {most}"));
        }
        Some((number?, self.range_of(value)))
    }

    /// A span within bounds.
    pub(crate) fn span(&mut self, table: &DeTable<'_>, key: &str, least: Span, most: Span) -> Option<Span> {
        let (text, value) = self.text(table, key)?;
        let span = Span::parse(text).filter(|s| (least..=most).contains(s));
        if span.is_none() {
            self.wrong(
                value,
                key,
                &format!("a time such as \"90s\", \"24h\" or \"14d\", from {least} to {most}"),
            );
        }
        span
    }

    /// How long a hold lasts: a span, or until somebody has looked at it.
    pub(crate) fn hold(&mut self, table: &DeTable<'_>, key: &str, most: Span) -> Option<Option<Span>> {
        match self.text(table, key)? {
            ("until_reviewed", _) => Some(None),
            _ => self.span(table, key, Span::from_secs(1), most).map(Some),
        }
    }

    /// One of several words.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let (text, value) = self.text(table, key)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        if found.is_none() {
            let names: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            self.wrong(value, key, &format!("one of {}", names.join(", ")));
        }
        found
    }

    /// The texts of an array.
    pub(crate) fn texts(&mut self, value: &Value<'_>, key: &str) -> Vec<(String, Range)> {
        let DeValue::Array(items) = value.get_ref() else {
            self.wrong(value, key, "a list of texts, as in [\"a\", \"b\"]");
            return Vec::new();
        };
        let mut texts = Vec::new();
        for item in items.iter() {
            match item.get_ref().as_str() {
                Some(text) => texts.push((text.to_owned(), self.range_of(item))),
                None => self.wrong(item, key, "a list of texts, as in [\"a\", \"b\"]"),
            }
        }
        texts
    }

    /// A constant of a rule, as the file writes it; a table of currencies is an amount.
    pub(crate) fn constant(&mut self, value: &Value<'_>, key: &str) -> Option<Constant> {
        let constant = match value.get_ref() {
            DeValue::String(text) => Some(Constant::Text(Text::new(text))),
            DeValue::Boolean(truth) => Some(Constant::Bool(*truth)),
            DeValue::Integer(_) => integer(value.get_ref()).map(Constant::Int),
            DeValue::Float(number) => {
                number.as_str().parse::<f64>().ok().filter(|n| n.is_finite()).map(Constant::Float)
            }
            DeValue::Array(items) => {
                items.iter().map(|item| self.constant(item, key)).collect::<Option<_>>().map(Constant::Array)
            }
            DeValue::Table(amounts) => return self.amounts(amounts, key),
            DeValue::Datetime(_) => None,
        };
        if constant.is_none() {
            self.wrong(value, key, "a number, a text, `true` or `false`, or a list of them");
        }
        constant
    }

    fn amounts(&mut self, table: &DeTable<'_>, key: &str) -> Option<Constant> {
        let mut amounts = Vec::new();
        for (code, value) in table {
            let text = value.get_ref().as_str().unwrap_or("");
            match one_amount(text, code.get_ref()) {
                Ok(amount) => amounts.push(amount),
                Err(_) => {
                    self.wrong(value, key, "amounts by currency, as in { USD = \"500.00\" }");
                    return None;
                }
            }
        }
        amounts.sort();
        Some(Constant::Money(amounts))
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}
