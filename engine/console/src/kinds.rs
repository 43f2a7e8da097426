//! The kinds that a record names, when it could not be decoded. It is kept as a dead letter, and a dead letter may
//! be sent again when a later version can read it: so it, too, may only name kinds that its poster may post.

use model::Kind;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use std::fmt;

/// All that it names, as far as it can be read: a field given twice is read twice.
pub(crate) fn named(raw: &[u8]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut json = serde_json::Deserializer::from_slice(raw);
    // What is wrong with it has been said by the decoder.
    drop(Named(&mut kinds).deserialize(&mut json));
    kinds
}

struct Named<'k>(&'k mut Vec<Kind>);

impl<'de> DeserializeSeed<'de> for Named<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Named<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(name) = fields.next_key::<String>()? {
            if name == "kind" {
                let value: Value = fields.next_value()?;
                self.0.extend(value.as_str().and_then(Kind::from_name));
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_however_it_is_hidden() {
        assert_eq!(named(br#"{"kind":"review","decision":7}"#), [Kind::Review]);
        assert_eq!(named(br#"{"kind":"click","kind":"plan"}"#), [Kind::Click, Kind::Plan]);
        assert_eq!(named(br#"{"a":[{}],"\u006bind":"plan""#), [Kind::Plan]);
        assert_eq!(named(br#"{"kind":{"kind":"plan"},"kind":"order"}"#), [Kind::Order]);
        assert_eq!(named(b"[1]"), []);
        assert_eq!(named(b"{\"kind\":\"pl\xffan\"}"), []);
    }
}
