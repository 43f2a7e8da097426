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
    let mut click = Click { session_id: id("session"), ..Click::new(id(name), id(creator)) };
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
    let mut line = Line::new(id(name), id(product), Minor(paid));
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
    let mut declared = Declared::creator(id(creator));
    with(&mut declared);
    Some(declared)
}

/// An order of one line of product `mug`, paid with 100.00 USD, by bob.
pub(crate) fn order(name: &str, minute: i64, with: impl FnOnce(&mut Order)) -> Event {
    let lines = vec![line("1", "mug", 10_000, |_| {})];
    let mut order = Order { buyer_id: id("bob"), ..Order::new(id(name), usd(), lines) };
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
    let mut plan = Plan::new(id(name), bp(rate), at(0));
    with(&mut plan);
    event(&format!("plan-{name}-{}-{minute}", plan.version), minute, Body::Plan(Box::new(plan)))
}

/// An obligation of 100 US dollars to ann.
pub(crate) fn obligation(name: &str, minute: i64, with: impl FnOnce(&mut Obligation)) -> Event {
    let mut obligation = Obligation {
        obligation_id: id(name),
        beneficiary: Beneficiary::Creator(id("ann")),
        component: Component::Bonus,
        currency: usd(),
        amount: Minor(10_000),
        order_id: None,
        due: None,
        contract_ref: None,
    };
    with(&mut obligation);
    event(&format!("obligation-{name}-{minute}"), minute, Body::Obligation(Box::new(obligation)))
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
