//! The codecs of single values: ids, texts, times, money, numbers, choices.

use std::marker::PhantomData;
use std::net::IpAddr;

use serde::Deserializer;
use serde_json::{Value, json};

use model::limit::{AMOUNT_MINOR_MAX, ID_BYTES_MAX, TEXT_BYTES_MAX};
use model::refusal::Code;
use model::verdict::{CommissionId, HoldId, VerdictId};
use model::{
    AgencyId, BasisPoints, BuyerId, ClickId, CreatorId, Currency, EventId, EventTime, Fingerprint, IdError,
    LineId, Market, Minor, ObligationId, OrderId, PlanId, ProductId, ProgramId, RefundId, ReviewId, RuleId,
    RunId, ShopId, SourceId, Span, Text,
};

use super::codec::{Codec, read_text, read_whole, write_json};
use super::context::{Context, Problem};

/// An identifier of the model.
pub(crate) trait Identifier: Sized {
    fn parse(text: &str) -> Result<Self, IdError>;
    fn text(&self) -> &str;
}

macro_rules! identifiers {
    ($($name:ident)*) => {$(
        impl Identifier for $name {
            fn parse(text: &str) -> Result<Self, IdError> {
                $name::new(text)
            }

            fn text(&self) -> &str {
                self.as_str()
            }
        }
    )*};
}

identifiers! {
    EventId ClickId OrderId LineId RefundId CreatorId AgencyId BuyerId ShopId ProductId PlanId ReviewId RunId
    ObligationId ProgramId Market SourceId RuleId Fingerprint
}

/// An id: a string of 1 to 128 bytes without control characters.
pub(crate) struct Id<T>(PhantomData<T>);

impl<T: Identifier> Codec for Id<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<T, D::Error> {
        read_text(from, context, "an id: a string", |text| {
            T::parse(text).map_err(|error| Problem::new(Code::FieldValue, error.to_string()))
        })
    }

    fn write(value: &T, out: &mut Vec<u8>) {
        write_json(value.text(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 1, "maxLength": ID_BYTES_MAX, "pattern": r"^[^\u0000-\u001f\u007f]+$"})
    }
}

/// A text of at most 1,024 bytes. An empty one is the same as none.
pub(crate) struct Words;

impl Codec for Words {
    type Value = Text;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Text, D::Error> {
        read_text(from, context, "a text: a string", |text| bounded_text(text).map(Text::new))
    }

    fn write(value: &Text, out: &mut Vec<u8>) {
        write_json(value.as_str(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "maxLength": TEXT_BYTES_MAX})
    }

    fn is_absent(value: &Text) -> bool {
        value.is_empty()
    }
}

/// The text, if it is not too long.
pub(crate) fn bounded_text(text: &str) -> Result<&str, Problem> {
    if text.len() > TEXT_BYTES_MAX {
        let detail = format!("the text has {} bytes and may have {TEXT_BYTES_MAX}; shorten it", text.len());
        return Err(Problem::new(Code::FieldValue, detail));
    }
    Ok(text)
}

/// A SHA-256 digest: 64 hexadecimal digits.
pub(crate) struct Sha256Hex;

impl Codec for Sha256Hex {
    type Value = Text;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Text, D::Error> {
        read_text(from, context, "a SHA-256 digest: a string", |text| {
            let is_digest = text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
            is_digest
                .then(|| Text::new(text))
                .ok_or_else(|| Problem::new(Code::FieldValue, "a SHA-256 digest is 64 hexadecimal digits"))
        })
    }

    fn write(value: &Text, out: &mut Vec<u8>) {
        write_json(value.as_str(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Fa-f]{64}$"})
    }
}

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

/// An amount of money in minor units.
pub(crate) struct Amount;

impl Codec for Amount {
    type Value = Minor;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Minor, D::Error> {
        read_whole(from, context, "a whole number of minor units: 12.50 USD is 1250, 500 JPY is 500", amount)
    }

    fn write(value: &Minor, out: &mut Vec<u8>) {
        write_json(&value.0, out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": AMOUNT_MINOR_MAX})
    }
}

fn amount(number: i128) -> Result<Minor, Problem> {
    if number < 0 {
        let detail =
            format!("{number} is negative; amounts are never negative, money going back is a refund");
        return Err(Problem::new(Code::AmountNegative, detail));
    }
    i64::try_from(number).ok().filter(|minor| *minor <= AMOUNT_MINOR_MAX).map(Minor).ok_or_else(|| {
        let detail = format!("{number} is more than {AMOUNT_MINOR_MAX}, the largest amount in minor units");
        Problem::new(Code::AmountTooLarge, detail)
    })
}

/// A balance, which is written by the engine itself and has no other bound than its type.
pub(crate) struct Balance;

impl Codec for Balance {
    type Value = Minor;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Minor, D::Error> {
        Whole::<{ i64::MIN }, { i64::MAX }>::read(from, context).map(Minor)
    }

    fn write(value: &Minor, out: &mut Vec<u8>) {
        write_json(&value.0, out);
    }

    fn schema() -> Value {
        json!({"type": "integer"})
    }
}

/// An ISO 4217 currency.
pub(crate) struct CurrencyCode;

impl Codec for CurrencyCode {
    type Value = Currency;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Currency, D::Error> {
        read_text(from, context, "a currency: a string such as \"USD\"", |code| {
            Currency::new(code).ok_or_else(|| Problem::new(Code::CurrencyUnknown, unknown_currency(code)))
        })
    }

