//! Group holds: a burst is known only at its Nth order, so the orders before it are held too. For every grouping
//! that some rule holds by, the orders that it counts are kept for as long as the window can still count them.

use model::feature::{Membership, PlannedFeature, Slot};
use model::hit::{Judged, Until};
use model::table::Table;
use model::verdict::{HoldId, Reason};
use model::{EventTime, OrderKey, Position, RuleId, Span, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::arena::{Arena, KeyIx, OrderIx, WideIx};
use crate::ledger::Ledger;
use crate::verdicts::Stage;
use crate::wide::{ByWhom, Member, Over, WideHold};

/// The orders that each group of each holding feature counts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Groups {
    keys: Arena<KeyIx, Arrivals>,
    index: Table<(Slot, Text), KeyIx>,
    /// The most orders that any group has had at once.
    pub(crate) largest: usize,
    /// Group holds, by rule and printed key.
    holds: BTreeMap<(RuleId, Text), WideIx>,
}

/// An order that a feature had counted before the ruleset that holds by it came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupedOrder {
    /// Where it came.
    pub position: Position,
    /// When it happened.
    pub occurred_at: EventTime,
    /// The order.
    pub order: OrderKey,
    /// The group that counted it, by the slots of the new ruleset.
    pub membership: Membership,
}

/// Orders in the order in which they were counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Arrivals {
    orders: Vec<(Position, EventTime, OrderIx)>,
    /// How many were left after the last time that expired ones were dropped.
    kept: u32,
}

impl Arrivals {
    /// Windows only move on: what is out of one stays out. Dropping at each doubling costs each order once.
    fn push(&mut self, position: Position, time: EventTime, order: OrderIx, oldest: EventTime) {
        if self.orders.len() >= 2 * (self.kept as usize).max(8) {
            self.orders.retain(|(_, time, _)| *time >= oldest);
            self.kept = u32::try_from(self.orders.len()).unwrap_or(u32::MAX);
        }
        self.orders.push((position, time, order));
    }

    fn after(&self, watermark: Option<Position>, oldest: EventTime) -> impl Iterator<Item = OrderIx> {
        let first =
            watermark.map_or(0, |mark| self.orders.partition_point(|(position, _, _)| *position <= mark));
        let fresh = self.orders.get(first..).unwrap_or_default().iter();
        fresh.filter(move |(_, time, _)| *time >= oldest).map(|(_, _, order)| *order)
    }
}

/// From the slots of one ruleset's features to those of the next.
struct Renumbering {
    slots: Vec<Option<Slot>>,
    /// Slots of features that the ruleset before did not hold by.
    new: BTreeSet<Slot>,
}

impl Renumbering {
    fn between(old: &[PlannedFeature], new: &[PlannedFeature]) -> Renumbering {
        let slot_of = |old: &PlannedFeature| {
            (0..).map(Slot).zip(new).find(|(_, f)| f.holds && old.holds && f.feature == old.feature)
        };
        let slots: Vec<Option<Slot>> = old.iter().map(|old| slot_of(old).map(|(slot, _)| slot)).collect();
        let is_new = |slot: &Slot| !slots.contains(&Some(*slot));
        Renumbering { new: (0..).map(Slot).take(new.len()).filter(is_new).collect(), slots }
    }

    fn of(&self, slot: Slot) -> Option<Slot> {
        self.slots.get(slot.0 as usize).copied().flatten()
    }
}

impl Groups {
    pub(crate) fn hold(&self, rule: &RuleId, key: &Text) -> Option<WideIx> {
        self.holds.get(&(rule.clone(), key.clone())).copied()
    }

    /// Another ruleset numbers its features otherwise: what it no longer holds by is forgotten.
    fn renumber(&mut self, renumbering: &Renumbering) {
        let index = std::mem::take(&mut self.index);
        for ((slot, key), ix) in index.into_sorted() {
            match renumbering.of(slot) {
                Some(slot) => drop(self.index.insert((slot, key), ix)),
                None => self.keys[ix] = Arrivals::default(),
            }
        }
    }

