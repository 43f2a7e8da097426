//! An order with its credit: the candidates of its lines, and the singular facts, which are its lead line's.

use model::admitted::{Candidate, Context, OrderRecord, Rate, Shares};
use model::commission::{line_base, line_commission};
use model::event::{Base, Component, Line};
use model::{Minor, Position, address};
use std::sync::Arc;

use crate::candidates;
use crate::terms::{self, Standing};
use crate::touches::Scene;

/// Attributes an order that takes effect at `position`.
pub(crate) fn of_order(
    scene: &Scene<'_>,
    position: Position,
    context: &Arc<Context>,
    orphan_refund: bool,
) -> OrderRecord {
    let order = scene.order;
    let candidates = candidates::of_order(scene);
    let lead = lead(&order.lines, &candidates);
    let credit = candidates.get(lead).and_then(|candidates| candidates.first());
    let ip = order.ip.map(address::subscriber);
    let creator = credit.and_then(|c| scene.creators.facts(scene.program, &c.creator, scene.at));
    let shares = credit
        .map_or(Shares::default(), |c| scene.creators.shares(scene.program, &c.creator, order, ip.as_ref()));
    let line = order.lines.get(lead).zip(credit);
    OrderRecord {
        mismatch: line.is_some_and(|(line, credit)| is_mismatch(line, credit)),
        amount_mismatch: line.is_some_and(|(line, credit)| is_amount_mismatch(line, credit)),
        lead,
        creator,
        shares,
        orphan_refund,
        ..OrderRecord::new(position, scene.at, Arc::clone(context), order.clone(), candidates)
    }
}

/// What the creators who claim without a click are now, and were at earlier revisions.
pub(crate) fn standings(scene: &Scene<'_>, record: &OrderRecord) -> Vec<Standing> {
    let mut standings = scene.previous.map_or_else(Vec::new, |entry| entry.standings.clone());
    for candidate in record.candidates.iter().flatten().filter(|candidate| candidate.click.is_none()) {
        if !standings.iter().any(|standing| standing.creator == candidate.creator) {
            standings.push(terms::standing(scene, &candidate.creator));
        }
    }
    standings
}

/// The line with the largest base, then the lowest index; a gift only if there is nothing else.
fn lead(lines: &[Line], candidates: &[Vec<Candidate>]) -> usize {
    let weight = |(line, candidates): (&Line, &Vec<Candidate>)| {
        let base = candidates.first().map_or(Base::PaidLessTaxAndShipping, |best| best.terms.base);
        (!line.gift, line_base(line, base))
    };
    let weights = lines.iter().zip(candidates).map(weight).enumerate();
    // The first of the greatest: `max_by_key` would take the last.
    weights.rev().max_by_key(|(_, weight)| *weight).map_or(0, |(index, _)| index)
}

fn is_mismatch(line: &Line, credit: &Candidate) -> bool {
    line.declared.as_ref().is_some_and(|declared| declared.creator_id != credit.creator)
}

/// Whether the producer declares another commission than accrues: the amount itself, else by its rate.
fn is_amount_mismatch(line: &Line, credit: &Candidate) -> bool {
    let terms = &credit.terms;
    let declared = line.declared.as_ref().and_then(|declared| {
        let ads_rate = declared.ads_rate_bp.filter(|_| terms.component == Component::AdsCps);
        declared.commission.or_else(|| {
            let rate = ads_rate.or(declared.rate_bp)?;
            Some(line_commission(line, Minor::ZERO, terms.base, Rate::Share(rate)))
        })
    });
    declared.is_some_and(|amount| amount != line_commission(line, Minor::ZERO, terms.base, terms.rate))
}
