//! Money going back to the buyer.

use serde::{Deserialize, Serialize};

use crate::names::names;
use crate::{BuyerId, Currency, LineId, Minor, OrderId, RefundId, Text};

/// Money going back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Refund {
    /// Unique per program, together with `state`.
    pub refund_id: RefundId,
    /// What is refunded.
    pub target: RefundTarget,
    /// How far it has come.
    pub state: RefundState,
    /// The currency of every amount in it; must be the order's.
    pub currency: Currency,
    /// How much in all.
    pub amount: Minor,
    /// By line; empty for a refund of the whole order. They sum to `amount`.
    pub lines: Vec<RefundLine>,
    /// What sort.
    pub refund_type: Option<RefundType>,
    /// Why.
    pub reason: Option<Text>,
    /// Whose fault.
    pub fault: Option<Fault>,
}

/// What a refund is of: an order by name, or whatever purchases match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum RefundTarget {
    /// The order.
    Order(OrderId),
    /// The newest earlier purchases of the same buyer and sku with quantity left.
    Match(Vec<MatchKey>),
}

/// One line of a refund that does not name its order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MatchKey {
    /// Who bought.
    pub buyer_id: BuyerId,
    /// What was bought.
    pub sku: Text,
    /// How many come back, at least 1.
    pub quantity: i64,
    /// The money that goes back for them; these sum to the refund's amount.
    pub amount: Minor,
}

/// The part of a refund that falls on one line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RefundLine {
    /// Which line.
    pub line_id: LineId,
    /// How many units.
    pub quantity: Option<i64>,
    /// How much.
    pub amount: Minor,
}

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefundState {
    /// Asked for: stops maturity, moves no money.
    Requested,
    /// Granted: moves money.
    Approved,
    /// Turned down: lifts the stop, or undoes what approval moved.
    Rejected,
    /// Paid back: moves money, or posts the difference to what was approved.
    Completed,
    /// Undone: undoes exactly what it moved.
    Reversed,
}

/// What sort of refund it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RefundType {
    /// The order was cancelled.
    Cancel,
    /// Money back, goods kept.
    RefundOnly,
    /// Money back for goods sent back.
    Return,
    /// The payment was charged back.
    Chargeback,
}

/// Whose fault a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// The buyer's.
    Buyer,
    /// The seller's.
    Seller,
    /// The carrier's.
    Carrier,
    /// The platform's.
    Platform,
    /// The creator's.
    Creator,
    /// Not known.
    Unknown,
}

names! {
    RefundState {
        Requested = "requested", Approved = "approved", Rejected = "rejected", Completed = "completed",
        Reversed = "reversed",
    }
    RefundType { Cancel = "cancel", RefundOnly = "refund_only", Return = "return", Chargeback = "chargeback" }
    Fault {
        Buyer = "buyer", Seller = "seller", Carrier = "carrier", Platform = "platform", Creator = "creator",
        Unknown = "unknown",
    }
}
