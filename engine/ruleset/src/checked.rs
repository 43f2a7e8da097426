//! A rule that was checked: everything it names is known, resolved and numbered. From this it is compiled.

use model::fact::{Field, Subject};
use model::feature::Feature;
use model::hit::{Effect, Until};
use model::{RuleId, Text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::constant::{Constant, Constants};
use crate::diagnostic::Place;
use crate::list::List;
use crate::tree::{Expr, Stmt};

/// A checked rule.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) id: RuleId,
    pub(crate) file: String,
    pub(crate) header: Header,
    /// The dials in the order of the text.
    pub(crate) dials: Vec<Dial>,
    /// Names of which an error was reported; there are none in a rule that is compiled.
    pub(crate) failed: BTreeSet<String>,
    /// The facts it reads, by the name of the variable that holds them at run time.
    pub(crate) facts: BTreeMap<String, FactUse>,
    pub(crate) features: Vec<FeatureUse>,
    /// The lists it asks, by the name of the variable that holds them at run time.
    pub(crate) lists: BTreeMap<String, Arc<List>>,
    /// What stands where in the running rule, by the place where the source has a chain that begins there.
    pub(crate) instead: BTreeMap<Place, Instead>,
    /// Its verdict calls; a call in the running rule names its place here.
    pub(crate) sites: Vec<Site>,
    /// What its evidence shows, by name.
    pub(crate) evidence: Vec<(Text, Shown)>,
    /// The terms of its conditions, by the place by which the tree knows them.
    pub(crate) terms: BTreeMap<Place, Term>,
    /// Our tree of it.
    pub(crate) statements: Vec<Stmt>,
    /// Rhai's tree of it.
    pub(crate) rhai: Vec<rhai::Stmt>,
}

/// What a rule says of itself.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) on: BTreeSet<Subject>,
    pub(crate) severity: RuleSeverity,
    pub(crate) public_code: Text,
}

/// How bad it is when a rule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSeverity {
    /// Holds lapse soon.
    Low,
    /// Holds lapse.
    Medium,
    /// Holds wait for a person.
    High,
}

/// An upper-case constant of a rule.
#[derive(Debug, Clone)]
pub(crate) struct Dial {
    pub(crate) name: String,
    /// How the text defines it; later ones may use earlier ones.
    pub(crate) defined: Expr,
    /// Its value outside of any market or program that sets it otherwise.
    pub(crate) value: Constant,
    /// A feature needs it: it cannot vary by market.
    pub(crate) in_feature: bool,
}

/// A fact that a rule reads.
#[derive(Debug, Clone)]
pub(crate) struct FactUse {
    pub(crate) fields: BTreeMap<Subject, Field>,
}

/// A feature that a rule reads.
#[derive(Debug, Clone)]
pub(crate) struct FeatureUse {
    pub(crate) feature: Feature,
    /// The variable that holds it at run time.
    pub(crate) variable: String,
    /// As the rule writes it.
    pub(crate) text: String,
    /// The `let` that names it.
    pub(crate) name: Option<String>,
    /// The rule holds by it.
    pub(crate) holds: bool,
}

/// What the running rule has where the source has a chain.
#[derive(Debug, Clone)]
pub(crate) enum Instead {
    /// A variable, in place of the root and so many steps after it.
    Variable { name: String, steps: usize },
    /// Any of several truths.
    AnyOf { names: Vec<String>, steps: usize },
    /// An amount.
    Amount(Expr),
    /// A verdict: the call itself, without what follows it.
    Verdict { site: usize, kind: VerdictKind },
}

/// The arguments of a verdict call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum VerdictKind {
    /// `(reason)`
    Plain,
    /// `(points, reason)`
    Score,
    /// `(feature, reason)`
    Group,
}

/// A verdict call in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Site {
    Hold(Until),
    /// By which of the rule's features.
    HoldAllOf(usize, Until),
    HoldCreator(Until),
    Flag,
    Score,
    Invalidate,
    Reject,
}

impl Site {
    /// How long it holds, if it does.
    pub(crate) fn until(&self) -> Option<Until> {
        match self {
            Site::Hold(until) | Site::HoldAllOf(_, until) | Site::HoldCreator(until) => Some(*until),
            Site::Flag | Site::Score | Site::Invalidate | Site::Reject => None,
        }
    }
}

/// Whether two effects are of one kind.
pub(crate) fn same_kind(a: &Effect, b: &Effect) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

/// What an entry of evidence shows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Shown {
    /// One of the rule's features.
    Feature(usize),
    /// The ratio of two of them.
    Ratio(usize, usize),
    /// A fact, by its variable; only numbers and amounts are ever shown.
    Fact(String),
    /// A dial, by its name; only whole numbers.
    Dial(String),
}

/// A term of a condition, for explanations.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) text: String,
    /// The texts of both sides and the operator, of a comparison.
    pub(crate) sides: Option<(String, &'static str, String)>,
    pub(crate) line: u32,
}

impl Checked {
    /// The dials' values where some of them are set otherwise.
    pub(crate) fn constants(&self, otherwise: &BTreeMap<String, Constant>) -> Constants {
        let mut constants = Constants::new();
        for dial in &self.dials {
            let set = otherwise.get(&dial.name).cloned();
            let value =
                set.or_else(|| crate::constant::evaluate(&dial.defined, &constants, &mut BTreeSet::new()));
            constants.insert(dial.name.clone(), value.unwrap_or_else(|| dial.value.clone()));
        }
        constants
    }
}
