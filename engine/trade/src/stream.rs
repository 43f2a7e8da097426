//! Trade without end: everyday trade with scenarios strewn in, in event-time order.

use model::{EventTime, Span};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::dice::Dice;
use crate::journey::{CONVERSION_PERCENT, everyday};
use crate::place::{BUSY_BY_HOUR, PLACES};
use crate::scenario::play;
use crate::script::Script;
use crate::truth::{Attack, BenignDay, Happening, Truth};
use crate::world::{World, registry_of};

/// What trade to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Fixes everything that is drawn.
    pub seed: u64,
    /// The registry is at this time; trade begins with it.
    pub start: EventTime,
    /// Everyday orders a day, all markets together; at least 1.
    pub orders_per_day: u64,
    /// What happens beside everyday trade.
    pub scenarios: Scenarios,
}

impl Settings {
    /// 20,000 orders a day, every benign day in turn and, planted, one order in a hundred.
    pub fn new(seed: u64, start: EventTime) -> Settings {
        Settings { seed, start, orders_per_day: 20_000, scenarios: Scenarios::all() }
    }
}

/// What happens beside everyday trade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenarios {
    /// These, in turn, for ever.
    pub benign: Vec<BenignDay>,
    /// From the beginning of one benign day to that of the next.
    pub benign_every: Span,
    /// These, in turn, for ever.
    pub attacks: Vec<Attack>,
    /// Planted orders per million everyday ones; it sets how often attacks begin.
    pub fraud_ppm: u64,
}

impl Scenarios {
    /// Everyday trade only.
    pub fn none() -> Scenarios {
        Scenarios { benign: Vec::new(), benign_every: Span::from_days(1), attacks: Vec::new(), fraud_ppm: 0 }
    }

    /// Every benign day, one a day, and every attack, together one order in a hundred.
    pub fn all() -> Scenarios {
        let (benign, attacks) = (BenignDay::ALL.to_vec(), Attack::ALL.to_vec());
        Scenarios { benign, benign_every: Span::from_days(1), attacks, fraud_ppm: 10_000 }
    }
}

/// An endless stream of trade: first the registry, then what happens, times never going back.
pub struct Trade {
    settings: Settings,
    world: World,
    script: Script,
    /// Visitors of the hour that are still to come, by time.
    visitors: VecDeque<EventTime>,
    hour: u64,
    visits: u64,
    benign: Turns,
    planted: Turns,
    /// What is known to happen, soonest first.
    coming: BinaryHeap<Reverse<Coming>>,
    told: u64,
}

/// Scenarios of one sort, one after another.
struct Turns {
    truths: Vec<Truth>,
    played: u64,
    next_at: EventTime,
}

impl Turns {
    fn from(truths: Vec<Truth>, first_at: EventTime) -> Turns {
        Turns { truths, played: 0, next_at: first_at }
    }

    /// The scenario that is due at `now`, with its number.
    fn due(&mut self, now: EventTime) -> Option<(Truth, u64)> {
        let count = u64::try_from(self.truths.len()).ok().filter(|count| *count > 0)?;
        let turn = usize::try_from(self.played % count).ok()?;
        let truth = *self.truths.get(turn)?;
        (self.next_at <= now).then(|| {
            self.played += 1;
            (truth, self.played)
        })
    }
}

/// Something that will happen: by time, then kind, then who said so first.
struct Coming {
    happening: Happening,
    said: u64,
}

impl Coming {
    fn key(&self) -> (EventTime, model::Kind, u64) {
        (self.happening.event.occurred_at, self.happening.event.kind(), self.said)
    }
}

