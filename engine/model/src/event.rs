//! What comes in: one type per kind of event, already checked. `connector` decodes wire forms into these.
//!
//! Missing is `None` and never equals missing. Field meanings, units and ranges are in `schemas/`.

// What is sold.
mod click;
mod order;
mod refund;
mod status;

// Who earns, and what.
mod beneficiary;
mod creator;
mod obligation;
mod plan;

// What people and feeds say.
mod feed;
mod review;
mod run;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::Hash;

use crate::names::names;
use crate::{EventId, EventTime, Market, ProgramId, SourceId, Text};

pub use beneficiary::Beneficiary;
pub use click::{Click, ContentType, Touch};
pub use creator::Creator;
pub use feed::FeedMark;
pub use obligation::{Component, Obligation};
pub use order::{Coupon, Declared, Funder, Line, Order, OrderType};
pub use plan::{Base, Plan, PlanScope, SettlementFrom};
pub use refund::{Fault, MatchKey, Refund, RefundLine, RefundState, RefundTarget, RefundType};
pub use review::{EvidenceLink, Review, ReviewDecision, ReviewStage, ReviewSubject};
pub use run::{PayoutLine, PayoutRun, RunState};
pub use status::{OrderStatus, Status};

/// An event as its producer sent it, checked field by field but not yet admitted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The producer's name for this event.
    pub event_id: EventId,
    /// When it happened.
    pub occurred_at: EventTime,
    /// The program; the lane's default when missing.
    pub program: Option<ProgramId>,
    /// The market; the lane's default when missing.
    pub market: Option<Market>,
    /// The system it came from.
    pub source: Option<SourceId>,
    /// The producer's own fields, which rules can read.
    pub attributes: BTreeMap<Text, Attribute>,
    /// What happened.
    pub body: Body,
}

impl Event {
    /// The kind of this event.
    pub const fn kind(&self) -> Kind {
        self.body.kind()
    }

    /// A hash of what the event says, without its `event_id`: two events with the same key and the same content
    /// are one event sent twice. 128 bits of SipHash over the fields.
    pub fn content(&self) -> u128 {
        let mut hasher = siphasher::sip128::SipHasher13::new();
        self.occurred_at.hash(&mut hasher);
        self.program.hash(&mut hasher);
        self.market.hash(&mut hasher);
        self.source.hash(&mut hasher);
        self.attributes.hash(&mut hasher);
        self.body.hash(&mut hasher);
        siphasher::sip128::Hasher128::finish128(&hasher).as_u128()
    }
}

/// A value of the producer's own.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Attribute {
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A text.
    Text(Text),
}

/// What an event says, by kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Body {
    /// See [`Plan`].
    Plan(Box<Plan>),
    /// See [`Creator`].
    Creator(Box<Creator>),
    /// See [`Click`].
    Click(Box<Click>),
    /// See [`Order`].
    Order(Box<Order>),
    /// See [`OrderStatus`].
    OrderStatus(Box<OrderStatus>),
    /// See [`Refund`].
    Refund(Box<Refund>),
    /// See [`PayoutRun`].
    PayoutRun(Box<PayoutRun>),
    /// See [`Review`].
    Review(Box<Review>),
    /// See [`Obligation`].
    Obligation(Box<Obligation>),
    /// See [`FeedMark`].
    FeedMark(Box<FeedMark>),
}

impl Body {
    /// The kind of this event.
    pub const fn kind(&self) -> Kind {
        match self {
            Body::Plan(_) => Kind::Plan,
            Body::Creator(_) => Kind::Creator,
            Body::Click(_) => Kind::Click,
            Body::Order(_) => Kind::Order,
            Body::OrderStatus(_) => Kind::OrderStatus,
            Body::Refund(_) => Kind::Refund,
            Body::PayoutRun(_) => Kind::PayoutRun,
            Body::Review(_) => Kind::Review,
            Body::Obligation(_) => Kind::Obligation,
            Body::FeedMark(_) => Kind::FeedMark,
        }
    }
}

/// The kinds of event, in the order in which equal times are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A version of a commission plan.
    Plan,
    /// What is known of a creator.
    Creator,
    /// A touch that may earn a later order.
    Click,
    /// A purchase.
    Order,
    /// A change of an order's status.
    OrderStatus,
    /// Money going back to the buyer.
    Refund,
    /// A step of finance's payout run.
    PayoutRun,
    /// A person's decision.
    Review,
    /// Money owed that no rate computes.
    Obligation,
    /// "Everything up to here has been sent."
    FeedMark,
}

names! {
    Kind {
        Plan = "plan", Creator = "creator", Click = "click", Order = "order", OrderStatus = "order_status",
        Refund = "refund", PayoutRun = "payout_run", Review = "review", Obligation = "obligation",
        FeedMark = "feed_mark",
    }
}
