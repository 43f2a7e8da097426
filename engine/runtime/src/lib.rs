//! Driving the decider: where records come from, where verdicts go, what a stop leaves behind.
//!
//! It defines the traits [`Source`], [`Sink`] and [`Store`], which `connector` implements, and is the only crate
//! that reads the real clock. It refuses to know files, wire formats or arguments.

mod clock;
mod drive;
mod entropy;
mod reconcile;
mod seal;
mod sink;
mod source;
mod store;

pub use clock::{Pace, Stopwatch};
pub use drive::{CHUNK_RECORDS, Drive, DriveError, Progress, Threads};
pub use entropy::hash_key;
pub use reconcile::{Finding, Reconciler, Reconciliation};
pub use seal::{SealError, open, seal};
pub use sink::Sink;
pub use source::{Records, Source};
pub use store::Store;
