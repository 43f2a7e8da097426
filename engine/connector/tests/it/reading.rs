//! Events in.

use connector::wire::{Trust, decode, decode_from, encode};
use model::event::{Attribute, Body};
use model::limit::{EVENT_BYTES_MAX, LIST_ENTRIES_MAX};
use model::refusal::Code;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::dice::Dice;

fn click() -> Value {
    json!({
        "event_id": "e1", "kind": "click", "occurred_at": 1_700_000_000_000_i64,
        "click_id": "c1", "creator_id": "mia", "buyer_id": "b1",
    })
}

fn order() -> Value {
    json!({
        "event_id": "e2", "kind": "order", "occurred_at": 1_700_000_000_000_i64, "order_id": "o1",
        "currency": "USD", "lines": [{"line_id": "1", "product_id": "p", "quantity": 1, "paid": 1250}],
    })
}

fn refund() -> Value {
    json!({
        "event_id": "e3", "kind": "refund", "occurred_at": 1_700_000_000_000_i64, "refund_id": "r1",
        "order_id": "o1", "state": "approved", "currency": "USD", "amount": 1250,
    })
}

fn review() -> Value {
    json!({
        "event_id": "e4", "kind": "review", "occurred_at": 1_700_000_000_000_i64, "review_id": "v1",
        "creator_id": "mia", "decision": "hold", "stage": "approval",
    })
}

fn with(mut event: Value, pointer: &str, value: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    event.pointer_mut(parent).unwrap()[name] = value;
    event
}

/// `code pointer: detail`
fn refused(bytes: &[u8]) -> String {
    match decode(bytes) {
        Err(refusal) => format!("{} {}: {}", refusal.code.name(), refusal.pointer, refusal.detail),
        Ok(decoded) => format!("accepted: {decoded:?}"),
    }
}

#[track_caller]
fn refuses(event: Value, expected: &str) {
    let refusal = refused(event.to_string().as_bytes());
    assert!(refusal.starts_with(expected), "\n  it is {refusal}\nand not {expected}");
}

#[track_caller]
fn accepts(event: &Value) -> model::Event {
    decode(event.to_string().as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}")).event
}

#[test]
fn what_is_written_is_read_as_it_was() {
    for seed in 0..5_000 {
        let event = Dice(seed).event();
        let bytes = encode(&event);
        let text = String::from_utf8_lossy(&bytes);
        let decoded =
            decode_from(&bytes, Trust::Log).unwrap_or_else(|r| panic!("seed {seed}: {r:?}\n{text}"));
        assert_eq!(decoded.event, event, "seed {seed}: {text}");
        assert_eq!(decoded.unknown_fields, 0, "seed {seed}: {text}");
        assert_eq!(encode(&decoded.event), bytes, "seed {seed}");
    }
}

#[test]
fn the_order_of_fields_does_not_matter() {
    for seed in 0..1_000 {
        let event = Dice(seed).event();
        let sorted: Value = serde_json::from_slice(&encode(&event)).unwrap();
        let mut reversed = String::from("{");
        for (name, value) in sorted.as_object().unwrap().iter().rev() {
            reversed += &format!("{}:{value},", json!(name));
        }
        reversed.pop();
        reversed.push('}');
        for text in [sorted.to_string(), reversed] {
            let decoded = decode_from(text.as_bytes(), Trust::Log)
                .unwrap_or_else(|r| panic!("seed {seed}: {r:?}\n{text}"));
            assert_eq!(decoded.event, event, "seed {seed}: {text}");
        }
    }
}

#[test]
fn unknown_fields_are_counted_and_tolerated_at_every_depth() {
    let event = with(with(order(), "/vip", json!([1, {"a": null}])), "/lines/0/colour", json!("red"));
    let decoded = decode(event.to_string().as_bytes()).unwrap();
    assert_eq!(decoded.unknown_fields, 2);
    assert_eq!(decoded.event, accepts(&order()));
}

#[test]
fn null_and_an_empty_text_say_no_more_than_leaving_the_field_out() {
    let plain = accepts(&click());
    assert_eq!(accepts(&with(click(), "/ip", Value::Null)), plain);
    assert_eq!(accepts(&with(click(), "/referrer_host", json!(""))), plain);
    assert_eq!(accepts(&with(click(), "/attributes", json!({"a": null}))), plain);
}

#[test]
fn attributes_keep_their_types() {
    let event = accepts(&with(click(), "/attributes", json!({"a": "x", "b": -7, "c": true, "d": ""})));
    let values: Vec<&Attribute> = event.attributes.values().collect();
    let text = |text: &str| Attribute::Text(text.into());
    assert_eq!(values, [&text("x"), &Attribute::Int(-7), &Attribute::Bool(true), &text("")]);
}

