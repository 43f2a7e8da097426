//! `GET /v1/verdicts`.

use hyper::Method;
use runtime::books::PublishedVerdict;
use serde_json::json;
use std::time::{Duration, Instant};

use console::Limits;

use crate::client::{Asked, Events, send};
use crate::world::World;

const READ: &str = "tg_read";

impl World {
    /// Publishes verdicts up to a sequence.
    pub(crate) fn publish(&self, through: u64) {
        let mut verdicts = self.books.verdicts.lock().unwrap();
        for sequence in verdicts.len() as u64 + 1..=through {
            verdicts.push(PublishedVerdict { sequence, json: format!(r#"{{"verdict_id":"v{sequence}"}}"#) });
        }
        drop(verdicts);
        self.lane.published(through);
    }
}

pub(crate) fn following(query: &str) -> Asked {
    Asked::new(Method::GET, &format!("/v1/verdicts{query}")).token(READ)
}

#[expect(clippy::disallowed_methods, reason = "a test measures how long it was kept waiting")]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

#[test]
fn verdicts_come_after_a_sequence_in_the_form_that_is_wanted() {
    let world = World::new();
    world.publish(5);
    let page = world.get(READ, "/v1/verdicts?after=2&limit=2").json();
    let verdicts = json!([
        {"sequence": 3, "verdict": {"verdict_id": "v3"}},
        {"sequence": 4, "verdict": {"verdict_id": "v4"}},
    ]);
    assert_eq!(page, json!({"verdicts": verdicts, "next_after": 4}));
    let lines = world.send(following("?after=4").header("accept", "application/x-ndjson"));
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    assert_eq!(lines.text(), "{\"sequence\":5,\"verdict\":{\"verdict_id\":\"v5\"}}\n");
    assert_eq!(world.get(READ, "/v1/verdicts?after=5").json(), json!({"verdicts": [], "next_after": 5}));
}

#[test]
fn a_long_poll_answers_when_there_is_something_and_not_before() {
    let world = World::new();
    world.publish(1);
    let (page, took) = timed(|| world.get(READ, "/v1/verdicts?wait=30").json());
    assert_eq!(page["next_after"], 1);
    assert!(took < Duration::from_secs(5), "it did not wait for what is there");
    let waiting = world.clients.spawn(send(world.address, following("?after=1&wait=30")));
    std::thread::sleep(Duration::from_millis(200));
    assert!(!waiting.is_finished());
    world.publish(2);
    let (answer, took) = timed(|| world.clients.block_on(waiting).unwrap().unwrap());
    assert_eq!(answer.json()["verdicts"][0]["sequence"], 2);
    assert!(took < Duration::from_secs(5));
}

#[test]
fn a_long_poll_without_verdicts_ends_with_an_empty_page() {
    let world = World::new();
    let (page, took) = timed(|| world.get(READ, "/v1/verdicts?wait=1").json());
    assert_eq!(page, json!({"verdicts": [], "next_after": 0}));
    assert!(took >= Duration::from_secs(1));
}

#[test]
fn a_stream_resumes_where_it_ended() {
    let world = World::new();
    world.publish(3);
    world.clients.block_on(async {
        let mut events = Events::begin(world.address, following("?after=1")).await;
        let second = events.next_event().await.unwrap();
        assert!(second.contains("id: 2") && second.contains(r#"data: {"verdict_id":"v2"}"#), "{second}");
        assert!(events.next_event().await.unwrap().contains("id: 3"));
        world.publish(4);
        assert!(events.next_event().await.unwrap().contains("id: 4"));
        drop(events);
        world.publish(6);
        // As a browser comes again: the same address, and what it saw last.
        let again = following("?after=1").header("last-event-id", "4");
        let mut events = Events::begin(world.address, again).await;
        assert!(events.next_event().await.unwrap().contains("id: 5"));
        assert!(events.next_event().await.unwrap().contains("id: 6"));
    });
    let wrong = following("").header("accept", "text/event-stream").header("last-event-id", "v4");
    assert_eq!(world.send(wrong).code(), "query.invalid");
}

#[test]
fn a_stream_says_that_it_is_alive() {
    let world = World::with(Limits { heartbeat: Duration::from_millis(100), ..Limits::default() });
    world.clients.block_on(async {
        let mut events = Events::begin(world.address, following("")).await;
        assert!(events.next().await.unwrap().starts_with("retry:"), "it greets at once");
        for _ in 0..3 {
            assert_eq!(events.next().await.unwrap(), ": alive");
        }
    });
}

#[test]
fn a_stream_ends_with_its_token() {
    let (heartbeat, token_trust) = (Duration::from_millis(100), Duration::from_millis(100));
    let world = World::with(Limits { heartbeat, token_trust, ..Limits::default() });
    world.clients.block_on(async {
        let mut events = Events::begin(world.address, following("")).await;
        events.next().await.unwrap();
        world.books.revoked.lock().unwrap().insert(READ.to_owned());
        let problem = events.next_event().await.unwrap();
        assert!(problem.contains("event: problem") && problem.contains("auth.unknown"), "{problem}");
        assert_eq!(events.next().await, None);
    });
}

#[test]
fn stopping_lets_those_go_who_wait() {
    let mut world = World::new();
    let mut events = world.clients.block_on(Events::begin(world.address, following("")));
    let poll = world.clients.spawn(send(world.address, following("?wait=30")));
    std::thread::sleep(Duration::from_millis(200));
    let ((), took) = timed(|| world.stop());
    assert!(took < Duration::from_secs(5), "{took:?}");
    world.clients.block_on(async {
        events.next().await.unwrap();
        assert_eq!(events.next().await, None);
        assert_eq!(poll.await.unwrap().unwrap().json()["verdicts"], json!([]));
    });
}

#[test]
fn so_many_may_wait_and_a_place_is_free_when_its_client_goes() {
    let world = World::with(Limits { followers_max: 1, ..Limits::default() });
    world.clients.block_on(async {
        let mut events = Events::begin(world.address, following("")).await;
        events.next().await.unwrap();
        for asked in [following("?wait=1"), following("").header("accept", "text/event-stream")] {
            let refused = send(world.address, asked).await.unwrap();
            assert_eq!((refused.status, refused.code().as_str()), (429, "followers.too_many"));
            assert!(!refused.header("retry-after").is_empty());
        }
        assert_eq!(
            send(world.address, following("")).await.unwrap().status,
            200,
            "who does not wait needs no place"
        );
        drop(events);
        let mut refused = true;
        for _ in 0..50 {
            refused = send(world.address, following("?wait=1")).await.unwrap().status == 429;
            if !refused {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(!refused, "the place is free again");
    });
}
