//! Group holds: a burst is known only at its Nth order, so the orders before it are held too. For every grouping
//! that some rule holds by, the orders that it counts are kept for as long as the window can still count them.

use model::feature::{Feature, Membership, PlannedFeature, Slot};
use model::hit::{Judged, Until};
use model::verdict::{HoldId, Reason};
use model::{EventTime, Position, RuleId, Span, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::arena::{Arena, KeyIx, OrderIx, WideIx};
use crate::ledger::Ledger;
use crate::stable::{self, StableMap};
use crate::verdicts::Stage;
use crate::wide::{ByWhom, Member, Over, WideHold};

/// The orders that each group of each holding feature counts.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Groups {
    keys: Arena<KeyIx, Arrivals>,
    #[serde(with = "stable")]
    index: StableMap<(Slot, Text), KeyIx>,
    /// The most orders that any group has had at once.
    pub(crate) largest: usize,
    /// Group holds, by rule and printed key.
    holds: BTreeMap<(RuleId, Text), WideIx>,
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

impl Groups {
    pub(crate) fn hold(&self, rule: &RuleId, key: &Text) -> Option<WideIx> {
        self.holds.get(&(rule.clone(), key.clone())).copied()
    }

    /// Another ruleset numbers its features otherwise: what it no longer holds by is forgotten.
    pub(crate) fn renumber(&mut self, old: &[PlannedFeature], new: &[PlannedFeature]) {
        let slot_of = |feature: &Feature| new.iter().position(|f| f.holds && f.feature == *feature);
        let slots: Vec<Option<Slot>> = old
            .iter()
            .map(|planned| slot_of(&planned.feature).and_then(|slot| u32::try_from(slot).ok()).map(Slot))
            .collect();
        let index = std::mem::take(&mut self.index);
        for ((slot, key), ix) in index {
            match slots.get(slot.0 as usize).copied().flatten() {
                Some(slot) => drop(self.index.insert((slot, key), ix)),
                None => self.keys[ix] = Arrivals::default(),
            }
        }
    }
}

impl Ledger {
    /// Remembers which groups count an order.
    pub(crate) fn join_groups(&mut self, order: OrderIx, groups: &[Membership], stage: &Stage) {
        for membership in groups {
            let oldest = self.oldest(membership.slot, stage);
            let entry = self.groups.index.entry((membership.slot, membership.key.clone()));
            let ix = *entry.or_insert_with(|| self.groups.keys.push(Arrivals::default()));
            let time = self.orders[order].placed_at;
            self.groups.keys[ix].push(stage.moment.position, time, order, oldest);
            self.groups.largest = self.groups.largest.max(self.groups.keys[ix].orders.len());
        }
    }

    /// A rule holds the group that a record was measured in. Returns the group's hold, if there is a group.
    pub(crate) fn fire_group(
        &mut self,
        (rule, slot, until): (&RuleId, Slot, Until),
        judged: &Judged,
        why: &Reason,
        trigger: Option<OrderIx>,
        stage: &mut Stage,
    ) -> Option<WideIx> {
        let key = &judged.groups.iter().find(|group| group.slot == slot)?.key;
        let until = self.hold_until(rule, until, stage.moment);
        let wide = self.groups.hold(rule, key).unwrap_or_else(|| self.new_group(rule, key, (until, why)));
        let clock = stage.moment.clock;
        self.fire_wide(wide, until, clock);
        let oldest = self.oldest(slot, stage);
        let watermark = self.wide[wide].watermark.replace(stage.moment.position);
        let arrivals = self.groups.index.get(&(slot, key.clone())).map(|ix| &self.groups.keys[*ix]);
        let fresh = arrivals.into_iter().flat_map(|arrivals| arrivals.after(watermark, oldest));
        let members = fresh.map(Member::Order).collect();
        self.enqueue(wide, members, (ByWhom::Rule, why.clone()), trigger, stage);
        Some(wide)
    }

    fn new_group(&mut self, rule: &RuleId, key: &Text, (until, why): (Option<EventTime>, &Reason)) -> WideIx {
        let wide = self.wide.push(WideHold {
            hold_id: HoldId::of_scope(&format!("group:{key}"), rule),
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
    fn oldest(&self, slot: Slot, stage: &Stage) -> EventTime {
        let planned = self.terms.features.get(slot.0 as usize);
        stage.moment.clock.minus(planned.map_or(Span::ZERO, |planned| planned.feature.window))
    }
}
