//! The model: every feature recomputed from the raw records, as the documents say it, with no thought of speed.

#![expect(
    clippy::wildcard_enum_match_arm,
    clippy::cast_possible_wrap,
    reason = "a model names what differs, and counts a handful of rows"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use model::admitted::*;
use model::event::*;
use model::fact::Subject;
use model::feature::*;
use model::*;

/// A record of any kind.
#[derive(Clone)]
pub(crate) enum Raw {
    Click(Arc<ClickRecord>),
    Order(Arc<OrderRecord>),
    Refund(Arc<RefundRecord>),
    Maturity(Arc<MaturityRecord>),
}

/// A value of a field, owned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Owned {
    Bool(bool),
    Int(i64),
    Money(Money),
    Text(String),
    Texts(Vec<String>),
}

impl Raw {
    fn facts(&self) -> &dyn Facts {
        match self {
            Raw::Click(record) => &**record,
            Raw::Order(record) => &**record,
            Raw::Refund(record) => &**record,
            Raw::Maturity(record) => &**record,
        }
    }

    pub(crate) fn counted(&self) -> Option<Counted> {
        match self {
            Raw::Click(_) => Some(Counted::Click),
            Raw::Order(_) => Some(Counted::Order),
            Raw::Refund(_) => Some(Counted::Refund),
            Raw::Maturity(_) => None,
        }
    }

    pub(crate) fn currency(&self) -> Option<Currency> {
        match self {
            Raw::Click(_) => None,
            Raw::Order(record) => Some(record.order.currency),
            Raw::Refund(record) => Some(record.refund.currency),
            Raw::Maturity(record) => Some(record.amount.currency),
        }
    }

    pub(crate) fn is_normal(&self) -> bool {
        !matches!(self, Raw::Order(record) if record.order.order_type != OrderType::Normal)
    }

    pub(crate) fn lines(&self) -> std::ops::Range<usize> {
        0..self.facts().lines().max(1)
    }

    fn value(&self, line: usize, field: &Field) -> Option<Owned> {
        let line_fact = match field {
            Field::Fact(f @ (Fact::CreatorId | Fact::ProductId | Fact::Sku | Fact::Category))
            | Field::Order(f @ (Fact::CreatorId | Fact::ProductId | Fact::Sku | Fact::Category)) => Some(*f),
            _ => None,
        };
        let value = match (self, line_fact) {
            (Raw::Click(_), _) | (_, None) => self.facts().get(field),
            (_, Some(fact)) => self.facts().get_on_line(line, &Field::Order(fact)),
        };
        match value {
            Value::Missing | Value::Texts([]) => None,
            Value::Bool(truth) => Some(Owned::Bool(truth)),
            Value::Int(n) => Some(Owned::Int(n)),
            Value::Money(money) => Some(Owned::Money(money)),
            Value::Text(text) => Some(Owned::Text(text.to_owned())),
            Value::Texts(texts) => Some(Owned::Texts(texts.iter().map(|t| t.to_string()).collect())),
        }
    }

    pub(crate) fn group(&self, line: usize, by: &[Field]) -> Option<Vec<Owned>> {
        by.iter().map(|field| self.value(line, field)).collect()
    }

    /// The values on a line, each text of a list on its own.
    pub(crate) fn each(&self, line: usize, field: &Field) -> Vec<Owned> {
        self.value(line, field).map(each).unwrap_or_default()
    }

    pub(crate) fn passes(&self, line: usize, filter: &Option<Filter>) -> bool {
        filter.as_ref().is_none_or(|filter| filter.passes(&LineOf { raw: self, line }))
    }
}

struct LineOf<'a> {
    raw: &'a Raw,
    line: usize,
}

impl Facts for LineOf<'_> {
    fn subject(&self) -> Subject {
        self.raw.facts().subject()
    }

    fn get(&self, field: &Field) -> Value<'_> {
        match field {
            Field::Fact(f @ (Fact::CreatorId | Fact::ProductId | Fact::Sku | Fact::Category))
            | Field::Order(f @ (Fact::CreatorId | Fact::ProductId | Fact::Sku | Fact::Category))
                if !matches!(self.raw, Raw::Click(_)) =>
            {
                self.raw.facts().get_on_line(self.line, &Field::Order(*f))
            }
            _ => self.raw.facts().get(field),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.raw.facts().occurred_at()
    }

    fn context(&self) -> &Context {
        self.raw.facts().context()
    }
}

/// A row of one group.
struct Row {
    time: i64,
    is_own: bool,
    values: BTreeSet<Owned>,
    number: Option<i64>,
}

/// What came so far.
#[derive(Default)]
pub(crate) struct Oracle {
    /// Every record that may make rows, with its time, in log order.
    records: Vec<(i64, Raw)>,
    /// By order: the record of each refund that moved money or undid it last, by (time, position).
    refunds: BTreeMap<OrderKey, BTreeMap<RefundId, Arc<RefundRecord>>>,
}

impl Oracle {
    pub(crate) fn add(&mut self, time: i64, raw: Raw) {
        self.records.push((time, raw));
    }

