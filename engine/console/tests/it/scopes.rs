//! Who may do what.

use hyper::Method;
use model::Kind;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::client::Asked;
use crate::rulesets::quiet;
use crate::world::{World, example};

/// Which kinds each group of scopes may post, as DESIGN says: no other table may make this one come true.
const MAY_POST: &[(&str, &[&str])] = &[
    ("producer", &["click", "order", "order_status", "refund", "feed_mark"]),
    ("finance", &["payout_run", "plan", "obligation"]),
    ("risk", &["review", "creator"]),
    ("read", &[]),
    ("ruleset", &[]),
];

fn ruleset(path: &str) -> Asked {
    Asked::new(Method::POST, path).header("content-type", "application/json").body(quiet().to_string())
}

#[test]
fn a_group_posts_its_kinds_and_no_other() {
    for (group, may) in MAY_POST {
        let world = World::new();
        for kind in Kind::ALL.map(Kind::name) {
            let before = world.taken();
            let answer = world.post(&format!("tg_{group}"), &example(kind));
            if may.contains(&kind) {
                assert_eq!((answer.status, world.taken()), (202, before + 1), "{group} posts {kind}");
            } else {
                assert_eq!((answer.status, world.taken()), (403, before), "{group} does not post {kind}");
                let code = if may.is_empty() { "auth.scope" } else { "auth.kind" };
                assert_eq!(answer.code(), code, "{group} {kind}");
            }
        }
    }
}

#[test]
fn a_token_is_nobodys_from_when_it_expires() {
    let world = World::new();
    let now = runtime::SteadyClock::start().now().as_ms();
    for (expires_at, status) in [(now + 60_000, 200), (now - 1, 401)] {
        *world.books.tokens_expire_at.lock().unwrap() = Some(expires_at);
        let token = if status == 200 { "tg_read" } else { "tg_read-click" };
        assert_eq!(world.get(token, "/v1/status").status, status);
    }
}

#[test]
fn a_kind_posts_itself_and_nothing_else() {
    let world = World::new();
    for own in Kind::ALL {
        for other in Kind::ALL {
            let answer = world.post(&format!("tg_{}", own.name()), &example(other.name()));
            let expected = if own == other { 202 } else { 403 };
            assert_eq!(answer.status, expected, "{} posts {}", own.name(), other.name());
        }
    }
}

#[test]
fn only_the_scope_ruleset_touches_rulesets() {
    let world = World::new();
    for kind in Kind::ALL.map(Kind::name).into_iter().chain(["read", "producer", "finance"]) {
        for path in ["/v1/rulesets", "/v1/rulesets/check"] {
            let answer = world.send(ruleset(path).token(&format!("tg_{kind}")));
            assert_eq!((answer.status, answer.code().as_str()), (403, "auth.scope"), "{kind} {path}");
        }
    }
    for may in ["ruleset", "risk"] {
        let answer = world.send(ruleset("/v1/rulesets/check").token(&format!("tg_{may}")));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
}

#[test]
fn who_posts_does_not_read() {
    let world = World::new();
    for scopes in ["producer", "finance", "risk", "ruleset"] {
        for path in ["/v1/verdicts", "/v1/holds", "/v1/dead-letters", "/v1/status", "/metrics"] {
            assert_eq!(world.get(&format!("tg_{scopes}"), path).code(), "auth.scope", "{scopes} {path}");
        }
    }
}

#[test]
fn a_record_that_may_not_be_posted_does_not_keep_the_others_out() {
    let world = World::new();
    let lines = [example("click"), example("review"), "{}".to_owned(), example("plan")].join("\n");
    let answer = world.post("tg_producer", &lines);
    let json = answer.json();
    assert_eq!((answer.status, json["count"].as_u64(), world.taken()), (202, Some(2), 2));
    let errors = json["errors"].as_array().unwrap();
    let codes: Vec<_> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["auth.kind", "kind.unknown", "auth.kind"]);
    assert!(errors[0].get("position").is_none(), "nothing was kept of it");
    assert_eq!(errors[1]["position"], 11);
}

#[test]
fn a_privileged_kind_is_not_slipped_in_as_a_dead_letter() {
    let world = World::new();
    for hidden in [
        r#"{"kind":"review","decision":"relea"#,
        r#"{"kind":"click","kind":"review"}"#,
        r#"{"event_id":7,"\u006bind":"payout_run"}"#,
    ] {
        let answer = world.post("tg_producer", hidden);
        assert_eq!((answer.status, answer.code().as_str(), world.taken()), (403, "auth.kind", 0), "{hidden}");
    }
}

#[test]
fn without_a_token_in_force_nothing_is_done() {
    let world = World::new();
    let missing = world.get("", "/v1/holds");
    assert_eq!((missing.status, missing.code().as_str()), (401, "auth.missing"));
    assert_eq!(missing.header("www-authenticate"), "Bearer");
    for token in ["tg_nobody", "tg_", "secret", "tg_../../etc", &format!("tg_{}", "a".repeat(200))] {
        assert_eq!(world.get(token, "/v1/holds").code(), "auth.unknown", "{token}");
    }
    let basic = Asked::new(Method::GET, "/v1/holds").header("authorization", "Basic dGdfcmVhZA==");
    assert_eq!(world.send(basic).code(), "auth.unknown");
    assert!(world.books.asked.lock().unwrap().is_empty());
}

#[test]
fn what_cannot_be_a_token_costs_no_look_up_and_the_rest_one_a_moment() {
    let world = World::new();
    let lookups = || world.books.lookups.load(Ordering::SeqCst);
    assert_eq!(world.get("no-token", "/v1/holds").status, 401);
    assert_eq!(lookups(), 0);
    for _ in 0..5 {
        assert_eq!(world.get("tg_unknown", "/v1/holds").status, 401);
        assert_eq!(world.get("tg_read", "/v1/holds").status, 200);
    }
    assert!(lookups() <= 4, "{} look-ups in far less than two seconds", lookups());
}

#[test]
fn a_revoked_token_dies_within_a_second() {
    let world = World::new();
    assert_eq!(world.get("tg_read", "/v1/holds").status, 200);
    world.books.revoked.lock().unwrap().insert("tg_read".to_owned());
    std::thread::sleep(Duration::from_millis(1_050));
    assert_eq!(world.get("tg_read", "/v1/holds").code(), "auth.unknown");
}
