//! Who there is: creators with tiers, agencies and payout accounts; shops with products and prices; the plans.

use model::event::{Body, ContentType, Creator as Profile, Plan, PlanScope};
use model::{
    AgencyId, BasisPoints, CreatorId, Event, EventId, EventTime, Fingerprint, Market, Minor, PlanId,
    ProductId, ShopId, Span, Text,
};
use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::place::{PLACES, Place};
use crate::shopper::{BUYERS_PER_PLACE, Shopper, fingerprint, resident};

/// A creator, with what they are known for.
#[derive(Debug, Clone)]
pub(crate) struct Creator {
    pub(crate) place: &'static Place,
    pub(crate) profile: Profile,
    /// The content most of their sales come from.
    pub(crate) favourite: ContentType,
    /// What they recommend, dearest to them first.
    pub(crate) assortment: Vec<Product>,
}

impl Creator {
    /// Their id.
    pub(crate) fn id(&self) -> &CreatorId {
        &self.profile.creator_id
    }
}

/// A product as it is sold.
#[derive(Debug, Clone)]
pub(crate) struct Product {
    pub(crate) product_id: ProductId,
    pub(crate) sku: Text,
    pub(crate) category: &'static str,
    pub(crate) shop_id: ShopId,
    pub(crate) price: Minor,
}

/// Everybody and everything that does not change while trade goes on.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) start: EventTime,
    creators: BTreeMap<&'static str, Vec<Creator>>,
    products: BTreeMap<&'static str, Vec<Product>>,
}

const SHOPS_PER_PLACE: u64 = 12;
const PRODUCTS_PER_SHOP: u64 = 10;
/// Creators of a market for each percent of trade it has.
const CREATORS_PER_PERCENT: u64 = 4;
const AGENCIES_PER_PLACE: u64 = 2;
const PRODUCTS_PER_CREATOR: u64 = 8;

const CATEGORIES: [&str; 6] = ["beauty", "fashion", "home", "food", "electronics", "sport"];
const TIERS: [(&str, u64); 3] = [("bronze", 60), ("silver", 30), ("gold", 10)];
const CONTENTS: [(ContentType, u64); 5] = [
    (ContentType::Video, 38),
    (ContentType::Live, 24),
    (ContentType::Link, 18),
    (ContentType::Showcase, 14),
    (ContentType::Shop, 6),
];

impl World {
    /// The world of a seed, as it stands at `start`.
    pub(crate) fn new(seed: u64, start: EventTime) -> World {
        let places = || PLACES.iter().map(|(place, _)| place);
        let products: BTreeMap<_, _> = places().map(|p| (p.market, products(seed, p))).collect();
        let mut world = World { seed, start, creators: BTreeMap::new(), products };
        for (place, share) in &PLACES {
            let people = (0..share * CREATORS_PER_PERCENT).map(|number| world.born(place, number)).collect();
            world.creators.insert(place.market, people);
        }
        world
    }

    fn born(&self, place: &'static Place, number: u64) -> Creator {
        let market = place.market.to_ascii_lowercase();
        let mut creator = self.creator(place, &format!("{market}-{number}"));
        let mut dice = Dice::new(self.seed ^ u64::from(place.first_octet), "agency", number);
        if dice.percent(25) {
            let agency = format!("agency-{market}-{}", dice.below(AGENCIES_PER_PLACE));
            creator.profile.agency_id = Some(AgencyId::new(&agency).expect("a valid id"));
            if dice.percent(50) {
                creator.profile.payout_account_h = Some(fingerprint("pay", &agency));
            }
        }
        creator
    }

