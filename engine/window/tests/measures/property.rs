//! Random logs under random features: the windows say what the model says, also when they are saved and loaded
//! on the way, or given everything at once under another secret; and they forget everything in the end. Where
//! there is room for a few groups only, they say so exactly where rows that were lost might have counted.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::sync::Arc;

use model::admitted::*;
use model::fact::Subject;
use model::feature::*;
use model::policy::WindowLimits;
use model::*;
use window::{Usage, Windows};

use crate::build::{START, at, maturity};
use crate::oracle::{Oracle, Raw};
use crate::room::{Lack, Room};
use crate::steps::{self, Moment, Moved, Step};

struct World {
    windows: Windows,
    /// The same, but saved and loaded now and then.
    resumed: Windows,
    oracle: Oracle,
    room: Room,
    limits: WindowLimits,
    features: Vec<PlannedFeature>,
    orders: Vec<Arc<OrderRecord>>,
    moved: Moved,
    clock: i64,
    position: u64,
    /// All that was applied, and what it came to.
    log: Vec<Admitted>,
    said: Vec<Option<Measures>>,
}

impl World {
    fn new(features: Vec<PlannedFeature>, limits: WindowLimits) -> World {
        let windows = Windows::new(features.clone(), limits, 42);
        World {
            resumed: windows.clone(),
            windows,
            oracle: Oracle::default(),
            room: Room::new(&features, limits),
            limits,
            features,
            orders: Vec::new(),
            moved: Moved::default(),
            clock: 0,
            position: 0,
            log: Vec::new(),
            said: Vec::new(),
        }
    }

    fn step(&mut self, moment: Moment, step: Step) -> TestCaseResult {
        self.clock += moment.forward;
        self.position += 1;
        let occurred = self.clock - moment.late;
        match step {
            Step::Click(words) => {
                let click = Arc::new(steps::click(&words, occurred));
                self.take(occurred, What::Click(click.clone()), Raw::Click(click), Some(Subject::Click))
            }
            Step::Order(words, order_type) => {
                let order = Arc::new(steps::order(&words, self.orders.len(), occurred, order_type));
                self.orders.push(order.clone());
                let judged = (order_type == event::OrderType::Normal).then_some(Subject::Order);
                self.take(occurred, What::Order(order.clone()), Raw::Order(order), judged)
            }
            Step::Amendment(order, words) => self.amend(order, &words, occurred),
            Step::Refund(order, part, state, words) => {
                let Some(order) = self.pick(order) else { return Ok(()) };
                let mut refund = steps::refund(&words, part, state, &self.orders[order], occurred);
                refund.position = Position(self.position);
                refund.first_move = self.moved.is_first(order, part, state);
                let refund = Arc::new(refund);
                self.oracle.refund(&refund);
                let judged = refund.first_move.then_some(Subject::Refund);
                self.take(occurred, What::Refund(refund.clone()), Raw::Refund(refund), judged)
            }
            Step::Maturity(order) => self.mature(order),
            Step::Nothing => {
                let nothing = What::Plan(PlanId::new("p").unwrap());
                prop_assert_eq!(self.apply(occurred, nothing)?, None);
                Ok(())
            }
            Step::Resume => {
                let saved = postcard::to_allocvec(&self.resumed).unwrap();
                self.resumed = postcard::from_bytes(&saved).unwrap();
                Ok(())
            }
        }
    }

    fn pick(&self, order: usize) -> Option<usize> {
        order.checked_rem(self.orders.len())
    }

    /// A record that makes rows, and is judged as some subject.
    fn take(&mut self, occurred: i64, what: What, raw: Raw, judged: Option<Subject>) -> TestCaseResult {
        let measures = self.apply(occurred, what)?;
        match (measures, judged) {
            (Some(measures), Some(subject)) => self.check(&measures, &raw, subject, true, occurred)?,
            (None, None) => {}
            (other, _) => prop_assert!(false, "judged or not: {other:?}"),
        }
        let counts = match &raw {
            Raw::Refund(refund) => refund.first_move,
            Raw::Click(_) | Raw::Order(_) | Raw::Maturity(_) => true,
        };
        if counts {
            self.room.add(&self.features, &raw, START + self.clock, START + occurred);
            self.oracle.add(START + occurred, raw);
        }
        Ok(())
    }

