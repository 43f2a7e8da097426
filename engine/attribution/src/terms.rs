//! On what terms a candidate earns a line: a plan's, else the producer's, else none yet.

use model::admitted::{AgencyTerms, ClickRecord, Directness, Evidence, Rate, Terms, TermsSource};
use model::event::{Base, Component, ContentType, Declared, Line, Order, Plan};
use model::policy::ProgramPolicy;
use model::{AgencyId, BasisPoints, CreatorId, EventTime, Span, Text};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::plans::{Sale, is_in_scope, is_valid};
use crate::touches::Scene;

/// Somebody's claim to a line, before its terms are known.
#[derive(Clone, Copy)]
pub(crate) struct Claim<'a> {
    pub(crate) creator: &'a CreatorId,
    pub(crate) evidence: Evidence,
    pub(crate) directness: Option<Directness>,
    pub(crate) click: Option<&'a Arc<ClickRecord>>,
}

/// What a creator was when an order came: a later amendment must not pay by a later tier, or a later agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) creator: CreatorId,
    pub(crate) tier: Option<Text>,
    pub(crate) agency: Option<AgencyId>,
}

/// The side of the creator in the terms.
pub(crate) struct Party {
    pub(crate) tier: Option<Text>,
    pub(crate) agency: Option<AgencyId>,
    pub(crate) advertised: bool,
}

/// The terms of a claim; none when its click is older than its window.
pub(crate) fn resolve(scene: &Scene<'_>, line: &Line, claim: &Claim<'_>) -> Option<Terms> {
    let party = party(line, claim.evidence, claim.click, || standing(scene, claim.creator));
    let declared = line.declared.as_ref().filter(|declared| declared.creator_id == *claim.creator);
    let content_type = content_type(claim.click, declared);
    let sale = sale(scene.order, line, claim.creator, party.tier.as_ref(), content_type);
    let touched = touched_at(claim.click, scene.at);
    if let Some(plan) = scene.plans.find(scene.program, &sale, touched, scene.known) {
        let open = is_open(window(plan, scene.policy), touched, scene.at);
        return open.then(|| of_plan(plan, &party, scene.policy));
    }
    if !is_open(scene.policy.attribution_window, touched, scene.at) {
        return None;
    }
    let terms = declared.and_then(|declared| of_declared(declared, &party, scene.policy));
    let terms = terms.or_else(|| of_later_plan(scene, &sale, touched, &party));
    Some(terms.unwrap_or_else(|| no_plan(&party, scene.policy)))
}

/// What a candidate of an order's line is compared with plans by.
pub(crate) fn sale<'a>(
    order: &'a Order,
    line: &'a Line,
    creator: &'a CreatorId,
    tier: Option<&'a Text>,
    content_type: Option<ContentType>,
) -> Sale<'a> {
    Sale {
        creator,
        product: &line.product_id,
        category: line.category.as_ref(),
        shop: order.shop_id.as_ref(),
        tier,
        content_type,
    }
}

/// The click's content type, without a click the one declared for the same creator.
pub(crate) fn content_type(
    click: Option<&Arc<ClickRecord>>,
    declared: Option<&Declared>,
) -> Option<ContentType> {
    match click {
        Some(click) => click.click.content_type,
        None => declared.and_then(|declared| declared.content_type),
    }
}

/// The time at which a plan must be valid: the click's, without one the order's.
pub(crate) fn touched_at(click: Option<&Arc<ClickRecord>>, order_at: EventTime) -> EventTime {
    click.map_or(order_at, |click| click.occurred_at)
}

/// Whether a plan that came later gives terms to a claim that had none.
pub(crate) fn covers(
    plan: &Plan,
    sale: &Sale<'_>,
    touched: EventTime,
    order_at: EventTime,
    policy: &ProgramPolicy,
) -> bool {
    is_in_scope(&plan.scope, sale)
        && is_valid(plan, touched)
        && is_open(window(plan, policy), touched, order_at)
}

