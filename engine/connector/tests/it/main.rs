//! The connector through its public boundary.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "a test that panics has failed"
)]

mod contract;
mod dice;
mod logs;
mod outputs;
mod reading;
