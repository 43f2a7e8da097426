//! The benchmark workload: clicks, orders and refunds with the mix, sizes and popularity that the targets name.
//!
//! 80 % clicks, 18 % orders, 2 % refunds; about 300 bytes an event as NDJSON; zipf-like keys (every doubling of
//! rank is drawn as often as the next) among 300,000 addresses, 400,000 devices, 50,000 creators and 500,000
//! buyers. Most orders follow a recent click. One order in eight belongs to a ring of two buyers behind one
//! address: a rule that waits for the fifth order of such a ring hits about 8 % of all orders.

use model::event::{
    Base, Body, Click, ContentType, Declared, Line, Order, Plan, Refund, RefundState, RefundTarget,
    RefundType, Touch,
};
use model::{
    BasisPoints, BuyerId, ClickId, CreatorId, Currency, Event, EventId, EventTime, Fingerprint, LineId,
    Market, Minor, OrderId, PlanId, ProductId, RefundId, ShopId, Span, Text,
};
use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};

use crate::dice::Dice;

const IPS: u64 = 300_000;
const DEVICES: u64 = 400_000;
const CREATORS: u64 = 50_000;
const BUYERS: u64 = 500_000;
const PRODUCTS: u64 = 100_000;

/// Percent of events.
const CLICKS_PERCENT: u64 = 80;
const ORDERS_PERCENT: u64 = 18;
/// Percent of orders that belong to a ring.
const RING_PERCENT: u64 = 12;
/// Orders of a ring before another takes its place; those from the fifth on are hits.
const RING_ORDERS: u64 = 12;
/// A ring orders about every so many seconds.
const RING_PACE_S: u64 = 30;
/// Clicks and orders that later events may follow.
const REMEMBERED: usize = 16_384;

/// An endless benchmark stream, times never going back. It begins with one plan.
pub struct Workload {
    dice: Dice,
    now: EventTime,
    /// Event time between neighbours is up to twice the mean, in microseconds.
    gap_us_max: u64,
    spare_us: u64,
    made: u64,
    currency: Currency,
    clicks: VecDeque<Trace>,
    orders: VecDeque<(OrderId, Minor)>,
    rings: Vec<Ring>,
}

/// Who did something: keys as ranks.
#[derive(Debug, Clone, Copy)]
struct Trace {
    number: u64,
    ip: u64,
    device: u64,
    creator: u64,
    buyer: u64,
    product: u64,
}

#[derive(Debug, Clone, Copy)]
struct Ring {
    trace: Trace,
    ordered: u64,
}

impl Workload {
    /// The workload of a seed, from `start` on, at so many events per second of event time (at least 1).
    pub fn new(seed: u64, start: EventTime, events_per_second: u64) -> Workload {
        let per_second = events_per_second.max(1);
        let mut workload = Workload {
            dice: Dice::new(seed, "workload", 0),
            now: start,
            gap_us_max: 2_000_000 / per_second,
            spare_us: 0,
            made: 0,
            currency: Currency::new("USD").expect("a currency"),
            clicks: VecDeque::with_capacity(REMEMBERED),
            orders: VecDeque::with_capacity(REMEMBERED),
            rings: Vec::new(),
        };
        let ring_orders_per_million_s = per_second * ORDERS_PERCENT * RING_PERCENT * 100;
        for _ in 0..(ring_orders_per_million_s * RING_PACE_S / 1_000_000).max(1) {
            let trace = workload.conspirator();
            workload.rings.push(Ring { trace, ordered: 0 });
        }
        workload
    }

    fn stranger(&mut self) -> Trace {
        Trace {
            number: self.made,
            ip: self.dice.rank(IPS),
            device: self.dice.rank(DEVICES),
            creator: self.dice.rank(CREATORS),
            buyer: self.dice.rank(BUYERS),
            product: self.dice.rank(PRODUCTS),
        }
    }

    /// A ring's address is its own, not one that a whole town is behind.
    fn conspirator(&mut self) -> Trace {
        Trace { ip: self.dice.below(IPS), ..self.stranger() }
    }

    fn tick(&mut self) {
        self.spare_us += self.dice.below(self.gap_us_max + 1);
        let ms = i64::try_from(self.spare_us / 1_000).expect("a few seconds");
        self.spare_us %= 1_000;
        self.now = self.now.plus(Span::from_ms(ms));
    }

