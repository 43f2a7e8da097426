//! Who could earn each line, best first.
//!
//! Evidence, strongest first: coupon, the click that the order names, clicks of the buyer, of the device (where
//! the program says so), the producer's declaration. Among clicks of the same evidence one on the same product
//! precedes one on the same shop, and that one a click that names neither; then the last one, or the first, as
//! the program says, by (time, position).
//!
//! A click that names another shop than the order's leads elsewhere: the same buyer or device does not make it a
//! candidate, only the order's own word does. Shops are different only if both are named. A click on another
//! product, where one of the shops is not named, counts as naming neither.

use model::CreatorId;
use model::admitted::{Candidate, ClickRecord, Directness, Evidence};
use model::event::{Line, Order, OrderType};
use std::cmp::Reverse;
use std::sync::Arc;

use crate::ranking::Ranking;
use crate::terms::{self, Claim};
use crate::touches::{Scene, Touches};

/// For each line of the order, its candidates. None for gifts, nor for orders of other types than normal.
pub(crate) fn of_order(scene: &Scene<'_>) -> Vec<Vec<Candidate>> {
    let lines = &scene.order.lines;
    match scene.order.order_type {
        OrderType::Normal => {}
        OrderType::Sample | OrderType::Gift | OrderType::Exchange | OrderType::Test => {
            return vec![Vec::new(); lines.len()];
        }
    }
    let owners = coupon_owners(scene.order);
    let touches = Touches::gather(scene);
    let of_line = |line: &Line| match line.gift {
        true => Vec::new(),
        false => of_line(scene, line, &owners, &touches),
    };
    lines.iter().map(of_line).collect()
}

/// The owners of the coupons: the largest amount first, then the first code.
fn coupon_owners(order: &Order) -> Vec<&CreatorId> {
    let mut owned: Vec<_> =
        order.coupons.iter().filter_map(|coupon| Some((coupon, coupon.owner_creator_id.as_ref()?))).collect();
    owned.sort_by_key(|(coupon, _)| (Reverse(coupon.amount), &coupon.code));
    owned.into_iter().map(|(_, owner)| owner).collect()
}

fn of_line(scene: &Scene<'_>, line: &Line, owners: &[&CreatorId], touches: &Touches<'_>) -> Vec<Candidate> {
    let mut ranking = Ranking::default();
    for owner in owners {
        offer(&mut ranking, scene, line, &without_click(owner, Evidence::Coupon));
    }
    if let Some(click) = touches.named {
        let directness = directness(click, line, scene.order);
        offer(&mut ranking, scene, line, &with_click(click, Evidence::ClickId, directness));
    }
    offer_clicks(&mut ranking, scene, line, Evidence::Buyer, &touches.buyer);
    offer_clicks(&mut ranking, scene, line, Evidence::Device, &touches.device);
    if let Some(declared) = &line.declared {
        offer(&mut ranking, scene, line, &without_click(&declared.creator_id, Evidence::Declared));
    }
    ranking.finish()
}

fn offer_clicks(
    ranking: &mut Ranking,
    scene: &Scene<'_>,
    line: &Line,
    evidence: Evidence,
    clicks: &[&Arc<ClickRecord>],
) {
    if ranking.is_full() {
        return;
    }
    let how = |click: &&Arc<ClickRecord>| {
        (!leads_elsewhere(click, scene.order)).then(|| directness(click, line, scene.order))
    };
    let how: Vec<Option<Directness>> = clicks.iter().map(how).collect();
    for wanted in [Directness::Direct, Directness::Shop, Directness::Neither] {
        for (click, _) in clicks.iter().zip(&how).filter(|(_, how)| **how == Some(wanted)) {
            if ranking.is_full() {
                return;
            }
            offer(ranking, scene, line, &with_click(click, evidence, wanted));
        }
    }
}

fn offer(ranking: &mut Ranking, scene: &Scene<'_>, line: &Line, claim: &Claim<'_>) {
    if ranking.is_full() || ranking.has(claim) {
        return;
    }
    if let Some(terms) = terms::resolve(scene, line, claim) {
        ranking.offer(Candidate {
            creator: claim.creator.clone(),
            evidence: claim.evidence,
            directness: claim.directness,
            click: claim.click.cloned(),
            terms,
        });
    }
}

fn with_click(click: &Arc<ClickRecord>, evidence: Evidence, directness: Directness) -> Claim<'_> {
    Claim { creator: &click.click.creator_id, evidence, directness: Some(directness), click: Some(click) }
}

fn without_click(creator: &CreatorId, evidence: Evidence) -> Claim<'_> {
    Claim { creator, evidence, directness: None, click: None }
}

fn directness(click: &ClickRecord, line: &Line, order: &Order) -> Directness {
    let click = &click.click;
    if click.product_id.as_ref() == Some(&line.product_id) && !is_another(&click.shop_id, &order.shop_id) {
        Directness::Direct
    } else if click.shop_id.is_some() && click.shop_id == order.shop_id {
        Directness::Shop
    } else {
        Directness::Neither
    }
}

fn leads_elsewhere(click: &ClickRecord, order: &Order) -> bool {
    is_another(&click.click.shop_id, &order.shop_id)
}

/// Missing is never different.
fn is_another<T: PartialEq>(a: &Option<T>, b: &Option<T>) -> bool {
    a.is_some() && b.is_some() && a != b
}
