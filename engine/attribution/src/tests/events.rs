//! Events in a few words. Times are minutes after the first of January 2024, so that a test can be read.

use model::admitted::{Candidate, OrderRecord};
use model::event::*;
use model::{BasisPoints, Currency, Event, EventId, EventTime, Minor, Span};
use std::collections::BTreeMap;

pub(crate) const DAY: i64 = 24 * 60;

pub(crate) fn at(minute: i64) -> EventTime {
    EventTime::from_ms(1_704_067_200_000 + minute * 60_000).unwrap()
}

/// An id of whatever type is wanted.
pub(crate) trait Id: Sized {
    fn id(text: &str) -> Self;
}

macro_rules! ids {
    ($($type:ty)*) => {$(impl Id for $type {
        fn id(text: &str) -> Self { <$type>::new(text).unwrap() }
    })*};
}

ids! {
    model::EventId model::ClickId model::OrderId model::LineId model::RefundId model::CreatorId model::AgencyId
    model::BuyerId model::ShopId model::ProductId model::PlanId model::ReviewId model::RunId
    model::ObligationId model::ProgramId model::Market model::SourceId model::Fingerprint
}

impl Id for model::Text {
    fn id(text: &str) -> Self {
        model::Text::new(text)
    }
}

impl<T: Id> Id for Option<T> {
    fn id(text: &str) -> Self {
        Some(T::id(text))
    }
}

pub(crate) fn id<T: Id>(text: &str) -> T {
    T::id(text)
}

pub(crate) fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

pub(crate) fn bp(rate: i64) -> BasisPoints {
    BasisPoints::new(rate).unwrap()
}

pub(crate) fn event(name: &str, minute: i64, body: Body) -> Event {
    Event {
        event_id: EventId::new(name.get(..128).unwrap_or(name)).unwrap(),
        occurred_at: at(minute),
        program: None,
        market: None,
        source: None,
        attributes: BTreeMap::new(),
        body,
    }
}

pub(crate) fn click(name: &str, creator: &str, minute: i64, with: impl FnOnce(&mut Click)) -> Event {
    let mut click = Click {
        click_id: id(name),
        creator_id: id(creator),
        buyer_id: None,
        device_h: None,
        session_id: id("session"),
        shop_id: None,
        product_id: None,
        touch: None,
        content_type: None,
        content_id: None,
        ad_id: None,
        link_id: None,
        utm: BTreeMap::new(),
        referrer_host: None,
        ip: None,
        ua_h: None,
        country: None,
        invalid: false,
    };
    with(&mut click);
    event(&format!("click-{name}"), minute, Body::Click(Box::new(click)))
}

/// A click by the buyer of [`order`].
pub(crate) fn bobs_click(name: &str, creator: &str, minute: i64, with: impl FnOnce(&mut Click)) -> Event {
    click(name, creator, minute, |click| {
        click.buyer_id = id("bob");
        with(click);
    })
}

pub(crate) fn line(name: &str, product: &str, paid: i64, with: impl FnOnce(&mut Line)) -> Line {
    let mut line = Line {
        line_id: id(name),
        product_id: id(product),
        quantity: 1,
        paid: Minor(paid),
        sku: None,
        category: None,
        list_price: None,
        seller_discount: Minor::ZERO,
        platform_discount: Minor::ZERO,
        tax: Minor::ZERO,
        shipping: Minor::ZERO,
        gift: false,
        declared: None,
    };
    with(&mut line);
    line
}

pub(crate) fn sku(name: &str, sku: &str, quantity: i64, paid: i64) -> Line {
    line(name, sku, paid, |line| {
        line.sku = id(sku);
        line.quantity = quantity;
    })
}

pub(crate) fn declared(creator: &str, with: impl FnOnce(&mut Declared)) -> Option<Declared> {
    let mut declared = Declared {
        creator_id: id(creator),
        agency_id: None,
        content_type: None,
        content_id: None,
        campaign_id: None,
        rate_bp: None,
        ads_rate_bp: None,
        commission: None,
    };
    with(&mut declared);
    Some(declared)
}

/// An order of one line of product `mug`, paid with 100.00 USD, by bob.
pub(crate) fn order(name: &str, minute: i64, with: impl FnOnce(&mut Order)) -> Event {
    let mut order = Order {
        order_id: id(name),
        revision: 0,
        order_type: OrderType::Normal,
        currency: usd(),
        lines: vec![line("1", "mug", 10_000, |_| {})],
        shop_id: None,
        buyer_id: id("bob"),
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
    };
    with(&mut order);
    event(&format!("order-{name}-{}", order.revision), minute, Body::Order(Box::new(order)))
}

