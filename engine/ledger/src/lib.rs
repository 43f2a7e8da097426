//! Station 4, SETTLE: one writer that keeps every commission's money and says what happens to it.
//!
//! A commission is one beneficiary's share of one order: (order, beneficiary, component), with its lines inside.
//! Every amount of it is in exactly one account; a verdict is a list of postings with their reasons. After every
//! record, per commission and per (program, market, currency), what accrued is the sum of all other accounts and
//! no account is negative: this is asserted, not hoped for.
//!
//! A record is settled in *stages*. Within a stage the drafts of verdicts are kept sorted by (creation of the
//! commission, decision) and are published together at its end; a second stage follows where one decision rests
//! on another (what was due on scheduled money, once its run is paid). Amounts are recomputed from cumulative
//! facts and posted as differences, so that the same facts give the same balances whatever way they came.
//!
//! It refuses nothing (admission did), reads no clock (time comes with the record), does no I/O, and never lets
//! the order of a hash map reach an output.

mod arena;
mod kept;

// The money.
mod account;
mod amounts;
mod commission;
mod parcels;
mod totals;

// What is known of an order.
mod credit;
mod order;
mod refunds;
mod status;

// Doubts.
mod acting;
mod creators;
mod effects;
mod groups;
mod holds;
mod wide;

// Time.
mod feeds;
mod sweep;
mod timers;

// Finance and people.
mod obligations;
mod reviews;
mod runs;

// What goes out.
mod reasons;
mod verdicts;

mod ledger;

pub use account::Balance;
pub use commission::{Commission, Origin};
pub use credit::{LineSnapshot, Snapshot};
pub use groups::GroupedOrder;
pub use holds::{Hold, HoldState};
pub use ledger::{Counters, Ledger, RulesetTerms};
pub use reasons::Cause;
