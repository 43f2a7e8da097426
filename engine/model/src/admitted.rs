//! What ATTRIBUTE hands on: events that were admitted, with the credit, the terms and the links to earlier
//! records resolved. Later stations refuse nothing and look nothing up.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::commission::line_commission;
use crate::event::{
    Attribute, Base, Click, Component, Coupon, Creator, FeedMark, Funder, Obligation, Order, PayoutRun,
    Refund, Review, SettlementFrom, Status,
};
use crate::names::names;
use crate::{
    AgencyId, BasisPoints, CreatorId, EventId, EventTime, Fingerprint, LineId, Market, Minor, Money,
    OrderKey, PlanId, Position, ProgramId, RefundId, SourceId, Span, Text, address,
};

/// An admitted record, or one of several that a record brought (a refund of several orders, a parked record
/// released by the one it waited for, lines that a new plan covers). All of them share its position.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Admitted {
    /// The position at which it takes effect.
    pub position: Position,
    /// The log clock at that position.
    pub clock: EventTime,
    /// When it happened, by its own account.
    pub occurred_at: EventTime,
    /// The producer's name for it.
    pub event_id: EventId,
    /// Where it belongs.
    pub context: Arc<Context>,
    /// What it is.
    pub what: What,
}

/// Where an event belongs, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The program.
    pub program: ProgramId,
    /// The market.
    pub market: Market,
    /// The system it came from.
    pub source: Option<SourceId>,
    /// The producer's own fields.
    pub attributes: BTreeMap<Text, Attribute>,
}

/// What an admitted record is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum What {
    /// A click: measured and judged.
    Click(Arc<ClickRecord>),
    /// An order's first revision: measured, judged and settled. Types other than normal are only measured.
    Order(Arc<OrderRecord>),
    /// A higher revision: judged and settled, not measured again.
    Amendment(Arc<OrderRecord>),
    /// A plan came for lines that had none: settled only.
    Planned(Arc<OrderRecord>),
    /// A change of status: settled only.
    Status(StatusChange),
    /// A refund: measured and judged if it is the first that moves money, settled always.
    Refund(Arc<RefundRecord>),
    /// A creator's new profile.
    Creator(Arc<Creator>),
    /// A plan version. Lines that it newly covers come as [`What::Planned`] beside it.
    Plan(PlanId),
    /// A person's decision.
    Review(Arc<Review>),
    /// A step of a payout run.
    PayoutRun(Arc<PayoutRun>),
    /// Money owed that no rate computes.
    Obligation(Arc<Obligation>),
    /// A feed is complete up to a time.
    FeedMark(Arc<FeedMark>),
}

/// The longest attribution window.
pub const ATTRIBUTION_WINDOW_MAX: Span = Span::from_days(30);

/// How long a click is remembered, by the log clock: an order that comes up to `dedup_horizon` late still finds all
/// that could earn it.
pub fn click_retention(dedup_horizon: Span) -> Span {
    Span::from_ms(ATTRIBUTION_WINDOW_MAX.as_ms().saturating_add(dedup_horizon.as_ms()))
}

/// A click as it is remembered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClickRecord {
    /// Its position: the later of two at the same time is the newer.
    pub position: Position,
    /// When it happened.
    pub occurred_at: EventTime,
    /// Where it belongs.
    pub context: Arc<Context>,
    /// What it says.
    pub click: Click,
    /// Its address as rules see it, see [`crate::address`].
    pub ip: Option<Text>,
    /// The network of its address.
    pub network: Option<Text>,
    /// The creator's agency when it was clicked: the one that shares.
    pub agency: Option<AgencyId>,
    /// The creator's tier when it was clicked.
    pub tier: Option<Text>,
}

impl ClickRecord {
    /// A click for a creator of whom nothing is known.
    pub fn new(position: Position, occurred_at: EventTime, context: Arc<Context>, click: Click) -> Self {
        ClickRecord {
            position,
            occurred_at,
            context,
            ip: click.ip.map(address::subscriber),
            network: click.ip.map(address::network),
            click,
            agency: None,
            tier: None,
        }
    }
}

/// What made a creator a candidate, strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// The creator's coupon was used.
    Coupon,
    /// The order names the click.
    ClickId,
    /// The same buyer clicked.
    Buyer,
    /// The same device clicked; off unless the program says so.
    Device,
    /// The producer says so.
    Declared,
}

names! {
    Evidence {
        Coupon = "coupon", ClickId = "click_id", Buyer = "buyer", Device = "device", Declared = "declared",
    }
}

