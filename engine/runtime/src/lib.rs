//! Driving the decider: where records come from, where verdicts go, what a stop leaves behind.
//!
//! It defines the traits [`Source`], [`Sink`] and [`Store`], which `connector` implements, and is the only crate
//! that reads the real clock. A [`service`] runs on a [`Journal`] and forgets nothing. It refuses to know files,
//! wire formats or arguments.

pub mod books;
mod clock;
mod drive;
mod entropy;
mod journal;
pub mod letters;
mod manifest;
mod reconcile;
mod row_block;
mod seal;
pub mod service;
mod sink;
mod source;
mod store;
pub mod telemetry;
pub mod trace;

pub use clock::{Pace, SteadyClock, Stopwatch};
pub use drive::{CHUNK_RECORDS, Drive, DriveError, Progress, Threads};
pub use entropy::hash_key;
pub use journal::{
    Appended, Decided, Head, InputPlace, Journal, JournalError, JournalReader, Origin, Snapshots,
};
pub use manifest::{Digest, Manifest};
pub use reconcile::{Finding, Reconciler, Reconciliation};
pub use row_block::{RowBlock, order_hash};
pub use seal::{SealError, open, seal};
pub use sink::Sink;
pub use source::{Records, Source};
pub use store::Store;
