//! What happens, written down: names every click, order and refund, and labels it with the truth.

use model::event::{
    Body, Click, Coupon, Fault, Order, OrderStatus, Refund, RefundLine, RefundState, RefundTarget,
    RefundType, Status, Touch,
};
use model::{ClickId, EventTime, LineId, Minor, OrderId, RefundId, SourceId, Text};

use crate::basket::{Detail, Purchase, Visit};
use crate::place::Place;
use crate::truth::{Happening, Truth};
use crate::world::{Creator, event, introduction};

/// A stretch of happenings under one name, in the order in which they are told, not in time.
pub(crate) struct Script {
    name: String,
    serial: u64,
    truth: Truth,
    happenings: Vec<Happening>,
}

/// An order as it was placed, for what follows it.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub(crate) place: &'static Place,
    pub(crate) order_id: OrderId,
    pub(crate) at: EventTime,
    pub(crate) lines: Vec<(LineId, Minor)>,
}

impl Placed {
    pub(crate) fn paid(&self) -> Minor {
        self.lines.iter().map(|(_, paid)| *paid).sum()
    }
}

/// A refund of an order, as it is asked for or granted.
#[derive(Debug, Clone)]
pub(crate) struct Return {
    pub(crate) sort: RefundType,
    pub(crate) reason: &'static str,
    pub(crate) fault: Fault,
    /// The lines that go back; the whole order when empty.
    pub(crate) lines: Vec<(LineId, Minor)>,
}

impl Script {
    /// An empty script; `name` makes its ids its own.
    pub(crate) fn new(name: &str, truth: Truth) -> Script {
        Script { name: name.to_owned(), serial: 0, truth, happenings: Vec::new() }
    }

    /// From here on, what happens is part of `truth`.
    pub(crate) fn turns(&mut self, truth: Truth) {
        self.truth = truth;
    }

    /// The name that makes ids its own.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Everything told since the last time.
    pub(crate) fn take(&mut self) -> Vec<Happening> {
        std::mem::take(&mut self.happenings)
    }

    /// A creator becomes known.
    pub(crate) fn introduces(&mut self, at: EventTime, creator: &Creator) {
        self.happenings.push(Happening { event: introduction(creator, at), truth: self.truth });
    }

    /// A click.
    pub(crate) fn click(&mut self, at: EventTime, visit: &Visit<'_>) -> ClickId {
        let name = self.next("k");
        let click_id = ClickId::new(&name).expect("a valid id");
        let shopper = visit.shopper;
        let click = Click {
            buyer_id: visit.identity.shows_buyer().then(|| shopper.buyer.clone()),
            device_h: Some(shopper.device.clone()),
            shop_id: Some(visit.product.shop_id.clone()),
            product_id: Some(visit.product.product_id.clone()),
            touch: Some(Touch::Click),
            content_type: Some(visit.content),
            content_id: Some(visit.content_id(at)),
            ad_id: visit.advertised(),
            referrer_host: visit.referrer().map(Text::new),
            ip: Some(shopper.ip),
            country: Some(Text::new(shopper.place.market)),
            ..Click::new(click_id.clone(), visit.creator.id().clone())
        };
        self.tell("tracking", shopper.place, at, &name, Body::Click(Box::new(click)));
        click_id
    }

    /// An order.
    pub(crate) fn order(&mut self, at: EventTime, purchase: &Purchase<'_>) -> Placed {
        let name = self.next("o");
        let order_id = OrderId::new(&name).expect("a valid id");
        let (shopper, lines) = (purchase.shopper, purchase.lines());
        let told = purchase.detail == Detail::Full;
        let placed = Placed {
            place: shopper.place,
            order_id: order_id.clone(),
            at,
            lines: lines.iter().map(|line| (line.line_id.clone(), line.paid)).collect(),
        };
        let order = Order {
            shop_id: Some(purchase.product.shop_id.clone()),
            buyer_id: Some(shopper.buyer.clone()),
            buyer_since_at: told.then_some(shopper.since),
            click_id: purchase.click.clone(),
            device_h: told.then(|| shopper.device.clone()),
            ip: told.then_some(shopper.ip),
            country: Some(Text::new(shopper.place.market)),
            payment_method: Some(Text::new(shopper.payment_method)),
            payment_h: (shopper.payment_method != "cash_on_delivery").then(|| shopper.payment.clone()),
            address_h: Some(shopper.address.clone()),
            phone_h: Some(shopper.phone.clone()),
            cart_at: purchase.cart.map(|before| at.minus(before)),
            checkout_at: purchase.checkout.map(|before| at.minus(before)),
            coupons: purchase.coupon.iter().map(Coupon::clone).collect(),
            ..Order::new(order_id, shopper.place.currency(), lines)
        };
        self.tell("shop", shopper.place, at, &name, Body::Order(Box::new(order)));
        placed
    }

    /// An order's status changes.
    pub(crate) fn status(&mut self, at: EventTime, placed: &Placed, status: Status) {
        let name = self.next("u");
        let change = OrderStatus {
            order_id: placed.order_id.clone(),
            status,
            line_ids: Vec::new(),
            reason: None,
            tracking_h: None,
        };
        self.tell("shop", placed.place, at, &name, Body::OrderStatus(Box::new(change)));
    }

    /// A new refund, first told in that state.
    pub(crate) fn refund(
        &mut self,
        at: EventTime,
        placed: &Placed,
        back: &Return,
        state: RefundState,
    ) -> RefundId {
        let refund_id = RefundId::new(&self.next("r")).expect("a valid id");
        self.refund_moves(at, placed, back, &refund_id, state);
        refund_id
    }

    /// A refund that is known reaches another state.
    pub(crate) fn refund_moves(
        &mut self,
        at: EventTime,
        placed: &Placed,
        back: &Return,
        refund_id: &RefundId,
        state: RefundState,
    ) {
        let lines = back.lines.iter();
        let lines: Vec<RefundLine> = lines
            .map(|(line_id, amount)| RefundLine { line_id: line_id.clone(), quantity: None, amount: *amount })
            .collect();
        let amount = if lines.is_empty() { placed.paid() } else { lines.iter().map(|l| l.amount).sum() };
        let refund = Refund {
            refund_id: refund_id.clone(),
            target: RefundTarget::Order(placed.order_id.clone()),
            state,
            currency: placed.place.currency(),
            amount,
            lines,
            refund_type: Some(back.sort),
            reason: Some(Text::new(back.reason)),
            fault: Some(back.fault),
        };
        let name = format!("{refund_id}-{}", state.name());
        self.tell("shop", placed.place, at, &name, Body::Refund(Box::new(refund)));
    }

    fn next(&mut self, sort: &str) -> String {
        self.serial += 1;
        format!("{sort}-{}-{}", self.name, self.serial)
    }

    fn tell(&mut self, source: &str, place: &Place, at: EventTime, name: &str, body: Body) {
        let mut event = event(&format!("e-{name}"), at, Some(place), body);
        event.source = Some(SourceId::new(source).expect("a valid id"));
        self.happenings.push(Happening { event, truth: self.truth });
    }
}
