//! Synthetic trade: what creators, shops and buyers do all day, as a pure function of a seed.
//!
//! Demos, benchmarks, the simulator and the tests of the shipped rules all need trade that looks like trade: an
//! engine that is only fed attacks learns nothing about false alarms. [`Trade`] is an endless stream of it, with
//! the benign days that must not trip a rule and the attacks that must; [`Truth`] says of every event which it is.
//!
//! What must hold: the same settings give the same events, on every machine and whatever the version of the
//! libraries; times never go back; every id, amount and reference is valid, so that nothing here is ever refused;
//! and nobody real is in it (addresses come from ranges that no network routes).
//!
//! It refuses to read a clock, to do I/O, to know how events are written or which rule fires.

mod dice;

// Who there is.
mod place;
mod shopper;
mod world;

// What they do.
mod basket;
mod journey;
mod script;
mod truth;

// Days and attacks worth a name.
mod scenario;

// The streams.
mod stream;
pub mod workload;

// Timelines as text.
pub mod cases;
pub use scenario::{attack, benign_day};
pub use stream::{Scenarios, Settings, Trade};
pub use truth::{Attack, BenignDay, Happening, Truth};
pub use world::{agency_payout_accounts, registry};

#[cfg(test)]
mod wellformed;