    fn click(&mut self) -> Body {
        let trace = self.stranger();
        if self.clicks.len() == REMEMBERED {
            self.clicks.pop_front();
        }
        self.clicks.push_back(trace);
        Body::Click(Box::new(Click {
            buyer_id: Some(buyer(trace.buyer)),
            device_h: Some(hash("d", trace.device)),
            shop_id: Some(shop(trace.product)),
            product_id: Some(product(trace.product)),
            touch: Some(Touch::Click),
            content_type: Some(*self.dice.pick(&ContentType::ALL)),
            ip: Some(ip(trace.ip)),
            country: Some(Text::const_new("US")),
            ..Click::new(
                ClickId::new(&format!("k{}", trace.number)).expect("a valid id"),
                creator(trace.creator),
            )
        }))
    }

    fn order(&mut self) -> Body {
        if self.dice.percent(RING_PERCENT) {
            let trace = self.ring_order();
            return self.order_of(trace, None);
        }
        let followed = if self.dice.percent(85) { self.recent_click() } else { None };
        match followed {
            Some(trace) => self.order_of(trace, ClickId::new(&format!("k{}", trace.number)).ok()),
            None => {
                let trace = self.stranger();
                self.order_of(trace, None)
            }
        }
    }

    fn recent_click(&mut self) -> Option<Trace> {
        let count = u64::try_from(self.clicks.len()).expect("a few thousand");
        let index = usize::try_from(self.dice.below(count)).expect("a few thousand");
        self.clicks.get(index).copied()
    }

    /// The next order of some ring, whose two buyers take turns.
    fn ring_order(&mut self) -> Trace {
        let count = u64::try_from(self.rings.len()).expect("a few thousand");
        let index = usize::try_from(self.dice.below(count)).expect("a few thousand");
        let fresh = self.conspirator();
        let ring = self.rings.get_mut(index).expect("less than their number");
        if ring.ordered == RING_ORDERS {
            *ring = Ring { trace: fresh, ordered: 0 };
        }
        ring.ordered += 1;
        Trace { buyer: (ring.trace.buyer + ring.ordered % 2) % BUYERS, ..ring.trace }
    }

    fn order_of(&mut self, trace: Trace, click_id: Option<ClickId>) -> Body {
        let order_id = OrderId::new(&format!("o{}", self.made)).expect("a valid id");
        let paid = Minor(i64::try_from(self.dice.doublings(300, 60_000)).expect("a price"));
        if self.orders.len() == REMEMBERED {
            self.orders.pop_front();
        }
        self.orders.push_back((order_id.clone(), paid));
        // A ring's order names no click: the shop says whom it owes.
        let declared = click_id.is_none().then(|| Declared::creator(creator(trace.creator)));
        let lines = vec![line(trace.product, paid, declared)];
        Body::Order(Box::new(Order {
            shop_id: Some(shop(trace.product)),
            buyer_id: Some(buyer(trace.buyer)),
            buyer_since_at: Some(self.now.minus(self.dice.wait(Span::from_mins(1), Span::from_days(900)))),
            click_id,
            device_h: Some(hash("d", trace.device)),
            ip: Some(ip(trace.ip)),
            country: Some(Text::const_new("US")),
            payment_h: Some(hash("y", trace.buyer)),
            address_h: Some(hash("a", trace.buyer / 2)),
            ..Order::new(order_id, self.currency, lines)
        }))
    }

    /// A refund of an order that has none yet; a click while nothing has been ordered.
    fn refund(&mut self) -> Body {
        let count = u64::try_from(self.orders.len()).expect("a few thousand");
        let index = usize::try_from(self.dice.below(count)).expect("a few thousand");
        let Some((order_id, paid)) = self.orders.swap_remove_back(index) else {
            return self.click();
        };
        Body::Refund(Box::new(Refund {
            refund_id: RefundId::new(&format!("r{}", self.made)).expect("a valid id"),
            target: RefundTarget::Order(order_id),
            state: RefundState::Completed,
            currency: self.currency,
            amount: paid,
            lines: Vec::new(),
            refund_type: Some(RefundType::Return),
            reason: Some(Text::const_new("does_not_fit")),
            fault: None,
        }))
    }

    fn plan(&self) -> Body {
        let plan_id = PlanId::new("plan-standard").expect("a valid id");
        let rate = BasisPoints::new(1_000).expect("a rate");
        Body::Plan(Box::new(Plan { base: Base::Paid, ..Plan::new(plan_id, rate, self.now) }))
    }
}

