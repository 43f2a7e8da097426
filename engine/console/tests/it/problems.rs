//! Every problem that the contract lists can be had, and is what the contract says.

use console::{Code, Limits};
use hyper::Method;
use runtime::JournalError;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

use crate::client::{Answer, Asked, Events, connect, read, send};
use crate::contract::{asking, hold_to_contract, operations};
use crate::given::Mood;
use crate::letters;
use crate::rulesets;
use crate::verdicts::following;
use crate::world::{World, example, posting};

const LINES: &str = "application/x-ndjson";

fn documented() -> BTreeSet<(String, String, Code)> {
    let document = console::document();
    let mut all = BTreeSet::new();
    for (verb, path) in operations() {
        for response in document["paths"][&path][&verb]["responses"].as_object().unwrap().values() {
            let schema = &response["content"]["application/problem+json"]["schema"];
            let codes = schema["allOf"][1]["properties"]["code"]["enum"].as_array();
            for name in codes.into_iter().flatten().filter_map(Value::as_str) {
                let code = Code::ALL.iter().find(|code| code.name() == name).unwrap();
                all.insert((verb.clone(), path.clone(), *code));
            }
        }
    }
    all
}

fn world(change: impl FnOnce(&mut Limits)) -> World {
    let mut limits = Limits::default();
    change(&mut limits);
    World::with(limits)
}

fn failing(fault: JournalError) -> World {
    let world = World::new();
    *world.books.fault.lock().unwrap() = Some(fault);
    world
}

/// A body of a good request, with another encoding, type or text.
fn with_body(verb: &str, path: &str, change: impl FnOnce(Asked) -> Asked) -> Answer {
    World::new().send(change(asking(verb, path)))
}

fn events(body: &str) -> Asked {
    posting("tg_producer", LINES, body)
}