#[test]
fn bytes_that_are_no_json_document_are_refused() {
    let cases: &[(&[u8], &str)] = &[
        (b"", "json.syntax : not a JSON document: EOF while parsing a value"),
        (b"{", "json.syntax : not a JSON document: EOF"),
        (b"{\"kind\":\"click\"} {}", "field.missing /event_id"),
        (b"\xff{}", "json.utf8 : byte 1 of the record, 0xFF, is not UTF-8"),
        (b"[]", "field.type : sequence stands here, and it must be an object: one event"),
        (b"7", "field.type : integer `7` stands here"),
        (b"null", "field.type : null stands here"),
        (b"{\"kind\":\"click\",\"click_id\":\"\\ud800\"}", "json.syntax "),
        (b"{\"kind\":\"click\",\"occurred_at\":1e999}", "json.syntax "),
    ];
    for (bytes, expected) in cases {
        let refusal = refused(bytes);
        assert!(refusal.starts_with(expected), "{}: {refusal}", String::from_utf8_lossy(bytes));
    }
    let trailing = format!("{} {{}}", click());
    assert!(
        refused(trailing.as_bytes()).starts_with("json.syntax : not a JSON document: trailing characters")
    );
}

#[test]
fn depth_and_size_have_limits() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
    let unknown =
        with(click(), "/x", json!(0)).to_string().replace("\"x\":0", &format!("\"x\":{}", deep("[", "]")));
    assert!(decode(unknown.as_bytes()).is_ok() || refused(unknown.as_bytes()).starts_with("json.syntax"));
    assert!(refused(deep("[", "]").as_bytes()).starts_with("field.type"));
    assert!(refused(deep("{\"kind\":", "}").as_bytes()).starts_with("record.too_large"));
    let large = with(click(), "/x", json!("x".repeat(EVENT_BYTES_MAX)));
    refuses(large, "record.too_large : ");
}

#[test]
fn the_kind_is_named_and_known() {
    let mut event = click();
    event.as_object_mut().unwrap().remove("kind");
    refuses(event, "kind.unknown /kind: `kind` is missing; send one of plan, creator, click");
    refuses(with(click(), "/kind", json!("clik")), "kind.unknown /kind: `clik` is not one of");
    assert!(
        refused(with(click(), "/kind", json!("clik")).to_string().as_bytes())
            .ends_with("did you mean `click`?")
    );
    refuses(with(click(), "/kind", json!(7)), "field.type /kind: integer `7` stands here");
    refuses(with(click(), "/kind", json!("dispute")), "kind.unknown /kind: ");
}

#[test]
fn a_field_given_twice_is_refused() {
    let twice = click().to_string().replacen('{', "{\"buyer_id\":\"b2\",", 1);
    assert_eq!(refused(twice.as_bytes()), "field.value /buyer_id: `buyer_id` is given twice; send it once");
    let twice = click().to_string().replacen('{', "{\"attributes\":{\"a\":1,\"a\":2},", 1);
    assert_eq!(refused(twice.as_bytes()), "field.value /attributes/a: `a` is given twice; send it once");
}

#[test]
fn the_pointer_leads_to_what_is_wrong() {
    refuses(
        with(order(), "/lines/0/paid", json!("12")),
        "field.type /lines/0/paid: string \"12\" stands here, and it must be a whole number of minor units",
    );
    refuses(
        with(click(), "/attributes", json!({"a/b~c": 1.5})),
        "field.type /attributes/a~1b~0c: floating point `1.5` stands here",
    );
    refuses(
        with(order(), "/coupons", json!([{"code": "X", "amount": 1}, {"code": "Y"}])),
        "field.missing /coupons/1/amount: `amount` is required",
    );
    refuses(
        with(order(), "/lines/0/declared", json!({"creator_id": ""})),
        "field.value /lines/0/declared/creator_id: an id may not be empty",
    );
}

#[test]
fn ids_are_checked() {
    refuses(
        with(click(), "/click_id", json!("")),
        "field.value /click_id: an id may not be empty; leave the field out instead",
    );
    refuses(
        with(click(), "/click_id", json!("x".repeat(129))),
        "field.value /click_id: an id has at most 128 bytes",
    );
    refuses(
        with(click(), "/click_id", json!("a\nb")),
        "field.value /click_id: an id may not contain control characters",
    );
    refuses(with(click(), "/click_id", Value::Null), "field.missing /click_id: `click_id` is required");
    refuses(
        with(click(), "/country", json!("x".repeat(1_025))),
        "field.value /country: the text has 1025 bytes",
    );
}

