//! Commission plans: what they cover and what they pay.

use serde::{Deserialize, Serialize};

use super::ContentType;
use crate::names::names;
use crate::{BasisPoints, CreatorId, EventTime, PlanId, ProductId, ShopId, Span, Text};

/// A version of a commission plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// Which plan.
    pub plan_id: PlanId,
    /// Which version of it.
    pub version: i64,
    /// What it covers.
    pub scope: PlanScope,
    /// The creator's rate.
    pub rate_bp: BasisPoints,
    /// From when, inclusive.
    pub valid_from: EventTime,
    /// Until when, exclusive; for ever when missing.
    pub valid_to: Option<EventTime>,
    /// The rate on clicks that belong to an advertisement.
    pub ads_rate_bp: Option<BasisPoints>,
    /// The agency's rate, on top of the creator's.
    pub agency_bp: Option<BasisPoints>,
    /// What the rates are taken of.
    pub base: Base,
    /// How long a click may earn, 1 to 30 days; the program's when missing.
    pub attribution_window: Option<Span>,
    /// How long until release; the program's when missing.
    pub settlement_delay: Option<Span>,
    /// From when that counts; the program's when missing.
    pub settlement_from: Option<SettlementFrom>,
}

impl Plan {
    /// The first version of a plan for every sale, on the program's terms, for ever.
    pub fn new(plan_id: PlanId, rate_bp: BasisPoints, valid_from: EventTime) -> Plan {
        Plan {
            plan_id,
            version: 1,
            scope: PlanScope::default(),
            rate_bp,
            valid_from,
            valid_to: None,
            ads_rate_bp: None,
            agency_bp: None,
            base: Base::PaidLessTaxAndShipping,
            attribution_window: None,
            settlement_delay: None,
            settlement_from: None,
        }
    }
}

/// Which sales a plan covers: every field that is present must match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct PlanScope {
    /// This creator only.
    pub creator_id: Option<CreatorId>,
    /// This product only.
    pub product_id: Option<ProductId>,
    /// This category only.
    pub category: Option<Text>,
    /// This shop only.
    pub shop_id: Option<ShopId>,
    /// This tier of creators only.
    pub tier: Option<Text>,
    /// This content type only.
    pub content_type: Option<ContentType>,
}

/// What a rate is taken of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Base {
    /// All that was paid.
    Paid,
    /// What was paid less tax and shipping; the default.
    PaidLessTaxAndShipping,
    /// The list price less the seller's discount.
    ListLessSellerDiscount,
}

/// What a settlement delay counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SettlementFrom {
    /// The order itself; the default.
    Order,
    /// Its delivery.
    Delivered,
    /// Its completion.
    Completed,
}

names! {
    Base {
        Paid = "paid", PaidLessTaxAndShipping = "paid_less_tax_and_shipping",
        ListLessSellerDiscount = "list_less_seller_discount",
    }
    SettlementFrom { Order = "order", Delivered = "delivered", Completed = "completed" }
}