/// The terms of a plan.
pub(crate) fn of_plan(plan: &Plan, party: &Party, policy: &ProgramPolicy) -> Terms {
    let ads_rate = plan.ads_rate_bp.filter(|_| party.advertised);
    let agency = party.agency.clone().zip(plan.agency_bp);
    Terms {
        source: TermsSource::Plan { plan_id: plan.plan_id.clone(), version: plan.version },
        component: if ads_rate.is_some() { Component::AdsCps } else { Component::Cps },
        rate: Rate::Share(ads_rate.unwrap_or(plan.rate_bp)),
        base: plan.base,
        agency: agency.map(|(agency, rate)| AgencyTerms { agency, rate }),
        tier: party.tier.clone(),
        settlement_delay: plan.settlement_delay.unwrap_or(policy.settlement_delay),
        settlement_from: plan.settlement_from.unwrap_or(policy.settlement_from),
    }
}

fn of_later_plan(scene: &Scene<'_>, sale: &Sale<'_>, touched: EventTime, party: &Party) -> Option<Terms> {
    scene.previous?;
    let covers = |plan: &Plan| covers(plan, sale, touched, scene.at, scene.policy);
    let plan = scene.plans.find_later(scene.program, sale, scene.known, covers)?;
    Some(of_plan(plan, party, scene.policy))
}

/// What the producer declares: the ads rate on an advertised click, else the rate, else the amount.
fn of_declared(declared: &Declared, party: &Party, policy: &ProgramPolicy) -> Option<Terms> {
    let ads_rate = declared.ads_rate_bp.filter(|_| party.advertised);
    let rate = ads_rate.or(declared.rate_bp).map(Rate::Share).or(declared.commission.map(Rate::Amount))?;
    let component = if ads_rate.is_some() { Component::AdsCps } else { Component::Cps };
    Some(without_plan(TermsSource::Declared, component, rate, party, policy))
}

fn no_plan(party: &Party, policy: &ProgramPolicy) -> Terms {
    let rate = Rate::Share(BasisPoints::default());
    without_plan(TermsSource::NoPlan, Component::Cps, rate, party, policy)
}

fn without_plan(
    source: TermsSource,
    component: Component,
    rate: Rate,
    party: &Party,
    policy: &ProgramPolicy,
) -> Terms {
    Terms {
        source,
        component,
        rate,
        base: Base::PaidLessTaxAndShipping,
        agency: None,
        tier: party.tier.clone(),
        settlement_delay: policy.settlement_delay,
        settlement_from: policy.settlement_from,
    }
}

/// The creator as at the click, without one as at the order. A declaration may name the agency where none is known.
pub(crate) fn party(
    line: &Line,
    evidence: Evidence,
    click: Option<&Arc<ClickRecord>>,
    standing: impl FnOnce() -> Standing,
) -> Party {
    if let Some(click) = click {
        let advertised = click.click.ad_id.is_some();
        return Party { tier: click.tier.clone(), agency: click.agency.clone(), advertised };
    }
    let Standing { tier, agency, .. } = standing();
    let declared = line.declared.as_ref().filter(|_| evidence == Evidence::Declared);
    let agency = agency.or_else(|| declared.and_then(|declared| declared.agency_id.clone()));
    Party { tier, agency, advertised: false }
}

/// What a creator is at the order: what they were at its first revision, if they had a claim then.
pub(crate) fn standing(scene: &Scene<'_>, creator: &CreatorId) -> Standing {
    let then = scene.previous.and_then(|entry| entry.standings.iter().find(|s| s.creator == *creator));
    if let Some(standing) = then {
        return standing.clone();
    }
    let now = scene.creators.get(scene.program, creator);
    Standing {
        creator: creator.clone(),
        tier: now.and_then(|creator| creator.tier.clone()),
        agency: now.and_then(|creator| creator.agency_id.clone()),
    }
}

fn window(plan: &Plan, policy: &ProgramPolicy) -> Span {
    plan.attribution_window.unwrap_or(policy.attribution_window)
}

/// Windows are closed: a click exactly as old as its window still earns.
fn is_open(window: Span, touched: EventTime, order_at: EventTime) -> bool {
    order_at.ms_since(touched) <= window.as_ms()
}