#[test]
fn times_are_milliseconds_between_2000_and_2200() {
    let at = |time: Value| with(click(), "/occurred_at", time);
    refuses(
        at(json!(1_700_000_000)),
        "time.ancient /occurred_at: 1700000000 ms is before the year 2000; times are milliseconds since 1970 (are these seconds?",
    );
    refuses(at(json!(-1)), "time.ancient /occurred_at");
    refuses(
        at(json!(1_700_000_000_000_000_i64)),
        "time.range /occurred_at: 1700000000000000 ms is after the year 2200; times are milliseconds since 1970 (are these microseconds?",
    );
    refuses(at(json!(u64::MAX)), "time.range /occurred_at");
    refuses(
        at(json!("2024-01-01")),
        "field.type /occurred_at: string \"2024-01-01\" stands here, and it must be a time",
    );
    accepts(&at(json!(946_684_800_000_i64)));
    accepts(&at(json!(7_258_118_400_000_i64)));
}

#[test]
fn amounts_are_whole_positive_and_bounded() {
    let paid = |amount: Value| with(order(), "/lines/0/paid", amount);
    refuses(
        paid(json!(12.5)),
        "field.type /lines/0/paid: floating point `12.5` stands here, and it must be a whole number of minor units: 12.50 USD is 1250",
    );
    refuses(paid(json!(100.0)), "field.type /lines/0/paid");
    refuses(paid(json!(-1)), "amount.negative /lines/0/paid: -1 is negative");
    refuses(paid(json!(9_000_000_000_001_i64)), "amount.too_large /lines/0/paid");
    refuses(paid(json!(u64::MAX)), "amount.too_large /lines/0/paid");
    accepts(&paid(json!(9_000_000_000_000_i64)));
    accepts(&paid(json!(0)));
}

#[test]
fn a_currency_is_iso_4217_in_capitals() {
    refuses(
        with(order(), "/currency", json!("usd")),
        "currency.unknown /currency: currency `usd` is not an active ISO 4217 code; use capitals, such as USD",
    );
    refuses(
        with(order(), "/currency", json!("DEM")),
        "currency.unknown /currency: currency `DEM` is not an active",
    );
}

#[test]
fn a_click_names_somebody() {
    let mut event = click();
    event.as_object_mut().unwrap().remove("buyer_id");
    refuses(event.clone(), "field.missing /buyer_id: a click needs at least one of");
    accepts(&with(event, "/session_id", json!("s")));
}

#[test]
fn an_order_has_lines_with_unique_names() {
    refuses(with(order(), "/lines", json!([])), "field.value /lines: the list has 0 entries");
    let line = order()["lines"][0].clone();
    refuses(
        with(order(), "/lines", json!([line, line])),
        "field.value /lines/1/line_id: `1` names an earlier entry",
    );
    refuses(
        with(order(), "/lines/0/quantity", json!(0)),
        "field.value /lines/0/quantity: 0 is not within 1 to",
    );
    refuses(
        with(order(), "/lines", json!(vec![line; 2_001])),
        "field.too_many /lines: the list has more than 2000",
    );
}

#[test]
fn lists_are_bounded() {
    let many =
        |count: usize| (0..count).map(|n| (format!("k{n}"), json!(n))).collect::<serde_json::Map<_, _>>();
    refuses(
        with(click(), "/attributes", many(65).into()),
        "field.too_many /attributes: there are more than 64 names",
    );
    accepts(&with(click(), "/attributes", many(64).into()));
    let coupon = json!({"code": "X", "amount": 0});
    refuses(with(order(), "/coupons", json!(vec![coupon; LIST_ENTRIES_MAX + 1])), "field.too_many /coupons");
}

#[test]
fn a_refund_is_of_an_order_or_of_what_matches() {
    let mut event = refund();
    event.as_object_mut().unwrap().remove("order_id");
    refuses(event.clone(), "field.missing /order_id: a refund needs `order_id`, or `match` keys");
    let key = json!({"buyer_id": "b", "sku": "s", "quantity": 1, "amount": 1250});
    let matched = with(event, "/match", json!([key]));
    accepts(&matched);
    refuses(
        with(matched.clone(), "/order_id", json!("o1")),
        "field.value /match: a refund names its order or gives",
    );
    refuses(
        with(matched.clone(), "/amount", json!(1)),
        "refund.sum_mismatch /amount: the amounts of `match` sum to 1250",
    );
    refuses(
        with(matched, "/lines", json!([{"line_id": "1", "amount": 1}])),
        "field.value /lines: `lines` name lines of an order",
    );
    refuses(
        with(refund(), "/lines", json!([{"line_id": "1", "amount": 1}])),
        "refund.sum_mismatch /amount: the amounts of `lines` sum to 1 and `amount` is 1250",
    );
}

