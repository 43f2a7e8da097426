//! The codecs of times and lengths of time.

use serde::Deserializer;
use serde_json::{Value, json};

use model::refusal::Code;
use model::{EventTime, Span};

use super::codec::{Codec, read_text, read_whole, write_json};
use super::context::{Context, Problem};

/// A time: milliseconds since the epoch, from 2000 to 2200.
pub(crate) struct Time;

impl Codec for Time {
    type Value = EventTime;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<EventTime, D::Error> {
        read_whole(from, context, "a time: a whole number of milliseconds since 1970-01-01 UTC", time)
    }

    fn write(value: &EventTime, out: &mut Vec<u8>) {
        write_json(&value.as_ms(), out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": EventTime::MIN.as_ms(), "maximum": EventTime::MAX.as_ms()})
    }
}

/// A date that follows from an event, as verdicts state it: it may be later than an event may be.
pub(crate) struct FollowingTime;

impl Codec for FollowingTime {
    type Value = EventTime;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<EventTime, D::Error> {
        read_whole(from, context, "a time: a whole number of milliseconds since 1970-01-01 UTC", |number| {
            let time = i64::try_from(number).ok().and_then(EventTime::following_from_ms);
            time.map_or_else(|| self::time(number), Ok)
        })
    }

    fn write(value: &EventTime, out: &mut Vec<u8>) {
        write_json(&value.as_ms(), out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": EventTime::MIN.as_ms(), "maximum": EventTime::LATEST.as_ms()})
    }
}

fn time(number: i128) -> Result<EventTime, Problem> {
    if let Some(time) = i64::try_from(number).ok().and_then(EventTime::from_ms) {
        return Ok(time);
    }
    let is_time = |ms: i128| i64::try_from(ms).ok().and_then(EventTime::from_ms).is_some();
    if number < i128::from(EventTime::MIN.as_ms()) {
        let hint = if is_time(number * 1000) { " (are these seconds? multiply by 1000)" } else { "" };
        let detail = format!("{number} ms is before the year 2000; times are milliseconds since 1970{hint}");
        return Err(Problem::new(Code::TimeAncient, detail));
    }
    let hint = match () {
        () if is_time(number / 1000) => " (are these microseconds? divide by 1,000)",
        () if is_time(number / 1_000_000) => " (are these nanoseconds? divide by 1,000,000)",
        () => "",
    };
    let detail = format!("{number} ms is after the year 2200; times are milliseconds since 1970{hint}");
    Err(Problem::new(Code::TimeRange, detail))
}

/// A length of time as text, from `MIN_S` to `MAX_S` seconds: `90s`, `10m`, `24h`, `7d`.
pub(crate) struct Length<const MIN_S: i64, const MAX_S: i64>;

impl<const MIN_S: i64, const MAX_S: i64> Codec for Length<MIN_S, MAX_S> {
    type Value = Span;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Span, D::Error> {
        read_text(from, context, "a length of time: a string such as \"7d\" or \"36h\"", |text| {
            let (min, max) = (Span::from_secs(MIN_S), Span::from_secs(MAX_S));
            let span = Span::parse(text).ok_or_else(|| {
                let detail = format!("`{text}` is not a length of time; write a whole number and one of ms, s, m, h, d, such as 7d");
                Problem::new(Code::FieldValue, detail)
            })?;
            if (min..=max).contains(&span) {
                Ok(span)
            } else {
                Err(Problem::new(Code::FieldValue, format!("{span} is not within {min} to {max}")))
            }
        })
    }

    fn write(value: &Span, out: &mut Vec<u8>) {
        write_json(&value.to_string(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$"})
    }
}
