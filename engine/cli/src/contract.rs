//! The shape of the JSON that commands print, as JSON Schema 2020-12, and the page of facts.

use schemars::Schema;

use crate::score::DemoSummary;
use crate::summary::Summary;

/// Each schema by the name of its file in `schemas/`.
pub fn schemas() -> Vec<(&'static str, String)> {
    let text = |schema: Schema| {
        let text = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
        text + "\n"
    };
    vec![
        ("summary.schema.json", text(schemars::schema_for!(Summary))),
        ("demo.schema.json", text(schemars::schema_for!(DemoSummary))),
    ]
}

/// The page of `engine/operating/metrics.md`: every metric that a running lane exposes.
pub fn metrics() -> String {
    format!("{}\n{}", include_str!("run/metrics.md"), runtime::telemetry::page())
}

/// The page of `rules/facts.md`: every fact that a rule can see.
pub fn facts() -> String {
    crate::rules::facts_page()
}
