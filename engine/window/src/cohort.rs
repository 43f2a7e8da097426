//! Refund ratios: of the orders placed within a window, the share on which a money-moving refund stands.
//!
//! An order is in its groups from its own time until it leaves the longest window, whenever its refunds come. A
//! refund is as its latest state by (time, position) leaves it, whenever that arrives: it stands if that state moves
//! money and passes the filter, and not if it undoes it (`rejected`, `reversed`). An order on which several stand is
//! refunded once.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use model::admitted::{OrderRecord, RefundRecord};
use model::event::RefundState;
use model::feature::{Counted, Filter, Measure};
use model::policy::WindowLimits;
use model::{EventTime, Field, Position, Span, Text, Value};

use crate::grouping::{GroupCurrency, Grouping, Place, Places};
use crate::hashes::{Hashes, join};
use crate::index::Index;
use crate::log::Log;
use crate::losses::Losses;
use crate::run::Run;
use crate::seen::{self, Reading, Seen, Source, Visit};
use crate::windows::Usage;
use crate::words;

/// Words of a group, for each window.
const ORDERS: usize = 0;
const REFUNDED: usize = 1;
const PER_WINDOW: usize = 2;

/// Words of an order: when it was placed, and its only group, or [`SEVERAL`].
const PLACED: usize = 0;
const GROUP: usize = 2;
const PER_ORDER: usize = 3;
const SEVERAL: u32 = u32::MAX;

/// The orders of some grouping, and the refunds that stand on them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Cohort {
    filter: Option<Filter>,
    /// Of the filter.
    reading: Reading,
    grouping: Grouping,

    log: Log,
    /// By row: the order's slot.
    orders_of: Run<u32>,
    orders: Index,
    /// By order's slot: the groups of orders that have several.
    several: BTreeMap<u32, Vec<u32>>,
    /// By order's slot: the refunds that were answered, if some were.
    answered: BTreeMap<u32, Vec<Answer>>,
    groups: Index,
    lost: Losses,

    #[serde(skip)]
    at_hand: Places,
}

/// Where a refund of an order has come to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Answer {
    refund: u128,
    latest: (EventTime, Position, RefundState),
    stands: bool,
}

impl Cohort {
    /// An empty cohort with these windows, shortest first.
    pub(crate) fn new(
        by: &[Field],
        filter: Option<Filter>,
        windows: impl IntoIterator<Item = Span>,
        limits: WindowLimits,
        source: impl FnMut(&Field) -> Source,
    ) -> Cohort {
        let log = Log::new(windows);
        Cohort {
            reading: seen::reading_of(filter.as_ref()),
            filter,
            grouping: Grouping::new(by.iter().map(source).collect(), GroupCurrency::Any),
            groups: Index::new(PER_WINDOW * log.windows(), limits.keys),
            lost: Losses::default(),
            log,
            orders_of: Run::default(),
            orders: Index::new(PER_ORDER, Index::SLOTS_MAX),
            several: BTreeMap::new(),
            answered: BTreeMap::new(),
            at_hand: Places::default(),
        }
    }

    /// Whether a record is an order of the cohort, if it has the grouping fields.
    pub(crate) fn counts(visit: &Visit<'_>) -> bool {
        visit.counted == Some(Counted::Order) && !visit.seen.is_unusual_order()
    }

    /// Turns to a record at its clock.
    pub(crate) fn prepare(&mut self, visit: &Visit<'_>, hashes: &mut Hashes) {
        self.advance(visit.clock);
        let counts = Cohort::counts(visit);
        self.grouping.places(visit, self.grouping.reading(), hashes, |_| counts, &mut self.at_hand);
        self.at_hand.locate(&self.groups);
    }