impl PartialEq for Coming {
    fn eq(&self, other: &Coming) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Coming {}

impl PartialOrd for Coming {
    fn partial_cmp(&self, other: &Coming) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Coming {
    fn cmp(&self, other: &Coming) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

const HOUR_MS: i64 = 3_600_000;

impl Trade {
    /// Trade from `settings.start` on.
    pub fn new(settings: Settings) -> Trade {
        let world = World::new(settings.seed, settings.start);
        let (first, plan) = (settings.start.plus(Span::from_hours(2)), &settings.scenarios);
        let mut trade = Trade {
            benign: Turns::from(plan.benign.iter().copied().map(Truth::Benign).collect(), first),
            planted: Turns::from(plan.attacks.iter().copied().map(Truth::Planted).collect(), first),
            script: Script::new("t", Truth::Normal),
            visitors: VecDeque::new(),
            hour: 0,
            visits: 0,
            coming: BinaryHeap::new(),
            told: 0,
            world,
            settings,
        };
        let known = registry_of(&trade.world).into_iter();
        trade.expect(known.map(|event| Happening { event, truth: Truth::Normal }));
        trade
    }

    fn expect(&mut self, happenings: impl IntoIterator<Item = Happening>) {
        for happening in happenings {
            self.told += 1;
            self.coming.push(Reverse(Coming { happening, said: self.told }));
        }
    }

    /// When the next visitor comes.
    fn next_visit(&mut self) -> EventTime {
        loop {
            if let Some(at) = self.visitors.front() {
                return *at;
            }
            self.plan_hour();
        }
    }

    /// Draws the visitors of the next hour: evenly, so that their gaps are those of people, not of a machine.
    fn plan_hour(&mut self) {
        let offset = i64::try_from(self.hour).expect("fewer hours than milliseconds") * HOUR_MS;
        let from = self.settings.start.plus(Span::from_ms(offset));
        let mut dice = Dice::new(self.settings.seed, "hour", self.hour);
        let orders_per_million_hours = self.settings.orders_per_day.max(1) * busy_ppm(from.hour_utc());
        let visits_per_million_hours = orders_per_million_hours * 100 / CONVERSION_PERCENT;
        let chance = u64::from(dice.below(1_000_000) < visits_per_million_hours % 1_000_000);
        let count = visits_per_million_hours / 1_000_000 + chance;
        let mut times: Vec<EventTime> =
            (0..count).map(|_| from.plus(dice.span(Span::ZERO, Span::from_ms(HOUR_MS - 1)))).collect();
        times.sort_unstable();
        self.visitors.extend(times);
        self.hour += 1;
    }

    /// Lets the next visitor in, and begins the scenarios that are due by then.
    fn advance(&mut self, now: EventTime) {
        // A scenario begins with a visitor, not before: what came before it has been told already.
        if let Some((truth, number)) = self.benign.due(now) {
            let played = play(truth, &self.world, number, now);
            self.expect(played);
            self.benign.next_at = now.plus(self.settings.scenarios.benign_every);
        }
        if let Some((truth, number)) = self.planted.due(now) {
            let played = play(truth, &self.world, number, now);
            self.planted.next_at = now.plus(self.pause_after(&played));
            self.expect(played);
        }
        self.visitors.pop_front();
        let mut dice = Dice::new(self.settings.seed, "visit", self.visits);
        self.visits += 1;
        everyday(&self.world, &mut dice, now, &mut self.script);
        let told = self.script.take();
        self.expect(told);
    }

    /// How long an attack must be followed by everyday trade for the share of fraud to come out.
    fn pause_after(&self, played: &[Happening]) -> Span {
        let order = |h: &&Happening| h.event.kind() == model::Kind::Order && h.truth != Truth::Normal;
        let planted = u64::try_from(played.iter().filter(order).count()).expect("a few orders");
        let per_day = self.settings.orders_per_day * self.settings.scenarios.fraud_ppm / 1_000;
        let ms = planted.saturating_mul(86_400_000_000).checked_div(per_day).unwrap_or(u64::MAX);
        // No share means no second attack within anybody's lifetime.
        Span::from_ms(i64::try_from(ms).unwrap_or(i64::MAX).clamp(1_000, 100 * 365 * 24 * HOUR_MS))
    }
}

/// The share of a day's trade that falls on this hour, all markets together, in millionths.
fn busy_ppm(hour_utc: i64) -> u64 {
    let day: u64 = BUSY_BY_HOUR.iter().sum();
    let of_place = |offset: i64| {
        let local = usize::try_from((hour_utc + offset).rem_euclid(24)).expect("an hour");
        BUSY_BY_HOUR.get(local).copied().expect("an hour") * 1_000_000 / day
    };
    let shares: u64 = PLACES.iter().map(|(_, share)| share).sum();
    PLACES.iter().map(|(place, share)| of_place(place.utc_offset_h) * share).sum::<u64>() / shares
}

impl Iterator for Trade {
    type Item = Happening;

    fn next(&mut self) -> Option<Happening> {
        loop {
            let visit = self.next_visit();
            let soonest = self.coming.peek().map(|Reverse(coming)| coming.happening.event.occurred_at);
            if soonest.is_some_and(|at| at < visit) {
                return self.coming.pop().map(|Reverse(coming)| coming.happening);
            }
            self.advance(visit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wellformed::check;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn start() -> EventTime {
        EventTime::from_ms(1_767_571_200_000).unwrap()
    }

    fn trade(settings: Settings, days: i64) -> Vec<Happening> {
        let end = settings.start.plus(Span::from_days(days));
        Trade::new(settings).take_while(|h| h.event.occurred_at < end).collect()
    }

    #[test]
    fn the_same_settings_give_the_same_trade() {
        let first = trade(Settings { orders_per_day: 2_000, ..Settings::new(9, start()) }, 4);
        let again = trade(Settings { orders_per_day: 2_000, ..Settings::new(9, start()) }, 4);
        assert!(first == again);
        let other = trade(Settings { orders_per_day: 2_000, ..Settings::new(10, start()) }, 4);
        assert!(first != other);
    }

    #[test]
    fn a_day_has_as_many_orders_as_the_settings_say() {
        let settings = Settings { scenarios: Scenarios::none(), ..Settings::new(1, start()) };
        let ordered_by_day = trade(settings, 6).into_iter().filter(|h| h.event.kind() == model::Kind::Order);
        let mut days: BTreeMap<i64, u64> = BTreeMap::new();
        for order in ordered_by_day {
            *days.entry(order.event.occurred_at.ms_since(start()) / 86_400_000).or_default() += 1;
        }
        assert!(days.values().skip(2).all(|orders| orders.abs_diff(20_000) < 4_000), "{days:?}");
    }

    #[test]
    fn the_planted_share_is_the_one_asked_for() {
        let settings = Settings { orders_per_day: 4_000, ..Settings::new(2, start()) };
        let orders = trade(settings, 40).into_iter().filter(|h| h.event.kind() == model::Kind::Order);
        let (mut planted, mut normal) = (0_u64, 0_u64);
        for order in orders {
            match order.truth {
                Truth::Planted(_) => planted += 1,
                Truth::Normal => normal += 1,
                Truth::Benign(_) => {}
            }
        }
        // Attacks take weeks to unfold: the share is a little lower than asked for at first.
        assert!((4..=12).contains(&(planted * 1_000 / normal)), "{planted} of {normal}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn trade_is_well_formed(seed: u64, orders_per_day in 1_u64..3_000, fraud_ppm in 0_u64..200_000) {
            let scenarios = Scenarios { fraud_ppm, ..Scenarios::all() };
            let settings = Settings { seed, start: start(), orders_per_day, scenarios };
            let told: Vec<Happening> = Trade::new(settings).take(12_000).collect();
            check(told.iter().map(|h| &h.event));
        }
    }
}
