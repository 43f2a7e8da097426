//! What every stream of this crate must be, told as one check: nothing in it may ever be refused.

use model::event::{Body, Order, Refund, RefundTarget};
use model::{Event, EventTime, Kind, Minor};
use std::collections::{BTreeMap, BTreeSet};

/// Panics with the first event that is not as it must be.
pub(crate) fn check<'a>(events: impl IntoIterator<Item = &'a Event>) {
    let mut seen = Seen::default();
    for event in events {
        let now = (event.occurred_at, event.kind());
        assert!(seen.last.is_none_or(|last| last <= now), "{} goes back in time", event.event_id);
        assert!(EventTime::from_ms(event.occurred_at.as_ms()).is_some(), "{}: time", event.event_id);
        seen.last = Some(now);
        assert!(seen.ids.insert(event.event_id.to_string()), "{} twice", event.event_id);
        seen.body(event);
    }
}

#[derive(Default)]
struct Seen {
    last: Option<(EventTime, Kind)>,
    ids: BTreeSet<String>,
    clicks: BTreeMap<String, EventTime>,
    orders: BTreeMap<String, (EventTime, Order)>,
    refunded: BTreeMap<String, Minor>,
}

impl Seen {
    fn body(&mut self, event: &Event) {
        let (at, name) = (event.occurred_at, &event.event_id);
        match &event.body {
            Body::Click(click) => {
                assert!(
                    click.buyer_id.is_some() || click.device_h.is_some() || click.session_id.is_some(),
                    "{name}: nobody clicked"
                );
                assert!(self.clicks.insert(click.click_id.to_string(), at).is_none(), "{name}: click twice");
            }
            Body::Order(order) => {
                self.order(event, order);
                self.orders.insert(order.order_id.to_string(), (at, (**order).clone()));
            }
            Body::OrderStatus(change) => {
                let (ordered, _) = &self.orders[change.order_id.as_str()];
                assert!(*ordered <= at, "{name}: before its order");
            }
            Body::Refund(refund) => self.refund(event, refund),
            Body::Plan(plan) => assert!(plan.valid_to.is_none_or(|to| plan.valid_from < to), "{name}"),
            Body::Creator(creator) => assert!(creator.created_at.is_none_or(|t| t <= at), "{name}"),
            Body::PayoutRun(_) | Body::Review(_) | Body::Obligation(_) | Body::FeedMark(_) => {
                panic!("{name}: trade has none of these")
            }
        }
    }

    fn order(&self, event: &Event, order: &Order) {
        let (at, name) = (event.occurred_at, &event.event_id);
        assert!(!self.orders.contains_key(order.order_id.as_str()), "{name}: order twice");
        if let Some(click) = &order.click_id {
            assert!(self.clicks[click.as_str()] <= at, "{name}: ordered before the click");
        }
        let before = [order.buyer_since_at, order.cart_at, order.checkout_at];
        assert!(before.into_iter().flatten().all(|t| t <= at), "{name}: times of the order");
        assert!(!order.lines.is_empty(), "{name}: no line");
        for line in &order.lines {
            let amounts = [line.paid, line.tax, line.shipping, line.seller_discount, line.platform_discount];
            assert!(amounts.iter().all(|a| (0..1_000_000_000).contains(&a.0)), "{name}: amounts");
            assert!(line.quantity >= 1 && line.tax.plus(line.shipping) <= line.paid, "{name}: line");
        }
        assert!(order.coupons.iter().all(|c| c.amount.0 >= 0), "{name}: coupon");
    }

    fn refund(&mut self, event: &Event, refund: &Refund) {
        let name = &event.event_id;
        let RefundTarget::Order(order_id) = &refund.target else { panic!("{name}: names no order") };
        let (ordered, order) = &self.orders[order_id.as_str()];
        assert!(*ordered <= event.occurred_at, "{name}: before its order");
        assert_eq!(refund.currency, order.currency, "{name}");
        let paid: Minor = order.lines.iter().map(|line| line.paid).sum();
        assert!(refund.amount <= paid, "{name}: more than was paid");
        if !refund.lines.is_empty() {
            let sum: Minor = refund.lines.iter().map(|line| line.amount).sum();
            assert_eq!(sum, refund.amount, "{name}: the lines do not sum to the amount");
            let known = |id| order.lines.iter().any(|line| &line.line_id == id);
            assert!(refund.lines.iter().all(|line| known(&line.line_id)), "{name}: unknown line");
        }
        // The states of one refund repeat its amount; two refunds of one order would add up.
        let other = self.refunded.insert(refund.refund_id.to_string(), refund.amount);
        assert!(other.is_none_or(|amount| amount == refund.amount), "{name}: another amount");
    }
}
