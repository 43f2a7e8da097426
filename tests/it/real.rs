//! Real data: cuts of public data sets that nobody on this project made. Each set has its mapping and its rules in
//! `tests/real/SET`, and here the figures that must come out of them.
//!
//! The data is not part of the project. Where its folder is absent, a test says so on standard error and ends.
//! Labels (a charge-back, a known fraud) are read by the tests alone, to count how right the rules were.

use connector::file::{Files, Input};
use connector::mapping::Mapping;
use decider::{About, Decider, Effects, Explanation};
use model::admitted::OrderRecord;
use model::log::{Control, Genesis, RecordBody};
use model::refusal::DeadLetter;
use model::{Event, EventTime, HashKey, OrderId, OrderKey, Position, ProgramId, Record, Verdict};
use ruleset::Sources;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use crate::engine::{self, Output};

mod cloudwalk;
mod dbt_playbook;
mod fraud_ecommerce;
mod online_retail;
mod talkingdata;
mod w3c_vectors;

/// Records decided at once where a test does not say: never shows in an output.
const CHUNK: usize = 1000;

/// Where a file or folder of the data is, if it is there at all.
fn data(name: &str) -> Option<PathBuf> {
    let path = engine::root().join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    let line = format!("\nSKIPPED: this test needs the real data, and there is no {}\n", path.display());
    // Past the test harness, which swallows what a passing test prints: skipping must not be silent. In one piece,
    // since tests run side by side.
    let _ = std::io::stderr().write_all(line.as_bytes());
    None
}

/// Files of the data with the mapping and the rules that belong to them.
struct Set {
    input: Input,
    sources: Sources,
    until: Option<EventTime>,
}

impl Set {
    /// Reads files of the data by the mapping of `tests/real/FOLDER`; nothing where the data is absent.
    fn open(folder: &str, files: &[&str]) -> Option<Set> {
        let mut files: Vec<PathBuf> = files.iter().map(|name| data(name)).collect::<Option<_>>()?;
        let folder = engine::root().join("tests/real").join(folder);
        files.extend(Some(folder.join("plans.ndjson")).filter(|plans| plans.exists()));
        let text = std::fs::read_to_string(folder.join("mapping.toml")).unwrap();
        let mapping = Mapping::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let input = Files::open(&files, Some(&mapping), &mut |_| {}).unwrap();
        Some(Set { input, sources: engine::sources(&folder), until: None })
    }

    /// The same with a line of the rules written otherwise.
    fn with(&self, file: &str, written: &str, instead: &str) -> Sources {
        let mut sources = self.sources.clone();
        let text = sources.text(file).unwrap().into_owned();
        assert!(text.contains(written), "{file} says {written}");
        sources.put(file, text.replace(written, instead));
        sources
    }

    /// The events, without what is no event.
    fn events(&self) -> impl Iterator<Item = &Event> {
        self.input.records.iter().filter_map(|record| match &record.body {
            RecordBody::Event(event) => Some(event.as_ref()),
            RecordBody::Undecodable(_) | RecordBody::Control(_) => None,
        })
    }

    /// Decides everything by the rules of the folder.
    fn replay(&self) -> Run {
        self.replay_by(&self.sources, CHUNK)
    }

    /// Decides everything.
    fn replay_by(&self, sources: &Sources, chunk: usize) -> Run {
        let ruleset = engine::load(sources);
        let genesis = Genesis::standard(ruleset.hash().into());
        let mut run = Run::new(Decider::new(genesis, Arc::clone(&ruleset), HashKey::public()));
        for records in self.input.records.chunks(chunk) {
            run.decide(records);
        }
        if let Some(until) = self.until {
            let position =
                self.input.records.last().map_or(Position(0), |last| Position(last.position.0 + 1));
            let body = RecordBody::Control(Control::Tick(until));
            run.decide(&[Record { position, stamp: None, raw: bytes::Bytes::new(), body }]);
        }
        run
    }

