//! Everyday trade: one visitor at a time, from the first look to the last refund.

use model::event::{ContentType, Fault, RefundState, RefundType, Status};
use model::{EventTime, Span};

use crate::basket::{Detail, Identity, Purchase, Visit};
use crate::dice::Dice;
use crate::place::{PLACES, Place};
use crate::script::{Placed, Return, Script};
use crate::shopper::Shopper;
use crate::world::{Creator, Product, World};

/// Of a hundred visits, how many end in an order.
pub(crate) const CONVERSION_PERCENT: u64 = 26;

/// A visitor comes at `at`, somewhere, looks, and perhaps buys. Nothing of it happens before `at`.
pub(crate) fn everyday(world: &World, dice: &mut Dice, at: EventTime, script: &mut Script) {
    let place = dice.weighted(&PLACES);
    visit_in(place, world, dice, at, script);
}

/// A visitor comes at `at` to that market.
pub(crate) fn visit_in(
    place: &'static Place,
    world: &World,
    dice: &mut Dice,
    at: EventTime,
    script: &mut Script,
) {
    let creator = popular(world, place, dice);
    let shopper = visitor(world, place, dice, at, script);
    let product = dice.pick(&creator.assortment);
    if dice.percent(4) {
        // Found without anybody's help: earns nobody anything.
        let placed = script.order(at, &Purchase::of(&shopper, product));
        return aftermath(dice, &placed, USUAL_REFUND_PERCENT, script);
    }
    let at = if dice.percent(12) {
        // Another creator's content first; the one below gets the credit.
        let other = popular(world, place, dice);
        script.click(at, &Visit::of(other, &shopper, dice.pick(&other.assortment)));
        at.plus(dice.wait(Span::from_mins(5), Span::from_days(3)))
    } else {
        at
    };
    let content = if dice.percent(75) { creator.favourite } else { *dice.pick(&ContentType::ALL) };
    let mut visit = Visit::of(creator, &shopper, product).by(content);
    visit.ad = dice.percent(8).then(|| dice.below(200));
    visit.identity = if dice.percent(15) { Identity::Device } else { Identity::Account };
    let click = script.click(at, &visit);
    if !dice.percent(CONVERSION_PERCENT) {
        return;
    }
    let thinking = hesitation(content, dice);
    let mut purchase = Purchase::of(&shopper, product);
    if visit.identity == Identity::Device || dice.percent(50) {
        purchase.click = Some(click);
    }
    purchase.quantity = if dice.percent(15) { 2 } else { 1 };
    purchase.also =
        dice.percent(10).then(|| dice.pick(&creator.assortment)).filter(|p| same_shop(p, product));
    purchase.declared = dice.percent(20).then_some(creator);
    purchase.detail = shop_detail(place, dice);
    at_the_till(dice, thinking, &mut purchase);
    let placed = script.order(at.plus(thinking), &purchase);
    aftermath(dice, &placed, USUAL_REFUND_PERCENT, script);
}

/// Fills in when the cart and the checkout began, both after the click that was `thinking` ago.
pub(crate) fn at_the_till(dice: &mut Dice, thinking: Span, purchase: &mut Purchase<'_>) {
    let half = Span::from_ms(thinking.as_ms() / 2);
    let checkout = dice.span(Span::from_secs(5), Span::from_secs(45)).min(half);
    purchase.checkout = Some(checkout);
    purchase.cart = Some(Span::from_ms(checkout.as_ms() + checkout.as_ms() / 2));
}

fn same_shop(a: &Product, b: &Product) -> bool {
    a.shop_id == b.shop_id && a.product_id != b.product_id
}

/// A creator of the market: the best known most often.
pub(crate) fn popular<'w>(world: &'w World, place: &Place, dice: &mut Dice) -> &'w Creator {
    let creators = world.creators_of(place);
    let rank = dice.rank(u64::try_from(creators.len()).expect("a few hundred"));
    let rank = usize::try_from(rank).expect("a few hundred");
    creators.get(rank).expect("less than their number")
}

/// One in twenty-five has just opened an account.
fn visitor(world: &World, place: &'static Place, dice: &mut Dice, at: EventTime, script: &Script) -> Shopper {
    if dice.percent(96) {
        return world.shopper(place, dice);
    }
    let name = format!("new-{}-{:x}", script.name(), dice.bits());
    let since = at.minus(dice.wait(Span::from_mins(2), Span::from_days(2)));
    Shopper::named(world.seed, place, &name, since)
}

/// In one market most shops send exports without network address and device: rules that need those are blind.
fn shop_detail(place: &Place, dice: &mut Dice) -> Detail {
    if place.market == "VN" && dice.percent(70) { Detail::Export } else { Detail::Full }
}

