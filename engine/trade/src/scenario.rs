//! Days and attacks worth a name, each with the background it needs. A scenario plays on a stage of its own, with
//! creators of its own, so that several may run in the same trade without touching.

mod credit;
mod crowds;
mod rings;

use model::event::{Body, ContentType};
use model::{EventTime, Span};

use crate::basket::{Purchase, Visit};
use crate::dice::Dice;
use crate::journey::{USUAL_REFUND_PERCENT, aftermath, at_the_till, hesitation, visit_in};
use crate::place::{PLACES, Place};
use crate::script::{Placed, Script};
use crate::shopper::{Shopper, fingerprint};
use crate::truth::{Attack, BenignDay, Happening, Truth};
use crate::world::{Creator, Product, World, registry_of};

/// Visitors of everyday trade around a scenario that is played alone.
const BACKGROUND_VISITS: u64 = 6_000;

/// A benign day alone: the registry, everyday trade around it, and the day, in event-time order from `start`.
pub fn benign_day(day: BenignDay, seed: u64, start: EventTime) -> Vec<Happening> {
    alone(Truth::Benign(day), seed, start)
}

/// An attack alone: the registry, everyday trade around it, and the attack, in event-time order from `start`.
pub fn attack(kind: Attack, seed: u64, start: EventTime) -> Vec<Happening> {
    alone(Truth::Planted(kind), seed, start)
}

fn alone(truth: Truth, seed: u64, start: EventTime) -> Vec<Happening> {
    let world = World::new(seed, start);
    let played = play(truth, &world, 0, start);
    let ordered = played.iter().filter(|h| matches!(h.event.body, Body::Order(_)));
    let end = ordered.map(|h| h.event.occurred_at).max().unwrap_or(start);
    let known = registry_of(&world).into_iter().map(|event| Happening { event, truth: Truth::Normal });
    let mut all: Vec<Happening> = known.chain(played).collect();
    let place = stage_place(truth, seed, 0);
    let mut dice = Dice::new(seed, "background", 0);
    let mut script = Script::new("around", Truth::Normal);
    for _ in 0..BACKGROUND_VISITS {
        let at = start.plus(dice.span(Span::ZERO, Span::from_ms(end.ms_since(start))));
        visit_in(place, &world, &mut dice, at, &mut script);
    }
    all.extend(script.take());
    in_order(all)
}

/// Sorts by event time, then kind, keeping what is told first before what is told later.
fn in_order(mut happenings: Vec<Happening>) -> Vec<Happening> {
    happenings.sort_by_key(|h| (h.event.occurred_at, h.event.kind()));
    happenings
}

/// Plays the scenario of that truth from `at`; `number` tells several of the same kind apart. Nothing of it
/// happens before `at`. Normal trade is no scenario: nothing happens.
pub(crate) fn play(truth: Truth, world: &World, number: u64, at: EventTime) -> Vec<Happening> {
    let name = match truth {
        Truth::Normal => return Vec::new(),
        Truth::Benign(day) => day.name(),
        Truth::Planted(kind) => kind.name(),
    };
    let mut stage = Stage {
        world,
        place: stage_place(truth, world.seed, number),
        at,
        truth,
        dice: Dice::new(world.seed, name, number),
        script: Script::new(&format!("{name}-{number}"), Truth::Normal),
    };
    match truth {
        Truth::Normal => {}
        Truth::Benign(day) => stage.day(day),
        Truth::Planted(kind) => stage.attack(kind),
    }
    in_order(stage.script.take())
}

/// Where it plays: anywhere but the market whose shops tell too little.
fn stage_place(truth: Truth, seed: u64, number: u64) -> &'static Place {
    let purpose = match truth {
        Truth::Normal => "nowhere",
        Truth::Benign(day) => day.name(),
        Truth::Planted(kind) => kind.name(),
    };
    let mut dice = Dice::new(seed ^ 0x706c_6163_6573, purpose, number);
    loop {
        let place = dice.weighted(&PLACES);
        if place.market != "VN" {
            return place;
        }
    }
}