pub(crate) fn coupon(code: &str, owner: &str, amount: i64) -> Coupon {
    Coupon { code: code.into(), owner_creator_id: id(owner), funder: None, amount: Minor(amount) }
}

pub(crate) fn status(order: &str, status: Status, minute: i64, lines: &[&str]) -> Event {
    let body = OrderStatus {
        order_id: id(order),
        status,
        line_ids: lines.iter().map(|line| id(line)).collect(),
        reason: None,
        tracking_h: None,
    };
    event(&format!("status-{order}-{}-{minute}", status.name()), minute, Body::OrderStatus(Box::new(body)))
}

pub(crate) fn refund(
    name: &str,
    order: &str,
    state: RefundState,
    minute: i64,
    amount: i64,
    with: impl FnOnce(&mut Refund),
) -> Event {
    let mut refund = Refund {
        refund_id: id(name),
        target: RefundTarget::Order(id(order)),
        state,
        currency: usd(),
        amount: Minor(amount),
        lines: Vec::new(),
        refund_type: None,
        reason: None,
        fault: None,
    };
    with(&mut refund);
    event(&format!("refund-{name}-{}", state.name()), minute, Body::Refund(Box::new(refund)))
}

pub(crate) fn refund_line(line: &str, quantity: Option<i64>, amount: i64) -> RefundLine {
    RefundLine { line_id: id(line), quantity, amount: Minor(amount) }
}

/// A refund without an order, of bob's (sku, quantity, amount).
pub(crate) fn matched(name: &str, state: RefundState, minute: i64, keys: &[(&str, i64, i64)]) -> Event {
    let key = |(sku, quantity, amount): &(&str, i64, i64)| MatchKey {
        buyer_id: id("bob"),
        sku: id(sku),
        quantity: *quantity,
        amount: Minor(*amount),
    };
    let amount = keys.iter().map(|(_, _, amount)| amount).sum();
    refund(name, "none", state, minute, amount, |refund| {
        refund.target = RefundTarget::Match(keys.iter().map(key).collect());
    })
}

pub(crate) fn creator(name: &str, minute: i64, with: impl FnOnce(&mut Creator)) -> Event {
    let mut creator = Creator {
        creator_id: id(name),
        status: None,
        agency_id: None,
        payout_account_h: None,
        payment_h: Vec::new(),
        device_h: Vec::new(),
        ip: Vec::new(),
        address_h: Vec::new(),
        phone_h: None,
        buyer_ids: Vec::new(),
        tier: None,
        followers: None,
        created_at: None,
        labels: Vec::new(),
    };
    with(&mut creator);
    event(&format!("creator-{name}-{minute}"), minute, Body::Creator(Box::new(creator)))
}

/// A plan for everything, from the first minute on.
pub(crate) fn plan(name: &str, rate: i64, minute: i64, with: impl FnOnce(&mut Plan)) -> Event {
    let mut plan = Plan {
        plan_id: id(name),
        version: 1,
        scope: PlanScope::default(),
        rate_bp: bp(rate),
        valid_from: at(0),
        valid_to: None,
        ads_rate_bp: None,
        agency_bp: None,
        base: Base::PaidLessTaxAndShipping,
        attribution_window: None,
        settlement_delay: None,
        settlement_from: None,
    };
    with(&mut plan);
    event(&format!("plan-{name}-{}-{minute}", plan.version), minute, Body::Plan(Box::new(plan)))
}

pub(crate) fn days(days: i64) -> Span {
    Span::from_days(days)
}

/// The candidates of the lead line in short: `ann by buyer/direct k1`.
pub(crate) fn candidates(order: &OrderRecord) -> Vec<String> {
    order.candidates[order.lead].iter().map(candidate).collect()
}

pub(crate) fn candidate(candidate: &Candidate) -> String {
    let directness = candidate.directness.map_or(String::new(), |d| format!("/{}", d.name()));
    let click = candidate.click.as_ref().map_or(String::new(), |c| format!(" {}", c.click.click_id));
    format!("{} by {}{directness}{click}", candidate.creator, candidate.evidence.name())
}
