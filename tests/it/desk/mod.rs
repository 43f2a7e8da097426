//! What an analyst and an operator do at their desk, by the real binary on a real store.

mod dead_letters;
mod explanations;
mod holds;
mod keeping;
mod reports;
mod reviews;
