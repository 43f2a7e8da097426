//! Rulesets: list, check, load.

use hyper::Method;
use ruleset::Sources;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

use crate::client::{Asked, send};
use crate::given::Mood;
use crate::world::World;

pub(crate) fn posting(path: &str, files: &Value) -> Asked {
    Asked::new(Method::POST, path)
        .token("tg_ruleset")
        .header("content-type", "application/json")
        .body(files.to_string())
}

/// The rules that are shipped.
fn shipped() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let files = connector::rules::read(&folder, &Sources::FOLDERS, Sources::wants).unwrap();
    let texts =
        files.into_iter().map(|(path, text)| (path, Value::from(String::from_utf8(text.unwrap()).unwrap())));
    Value::Object(texts.collect())
}

/// One that holds nothing.
pub(crate) fn quiet() -> Value {
    let rule = "//! Quiet\n//! Flags what costs a lot.\n\nconst ON = \"order\";\nconst SEVERITY = \"low\";\n\
                const PUBLIC_CODE = \"unusual_order_pattern\";\nconst LEAST = 1000;\n\n\
                let orders = count(\"order\").by(\"creator_id\").within(\"7d\");\n\n\
                if orders >= LEAST {\n    flag(`${orders} orders`);\n}\n";
    json!({ "quiet.rhai": rule })
}

fn broken() -> Value {
    json!({"bad.rhai": "hold(", "ruleset.toml": ""})
}

#[test]
fn a_ruleset_without_a_rule_is_refused() {
    let world = World::new();
    for path in ["/v1/rulesets", "/v1/rulesets/check"] {
        for files in [json!({}), json!({ "ruleset.toml": "" })] {
            let refused = world.send(posting(path, &files));
            assert_eq!(refused.status, 400, "{path}");
            assert!(refused.json()["detail"].as_str().unwrap().contains("without a rule"));
        }
    }
}

#[test]
fn a_ruleset_is_checked_without_being_loaded() {
    let world = World::new();
    let good = world.send(posting("/v1/rulesets/check", &quiet())).json();
    assert_eq!(good["loads"], true, "{good}");
    assert_eq!(good["hash"].as_str().unwrap().len(), 64);
    let bad = world.send(posting("/v1/rulesets/check", &broken())).json();
    assert_eq!((&bad["loads"], &bad["hash"]), (&json!(false), &Value::Null));
    let mut problems = bad["diagnostics"].as_array().unwrap().iter();
    let problem = problems.find(|problem| problem["severity"] == "error").unwrap();
    assert_eq!(problem["file"], "bad.rhai");
    assert!(problem["range"]["start"]["line"].is_u64());
    assert_eq!(world.get("tg_read", "/v1/status").json()["ruleset"], "first");
}

#[test]
fn a_ruleset_is_loaded_at_a_position_and_once() {
    let world = World::new();
    let loaded = world.send(posting("/v1/rulesets", &quiet())).json();
    assert_eq!((&loaded["outcome"], &loaded["position"]), (&json!("loaded"), &json!(10)), "{loaded}");
    assert_eq!(world.get("tg_read", "/v1/status").json()["ruleset"], loaded["hash"]);
    let again = world.send(posting("/v1/rulesets", &quiet())).json();
    assert_eq!((&again["outcome"], &again["position"]), (&json!("in_force"), &Value::Null));
    assert_eq!(world.get("tg_read", "/v1/rulesets").json()["rulesets"][0]["hash"], "first");
}

#[test]
fn a_ruleset_that_does_not_check_is_refused_with_its_diagnostics() {
    let world = World::new();
    let answer = world.send(posting("/v1/rulesets", &broken()));
    assert_eq!((answer.status, answer.code().as_str()), (422, "ruleset.problems"));
    assert_eq!(answer.json()["diagnostics"][0]["file"], "bad.rhai");
    assert_eq!(world.get("tg_read", "/v1/status").json()["ruleset"], "first");
}

#[test]
fn a_body_that_is_no_ruleset_is_refused_with_the_place_that_is_wrong() {
    let world = World::new();
    for (body, pointer) in [
        (json!([]), ""),
        (json!({"a.rhai": "", "lists/b~.txt": 5}), "/lists~1b~0.txt"),
        (json!({"../a.rhai": ""}), "/..~1a.rhai"),
    ] {
        let answer = world.send(posting("/v1/rulesets/check", &body));
        assert_eq!((answer.status, answer.code().as_str()), (400, "body.shape"), "{body}");
        assert_eq!(answer.json()["pointer"], pointer, "{body}");
    }
}

#[test]
fn one_ruleset_is_loaded_at_a_time_and_others_are_served_meanwhile() {
    let world = World::new().mood(Mood::Dawdling);
    let first = world.clients.spawn(send(world.address, posting("/v1/rulesets", &quiet())));
    std::thread::sleep(Duration::from_millis(150));
    assert_eq!(world.send(posting("/v1/rulesets", &quiet())).code(), "ruleset.loading");
    assert_eq!(world.get("tg_read", "/v1/holds").status, 200);
    assert!(!first.is_finished());
    assert_eq!(world.clients.block_on(first).unwrap().unwrap().status, 200);
    assert_eq!(world.send(posting("/v1/rulesets", &quiet())).json()["outcome"], "in_force");
}

#[test]
fn a_file_of_a_ruleset_is_within_its_folder() {
    let world = World::new();
    for path in [
        "../x.rhai",
        "/etc/passwd",
        "lists/../../x.txt",
        "a\\b.rhai",
        "a\nb.rhai",
        "./x.rhai",
        "",
        "lists//l.txt",
    ] {
        let answer = world.send(posting("/v1/rulesets/check", &json!({ path: "x" })));
        assert_eq!((answer.status, answer.code().as_str()), (400, "body.shape"), "{path:?}");
    }
    for body in ["", "[]", "{\"a.rhai\": 7}", "{"] {
        let asked = posting("/v1/rulesets/check", &quiet()).body(body);
        assert_eq!(world.send(asked).code(), "body.shape", "{body}");
    }
}

#[test]
fn the_rules_that_are_shipped_load() {
    let world = World::new();
    let loaded = world.send(posting("/v1/rulesets", &shipped()));
    assert_eq!(loaded.status, 200, "{}", loaded.text());
}
