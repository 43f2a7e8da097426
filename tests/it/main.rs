//! The one integration-test binary: everything that needs more than one crate to show.

mod architecture;
mod bad_input;
mod commands;
mod contract;
mod determinism;
mod engine;
mod real;
mod shipped_rules;
