//! A lane on Kafka: events come from topics, its log is a topic, and what is decided goes to topics, each of it once.
//!
//! - [`Brokers`]: where a cluster is, and as whom to come;
//! - [`Layout`]: the topics of a lane and what each must be, a pure function;
//! - [`stand`]: makes them stand as they must, or says what is wrong with each;
//! - [`KafkaJournal`]: the lane's permanent memory there;
//! - [`Feed`]: what goes into it.
//!
//! Types of the client stay inside.

mod brokers;
mod entry;
mod feed;
mod flaw;
mod inputs;
mod journal;
mod layout;
mod leader;
mod manifests;
mod murmur;
mod need;
mod outputs;
mod reading;
mod standing;

pub use brokers::{Brokers, Unreachable};
pub use feed::Feed;
pub use flaw::{Flaw, What};
pub use inputs::{Input, Inputs};
pub use journal::KafkaJournal;
pub use layout::{LANE_NAME_BYTES_MAX, LaneName, Layout, RECORD_BYTES_MAX, RULESET_BYTES_MAX, Role, Topic};
pub use standing::{Missing, StandError, stand};
