//! The ruleset from outside: sources in, diagnostics or hits out.

#![expect(clippy::unwrap_used, clippy::wildcard_enum_match_arm, reason = "tests panic to fail")]

mod files;
mod judging;
mod language;
mod lints;
mod overrides;
mod record;
mod reference;
mod settings;
mod slips;
mod soup;
mod tracing;
