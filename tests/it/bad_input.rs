//! No bytes can stop the stream: each bad record is one dead letter, with a stable code, a pointer and its bytes.

use model::log::{Control, Genesis, RecordBody};
use model::refusal::{Code, Refusal};
use model::{Position, Record};
use serde_json::{Value, json};

use crate::engine;

const NOON_MS: i64 = 1_767_268_800_000;

/// Decodes a line as a source would: what is no event keeps its place in the log.
fn record(position: u64, raw: &[u8]) -> Record {
    let body = match connector::wire::decode(raw) {
        Ok(decoded) => RecordBody::Event(Box::new(decoded.event)),
        Err(refusal) => RecordBody::Undecodable(refusal),
    };
    Record { position: Position(position), stamp: None, raw: bytes::Bytes::copy_from_slice(raw), body }
}

fn order(id: &str, at_ms: i64) -> Value {
    json!({
        "event_id": format!("e-{id}"), "kind": "order", "occurred_at": at_ms, "order_id": id, "currency": "USD",
        "lines": [{"line_id": "1", "product_id": "p1", "quantity": 1, "paid": 10_000,
                   "declared": {"creator_id": "maria", "rate_bp": 1000}}],
    })
}

fn refund(id: &str, of: &str, amount: i64, currency: &str) -> Value {
    json!({
        "event_id": format!("e-{id}"), "kind": "refund", "occurred_at": NOON_MS + 1000, "refund_id": id,
        "order_id": of, "state": "completed", "currency": currency, "amount": amount,
    })
}

fn with(mut event: Value, pointer: &str, value: Value) -> Vec<u8> {
    *event.pointer_mut(pointer).unwrap() = value;
    event.to_string().into_bytes()
}

/// Decides good, bad, good; the bad record must be the one dead letter, and the good ones must be decided.
fn refused(bad: &[u8]) -> (Refusal, Vec<u8>) {
    let ruleset = engine::shipped();
    let genesis = Genesis::standard(ruleset.hash().into());
    let first = RecordBody::Control(Control::Genesis(Box::new(genesis)));
    let mut records =
        vec![Record { position: Position(0), stamp: None, raw: bytes::Bytes::new(), body: first }];
    records.push(record(1, order("o1", NOON_MS).to_string().as_bytes()));
    records.push(record(2, bad));
    records.push(record(3, order("o2", NOON_MS + 2000).to_string().as_bytes()));
    let mut effects = decider::Effects::default();
    engine::decider(&ruleset).decide(&records, &mut effects);
    let decided: Vec<&str> =
        effects.verdicts.iter().filter_map(|v| v.order_id.as_ref()).map(|o| o.as_str()).collect();
    assert!(decided.contains(&"o1") && decided.contains(&"o2"), "the stream goes on");
    assert_eq!(effects.dead_letters.len(), 1, "{:?}", effects.dead_letters);
    let dead = effects.dead_letters.remove(0);
    assert_eq!(dead.position, Position(2));
    (dead.refusal, dead.raw.to_vec())
}