/// A place, a time and a company: what a scenario plays with.
pub(crate) struct Stage<'w> {
    world: &'w World,
    place: &'static Place,
    at: EventTime,
    truth: Truth,
    dice: Dice,
    script: Script,
}

/// How a sale goes, where scenarios differ.
#[derive(Debug, Clone, Copy)]
struct Manner {
    content: ContentType,
    /// From click to order; as usual for the content when missing.
    thinking: Option<Span>,
    refund_percent: u64,
}

impl Manner {
    const fn usual(content: ContentType) -> Manner {
        Manner { content, thinking: None, refund_percent: USUAL_REFUND_PERCENT }
    }

    const fn after(self, thinking: Span) -> Manner {
        Manner { thinking: Some(thinking), ..self }
    }
}

impl Stage<'_> {
    fn day(&mut self, day: BenignDay) {
        match day {
            BenignDay::LiveSale => self.live_sale(),
            BenignDay::CarrierAddress => self.carrier_address(),
            BenignDay::Dormitory => self.dormitory(),
            BenignDay::FreightForwarder => self.freight_forwarder(),
            BenignDay::LaunchVoucher => self.launch_voucher(),
            BenignDay::MonthlyReplenishment => self.monthly_replenishment(),
            BenignDay::StockOut => self.stock_out(),
            BenignDay::ViralDay => self.viral_day(),
        }
    }

    fn attack(&mut self, kind: Attack) {
        match kind {
            Attack::SameIpBurst => self.same_ip_burst(),
            Attack::SameIpRing => self.same_ip_ring(),
            Attack::SameDevice => self.same_device(),
            Attack::ClusteredOrders => self.clustered_orders(),
            Attack::RefundSpike => self.refund_spike(),
            Attack::ClickTooFast => self.click_too_fast(),
            Attack::ClickFlooding => self.click_flooding(),
            Attack::SelfPurchase => self.self_purchase(),
            Attack::BuyerConcentration => self.buyer_concentration(),
            Attack::CouponPoaching => self.coupon_poaching(),
            Attack::NewAccountBurst => self.new_account_burst(),
            Attack::PayoutAccountRing => self.payout_account_ring(),
        }
    }

    /// From here on it is what the scenario is named after.
    fn begins(&mut self) {
        self.script.turns(self.truth);
    }

    /// A creator of the scenario's own, known from its beginning.
    fn creator(&mut self, role: &str, change: impl FnOnce(&mut Creator)) -> Creator {
        let mut creator = self.world.creator(self.place, &format!("{}-{role}", self.script.name()));
        change(&mut creator);
        self.script.introduces(self.at, &creator);
        creator
    }

    /// Somebody whose account was opened `age` before `now`.
    fn stranger(&mut self, role: &str, now: EventTime, age: Span) -> Shopper {
        let name = format!("{}-{role}", self.script.name());
        Shopper::named(self.world.seed, self.place, &name, now.minus(age))
    }

    fn resident(&mut self) -> Shopper {
        self.world.shopper(self.place, &mut self.dice)
    }

    fn residents(&mut self, count: u64) -> Vec<Shopper> {
        self.world.shoppers(self.place, &mut self.dice, count)
    }

    fn name(&self, sort: &str) -> model::Fingerprint {
        fingerprint(sort, self.script.name())
    }

    /// A time evenly between two spans after the scenario's beginning.
    fn between(&mut self, low: Span, high: Span) -> EventTime {
        let after = self.dice.span(low, high);
        self.at.plus(after)
    }

    /// A click and, after some thought, the order at `at` and what follows it. The click is never before the
    /// scenario.
    fn sale(
        &mut self,
        at: EventTime,
        creator: &Creator,
        shopper: &Shopper,
        product: &Product,
        manner: Manner,
    ) -> Placed {
        let thought = manner.thinking.unwrap_or_else(|| hesitation(manner.content, &mut self.dice));
        let thinking = thought.min(Span::from_ms(at.ms_since(self.at)));
        let visit = Visit::of(creator, shopper, product).by(manner.content);
        let click = self.script.click(at.minus(thinking), &visit);
        let mut purchase = Purchase::of(shopper, product).after(click);
        at_the_till(&mut self.dice, thinking, &mut purchase);
        let placed = self.script.order(at, &purchase);
        aftermath(&mut self.dice, &placed, manner.refund_percent, &mut self.script);
        placed
    }

    /// Usual sales of a creator to residents, so many a day for so many days, from the scenario's beginning.
    fn history(&mut self, creator: &Creator, days: i64, per_day: u64) {
        for day in 0..days {
            for _ in 0..per_day {
                let (from, to) = (Span::from_hours(day * 24 + 6), Span::from_hours(day * 24 + 23));
                let at = self.between(from, to);
                let shopper = self.resident();
                let product = self.dice.pick(&creator.assortment).clone();
                self.sale(at, creator, &shopper, &product, Manner::usual(creator.favourite));
            }
        }
    }
}

