//! What people and programs ask a store: [`Books`](runtime::books::Books) for whoever shows a lane, and beside it what
//! explanations and operators need.
//!
//! Every list is read by a key that rows keep (never by offset), so that a page begins where the one before it ended
//! even while rows are added. Views are plain fields: amounts in minor units of the currency beside them, times in
//! milliseconds since the epoch, positions and sequences as in the outputs. Nothing here changes anything.

mod commissions;
mod creators;
pub(crate) mod dead_letters;
mod filter;
mod gauges;
mod holds;
mod orders;
mod page;
mod rulesets;
mod shelf;
mod status;
mod tokens;
mod verdicts;

pub use creators::MarketTotal;
pub use holds::HoldEpisode;
pub use orders::ExplanationView;
pub use shelf::Shelf;
pub use status::StoreStatus;
pub use tokens::TokenView;
