//! MEASURE, the second station: exact aggregates over sliding windows.
//!
//! A record is measured against the rows of the records before it, and then its own rows are added. A window is
//! closed: a row counts while `clock − time ≤ W`, where the clock is the log's. The judged event counts itself
//! always; a row that comes late keeps its own time and enters every window that still covers it.
//!
//! **What a record is, to a feature.** It is read line by line: filter, grouping and aggregated field all see a
//! line's own `creator_id`, `product_id`, `sku` and `category`, and the record's one value of everything else.
//! The lines that pass the filter and agree on the grouping make one row, whose values of the aggregated field
//! are those of its lines, each once; a field that is a list (`creator.labels`) has each of its texts. A record
//! without lines is its own only line. So an order is one row for each of its products when grouped by product,
//! and counts towards each of its products when products are counted distinct. The judged record sees the one of
//! its groups with most rows; among equals the one whose key text is smallest.
//!
//! **How it is kept.** Features with the same counted kind, grouping and filter share a *series*: an
//! append-only log of rows, a tail cursor for each window length, and a record of integers for each group, from
//! which the cursors subtract what expires. Distinct values have one entry each, the last row that has the
//! value, which serves every window. Nothing costs more because a window is longer.
//!
//! **Where there is no room.** Every series has a most of groups, and of values told apart. A row of a new group
//! that finds no room is not kept, and from then on no answer is silently too small: one that the row may have
//! counted in is [`Unknown`](model::feature::Measure::Unknown), all others stay exact. `losses.rs` says which.
//!
//! What must hold: an answer that is given is that of a recount of all rows, lost ones included; no hash, and no order of a hash table, reaches an output; the clock never goes back; what is
//! restored from a snapshot behaves as what was saved.
//!
//! It refuses to do I/O, to read a clock, to forget a row before its window ends, and to estimate.

// The station.
mod plan;
mod windows;

// How a record is read.
mod grouping;
mod hashes;
mod seen;
mod text;

// How rows are kept.
mod cohort;
mod layout;
mod losses;
mod series;

// The structures below them.
mod extremes;
mod frequencies;
mod index;
mod log;
mod run;
mod times;
mod values;
mod words;

pub use windows::{Usage, Windows};
