//! Dead letters: sent again, mended, closed.

use hyper::Method;
use serde_json::{Value, json};

use crate::client::Asked;
use crate::given::Mood;
use crate::world::{World, example};

/// As a producer, about a dead letter: `1/replay`.
pub(crate) fn posting(what: &str, body: &Value) -> Asked {
    Asked::new(Method::POST, &format!("/v1/dead-letters/{what}"))
        .token("tg_producer")
        .header("content-type", "application/json")
        .body(body.to_string())
}

/// An order in place of dead letter 3, which is a review.
pub(crate) fn of_another_kind() -> Asked {
    let order: Value = serde_json::from_str(&example("order")).unwrap();
    Asked::new(Method::POST, "/v1/dead-letters/3/replay")
        .token("tg_producer-risk")
        .header("content-type", "application/json")
        .body(json!({ "record": order }).to_string())
}

fn submitted(world: &World) -> Vec<String> {
    let submitted = world.lane.submitted.lock().unwrap();
    submitted.iter().flatten().map(|one| String::from_utf8(one.raw.to_vec()).unwrap()).collect()
}

#[test]
fn a_dead_letter_is_sent_again_as_it_was_or_mended() {
    let world = World::new();
    let sent = world.send(posting("1/replay", &json!({}))).json();
    assert_eq!((&sent["outcome"], &sent["position"]), (&json!("replayed"), &json!(10)), "{sent}");
    let order: Value = serde_json::from_str(&example("order")).unwrap();
    let sent = world.send(posting("1/replay", &json!({ "record": order }))).json();
    assert_eq!((&sent["outcome"], &sent["attempts"]), (&json!("mended"), &json!(1)), "{sent}");
    assert_eq!(submitted(&world), ["{}".to_owned(), order.to_string()]);
}

#[test]
fn without_a_body_a_dead_letter_is_sent_again_as_it_was() {
    let world = World::new();
    let sent = world.send(Asked::new(Method::POST, "/v1/dead-letters/1/replay").token("tg_producer"));
    assert_eq!((sent.status, &sent.json()["outcome"]), (200, &json!("replayed")), "{sent:?}");
    assert_eq!(submitted(&world), ["{}"]);
    let close = Asked::new(Method::POST, "/v1/dead-letters/1/close").token("tg_producer");
    assert_eq!(world.send(close).status, 415, "a reason is needed");
}

#[test]
fn a_record_of_another_kind_than_the_dead_letter_is_not_sent_in_its_place() {
    let world = World::new();
    let refused = world.send(of_another_kind());
    assert_eq!((refused.status, refused.code().as_str()), (422, "record.other"));
    let problem = refused.json();
    assert_eq!(problem["pointer"], "/record/kind");
    assert_eq!(problem["detail"], "its `kind` is `order`, and that of the dead letter is `review`");
    assert_eq!(world.taken(), 0);
}

#[test]
fn a_mended_record_that_is_still_wrong_is_not_sent_and_says_where() {
    let world = World::new();
    let mut order: Value = serde_json::from_str(&example("order")).unwrap();
    order["lines"][0]["paid"] = json!(-1);
    let refused = world.send(posting("1/replay", &json!({ "record": order })));
    assert_eq!((refused.status, refused.code().as_str()), (422, "record.refused"));
    let problem = refused.json();
    assert_eq!(
        (&problem["refusal"], &problem["pointer"]),
        (&json!("amount.negative"), &json!("/record/lines/0/paid"))
    );
    assert_eq!(world.taken(), 0);
}

#[test]
fn nobody_deals_with_what_they_may_not_post() {
    let world = World::new();
    let review: Value = serde_json::from_str(&example("review")).unwrap();
    for (what, body) in [
        ("3/replay", json!({})),
        ("3/close", json!({ "note": "a probe" })),
        ("1/replay", json!({ "record": review })),
    ] {
        let answer = world.send(posting(what, &body));
        assert_eq!((answer.status, answer.code().as_str()), (403, "auth.kind"), "{what}");
    }
    // It names no kind: whoever may post one of them only did perhaps not send it.
    let close = |number: u64, token: &str| {
        Asked::new(Method::POST, &format!("/v1/dead-letters/{number}/close"))
            .token(token)
            .header("content-type", "application/json")
            .body(r#"{"note":"a probe"}"#)
    };
    assert_eq!(world.send(close(1, "tg_order")).code(), "auth.kind");
    assert_eq!(world.taken(), 0);
    assert_eq!(world.send(close(3, "tg_risk")).status, 200);
}

#[test]
fn what_is_not_decided_in_time_is_said_not_to_be() {
    let limits = console::Limits { durable_wait: std::time::Duration::from_millis(50), ..Default::default() };
    let answer = World::with(limits).mood(Mood::Undecided).send(posting("1/replay", &json!({})));
    assert_eq!((answer.status, answer.code().as_str()), (503, "lane.slow"));
    assert!(answer.text().contains("not decided"), "{answer:?}");
}

#[test]
fn a_body_of_another_shape_is_refused_with_its_place() {
    let world = World::new();
    for (what, body) in
        [("1/replay", json!([])), ("1/replay", json!({ "recrod": {} })), ("1/close", json!({}))]
    {
        let answer = world.send(posting(what, &body));
        assert_eq!((answer.status, answer.code().as_str()), (400, "body.shape"), "{what} {body}");
        assert_eq!(answer.json()["pointer"], "");
        let detail = answer.json()["detail"].to_string();
        let member =
            if what == "1/close" { "send an object with `note`" } else { "send an object with `record`" };
        assert!(detail.contains(member) && !detail.contains("struct"), "{detail}");
    }
    let empty = world.send(posting("1/close", &json!({ "note": "" })));
    assert_eq!((empty.code().as_str(), &empty.json()["pointer"]), ("body.shape", &json!("/note")));
}
