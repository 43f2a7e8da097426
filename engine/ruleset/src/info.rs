//! What a rule says of itself, for lists and documentation.

use model::fact::{Field, RECORD, Row, Subject};
use model::policy::Mode;
use model::{Market, ProgramId, RuleId, Text};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::checked::{Checked, RuleSeverity};
use crate::constant::Constant;
use crate::settings::{Override, RuleSettings};

/// A rule as people list it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleInfo {
    /// Its id: the file's name without extension.
    pub id: RuleId,
    /// Which file.
    pub file: String,
    /// The first line of its `//!` comment.
    pub title: String,
    /// The lines after it.
    pub description: String,
    /// What it is run for.
    pub subjects: BTreeSet<Subject>,
    /// How bad it is when it fires.
    pub severity: RuleSeverity,
    /// What creators are told.
    pub public_code: Text,
    /// Whether its outcomes count.
    pub mode: Mode,
    /// Its dials in the order of the text.
    pub dials: Vec<DialInfo>,
    /// Its features as it writes them, with the `let` that names each.
    pub features: Vec<(Option<String>, String)>,
    /// The lists it asks.
    pub lists: Vec<String>,
    /// The fields it needs of each subject that it judges; a record without them blinds it.
    pub needs: BTreeMap<Subject, BTreeSet<Field>>,
    /// The paths of the facts that it reads and groups by.
    pub fields: BTreeSet<String>,
}

/// A dial of a rule.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DialInfo {
    /// Its name.
    pub name: String,
    /// Its value, unless a market or program sets it otherwise.
    pub value: Constant,
    /// A feature or a hold's length needs it: it cannot vary by market.
    pub fixed: bool,
    /// Where a market sets it otherwise.
    pub markets: BTreeMap<Market, Constant>,
    /// Where a program sets it otherwise.
    pub programs: BTreeMap<ProgramId, Constant>,
}

pub(crate) fn info(checked: &Checked, settings: Option<&RuleSettings>, mode: Mode) -> RuleInfo {
    let mut needs: BTreeMap<Subject, BTreeSet<Field>> =
        checked.header.on.iter().map(|s| (*s, BTreeSet::new())).collect();
    let mut fields: BTreeSet<String> = checked.facts.keys().cloned().collect();
    for (subject, needed) in &mut needs {
        needed.extend(checked.facts.values().filter_map(|fact| fact.fields.get(subject).cloned()));
        for used in &checked.features {
            needed.extend(used.feature.by.iter().cloned());
            fields.extend(used.feature.by.iter().map(|f| path(*subject, f)));
        }
    }
    RuleInfo {
        id: checked.id.clone(),
        file: checked.file.clone(),
        title: checked.header.title.clone(),
        description: checked.header.description.clone(),
        subjects: checked.header.on.clone(),
        severity: checked.header.severity,
        public_code: checked.header.public_code.clone(),
        mode,
        dials: dials(checked, settings),
        features: checked.features.iter().map(|f| (f.name.clone(), f.text.clone())).collect(),
        lists: checked.lists.keys().filter_map(|l| l.strip_prefix("list.")).map(str::to_owned).collect(),
        needs,
        fields,
    }
}

fn dials(checked: &Checked, settings: Option<&RuleSettings>) -> Vec<DialInfo> {
    let of = |overrides: &[Override], name: &str| {
        overrides.iter().find(|o| o.name == name).map(|o| o.value.clone())
    };
    let info = checked.dials.iter().map(|dial| DialInfo {
        name: dial.name.clone(),
        value: dial.value.clone(),
        fixed: dial.in_feature,
        markets: settings
            .iter()
            .flat_map(|s| &s.markets)
            .filter_map(|(market, set)| Some((market.clone(), of(set, &dial.name)?)))
            .collect(),
        programs: settings
            .iter()
            .flat_map(|s| &s.programs)
            .filter_map(|(program, set)| Some((program.clone(), of(set, &dial.name)?)))
            .collect(),
    });
    info.collect()
}

/// A field as a rule on that subject would write it.
pub fn path(subject: Subject, field: &Field) -> String {
    let (prefix, fact, table) = match field {
        Field::Attribute(name) => return format!("{}.attributes.{name}", subject.variable()),
        Field::Fact(fact) => (subject.variable(), fact, subject.table()),
        Field::Order(fact) => ("order", fact, model::fact::ORDER),
    };
    let rows = || table.iter().chain(RECORD);
    match rows().find(|row: &&Row| row.fact == *fact) {
        Some(row) => format!("{prefix}.{}", row.path),
        // Not a fact of its own: its order's.
        None => {
            let row = model::fact::ORDER.iter().find(|row| row.fact == *fact);
            row.map_or_else(|| format!("{fact:?}"), |row| format!("order.{}", row.path))
        }
    }
}