    /// A creator of that name, who has been there for at least a month. Also how scenarios get theirs.
    pub(crate) fn creator(&self, place: &'static Place, name: &str) -> Creator {
        let number =
            name.bytes().fold(7_u64, |sum, byte| sum.wrapping_mul(131).wrapping_add(u64::from(byte)));
        let mut dice = Dice::new(self.seed, "creator", number);
        let age = dice.wait(Span::from_days(30), Span::from_days(1_500));
        let own = Shopper::named(self.seed, place, &format!("own-{name}"), self.start.minus(age));
        let tier = *dice.weighted(&TIERS);
        let followers = match tier {
            "gold" => dice.doublings(200_000, 5_000_000),
            "silver" => dice.doublings(20_000, 200_000),
            _ => dice.doublings(500, 20_000),
        };
        let profile = Profile {
            creator_id: CreatorId::new(&format!("c-{name}")).expect("a valid id"),
            status: Some(Text::new("active")),
            agency_id: None,
            payout_account_h: Some(fingerprint("pay", name)),
            payment_h: vec![own.payment],
            device_h: vec![own.device],
            ip: vec![own.ip],
            address_h: vec![own.address],
            phone_h: Some(own.phone),
            buyer_ids: vec![own.buyer],
            tier: Some(Text::new(tier)),
            followers: i64::try_from(followers).ok(),
            created_at: Some(own.since),
            labels: Vec::new(),
        };
        let products = self.products_of(place);
        let assortment = (0..PRODUCTS_PER_CREATOR).map(|_| dice.pick(products).clone()).collect();
        Creator { place, profile, favourite: *dice.weighted(&CONTENTS), assortment }
    }

    /// The creators of a market, best known first.
    pub(crate) fn creators_of(&self, place: &Place) -> &[Creator] {
        self.creators.get(place.market).map_or(&[], Vec::as_slice)
    }

    /// The products of a market.
    pub(crate) fn products_of(&self, place: &Place) -> &[Product] {
        self.products.get(place.market).map_or(&[], Vec::as_slice)
    }

    /// Any buyer of a market.
    pub(crate) fn shopper(&self, place: &'static Place, dice: &mut Dice) -> Shopper {
        resident(self.seed, place, dice.below(BUYERS_PER_PLACE), self.start)
    }

    /// So many buyers of a market, all different.
    pub(crate) fn shoppers(&self, place: &'static Place, dice: &mut Dice, count: u64) -> Vec<Shopper> {
        let first = dice.below(BUYERS_PER_PLACE);
        let numbers = (0..count).map(|i| (first + i * 7) % BUYERS_PER_PLACE);
        numbers.map(|number| resident(self.seed, place, number, self.start)).collect()
    }
}

fn products(seed: u64, place: &'static Place) -> Vec<Product> {
    let mut dice = Dice::new(seed ^ u64::from(place.first_octet), "products", 0);
    let market = place.market.to_ascii_lowercase();
    let mut products = Vec::new();
    for shop in 0..SHOPS_PER_PLACE {
        let category = dice.pick(&CATEGORIES);
        for number in 0..PRODUCTS_PER_SHOP {
            let name = format!("{market}-{shop}-{number}");
            let dollars = i64::try_from(dice.doublings(6, 240)).expect("a price");
            products.push(Product {
                product_id: ProductId::new(&format!("p-{name}")).expect("a valid id"),
                sku: Text::new(format!("sku-{name}")),
                category,
                shop_id: ShopId::new(&format!("s-{market}-{shop}")).expect("a valid id"),
                price: Minor(place.about(dollars)),
            });
        }
    }
    products
}

/// What must be known before trade begins: the plans and the creators of a seed, all at `start`, plans first.
pub fn registry(seed: u64, start: EventTime) -> Vec<Event> {
    registry_of(&World::new(seed, start))
}

pub(crate) fn registry_of(world: &World) -> Vec<Event> {
    let creators = world.creators.values().flatten().map(|creator| introduction(creator, world.start));
    plans(world).into_iter().chain(creators).collect()
}

/// The event that makes a creator known.
pub(crate) fn introduction(creator: &Creator, at: EventTime) -> Event {
    let body = Body::Creator(Box::new(creator.profile.clone()));
    event(&format!("e-{}", creator.id()), at, Some(creator.place), body)
}