    /// Decides everything twice, in chunks of different sizes, and compares every byte.
    fn assert_chunks_never_show(&self) {
        let [large, small] = [1000, 7].map(|chunk| self.replay_by(&self.sources, chunk).output);
        assert!(!large.verdicts.is_empty(), "there is something to compare");
        assert!(large == small, "chunks of 1000 and of 7 give the same bytes");
    }
}

/// What came of deciding a set.
struct Run {
    decider: Decider,
    verdicts: Vec<Verdict>,
    dead_letters: Vec<DeadLetter>,
    explanations: Vec<Explanation>,
    output: Output,
}

impl Run {
    fn new(decider: Decider) -> Run {
        let (verdicts, dead_letters, explanations) = (Vec::new(), Vec::new(), Vec::new());
        Run { decider, verdicts, dead_letters, explanations, output: Output::default() }
    }

    fn decide(&mut self, records: &[Record]) {
        let mut effects = Effects::default();
        self.decider.decide(records, &mut effects);
        self.verdicts.extend_from_slice(&effects.verdicts);
        self.dead_letters.extend_from_slice(&effects.dead_letters);
        self.explanations.append(&mut effects.explanations);
        self.output.take(&mut effects);
    }

    /// The orders on which a rule spoke when they came: what was known at decision time.
    fn spoke(&self, rule: &str) -> BTreeSet<&str> {
        let said = self.explanations.iter().filter(|e| e.hit.rule.as_str() == rule);
        let about = said.filter_map(|explanation| match &explanation.about {
            About::Order(key) => Some(key.order.as_str()),
            About::Click(_) => None,
        });
        about.collect()
    }

    /// The orders whose money a rule held, sooner or later.
    fn held(&self, rule: &str) -> BTreeSet<&str> {
        let held = self.verdicts.iter().filter(|v| v.holds.iter().any(|hold| hold.rule.as_str() == rule));
        held.filter_map(|verdict| verdict.order_id.as_ref()).map(|order| order.as_str()).collect()
    }

    /// An order as it was judged.
    fn order(&self, order: &str) -> &OrderRecord {
        let key = OrderKey { program: ProgramId::new("main").unwrap(), order: OrderId::new(order).unwrap() };
        self.decider.attribution().order(&key).unwrap_or_else(|| panic!("there is an order {order}"))
    }
}

/// How right a rule was: of so many orders that it named, so many were bad, of so many bad ones in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Score {
    named: usize,
    right: usize,
    bad: usize,
}

impl Score {
    fn of(named: &BTreeSet<&str>, bad: &BTreeSet<String>) -> Score {
        let right = named.iter().filter(|order| bad.contains(**order)).count();
        Score { named: named.len(), right, bad: bad.len() }
    }

    /// Share of the named ones that were bad, in thousandths, rounded.
    fn precision(self) -> usize {
        thousandths(self.right, self.named)
    }

    /// Share of the bad ones that were named, in thousandths, rounded.
    fn recall(self) -> usize {
        thousandths(self.right, self.bad)
    }
}

fn thousandths(part: usize, whole: usize) -> usize {
    (part * 2000 + whole) / (whole * 2)
}

/// A column of a plain CSV file without quotes, by the column's name.
fn columns<const N: usize>(file: &str, names: [&str; N]) -> Option<Vec<[String; N]>> {
    let text = std::fs::read_to_string(data(file)?).unwrap();
    let mut lines = text.lines().map(|line| line.split(',').map(str::trim).collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let places = names.map(|name| head.iter().position(|column| *column == name).unwrap());
    Some(lines.map(|line| places.map(|place| line[place].to_owned())).collect())
}

/// The rows that a label calls bad, by another column.
fn labelled(file: &str, [row, label]: [&str; 2], bad: &str) -> Option<BTreeSet<String>> {
    let rows = columns(file, [row, label])?;
    Some(rows.into_iter().filter(|[_, label]| label == bad).map(|[row, _]| row).collect())
}

/// What a producer sent of its own: the only place where a label could reach a rule.
fn attributes(set: &Set) -> BTreeSet<&str> {
    set.events().flat_map(|event| event.attributes.keys()).map(|name| name.as_str()).collect()
}