    /// Lets go of the orders that have left the windows at this clock, shortest window first.
    pub(crate) fn advance(&mut self, clock: EventTime) {
        for window in 0..self.log.windows() {
            self.log.advance(window, clock);
            while let Some(row) = self.log.leave(window) {
                self.subtract(window, self.orders_of.get(row));
            }
        }
        let done = self.log.release();
        self.orders_of.release(done);
        self.lost.release(self.log.oldest());
    }

    fn subtract(&mut self, window: usize, order: u32) {
        let is_refunded = self.is_refunded(order);
        let is_longest = window + 1 == self.log.windows();
        for group in groups_of(&self.orders, &self.several, order) {
            let words = self.groups.words_mut(*group);
            if is_refunded {
                words::lower(words, PER_WINDOW * window + REFUNDED);
            }
            let left = words::lower(words, PER_WINDOW * window + ORDERS);
            if left == 0 && is_longest {
                self.groups.remove(*group);
            }
        }
        if is_longest {
            self.orders.remove(order);
            self.several.remove(&order);
            self.answered.remove(&order);
        }
    }

    /// Adds the order that was prepared, as far as there is room; an order is in its cohort once.
    pub(crate) fn add(&mut self, order: &OrderRecord, hashes: &Hashes) {
        let time = order.occurred_at.as_ms();
        let key = key_of(order, hashes);
        if !self.log.covers(time) || self.orders.find(key).is_some() {
            return;
        }
        let rows = self.at_hand.refuse_new(&self.groups);
        if rows > 0 {
            self.lost.lose(rows, time);
        }
        let groups: Vec<u32> = self.groups_at_hand();
        if groups.is_empty() {
            return;
        }
        for group in &groups {
            let words = self.groups.words_mut(*group);
            for window in (0..self.log.windows()).filter(|window| time >= self.log.cut(*window)) {
                words::raise(words, PER_WINDOW * window + ORDERS);
            }
        }
        let slot = self.orders.insert(key);
        let words = self.orders.words_mut(slot);
        words::put_time(words, PLACED, time);
        match groups.as_slice() {
            [only] => words::put(words, GROUP, *only),
            _ => {
                words::put(words, GROUP, SEVERAL);
                self.several.insert(slot, groups);
            }
        }
        self.log.append(time);
        self.orders_of.push(slot);
    }

    /// The groups of the order at hand that count it, new ones founded.
    fn groups_at_hand(&mut self) -> Vec<u32> {
        let Cohort { at_hand, groups, lost, log, .. } = self;
        let mut found = |place: &Place| {
            let group = groups.insert(place.key);
            lost.found(group, log.oldest());
            group
        };
        let own = at_hand.groups().iter().filter(|place| place.own);
        own.map(|place| place.slot.unwrap_or_else(|| found(place))).collect()
    }

    /// Takes a state of a refund in: it may stand now, or stand no longer.
    pub(crate) fn stand(&mut self, refund: &RefundRecord, clock: EventTime, hashes: &Hashes) {
        self.advance(clock);
        let stands = match refund.refund.state {
            RefundState::Requested => return,
            RefundState::Approved | RefundState::Completed => self.passes(refund),
            RefundState::Rejected | RefundState::Reversed => false,
        };
        let Some(order) = self.orders.find(key_of(&refund.order, hashes)) else { return };
        let name = hashes.of_value(Value::Text(refund.part.as_str())).expect("a refund has an id");
        let latest = (refund.occurred_at, refund.position, refund.refund.state);
        let was_refunded = self.is_refunded(order);
        let answers = self.answered.entry(order).or_default();
        match answers.iter_mut().find(|answer| answer.refund == name) {
            Some(known) if latest <= known.latest => return,
            Some(known) => (known.latest, known.stands) = (latest, stands),
            None => answers.push(Answer { refund: name, latest, stands }),
        }
        let is_refunded = self.is_refunded(order);
        if is_refunded != was_refunded {
            self.count_refunded(order, is_refunded);
        }
    }

