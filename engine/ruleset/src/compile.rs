//! From a checked rule to one that runs: its features get their slots, its calls their effects, and each
//! distinct set of dials an instance of the script.

use model::fact::{Field, Subject};
use model::feature::{Feature, Slot};
use model::hit::Effect;
use model::policy::Mode;
use model::{Market, ProgramId, RuleId, Text};
use rhai::{AST, Engine, Module, OptimizationLevel, Scope};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checked::{Checked, Shown, Site, Term};
use crate::constant::{Constant, Constants};
use crate::list::List;
use crate::lower::{Lowered, lower};
use crate::rewrite::{self, Rewrite};
use crate::settings::{Override, RuleSettings};

/// A rule that can be run.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) id: RuleId,
    pub(crate) mode: Mode,
    /// The facts that a lowered rule reads, by subject.
    pub(crate) fields: BTreeMap<Subject, Vec<Field>>,
    /// What is put into the scope, by subject.
    pub(crate) binds: BTreeMap<Subject, Vec<Bind>>,
    pub(crate) features: Vec<UsedFeature>,
    /// The effect of each verdict call; a score's points come with the call.
    pub(crate) effects: Vec<Effect>,
    pub(crate) evidence: Vec<(Text, Evident)>,
    instances: Instances,
}

/// A variable and what it holds.
#[derive(Debug, Clone)]
pub(crate) struct Bind {
    pub(crate) name: String,
    pub(crate) value: Bound,
}

#[derive(Debug, Clone)]
pub(crate) enum Bound {
    Fact(Field),
    Feature(Slot),
    List(Arc<List>),
}

#[derive(Debug, Clone)]
pub(crate) struct UsedFeature {
    pub(crate) slot: Slot,
    pub(crate) name: Option<String>,
    pub(crate) text: String,
}

/// A source of evidence.
#[derive(Debug, Clone)]
pub(crate) enum Evident {
    Feature(Slot),
    Ratio(Slot, Slot),
    Fact(BTreeMap<Subject, Field>),
    Dial(String),
}

/// The script for one set of dials.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) script: AST,
    pub(crate) lowered: Option<Lowered>,
    pub(crate) constants: Constants,
    pub(crate) terms: Vec<TermScript>,
}

/// A term of a condition as scripts of its own, for explanations.
#[derive(Debug)]
pub(crate) struct TermScript {
    pub(crate) term: Term,
    pub(crate) whole: AST,
    pub(crate) sides: Option<(AST, AST)>,
}

/// The instances by market and program: a grid with one row a market and one column a program that sets
/// something otherwise, and the first of each for all others.
#[derive(Debug)]
struct Instances {
    markets: Vec<Market>,
    programs: Vec<ProgramId>,
    grid: Vec<usize>,
    distinct: Vec<Instance>,
}

impl Compiled {
    /// The instance for a record's place.
    pub(crate) fn instance(&self, market: &Market, program: &ProgramId) -> &Instance {
        let Instances { markets, programs, grid, distinct } = &self.instances;
        let row = markets.binary_search(market).map_or(0, |at| at + 1);
        let column = programs.binary_search(program).map_or(0, |at| at + 1);
        let at = grid.get(row * (programs.len() + 1) + column).copied().unwrap_or(0);
        distinct.get(at).or_else(|| distinct.first()).expect("a rule has an instance")
    }

    /// Whether it never needs rhai, but for what would be an error.
    pub(crate) fn is_lowered(&self) -> bool {
        self.instances.distinct.iter().all(|instance| instance.lowered.is_some())
    }

