//! What was read and what became of it.

use serde::{Deserialize, Serialize};

use crate::admission::Admission;

/// Totals since the log began. Control records are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Records read: applied + parked + duplicates + refused.
    pub read: u64,
    /// Took effect when they came.
    pub applied: u64,
    /// Wait, or waited, for what they refer to.
    pub parked: u64,
    /// Had been admitted before.
    pub duplicates: u64,
    /// Became dead letters at once.
    pub refused: u64,
    /// Were parked and became dead letters later, for the whole or for what remained of them.
    pub given_up: u64,
    /// Lines of refunds without an order, by how far earlier purchases cover them.
    pub matched: Matched,
}

/// Lines of refunds without an order. A refund's later states are not counted again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Matched {
    /// Every unit was found among earlier purchases.
    pub fully: u64,
    /// Some units were.
    pub partly: u64,
    /// None was.
    pub not: u64,
}

impl Counts {
    pub(crate) fn count(&mut self, admission: &Admission) {
        match admission {
            Admission::Applied => self.applied += 1,
            Admission::Parked => self.parked += 1,
            Admission::Duplicate => self.duplicates += 1,
            Admission::Refused(_) => self.refused += 1,
            Admission::Control => return,
        }
        self.read += 1;
    }
}

impl Matched {
    /// The counter of a line with so many of its units found.
    pub(crate) fn class(&mut self, found: i64, quantity: i64) -> &mut u64 {
        if found >= quantity {
            &mut self.fully
        } else if found > 0 {
            &mut self.partly
        } else {
            &mut self.not
        }
    }
}
