//! Tests through the station's own interface.

mod admission;
mod credit;
mod events;
mod lane;
#[expect(clippy::wildcard_enum_match_arm, reason = "a model names what it is about, and the rest is rest")]
mod oracle;
mod parking;
mod plans;
#[expect(clippy::wildcard_enum_match_arm, reason = "a model names what it is about, and the rest is rest")]
mod random;
mod refunds;
#[expect(clippy::wildcard_enum_match_arm, reason = "a model names what it is about, and the rest is rest")]
mod slow;
mod slow_credit;
#[expect(clippy::wildcard_enum_match_arm, reason = "a model names what it is about, and the rest is rest")]
mod slow_refunds;
