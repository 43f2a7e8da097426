//! The one integration-test binary: everything that needs more than one crate to show.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics when something is not as it should be"
)]

mod architecture;
mod bad_input;
mod commands;
mod contract;
mod dependencies;
mod desk;
mod determinism;
mod engine;
mod failing_rules;
mod fuzz;
mod kafka;
mod lane;
mod limits;
mod live_rules;
mod mishaps;
mod operating;
mod real;
mod served;
mod service;
mod settings;
mod shipped_rules;
mod telemetry;
mod telling;
