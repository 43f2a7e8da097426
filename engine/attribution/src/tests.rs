//! Tests through the station's own interface.

mod admission;
mod credit;
mod events;
mod lane;
mod parking;
mod plans;
mod refunds;