/// From click to order. Shows sell on impulse, links wait for pay-day.
pub(crate) fn hesitation(content: ContentType, dice: &mut Dice) -> Span {
    match content {
        ContentType::Live => dice.wait(Span::from_secs(15), Span::from_mins(20)),
        ContentType::Video => dice.wait(Span::from_secs(40), Span::from_hours(12)),
        ContentType::Showcase | ContentType::Shop => dice.wait(Span::from_secs(30), Span::from_days(1)),
        ContentType::Link => dice.wait(Span::from_secs(30), Span::from_days(5)),
    }
}

/// Of a hundred orders, how many are refunded on usual days.
pub(crate) const USUAL_REFUND_PERCENT: u64 = 7;

/// What follows an order: payment, delivery, completion; or a cancellation; or a refund.
pub(crate) fn aftermath(dice: &mut Dice, placed: &Placed, refund_percent: u64, script: &mut Script) {
    let paid = placed.at.plus(dice.span(Span::from_secs(4), Span::from_secs(90)));
    script.status(paid, placed, Status::Paid);
    if dice.percent(2) {
        let gone = dice.span(Span::from_mins(10), Span::from_hours(20));
        return script.status(placed.at.plus(gone), placed, Status::Cancelled);
    }
    let shipped = paid.plus(dice.span(Span::from_hours(4), Span::from_hours(44)));
    script.status(shipped, placed, Status::Shipped);
    let delivered = shipped.plus(dice.span(Span::from_hours(20), Span::from_days(6)));
    script.status(delivered, placed, Status::Delivered);
    if dice.percent(refund_percent) {
        return everyday_refund(dice, placed, script);
    }
    script.status(delivered.plus(Span::from_days(7)), placed, Status::Completed);
}

/// When refunds come, as measured over a year of a real shop: 39 % within 7 days, 79 % within 30, 93 % within 90.
const REFUND_DELAYS: [((i64, i64), u64); 4] =
    [((2, 7 * 24), 39), ((7 * 24, 30 * 24), 40), ((30 * 24, 90 * 24), 14), ((90 * 24, 180 * 24), 7)];

/// From order to refund.
pub(crate) fn refund_delay(dice: &mut Dice) -> Span {
    let (low, high) = *dice.weighted(&REFUND_DELAYS);
    dice.span(Span::from_hours(low), Span::from_hours(high))
}

const REASONS: [((RefundType, &str, Fault), u64); 5] = [
    ((RefundType::Return, "does_not_fit", Fault::Buyer), 42),
    ((RefundType::Return, "changed_mind", Fault::Buyer), 22),
    ((RefundType::Return, "defective", Fault::Seller), 18),
    ((RefundType::RefundOnly, "damaged_in_transit", Fault::Carrier), 13),
    ((RefundType::Chargeback, "not_recognised", Fault::Unknown), 5),
];

fn everyday_refund(dice: &mut Dice, placed: &Placed, script: &mut Script) {
    let (sort, reason, fault) = *dice.weighted(&REASONS);
    let part = placed.lines.first().filter(|_| placed.lines.len() > 1 && dice.percent(60));
    let back = Return { sort, reason, fault, lines: part.into_iter().cloned().collect() };
    let asked = placed.at.plus(refund_delay(dice));
    if dice.percent(60) {
        script.refund(asked, placed, &back, RefundState::Completed);
        return;
    }
    let refund_id = script.refund(asked, placed, &back, RefundState::Requested);
    let outcome = if dice.percent(90) { RefundState::Completed } else { RefundState::Rejected };
    let decided = asked.plus(dice.span(Span::from_hours(6), Span::from_days(4)));
    script.refund_moves(decided, placed, &back, &refund_id, outcome);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refunds_come_when_real_ones_come() {
        let mut dice = Dice::new(3, "delays", 0);
        let delays: Vec<Span> = (0..10_000).map(|_| refund_delay(&mut dice)).collect();
        let within = |days| delays.iter().filter(|d| **d <= Span::from_days(days)).count();
        for (days, share) in [(7, 3_900), (30, 7_900), (90, 9_300)] {
            assert!(within(days).abs_diff(share) < 150, "{days} days: {}", within(days));
        }
    }

    #[test]
    fn an_impulse_is_still_slower_than_a_machine() {
        let mut dice = Dice::new(3, "impulse", 0);
        for content in ContentType::ALL {
            assert!((0..2_000).all(|_| hesitation(content, &mut dice) >= Span::from_secs(15)));
        }
    }
}
