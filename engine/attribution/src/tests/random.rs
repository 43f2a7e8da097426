//! Random logs: disorder, ties, repeats, conflicts, amendments, late plans, refunds of every sort.

use model::event::*;
use model::log::Genesis;
use model::policy::{Pick, Policy};
use model::{Event, EventTime, Minor, Span};
use proptest::prelude::*;
use std::sync::Arc;

use super::events::*;

/// What an event is made of; read from the front, zeros when it runs out.
pub(crate) type Bytes = [u8; 32];

/// A random log: hours pass, now and then weeks.
pub(crate) fn logs(most: usize) -> impl Strategy<Value = Vec<Bytes>> {
    prop::collection::vec(any::<Bytes>(), 1..most)
}

/// One record of a random log.
pub(crate) enum Step {
    Event(Event),
    Tick(EventTime),
}

/// Makes events of bytes; remembers what it has made, to repeat it.
pub(crate) struct Maker {
    crowd: Crowd,
    now: i64,
    clicks: i64,
    made: Vec<Event>,
}

struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn of(&mut self, sides: i64) -> i64 {
        i64::from(self.0.next().copied().unwrap_or(0)) % sides
    }

    fn one_in(&mut self, sides: i64) -> bool {
        self.of(sides) == 0
    }

    fn name<T: Id>(&mut self, prefix: &str, sides: i64) -> T {
        id(&format!("{prefix}{}", self.of(sides)))
    }

    /// Missing one time in `sides`, roughly; else one of a few.
    fn maybe<T: Id>(&mut self, prefix: &str, sides: i64) -> Option<T> {
        let n = self.of(sides + 1);
        (n < sides).then(|| id(&format!("{prefix}{n}")))
    }
}

const HOUR: i64 = 60;

/// Who buys: a few over weeks, or one in one afternoon, with more clicks than fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Crowd {
    Few,
    One,
}

impl Maker {
    pub(crate) fn new(crowd: Crowd) -> Maker {
        Maker { crowd, now: 40 * DAY, clicks: 0, made: Vec::new() }
    }

    pub(crate) fn step(&mut self, bytes: &Bytes) -> Step {
        let mut dice = Dice(bytes.iter());
        self.now += match dice.of(64) {
            0 => 20 * DAY,
            1..4 => DAY,
            4..20 => 0,
            hours => (hours % 8) * HOUR,
        };
        let late = match dice.of(12) {
            0 => 5 * DAY,
            1 => DAY,
            2..4 => 3 * HOUR,
            _ => 0,
        };
        let minute = self.now - late;
        if self.crowd == Crowd::One {
            return Step::Event(self.crowded(&mut dice));
        }
        let event = match dice.of(24) {
            0 => return Step::Tick(at(self.now)),
            1..3 if !self.made.is_empty() => return Step::Event(self.again(&mut dice)),
            3..10 => self.click(&mut dice, minute),
            10..15 => some_order(&mut dice, minute, self.clicks),
            15..17 => some_plan(&mut dice, minute),
            17 => some_creator(&mut dice, minute),
            18..20 => some_status(&mut dice, minute),
            20..22 => some_refund(&mut dice, minute),
            _ => some_match(&mut dice, minute),
        };
        self.made.push(event.clone());
        Step::Event(event)
    }

    /// A click with a new id, or seldom an old one.
    fn click(&mut self, dice: &mut Dice<'_>, minute: i64) -> Event {
        let n = if dice.one_in(12) { dice.of(self.clicks + 1) } else { self.clicks };
        self.clicks += 1;
        some_click(dice, minute, n)
    }

    fn crowded(&mut self, dice: &mut Dice<'_>) -> Event {
        let (minute, kind) = (40 * DAY + dice.of(4), dice.of(16));
        let mut event = match kind {
            0 => some_plan(dice, minute),
            1 => some_order(dice, minute + 2, self.clicks),
            _ => self.click(dice, minute),
        };
        match &mut event.body {
            Body::Click(click) => click.buyer_id = id("b0"),
            Body::Order(order) => order.buyer_id = id("b0"),
            _ => {}
        }
        event
    }

