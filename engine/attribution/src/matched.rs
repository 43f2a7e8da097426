//! How far earlier purchases cover the refunds that name no order.

use serde::{Deserialize, Serialize};

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