    fn is_refunded(&self, order: u32) -> bool {
        self.answered.get(&order).is_some_and(|answers| answers.iter().any(|answer| answer.stands))
    }

    fn passes(&self, refund: &RefundRecord) -> bool {
        let seen = Seen::Refund(refund);
        seen.lines(self.reading).any(|line| seen::passes(self.filter.as_ref(), seen, line))
    }

    fn count_refunded(&mut self, order: u32, is_refunded: bool) {
        let placed = words::time(self.orders.words(order), PLACED);
        let change = if is_refunded { words::raise } else { words::lower };
        for group in groups_of(&self.orders, &self.several, order) {
            let words = self.groups.words_mut(*group);
            for window in (0..self.log.windows()).filter(|window| placed >= self.log.cut(*window)) {
                change(words, PER_WINDOW * window + REFUNDED);
            }
        }
    }

    /// Whether a window has all orders of all groups of the record.
    pub(crate) fn is_complete(&self, window: usize) -> bool {
        let cut = self.log.cut(window);
        !self.at_hand.groups().iter().any(|place| self.lost.may_reach(place.slot, cut))
    }

    /// Which of the record's groups a window is asked of: the one with most orders.
    pub(crate) fn fullest(&self, visit: &Visit<'_>, window: usize) -> Option<usize> {
        let text = |place: &Place| self.text(visit.seen, place);
        self.at_hand.fullest(|place| self.count(place, window, ORDERS) + u32::from(place.own), text)
    }

    /// The share of refunded orders in one of the record's groups, the record's own order included.
    pub(crate) fn measure(&self, window: usize, at_least: u32, group: usize) -> Measure {
        let Some(place) = self.at_hand.groups().get(group) else { return Measure::Missing };
        let orders = self.count(place, window, ORDERS) + u32::from(place.own);
        if orders < at_least.max(1) {
            return Measure::Missing;
        }
        let refunded = self.count(place, window, REFUNDED);
        Measure::Ratio { numerator: i64::from(refunded), denominator: i64::from(orders) }
    }

    fn count(&self, place: &Place, window: usize, what: usize) -> u32 {
        place.slot.map_or(0, |slot| words::count(self.groups.words(slot), PER_WINDOW * window + what))
    }

    /// The key, in words, of a group of the record at hand.
    pub(crate) fn text(&self, seen: Seen<'_>, place: &Place) -> Text {
        self.grouping.text(seen, place.line)
    }

    /// The groups of the record at hand.
    pub(crate) fn places(&self) -> &Places {
        &self.at_hand
    }

    /// What it occupies.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            rows: self.log.live(),
            keys: self.groups.len() as u64,
            bytes: self.bytes() as u64,
            lost_rows: self.lost.count(),
            ..Usage::default()
        }
    }

    fn bytes(&self) -> usize {
        let lists: usize = self.several.values().map(Vec::capacity).sum();
        let answers: usize = self.answered.values().map(Vec::capacity).sum();
        let entries = self.several.len() + self.answered.len();
        self.log.bytes()
            + self.orders_of.bytes()
            + self.orders.bytes()
            + self.groups.bytes()
            + self.lost.bytes()
            + lists * size_of::<u32>()
            + answers * size_of::<Answer>()
            + entries * 2 * size_of::<(u32, Vec<u32>)>()
    }
}

fn key_of(order: &OrderRecord, hashes: &Hashes) -> u128 {
    let program = hashes.of_value(Value::Text(order.key.program.as_str()));
    let order = hashes.of_value(Value::Text(order.key.order.as_str()));
    join(program.expect("a text is not missing"), order.expect("a text is not missing"))
}

/// The groups of an order.
fn groups_of<'a>(orders: &'a Index, several: &'a BTreeMap<u32, Vec<u32>>, order: u32) -> &'a [u32] {
    match several.get(&order) {
        Some(groups) => groups,
        None => orders.words(order).get(GROUP..=GROUP).expect("an order's words"),
    }
}
