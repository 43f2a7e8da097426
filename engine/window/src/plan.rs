//! From the features that a ruleset asks for to the series that answer them.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use model::fact::{Subject, Type};
use model::feature::{Aggregate, Feature, Filter, PlannedFeature};
use model::policy::WindowLimits;
use model::{Field, Span};

use crate::cohort::Cohort;
use crate::layout::{self, Ask, Layout, Needs};
use crate::seen::Source;
use crate::series::{Identity, Series};

/// Where the answer to a feature comes from.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Answer {
    pub(crate) from: From,
    pub(crate) read_at: Subjects,
    /// Whether some rule holds by it.
    pub(crate) holds: bool,
}

/// What answers.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) enum From {
    Series { series: usize, ask: Ask },
    Cohort { cohort: usize, window: usize, at_least: u32 },
}

/// A set of subjects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Subjects(u8);

impl Subjects {
    pub(crate) fn of(subjects: &BTreeSet<Subject>) -> Subjects {
        Subjects(subjects.iter().fold(0, |bits, subject| bits | bit(*subject)))
    }

    pub(crate) fn has(self, subject: Subject) -> bool {
        self.0 & bit(subject) != 0
    }

    pub(crate) fn or(self, other: Subjects) -> Subjects {
        Subjects(self.0 | other.0)
    }
}

fn bit(subject: Subject) -> u8 {
    match subject {
        Subject::Click => 1,
        Subject::Order => 2,
        Subject::Refund => 4,
        Subject::Maturity => 8,
    }
}

/// The series and cohorts of a list of features, and where each feature is answered.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) series: Vec<Series>,
    pub(crate) cohorts: Vec<Cohort>,
    /// By slot.
    pub(crate) answers: Vec<Answer>,
    /// How many fields are read.
    pub(crate) fields: usize,
}

/// What tells one cohort from another.
type CohortIdentity = (Vec<Field>, Option<Filter>);

impl Plan {
    /// Features of the same kind, grouping and filter share a series.
    pub(crate) fn of(features: &[PlannedFeature], limits: WindowLimits) -> Plan {
        let mut needs: BTreeMap<Identity, Needs> = BTreeMap::new();
        let mut cohorts: BTreeMap<CohortIdentity, BTreeSet<Span>> = BTreeMap::new();
        for PlannedFeature { feature, .. } in features {
            if is_cohort(feature) {
                cohorts.entry(cohort_of(feature)).or_default().insert(feature.window);
            } else {
                needs.entry(identity(feature)).or_default().add(&feature.aggregate, feature.window);
            }
        }
        let answer = |planned: &PlannedFeature| Answer {
            from: from(&planned.feature, &needs, &cohorts),
            read_at: Subjects::of(&planned.read_at),
            holds: planned.holds,
        };
        let answers = features.iter().map(answer).collect();
        let mut fields = Fields::default();
        Plan {
            series: needs
                .iter()
                .map(|(id, needs)| Series::new(id.clone(), needs, limits, |f| fields.source(f)))
                .collect(),
            cohorts: cohorts
                .iter()
                .map(|((by, filter), windows)| {
                    Cohort::new(by, filter.clone(), windows.iter().copied(), limits, |f| fields.source(f))
                })
                .collect(),
            answers,
            fields: fields.0.len(),
        }
    }
}

/// The fields that features read, each once.
#[derive(Default)]
struct Fields(Vec<Field>);

impl Fields {
    fn source(&mut self, field: &Field) -> Source {
        let known = self.0.iter().position(|other| other == field);
        let id = known.unwrap_or_else(|| {
            self.0.push(field.clone());
            self.0.len() - 1
        });
        Source::new(id, field)
    }
}

fn is_cohort(feature: &Feature) -> bool {
    matches!(feature.aggregate, Aggregate::RefundRatio { .. })
}

fn cohort_of(feature: &Feature) -> CohortIdentity {
    (feature.by.clone(), feature.filter.clone())
}

fn identity(feature: &Feature) -> Identity {
    let money = match &feature.aggregate {
        Aggregate::Sum(field)
        | Aggregate::Mean(field)
        | Aggregate::Min(field)
        | Aggregate::Max(field)
        | Aggregate::Deviation(field) => is_money(field),
        Aggregate::Count
        | Aggregate::Distinct(_)
        | Aggregate::TopShare(_)
        | Aggregate::GapMean
        | Aggregate::GapDeviation
        | Aggregate::SecondsSinceFirst
        | Aggregate::SecondsSinceLast
        | Aggregate::RefundRatio { .. } => false,
    };
    Identity { counted: feature.counted, by: feature.by.clone(), filter: feature.filter.clone(), money }
}

/// Whether a field's values are amounts; the same fact has one type in every table.
fn is_money(field: &Field) -> bool {
    match field {
        Field::Fact(fact) | Field::Order(fact) => {
            let rows = Subject::ALL.into_iter().flat_map(|subject| subject.table());
            rows.into_iter().any(|row| row.fact == *fact && row.fact_type == Type::Money)
        }
        Field::Attribute(_) => false,
    }
}

fn from(
    feature: &Feature,
    needs: &BTreeMap<Identity, Needs>,
    cohorts: &BTreeMap<CohortIdentity, BTreeSet<Span>>,
) -> From {
    if let Aggregate::RefundRatio { at_least } = feature.aggregate {
        let cohort = cohorts.keys().position(|id| *id == cohort_of(feature)).expect("planned above");
        let windows = cohorts.get(&cohort_of(feature)).expect("planned above");
        let window = windows.iter().position(|span| *span == feature.window).expect("planned above");
        return From::Cohort { cohort, window, at_least };
    }
    let identity = identity(feature);
    let series = needs.keys().position(|id| *id == identity).expect("planned above");
    let needs = needs.get(&identity).expect("planned above");
    let ask = layout::ask(needs, &Layout::of(needs), &feature.aggregate, feature.window);
    From::Series { series, ask: ask.expect("a series has what its features need") }
}
