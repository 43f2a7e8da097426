//! Holds what is built in to `deny.toml`, as cargo-deny does, where cargo-deny is not at hand: licences, bans, sources.

use std::collections::BTreeSet;
use std::process::Command;

use crate::engine;

fn table(file: &str) -> toml::Table {
    std::fs::read_to_string(engine::root().join(file)).unwrap().parse().unwrap()
}

fn strings(value: &toml::Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap().to_owned()).collect()
}

/// Every crate that is built in anywhere, with its licence.
fn crates() -> Vec<(String, String)> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(engine::root())
        .args(["tree", "--workspace", "--all-features", "--target", "all", "--edges", "normal,build"])
        .args(["--locked", "--offline", "--prefix", "none", "--format", "{p}|{l}"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let lines: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_suffix(" (*)").or(Some(line))).collect();
    let crates = lines.into_iter().filter(|line| !line.is_empty()).map(|line| {
        let (package, licence) = line.split_once('|').unwrap();
        (package.split(' ').next().unwrap().to_owned(), licence.trim_end_matches(" (*)").to_owned())
    });
    crates.collect()
}

/// Whether an SPDX expression allows its use under one of these licences: OR binds weakest, `/` is an old OR.
fn is_met(expression: &str, allowed: &dyn Fn(&str) -> bool) -> bool {
    let expression = expression.replace('/', " OR ");
    alternatives(&expression).into_iter().any(|alternative| {
        let mut parts = split(alternative, " AND ").into_iter();
        parts.all(|part| match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
            Some(inner) => is_met(inner, allowed),
            None => allowed(part),
        })
    })
}

fn alternatives(expression: &str) -> Vec<&str> {
    split(expression, " OR ")
}

/// Splits outside of parentheses.
fn split<'e>(expression: &'e str, by: &str) -> Vec<&'e str> {
    let (mut parts, mut depth, mut begin) = (Vec::new(), 0, 0);
    for (at, letter) in expression.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= begin && expression[at..].starts_with(by) => {
                parts.push(expression[begin..at].trim());
                begin = at + by.len();
            }
            _ => {}
        }
    }
    parts.push(expression[begin..].trim());
    parts
}

#[test]
fn an_expression_is_met_when_one_of_its_alternatives_is() {
    let allowed = |licence: &str| ["MIT", "ISC", "Unicode-3.0"].contains(&licence);
    for met in ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "MIT AND ISC", "(MIT OR Apache-2.0) AND Unicode-3.0"]
    {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in ["GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR Apache-2.0) AND Unicode-3.0", ""] {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}

#[test]
fn everything_that_is_built_in_has_a_licence_that_is_allowed() {
    let deny = table("deny.toml");
    let allow = strings(&deny["licenses"]["allow"]);
    let exceptions = deny["licenses"]["exceptions"].as_array().unwrap();
    let crates = crates();
    assert!(crates.len() > 200, "the tree was read");
    for (name, licence) in &crates {
        let excepted = exceptions.iter().find(|exception| exception["crate"].as_str() == Some(name));
        let excepted = excepted.map(|exception| strings(&exception["allow"])).unwrap_or_default();
        // A + says "or later": the version that is named will do.
        let allowed = |licence: &str| {
            let licence = licence.trim_end_matches('+');
            allow.contains(licence) || excepted.contains(licence)
        };
        assert!(is_met(licence, &allowed), "{name} has the licence {licence}");
    }
    let names: BTreeSet<&str> = crates.iter().map(|(name, _)| name.as_str()).collect();
    for exception in exceptions {
        let name = exception["crate"].as_str().unwrap();
        assert!(names.contains(name), "{name} is not built in any more");
    }
    for banned in deny["bans"]["deny"].as_array().unwrap() {
        let name = banned["crate"].as_str().unwrap();
        assert!(!names.contains(name), "{name} is banned");
    }
}

#[test]
fn everything_comes_from_the_registry_that_is_allowed() {
    let allowed = strings(&table("deny.toml")["sources"]["allow-registry"]);
    for package in table("Cargo.lock")["package"].as_array().unwrap() {
        let Some(source) = package.get("source").and_then(toml::Value::as_str) else { continue };
        let registry = source.strip_prefix("registry+").unwrap_or(source);
        assert!(allowed.contains(registry), "{} comes from {source}", package["name"]);
        assert!(package.get("checksum").is_some(), "{} has no checksum", package["name"]);
    }
}
