//! The checker: reads a rule's tree from top to bottom, resolves what it names and finds everything that is
//! wrong with it at once, in the words of the person who wrote it.
//!
//! One mistake is one error. An expression about which something was said is [`Type::Failed`], and so is whatever
//! is made of it; a name that is not known, or whose definition is wrong, is in `failed`. Neither is complained of
//! again. Whatever stands inside a part that was refused counts as used, and so does the name that a misspelt one
//! is nearest to. Nothing becomes `Failed` without an error: only then may a rule go without what it says there.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each check is about a few kinds of node and leaves the rest"
)]

use model::RuleId;
use model::fact::Subject;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::checked::{Checked, Dial, FactUse, FeatureUse, Header, Instead, RuleSeverity, Shown, Site, Term};
use crate::constant::{Constant, Constants};
use crate::diagnostic::{Place, Problems, Range};
use crate::header;
use crate::list::List;
use crate::parse::Parsed;
use crate::source::Source;
use crate::vocabulary::{Shape, Type};

mod budget;
mod calls;
mod chains;
mod conditions;
mod expressions;
mod features;
mod known;
mod names;
mod statements;
mod verdicts;

/// What a rule is checked against.
pub(crate) struct Surroundings<'a> {
    pub(crate) lists: &'a BTreeMap<String, Arc<List>>,
    pub(crate) longest_window: model::Span,
    pub(crate) longest_hold: model::Span,
    /// Dials that the ruleset sets everywhere.
    pub(crate) otherwise: BTreeMap<String, Constant>,
    pub(crate) may_reject: MayReject,
}

/// Whether the ruleset lets a rule reject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MayReject {
    Yes,
    No,
}

/// A variable of the rule.
struct Local {
    name: String,
    range: Range,
    shape: Shape,
    read: bool,
    /// Only while nothing was assigned to it.
    origin: Option<Shown>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdicts {
    None,
    Unreachable,
    Reachable,
}

struct Checker<'a> {
    source: &'a Source<'a>,
    around: &'a Surroundings<'a>,
    /// Empty where the rule does not say it, which was reported: then it may be anything.
    on: BTreeSet<Subject>,
    constants: Constants,
    dials: Vec<Dial>,
    /// Names of which an error was reported: what they stand for is not known.
    failed: BTreeSet<String>,
    /// The constants that were read.
    read: BTreeSet<String>,
    locals: Vec<Local>,
    /// The conditions that never hold, and how many of them are around.
    nevers: Vec<Range>,
    never: u32,
    /// How many blocks deep: evidence shows only what the top level names.
    depth: u32,
    facts: BTreeMap<String, FactUse>,
    features: Vec<FeatureUse>,
    lists: BTreeMap<String, Arc<List>>,
    instead: BTreeMap<Place, Instead>,
    sites: Vec<Site>,
    /// Whether there is a verdict, and whether some event can reach one.
    verdicts: Verdicts,
    evidence: Vec<(model::Text, Shown)>,
    terms: BTreeMap<Place, Term>,
    problems: &'a mut Problems,
}

/// Checks a rule. A rule with errors gives whatever was understood of it; the caller must not compile it.
pub(crate) fn check(
    id: RuleId,
    source: &Source<'_>,
    parsed: Parsed,
    around: &Surroundings<'_>,
    problems: &mut Problems,
) -> Checked {
    let top = header::read(&parsed.statements, &parsed.doc, &around.otherwise, problems);
    let unread = Header {
        title: String::new(),
        description: String::new(),
        on: top.on.clone(),
        severity: RuleSeverity::Low,
        public_code: model::Text::default(),
    };
    let header = top.header.unwrap_or(unread);
    let mut checker = Checker {
        source,
        around,
        on: top.on,
        constants: top.constants,
        dials: top.dials,
        failed: top.failed.into_iter().chain(parsed.functions).collect(),
        read: BTreeSet::new(),
        locals: Vec::new(),
        nevers: Vec::new(),
        never: 0,
        depth: 0,
        facts: BTreeMap::new(),
        features: Vec::new(),
        lists: BTreeMap::new(),
        instead: BTreeMap::new(),
        sites: Vec::new(),
        verdicts: Verdicts::None,
        evidence: Vec::new(),
        terms: BTreeMap::new(),
        problems,
    };
    checker.rule(&parsed.statements, &top.ranges);
    Checked {
        id,
        file: source.file.to_owned(),
        header,
        dials: checker.dials,
        failed: checker.failed,
        facts: checker.facts,
        features: checker.features,
        lists: checker.lists,
        instead: checker.instead,
        sites: checker.sites,
        evidence: checker.evidence,
        terms: checker.terms,
        statements: parsed.statements,
        rhai: parsed.rhai,
    }
}