/// How closely a click names what was bought, closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Directness {
    /// The same product.
    Direct,
    /// The same shop.
    Shop,
    /// It names neither.
    Neither,
}

names! {
    Directness { Direct = "direct", Shop = "shop", Neither = "neither" }
}

/// Somebody who could earn a line, with the terms resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub creator: CreatorId,
    /// Why.
    pub evidence: Evidence,
    /// How closely; only clicks have it.
    pub directness: Option<Directness>,
    /// The click, when one is the evidence.
    pub click: Option<Arc<ClickRecord>>,
    /// On what terms.
    pub terms: Terms,
}

/// On what terms a candidate earns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// Where they come from.
    pub source: TermsSource,
    /// `Cps`, or `AdsCps` for a click of an advertisement under a plan with an ads rate.
    pub component: Component,
    /// The creator's rate.
    pub rate: Rate,
    /// What the rate is taken of.
    pub base: Base,
    /// The agency's share, on top.
    pub agency: Option<AgencyTerms>,
    /// The creator's tier that chose the plan.
    pub tier: Option<Text>,
    /// How long until release.
    pub settlement_delay: Span,
    /// From when that counts.
    pub settlement_from: SettlementFrom,
}

/// Where terms come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TermsSource {
    /// A version of a plan.
    Plan {
        /// Which plan.
        plan_id: PlanId,
        /// Which version.
        version: i64,
    },
    /// The producer's declaration.
    Declared,
    /// Nothing: accrues 0, held as `no_plan`.
    NoPlan,
}

/// How much a line earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Rate {
    /// A share of the base.
    Share(BasisPoints),
    /// The amount that the producer declared for the unrefunded line.
    Amount(Minor),
}

/// The agency's part of the terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyTerms {
    /// Which agency, as at the click.
    pub agency: AgencyId,
    /// Its rate.
    pub rate: BasisPoints,
}

/// An order with its credit as first given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRecord {
    /// Which order.
    pub key: OrderKey,
    /// The position of this revision.
    pub position: Position,
    /// When it happened.
    pub occurred_at: EventTime,
    /// Where it belongs.
    pub context: Arc<Context>,
    /// What it says.
    pub order: Order,
    /// For each line of `order.lines`, in the same order: who could earn it, best first. Empty for a line that
    /// earns nothing (a gift) or that nobody brought.
    pub candidates: Vec<Vec<Candidate>>,
    /// The lead line (largest base, then lowest index): its credit is the order's.
    pub lead: usize,
    /// Its address as rules see it, see [`crate::address`].
    pub ip: Option<Text>,
    /// The network of its address.
    pub network: Option<Text>,
    /// What is known of the lead line's creator.
    pub creator: Option<CreatorFacts>,
    /// What the order shares with that creator's own fingerprints.
    pub shares: Shares,
    /// The producer declared another creator than was found.
    pub mismatch: bool,
    /// The producer declared another commission than would accrue.
    pub amount_mismatch: bool,
    /// A refund of it was given up before it came: it is held.
    pub orphan_refund: bool,
}

/// What is known of a creator at an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatorFacts {
    /// Their tier.
    pub tier: Option<Text>,
    /// How many follow them.
    pub followers: Option<i64>,
    /// How old their account is.
    pub age_s: Option<i64>,
    /// Their agency.
    pub agency: Option<AgencyId>,
    /// Where they are paid.
    pub payout_account: Option<Fingerprint>,
    /// The platform's labels.
    pub labels: Vec<Text>,
    /// How many creators, this one included, are paid to the same account; 1 when none is known.
    pub account_sharers: i64,
}

/// Which of the order's identifiers are among its creator's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Shares {
    /// The payment instrument.
    pub payment: bool,
    /// The delivery address.
    pub address: bool,
    /// The device.
    pub device: bool,
    /// The address on the network.
    pub ip: bool,
    /// The phone.
    pub phone: bool,
    /// The buyer's account.
    pub buyer: bool,
}

