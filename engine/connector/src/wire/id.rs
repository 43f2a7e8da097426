//! The codecs of names: those that producers give, and those that the engine makes.

use std::marker::PhantomData;

use serde::Deserializer;
use serde_json::{Value, json};

use model::limit::ID_BYTES_MAX;
use model::refusal::Code;
use model::verdict::{CommissionId, HoldId, VerdictId};
use model::{
    AgencyId, BuyerId, ClickId, CreatorId, EventId, Fingerprint, IdError, LineId, Market, ObligationId,
    OrderId, PlanId, ProductId, ProgramId, RefundId, ReviewId, RuleId, RunId, ShopId, SourceId,
};

use super::codec::{Codec, read_text, write_json};
use super::context::{Context, Problem};
use super::scalar::is_hex;

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
            T::parse(text).filter(|_| is_hex(text, 32)).ok_or_else(|| {
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
            u64::from_str_radix(text, 16).ok().filter(|_| is_hex(text, 16)).ok_or_else(|| {
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
