//! Station 3, JUDGE: rhai source in, a checked ruleset out; facts and measures in, hits out. Only here is rhai
//! known.
//!
//! A [`Ruleset`] is loaded from [`Sources`] as a whole or not at all: [`Ruleset::load`] finds every problem of
//! every file at once, with its place and the likely fix. Once loaded it has no state, and any number of threads
//! may share it. What must hold:
//!
//! * the same sources, record and measures give the same hits, whatever ran before;
//! * no rule can write state, stall, or reach a file, a clock or the process's output;
//! * a rule that fails says nothing but that it failed;
//! * a value that is missing makes no rule fail; one that is unknown fails every rule that reads it.
//!
//! It refuses to read files, to measure, and to decide what a hit means to the money.

// What is wrong, and where.
mod diagnostic;
mod source;
mod unreadable;

// The files of a ruleset.
mod archive;
mod list;
mod programs;
mod settings;
mod toml_file;

// A rule: parsed, checked, compiled.
mod check;
mod checked;
mod compile;
mod constant;
mod facts;
mod header;
mod lower;
mod nesting;
mod parse;
mod rewrite;
mod tree;
mod vocabulary;

// The ruleset: loaded, asked.
mod engine;
mod evaluate;
mod info;
mod judge;
mod load;
mod trace;

use model::Span;
use model::fact::{Facts, Subject};
use model::feature::{Measures, PlannedFeature};
use model::hit::Hit;
use model::policy::Policy;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use archive::Sources;
pub use checked::RuleSeverity;
pub use constant::Constant;
pub use diagnostic::{Diagnostic, Place, Range, Severity};
pub use info::{DialInfo, RuleInfo, path};
pub use trace::{ConditionTrace, FeatureTrace, RuleTrace, Shown, Sides};

/// A ruleset, and what somebody should look at.
#[derive(Debug)]
pub struct Loaded {
    /// The ruleset.
    pub ruleset: Ruleset,
    /// Problems that do not keep it from loading.
    pub warnings: Vec<Diagnostic>,
}

/// A checked ruleset.
#[derive(Debug)]
pub struct Ruleset {
    hash: String,
    policy: Arc<Policy>,
    features: Vec<PlannedFeature>,
    infos: Vec<RuleInfo>,
    /// Those that are evaluated, sorted by id.
    rules: Vec<compile::Compiled>,
    by_subject: BTreeMap<Subject, Vec<usize>>,
    engine: rhai::Engine,
    mismatches: Arc<AtomicU64>,
    shortest_span: Option<Span>,
    longest_window: Span,
}

impl Ruleset {
    /// Loads a ruleset, or says everything that is wrong with it, errors and warnings, sorted by file and place.
    pub fn load(sources: &Sources) -> Result<Loaded, Vec<Diagnostic>> {
        load::load(sources)
    }

    /// The ruleset's version: the hash of its canonical archive, in hex.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// What it fixes for the stations.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.policy)
    }

    /// The features that its rules ask for; a feature's [`Slot`](model::feature::Slot) is its index. Rules that
    /// ask for the same share it; drafts and retired rules ask for nothing.
    pub fn features(&self) -> &[PlannedFeature] {
        &self.features
    }

    /// All rules, sorted by id, drafts and retired ones included.
    pub fn rules(&self) -> &[RuleInfo] {
        &self.infos
    }

    /// The hits of every evaluated rule on a record, sorted by rule; per rule one effect of a kind, in the order
    /// in which it said them, or that it failed.
    pub fn judge(&self, record: &dyn Facts, measures: &Measures) -> Vec<Hit> {
        let mut hits = Vec::new();
        let rules = self.rules_on(record.subject());
        let mut scope = None;
        for rule in rules {
            let judged = judge::Judged { record, measures };
            if let judge::Ran::No = judge::run_lowered(rule, judged, &self.mismatches, &mut hits) {
                let scope = scope.get_or_insert_with(judge::scope);
                judge::run(&self.engine, rule, judged, scope, &mut hits);
            }
        }
        hits
    }

    /// Runs every rule as [`Ruleset::judge`] does, for nothing but to say after each that it has run: how long rules
    /// take is for those to measure who have a clock.
    pub fn rehearse(&self, record: &dyn Facts, measures: &Measures, after: &mut dyn FnMut(&model::RuleId)) {
        let (mut hits, uncounted) = (Vec::new(), AtomicU64::new(0));
        let mut scope = judge::scope();
        for rule in self.rules_on(record.subject()) {
            let judged = judge::Judged { record, measures };
            if let judge::Ran::No = judge::run_lowered(rule, judged, &uncounted, &mut hits) {
                judge::run(&self.engine, rule, judged, &mut scope, &mut hits);
            }
            after(&rule.id);
        }
    }

    /// The same as [`Ruleset::judge`], every rule run by rhai itself: the reference that a faster evaluation is
    /// tested against.
    pub fn judge_by_reference(&self, record: &dyn Facts, measures: &Measures) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut scope = judge::scope();
        for rule in self.rules_on(record.subject()) {
            judge::run(&self.engine, rule, judge::Judged { record, measures }, &mut scope, &mut hits);
        }
        hits
    }

    /// The evaluated rules that need rhai to run, sorted: slower than those that were lowered.
    pub fn interpreted(&self) -> impl Iterator<Item = &model::RuleId> {
        self.rules.iter().filter(|rule| !rule.is_lowered()).map(|rule| &rule.id)
    }

    /// What every evaluated rule made of a record, for explanations; sorted by rule.
    pub fn trace(&self, record: &dyn Facts, measures: &Measures) -> Vec<RuleTrace> {
        let judged = judge::Judged { record, measures };
        let mut scope = judge::scope();
        let rules = self.rules_on(record.subject());
        rules.map(|rule| trace::trace(&self.engine, rule, judged, &mut scope)).collect()
    }

    /// The shortest time after which something that a rule does may lapse: the shortest hold that any of them,
    /// a default or a market's limit can set.
    pub fn shortest_span(&self) -> Option<Span> {
        self.shortest_span
    }

    /// The longest window that a feature may have, as `ruleset.toml` says.
    pub fn longest_window(&self) -> Span {
        self.longest_window
    }

    /// How many comparisons of amounts in different currencies there were since it was loaded. For metrics: it
    /// reaches no output.
    pub fn mismatched_currencies(&self) -> u64 {
        self.mismatches.load(Ordering::Relaxed)
    }

    fn rules_on(&self, subject: Subject) -> impl Iterator<Item = &compile::Compiled> {
        let at = self.by_subject.get(&subject).map_or(&[][..], Vec::as_slice);
        at.iter().filter_map(|at| self.rules.get(*at))
    }
}