/// The product a creator stands for.
fn flagship(creator: &Creator) -> Product {
    creator.assortment.first().expect("every creator recommends something").clone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wellformed::check;

    fn start() -> EventTime {
        EventTime::from_ms(1_767_571_200_000).unwrap()
    }

    #[test]
    fn every_day_and_attack_is_well_formed_and_labelled_as_itself() {
        for seed in [1, 77] {
            for day in BenignDay::ALL {
                let told = benign_day(*day, seed, start());
                check(told.iter().map(|h| &h.event));
                let labelled = told.iter().filter(|h| h.truth == Truth::Benign(*day)).count();
                assert!(labelled > 80, "{}: {labelled}", day.name());
                assert!(!told.iter().any(|h| matches!(h.truth, Truth::Planted(_))));
            }
            for kind in Attack::ALL {
                let told = attack(*kind, seed, start());
                check(told.iter().map(|h| &h.event));
                let ordered = |h: &&Happening| matches!(h.event.body, Body::Order(_));
                let planted =
                    told.iter().filter(ordered).filter(|h| h.truth == Truth::Planted(*kind)).count();
                assert!((6..=60).contains(&planted), "{}: {planted}", kind.name());
            }
        }
    }

    #[test]
    fn a_scenario_does_not_begin_before_its_time() {
        let world = World::new(3, start());
        let later = start().plus(Span::from_days(400));
        let truths = Attack::ALL.iter().map(|kind| Truth::Planted(*kind));
        for truth in truths.chain(BenignDay::ALL.iter().map(|day| Truth::Benign(*day))) {
            let played = play(truth, &world, 5, later);
            assert!(played.first().unwrap().event.occurred_at >= later, "{truth:?}");
        }
    }

    #[test]
    fn two_of_a_kind_share_no_name() {
        let world = World::new(3, start());
        let names = |number| -> std::collections::BTreeSet<String> {
            let played = play(Truth::Planted(Attack::SameIpRing), &world, number, start());
            played.iter().map(|h| h.event.event_id.to_string()).collect()
        };
        assert!(names(1).is_disjoint(&names(2)));
    }

    #[test]
    fn a_live_sale_is_eight_hundred_orders_in_five_minutes() {
        let told = benign_day(BenignDay::LiveSale, 4, start());
        let orders: Vec<_> = told
            .iter()
            .filter(|h| h.truth == Truth::Benign(BenignDay::LiveSale))
            .filter(|h| matches!(h.event.body, Body::Order(_)))
            .map(|h| h.event.occurred_at)
            .collect();
        assert_eq!(orders.len(), 800);
        assert!(orders.last().unwrap().ms_since(orders[0]) <= 300_000);
    }
}
