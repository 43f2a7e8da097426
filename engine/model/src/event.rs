//! What comes in: one type per kind of event, already checked. `connector` decodes wire forms into these.
//!
//! Missing is `None` and never equals missing. Field meanings, units and ranges are in `schemas/`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::Hash;

use crate::{
    AgencyId, BasisPoints, BuyerId, ClickId, CreatorId, Currency, EventId, EventTime, Fingerprint, LineId,
    Market, Minor, ObligationId, OrderId, PlanId, ProductId, ProgramId, RefundId, ReviewId, RuleId, RunId,
    ShopId, SourceId, Span, Text,
};

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

impl Kind {
    /// All kinds, by rank.
    pub const ALL: [Kind; 10] = [
        Kind::Plan,
        Kind::Creator,
        Kind::Click,
        Kind::Order,
        Kind::OrderStatus,
        Kind::Refund,
        Kind::PayoutRun,
        Kind::Review,
        Kind::Obligation,
        Kind::FeedMark,
    ];

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Plan => "plan",
            Kind::Creator => "creator",
            Kind::Click => "click",
            Kind::Order => "order",
            Kind::OrderStatus => "order_status",
            Kind::Refund => "refund",
            Kind::PayoutRun => "payout_run",
            Kind::Review => "review",
            Kind::Obligation => "obligation",
            Kind::FeedMark => "feed_mark",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
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

/// How a click touched the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Touch {
    /// A link was followed.
    Click,
    /// Content was watched.
    View,
    /// A code was entered.
    Code,
}

/// The sort of content that sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContentType {
    /// A live show.
    Live,
    /// A recorded video.
    Video,
    /// The creator's showcase.
    Showcase,
    /// A shop page.
    Shop,
    /// A plain link.
    Link,
}

/// A touch that may earn a later order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Click {
    /// Unique per program.
    pub click_id: ClickId,
    /// Who earns.
    pub creator_id: CreatorId,
    /// Who clicked; at least one of buyer, device and session is present.
    pub buyer_id: Option<BuyerId>,
    /// The device.
    pub device_h: Option<Fingerprint>,
    /// The session.
    pub session_id: Option<Fingerprint>,
    /// The shop the link leads to.
    pub shop_id: Option<ShopId>,
    /// The product the link leads to.
    pub product_id: Option<ProductId>,
    /// How the buyer was touched.
    pub touch: Option<Touch>,
    /// What sort of content it was.
    pub content_type: Option<ContentType>,
    /// Which content.
    pub content_id: Option<Text>,
    /// The paid advertisement it belongs to; such clicks earn the ads rate.
    pub ad_id: Option<Text>,
    /// The link.
    pub link_id: Option<Text>,
    /// `utm_*` parameters.
    pub utm: BTreeMap<Text, Text>,
    /// The host that referred.
    pub referrer_host: Option<Text>,
    /// The address, canonical text form of IPv4 or IPv6.
    pub ip: Option<std::net::IpAddr>,
    /// The user agent.
    pub ua_h: Option<Fingerprint>,
    /// The country.
    pub country: Option<Text>,
    /// Upstream has already judged it invalid: never a candidate.
    pub invalid: bool,
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
    pub ip: Option<std::net::IpAddr>,
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

/// What is known of a creator. Each event replaces what was known before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Creator {
    /// Who.
    pub creator_id: CreatorId,
    /// The platform's own word for their standing.
    pub status: Option<Text>,
    /// Their agency.
    pub agency_id: Option<AgencyId>,
    /// Where they are paid.
    pub payout_account_h: Option<Fingerprint>,
    /// Their own payment instruments.
    pub payment_h: Vec<Fingerprint>,
    /// Their own devices.
    pub device_h: Vec<Fingerprint>,
    /// Their own addresses on the network.
    pub ip: Vec<std::net::IpAddr>,
    /// Their own delivery addresses.
    pub address_h: Vec<Fingerprint>,
    /// Their phone.
    pub phone_h: Option<Fingerprint>,
    /// Their own buyer accounts.
    pub buyer_ids: Vec<BuyerId>,
    /// Their tier.
    pub tier: Option<Text>,
    /// How many follow them.
    pub followers: Option<i64>,
    /// When their account was created.
    pub created_at: Option<EventTime>,
    /// The platform's labels.
    pub labels: Vec<Text>,
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

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Review {
    /// Unique.
    pub review_id: ReviewId,
    /// About what.
    pub subject: ReviewSubject,
    /// What is decided.
    pub decision: ReviewDecision,
    /// Whether it only proposes, or takes effect.
    pub stage: ReviewStage,
    /// Who decides: the identity of the token that posted it, or the log's own record.
    pub actor: Option<Text>,
    /// Why.
    pub note: Option<Text>,
    /// Supporting documents.
    pub evidence: Vec<EvidenceLink>,
}

