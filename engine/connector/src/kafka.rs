//! A lane on Kafka. So far its topics: what they must be, and that they are.
//!
//! - [`Brokers`]: where a cluster is, and as whom to come;
//! - [`Layout`]: the topics of a lane and what each must be, a pure function;
//! - [`stand`]: makes them stand as they must, or says what is wrong with each.
//!
//! Types of the client stay inside.

mod brokers;
mod flaw;
mod layout;
mod need;
mod standing;

pub use brokers::{Brokers, Unreachable};
pub use flaw::{Flaw, What};
pub use layout::{LANE_NAME_BYTES_MAX, LaneName, Layout, RECORD_BYTES_MAX, RULESET_BYTES_MAX, Role, Topic};
pub use standing::{Missing, StandError, stand};