    pub(crate) fn fields(&self, subject: Subject) -> &[Field] {
        self.fields.get(&subject).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn binds(&self, subject: Subject) -> &[Bind] {
        self.binds.get(&subject).map_or(&[], Vec::as_slice)
    }
}

/// Compiles a rule without errors.
pub(crate) fn compile(
    checked: &Checked,
    settings: Option<&RuleSettings>,
    mode: Mode,
    slots: &BTreeMap<Feature, Slot>,
    engine: &Engine,
) -> Compiled {
    let slot_of = |at: usize| {
        let slot = checked.features.get(at).and_then(|used| slots.get(&used.feature));
        slot.copied().expect("every feature of an evaluated rule is planned")
    };
    let features = checked.features.iter().enumerate().map(|(at, used)| UsedFeature {
        slot: slot_of(at),
        name: used.name.clone(),
        text: used.text.clone(),
    });
    let evidence = checked.evidence.iter().map(|(name, shown)| {
        let evident = match shown {
            Shown::Feature(at) => Evident::Feature(slot_of(*at)),
            Shown::Ratio(a, b) => Evident::Ratio(slot_of(*a), slot_of(*b)),
            Shown::Fact(variable) => {
                Evident::Fact(checked.facts.get(variable).map(|f| f.fields.clone()).unwrap_or_default())
            }
            Shown::Dial(name) => Evident::Dial(name.clone()),
        };
        (name.clone(), evident)
    });
    Compiled {
        id: checked.id.clone(),
        mode,
        fields: fields(checked),
        binds: binds(checked, slots),
        features: features.collect(),
        effects: checked.sites.iter().map(|site| effect(site, &slot_of)).collect(),
        evidence: evidence.collect(),
        instances: instances(checked, settings, slots, engine),
    }
}

fn effect(site: &Site, slot_of: &dyn Fn(usize) -> Slot) -> Effect {
    match site {
        Site::Hold(until) => Effect::Hold(*until),
        Site::HoldAllOf(at, until) => Effect::HoldAllOf(slot_of(*at), *until),
        Site::HoldCreator(until) => Effect::HoldCreator(*until),
        Site::Flag => Effect::Flag,
        Site::Score => Effect::Score(0),
        Site::Invalidate => Effect::Invalidate,
        Site::Reject => Effect::Reject,
    }
}

fn binds(checked: &Checked, slots: &BTreeMap<Feature, Slot>) -> BTreeMap<Subject, Vec<Bind>> {
    let of_subject = |subject: &Subject| {
        let facts = checked.facts.iter().filter_map(|(name, fact)| {
            let field = fact.fields.get(subject)?;
            Some(Bind { name: name.clone(), value: Bound::Fact(field.clone()) })
        });
        let features = checked.features.iter().filter_map(|used| {
            let slot = slots.get(&used.feature)?;
            Some(Bind { name: used.variable.clone(), value: Bound::Feature(*slot) })
        });
        let lists = checked
            .lists
            .iter()
            .map(|(name, list)| Bind { name: name.clone(), value: Bound::List(Arc::clone(list)) });
        (*subject, facts.chain(features).chain(lists).collect())
    };
    checked.header.on.iter().map(of_subject).collect()
}

/// The facts in the order of their names, as each subject has them.
fn fields(checked: &Checked) -> BTreeMap<Subject, Vec<Field>> {
    let of = |subject: &Subject| {
        let fields = checked.facts.values().filter_map(|fact| fact.fields.get(subject).cloned());
        (*subject, fields.collect())
    };
    checked.header.on.iter().map(of).collect()
}

fn instances(
    checked: &Checked,
    settings: Option<&RuleSettings>,
    slots: &BTreeMap<Feature, Slot>,
    engine: &Engine,
) -> Instances {
    let variables: BTreeMap<String, Slot> =
        checked.features.iter().filter_map(|f| Some((f.variable.clone(), *slots.get(&f.feature)?))).collect();
    let none = BTreeMap::new();
    let no_programs = BTreeMap::new();
    let everywhere: &[Override] = settings.map_or(&[], |s| &s.dials);
    let markets = settings.map_or(&none, |s| &s.markets);
    let programs = settings.map_or(&no_programs, |s| &s.programs);
    let mut sets: Vec<BTreeMap<String, Constant>> = Vec::new();
    let mut grid = Vec::new();
    for market in std::iter::once(None).chain(markets.values().map(Some)) {
        for program in std::iter::once(None).chain(programs.values().map(Some)) {
            // The most particular comes last and wins.
            let layers =
                everywhere.iter().chain(market.into_iter().flatten()).chain(program.into_iter().flatten());
            let set: BTreeMap<String, Constant> = layers.map(|o| (o.name.clone(), o.value.clone())).collect();
            let at = sets.iter().position(|s| *s == set).unwrap_or_else(|| {
                sets.push(set);
                sets.len() - 1
            });
            grid.push(at);
        }
    }
    Instances {
        markets: markets.keys().cloned().collect(),
        programs: programs.keys().cloned().collect(),
        grid,
        distinct: sets.iter().map(|set| instance(checked, set, &variables, engine)).collect(),
    }
}

fn instance(
    checked: &Checked,
    otherwise: &BTreeMap<String, Constant>,
    variables: &BTreeMap<String, Slot>,
    engine: &Engine,
) -> Instance {
    let constants = checked.constants(otherwise);
    let statements = Rewrite::new(checked, &constants, engine).statements();
    let mut found = Vec::new();
    rewrite::terms(&statements, &mut found);
    let expression = |expr: &rhai::Expr| AST::new([rhai::Stmt::Expr(Box::new(expr.clone()))], Module::new());
    let terms = found.iter().filter_map(|(place, expr)| {
        let term = checked.terms.get(place)?.clone();
        let sides = if let rhai::Expr::FnCall(call, _) = expr
            && term.sides.is_some()
            && let [left, right] = &*call.args
        {
            Some((expression(left), expression(right)))
        } else {
            None
        };
        Some(TermScript { term, whole: expression(expr), sides })
    });
    let terms = terms.collect();
    let script =
        engine.optimize_ast(&Scope::new(), AST::new(statements, Module::new()), OptimizationLevel::Simple);
    let lowered = lower(checked, &constants, variables);
    Instance { script, lowered, constants, terms }
}