    pub(crate) fn refund(&mut self, refund: &Arc<RefundRecord>) {
        if refund.refund.state != RefundState::Requested {
            let when = |refund: &RefundRecord| (refund.occurred_at, refund.position, refund.refund.state);
            let of_order = self.refunds.entry(refund.order.key.clone()).or_default();
            let last = of_order.entry(refund.part.clone()).or_insert_with(|| refund.clone());
            if when(refund) > when(last) {
                *last = refund.clone();
            }
        }
    }

    /// The value and the group of a feature at a record; `is_new` if the record itself counts.
    pub(crate) fn measure(
        &self,
        feature: &Feature,
        judged: &Raw,
        is_new: bool,
        clock: i64,
        time: i64,
    ) -> (Measure, Option<String>) {
        let groups: BTreeSet<Vec<Owned>> =
            judged.lines().filter_map(|line| judged.group(line, &feature.by)).collect();
        if money_field(&feature.aggregate) && judged.currency().is_none() {
            return (Measure::Missing, None);
        }
        let mut best: Option<(usize, String, Measure)> = None;
        for group in groups {
            let key = json(&group);
            let (rows, measure) = match feature.aggregate {
                Aggregate::RefundRatio { at_least } => {
                    self.refund_ratio(feature, &group, judged, is_new, clock, at_least)
                }
                _ => {
                    let rows = self.rows(feature, &group, judged, is_new, clock, time);
                    (rows.len(), aggregate(feature, &rows, judged.currency(), time))
                }
            };
            if best.as_ref().is_none_or(|(most, least, _)| rows > *most || (rows == *most && key < *least)) {
                best = Some((rows, key, measure));
            }
        }
        best.map_or((Measure::Missing, None), |(_, key, measure)| (measure, Some(key)))
    }

    /// The groups in which an order is a row.
    pub(crate) fn memberships(feature: &Feature, order: &Raw) -> BTreeSet<String> {
        if feature.counted != Counted::Order || matches!(feature.aggregate, Aggregate::RefundRatio { .. }) {
            return BTreeSet::new();
        }
        let passing = order.lines().filter(|line| order.passes(*line, &feature.filter));
        passing.filter_map(|line| order.group(line, &feature.by)).map(|group| json(&group)).collect()
    }

    fn rows(
        &self,
        feature: &Feature,
        group: &[Owned],
        judged: &Raw,
        is_new: bool,
        clock: i64,
        time: i64,
    ) -> Vec<Row> {
        let live = self.records.iter().filter(|(time, _)| clock - time <= feature.window.as_ms());
        let mut rows: Vec<Row> =
            live.filter_map(|(t, raw)| row(feature, group, judged, raw, *t, false)).collect();
        if is_new {
            rows.extend(row(feature, group, judged, judged, time, true));
        }
        rows.sort_by_key(|row| row.time);
        rows
    }

    fn refund_ratio(
        &self,
        feature: &Feature,
        group: &[Owned],
        judged: &Raw,
        is_new: bool,
        clock: i64,
        at_least: u32,
    ) -> (usize, Measure) {
        let live = self.records.iter().filter(|(time, _)| clock - time <= feature.window.as_ms());
        let all = live.map(|(_, raw)| raw).chain(is_new.then_some(judged));
        let (mut orders, mut refunded) = (0, 0);
        for raw in all {
            let Raw::Order(order) = raw else { continue };
            let in_group = raw.lines().any(|line| raw.group(line, &feature.by).as_deref() == Some(group));
            if raw.is_normal() && in_group {
                orders += 1;
                refunded += i64::from(self.is_refunded(&order.key, feature));
            }
        }
        let measure = if orders == 0 || orders < at_least as usize {
            Measure::Missing
        } else {
            Measure::Ratio { numerator: refunded, denominator: orders as i64 }
        };
        (orders, measure)
    }

    fn is_refunded(&self, order: &OrderKey, feature: &Feature) -> bool {
        self.refunds.get(order).into_iter().flat_map(BTreeMap::values).any(|refund| {
            let raw = Raw::Refund(refund.clone());
            matches!(refund.refund.state, RefundState::Approved | RefundState::Completed)
                && raw.lines().any(|line| raw.passes(line, &feature.filter))
        })
    }
}

pub(crate) fn names_type(filter: &Option<Filter>) -> bool {
    let names = |field| filter.as_ref().is_some_and(|filter| filter.names(&field));
    names(Field::Fact(Fact::Type)) || names(Field::Order(Fact::Type))
}

fn row(feature: &Feature, group: &[Owned], judged: &Raw, raw: &Raw, time: i64, is_own: bool) -> Option<Row> {
    let is_counted =
        raw.counted() == Some(feature.counted) && (raw.is_normal() || names_type(&feature.filter));
    let same_money = !money_field(&feature.aggregate) || raw.currency() == judged.currency();
    let lines: Vec<usize> = raw
        .lines()
        .filter(|line| raw.passes(*line, &feature.filter))
        .filter(|line| raw.group(*line, &feature.by).as_deref() == Some(group))
        .collect();
    if !is_counted || !same_money || lines.is_empty() {
        return None;
    }
    let field = field_of(&feature.aggregate);
    let values = field.iter().flat_map(|field| lines.iter().filter_map(|line| raw.value(*line, field)));
    let values: BTreeSet<Owned> = values.flat_map(each).collect();
    let number = values.iter().next().and_then(|value| match value {
        Owned::Int(n) => Some(*n),
        Owned::Money(money) => Some(money.minor.0),
        _ => None,
    });
    Some(Row { time, is_own, values, number })
}

