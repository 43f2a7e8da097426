//! The model of limits: which rows found room, and so which answers may lack some; again with no thought of speed.

use std::collections::{BTreeMap, BTreeSet};

use model::feature::*;
use model::policy::WindowLimits;
use model::{Currency, Field};

use crate::oracle::{Owned, Raw, json, money_field, names_type};

/// What tells groups apart: the values of the grouping, and the currency where money is aggregated.
type Group = (Vec<Owned>, Option<Currency>);

/// What may be missing from an answer.
pub(crate) enum Lack {
    /// Nothing.
    Nothing,
    /// Rows of a group of the record.
    Rows,
    /// Values of rows of the group that is measured.
    Values,
}

/// Which rows were kept, by what features share.
pub(crate) struct Room {
    limits: WindowLimits,
    all: Vec<Kept>,
}

#[derive(Default)]
struct Kept {
    /// The longest window.
    window: i64,
    rows: Vec<(i64, Group)>,
    /// How many rows had been lost when each group was founded.
    founded: BTreeMap<Group, usize>,
    lost: Vec<i64>,
    fields: BTreeMap<Field, Told>,
}

/// A field whose values are told apart.
#[derive(Default)]
struct Told {
    /// The longest window that asks.
    window: i64,
    rows: Vec<(i64, Group, Owned)>,
    lost: Vec<(i64, Group)>,
}

impl Room {
    pub(crate) fn new(features: &[PlannedFeature], limits: WindowLimits) -> Room {
        let mut room = Room { limits, all: Vec::new() };
        let mut known: Vec<&Feature> = Vec::new();
        for feature in features.iter().map(|planned| &planned.feature) {
            if !known.iter().any(|other| share(other, feature)) {
                known.push(feature);
                let shared = features.iter().map(|planned| &planned.feature);
                room.all.push(Kept::new(shared.filter(|other| share(other, feature))));
            }
        }
        room
    }

    /// A record that may make rows has been measured.
    pub(crate) fn add(&mut self, features: &[PlannedFeature], raw: &Raw, clock: i64, time: i64) {
        let mut known: Vec<&Feature> = Vec::new();
        for feature in features.iter().map(|planned| &planned.feature) {
            if !known.iter().any(|other| share(other, feature)) {
                self.all[known.len()].add(feature, raw, clock, time, self.limits);
                known.push(feature);
            }
        }
    }

    /// What may be missing from a feature at a record, which is measured in the group of this key.
    pub(crate) fn lack(
        &self,
        features: &[PlannedFeature],
        feature: &Feature,
        judged: &Raw,
        key: Option<&str>,
        clock: i64,
    ) -> Lack {
        let mut known: Vec<&Feature> = Vec::new();
        for other in features.iter().map(|planned| &planned.feature) {
            if share(other, feature) {
                return self.all[known.len()].lack(feature, judged, key, clock);
            }
            if !known.iter().any(|one| share(one, other)) {
                known.push(other);
            }
        }
        unreachable!("a feature shares with itself")
    }

    pub(crate) fn lost_rows(&self) -> usize {
        self.all.iter().map(|kept| kept.lost.len()).sum()
    }

    pub(crate) fn lost_values(&self) -> usize {
        self.all.iter().flat_map(|kept| kept.fields.values()).map(|told| told.lost.len()).sum()
    }
}

/// Whether two features are kept together.
fn share(a: &Feature, b: &Feature) -> bool {
    let money = |f: &Feature| money_field(&f.aggregate);
    is_cohort(a) == is_cohort(b)
        && (is_cohort(a) || (a.counted == b.counted && money(a) == money(b)))
        && a.by == b.by
        && a.filter == b.filter
}

fn is_cohort(feature: &Feature) -> bool {
    matches!(feature.aggregate, Aggregate::RefundRatio { .. })
}

fn told_apart(feature: &Feature) -> Option<&Field> {
    match &feature.aggregate {
        Aggregate::Distinct(field) | Aggregate::TopShare(field) => Some(field),
        Aggregate::Count
        | Aggregate::Sum(_)
        | Aggregate::Mean(_)
        | Aggregate::Min(_)
        | Aggregate::Max(_)
        | Aggregate::Deviation(_)
        | Aggregate::GapMean
        | Aggregate::GapDeviation
        | Aggregate::SecondsSinceFirst
        | Aggregate::SecondsSinceLast
        | Aggregate::RefundRatio { .. } => None,
    }
}