    /// Something made before, at times with another source: the same key, another content.
    fn again(&self, dice: &mut Dice<'_>) -> Event {
        let back = usize::try_from(dice.of(20)).unwrap() % self.made.len();
        let mut event = self.made[self.made.len() - 1 - back].clone();
        if dice.one_in(4) {
            event.occurred_at = at(self.now);
        }
        event
    }
}

fn some_click(dice: &mut Dice<'_>, minute: i64, n: i64) -> Event {
    let name = format!("k{n}");
    let creator = format!("c{}", dice.of(3));
    click(&name, &creator, minute, |click| {
        click.buyer_id = dice.maybe("b", 2);
        click.device_h = dice.maybe("d", 2);
        click.shop_id = dice.maybe("s", 2);
        click.product_id = dice.maybe("p", 3);
        click.content_type = dice.one_in(3).then_some(ContentType::Live);
        click.ad_id = dice.maybe::<model::Text>("a", 1).filter(|_| dice.one_in(2));
        click.invalid = dice.one_in(8);
    })
}

fn some_order(dice: &mut Dice<'_>, minute: i64, clicks: i64) -> Event {
    let name = format!("o{}", dice.of(8));
    order(&name, minute, |order| {
        order.revision = u32::try_from(dice.of(6).saturating_sub(3).max(0)).unwrap();
        order.lines = some_lines(dice);
        order.buyer_id = dice.maybe("b", 2);
        order.shop_id = dice.maybe("s", 2);
        order.device_h = dice.maybe("d", 2);
        order.click_id = dice.one_in(2).then(|| dice.name("k", clicks + 1));
        order.payment_h = dice.maybe("pay", 2);
        if dice.one_in(5) {
            order.coupons = vec![coupon("A", &format!("c{}", dice.of(3)), 5), coupon("B", "c1", 5)];
        }
        if dice.one_in(12) {
            order.order_type = OrderType::Sample;
        }
    })
}

fn some_lines(dice: &mut Dice<'_>) -> Vec<Line> {
    let count = 1 + dice.of(2);
    let make = |n: i64| {
        line(&n.to_string(), &format!("p{}", dice.of(3)), 100 * dice.of(5), |line| {
            line.sku = dice.maybe("u", 2);
            line.quantity = 1 + dice.of(3);
            line.category = dice.maybe("g", 1);
            line.tax = Minor(dice.of(3) * 10);
            line.gift = dice.one_in(9);
            if dice.one_in(3) {
                line.declared = declared(&format!("c{}", dice.of(3)), |declared| {
                    declared.rate_bp = dice.one_in(3).then(|| bp(500));
                    declared.commission = dice.one_in(3).then_some(Minor(7));
                    declared.agency_id = dice.maybe("ag", 2);
                });
            }
        })
    };
    (0..count).map(make).collect()
}

fn some_plan(dice: &mut Dice<'_>, minute: i64) -> Event {
    let rate = 100 * (1 + dice.of(9));
    let name = format!("plan{}", dice.of(3));
    let mut event = plan(&name, rate, minute, |plan| {
        plan.version = dice.of(3);
        plan.scope.creator_id = dice.one_in(3).then(|| dice.name("c", 3));
        plan.scope.product_id = dice.one_in(4).then(|| dice.name("p", 3));
        plan.scope.category = dice.one_in(6).then(|| id("g0"));
        plan.scope.shop_id = dice.one_in(4).then(|| dice.name("s", 2));
        plan.scope.tier = dice.one_in(6).then(|| dice.name("t", 2));
        plan.scope.content_type = dice.one_in(8).then_some(ContentType::Live);
        plan.valid_from = at(minute - dice.of(4) * DAY);
        plan.valid_to = dice.one_in(3).then(|| at(minute + dice.of(3) * DAY));
        plan.attribution_window = dice.one_in(3).then(|| days(1 + dice.of(30)));
        plan.ads_rate_bp = dice.one_in(2).then(|| bp(50));
        plan.agency_bp = dice.one_in(2).then(|| bp(20));
        plan.base = if dice.one_in(4) { Base::Paid } else { Base::PaidLessTaxAndShipping };
        plan.settlement_from = dice.one_in(3).then_some(SettlementFrom::Delivered);
    });
    event.event_id = id(&format!("{}-{}", event.event_id, dice.of(250)));
    event
}

