//! The `key=value`s of a line, on their way to becoming typed fields.

use model::{BasisPoints, Currency, EventTime, Minor, Money, Span, Text};
use std::cell::RefCell;
use std::collections::BTreeMap;

use super::Problem;
use super::clock::parse_span;
use super::epoch;
use super::line::Word;

/// What a line says beside time, kind and id. Every key that a kind knows is asked for once; what nobody asked for
/// is unknown.
pub(crate) struct Fields {
    at: EventTime,
    /// Where to point when something is missing.
    subject: Word,
    pairs: BTreeMap<String, (Word, Word)>,
    asked: RefCell<Vec<String>>,
}

type Read<T> = Result<Option<T>, Problem>;

impl Fields {
    /// The fields of a line at that time. An empty value says that the field is missing.
    pub(crate) fn new(at: EventTime, subject: Word, pairs: BTreeMap<String, (Word, Word)>) -> Fields {
        Fields { at, subject, pairs, asked: RefCell::new(Vec::new()) }
    }

    /// When the line happens.
    pub(crate) const fn at(&self) -> EventTime {
        self.at
    }

    /// A problem with the line as a whole.
    pub(crate) fn problem(&self, message: impl Into<String>, help: impl Into<String>) -> Problem {
        self.subject.problem_with_help(message, help)
    }

    /// The value of a key as it stands.
    pub(crate) fn word(&self, key: &str) -> Option<&Word> {
        self.asked.borrow_mut().push(key.to_owned());
        self.pairs.get(key).map(|(_, value)| value).filter(|value| !value.text.is_empty())
    }

    fn read<T>(&self, key: &str, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Read<T> {
        let Some(word) = self.word(key) else { return Ok(None) };
        match parse(&word.text) {
            Some(value) => Ok(Some(value)),
            None => Err(word.problem(format!("`{key}` must be {wanted}, and this is `{}`", word.text))),
        }
    }

    /// An id.
    pub(crate) fn id<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Read<T> {
        let Some(word) = self.word(key) else { return Ok(None) };
        parse(&word.text).map(Some).map_err(|error| word.problem(error.to_string()))
    }

    /// Several ids, with commas between.
    pub(crate) fn ids<T, E: std::fmt::Display>(
        &self,
        key: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Vec<T>, Problem> {
        let Some(word) = self.word(key) else { return Ok(Vec::new()) };
        let parts = word.text.split(',').map(&parse);
        parts.map(|part| part.map_err(|error| word.problem(error.to_string()))).collect()
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<Text> {
        self.word(key).map(|word| Text::new(&word.text))
    }

    /// A whole number.
    pub(crate) fn number(&self, key: &str) -> Read<i64> {
        self.read(key, "a whole number", |text| text.parse().ok())
    }

    /// `true` or `false`; false when it is not said.
    pub(crate) fn truth(&self, key: &str) -> Result<bool, Problem> {
        Ok(self.read(key, "true or false", |text| text.parse().ok())?.unwrap_or(false))
    }

    /// A rate in basis points.
    pub(crate) fn rate(&self, key: &str) -> Read<BasisPoints> {
        self.read(key, "a rate in basis points, 0 to 10000", |text| BasisPoints::new(text.parse().ok()?))
    }

    /// A span such as `14d` or `1h30m`.
    pub(crate) fn span(&self, key: &str) -> Read<Span> {
        self.read(key, "a span such as 90s or 1h30m", parse_span)
    }

    /// A time so long before the line.
    pub(crate) fn before(&self, key: &str) -> Read<EventTime> {
        Ok(self.span(key)?.map(|span| self.at.minus(span)))
    }

    /// A time from the beginning of the case.
    pub(crate) fn time(&self, key: &str) -> Read<EventTime> {
        Ok(self.span(key)?.map(|span| epoch().plus(span)))
    }

    /// An address on the network.
    pub(crate) fn ip(&self, key: &str) -> Read<std::net::IpAddr> {
        self.read(key, "an address such as 192.0.2.7", |text| text.parse().ok())
    }

    /// A currency; US dollars when it is not said.
    pub(crate) fn currency(&self) -> Result<Option<Currency>, Problem> {
        self.read("currency", "an ISO 4217 currency", Currency::new)
    }

    /// A decimal amount in that currency.
    pub(crate) fn amount(&self, key: &str, currency: Currency) -> Read<Minor> {
        let wanted = format!("an amount in {currency}");
        self.read(key, &wanted, |text| parse_amount(text, currency))
    }

    /// One of the names of a choice.
    pub(crate) fn choice<T: Copy>(&self, key: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Read<T> {
        let names: Vec<&str> = all.iter().map(|one| name(*one)).collect();
        let wanted = format!("one of {}", names.join(", "));
        self.read(key, &wanted, |text| all.iter().copied().find(|one| name(*one) == text))
    }

    /// A value that the kind cannot do without.
    pub(crate) fn required<T>(&self, key: &str, found: Option<T>) -> Result<T, Problem> {
        let missing = || self.problem(format!("`{key}` is missing"), format!("add `{key}=…`"));
        found.ok_or_else(missing)
    }

    /// The producer's own fields: `attr.NAME=value`.
    pub(crate) fn attributes(&self) -> Vec<(Text, &Word)> {
        let own = self.pairs.iter().filter_map(|(key, (_, value))| Some((key.strip_prefix("attr.")?, value)));
        let own: Vec<_> = own.map(|(name, value)| (Text::new(name), value)).collect();
        own.iter().for_each(|(name, _)| self.asked.borrow_mut().push(format!("attr.{name}")));
        own
    }

    /// Complains about the first key that nobody asked for.
    pub(crate) fn finish(&self) -> Result<(), Problem> {
        let asked = self.asked.borrow();
        let mut unknown = self.pairs.values().filter(|(key, _)| !asked.contains(&key.text));
        let Some((key, _)) = unknown.next() else { return Ok(()) };
        let nearest = asked.iter().min_by_key(|known| strsim::osa_distance(known, &key.text));
        let help = match nearest {
            Some(known) if strsim::osa_distance(known, &key.text) <= 2 => format!("did you mean `{known}`?"),
            _ => format!("known are {}", asked.join(", ")),
        };
        Err(key.problem_with_help(format!("there is no `{}` here", key.text), help))
    }
}

/// A decimal amount that is not negative.
pub(crate) fn parse_amount(text: &str, currency: Currency) -> Option<Minor> {
    Money::parse(text, currency).map(|money| money.minor).filter(|minor| minor.0 >= 0)
}
