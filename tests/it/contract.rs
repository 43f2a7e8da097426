//! What commands print for programs is what its schema says.

use std::process::Command;

use crate::engine;

fn json_of(arguments: &[&str]) -> serde_json::Value {
    let state = tempfile::tempdir().unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(arguments)
        .arg("--rules")
        .arg(engine::root().join("rules"))
        .arg("--state")
        .arg(state.path())
        .args(["--output", "json"])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    serde_json::from_slice(&run.stdout).unwrap()
}

fn schema(name: &str) -> jsonschema::Validator {
    let text = std::fs::read_to_string(engine::root().join("schemas").join(name)).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
}

#[test]
fn the_kept_schemas_are_those_of_the_types() {
    for (name, text) in tidegate::contract::schemas() {
        let kept = std::fs::read_to_string(engine::root().join("schemas").join(name)).unwrap_or_default();
        assert!(kept == text, "schemas/{name} is old: cargo run -p tidegate --example schemas");
    }
}

#[test]
fn the_kept_page_of_facts_is_that_of_the_tables() {
    let kept = std::fs::read_to_string(engine::root().join("rules/facts.md")).unwrap_or_default();
    assert!(
        kept == tidegate::contract::facts(),
        "rules/facts.md is old: cargo run -p tidegate --example schemas"
    );
}

#[test]
fn a_demo_prints_what_its_schema_says_and_the_same_for_the_same_seed() {
    let arguments = ["demo", "--once", "--days", "4", "--orders", "300"];
    let summary = json_of(&arguments);
    let problems: Vec<String> =
        schema("demo.schema.json").iter_errors(&summary).map(|e| e.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert!(summary["score"]["planted"].as_u64().unwrap() > 0);
    assert_eq!(summary["log"]["refused"], 0, "made-up trade is well formed");
    assert_eq!(json_of(&arguments), summary);
    let other = json_of(&["demo", "--once", "--days", "4", "--orders", "300", "--seed", "2"]);
    assert_ne!(other["money"], summary["money"]);
}

#[test]
fn a_replay_prints_what_its_schema_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orders.ndjson");
    std::fs::write(
        &file,
        concat!(
            r#"{"event_id":"1","kind":"order","occurred_at":1767268800000,"order_id":"o1","currency":"USD","lines":"#,
            r#"[{"line_id":"1","product_id":"p","quantity":1,"paid":10000,"declared":{"creator_id":"maria","#,
            r#""rate_bp":1000}}]}"#,
            "\nnot an event\n",
        ),
    )
    .unwrap();
    let summary = json_of(&["replay", file.to_str().unwrap(), "--until", "2026-03-01T00:00:00Z"]);
    let problems: Vec<String> =
        schema("summary.schema.json").iter_errors(&summary).map(|e| e.to_string()).collect();
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(summary["money"][0]["released"], 1000);
    assert_eq!(summary["dead_letters"]["json.syntax"], 1);
}
