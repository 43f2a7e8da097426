//! What a record says it is: its kind, its event and what the event is about, as far as its bytes can be read. What is
//! sent in place of a dead letter is the same thing, mended; anything else would be told as what it became.

use model::{Kind, refusal};
use runtime::books::DeadLetterView;
use std::collections::BTreeMap;
use std::fmt;

use crate::fields;

/// A field by which a record is another one than the dead letter that it is sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    /// The field.
    pub field: &'static str,
    /// What it says in the dead letter.
    pub letter: String,
    /// What it says in the record.
    pub record: String,
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stranger { field, letter, record } = self;
        write!(f, "its `{field}` is `{record}`, and that of the dead letter is `{letter}`")
    }
}

/// Whether a record is another one than the dead letter, and by what. What cannot be read of the dead letter, or was
/// refused for being wrong, may be anything in what is sent for it.
pub fn stranger(letter: &DeadLetterView, record: &[u8]) -> Option<Stranger> {
    let dead = Letterhead::read(letter.raw.as_deref().unwrap_or_default().as_bytes());
    let mended = Letterhead::read(record);
    let fields = ["kind", "event_id"].into_iter().chain(mended.kind().and_then(own_id));
    fields.filter(|field| !is_at_fault(letter, field)).find_map(|field| {
        let (letter, record) = (dead.said(field)?, mended.said(field)?);
        (letter != record).then(|| Stranger { field, letter: letter.into(), record: record.into() })
    })
}

/// Where a key stands for something else already, all that it is made of may be wrong.
fn is_at_fault(letter: &DeadLetterView, field: &str) -> bool {
    let is_taken = letter.code == refusal::Code::KeyConflict.name();
    letter.pointer.strip_prefix('/') == Some(field) || (is_taken && field != "kind")
}

/// The field that names what an event of a kind is about; a feed's mark is about nothing else.
const fn own_id(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Plan => Some("plan_id"),
        Kind::Creator => Some("creator_id"),
        Kind::Click => Some("click_id"),
        Kind::Order | Kind::OrderStatus => Some("order_id"),
        Kind::Refund => Some("refund_id"),
        Kind::PayoutRun => Some("run_id"),
        Kind::Review => Some("review_id"),
        Kind::Obligation => Some("obligation_id"),
        Kind::FeedMark => None,
    }
}

/// The texts by which a record says what it is. One that is given twice says nothing.
#[derive(Default)]
struct Letterhead(BTreeMap<String, Option<String>>);

impl Letterhead {
    fn read(raw: &[u8]) -> Letterhead {
        let mut head = Letterhead::default();
        fields::read(raw, Letterhead::is_part, |name, value| {
            let said = value.as_str().map(str::to_owned);
            head.0.entry(name).and_modify(|before| *before = None).or_insert(said);
        });
        head
    }

    fn said(&self, field: &str) -> Option<&str> {
        let said = self.0.get(field)?.as_deref()?;
        (field != "kind" || Kind::from_name(said).is_some()).then_some(said)
    }

    fn kind(&self) -> Option<Kind> {
        self.said("kind").and_then(Kind::from_name)
    }

    fn is_part(name: &str) -> bool {
        let ids = || Kind::ALL.into_iter().filter_map(own_id);
        name == "kind" || name == "event_id" || ids().any(|id| id == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime::books::DeadLetterState;

    fn letter(raw: &str, code: refusal::Code, pointer: &str) -> DeadLetterView {
        DeadLetterView {
            number: 1,
            position: 1,
            received_at: None,
            refused_at_position: 1,
            refused_at: None,
            code: code.name().into(),
            pointer: pointer.into(),
            detail: String::new(),
            attempts: 0,
            state: DeadLetterState::Open,
            ended_at: None,
            ended_by: None,
            became_position: None,
            note: None,
            raw: Some(raw.into()),
            raw_base64: None,
        }
    }

    const ORDER: &str = r#"{"event_id":"e1","kind":"order","order_id":"o1","lines":[]}"#;

    fn field(raw: &str, code: refusal::Code, pointer: &str) -> Option<&'static str> {
        stranger(&letter(raw, code, pointer), ORDER.as_bytes()).map(|stranger| stranger.field)
    }

    #[test]
    fn a_record_of_another_kind_event_or_order_is_a_stranger() {
        let wrong = refusal::Code::FieldValue;
        for (raw, by) in [
            (r#"{"event_id":"e1","kind":"order","order_id":"o1"}"#, None),
            (r#"{"event_id":"e1","kind":"refund","order_id":"o1"}"#, Some("kind")),
            (r#"{"event_id":"e2","kind":"order","order_id":"o1"}"#, Some("event_id")),
            (r#"{"event_id":"e1","kind":"order","order_id":"o2"}"#, Some("order_id")),
            (r#"{"order_id":"o2","kind":"order","lines":[}"#, Some("order_id")),
        ] {
            assert_eq!(field(raw, wrong, "/lines"), by, "{raw}");
        }
    }

    #[test]
    fn what_cannot_be_read_may_have_been_anything() {
        for raw in [
            "",
            "order;1;2",
            r#"{"event_id":"#,
            r#"{"event_id":7,"kind":"ordre","order_id":null}"#,
            r#"{"event_id":"e2","event_id":"e3"}"#,
        ] {
            assert_eq!(field(raw, refusal::Code::JsonSyntax, ""), None, "{raw}");
        }
        let bytes = DeadLetterView { raw: None, ..letter("", refusal::Code::JsonUtf8, "") };
        assert_eq!(stranger(&bytes, ORDER.as_bytes()), None);
    }

    #[test]
    fn what_was_refused_may_be_mended() {
        let wrong = r#"{"event_id":"e2","kind":"order","order_id":"o1"}"#;
        assert_eq!(field(wrong, refusal::Code::FieldValue, "/event_id"), None);
        let taken = r#"{"event_id":"e2","kind":"order","order_id":"o2"}"#;
        assert_eq!(field(taken, refusal::Code::KeyConflict, "/order_id"), None);
        let other = r#"{"event_id":"e2","kind":"click","order_id":"o2"}"#;
        assert_eq!(field(other, refusal::Code::KeyConflict, "/order_id"), Some("kind"));
    }
}
