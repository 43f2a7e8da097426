//! Station 1, ATTRIBUTE: who earned it?
//!
//! It begins with *admission*, the only place that refuses: duplicates, conflicts, times ahead of their stamp,
//! refunds that do not add up. What refers to an order that has not come yet is *parked*. What is admitted gets
//! everything resolved that later stations need: an order its ranked candidates and their terms, a refund its
//! orders, a status its order. Later stations refuse nothing and look nothing up.
//!
//! What must hold:
//!
//! * `apply` depends on the records so far and the policy, on nothing else; resuming from a serialised
//!   [`Attribution`] goes on exactly as if it had never stopped.
//! * read = accepted + duplicates + refused; accepted = applied + parked.
//! * A refused record and a duplicate change nothing, not even the clock.
//! * Nothing is forgotten silently: what was parked takes effect or becomes a dead letter.
//!
//! It does no I/O, reads no clock and iterates no hash map.

mod admission;
mod arrival;
mod effects;
mod matched;
mod planning;
mod refund_effects;
mod station;
mod wake;

// Who earned it.
mod candidates;
mod credit;
mod ranking;
mod terms;
mod touches;

// What is remembered.
mod clicks;
mod contexts;
mod creators;
mod matching;
mod orders;
mod parking;
mod plans;
mod purchases;
mod refunds;
mod table;
mod unplanned;

#[cfg(test)]
mod tests;

pub use admission::Admission;
pub use matched::Matched;
pub use station::Attribution;

/// Limits of this station. Each counts something; none is about time.
pub mod limit {
    /// Clicks of one buyer or one device that are looked at for one order: the newest, or the oldest where the
    /// first click earns. Whoever clicks more within one window is a machine.
    pub const CLICKS_PER_KEY_MAX: usize = 1_024;
    /// Candidates of one creator on one line when there are more than
    /// [`CANDIDATES_MAX`](model::limit::CANDIDATES_MAX): a creator's further clicks give way to other creators.
    pub const CANDIDATES_PER_CREATOR_MAX: usize = 4;
    /// Longest id of a refund without an order, in bytes: its parts are named `ID/1`, `ID/2`, …
    pub const MATCHED_REFUND_ID_BYTES_MAX: usize = 120;
}