impl Checker<'_> {
    fn rule(&mut self, statements: &[crate::tree::Stmt], ranges: &BTreeMap<String, Range>) {
        self.statements(statements);
        self.close_scope(0);
        // A constant may serve a later one only.
        for dial in self.dials.iter().rev() {
            if self.read.contains(&dial.name) {
                self.read.extend(dial.defined.names().into_iter().map(str::to_owned));
            }
        }
        self.unused_dials(ranges);
        self.dial_evidence();
        budget::check(statements, &self.constants, self.problems);
        self.never_said();
    }

    /// What keeps the rule, or a part of it, from ever saying anything.
    fn never_said(&mut self) {
        if self.verdicts == Verdicts::None {
            let message = "the rule says nothing: it has no verdict".to_owned();
            let help = "call `hold(…)`, `flag(…)`, `score(…)` or another verdict";
            self.warning("rule.no_effect", Range::TOP, message, help);
        }
        let (code, help) = match self.verdicts {
            Verdicts::Unreachable => ("rule.never", "all verdicts stand behind it: the rule can never fire"),
            Verdicts::None | Verdicts::Reachable => {
                ("condition.never", "what stands behind it is never reached")
            }
        };
        for range in std::mem::take(&mut self.nevers) {
            self.warning(code, range, "this never holds".to_owned(), help);
        }
    }

    fn unused_dials(&mut self, ranges: &BTreeMap<String, Range>) {
        for dial in &self.dials {
            if !self.read.contains(&dial.name)
                && let Some(range) = ranges.get(&dial.name)
            {
                let message = format!("the constant `{}` is never used", dial.name);
                let help = "remove it, or use it where its value stands".to_owned();
                self.problems.warning("const.unused", *range, message, Some(help));
            }
        }
    }

    fn dial_evidence(&mut self) {
        for dial in &self.dials {
            if self.read.contains(&dial.name) && matches!(dial.value, Constant::Int(_)) {
                self.evidence.push((model::Text::new(&dial.name), Shown::Dial(dial.name.clone())));
            }
        }
        self.evidence.sort_by(|a, b| a.0.cmp(&b.0));
        self.evidence.dedup_by(|a, b| a.0 == b.0);
        self.evidence.truncate(model::limit::EVIDENCE_ENTRIES_MAX);
    }

    fn error(&mut self, code: &'static str, range: Range, message: String, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.problems.error(code, range, message, help);
    }

    fn warning(&mut self, code: &'static str, range: Range, message: String, help: &str) {
        let help = (!help.is_empty()).then(|| help.to_owned());
        self.problems.warning(code, range, message, help);
    }

    /// The type of a value that is known at load.
    fn constant_shape(value: &Constant) -> Shape {
        match value {
            Constant::Unit => Shape::maybe(Type::Unit),
            Constant::Bool(_) => Shape::always(Type::Bool),
            Constant::Int(_) => Shape::always(Type::Int),
            Constant::Float(_) => Shape::always(Type::Float),
            Constant::Text(_) => Shape::always(Type::Text),
            Constant::Array(_) => Shape::always(Type::Array),
            Constant::Money(_) => Shape::always(Type::Money),
        }
    }
}