#[test]
fn each_bad_record_is_a_dead_letter_with_its_code_its_place_and_its_bytes() {
    let line = |field: &str, value: Value| with(order("x", NOON_MS), &format!("/lines/0/{field}"), value);
    let cases: Vec<(&str, Vec<u8>, Code, &str)> = vec![
        ("malformed JSON", b"{\"kind\": \"order\", ".to_vec(), Code::JsonSyntax, ""),
        ("not JSON at all", b"order;1;2".to_vec(), Code::JsonSyntax, ""),
        ("invalid UTF-8", b"{\"kind\": \"ord\xffer\"}".to_vec(), Code::JsonUtf8, ""),
        ("an unknown kind", with(order("x", NOON_MS), "/kind", json!("ordre")), Code::KindUnknown, "/kind"),
        ("a wrong type", line("quantity", json!("three")), Code::FieldType, "/lines/0/quantity"),
        ("a negative amount", line("paid", json!(-1)), Code::AmountNegative, "/lines/0/paid"),
        ("an enormous amount", line("paid", json!(i64::MAX)), Code::AmountTooLarge, "/lines/0/paid"),
        (
            "an unknown currency",
            with(order("x", NOON_MS), "/currency", json!("XXQ")),
            Code::CurrencyUnknown,
            "/currency",
        ),
        (
            "a time before 2000",
            with(order("x", NOON_MS), "/occurred_at", json!(0)),
            Code::TimeAncient,
            "/occurred_at",
        ),
        ("an oversized payload", line("product_id", json!("p".repeat(1 << 21))), Code::TooLarge, ""),
        (
            "another order of the same id",
            with(order("o1", NOON_MS), "/lines/0/paid", json!(5)),
            Code::KeyConflict,
            "/order_id",
        ),
        (
            "a refund in another currency",
            refund("r", "o1", 5, "EUR").to_string().into_bytes(),
            Code::CurrencyMismatch,
            "/currency",
        ),
    ];
    for (what, bytes, code, pointer) in cases {
        let (refusal, raw) = refused(&bytes);
        assert_eq!((refusal.code, refusal.pointer.as_str()), (code, pointer), "{what}: {refusal:?}");
        assert_eq!(raw, bytes, "{what}: the original bytes are kept");
        assert!(!refusal.detail.is_empty(), "{what}: says what is wrong");
    }
}

#[test]
fn lines_that_sum_to_more_than_an_order_may_be_are_refused() {
    let mut event = order("x", NOON_MS);
    let line = |id: &str| json!({"line_id": id, "product_id": "p", "quantity": 1, "paid": model::limit::AMOUNT_MINOR_MAX});
    event["lines"] = json!([line("1"), line("2")]);
    let (refusal, _) = refused(event.to_string().as_bytes());
    assert_eq!((refusal.code, refusal.pointer.as_str()), (Code::AmountTooLarge, "/lines"));
}

#[test]
fn a_verdict_about_the_latest_possible_order_reads_back() {
    let ruleset = engine::shipped();
    let latest = order("last", model::EventTime::MAX.as_ms()).to_string();
    let mut effects = decider::Effects::default();
    engine::decider(&ruleset).decide(&[record(1, latest.as_bytes())], &mut effects);
    assert!(effects.verdicts[0].due > Some(model::EventTime::MAX));
    for verdict in &effects.verdicts {
        let mut line = Vec::new();
        connector::wire::write_verdict(verdict, &mut line);
        assert_eq!(connector::wire::read_verdict(&line).as_ref(), Ok(verdict));
    }
}

#[test]
fn a_future_event_is_refused_against_its_own_stamp() {
    let mut future = record(2, order("x", NOON_MS + 3_600_000).to_string().as_bytes());
    future.stamp = model::EventTime::from_ms(NOON_MS);
    let ruleset = engine::shipped();
    let mut effects = decider::Effects::default();
    engine::decider(&ruleset)
        .decide(&[record(1, order("o1", NOON_MS).to_string().as_bytes()), future], &mut effects);
    let codes: Vec<Code> = effects.dead_letters.iter().map(|d| d.refusal.code).collect();
    assert_eq!(codes, [Code::TimeFuture]);
}

#[test]
fn a_refund_of_an_order_that_never_comes_is_a_dead_letter_after_a_week() {
    let bytes = refund("r", "ghost", 5, "USD").to_string().into_bytes();
    let later = |days: i64, id: &str| order(id, NOON_MS + days * 86_400_000).to_string().into_bytes();
    let records = [record(1, &bytes), record(2, &later(6, "o6")), record(3, &later(8, "o8"))];
    let ruleset = engine::shipped();
    let mut decider = engine::decider(&ruleset);
    let mut effects = decider::Effects::default();
    decider.decide(&records[..2], &mut effects);
    assert_eq!(effects.dead_letters, []);
    decider.decide(&records[2..], &mut effects);
    let dead = &effects.dead_letters[0];
    assert_eq!(
        (dead.refusal.code, dead.position, dead.refused_at),
        (Code::OrderUnknown, Position(1), Position(3))
    );
    assert_eq!(dead.raw.as_ref(), bytes);
}
