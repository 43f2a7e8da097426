//! The API through real sockets, with a lane and books of the tests' own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics when something is not as it should be"
)]

mod client;
mod contract;
mod events;
mod given;
mod letters;
mod limits;
mod lists;
mod posting;
mod problems;
mod rulesets;
mod scopes;
mod slow;
mod tls;
mod verdicts;
mod world;
