//! `programs.toml`: the terms of programs. Every key may be left out; what a program does not say is as in
//! `[default]`:
//!
//! ```toml
//! [default]
//! attribution_window = "7d"           # 1d to 30d
//! pick = "last"                       # which valid click earns: "last" or "first"
//! device_evidence = false             # whether the same device is evidence
//! settlement_delay = "14d"            # until release, where the plan does not say
//! settlement_from = "order"           # or "delivered", "completed"
//! requires = ["refund"]               # feeds that must be complete before a release
//! sources.refund = ["shop_export"]    # who sends each of those kinds
//!
//! [programs.vip]
//! settlement_delay = "30d"
//! ```

use model::event::{Kind, SettlementFrom};
use model::policy::{Pick, ProgramPolicy};
use model::{ProgramId, SourceId, Span};
use std::collections::{BTreeMap, BTreeSet};
use toml::de::DeTable;

use crate::diagnostic::did_you_mean;
use crate::toml_file::{TomlFile, Value};

/// What `programs.toml` says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Programs {
    pub(crate) default: ProgramPolicy,
    pub(crate) programs: BTreeMap<ProgramId, ProgramPolicy>,
}

impl Programs {
    /// Reads the file.
    pub(crate) fn read(file: &mut TomlFile<'_>) -> Programs {
        let mut found = Programs::default();
        let Some(root) = file.root() else { return found };
        file.only(&root, &SECTIONS);
        if TomlFile::says(&root, "default", &SECTIONS) {
            let unread = ProgramPolicy { sources: anybody(), ..ProgramPolicy::default() };
            let terms = file.table(&root, "default");
            let terms = terms.map(|terms| read_terms(file, terms, &ProgramPolicy::default()));
            found.default = terms.unwrap_or(unread);
        }
        let Some(programs) = file.table(&root, "programs") else { return found };
        for (name, value) in programs {
            let Some(terms) = file.table(programs, name.get_ref()) else { continue };
            let policy = read_terms(file, terms, &found.default);
            match ProgramId::new(name.get_ref()) {
                Ok(program) => {
                    found.programs.insert(program, policy);
                }
                Err(error) => file.wrong(value, name.get_ref(), &error.to_string()),
            }
        }
        found
    }
}

const SECTIONS: [&str; 2] = ["default", "programs"];
const TERMS: [&str; 7] = [
    "attribution_window",
    "pick",
    "device_evidence",
    "settlement_delay",
    "settlement_from",
    "requires",
    "sources",
];

fn read_terms(file: &mut TomlFile<'_>, terms: &DeTable<'_>, default: &ProgramPolicy) -> ProgramPolicy {
    file.only(terms, &TERMS);
    let mut policy = default.clone();
    if let Some(window) = file.span(terms, "attribution_window", Span::from_days(1), Span::from_days(30)) {
        policy.attribution_window = window;
    }
    if let Some(pick) = file.choice(terms, "pick", &[("last", Pick::Last), ("first", Pick::First)]) {
        policy.pick = pick;
    }
    if let Some(truth) = file.truth(terms, "device_evidence") {
        policy.device_evidence = truth;
    }
    if let Some(delay) = file.span(terms, "settlement_delay", Span::ZERO, Span::from_days(365)) {
        policy.settlement_delay = delay;
    }
    let from = [
        ("order", SettlementFrom::Order),
        ("delivered", SettlementFrom::Delivered),
        ("completed", SettlementFrom::Completed),
    ];
    if let Some(from) = file.choice(terms, "settlement_from", &from) {
        policy.settlement_from = from;
    }
    if let Some(value) = terms.get("requires") {
        policy.requires = kinds(file, value);
    }
    if TomlFile::says(terms, "sources", &TERMS) {
        let sources = file.table(terms, "sources").and_then(|sources| read_sources(file, sources));
        let whole = sources.filter(|_| !TomlFile::misspells(terms, "sources", &TERMS));
        policy.sources = whole.unwrap_or_else(anybody);
    }
    check_sources(file, terms, &policy);
    policy
}

/// A required feed that nobody sends would hold every release for ever.
fn check_sources(file: &mut TomlFile<'_>, terms: &DeTable<'_>, policy: &ProgramPolicy) {
    let unsent = policy.requires.iter().find(|kind| !policy.sources.contains_key(kind));
    let (Some(kind), Some(value)) = (unsent, terms.get("requires").or_else(|| terms.get("sources"))) else {
        return;
    };
    let range = file.range_of(value);
    let message = format!("nobody is named who sends `{}`: nothing would ever be released", kind.name());
    let help = format!("add `sources.{} = [\"…\"]`", kind.name());
    file.problems.error("program.sources", range, message, Some(help));
}

/// Who sends what; nothing where a kind is not known, which may be any.
fn read_sources(
    file: &mut TomlFile<'_>,
    sources: &DeTable<'_>,
) -> Option<BTreeMap<Kind, BTreeSet<SourceId>>> {
    let mut found = BTreeMap::new();
    let mut fine = true;
    for (name, value) in sources {
        let range = file.range_of(name);
        let Some(kind) = kind(file, name.get_ref(), range) else {
            fine = false;
            continue;
        };
        let texts = file.texts(value, name.get_ref());
        let ids: BTreeSet<SourceId> = texts.iter().filter_map(|(text, _)| SourceId::new(text).ok()).collect();
        if ids.is_empty() {
            file.wrong(value, name.get_ref(), "a list of at least one source");
        }
        found.insert(kind, ids);
    }
    fine.then_some(found)
}

/// Sources that cannot be read: no kind is said to come from nobody.
fn anybody() -> BTreeMap<Kind, BTreeSet<SourceId>> {
    Kind::ALL.map(|kind| (kind, BTreeSet::new())).into()
}

fn kinds(file: &mut TomlFile<'_>, value: &Value<'_>) -> BTreeSet<Kind> {
    let texts = file.texts(value, "requires");
    texts.iter().filter_map(|(text, range)| kind(file, text, *range)).collect()
}

fn kind(file: &mut TomlFile<'_>, name: &str, range: crate::diagnostic::Range) -> Option<Kind> {
    let found = Kind::from_name(name);
    if found.is_none() {
        let names = Kind::ALL.map(Kind::name);
        let message = format!("there is no kind of event `{name}`");
        file.problems.error("kind.unknown", range, message, did_you_mean(name, &names));
    }
    found
}
