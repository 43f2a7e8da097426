//! Purchases, line by line.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use super::ContentType;
use crate::names::names;
use crate::{
    AgencyId, BasisPoints, BuyerId, ClickId, CreatorId, Currency, EventTime, Fingerprint, LineId, Minor,
    OrderId, ProductId, ShopId, Text,
};

/// A purchase.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Order {
    /// Unique per program.
    pub order_id: OrderId,
    /// A higher one amends a lower one; 0 when the producer has none.
    pub revision: u32,
    /// What it is for.
    pub order_type: OrderType,
    /// The currency of every amount in it.
    pub currency: Currency,
    /// At least one line.
    pub lines: Vec<Line>,
    /// The shop.
    pub shop_id: Option<ShopId>,
    /// Who bought.
    pub buyer_id: Option<BuyerId>,
    /// When the buyer's account was created.
    pub buyer_since_at: Option<EventTime>,
    /// 1 for the buyer's first order.
    pub buyer_order_no: Option<i64>,
    /// The click that led here, when the producer knows it.
    pub click_id: Option<ClickId>,
    /// The device.
    pub device_h: Option<Fingerprint>,
    /// The address.
    pub ip: Option<IpAddr>,
    /// The country.
    pub country: Option<Text>,
    /// How it was paid.
    pub payment_method: Option<Text>,
    /// The payment instrument.
    pub payment_h: Option<Fingerprint>,
    /// The delivery address.
    pub address_h: Option<Fingerprint>,
    /// The phone.
    pub phone_h: Option<Fingerprint>,
    /// When it was put into the cart.
    pub cart_at: Option<EventTime>,
    /// When checkout began.
    pub checkout_at: Option<EventTime>,
    /// Coupons used.
    pub coupons: Vec<Coupon>,
}

impl Order {
    /// The first revision of a normal order that tells nothing else.
    pub fn new(order_id: OrderId, currency: Currency, lines: Vec<Line>) -> Order {
        Order {
            order_id,
            revision: 0,
            order_type: OrderType::Normal,
            currency,
            lines,
            shop_id: None,
            buyer_id: None,
            buyer_since_at: None,
            buyer_order_no: None,
            click_id: None,
            device_h: None,
            ip: None,
            country: None,
            payment_method: None,
            payment_h: None,
            address_h: None,
            phone_h: None,
            cart_at: None,
            checkout_at: None,
            coupons: Vec::new(),
        }
    }
}

/// What an order is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum OrderType {
    /// A sale; the only type that earns and that rules judge.
    Normal,
    /// A sample for a creator.
    Sample,
    /// A gift.
    Gift,
    /// An exchange.
    Exchange,
    /// A test.
    Test,
}

/// One line of an order. Amounts are for the whole line, not per unit, and never negative.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Line {
    /// Unique within the order.
    pub line_id: LineId,
    /// What is sold.
    pub product_id: ProductId,
    /// How many, at least 1.
    pub quantity: i64,
    /// What the buyer paid for the line, tax and shipping included.
    pub paid: Minor,
    /// The stock keeping unit.
    pub sku: Option<Text>,
    /// The category.
    pub category: Option<Text>,
    /// Before discounts.
    pub list_price: Option<Minor>,
    /// Discount paid by the seller.
    pub seller_discount: Minor,
    /// Discount paid by the platform.
    pub platform_discount: Minor,
    /// Tax within `paid`.
    pub tax: Minor,
    /// Shipping within `paid`.
    pub shipping: Minor,
    /// A gift with purchase: earns nothing.
    pub gift: bool,
    /// What the producer believes is owed, and to whom.
    pub declared: Option<Declared>,
}

impl Line {
    /// One piece, not discounted, without tax or shipping, about which nothing is declared.
    pub fn new(line_id: LineId, product_id: ProductId, paid: Minor) -> Line {
        Line {
            line_id,
            product_id,
            quantity: 1,
            paid,
            sku: None,
            category: None,
            list_price: None,
            seller_discount: Minor::ZERO,
            platform_discount: Minor::ZERO,
            tax: Minor::ZERO,
            shipping: Minor::ZERO,
            gift: false,
            declared: None,
        }
    }
}

/// What the producer declares about a line.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Declared {
    /// Who earns.
    pub creator_id: CreatorId,
    /// The creator's agency.
    pub agency_id: Option<AgencyId>,
    /// What sort of content sold it.
    pub content_type: Option<ContentType>,
    /// Which content.
    pub content_id: Option<Text>,
    /// The campaign.
    pub campaign_id: Option<Text>,
    /// The rate.
    pub rate_bp: Option<BasisPoints>,
    /// The rate on advertised clicks.
    pub ads_rate_bp: Option<BasisPoints>,
    /// The commission itself, in the order's currency.
    pub commission: Option<Minor>,
}

impl Declared {
    /// This creator earns, on whatever terms.
    pub const fn creator(creator_id: CreatorId) -> Declared {
        Declared {
            creator_id,
            agency_id: None,
            content_type: None,
            content_id: None,
            campaign_id: None,
            rate_bp: None,
            ads_rate_bp: None,
            commission: None,
        }
    }
}

/// A coupon used on an order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coupon {
    /// The code.
    pub code: Text,
    /// The creator it belongs to: the strongest evidence there is.
    pub owner_creator_id: Option<CreatorId>,
    /// Who pays for it.
    pub funder: Option<Funder>,
    /// The discount.
    pub amount: Minor,
}

/// Who pays for a discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Funder {
    /// The seller.
    Seller,
    /// The platform.
    Platform,
    /// The creator.
    Creator,
}

names! {
    OrderType { Normal = "normal", Sample = "sample", Gift = "gift", Exchange = "exchange", Test = "test" }
    Funder { Seller = "seller", Platform = "platform", Creator = "creator" }
}
