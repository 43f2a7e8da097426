//! The station itself: which record concerns which series, and in which order.

use serde::{Deserialize, Serialize};

use model::admitted::{MaturityRecord, OrderRecord, RefundRecord, What};
use model::fact::Subject;
use model::feature::{Counted, Measure, Measures, Membership, PlannedFeature, Slot};
use model::policy::WindowLimits;
use model::{Admitted, EventTime, Text};

use crate::cohort::Cohort;
use crate::hashes::Hashes;
use crate::plan::{Answer, From, Plan, Subjects};
use crate::seen::{Seen, Visit};
use crate::series::Series;

/// Records between two times at which every series lets go of what has left its windows, whether or not a
/// record concerned it: so that none keeps rows for lack of new ones.
const CATCH_UP_RECORDS: u64 = 1_024;

/// Records that are looked ahead at together: enough to wait for memory once, few enough for the nearest caches.
const AHEAD_RECORDS: usize = 64;

/// The windows of a lane, for the features of one ruleset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Windows {
    /// The features, by slot.
    features: Vec<PlannedFeature>,
    answers: Vec<Answer>,
    series: Vec<Concerned<Series>>,
    cohorts: Vec<Concerned<Cohort>>,
    hashes: Hashes,
    clock: Option<EventTime>,
    /// Records seen since all series let go last.
    since_catch_up: u64,
}

/// A series or cohort with the subjects at which it is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Concerned<T> {
    it: T,
    read_at: Subjects,
    /// Whether its groups are told to those who hold by them.
    holds: bool,
}

/// What the windows occupy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    /// Rows that some window still has: a record has one for each series and group that counts it.
    pub rows: u64,
    /// Groups that have rows, each once for every series.
    pub keys: u64,
    /// Values that rows of a group have, for distinct counts and shares.
    pub pairs: u64,
    /// All of it, in bytes: an estimate from the capacities.
    pub bytes: u64,
    /// Rows that were not kept, for want of room for their groups, since the log began.
    pub lost_rows: u64,
    /// Values that were not kept, for want of room for their pairs, since the log began.
    pub lost_values: u64,
}

impl Windows {
    /// Empty windows. `key` seeds the keyed hashes of groups and values (an attacker chooses the ip); it never
    /// reaches an output.
    pub fn new(features: Vec<PlannedFeature>, limits: WindowLimits, key: u128) -> Windows {
        let Plan { series, cohorts, answers, fields } = Plan::of(&features, limits);
        let of_series = |i| move |from: &From| matches!(from, From::Series { series, .. } if *series == i);
        let of_cohort = |i| move |from: &From| matches!(from, From::Cohort { cohort, .. } if *cohort == i);
        Windows {
            series: series
                .into_iter()
                .enumerate()
                .map(|(i, it)| concerned(it, &answers, of_series(i)))
                .collect(),
            cohorts: cohorts
                .into_iter()
                .enumerate()
                .map(|(i, it)| concerned(it, &answers, of_cohort(i)))
                .collect(),
            hashes: Hashes::new(key, fields),
            features,
            answers,
            clock: None,
            since_catch_up: 0,
        }
    }

    /// The features, by slot.
    pub fn features(&self) -> &[PlannedFeature] {
        &self.features
    }

    /// Measures a record, if rules judge it, against the rows before it and itself, and then adds its rows.
    /// Nothing for a record that rules do not judge. An amendment is judged by the rows that are there, its
    /// order's first revision among them, and adds none; its memberships are those of its own values.
    ///
    /// # Panics
    /// If the log clock goes back.
    pub fn apply(&mut self, admitted: &Admitted) -> Option<Measures> {
        self.turn(admitted.clock);
        if let What::Refund(refund) = &admitted.what {
            self.stand(refund, admitted.clock);
        }
        self.take(&visit(admitted)?)
    }

