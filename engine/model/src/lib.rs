//! The words of Tidegate: what comes in, what the stations hand to each other, what goes out.
//!
//! Everything here is plain data that cannot hold nonsense, plus the few pure functions that more than one
//! station must agree on (the arithmetic of a commission, the identity of a verdict, the value of a fact), and the
//! tables that they look things up in.
//! The four stations know this crate and not each other.
//!
//! It refuses to do I/O, to read a clock, to know JSON, Kafka or rhai.

pub mod limit;

// The atoms.
mod id;
mod money;
mod names;
mod time;

// What comes in.
pub mod event;
pub mod log;
pub mod refusal;

mod hash_key;
pub mod piecewise;
pub mod table;

// What ATTRIBUTE hands on.
pub mod address;
pub mod admitted;
pub mod commission;
pub mod policy;

// What MEASURE and JUDGE say.
pub mod fact;
pub mod feature;
pub mod hit;

// What goes out.
pub mod verdict;

pub use admitted::Admitted;
pub use event::{Event, Kind};
pub use fact::{Fact, Facts, Field, Value};
pub use hash_key::HashKey;
pub use id::*;
pub use log::{Position, Record};
pub use money::*;
pub use time::{EventTime, Span};
pub use verdict::Verdict;

/// Raised whenever some log could yield other bytes than before (a rhai upgrade included).
pub const SEMANTICS: u32 = 1;
