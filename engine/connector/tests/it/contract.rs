//! `schemas/`: files, types and examples say the same.

use std::fs;
use std::path::PathBuf;

use connector::schema::{documents, example_dead_letter, readme_with_tables};
use connector::wire::{Trust, decode, decode_from, encode, read_dead_letter};
use jsonschema::Validator;
use model::Kind;
use model::refusal::Code;
use serde_json::Value;

use crate::dice::Dice;

const REMEDY: &str = "run `cargo run -p connector --example schemas` and review the change";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn read(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn validator(name: &str) -> Validator {
    let document = documents().into_iter().find(|d| d.file == format!("{name}.schema.json")).unwrap();
    jsonschema::draft202012::new(&document.schema).unwrap()
}

#[track_caller]
fn validates(validator: &Validator, value: &Value) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}\n{value}");
}

#[test]
fn the_schemas_kept_are_those_of_the_types() {
    for document in documents() {
        assert_eq!(read(&document.file), document.text(), "{}: {REMEDY}", document.file);
        jsonschema::draft202012::meta::validate(&document.schema).unwrap();
    }
}

#[test]
fn the_readme_has_every_kind_and_code_as_they_are() {
    let readme = read("README.md");
    assert_eq!(readme, readme_with_tables(&readme), "{REMEDY}");
    for kind in Kind::ALL {
        assert!(
            readme.contains(&format!("<!-- {}: generated -->", kind.name())),
            "{} is missing",
            kind.name()
        );
    }
    for code in Code::ALL {
        assert!(readme.contains(&format!("| `{}` |", code.name())), "{} is missing", code.name());
    }
}

#[test]
fn every_example_is_read_and_validates() {
    for kind in Kind::ALL {
        let text = read(&format!("examples/{}.json", kind.name()));
        let decoded =
            decode(text.as_bytes()).unwrap_or_else(|refusal| panic!("{}: {refusal:?}", kind.name()));
        assert_eq!((decoded.event.kind(), decoded.unknown_fields), (kind, 0));
        validates(&validator(kind.name()), &serde_json::from_str(&text).unwrap());
    }
}

#[test]
fn every_refused_example_becomes_the_dead_letter_beside_it() {
    for kind in Kind::ALL {
        let refused = read(&format!("examples/refused/{}.json", kind.name()));
        let kept = read(&format!("examples/refused/{}.dead_letter.json", kind.name()));
        let letter = example_dead_letter(refused.trim_ascii().as_bytes()).expect("it is refused");
        assert_eq!(kept.as_bytes(), letter, "{}: {REMEDY}", kind.name());
        validates(&validator("dead_letter"), &serde_json::from_str(&kept).unwrap());
        let letter = read_dead_letter(kept.as_bytes()).unwrap();
        assert_eq!(letter.raw, refused.trim_ascii());
    }
}

#[test]
fn what_can_be_read_validates() {
    let validators = Kind::ALL.map(|kind| (kind, validator(kind.name())));
    for seed in 0..2_000 {
        let event = Dice(seed).event();
        let (_, validator) = validators.iter().find(|(kind, _)| *kind == event.kind()).unwrap();
        validates(validator, &serde_json::from_slice(&encode(&event)).unwrap());
    }
}

/// A value somewhere in an event replaced by another: if the reader takes it, so does the schema.
#[test]
fn the_schema_refuses_nothing_that_can_be_read() {
    let others = [
        "null",
        "0",
        "-1",
        "1",
        "10001",
        "1.5",
        "\"\"",
        "\"x\"",
        "\"7d\"",
        "[]",
        "[null]",
        "{}",
        "true",
        "\"USD\"",
        "1700000000000",
        "9007199254740993",
        "\"::1\"",
        "[\"x\"]",
        "[1,1]",
        "{\"a\":null}",
        "\"a\\nb\"",
    ];
    let validators = Kind::ALL.map(|kind| (kind, validator(kind.name())));
    let (mut read, mut refused) = (0, 0);
    for seed in 0..20_000 {
        let mut dice = Dice(seed);
        let event = dice.event();
        let mut value: Value = serde_json::from_slice(&encode(&event)).unwrap();
        let mut at = &mut value;
        while at.as_object().is_some_and(|o| !o.is_empty()) || at.as_array().is_some_and(|l| !l.is_empty()) {
            let (size, is_list) =
                (at.as_object().map_or(0, |o| o.len()) + at.as_array().map_or(0, Vec::len), at.is_array());
            let chosen = dice.below(size);
            at = if is_list {
                &mut at[chosen]
            } else {
                at.as_object_mut().unwrap().values_mut().nth(chosen).unwrap()
            };
        }
        *at = serde_json::from_str(others[dice.below(others.len())]).unwrap();
        let (_, validator) = validators.iter().find(|(kind, _)| *kind == event.kind()).unwrap();
        match decode_from(value.to_string().as_bytes(), Trust::Log) {
            Ok(decoded) if decoded.event.kind() == event.kind() => {
                validates(validator, &value);
                read += 1;
            }
            Ok(_) | Err(_) => refused += 1,
        }
    }
    assert!(read > 2_000 && refused > 2_000, "read {read}, refused {refused}");
}
