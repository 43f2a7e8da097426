//! Wire forms: JSON in and out, for every kind of event, for verdicts and for dead letters.
//!
//! A kind is one table of fields (`kind`), from which reader, writer and JSON Schema are made, so that they
//! cannot drift apart. Reading is a pure function of the bytes: it never panics, and what is refused comes with
//! a stable code, the JSON pointer of what is wrong and what would mend it.

mod choice;
pub(crate) mod codec;
pub(crate) mod context;
mod event;
mod id;
mod kind;
mod map;
mod money;
pub(crate) mod object;
mod output;
mod scalar;
mod time;

use model::refusal::Refusal;
use model::{Event, Kind};
use serde_json::Value;

pub use crate::log::{read_record, write_record};
pub use output::{read_dead_letter, read_verdict, write_dead_letter, write_verdict};

pub(crate) use choice::{Choice, Named};
pub(crate) use codec::Codec;
pub(crate) use context::{shortened, syntax};
pub(crate) use id::{Id, Key64};
pub(crate) use money::unknown_currency;
pub(crate) use object::{Fields, Obj, object, put};
pub(crate) use output::{
    DeadLetterLine, Place, RawBytes, RawText, RefusalFields, raw_from, raw_parts, read_line,
};
pub(crate) use scalar::{Counter, Words};
pub(crate) use time::{Length, Time};

/// Whose word the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// A producer's: it may not say who decided a review.
    Producer,
    /// The engine's own log, or a file that the operator gave.
    Log,
}

/// An event that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The event.
    pub event: Event,
    /// How many of its fields this version does not know; they were passed over.
    pub unknown_fields: u32,
}

/// Reads a producer's event. A review's `actor` is not taken from it: whoever received it says who posted it.
pub fn decode(raw: &[u8]) -> Result<Decoded, Refusal> {
    event::decode(raw, Trust::Producer)
}

/// Reads an event on somebody's word.
pub fn decode_from(raw: &[u8], trust: Trust) -> Result<Decoded, Refusal> {
    event::decode(raw, trust)
}

/// Writes an event as one JSON object in the one canonical form: reading it gives the same event.
pub fn encode(event: &Event) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    event::write(event, &mut out);
    out
}

/// As [`encode`], at the end of a buffer.
pub fn encode_into(event: &Event, out: &mut Vec<u8>) {
    event::write(event, out);
}

/// The JSON Schema of a kind, without title and id.
pub(crate) fn kind_schema(kind: Kind) -> Value {
    event::kind_schema(kind).schema
}

/// The names of a kind's fields, in the order in which they are written.
pub(crate) fn field_names(kind: Kind) -> Vec<&'static str> {
    event::kind_schema(kind).names
}