/// The payout accounts on which agencies receive the money of the creators they manage: what the list of agency
/// payout accounts must hold for this trade.
pub fn agency_payout_accounts() -> Vec<Fingerprint> {
    let names = PLACES.iter().flat_map(|(place, _)| {
        let market = place.market.to_ascii_lowercase();
        (0..AGENCIES_PER_PLACE).map(move |agency| format!("agency-{market}-{agency}"))
    });
    names.map(|name| fingerprint("pay", &name)).collect()
}

fn plans(world: &World) -> Vec<Event> {
    let scope = PlanScope::default;
    let tier = |name: &str| PlanScope { tier: Some(Text::new(name)), ..scope() };
    let content = |content| PlanScope { content_type: Some(content), ..scope() };
    let mut plans = vec![
        plan("standard", scope(), 1_000, None),
        plan("live", content(ContentType::Live), 1_200, Some(600)),
        plan("video", content(ContentType::Video), 1_000, Some(500)),
        plan("gold", tier("gold"), 1_500, None),
        plan("silver", tier("silver"), 1_200, None),
    ];
    for (place, _) in &PLACES {
        let pushed = world.products_of(place).first().expect("every market has products");
        let scope = PlanScope { product_id: Some(pushed.product_id.clone()), ..scope() };
        plans.push(plan(&format!("pushed-{}", place.market), scope, 2_000, None));
    }
    let at = world.start;
    let dated = |mut plan: Plan| {
        plan.valid_from = at;
        event(&format!("e-{}", plan.plan_id), at, None, Body::Plan(Box::new(plan)))
    };
    plans.into_iter().map(dated).collect()
}

fn plan(name: &str, scope: PlanScope, rate_bp: i64, ads_rate_bp: Option<i64>) -> Plan {
    let plan_id = PlanId::new(&format!("plan-{name}")).expect("a valid id");
    let rate = BasisPoints::new(rate_bp).expect("a rate");
    Plan {
        scope,
        ads_rate_bp: ads_rate_bp.and_then(BasisPoints::new),
        agency_bp: BasisPoints::new(200),
        ..Plan::new(plan_id, rate, EventTime::MIN)
    }
}

/// An event of the lane's default program.
pub(crate) fn event(id: &str, at: EventTime, place: Option<&Place>, body: Body) -> Event {
    Event {
        event_id: EventId::new(id).expect("a valid id"),
        occurred_at: at,
        program: None,
        market: place.map(|place| Market::new(place.market).expect("a valid id")),
        source: None,
        attributes: BTreeMap::new(),
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_names_every_plan_and_creator_once() {
        let start = EventTime::from_ms(1_700_000_000_000).unwrap();
        let events = registry(7, start);
        let ids: std::collections::BTreeSet<_> = events.iter().map(|e| e.event_id.as_str()).collect();
        assert_eq!(ids.len(), events.len());
        let creators = events.iter().filter(|e| matches!(e.body, Body::Creator(_))).count();
        assert_eq!((events.len() - creators, creators), (11, 400));
        assert!(events.iter().all(|e| e.occurred_at == start));
    }

    #[test]
    fn creators_paid_together_are_paid_through_their_agency() {
        let world = World::new(7, EventTime::from_ms(1_700_000_000_000).unwrap());
        let mut accounts: BTreeMap<Fingerprint, u32> = BTreeMap::new();
        for creator in world.creators.values().flatten() {
            *accounts.entry(creator.profile.payout_account_h.clone().unwrap()).or_default() += 1;
        }
        let shared: Vec<_> =
            accounts.into_iter().filter(|(_, n)| *n > 1).map(|(account, _)| account).collect();
        assert!(shared.len() > 6);
        assert!(shared.iter().all(|account| agency_payout_accounts().contains(account)));
    }

    #[test]
    fn the_agencies_of_this_trade_are_on_the_list_that_the_rules_read() {
        let list = include_str!("../../../rules/lists/agency_payout_accounts.txt");
        let listed: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
        for account in agency_payout_accounts() {
            assert!(listed.contains(&account.as_str()), "{account}");
        }
    }
}
