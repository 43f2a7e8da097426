//! `POST /v1/events`.

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use model::log::RecordBody;
use serde_json::json;
use std::io::Write;

use crate::client::Asked;
use crate::world::{World, example, posting};

const LINES: &str = "application/x-ndjson";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn raws(world: &World) -> Vec<Vec<String>> {
    let submitted = world.lane.submitted.lock().unwrap();
    let text = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    submitted.iter().map(|records| records.iter().map(|record| text(&record.raw)).collect()).collect()
}

#[test]
fn records_of_a_request_are_put_down_together_in_their_order() {
    let world = World::new();
    let (click, order) = (example("click"), example("order"));
    let answer = world.post("tg_producer", &format!("{click}\r\n\n  {order}  \n"));
    assert_eq!(answer.status, 202, "{answer:?}");
    assert_eq!(answer.json(), json!({"first_position": 10, "count": 2, "errors": []}));
    assert_eq!(raws(&world), [[click, order]]);
}

#[test]
fn one_event_may_be_spread_over_lines() {
    let world = World::new();
    let event: serde_json::Value = serde_json::from_str(&example("click")).unwrap();
    let answer = world.send(posting("tg_click", "Application/JSON; charset=utf-8", format!("{event:#}\n")));
    assert_eq!((answer.status, answer.json()["count"].as_u64()), (202, Some(1)), "{answer:?}");
}

#[test]
fn what_cannot_be_read_is_kept_and_reported_with_its_place() {
    let world = World::new();
    let lines = format!("{}\n\n{{\"kind\":\"click\"}}\nnot json\n{}", example("click"), example("order"));
    let answer = world.post("tg_producer", &lines);
    let json = answer.json();
    assert_eq!((answer.status, json["count"].as_u64()), (202, Some(4)), "{json}");
    let errors = json["errors"].as_array().unwrap();
    let told: Vec<_> = errors.iter().map(|e| (&e["index"], &e["line"], &e["code"], &e["position"])).collect();
    assert_eq!(
        json!(told),
        json!([[1, 3, "field.missing", 11], [2, 4, "json.syntax", 12]]),
        "the position is where it will be a dead letter"
    );
    assert!(errors.iter().all(|error| !error["detail"].as_str().unwrap().is_empty()));
    let submitted = world.lane.submitted.lock().unwrap();
    assert!(matches!(submitted[0][1].body, RecordBody::Undecodable(_)));
    assert_eq!(submitted[0][2].raw, "not json");
}

#[test]
fn an_array_is_refused_with_a_hint() {
    let world = World::new();
    let answer = world.post("tg_producer", &format!("[{}]", example("click")));
    assert_eq!((answer.status, answer.code().as_str()), (400, "body.array"));
    assert!(answer.text().contains("application/x-ndjson"), "{answer:?}");
    assert_eq!(world.taken(), 0);
}

#[test]
fn a_compressed_body_is_the_same_body() {
    let lines = format!("{}\n{}\n", example("click"), example("order"));
    let zstd = zstd::encode_all(lines.as_bytes(), 3).unwrap();
    let (first, second) = lines.as_bytes().split_at(40);
    let members = [gzip(first), gzip(second)].concat();
    for (encoding, body) in [("gzip", gzip(lines.as_bytes())), ("gzip", members), ("zstd", zstd)] {
        let world = World::new();
        let answer = world.send(posting("tg_producer", LINES, body).header("content-encoding", encoding));
        assert_eq!((answer.status, answer.json()["count"].as_u64()), (202, Some(2)), "{encoding} {answer:?}");
        assert_eq!(raws(&world), [[example("click"), example("order")]]);
    }
}

#[test]
fn a_body_that_is_not_what_its_header_says_is_refused() {
    let world = World::new();
    let lines = example("click");
    let whole = gzip(lines.as_bytes());
    let torn = whole[..whole.len() - 9].to_vec();
    for (encoding, body, code) in [
        ("gzip", lines.clone().into_bytes(), "body.broken"),
        ("gzip", torn, "body.broken"),
        ("zstd", lines.clone().into_bytes(), "body.broken"),
        ("br", lines.clone().into_bytes(), "body.encoding_unknown"),
        ("gzip, gzip", gzip(&gzip(lines.as_bytes())), "body.encoding_unknown"),
    ] {
        let answer = world.send(posting("tg_producer", LINES, body).header("content-encoding", encoding));
        assert_eq!(answer.code(), code, "{encoding}");
    }
    for content in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
        let answer = world.send(posting("tg_producer", content, lines.clone()));
        assert_eq!((answer.status, answer.code().as_str()), (415, "body.type_unknown"), "{content}");
    }
    assert_eq!(world.taken(), 0);
}

#[test]
fn a_review_is_by_who_posts_it_whatever_it_says() {
    let world = World::new();
    let mut review: serde_json::Value = serde_json::from_str(&example("review")).unwrap();
    review["actor"] = json!("the finance director");
    assert_eq!(world.post("tg_review", &review.to_string()).status, 202);
    let submitted = world.lane.submitted.lock().unwrap();
    let RecordBody::Event(event) = &submitted[0][0].body else { panic!("it is an event") };
    let model::event::Body::Review(review) = &event.body else { panic!("it is a review") };
    assert_eq!(review.actor.as_deref(), Some("holder of review"));
}

#[test]
fn a_lane_that_takes_nothing_says_when_to_come_again() {
    use crate::given::Mood;
    for (mood, status, code) in [
        (Mood::Busy, 429, "lane.busy"),
        (Mood::Stopping, 503, "lane.stopping"),
        (Mood::Unwritable, 503, "store.unavailable"),
    ] {
        let answer = World::new().mood(mood).post("tg_click", &example("click"));
        assert_eq!((answer.status, answer.code().as_str()), (status, code));
        let after_s: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&after_s));
    }
}

#[test]
fn padding_does_not_stay_in_memory() {
    let world = World::new();
    let padded = format!("{}{}", example("click"), " ".repeat(1 << 20));
    assert_eq!(world.post("tg_click", &padded).status, 202);
    let submitted = world.lane.submitted.lock().unwrap();
    // A record that shares its body's memory could not be had for itself.
    let raw = submitted[0][0].raw.clone();
    assert_eq!(raw, example("click"));
    drop(submitted);
    world.lane.submitted.lock().unwrap().clear();
    assert!(raw.try_into_mut().unwrap().capacity() < 4_096);
}

#[test]
fn an_empty_body_is_refused() {
    let world = World::new();
    for body in ["", " \n\n"] {
        assert_eq!(world.post("tg_click", body).code(), "body.empty");
    }
    let answer = world.send(Asked::new(Method::POST, "/v1/events").token("tg_click"));
    assert_eq!(answer.code(), "body.type_unknown");
}