    fn amend(&mut self, order: usize, words: &steps::Words, occurred: i64) -> TestCaseResult {
        let Some(order) = self.pick(order) else { return Ok(()) };
        let order_type = self.orders[order].order.order_type;
        let amended = Arc::new(steps::order(words, order, occurred, order_type));
        self.orders[order] = amended.clone();
        let measures = self.apply(occurred, What::Amendment(amended.clone()))?;
        prop_assert_eq!(measures.is_some(), order_type == event::OrderType::Normal);
        match measures {
            Some(measures) => self.check(&measures, &Raw::Order(amended), Subject::Order, false, occurred),
            None => Ok(()),
        }
    }

    fn mature(&mut self, order: usize) -> TestCaseResult {
        let Some(order) = self.pick(order) else { return Ok(()) };
        let record = maturity(self.clock, &self.orders[order]);
        let measures = self.windows.read(at(self.clock), &record);
        prop_assert_eq!(&measures, &self.resumed.read(at(self.clock), &record));
        self.check(&measures, &Raw::Maturity(Arc::new(record)), Subject::Maturity, false, self.clock)
    }

    fn apply(&mut self, occurred: i64, what: What) -> Result<Option<Measures>, TestCaseError> {
        let admitted = crate::build::admitted(self.position, self.clock, occurred, what);
        let measures = self.windows.apply(&admitted);
        prop_assert_eq!(&measures, &self.resumed.apply(&admitted));
        self.log.push(admitted);
        self.said.push(measures.clone());
        Ok(measures)
    }

    fn check(
        &self,
        measures: &Measures,
        raw: &Raw,
        subject: Subject,
        is_new: bool,
        occurred: i64,
    ) -> TestCaseResult {
        let (mut groups, mut memberships) = (vec![], vec![]);
        for (slot, planned) in (0..).map(Slot).zip(&self.features) {
            let feature = &planned.feature;
            let reads = planned.read_at.contains(&subject);
            let (clock, time) = (START + self.clock, START + occurred);
            let (value, key) = self.oracle.measure(feature, raw, is_new, clock, time);
            let (expected, key) = match self.room.lack(&self.features, feature, raw, key.as_deref(), clock) {
                Lack::Nothing if reads => (value, key),
                Lack::Values if reads => (Measure::Unknown, key),
                Lack::Rows if reads => (Measure::Unknown, None),
                Lack::Nothing | Lack::Values | Lack::Rows => (Measure::Missing, None),
            };
            prop_assert_eq!(measures.get(slot), expected, "{:?}", feature);
            if let Some(key) = key.filter(|_| planned.holds) {
                groups.push(Membership { slot, key: Text::new(key) });
            }
            if let (Raw::Order(_), true) = (raw, planned.holds) {
                let keys = Oracle::memberships(feature, raw);
                memberships.extend(keys.iter().map(|key| Membership { slot, key: Text::new(key) }));
            }
        }
        prop_assert_eq!(&measures.groups, &groups);
        prop_assert_eq!(&measures.memberships, &memberships);
        Ok(())
    }

    fn end(mut self) -> TestCaseResult {
        let [saved, again] = [&self.windows, &self.resumed].map(|it| postcard::to_allocvec(it).unwrap());
        prop_assert_eq!(saved, again);
        let at_once = Windows::new(self.features, self.limits, 43).apply_all(&self.log);
        prop_assert_eq!(self.said, at_once, "all at once, under another secret");
        self.windows.advance(at(self.clock + 100_001));
        let Usage { rows, keys, pairs, lost_rows, lost_values, .. } = self.windows.usage();
        prop_assert_eq!((rows, keys, pairs), (0, 0, 0));
        let lost = (self.room.lost_rows() as u64, self.room.lost_values() as u64);
        prop_assert_eq!((lost_rows, lost_values), lost);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn windows_say_what_a_recount_of_the_raw_log_says_or_that_rows_are_lost(
        features in steps::features(),
        limits in steps::limits(),
        log in vec((steps::moment(), steps::step()), 1..30),
    ) {
        let mut world = World::new(features, limits);
        for (moment, step) in log {
            world.step(moment, step)?;
        }
        world.end()?;
    }
}