    fn write(value: &Currency, out: &mut Vec<u8>) {
        write_json(value.code(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Z]{3}$"})
    }
}

/// Says that a code is not a currency, and which one may be meant.
pub(crate) fn unknown_currency(code: &str) -> String {
    let capitals = code.trim().to_ascii_uppercase();
    match Currency::new(&capitals) {
        Some(meant) => {
            format!("currency `{code}` is not an active ISO 4217 code; use capitals, such as {meant}")
        }
        None => format!("currency `{code}` is not an active ISO 4217 code; use one, such as USD"),
    }
}

/// A whole number from `MIN` to `MAX`.
pub(crate) struct Whole<const MIN: i64, const MAX: i64>;

impl<const MIN: i64, const MAX: i64> Codec for Whole<MIN, MAX> {
    type Value = i64;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<i64, D::Error> {
        read_whole(from, context, "a whole number", |number| {
            i64::try_from(number).ok().filter(|n| (MIN..=MAX).contains(n)).ok_or_else(|| {
                Problem::new(Code::FieldValue, format!("{number} is not within {MIN} to {MAX}"))
            })
        })
    }

    fn write(value: &i64, out: &mut Vec<u8>) {
        write_json(value, out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": MIN, "maximum": MAX})
    }
}

/// A counter that starts at `MIN`, such as a revision.
pub(crate) struct Counter<T, const MIN: u32>(PhantomData<T>);

macro_rules! counters {
    ($($type:ty, $max:expr;)*) => {$(
        impl<const MIN: u32> Codec for Counter<$type, MIN> {
            type Value = $type;

            fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<$type, D::Error> {
                read_whole(from, context, "a whole number", |number| {
                    let within = number >= i128::from(MIN) && number <= i128::from($max);
                    <$type>::try_from(number).ok().filter(|_| within).ok_or_else(|| {
                        Problem::new(Code::FieldValue, format!("{number} is not within {MIN} to {}", $max))
                    })
                })
            }

            fn write(value: &$type, out: &mut Vec<u8>) {
                write_json(value, out);
            }

            fn schema() -> Value {
                json!({"type": "integer", "minimum": MIN, "maximum": $max})
            }
        }
    )*};
}

counters! {
    u32, u32::MAX;
    u64, i64::MAX;
}

/// A truth value.
pub(crate) struct Flag;

impl Codec for Flag {
    type Value = bool;

    fn read<'de, D: Deserializer<'de>>(from: D, _: &mut Context) -> Result<bool, D::Error> {
        serde::Deserialize::deserialize(from)
    }

    fn write(value: &bool, out: &mut Vec<u8>) {
        write_json(value, out);
    }

    fn schema() -> Value {
        json!({"type": "boolean"})
    }
}

/// A rate in basis points.
pub(crate) struct Rate;

impl Codec for Rate {
    type Value = BasisPoints;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<BasisPoints, D::Error> {
        read_whole(from, context, "a whole number of basis points: 1000 is 10 %", |number| {
            i64::try_from(number).ok().and_then(BasisPoints::new).ok_or_else(|| {
                let detail = format!("{number} is not within 0 to 10000 basis points; 1000 is 10 %");
                Problem::new(Code::FieldValue, detail)
            })
        })
    }

    fn write(value: &BasisPoints, out: &mut Vec<u8>) {
        write_json(&value.get(), out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": 10_000})
    }
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

/// An address of IPv4 or IPv6.
pub(crate) struct Ip;

impl Codec for Ip {
    type Value = IpAddr;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<IpAddr, D::Error> {
        read_text(from, context, "an IPv4 or IPv6 address: a string", |text| {
            text.parse().map_err(|_| {
                let detail = format!(
                    "`{text}` is not an IPv4 or IPv6 address such as 192.0.2.7; leave it out if unknown"
                );
                Problem::new(Code::FieldValue, detail)
            })
        })
    }

    fn write(value: &IpAddr, out: &mut Vec<u8>) {
        write_json(value, out);
    }

    fn schema() -> Value {
        json!({"type": "string", "minLength": 2, "maxLength": 45, "pattern": "^[0-9A-Fa-f.:]+$"})
    }
}

/// A 128-bit name that the engine makes.
pub(crate) trait Digest: Copy + std::fmt::Display {
    fn parse(hex: &str) -> Option<Self>;
}

macro_rules! digests {
    ($($name:ident)*) => {$(
        impl Digest for $name {
            fn parse(hex: &str) -> Option<$name> {
                $name::parse(hex)
            }
        }
    )*};
}

digests! { CommissionId HoldId VerdictId }

/// 32 hexadecimal digits.
pub(crate) struct Hex<T>(PhantomData<T>);

impl<T: Digest> Codec for Hex<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<T, D::Error> {
        read_text(from, context, "an id of the engine: a string of 32 hexadecimal digits", |text| {
            let digits = text.bytes().all(|b| b.is_ascii_hexdigit());
            T::parse(text).filter(|_| digits).ok_or_else(|| {
                let detail = format!("`{text}` is not 32 hexadecimal digits; copy the id from a verdict");
                Problem::new(Code::FieldValue, detail)
            })
        })
    }

    fn write(value: &T, out: &mut Vec<u8>) {
        write_json(&value.to_string(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Fa-f]{32}$"})
    }
}

/// A 64-bit key: 16 hexadecimal digits.
pub(crate) struct Key64;

impl Codec for Key64 {
    type Value = u64;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<u64, D::Error> {
        read_text(from, context, "a key: a string of 16 hexadecimal digits", |text| {
            let is_key = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
            u64::from_str_radix(text, 16).ok().filter(|_| is_key).ok_or_else(|| {
                Problem::new(Code::FieldValue, format!("`{text}` is not 16 hexadecimal digits"))
            })
        })
    }

    fn write(value: &u64, out: &mut Vec<u8>) {
        write_json(&format!("{value:016x}"), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[0-9A-Fa-f]{16}$"})
    }
}
