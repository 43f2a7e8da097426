//! The connector through its public boundary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    reason = "a test that panics has failed, and one that is skipped says so"
)]

mod contract;
mod dice;
mod files;
mod logs;
mod mappings;
mod outputs;
mod reading;
mod real;
mod store;