    /// [`Windows::apply`] for each of some records, in order: the same answers, faster with millions of keys.
    ///
    /// # Panics
    /// If the log clock goes back.
    pub fn apply_all(&mut self, records: &[Admitted]) -> Vec<Option<Measures>> {
        let mut all = Vec::with_capacity(records.len());
        for chunk in records.chunks(AHEAD_RECORDS) {
            self.look_ahead(chunk);
            all.extend(chunk.iter().map(|admitted| self.apply(admitted)));
        }
        all
    }

    /// Measures a commission about to mature, at the sweep's time; adds nothing.
    ///
    /// # Panics
    /// If the log clock goes back.
    pub fn read(&mut self, clock: EventTime, record: &MaturityRecord) -> Measures {
        self.turn(clock);
        let seen = Seen::Maturity(record);
        let visit = Visit { clock, seen, judged: Some(Subject::Maturity), counted: None, at: clock };
        self.take(&visit).unwrap_or_default()
    }

    /// Lets go of all that has left its windows by a clock, as the next records would: for a quiet night.
    ///
    /// # Panics
    /// If the log clock goes back.
    pub fn advance(&mut self, clock: EventTime) {
        self.turn(clock);
        self.catch_up(clock);
    }

    /// What is kept at the moment.
    pub fn usage(&self) -> Usage {
        let series = self.series.iter().map(|series| series.it.usage());
        let cohorts = self.cohorts.iter().map(|cohort| cohort.it.usage());
        series.chain(cohorts).fold(Usage::default(), Usage::plus)
    }

    /// Turns to another record.
    fn turn(&mut self, clock: EventTime) {
        assert!(self.clock.is_none_or(|before| before <= clock), "the log clock never goes back");
        self.clock = Some(clock);
        self.hashes.turn();
        self.since_catch_up += 1;
        if self.since_catch_up == CATCH_UP_RECORDS {
            self.catch_up(clock);
        }
    }

    fn catch_up(&mut self, clock: EventTime) {
        self.since_catch_up = 0;
        self.series.iter_mut().for_each(|series| series.it.advance(clock));
        self.cohorts.iter_mut().for_each(|cohort| cohort.it.advance(clock));
    }

    /// Brings near what the series will read of some records to come.
    fn look_ahead(&mut self, chunk: &[Admitted]) {
        for visit in chunk.iter().filter_map(visit) {
            self.hashes.turn();
            for series in self.series.iter_mut().filter(|s| s.it.counts(&visit) || s.is_read(&visit)) {
                series.it.expect(&visit, &mut self.hashes);
            }
        }
        self.series.iter_mut().for_each(|series| series.it.look_ahead());
    }

    /// A refund stands before it is judged.
    fn stand(&mut self, refund: &RefundRecord, clock: EventTime) {
        for cohort in &mut self.cohorts {
            cohort.it.stand(refund, clock, &self.hashes);
        }
    }

    fn take(&mut self, visit: &Visit<'_>) -> Option<Measures> {
        for series in &mut self.series {
            if series.it.counts(visit) || series.is_read(visit) {
                series.it.prepare(visit, &mut self.hashes);
            }
        }
        for cohort in &mut self.cohorts {
            if Cohort::counts(visit) || cohort.is_read(visit) {
                cohort.it.prepare(visit, &mut self.hashes);
            }
        }
        let measures = visit.judged.map(|subject| self.measures(visit, subject));
        self.add(visit);
        measures
    }

    fn add(&mut self, visit: &Visit<'_>) {
        for series in self.series.iter_mut().filter(|series| series.it.counts(visit)) {
            series.it.add(visit.at);
        }
        if let (Seen::Order(order), true) = (visit.seen, Cohort::counts(visit)) {
            self.cohorts.iter_mut().for_each(|cohort| cohort.it.add(order, &self.hashes));
        }
    }

    fn measures(&self, visit: &Visit<'_>, subject: Subject) -> Measures {
        let mut measures = Measures { values: Vec::with_capacity(self.answers.len()), ..Measures::default() };
        for (slot, answer) in (0..).map(Slot).zip(&self.answers) {
            let value = if answer.read_at.has(subject) {
                let (value, group) = self.answer(visit, answer);
                measures.groups.extend(group.map(|key| Membership { slot, key }));
                value
            } else {
                Measure::Missing
            };
            measures.values.push(value);
            if answer.holds {
                let keys = self.memberships(visit, answer);
                measures.memberships.extend(keys.into_iter().map(|key| Membership { slot, key }));
            }
        }
        measures
    }