impl Shares {
    /// The names that `shares(…)` takes in a rule.
    pub const NAMES: [&'static str; 6] = ["payment", "address", "device", "ip", "phone", "buyer"];

    /// Looks a name of [`Shares::NAMES`] up.
    pub fn get(&self, name: &str) -> Option<bool> {
        match name {
            "payment" => Some(self.payment),
            "address" => Some(self.address),
            "device" => Some(self.device),
            "ip" => Some(self.ip),
            "phone" => Some(self.phone),
            "buyer" => Some(self.buyer),
            _ => None,
        }
    }
}

impl OrderRecord {
    /// An order whose first line leads, with a creator of whom nothing is known.
    pub fn new(
        position: Position,
        occurred_at: EventTime,
        context: Arc<Context>,
        order: Order,
        candidates: Vec<Vec<Candidate>>,
    ) -> OrderRecord {
        OrderRecord {
            key: OrderKey { program: context.program.clone(), order: order.order_id.clone() },
            position,
            occurred_at,
            context,
            ip: order.ip.map(address::subscriber),
            network: order.ip.map(address::network),
            order,
            candidates,
            lead: 0,
            creator: None,
            shares: Shares::default(),
            mismatch: false,
            amount_mismatch: false,
            orphan_refund: false,
        }
    }

    /// The best candidate of the lead line, as first given.
    pub fn credit(&self) -> Option<&Candidate> {
        self.candidates.get(self.lead)?.first()
    }

    /// The second candidate of another creator on the lead line.
    pub fn runner_up(&self) -> Option<&Candidate> {
        let first = self.credit()?;
        self.candidates.get(self.lead)?.iter().find(|c| c.creator != first.creator)
    }

    /// The newest click among the candidates of the lead line.
    pub fn newest_click(&self) -> Option<&ClickRecord> {
        let clicks = self.candidates.get(self.lead)?.iter().filter_map(|c| c.click.as_deref());
        clicks.max_by_key(|click| (click.occurred_at, click.position))
    }

    /// What was paid for lines that can earn.
    pub fn amount(&self) -> Money {
        let earning = self.order.lines.iter().filter(|line| !line.gift);
        Money { currency: self.order.currency, minor: earning.map(|line| line.paid).sum() }
    }

    /// The coupon with the largest amount, then the first code.
    pub fn coupon(&self) -> Option<&Coupon> {
        self.order.coupons.iter().min_by_key(|c| (std::cmp::Reverse(c.amount), &c.code))
    }

    /// Discounts that the platform paid for: those of the lines, and its coupons.
    pub fn subsidy(&self) -> Money {
        let lines = self.order.lines.iter().map(|line| line.platform_discount);
        let coupons =
            self.order.coupons.iter().filter(|c| c.funder == Some(Funder::Platform)).map(|c| c.amount);
        Money { currency: self.order.currency, minor: lines.chain(coupons).sum() }
    }

    /// What would accrue to creators for the credit as first given.
    pub fn commission(&self) -> Money {
        let lines = self.order.lines.iter().zip(&self.candidates);
        let earned = lines.filter_map(|(line, candidates)| {
            candidates.first().map(|c| line_commission(line, Minor::ZERO, c.terms.base, c.terms.rate))
        });
        Money { currency: self.order.currency, minor: earned.sum() }
    }
}

/// A change of status of an order that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// Which order.
    pub order: Arc<OrderRecord>,
    /// The new status.
    pub status: Status,
    /// Which lines; all of them when empty.
    pub lines: Vec<LineId>,
    /// Why.
    pub reason: Option<Text>,
}

/// A refund of one order that is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRecord {
    /// The position at which it takes effect.
    pub position: Position,
    /// When it happened.
    pub occurred_at: EventTime,
    /// Where it belongs.
    pub context: Arc<Context>,
    /// Which refund, or which part of one that was matched to several orders (`ID/1`, `ID/2`, …).
    pub part: RefundId,
    /// What it says; for a part, `amount` and `lines` are the part's own.
    pub refund: Refund,
    /// The order, as it was judged last.
    pub order: Arc<OrderRecord>,
    /// The first state of this refund that moves money: it makes the one row in the windows, and rules run.
    pub first_move: bool,
    /// Share of the order's paid amount that refunds have taken so far, this one included, in ppm; at most
    /// 1,000,000; 0 for an order of nothing.
    pub share_ppm: i64,
    /// When the order's lead line was due for release by the dates alone, if that has passed.
    pub due: Option<EventTime>,
}

/// A commission on the point of being released, as rules on maturity see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaturityRecord {
    /// Which commission.
    pub commission_id: crate::verdict::CommissionId,
    /// Its id in hex, as rules see it.
    pub commission_hex: Text,
    /// Its component.
    pub component: Component,
    /// What would be released.
    pub amount: Money,
    /// Whether it was ever held.
    pub held_before: bool,
    /// Whole seconds since its order.
    pub age_s: i64,
    /// Share of the accrued commission that refunds have reduced, in ppm.
    pub refunded_share_ppm: i64,
    /// The sweep that would release it.
    pub at: EventTime,
    /// Its order, as it was judged last.
    pub order: Arc<OrderRecord>,
}