/// Sends half of a body that is announced.
fn half_a_body(path: &str) -> Answer {
    let world = world(|limits| limits.body_wait = Duration::from_millis(100));
    let (token, content) = match path {
        "/v1/events" => ("tg_producer", LINES),
        _ => ("tg_producer-ruleset", "application/json"),
    };
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: lane\r\nauthorization: Bearer {token}\r\ncontent-type: {content}\r\n\
         content-length: 50\r\nconnection: close\r\n\r\n{{"
    );
    world.clients.block_on(async {
        let mut socket = connect(world.address).await.unwrap();
        socket.write_all(head.as_bytes()).await.unwrap();
        read(socket).await
    })
}

/// The answer to a request that has this problem.
fn provoked(verb: &str, path: &str, code: Code) -> Answer {
    let good = asking(verb, path);
    let method = if verb == "get" { Method::GET } else { Method::POST };
    match code {
        Code::AuthMissing => World::new().send(Asked::new(method, path)),
        Code::AuthUnknown => World::new().send(Asked::new(method, path).token("tg_nobody")),
        Code::AuthScope => {
            let posting = path == "/v1/events" || path.contains("dead-letters/");
            let other = if posting { "tg_read" } else { "tg_click" };
            World::new().send(Asked::new(method, path).token(other))
        }
        Code::AuthKind if path.contains("dead-letters/") => World::new().send(of_letter(verb, path, "3")),
        Code::AuthKind => World::new().send(events(&example("review"))),
        Code::BodyEmpty => World::new().send(events("")),
        Code::BodyArray => World::new().send(events("[]")),
        Code::BodyBroken => with_body(verb, path, |asked| asked.header("content-encoding", "gzip")),
        Code::BodyShape => World::new().send(good.body("[]")),
        Code::BodySlow => half_a_body(path),
        Code::BodyTooLarge => world(|limits| limits.body_bytes_max = 1).send(good),
        Code::BodyTooMany => world(|limits| limits.records_max = 0).send(good),
        Code::BodyType => World::new().send(Asked::new(method, path).token("tg_click-ruleset").body("{}")),
        Code::BodyEncoding => with_body(verb, path, |asked| asked.header("content-encoding", "br")),
        Code::QueryInvalid if verb == "post" => World::new().send(of_letter(verb, path, "x")),
        Code::DeadLetterUnknown => World::new().send(of_letter(verb, path, "9")),
        Code::DeadLetterEnded => World::new().send(of_letter(verb, path, "2")),
        Code::RecordRefused => World::new().send(good.body(r#"{"record":{"kind":"order"}}"#)),
        Code::RecordOther => World::new().send(letters::of_another_kind()),
        Code::QueryInvalid => {
            let path = path.replace("{id}", "%ff");
            World::new().get("tg_read", &format!("{path}?no=such"))
        }
        Code::TargetTooLong => {
            World::new().send(Asked::new(method, &format!("{path}?{}", "x".repeat(5_000))))
        }
        Code::RouteUnknown => World::new().get("", "/v2/events"),
        Code::MethodUnknown => World::new().send(Asked::new(Method::DELETE, "/v1/events")),
        Code::CommissionUnknown | Code::CreatorUnknown => {
            World::new().get("tg_read", &path.replace("{id}", "nobody"))
        }
        Code::RulesetProblems => World::new().send(rulesets::posting(path, &json!({"bad.rhai": "hold("}))),
        Code::RulesetLoading => {
            let world = World::new().mood(Mood::Dawdling);
            let first = world.clients.spawn(send(world.address, good.clone()));
            std::thread::sleep(Duration::from_millis(200));
            let second = world.send(good);
            world.clients.block_on(first).unwrap().unwrap();
            second
        }
        Code::LaneBusy => World::new().mood(Mood::Busy).send(good),
        Code::LaneStopping => World::new().mood(Mood::Stopping).send(good),
        Code::LaneSlow => {
            world(|limits| limits.durable_wait = Duration::from_millis(50)).mood(Mood::Silent).send(good)
        }
        Code::ConsoleBusy => busy(good),
        Code::FollowersTooMany => world(|limits| limits.followers_max = 0).send(following("?wait=1")),
        Code::NotReady => {
            let world = World::new();
            world.lane.fault(Some(JournalError::Unwritable("no room".into())));
            world.send(good)
        }
        Code::StoreUnavailable => failing(JournalError::Unreadable("no permission".into())).send(good),
        Code::StoreDamaged => failing(JournalError::Damaged("a block".into())).send(good),
        Code::ConnectionsTooMany => turned_away(),
    }
}

/// A good request, about another dead letter.
fn of_letter(verb: &str, path: &str, id: &str) -> Asked {
    asking(verb, path).path(&path.replace("{id}", id))
}

/// Asks while the only two turns of looking tokens up are taken.
fn busy(asked: Asked) -> Answer {
    let world = world(|limits| {
        limits.turn_wait = Duration::from_millis(50);
        limits.readers_max = 1;
    });
    world.books.lookups_take(Duration::from_millis(600));
    for name in ["order", "refund"] {
        let other = Asked::new(Method::GET, "/v1/status").token(&format!("tg_{name}"));
        world.clients.spawn(send(world.address, other));
    }
    std::thread::sleep(Duration::from_millis(250));
    world.send(asked)
}

fn turned_away() -> Answer {
    let world = world(|limits| limits.connections_max = 1);
    world.clients.block_on(async {
        let mut only = Events::begin(world.address, following("")).await;
        only.next().await.unwrap();
        // The answer comes before anything was asked.
        read(connect(world.address).await.unwrap()).await
    })
}

#[test]
fn every_documented_problem_can_be_had_and_is_as_documented() {
    let documented = documented();
    assert!(documented.len() > 80, "{}", documented.len());
    for (verb, path, code) in documented {
        let answer = provoked(&verb, &path, code);
        assert_eq!(answer.code(), code.name(), "{verb} {path}");
        assert_eq!(answer.status, code.status().as_u16(), "{verb} {path}");
        hold_to_contract(&verb, &path, &answer);
    }
}

#[test]
fn every_code_is_documented_for_some_path_or_for_all() {
    let documented: BTreeSet<Code> = documented().into_iter().map(|(_, _, code)| code).collect();
    let document = console::document();
    let about = document["info"]["description"].as_str().unwrap();
    for code in Code::ALL.iter().filter(|code| !documented.contains(code)) {
        assert!(about.contains(code.name()), "{} is documented nowhere", code.name());
    }
    for code in [Code::RouteUnknown, Code::MethodUnknown, Code::ConnectionsTooMany] {
        let answer = provoked("get", "/livez", code);
        assert_eq!((answer.status, answer.code()), (code.status().as_u16(), code.name().to_owned()));
    }
}

#[test]
fn who_may_come_again_is_told_when() {
    for code in
        [Code::LaneBusy, Code::LaneStopping, Code::ConsoleBusy, Code::StoreUnavailable, Code::LaneSlow]
    {
        let answer = provoked("post", "/v1/events", code);
        assert!(!answer.header("retry-after").is_empty(), "{}", code.name());
    }
}