    fn arrivals_mut(&mut self, membership: &Membership) -> &mut Arrivals {
        let key = (membership.slot, membership.key.clone());
        let ix = *self.index.at_or(key, || self.keys.push(Arrivals::default()));
        &mut self.keys[ix]
    }
}

impl Ledger {
    /// Remembers which groups count an order.
    pub(crate) fn join_groups(&mut self, order: OrderIx, groups: &[Membership], stage: &Stage) {
        for membership in groups {
            let oldest = self.oldest(membership.slot, stage.moment.clock);
            let time = self.orders[order].placed_at;
            self.join_group(membership, (stage.moment.position, time, order), oldest);
        }
    }

    /// Another ruleset holds by other features: `grouped` are the orders that they have counted before it came.
    pub(crate) fn regroup(&mut self, new: &[PlannedFeature], grouped: &[GroupedOrder]) {
        let renumbering = Renumbering::between(&self.terms.features, new);
        self.groups.renumber(&renumbering);
        for ix in self.wide.names() {
            let watermark = &mut self.wide[ix].watermark;
            *watermark = watermark.and_then(|(slot, position)| Some((renumbering.of(slot)?, position)));
        }
        for counted in grouped.iter().filter(|counted| renumbering.new.contains(&counted.membership.slot)) {
            let Some(order) = self.order_index.get(&counted.order).copied() else { continue };
            let arrival = (counted.position, counted.occurred_at, order);
            // What has expired was dropped by whoever counted.
            self.join_group(&counted.membership, arrival, EventTime::MIN);
        }
    }

    fn join_group(
        &mut self,
        membership: &Membership,
        (position, time, order): (Position, EventTime, OrderIx),
        oldest: EventTime,
    ) {
        let arrivals = self.groups.arrivals_mut(membership);
        arrivals.push(position, time, order, oldest);
        let members = arrivals.orders.len();
        self.groups.largest = self.groups.largest.max(members);
    }

    /// A rule holds the group that a record was measured in, with the orders that were `counted` up to a position.
    /// Returns the group's hold, if there is a group.
    pub(crate) fn fire_group(
        &mut self,
        (rule, slot, until): (&RuleId, Slot, Until),
        judged: &Judged,
        why: &Reason,
        (trigger, counted): (Option<OrderIx>, Position),
        stage: &mut Stage,
    ) -> Option<WideIx> {
        let key = &judged.groups.iter().find(|group| group.slot == slot)?.key;
        let until = self.hold_until(rule, until, stage.moment);
        let wide = self.groups.hold(rule, key).unwrap_or_else(|| self.new_group(rule, key, (until, why)));
        let clock = stage.moment.clock;
        self.fire_wide(wide, until, clock);
        let oldest = self.oldest(slot, clock);
        let watermark = self.wide[wide].watermark.replace((slot, counted));
        // Another feature may have counted orders that the one before did not.
        let watermark = watermark.filter(|(by, _)| *by == slot).map(|(_, position)| position);
        let arrivals = self.groups.index.get(&(slot, key.clone())).map(|ix| &self.groups.keys[*ix]);
        let fresh = arrivals.into_iter().flat_map(|arrivals| arrivals.after(watermark, oldest));
        let members = fresh.map(Member::Order).collect();
        self.enqueue(wide, members, (ByWhom::Rule, why.clone()), trigger, stage);
        Some(wide)
    }

    fn new_group(&mut self, rule: &RuleId, key: &Text, (until, why): (Option<EventTime>, &Reason)) -> WideIx {
        let wide = self.wide.push(WideHold {
            hold_id: HoldId::of_group(self.canary_key, key, rule),
            rule: rule.clone(),
            over: Over::Group(key.clone()),
            until,
            why: why.clone(),
            lifted: false,
            watermark: None,
            members: Vec::new(),
        });
        self.groups.holds.insert((rule.clone(), key.clone()), wide);
        self.hold_index.insert(self.wide[wide].hold_id, crate::reviews::HoldPlace::Wide(wide));
        wide
    }

    /// The oldest time that a feature's window still counts; closed.
    fn oldest(&self, slot: Slot, clock: EventTime) -> EventTime {
        let planned = self.terms.features.get(slot.0 as usize);
        clock.minus(planned.map_or(Span::ZERO, |planned| planned.feature.window))
    }
}
