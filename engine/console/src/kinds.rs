//! The kinds that a record names, when it could not be decoded. It is kept as a dead letter, and a dead letter may
//! be sent again when a later version can read it: so it, too, may only name kinds that its poster may post.

use model::Kind;

use crate::fields;

/// All that it names, as far as it can be read: a field given twice is read twice.
pub(crate) fn named(raw: &[u8]) -> Vec<Kind> {
    let mut kinds = Vec::new();
    fields::read(
        raw,
        |name| name == "kind",
        |_, value| kinds.extend(value.as_str().and_then(Kind::from_name)),
    );
    kinds
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
