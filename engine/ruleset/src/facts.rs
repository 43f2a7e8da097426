//! From the paths that a rule writes (`order.click.age_s`) to the fields that records answer for.

use model::fact::{self, Field, RECORD, Row, Subject};
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{did_you_mean, nearest};
use crate::vocabulary::{Missing, Shape, Type};

/// A fact as a rule names it.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) fields: BTreeMap<Subject, Field>,
    pub(crate) shape: Shape,
}

/// Why a path names nothing: what is wrong, and the likely fix.
pub(crate) type NotFound = (String, Option<String>);

/// The variables that a rule on these subjects has.
pub(crate) fn roots(on: &BTreeSet<Subject>) -> Vec<&'static str> {
    let has = |root: &&str| on.iter().all(|s| prefix(*s, root).is_some());
    crate::vocabulary::ROOTS.iter().copied().filter(has).collect()
}

/// What stands before a path of this root in the subject's own table; nothing where the subject lacks the root.
fn prefix(subject: Subject, root: &str) -> Option<&'static str> {
    match root {
        "event" => Some(""),
        _ if root == subject.variable() => Some(""),
        "order" if subject.has_order() => Some("order."),
        "creator" if subject.has_order() => Some("creator."),
        _ => None,
    }
}

/// Whether every record of these subjects has the root, or why not. Where the subjects are not known, any may be.
pub(crate) fn has_root(on: &BTreeSet<Subject>, root: &str) -> Result<(), NotFound> {
    let lacking = on.iter().find(|subject| prefix(**subject, root).is_none());
    lacking.map_or(Ok(()), |subject| Err(root_unknown(*subject, root)))
}

fn root_unknown(subject: Subject, root: &str) -> NotFound {
    let roots = roots(&BTreeSet::from([subject])).join("`, `");
    let message = format!("a rule on `{}` does not see `{root}`", subject.name());
    (message, Some(format!("it sees `{roots}`")))
}

/// Finds a path on every subject of a rule.
pub(crate) fn find(on: &BTreeSet<Subject>, root: &str, path: &str) -> Result<Found, NotFound> {
    if on.is_empty() {
        return find_anywhere(root, path);
    }
    let mut fields = BTreeMap::new();
    let mut shape: Option<Shape> = None;
    for subject in on {
        let (field, of) = find_on(*subject, root, path)?;
        fields.insert(*subject, field);
        shape = Some(shape.map_or(of, |before| before.join(of)));
    }
    Ok(Found { fields, shape: shape.unwrap_or(Shape::UNKNOWN) })
}

/// Where a rule does not say what it is on, a fact is wrong only if no record at all has it.
fn find_anywhere(root: &str, path: &str) -> Result<Found, NotFound> {
    let mut problem = None;
    for subject in Subject::ALL.into_iter().filter(|subject| prefix(*subject, root).is_some()) {
        match find_on(subject, root, path) {
            Ok(_) => return Ok(Found { fields: BTreeMap::new(), shape: Shape::FAILED }),
            Err(not_found) => problem = problem.or(Some(not_found)),
        }
    }
    problem.map_or(Ok(Found { fields: BTreeMap::new(), shape: Shape::FAILED }), Err)
}

fn find_on(subject: Subject, root: &str, path: &str) -> Result<(Field, Shape), NotFound> {
    let Some(prefix) = prefix(subject, root) else { return Err(root_unknown(subject, root)) };
    let attribute = path.starts_with("attributes.") && root == "order";
    let full = match (attribute, subject) {
        // The attributes of a commission are its order's; those of a refund are its own.
        (true, Subject::Order | Subject::Maturity) => path.to_owned(),
        (true, Subject::Refund | Subject::Click) | (false, _) => format!("{prefix}{path}"),
    };
    let found = if root == "order" && path.starts_with("order.") { None } else { subject.field(&full) };
    match found {
        Some((field, fact_type)) => {
            let missing = if optional(subject, &field) { Missing::Maybe } else { Missing::Never };
            Ok((field, Shape { of: type_of(fact_type), missing }))
        }
        None => Err(unknown(subject, root, path)),
    }
}

fn unknown(subject: Subject, root: &str, path: &str) -> NotFound {
    let mut paths: Vec<&str> = if root == "order" { rows(Subject::Order) } else { rows(subject) };
    if root == "creator" {
        paths = paths.into_iter().filter_map(|p| p.strip_prefix("creator.")).collect();
    }
    let help = match nearest(path, paths.iter().copied()) {
        Some(near) => Some(format!("did you mean `{root}.{near}`?")),
        // The last word may be a fact of another part of the record.
        None => paths
            .iter()
            .find(|p| p.rsplit('.').next() == path.rsplit('.').next())
            .map(|p| format!("did you mean `{root}.{p}`?"))
            .or_else(|| Some("`tidegate rules facts` lists all of them".to_owned())),
    };
    let owner = match root {
        "event" => subject.name(),
        other => other,
    };
    (format!("`{owner}` has no fact `{path}`"), help)
}

fn rows(subject: Subject) -> Vec<&'static str> {
    subject.table().iter().chain(RECORD).map(|row| row.path).collect()
}

fn row(subject: Subject, field: &Field) -> Option<&'static Row> {
    let (own, wanted) = match field {
        Field::Fact(f) => (subject, f),
        Field::Order(f) => (Subject::Order, f),
        Field::Attribute(_) => return None,
    };
    let tables = own.table().iter().chain(RECORD).chain(fact::ORDER);
    tables.into_iter().find(|row| row.fact == *wanted)
}

fn optional(subject: Subject, field: &Field) -> bool {
    row(subject, field).is_none_or(|row| row.optional)
}

pub(crate) fn type_of(fact_type: fact::Type) -> Type {
    match fact_type {
        fact::Type::Bool => Type::Bool,
        fact::Type::Int => Type::Int,
        fact::Type::Money => Type::Money,
        fact::Type::Text => Type::Text,
        fact::Type::Texts => Type::Array,
        fact::Type::Any => Type::Unknown,
    }
}

/// A field of a feature: `path` as the counted record has it. Where a record lacks a fact of its own, its order
/// answers, so that the fact's name alone is the same field on every record.
pub(crate) fn of_counted(counted: Subject, path: &str) -> Result<(Field, fact::Type), NotFound> {
    match counted.field(path) {
        Some((Field::Order(fact), of)) if !path.starts_with("order.") => Ok((Field::Fact(fact), of)),
        Some(found) => Ok(found),
        None => {
            let message = format!("a counted `{}` has no field `{path}`", counted.name());
            let mut paths = rows(counted);
            if counted.has_order() {
                paths.extend(rows(Subject::Order));
            }
            Err((message, did_you_mean(path, &paths)))
        }
    }
}

/// Whether a judged record has the field by which a feature groups.
pub(crate) fn judged_has(judged: Subject, path: &str) -> bool {
    judged.field(path).is_some()
}