#[test]
fn a_review_is_about_one_thing() {
    let mut event = review();
    event.as_object_mut().unwrap().remove("creator_id");
    refuses(event, "field.missing /commission_id: a review needs one of");
    refuses(
        with(review(), "/hold_id", json!("0".repeat(32))),
        "field.value /creator_id: a review is about one thing, and `hold_id` is given too",
    );
    refuses(
        with(review(), "/hold_id", json!("xyz")),
        "field.value /hold_id: `xyz` is not 32 hexadecimal digits",
    );
}

#[test]
fn a_producer_may_not_say_who_decided() {
    let bytes = with(review(), "/actor", json!("the boss")).to_string();
    let actor = |trust| {
        let decoded = decode_from(bytes.as_bytes(), trust).unwrap();
        let Body::Review(review) = decoded.event.body else { panic!("not a review") };
        (review.actor, decoded.unknown_fields)
    };
    assert_eq!(actor(Trust::Producer), (None, 1));
    assert_eq!(actor(Trust::Log), (Some("the boss".into()), 0));
}

#[test]
fn lengths_of_time_are_text_within_their_range() {
    let plan = |window: &str| {
        json!({
            "event_id": "e", "kind": "plan", "occurred_at": 1_700_000_000_000_i64, "plan_id": "p", "version": 1,
            "rate_bp": 1000, "valid_from_at": 1_700_000_000_000_i64, "attribution_window": window,
        })
    };
    accepts(&plan("7d"));
    accepts(&plan("36h"));
    refuses(plan("1h"), "field.value /attribution_window: 1h is not within 1d to 30d");
    refuses(plan("31d"), "field.value /attribution_window: 31d is not within 1d to 30d");
    refuses(plan("a week"), "field.value /attribution_window: `a week` is not a length of time");
    refuses(
        with(plan("7d"), "/rate_bp", json!(10_001)),
        "field.value /rate_bp: 10001 is not within 0 to 10000 basis points",
    );
    refuses(with(plan("7d"), "/valid_to_at", json!(1_700_000_000_000_i64)), "field.value /valid_to_at: ");
}

#[test]
fn a_feed_mark_names_its_source() {
    let mark = json!({
        "event_id": "e", "kind": "feed_mark", "occurred_at": 1_700_000_000_000_i64,
        "kinds": ["refund"], "complete_through_at": 1_700_000_000_000_i64,
    });
    refuses(mark.clone(), "field.missing /source: `source` is required");
    accepts(&with(mark, "/source", json!("shop-a")));
}

#[test]
fn a_detail_is_never_longer_than_a_reason() {
    let refusal = decode(with(click(), "/ip", json!("é".repeat(10_000))).to_string().as_bytes()).unwrap_err();
    assert!(refusal.detail.len() <= 512, "{}", refusal.detail.len());
    let refusal =
        decode(with(click(), "/occurred_at", json!("é".repeat(10_000))).to_string().as_bytes()).unwrap_err();
    assert!(refusal.detail.len() <= 512, "{}", refusal.detail.len());
}

/// A valid event with a few bytes changed, cut or copied.
fn damaged(seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut bytes = encode(&dice.event());
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        match dice.below(5) {
            0 => bytes[at] = dice.roll() as u8,
            1 => bytes.truncate(at.max(1)),
            2 => bytes.insert(at, b"{}[]\",:0-.eE\\ut"[dice.below(15)]),
            3 => drop(bytes.remove(at)),
            _ => {
                let end = bytes.len().min(at + dice.below(20));
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
        if bytes.is_empty() {
            bytes.push(b'{');
        }
    }
    bytes
}

/// No bytes can stop the stream; what is accepted is written and read the same; what the schemas and we say agree.
fn decodes_or_refuses(bytes: &[u8]) -> Result<(), TestCaseError> {
    let is_document = std::str::from_utf8(bytes)
        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    match decode_from(bytes, Trust::Log) {
        Ok(decoded) => {
            prop_assert!(is_document);
            let again = decode_from(&encode(&decoded.event), Trust::Log).unwrap();
            prop_assert_eq!(again.event, decoded.event);
        }
        Err(refusal) => {
            prop_assert!(!refusal.detail.is_empty());
            prop_assert!(refusal.detail.len() <= 512);
            let points = serde_json::from_slice::<Value>(bytes).map_or(true, |value| {
                let parent = refusal.pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
                value.pointer(parent).is_some()
            });
            prop_assert!(points || refusal.code == Code::JsonSyntax, "{:?}", refusal);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        decodes_or_refuses(&bytes)?;
    }

    #[test]
    fn no_damage_makes_the_reader_panic(seed in any::<u64>()) {
        decodes_or_refuses(&damaged(seed))?;
    }
}