/// What a review is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewSubject {
    /// One commission.
    Commission(crate::verdict::CommissionId),
    /// One hold.
    Hold(crate::verdict::HoldId),
    /// A creator.
    Creator(CreatorId),
    /// A group of a rule: the values of the rule's grouping, in its order.
    Group {
        /// The rule that holds the group.
        rule: RuleId,
        /// The group, as printed in the hold.
        key: Text,
    },
}

/// What a review decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewDecision {
    /// Hold it.
    Hold,
    /// Keep holding it.
    Keep,
    /// End one hold.
    Lift,
    /// End all holds on the subject; it pays at its due date, never earlier.
    Release,
    /// Take the money away.
    Void,
    /// Hold all, until unfrozen.
    Freeze,
    /// End a freeze.
    Unfreeze,
    /// Give up what is owed back.
    WriteOff,
}

/// Whether a review takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewStage {
    /// Recorded only.
    Proposal,
    /// Takes effect.
    Approval,
}

/// A supporting document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EvidenceLink {
    /// Where it is.
    pub uri: Text,
    /// Its SHA-256 in hex.
    pub sha256: Text,
}

/// How far a payout run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RunState {
    /// Announced.
    Opened,
    /// Schedules what was released by the cutoff.
    Locked,
    /// The money has gone.
    Paid,
    /// It has not.
    Failed,
    /// It will not.
    Cancelled,
}

/// A step of a payout run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PayoutRun {
    /// Which run.
    pub run_id: RunId,
    /// The step.
    pub state: RunState,
    /// Releases up to then are paid.
    pub cutoff: EventTime,
    /// The zone the cutoff was chosen in, an IANA name.
    pub time_zone: Text,
    /// Who is paid what; everyone, in full, when empty.
    pub lines: Vec<PayoutLine>,
}

/// Who earns: a creator or an agency.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Beneficiary {
    /// A creator; `creator:ID` in outputs.
    Creator(CreatorId),
    /// An agency; `agency:ID` in outputs.
    Agency(AgencyId),
}

impl Beneficiary {
    /// Parses `creator:ID` or `agency:ID`.
    pub fn parse(text: &str) -> Option<Beneficiary> {
        match text.split_once(':')? {
            ("creator", id) => CreatorId::new(id).ok().map(Beneficiary::Creator),
            ("agency", id) => AgencyId::new(id).ok().map(Beneficiary::Agency),
            _ => None,
        }
    }
}

impl std::fmt::Display for Beneficiary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Beneficiary::Creator(id) => write!(f, "creator:{id}"),
            Beneficiary::Agency(id) => write!(f, "agency:{id}"),
        }
    }
}

/// One beneficiary's payment of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PayoutLine {
    /// Who.
    pub beneficiary: Beneficiary,
    /// In which currency the commissions are.
    pub currency: Currency,
    /// Commissions consumed, before fees and tax.
    pub gross: Minor,
    /// Fee taken off.
    pub fee: Option<Minor>,
    /// Tax taken off.
    pub tax_withheld: Option<Minor>,
    /// Exchange rate, as text: it computes nothing here.
    pub fx_rate: Option<Text>,
    /// What reached the beneficiary.
    pub net: Minor,
    /// The bank's reference.
    pub bank_ref: Option<Text>,
}

