//! The contract: kept, complete, and kept to.

use hyper::Method;
use jsonschema::Validator;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::client::{Answer, Asked};
use crate::given::{COMMISSION, CREATOR};
use crate::world::{World, example, posting};
use crate::{letters, rulesets, verdicts};

const REMEDY: &str = "run `cargo run --example openapi` and review the change";

/// A path of the contract, and how it is asked there.
pub(crate) fn operations() -> Vec<(String, String)> {
    let document = console::document();
    let paths = document["paths"].as_object().unwrap();
    let verbs = paths.iter().flat_map(|(path, verbs)| {
        verbs.as_object().unwrap().keys().map(move |verb| (verb.clone(), path.clone()))
    });
    verbs.collect()
}

/// A good request.
pub(crate) fn asking(verb: &str, path: &str) -> Asked {
    match (verb, path) {
        ("post", "/v1/events") => posting("tg_producer", "application/x-ndjson", example("click")),
        ("post", "/v1/dead-letters/{id}/close") => letters::posting("1/close", &json!({"note": "a probe"})),
        ("post", "/v1/dead-letters/{id}/replay") => letters::posting("1/replay", &json!({})),
        ("post", path) => rulesets::posting(path, &rulesets::quiet()),
        (_, path) => {
            let path = path.replace("commissions/{id}", &format!("commissions/{COMMISSION}"));
            let path = path.replace("{id}", CREATOR);
            Asked::new(Method::GET, &path).token("tg_read")
        }
    }
}

/// What the contract says of an answer.
fn validator(verb: &str, path: &str, status: u16, content: &str) -> Validator {
    let mut document = console::document();
    let place = |text: &str| text.replace('~', "~0").replace('/', "~1");
    let pointer =
        format!("/paths/{}/{verb}/responses/{status}/content/{}/schema", place(path), place(content));
    assert!(document.pointer(&pointer).is_some(), "{verb} {path} may answer {status} as {content}");
    // The pointer as a reference: what a URI cannot hold is escaped.
    let reference = pointer.replace('{', "%7B").replace('}', "%7D");
    document["$ref"] = format!("#{reference}").into();
    jsonschema::draft202012::new(&document).unwrap()
}

/// Checks an answer against the contract.
pub(crate) fn hold_to_contract(verb: &str, path: &str, answer: &Answer) {
    let content = answer.header("content-type").split(';').next().unwrap();
    let said = match content {
        "application/json" | "application/problem+json" => answer.json(),
        _ => Value::String(answer.text().to_owned()),
    };
    let validator = validator(verb, path, answer.status, content);
    let errors: Vec<String> = validator.iter_errors(&said).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{verb} {path}: {errors:?} in {said}");
}

#[test]
fn the_contract_kept_is_that_of_the_table() {
    let file = format!("{}/../../schemas/openapi.json", env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(kept == format!("{:#}\n", console::document()), "{REMEDY}");
    let served = World::new().get("", "/openapi.json");
    assert_eq!(served.json(), console::document());
}

#[test]
fn every_route_answers_as_the_contract_says() {
    let world = World::new();
    world.publish(2);
    for (verb, path) in operations() {
        let answer = world.send(asking(&verb, &path));
        assert!(answer.status < 300, "{verb} {path}: {answer:?}");
        hold_to_contract(&verb, &path, &answer);
        for (name, value) in [("x-content-type-options", "nosniff"), ("cache-control", "no-store")] {
            assert_eq!(answer.header(name), value, "{verb} {path}");
        }
    }
    let lines = world.send(verdicts::following("").header("accept", "application/x-ndjson"));
    let validator = validator("get", "/v1/verdicts", 200, "application/x-ndjson");
    for line in lines.text().lines() {
        assert!(validator.is_valid(&serde_json::from_str(line).unwrap()), "{line}");
    }
}

#[test]
fn a_route_needs_what_the_contract_says() {
    let document = console::document();
    let world = World::new();
    for (verb, path) in operations() {
        let security = &document["paths"][&path][&verb]["security"];
        let method = if verb == "get" { Method::GET } else { Method::POST };
        let open = security == &json!([]);
        let answer = world.send(Asked::new(method, &path.replace("{id}", "x")));
        assert_eq!(answer.status == 401, !open, "{verb} {path} without a token");
    }
}

#[test]
fn every_reference_of_the_contract_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = console::document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.len() > 10);
    for reference in found {
        assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
    }
}
