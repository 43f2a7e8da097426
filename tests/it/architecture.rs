//! Holds the dependency table of ARCHITECTURE.md: who may know whom.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Each crate of the engine and the crates of the engine that it may depend on.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("attribution", &["model"]),
    ("window", &["model"]),
    ("ruleset", &["model"]),
    ("ledger", &["model"]),
    ("trade", &["model"]),
    ("decider", &["model", "attribution", "window", "ruleset", "ledger"]),
    ("runtime", &["model", "ruleset", "decider"]),
    ("connector", &["model", "decider", "runtime"]),
    ("console", &["model", "ruleset", "runtime"]),
    (
        "tidegate",
        &[
            "model",
            "attribution",
            "window",
            "ruleset",
            "ledger",
            "trade",
            "decider",
            "runtime",
            "connector",
            "console",
        ],
    ),
];

/// Crates from outside that only one crate may know.
const ONLY: &[(&str, &[&str])] = &[
    ("rhai", &["ruleset"]),
    ("rdkafka", &["connector"]),
    ("rusqlite", &["connector"]),
    ("axum", &["console"]),
    ("hyper", &["console"]),
    ("hyper-util", &["console"]),
    ("tower", &["console"]),
    ("tokio-rustls", &["console"]),
    ("rustls", &["console"]),
    ("ureq", &["console"]),
    ("socket2", &["console"]),
    ("metrics", &["runtime"]),
    ("metrics-exporter-prometheus", &["tidegate"]),
    ("tracing", &["runtime", "console", "tidegate"]),
    ("tracing-subscriber", &["tidegate"]),
    ("tracing-opentelemetry", &["tidegate"]),
    ("opentelemetry", &["tidegate"]),
    ("opentelemetry-http", &["tidegate"]),
    ("opentelemetry-otlp", &["tidegate"]),
    ("opentelemetry_sdk", &["tidegate"]),
    ("clap", &["tidegate", "bench"]),
    ("ratatui", &["tidegate"]),
];

fn manifests() -> BTreeMap<String, toml::Table> {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine");
    let folders = std::fs::read_dir(engine).unwrap().map(|entry| entry.unwrap().path());
    let manifests = folders.filter(|folder| folder.join("Cargo.toml").exists()).map(|folder| {
        let table: toml::Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        (table["package"]["name"].as_str().unwrap().to_owned(), table)
    });
    manifests.collect()
}

fn dependencies(manifest: &toml::Table) -> BTreeSet<&str> {
    let table = manifest.get("dependencies").and_then(|d| d.as_table());
    table.into_iter().flat_map(|table| table.keys().map(String::as_str)).collect()
}

#[test]
fn a_crate_knows_only_the_crates_that_it_may_know() {
    let manifests = manifests();
    let ours: BTreeSet<&str> = manifests.keys().map(String::as_str).collect();
    let listed: BTreeSet<&str> = MAY_KNOW.iter().map(|(name, _)| *name).collect();
    assert_eq!(ours, listed, "every crate of the engine has its row");
    for (name, may_know) in MAY_KNOW {
        let known: BTreeSet<&str> = dependencies(&manifests[*name]).intersection(&ours).copied().collect();
        let allowed: BTreeSet<&str> = may_know.iter().copied().collect();
        assert!(known.is_subset(&allowed), "`{name}` knows {known:?}, and may know {allowed:?}");
    }
}

#[test]
fn a_heavy_dependency_stays_in_its_quarantine() {
    for (name, manifest) in &manifests() {
        for (dependency, holders) in ONLY {
            let knows = dependencies(manifest).contains(dependency);
            assert!(!knows || holders.contains(&name.as_str()), "`{name}` may not depend on `{dependency}`");
        }
    }
}
