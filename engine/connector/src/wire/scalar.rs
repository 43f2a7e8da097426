//! The codecs of other single values: texts, digests, numbers, truth values, addresses.

use std::marker::PhantomData;
use std::net::IpAddr;

use serde::Deserializer;
use serde_json::{Value, json};

use model::Text;
use model::limit::TEXT_BYTES_MAX;
use model::refusal::Code;

use super::codec::{Codec, read_text, read_whole, write_json};
use super::context::{Context, Problem};

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
            is_hex(text, 64)
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

/// Whether the text is so many hexadecimal digits.
pub(super) fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_hexdigit())
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
