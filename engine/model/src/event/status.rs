//! Where an order stands.

use serde::{Deserialize, Serialize};

use crate::names::names;
use crate::{Fingerprint, LineId, OrderId, Text};

/// A change of an order's status.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OrderStatus {
    /// Which order.
    pub order_id: OrderId,
    /// The new status.
    pub status: Status,
    /// Which lines; all of them when empty.
    pub line_ids: Vec<LineId>,
    /// Why.
    pub reason: Option<Text>,
    /// The parcel.
    pub tracking_h: Option<Fingerprint>,
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Not paid yet: does not mature.
    Unpaid,
    /// Paid.
    Paid,
    /// Sent.
    Shipped,
    /// Arrived.
    Delivered,
    /// Done.
    Completed,
    /// Cancelled: voids.
    Cancelled,
    /// Payment or delivery failed: voids.
    Failed,
    /// Refused at the door: voids.
    Refused,
    /// Sent back: voids.
    Returned,
    /// Lost on the way: voids.
    Lost,
}

impl Status {
    /// Whether lines in this status earn nothing.
    pub const fn voids(self) -> bool {
        match self {
            Status::Cancelled | Status::Failed | Status::Refused | Status::Returned | Status::Lost => true,
            Status::Unpaid | Status::Paid | Status::Shipped | Status::Delivered | Status::Completed => false,
        }
    }
}

names! {
    Status {
        Unpaid = "unpaid", Paid = "paid", Shipped = "shipped", Delivered = "delivered",
        Completed = "completed", Cancelled = "cancelled", Failed = "failed", Refused = "refused",
        Returned = "returned", Lost = "lost",
    }
}
