//! The checker: reads a rule's tree from top to bottom, resolves what it names and finds everything that is
//! wrong with it at once, in the words of the person who wrote it.

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
    on: BTreeSet<Subject>,
    constants: Constants,
    dials: Vec<Dial>,
    /// The constants that were read.
    read: BTreeSet<String>,
    locals: Vec<Local>,
    /// How many conditions that never hold are around.
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
    // Without a valid `ON` the rest is checked as if it were about orders: most rules are.
    let fallback = Header {
        title: String::new(),
        description: String::new(),
        on: BTreeSet::from([Subject::Order]),
        severity: RuleSeverity::Low,
        public_code: model::Text::default(),
    };
    let header = top.header.unwrap_or(fallback);
    let mut checker = Checker {
        source,
        around,
        on: header.on.clone(),
        constants: top.constants,
        dials: top.dials,
        read: BTreeSet::new(),
        locals: Vec::new(),
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
        for dial in &self.dials {
            // A constant may serve another one only.
            let mut used = BTreeSet::new();
            if self.read.contains(&dial.name) {
                crate::constant::evaluate(&dial.defined, &self.constants, &mut used);
            }
            self.read.extend(used);
        }
        self.unused_dials(ranges);
        self.dial_evidence();
        budget::check(statements, &self.constants, self.problems);
        match self.verdicts {
            Verdicts::None => {
                let message = "the rule says nothing: it has no verdict".to_owned();
                let help = "call `hold(…)`, `flag(…)`, `score(…)` or another verdict";
                self.warning("rule.no_effect", Range::TOP, message, help);
            }
            Verdicts::Unreachable => {
                let message = "the rule can never fire: no event reaches any of its verdicts".to_owned();
                self.warning("rule.never", Range::TOP, message, "");
            }
            Verdicts::Reachable => {}
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

    /// Dials that a feature, a hold's length or a list's name needs are the same everywhere.
    fn fix(&mut self, used: BTreeSet<String>) {
        for dial in &mut self.dials {
            dial.in_feature |= used.contains(&dial.name);
        }
        self.read.extend(used);
    }

    fn local(&mut self, name: &str) -> Option<&mut Local> {
        self.locals.iter_mut().rev().find(|local| local.name == name)
    }

    fn declare(&mut self, name: &str, range: Range, shape: Shape, origin: Option<Shown>) {
        let taken = if self.constants.contains_key(name) || crate::vocabulary::HEADER.contains(&name) {
            Some("a constant of the rule")
        } else if crate::vocabulary::ROOTS.contains(&name) {
            Some("the name of what the rule sees")
        } else {
            None
        };
        if let Some(what) = taken {
            self.error("name.taken", range, format!("`{name}` is already {what}"), "choose another name");
        }
        self.locals.push(Local { name: name.to_owned(), range, shape, read: false, origin });
    }

    /// Forgets the variables of a block that ends, and says which were never read.
    fn close_scope(&mut self, length: usize) {
        while self.locals.len() > length {
            let Some(local) = self.locals.pop() else { return };
            if !local.read && !local.name.starts_with('_') {
                let message = format!("`{}` is never used", local.name);
                self.warning("let.unused", local.range, message, "remove it, or begin its name with `_`");
            }
        }
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