fn each(value: Owned) -> Vec<Owned> {
    match value {
        Owned::Texts(texts) => texts.into_iter().map(Owned::Text).collect(),
        value => vec![value],
    }
}

fn field_of(aggregate: &Aggregate) -> Option<&Field> {
    match aggregate {
        Aggregate::Sum(f)
        | Aggregate::Mean(f)
        | Aggregate::Min(f)
        | Aggregate::Max(f)
        | Aggregate::Deviation(f)
        | Aggregate::Distinct(f)
        | Aggregate::TopShare(f) => Some(f),
        _ => None,
    }
}

pub(crate) fn money_field(aggregate: &Aggregate) -> bool {
    let money = [Fact::Amount, Fact::Commission, Fact::CouponAmount, Fact::Subsidy];
    match aggregate {
        Aggregate::Distinct(_) | Aggregate::TopShare(_) => false,
        other => field_of(other)
            .is_some_and(|f| money.iter().any(|m| *f == Field::Fact(*m) || *f == Field::Order(*m))),
    }
}

fn aggregate(feature: &Feature, rows: &[Row], currency: Option<Currency>, time: i64) -> Measure {
    let currency = currency.filter(|_| money_field(&feature.aggregate));
    let amount = |n: i64| match currency {
        Some(currency) => Measure::Money(Money { currency, minor: Minor(n) }),
        None => Measure::Int(n),
    };
    let numbers: Vec<i128> = rows.iter().filter_map(|row| row.number).map(i128::from).collect();
    let count = numbers.len() as i64;
    let sum: i128 = numbers.iter().sum();
    let whole = |n: Option<&i128>| n.map_or(Measure::Missing, |n| amount(i64::try_from(*n).unwrap()));
    let gaps: Vec<i128> = rows.windows(2).map(|pair| i128::from(pair[1].time - pair[0].time)).collect();
    let squares = |all: &[i128]| all.iter().map(|n| n * n).sum::<i128>();
    let seconds = |row: Option<&Row>| {
        row.map_or(Measure::Missing, |row| Measure::Int((time - row.time).max(0).div_euclid(1_000)))
    };
    match &feature.aggregate {
        Aggregate::Count => Measure::Int(rows.len() as i64),
        Aggregate::Sum(_) => amount(i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })),
        Aggregate::Mean(_) => Measure::mean(sum, count, currency),
        Aggregate::Min(_) => whole(numbers.iter().min()),
        Aggregate::Max(_) => whole(numbers.iter().max()),
        Aggregate::Deviation(_) if numbers.iter().any(|n| n.abs() > 1 << 47) => Measure::Missing,
        Aggregate::Deviation(_) => Measure::deviation(sum, squares(&numbers), count, currency),
        Aggregate::Distinct(_) => {
            let all: BTreeSet<&Owned> = rows.iter().flat_map(|row| &row.values).collect();
            Measure::Int(all.len() as i64)
        }
        Aggregate::TopShare(_) => {
            let having = rows.iter().filter(|row| !row.values.is_empty()).count() as i64;
            let all: BTreeSet<&Owned> = rows.iter().flat_map(|row| &row.values).collect();
            let often = |value: &&Owned| rows.iter().filter(|row| row.values.contains(*value)).count();
            match all.iter().map(often).max() {
                None => Measure::Missing,
                Some(top) => Measure::Ratio { numerator: top as i64, denominator: having },
            }
        }
        Aggregate::GapMean if gaps.is_empty() => Measure::Missing,
        Aggregate::GapMean => Measure::mean(gaps.iter().sum(), gaps.len() as i64, None),
        Aggregate::GapDeviation => {
            Measure::deviation(gaps.iter().sum(), squares(&gaps), gaps.len() as i64, None)
        }
        Aggregate::SecondsSinceFirst => seconds(rows.first()),
        Aggregate::SecondsSinceLast => seconds(rows.iter().rev().find(|row| !row.is_own)),
        Aggregate::RefundRatio { .. } => unreachable!("has its own way"),
    }
}

/// Only for texts without anything to escape.
pub(crate) fn json(group: &[Owned]) -> String {
    let item = |value: &Owned| match value {
        Owned::Bool(truth) => truth.to_string(),
        Owned::Int(n) => n.to_string(),
        Owned::Money(money) => format!("\"{money}\""),
        Owned::Text(text) => format!("\"{text}\""),
        Owned::Texts(texts) => json(&texts.iter().cloned().map(Owned::Text).collect::<Vec<_>>()),
    };
    format!("[{}]", group.iter().map(item).collect::<Vec<_>>().join(","))
}
