//! The fields of a record that could not be decoded, or need not be: those that are asked for, as far as its bytes can be
//! read. A field that is given twice is read twice.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// Hands on every field of an object that is `wanted`, in order, until the end or a fault.
pub(crate) fn read(raw: &[u8], wanted: impl Fn(&str) -> bool, each: impl FnMut(String, Value)) {
    let mut json = serde_json::Deserializer::from_slice(raw);
    // What is wrong with it is for the decoder to say; what comes before a fault counts all the same.
    drop(Reading { wanted, each }.deserialize(&mut json));
}

struct Reading<W, E> {
    wanted: W,
    each: E,
}

impl<'de, W: Fn(&str) -> bool, E: FnMut(String, Value)> DeserializeSeed<'de> for Reading<W, E> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, W: Fn(&str) -> bool, E: FnMut(String, Value)> Visitor<'de> for Reading<W, E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if (self.wanted)(&name) {
                let value = fields.next_value()?;
                (self.each)(name, value);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}
