//! The clicks that may have earned an order, by the key that ties them to it.

use model::admitted::{ATTRIBUTION_WINDOW_MAX, ClickRecord, OrderRecord};
use model::event::{Click, Order};
use model::policy::{Pick, ProgramPolicy};
use model::{EventTime, Position};
use std::cmp::Reverse;
use std::sync::Arc;

use crate::clicks::{Clicks, Touch};
use crate::creators::Creators;
use crate::limit::CLICKS_PER_KEY_MAX;
use crate::orders::Entry;
use crate::plans::Plans;
use crate::table::Program;

/// An order to be attributed and what is known about it.
///
/// An amendment is attributed with what was known when its first revision came: the clicks and plans that came
/// between change nothing. The clicks that its last revision names are known even if they are forgotten since.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) program: Program,
    pub(crate) policy: &'a ProgramPolicy,
    pub(crate) clicks: &'a Clicks,
    pub(crate) plans: &'a Plans,
    pub(crate) creators: &'a Creators,
    pub(crate) order: &'a Order,
    /// When the first revision happened.
    pub(crate) at: EventTime,
    /// Where the first revision came.
    pub(crate) known: Position,
    /// Clicks before this are forgotten.
    pub(crate) forgotten: EventTime,
    /// The order as it was, for an amendment.
    pub(crate) previous: Option<&'a Entry>,
}

/// The valid clicks of an order, each list in the order in which its clicks earn.
pub(crate) struct Touches<'a> {
    /// The click that the order names.
    pub(crate) named: Option<&'a Arc<ClickRecord>>,
    pub(crate) buyer: Vec<&'a Arc<ClickRecord>>,
    pub(crate) device: Vec<&'a Arc<ClickRecord>>,
}

impl<'a> Touches<'a> {
    pub(crate) fn gather(scene: &Scene<'a>) -> Touches<'a> {
        Touches { named: named(scene), buyer: of_buyer(scene), device: of_device(scene) }
    }
}

fn named<'a>(scene: &Scene<'a>) -> Option<&'a Arc<ClickRecord>> {
    let id = scene.order.click_id.as_ref()?;
    let remembered = scene.clicks.named(scene.program, id, scene.forgotten);
    let known = remembered.filter(|click| click.position < scene.known);
    let click = known.or_else(|| kept(scene).find(|click| click.click.click_id == *id))?;
    // A click after the order cannot have earned it: the tracking is broken or forged.
    (!click.click.invalid && click.occurred_at <= scene.at).then_some(click)
}

fn of_buyer<'a>(scene: &Scene<'a>) -> Vec<&'a Arc<ClickRecord>> {
    let Some(buyer) = &scene.order.buyer_id else { return Vec::new() };
    let remembered = scene.clicks.of_buyer(scene.program, buyer, since(scene), scene.at);
    in_order(scene, remembered, |click| click.buyer_id.as_ref() == Some(buyer))
}

fn of_device<'a>(scene: &Scene<'a>) -> Vec<&'a Arc<ClickRecord>> {
    let device = scene.order.device_h.as_ref().filter(|_| scene.policy.device_evidence);
    let Some(device) = device else { return Vec::new() };
    let remembered = scene.clicks.of_device(scene.program, device, since(scene), scene.at);
    in_order(scene, remembered, |click| click.device_h.as_ref() == Some(device))
}

/// No click from before this can have earned the order, or it is forgotten.
fn since(scene: &Scene<'_>) -> EventTime {
    scene.at.minus(ATTRIBUTION_WINDOW_MAX).max(scene.forgotten)
}

/// The first [`CLICKS_PER_KEY_MAX`] clicks in the order in which they earn.
fn in_order<'a>(
    scene: &Scene<'a>,
    remembered: &'a [Touch],
    is_same: impl Fn(&Click) -> bool,
) -> Vec<&'a Arc<ClickRecord>> {
    let known = remembered.iter().filter(|touch| touch.position < scene.known);
    let known = known.map(|touch| &touch.record);
    let mut clicks: Vec<_> = match scene.policy.pick {
        Pick::Last => known.rev().take(CLICKS_PER_KEY_MAX).collect(),
        Pick::First => known.take(CLICKS_PER_KEY_MAX).collect(),
    };
    if scene.previous.is_some() {
        add_kept(scene, &mut clicks, is_same);
    }
    clicks
}

fn add_kept<'a>(scene: &Scene<'a>, clicks: &mut Vec<&'a Arc<ClickRecord>>, is_same: impl Fn(&Click) -> bool) {
    for click in kept(scene).filter(|click| is_same(&click.click)) {
        if !clicks.iter().any(|known| known.position == click.position) {
            clicks.push(click);
        }
    }
    let time = |click: &&Arc<ClickRecord>| (click.occurred_at, click.position);
    match scene.policy.pick {
        Pick::Last => clicks.sort_by_key(|click| Reverse(time(click))),
        Pick::First => clicks.sort_by_key(time),
    }
    clicks.truncate(CLICKS_PER_KEY_MAX);
}

/// The clicks that the order's last revision names.
fn kept<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a Arc<ClickRecord>> {
    let last: Option<&'a OrderRecord> = scene.previous.map(|entry| &*entry.record);
    let candidates = last.into_iter().flat_map(|record| record.candidates.iter().flatten());
    candidates.filter_map(|candidate| candidate.click.as_ref())
}