/// The group of a line, if it has one.
fn group(feature: &Feature, raw: &Raw, line: usize) -> Option<Group> {
    let money = money_field(&feature.aggregate);
    let currency = if money { Some(raw.currency()?) } else { None };
    Some((raw.group(line, &feature.by)?, currency))
}

/// The lines by which a record is a row.
fn rows(feature: &Feature, raw: &Raw) -> Vec<(Group, usize)> {
    let counts = if is_cohort(feature) {
        raw.counted() == Some(Counted::Order) && raw.is_normal()
    } else {
        raw.counted() == Some(feature.counted) && (raw.is_normal() || names_type(&feature.filter))
    };
    let lines = raw.lines().filter(|line| is_cohort(feature) || raw.passes(*line, &feature.filter));
    let rows = lines.filter_map(|line| Some((group(feature, raw, line)?, line)));
    rows.filter(|_| counts).collect()
}

impl Kept {
    fn new<'a>(features: impl Iterator<Item = &'a Feature>) -> Kept {
        let mut kept = Kept::default();
        for feature in features {
            let window = feature.window.as_ms();
            kept.window = kept.window.max(window);
            if let Some(field) = told_apart(feature) {
                let told = kept.fields.entry(field.clone()).or_default();
                told.window = told.window.max(window);
            }
        }
        kept
    }

    fn lives(&self, group: &Group, clock: i64) -> bool {
        self.rows.iter().any(|(time, other)| other == group && clock - time <= self.window)
    }

    fn add(&mut self, feature: &Feature, raw: &Raw, clock: i64, time: i64, limits: WindowLimits) {
        let founded = std::mem::take(&mut self.founded);
        self.founded = founded.into_iter().filter(|(group, _)| self.lives(group, clock)).collect();
        if clock - time > self.window {
            return;
        }
        let rows = rows(feature, raw);
        let groups: BTreeSet<&Group> = rows.iter().map(|(group, _)| group).collect();
        let new: Vec<&Group> = groups.iter().copied().filter(|g| !self.founded.contains_key(g)).collect();
        if self.founded.len() + new.len() > limits.keys as usize {
            self.lost.extend(new.iter().map(|_| time));
        } else {
            let lost = self.lost.len();
            self.founded.extend(new.into_iter().map(|group| (group.clone(), lost)));
        }
        let kept: Vec<&(Group, usize)> =
            rows.iter().filter(|(group, _)| self.founded.contains_key(group)).collect();
        let groups: BTreeSet<&Group> = kept.iter().map(|(group, _)| group).collect();
        self.rows.extend(groups.into_iter().map(|group| (time, group.clone())));
        for (field, told) in &mut self.fields {
            let each = |(group, line): &(Group, usize)| {
                let values = raw.each(*line, field).into_iter();
                values.map(|value| (group.clone(), value)).collect::<Vec<_>>()
            };
            told.add(kept.iter().flat_map(|row| each(row)).collect(), clock, time, limits);
        }
    }

    fn lack(&self, feature: &Feature, judged: &Raw, key: Option<&str>, clock: i64) -> Lack {
        let covers = |time: &i64| clock - time <= feature.window.as_ms();
        let lacks_rows = |group: Group| {
            let since = self.founded.get(&group).filter(|_| self.lives(&group, clock));
            self.lost.iter().take(since.copied().unwrap_or(usize::MAX)).any(covers)
        };
        if judged.lines().filter_map(|line| group(feature, judged, line)).any(lacks_rows) {
            return Lack::Rows;
        }
        let told = told_apart(feature).and_then(|field| self.fields.get(field));
        let of_group = |(time, group): &(i64, Group)| covers(time) && Some(&*json(&group.0)) == key;
        let lacks_values = told.is_some_and(|told| told.lost.iter().any(of_group));
        if lacks_values { Lack::Values } else { Lack::Nothing }
    }
}

impl Told {
    fn add(&mut self, values: BTreeSet<(Group, Owned)>, clock: i64, time: i64, limits: WindowLimits) {
        if clock - time > self.window {
            return;
        }
        let live = self.rows.iter().filter(|(time, ..)| clock - time <= self.window);
        let live: BTreeSet<(Group, Owned)> = live.map(|(_, g, v)| (g.clone(), v.clone())).collect();
        let has_room = live.union(&values).count() <= limits.pairs as usize;
        for (group, value) in values {
            if has_room || live.contains(&(group.clone(), value.clone())) {
                self.rows.push((time, group, value));
            } else {
                self.lost.push((time, group));
            }
        }
    }
}