fn some_creator(dice: &mut Dice<'_>, minute: i64) -> Event {
    let name = format!("c{}", dice.of(3));
    creator(&name, minute, |creator| {
        creator.tier = dice.maybe("t", 2);
        creator.agency_id = dice.maybe("ag", 2);
        creator.payout_account_h = dice.maybe("acc", 2);
        creator.payment_h = dice.maybe("pay", 2).into_iter().collect();
        creator.buyer_ids = dice.maybe("b", 2).into_iter().collect();
    })
}

fn some_status(dice: &mut Dice<'_>, minute: i64) -> Event {
    let order = format!("o{}", dice.of(8));
    let status_of =
        [Status::Delivered, Status::Completed, Status::Cancelled][usize::try_from(dice.of(3)).unwrap()];
    let lines: &[&str] = [&[][..], &["0"], &["1"]][usize::try_from(dice.of(3)).unwrap()];
    status(&order, status_of, minute, lines)
}

fn some_state(dice: &mut Dice<'_>) -> RefundState {
    RefundState::ALL[usize::try_from(dice.of(5)).unwrap()]
}

fn some_refund(dice: &mut Dice<'_>, minute: i64) -> Event {
    let order = dice.of(8);
    let name = format!("r{order}-{}", dice.of(2));
    let amount = dice.of(4) * 60;
    refund(&name, &format!("o{order}"), some_state(dice), minute, amount, |refund| {
        if dice.one_in(2) {
            let quantity = Some(dice.of(3)).filter(|quantity| *quantity > 0);
            refund.lines = vec![refund_line(&dice.of(2).to_string(), quantity, amount)];
        }
    })
}

/// A refund without an order; what it is of follows from its name, so that its states agree.
fn some_match(dice: &mut Dice<'_>, minute: i64) -> Event {
    let n = dice.of(5);
    let buyer: model::BuyerId = id(&format!("b{}", n % 2));
    let amount = 1 + dice.of(250);
    let key = |m: i64, amount| MatchKey {
        buyer_id: buyer.clone(),
        sku: id(&format!("u{}", (n + m) % 2)),
        quantity: 1 + n,
        amount: Minor(amount),
    };
    let keys = if n < 3 { vec![key(0, amount)] } else { vec![key(0, amount), key(1, 5), key(0, 3)] };
    let total = keys.iter().map(|key| key.amount.0).sum();
    refund(&format!("m{n}"), "none", some_state(dice), minute, total, |refund| {
        refund.target = RefundTarget::Match(keys);
    })
}

/// Short memories, so that they end within a log.
pub(crate) fn genesis() -> Genesis {
    Genesis { dedup_horizon: days(3), park_for: days(2), ..Genesis::standard("rules".into()) }
}

pub(crate) fn policies() -> impl Strategy<Value = Arc<Policy>> {
    (any::<bool>(), any::<bool>(), 1..5_i64).prop_map(|(device_evidence, first, window)| {
        let mut policy = Policy::default();
        policy.default_program.device_evidence = device_evidence;
        policy.default_program.pick = if first { Pick::First } else { Pick::Last };
        policy.default_program.attribution_window = days(window);
        policy.default_program.settlement_delay = Span::from_hours(30);
        Arc::new(policy)
    })
}
