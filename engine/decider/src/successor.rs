//! A ruleset that the log is going to load, measured in the meantime: when it takes effect, its features are what
//! they would be had it been in force all along.
//!
//! What a feature comes to depends on rows of the past, and a rule may hold orders of the past. So a successor is
//! shown every record that its windows can still reach, long before it decides anything: by the decider itself
//! where the log to come is known (a replay), or from a store of rows (a service).

use ledger::GroupedOrder;
use model::admitted::What;
use model::feature::Slot;
use model::{Admitted, EventTime, HashKey, Span};
use ruleset::Ruleset;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use window::Windows;

/// Fewer orders than this are not worth dropping.
const GROUPED_DROPPED_MIN: usize = 1_024;

/// A ruleset that has yet to take effect, with what it has measured so far.
pub struct Successor {
    ruleset: Arc<Ruleset>,
    measured: Measured,
}

/// What a successor has measured: what a snapshot keeps of it.
#[derive(Serialize, Deserialize)]
pub(crate) struct Measured {
    pub(crate) windows: Windows,
    /// The orders that its features counted and its rules may hold, in the order in which they came.
    pub(crate) grouped: Vec<GroupedOrder>,
    /// How many of them were left after the last time that expired ones were dropped.
    kept: usize,
}

impl Successor {
    /// Nothing is measured yet.
    pub fn new(ruleset: Arc<Ruleset>, key: HashKey) -> Successor {
        let windows = Windows::new(ruleset.features().to_vec(), ruleset.policy().windows, key.secret());
        Successor::resumed(ruleset, Measured { windows, grouped: Vec::new(), kept: 0 })
    }

    pub(crate) fn resumed(ruleset: Arc<Ruleset>, measured: Measured) -> Successor {
        Successor { ruleset, measured }
    }

    /// The ruleset.
    pub fn ruleset(&self) -> &Arc<Ruleset> {
        &self.ruleset
    }

    pub(crate) fn measured(&self) -> &Measured {
        &self.measured
    }

    pub(crate) fn into_parts(self) -> (Arc<Ruleset>, Measured) {
        (self.ruleset, self.measured)
    }

    /// Measures records, in log order.
    ///
    /// # Panics
    /// If the log clock goes back.
    pub fn measure(&mut self, records: &[Admitted]) {
        let measures = self.measured.windows.apply_all(records);
        for (admitted, measures) in records.iter().zip(measures) {
            let (What::Order(order), Some(measures)) = (&admitted.what, measures) else { continue };
            self.measured.grouped.extend(measures.memberships.into_iter().map(|membership| GroupedOrder {
                position: admitted.position,
                occurred_at: order.occurred_at,
                order: order.key.clone(),
                membership,
            }));
        }
        if let Some(last) = records.last() {
            self.drop_expired(last.clock);
        }
    }

    /// Windows only move on: what is out of one stays out. Dropping at each doubling costs each order once.
    fn drop_expired(&mut self, clock: EventTime) {
        if self.measured.grouped.len() < 2 * self.measured.kept.max(GROUPED_DROPPED_MIN) {
            return;
        }
        let mut grouped = std::mem::take(&mut self.measured.grouped);
        grouped.retain(|order| order.occurred_at >= clock.minus(self.window(order.membership.slot)));
        self.measured.kept = grouped.len();
        self.measured.grouped = grouped;
    }

    fn window(&self, slot: Slot) -> Span {
        let planned = self.ruleset.features().get(slot.0 as usize);
        planned.map_or(Span::ZERO, |planned| planned.feature.window)
    }
}