impl Iterator for Workload {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let body = if self.made == 0 {
            self.plan()
        } else {
            self.tick();
            let ticket = self.dice.below(100);
            if ticket < CLICKS_PERCENT {
                self.click()
            } else if ticket < CLICKS_PERCENT + ORDERS_PERCENT {
                self.order()
            } else {
                self.refund()
            }
        };
        let event_id = EventId::new(&format!("e{}", self.made)).expect("a valid id");
        self.made += 1;
        Some(Event {
            event_id,
            occurred_at: self.now,
            program: None,
            market: Market::new("US").ok(),
            source: None,
            attributes: BTreeMap::new(),
            body,
        })
    }
}

fn line(product_rank: u64, paid: Minor, declared: Option<Declared>) -> Line {
    Line {
        sku: Some(Text::new(format!("sku{product_rank}"))),
        declared,
        ..Line::new(LineId::new("1").expect("a valid id"), product(product_rank), paid)
    }
}

fn creator(rank: u64) -> CreatorId {
    CreatorId::new(&format!("c{rank:05}")).expect("a valid id")
}

fn buyer(rank: u64) -> BuyerId {
    BuyerId::new(&format!("b{rank:06}")).expect("a valid id")
}

fn product(rank: u64) -> ProductId {
    ProductId::new(&format!("p{rank:06}")).expect("a valid id")
}

fn shop(product_rank: u64) -> ShopId {
    ShopId::new(&format!("s{:04}", product_rank % 1_000)).expect("a valid id")
}

/// A keyed hash: its rank, scattered.
fn hash(sort: &str, rank: u64) -> Fingerprint {
    let scattered = (rank + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Fingerprint::new(&format!("{sort}{scattered:016x}")).expect("a valid id")
}

/// An address of its own for every rank, in 240.0.0.0/4 (reserved, RFC 1112).
fn ip(rank: u64) -> IpAddr {
    let scattered = rank.wrapping_mul(2_654_435_761) & 0x0fff_ffff;
    let bits = u32::try_from(0xf000_0000 | scattered).expect("32 bits");
    IpAddr::V4(Ipv4Addr::from_bits(bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(count: usize) -> Vec<Event> {
        let start = EventTime::from_ms(1_700_000_000_000).unwrap();
        Workload::new(5, start, 1_000).take(count).collect()
    }

    #[test]
    fn the_mix_is_that_of_the_targets() {
        let events = events(100_000);
        let share = |kind| events.iter().filter(|e| e.kind() == kind).count();
        assert!(share(model::Kind::Click).abs_diff(80_000) < 600);
        assert!(share(model::Kind::Order).abs_diff(18_000) < 600);
        assert!(share(model::Kind::Refund).abs_diff(2_000) < 300);
    }

    #[test]
    fn a_thousand_events_take_a_second_of_event_time() {
        let events = events(100_000);
        let took_ms = events.last().unwrap().occurred_at.ms_since(events[0].occurred_at);
        assert!((99_000..101_000).contains(&took_ms), "{took_ms}");
    }

    #[test]
    fn about_one_order_in_twelve_is_the_fifth_or_later_of_a_ring() {
        type Key = (IpAddr, String);
        let mut recent: BTreeMap<Key, VecDeque<(EventTime, BuyerId)>> = BTreeMap::new();
        let (mut orders, mut hits) = (0, 0);
        for event in events(1_000_000) {
            let Body::Order(order) = event.body else { continue };
            let creator = order.lines[0].declared.as_ref().map(|d| d.creator_id.to_string());
            let Some(creator) = creator else {
                orders += 1;
                continue;
            };
            let rows = recent.entry((order.ip.unwrap(), creator)).or_default();
            rows.push_back((event.occurred_at, order.buyer_id.clone().unwrap()));
            while rows.front().unwrap().0.plus(Span::from_mins(10)) < event.occurred_at {
                rows.pop_front();
            }
            let buyers: std::collections::BTreeSet<_> = rows.iter().map(|(_, buyer)| buyer).collect();
            orders += 1;
            hits += u64::from(rows.len() >= 5 && buyers.len() <= 2);
        }
        let permille = hits * 1_000 / orders;
        assert!((70..=90).contains(&permille), "{permille} of a thousand");
    }
}
