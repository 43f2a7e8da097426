//! Where bytes become events and verdicts become bytes.
//!
//! - [`wire`]: the JSON of every kind, of verdicts and of dead letters;
//! - [`mod@log`]: exported logs, which carry positions, stamps and control records;
//! - [`schema`]: the contract as JSON Schema and tables, made from the same tables that read and write;
//! - [`mapping`]: foreign tables (CSV, JSON lines) as events, by a mapping file;
//! - [`mod@file`]: files as a source of records in log order;
//! - [`folder`]: what a run leaves behind, and where verdicts are written;
//! - [`rules`]: the files of a folder of rules;
//! - [`store`]: the permanent memory of a service: the embedded store;
//! - [`kafka`]: a lane on Kafka: so far, its topics.
//!
//! No bytes can stop the stream: whatever is not an event becomes a refusal with its original bytes. Decoding
//! and mapping are pure functions of their bytes. It refuses to read a clock or the environment.

mod checksum;
pub mod file;
pub mod folder;
pub mod kafka;
pub mod log;
pub mod mapping;
pub mod rules;
pub mod schema;
pub mod store;
pub mod wire;

/// The name nearest to a mistyped one, if one is near enough to be meant.
pub(crate) fn nearest<'n>(typed: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |name: &str| strsim::damerau_levenshtein(&typed.to_lowercase(), name);
    let bound = typed.chars().count().min(64) / 3 + 1;
    if typed.len() > 64 {
        return None;
    }
    names.map(|name| (distance(name), name)).filter(|(d, _)| *d <= bound).min().map(|(_, name)| name)
}
