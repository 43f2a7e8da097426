//! The books.

use serde_json::json;

use crate::given::{COMMISSION, CREATOR};
use crate::world::{METRICS, World};

const READ: &str = "tg_read";

fn asked(world: &World) -> String {
    world.books.asked.lock().unwrap().pop().unwrap_or_default()
}

#[test]
fn a_list_is_filtered_and_paged_as_its_query_says() {
    let world = World::new();
    let answer = world.get(READ, "/v1/commissions?market=ID&account=held&after=c1&limit=2");
    assert_eq!(answer.json()["next"], "c2", "{answer:?}");
    assert_eq!(answer.json()["rows"][0]["commission_id"], COMMISSION);
    let said = asked(&world);
    for part in [r#"market: Some("ID")"#, r#"account: Some("held")"#, r#"after: Some("c1"), rows: 2"#] {
        assert!(said.contains(part), "{part} in {said}");
    }
    world.get(READ, "/v1/holds?sort=expiry&amount_min=500&beneficiary=creator%3Amia%201204");
    let said = asked(&world);
    for part in
        ["sort: Expiry", "amount_min: Some(500)", r#"Some("creator:mia 1204")"#, "after: None, rows: 100"]
    {
        assert!(said.contains(part), "{part} in {said}");
    }
    world.get(READ, "/v1/dead-letters?state=open");
    assert!(asked(&world).contains("state: Some(Open)"));
}

#[test]
fn a_query_that_is_misspelt_does_not_show_everything() {
    let world = World::new();
    for (path, parameter) in [
        ("/v1/commissions?market=ID&markt=ID", "markt"),
        ("/v1/commissions?limit=0", "limit"),
        ("/v1/commissions?limit=1001", "limit"),
        ("/v1/commissions?after=c1&limit=many", "limit"),
        ("/v1/commissions?market=ID&market=TH", "market"),
        ("/v1/holds?sort=size", "sort"),
        ("/v1/holds?rule=r&amount_min=1e3", "amount_min"),
        ("/v1/dead-letters?sate=open", "sate"),
        ("/v1/dead-letters?state=opne", "state"),
        ("/v1/dead-letters?state=open&code=json.sintax", "code"),
        ("/v1/status?verbose=1", "verbose"),
        ("/v1/rulesets?hash=first", "hash"),
        ("/v1/creators/mia?currency=USD", "currency"),
        ("/v1/verdicts?after=-1", "after"),
        ("/v1/verdicts?since=1", "since"),
        ("/v1/verdicts?wait=3600", "wait"),
        ("/v1/creators/a%00b", "id"),
        ("/v1/commissions/%ff", "id"),
    ] {
        let answer = world.get(READ, path);
        assert_eq!((answer.status, answer.code().as_str()), (400, "query.invalid"), "{path}");
        let problem = answer.json();
        assert_eq!(problem["parameter"], parameter, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(parameter) || parameter == "id", "{problem}");
    }
    assert!(world.books.asked.lock().unwrap().is_empty());
    let unknown = world.get(READ, "/v1/dead-letters?code=foo").json()["detail"].to_string();
    assert!(unknown.contains("json.syntax") && unknown.contains("key.conflict"), "{unknown}");
}

#[test]
fn what_is_wrong_with_a_parameter_is_said_as_the_contract_says_it() {
    let world = World::new();
    for (path, detail) in [
        (
            "/v1/holds?foo=1",
            "there is no parameter `foo`; the parameters are after, amount_min, beneficiary, limit, market, rule, \
             shop_id, since_at_max, sort, until_at_max",
        ),
        ("/v1/holds?sort=size", "sort is one of age, amount, expiry, not `size`"),
        ("/v1/holds?amount_min=1e3", "amount_min is a whole number, not `1e3`"),
        ("/v1/commissions?limit=many", "limit is a whole number from 1 to 1000, not `many`"),
        (
            "/v1/dead-letters?state=opne",
            "state is one of open, replayed, mended, closed, given_up, not `opne`",
        ),
        ("/v1/dead-letters?all=yes", "all is true or false, not `yes`"),
        ("/v1/verdicts?after=-1", "after is a whole number, at least 0, not `-1`"),
        ("/v1/status?verbose=1", "there is no parameter `verbose`; this path has no parameters"),
    ] {
        assert_eq!(world.get(READ, path).json()["detail"], detail, "{path}");
    }
    assert_eq!(world.get("", "/v1/status?verbose=1").code(), "auth.missing", "who asks is asked first");
}

#[test]
fn a_commission_comes_with_its_verdicts() {
    let world = World::new();
    let answer = world.get(READ, &format!("/v1/commissions/{COMMISSION}"));
    assert_eq!(answer.json()["commission"]["balance"], json!({"held": 1_250}));
    assert_eq!(answer.json()["verdicts"], json!([{"decision": "accrue"}]));
    assert_eq!(world.get(READ, "/v1/commissions/none").code(), "commission.unknown");
}

#[test]
fn a_creator_has_money_by_currency() {
    let world = World::new();
    let answer = world.get(READ, &format!("/v1/creators/{CREATOR}"));
    assert_eq!(answer.json()["balances"][0]["currency"], "IDR");
    assert_eq!(asked(&world), format!("creator:{CREATOR}"));
    assert_eq!(world.get(READ, "/v1/creators/nobody").code(), "creator.unknown");
}

#[test]
fn an_id_is_a_key_and_never_a_path() {
    let world = World::new();
    for (path, code, asked_for) in [
        (
            "/v1/commissions/..%2f..%2f..%2fetc%2fpasswd",
            "commission.unknown",
            "commission ../../../etc/passwd",
        ),
        ("/v1/commissions/%2e%2e", "commission.unknown", "commission .."),
        ("/v1/creators/..%2f..%2fshadow", "creator.unknown", "creator:../../shadow"),
        ("/v1/creators/a%27%20OR%20%271", "creator.unknown", "creator:a' OR '1"),
        ("/v1/creators/a%00b", "query.invalid", ""),
        ("/v1/creators/%ff", "query.invalid", ""),
        ("/v1/commissions/%ff", "query.invalid", ""),
        ("/v1/commissions/../../etc/passwd", "route.unknown", ""),
        ("/../../etc/passwd", "route.unknown", ""),
        ("//etc/passwd", "route.unknown", ""),
    ] {
        assert_eq!(world.get(READ, path).code(), code, "{path}");
        assert_eq!(asked(&world), asked_for, "{path}");
    }
}

#[test]
fn health_and_metrics_are_told() {
    let world = World::new();
    assert_eq!(world.get("", "/livez").json(), json!({"alive": true}));
    assert_eq!(world.get("", "/readyz").json(), json!({"ready": true}));
    let metrics = world.get(READ, "/metrics");
    assert_eq!(metrics.text(), METRICS);
    assert!(metrics.header("content-type").starts_with("text/plain; version=0.0.4"));
    let status = world.get(READ, "/v1/status").json();
    assert_eq!((&status["next_position"], &status["ruleset"]), (&json!(10), &json!("first")));
}

#[test]
fn who_is_not_ready_says_why() {
    let world = World::new();
    world.lane.fault(Some(runtime::JournalError::Unwritable("no room on the disk".into())));
    let answer = world.get("", "/readyz");
    assert_eq!((answer.status, answer.code().as_str()), (503, "not_ready"));
    let reason = &answer.json()["reasons"][0];
    assert_eq!(reason["code"], "store.unavailable");
    assert!(reason["detail"].as_str().unwrap().contains("no room on the disk"));
    assert_eq!(world.get("", "/livez").status, 200, "it lives nevertheless");
    world.lane.fault(None);
    assert_eq!(world.get("", "/readyz").status, 200);
}