    /// What a feature comes to, and in which group, if it is known and some rule holds by it.
    fn answer(&self, visit: &Visit<'_>, answer: &Answer) -> (Measure, Option<Text>) {
        match answer.from {
            From::Series { series, ask } => {
                let Some(Concerned { it, .. }) = self.series.get(series) else { unreachable!("planned") };
                if !it.is_complete(ask.window) {
                    return (Measure::Unknown, None);
                }
                let Some(group) = it.fullest(visit, ask.window) else { return (Measure::Missing, None) };
                let place = it.places().groups().get(group).filter(|_| answer.holds);
                (it.measure(ask, visit, group), place.map(|place| it.text(visit.seen, place)))
            }
            From::Cohort { cohort, window, at_least } => {
                let Some(Concerned { it, .. }) = self.cohorts.get(cohort) else { unreachable!("planned") };
                if !it.is_complete(window) {
                    return (Measure::Unknown, None);
                }
                let Some(group) = it.fullest(visit, window) else { return (Measure::Missing, None) };
                let place = it.places().groups().get(group).filter(|_| answer.holds);
                (it.measure(window, at_least, group), place.map(|place| it.text(visit.seen, place)))
            }
        }
    }

    /// The groups of a feature in which an order is a row, in the order of their keys.
    fn memberships(&self, visit: &Visit<'_>, answer: &Answer) -> Vec<Text> {
        let (Seen::Order(_), From::Series { series, .. }) = (visit.seen, answer.from) else {
            return Vec::new();
        };
        let Some(Concerned { it, .. }) = self.series.get(series) else { unreachable!("planned") };
        it.memberships(visit.seen)
    }
}

impl<T> Concerned<T> {
    fn is_read(&self, visit: &Visit<'_>) -> bool {
        let holds = self.holds && matches!(visit.seen, Seen::Order(_));
        visit.judged.is_some_and(|subject| holds || self.read_at.has(subject))
    }
}

impl Usage {
    fn plus(self, other: Usage) -> Usage {
        Usage {
            rows: self.rows + other.rows,
            keys: self.keys + other.keys,
            pairs: self.pairs + other.pairs,
            bytes: self.bytes + other.bytes,
            lost_rows: self.lost_rows + other.lost_rows,
            lost_values: self.lost_values + other.lost_values,
        }
    }
}

/// As what a record is judged and counted; `None` if neither.
fn visit(admitted: &Admitted) -> Option<Visit<'_>> {
    let (seen, judged, counted) = match &admitted.what {
        What::Click(click) => (Seen::Click(click), Some(Subject::Click), Some(Counted::Click)),
        What::Order(order) => (Seen::Order(order), judged(order), Some(Counted::Order)),
        What::Amendment(order) => (Seen::Order(order), judged(order), None),
        What::Refund(refund) if refund.first_move => {
            (Seen::Refund(refund), Some(Subject::Refund), Some(Counted::Refund))
        }
        What::Refund(_)
        | What::Planned(_)
        | What::Status(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::Obligation(_)
        | What::FeedMark(_) => return None,
    };
    Some(Visit { clock: admitted.clock, seen, judged, counted, at: admitted.occurred_at })
}

/// An order of type normal is judged.
fn judged(order: &OrderRecord) -> Option<Subject> {
    (!Seen::Order(order).is_unusual_order()).then_some(Subject::Order)
}

fn concerned<T>(it: T, answers: &[Answer], is_of: impl Fn(&From) -> bool) -> Concerned<T> {
    let of = || answers.iter().filter(|answer| is_of(&answer.from));
    Concerned {
        read_at: of().fold(Subjects::default(), |all, answer| all.or(answer.read_at)),
        holds: of().any(|answer| answer.holds),
        it,
    }
}
