//! The whole engine as tests use it: a ruleset from the shipped folder, records from events, verdicts as bytes.

use decider::{Decider, Effects};
use model::log::{Control, Genesis, RecordBody};
use model::verdict::Account;
use model::{Event, HashKey, Minor, Position, Record};
use ruleset::{Ruleset, Sources};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The root of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads a folder of rules.
pub(crate) fn sources(folder: &Path) -> Sources {
    Sources::of_files(connector::rules::read(folder, &Sources::FOLDERS, Sources::wants).unwrap())
}

/// Loads a folder of rules, and says what is wrong with it if it does not load.
pub(crate) fn rules(folder: &Path) -> Arc<Ruleset> {
    load(&sources(folder))
}

/// Loads rules from text.
pub(crate) fn load(sources: &Sources) -> Arc<Ruleset> {
    match Ruleset::load(sources) {
        Ok(loaded) => Arc::new(loaded.ruleset),
        Err(problems) => {
            let text = |d: &ruleset::Diagnostic| d.render(&sources.text(&d.file).unwrap_or_default());
            panic!("the rules do not load:\n{}", problems.iter().map(text).collect::<Vec<_>>().join("\n"))
        }
    }
}

/// The rules that are shipped.
pub(crate) fn shipped() -> Arc<Ruleset> {
    rules(&root().join("rules"))
}

/// A log: genesis, then the events in the order given, with their canonical bytes.
pub(crate) fn log(ruleset: &Ruleset, events: impl IntoIterator<Item = Event>) -> Vec<Record> {
    let genesis = Genesis::standard(ruleset.hash().into());
    let first = RecordBody::Control(Control::Genesis(Box::new(genesis)));
    let mut records =
        vec![Record { position: Position(0), stamp: None, raw: bytes::Bytes::new(), body: first }];
    for (index, event) in events.into_iter().enumerate() {
        let raw = bytes::Bytes::from(connector::wire::encode(&event));
        let body = RecordBody::Event(Box::new(event));
        records.push(Record { position: Position(index as u64 + 1), stamp: None, raw, body });
    }
    records
}

/// A decider before the first record.
pub(crate) fn decider(ruleset: &Arc<Ruleset>) -> Decider {
    Decider::new(Genesis::standard(ruleset.hash().into()), Arc::clone(ruleset), HashKey::public())
}

/// Everything that leaves the engine, as the bytes that users see.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) verdicts: Vec<u8>,
    pub(crate) dead_letters: Vec<u8>,
}

impl Output {
    pub(crate) fn take(&mut self, effects: &mut Effects) {
        for verdict in &effects.verdicts {
            connector::wire::write_verdict(verdict, &mut self.verdicts);
        }
        for dead in &effects.dead_letters {
            connector::wire::write_dead_letter(dead, &mut self.dead_letters);
        }
        effects.clear();
    }

    pub(crate) fn parsed(&self) -> Vec<model::Verdict> {
        let lines = self.verdicts.split(|b| *b == b'\n').filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
    }
}

/// Decides a log in chunks of `chunk` records.
pub(crate) fn decide(decider: &mut Decider, records: &[Record], chunk: usize) -> Output {
    let (mut output, mut effects) = (Output::default(), Effects::default());
    for chunk in records.chunks(chunk) {
        decider.decide(chunk, &mut effects);
        output.take(&mut effects);
    }
    output
}

/// Balances as a reconciliation states them.
pub(crate) fn wide(balance: &BTreeMap<Account, Minor>) -> BTreeMap<Account, i128> {
    balance.iter().map(|(account, minor)| (*account, i128::from(minor.0))).collect()
}