/// "Everything of these kinds from this source up to then has been sent."
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedMark {
    /// The source that speaks.
    pub source: SourceId,
    /// The kinds it speaks of.
    pub kinds: Vec<Kind>,
    /// The market it speaks of; all when missing.
    pub market: Option<Market>,
    /// Up to when, inclusive.
    pub complete_through: EventTime,
}

/// What a commission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Component {
    /// Cost per sale: the creator's commission.
    Cps,
    /// The creator's commission on an advertised click, in place of `Cps`.
    AdsCps,
    /// The agency's share, on top of the creator's.
    AgencyShare,
    /// An obligation: a bonus.
    Bonus,
    /// An obligation: a fixed fee.
    FixedFee,
    /// An obligation: a deposit.
    Deposit,
    /// An obligation: a final payment.
    FinalPayment,
    /// An obligation, or a payment beyond what was scheduled.
    Adjustment,
}

impl Component {
    /// The name in outputs.
    pub const fn name(self) -> &'static str {
        match self {
            Component::Cps => "cps",
            Component::AdsCps => "ads_cps",
            Component::AgencyShare => "agency_share",
            Component::Bonus => "bonus",
            Component::FixedFee => "fixed_fee",
            Component::Deposit => "deposit",
            Component::FinalPayment => "final_payment",
            Component::Adjustment => "adjustment",
        }
    }
}

/// Money owed that no rate computes. Its component is one of the last five of [`Component`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Obligation {
    /// Unique per program.
    pub obligation_id: ObligationId,
    /// Who is owed.
    pub beneficiary: Beneficiary,
    /// What for.
    pub component: Component,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub amount: Minor,
    /// The order it belongs to, if any.
    pub order_id: Option<OrderId>,
    /// When it is due; at its own time when missing.
    pub due: Option<EventTime>,
    /// The contract.
    pub contract_ref: Option<Text>,
}

macro_rules! wire_names {
    ($($type:ident { $($variant:ident = $name:literal),* $(,)? })*) => {$(
        impl $type {
            /// All values, in declaration order.
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The name on the wire and in rules.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }

            /// The value of that name.
            pub fn from_name(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)* _ => None }
            }
        }
    )*};
}

wire_names! {
    Touch { Click = "click", View = "view", Code = "code" }
    ContentType { Live = "live", Video = "video", Showcase = "showcase", Shop = "shop", Link = "link" }
    OrderType { Normal = "normal", Sample = "sample", Gift = "gift", Exchange = "exchange", Test = "test" }
    Funder { Seller = "seller", Platform = "platform", Creator = "creator" }
    Status {
        Unpaid = "unpaid", Paid = "paid", Shipped = "shipped", Delivered = "delivered",
        Completed = "completed", Cancelled = "cancelled", Failed = "failed", Refused = "refused",
        Returned = "returned", Lost = "lost",
    }
    RefundState {
        Requested = "requested", Approved = "approved", Rejected = "rejected", Completed = "completed",
        Reversed = "reversed",
    }
    RefundType { Cancel = "cancel", RefundOnly = "refund_only", Return = "return", Chargeback = "chargeback" }
    Fault {
        Buyer = "buyer", Seller = "seller", Carrier = "carrier", Platform = "platform", Creator = "creator",
        Unknown = "unknown",
    }
    Base {
        Paid = "paid", PaidLessTaxAndShipping = "paid_less_tax_and_shipping",
        ListLessSellerDiscount = "list_less_seller_discount",
    }
    SettlementFrom { Order = "order", Delivered = "delivered", Completed = "completed" }
    ReviewDecision {
        Hold = "hold", Keep = "keep", Lift = "lift", Release = "release", Void = "void", Freeze = "freeze",
        Unfreeze = "unfreeze", WriteOff = "write_off",
    }
    ReviewStage { Proposal = "proposal", Approval = "approval" }
    RunState {
        Opened = "opened", Locked = "locked", Paid = "paid", Failed = "failed", Cancelled = "cancelled",
    }
}
