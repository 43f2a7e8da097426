//! A plan gives terms to the lines that had none and that it covers. It changes no others.

use model::admitted::{Admitted, Candidate, OrderRecord, Terms, What};
use model::event::{Line, Plan};
use model::policy::ProgramPolicy;
use std::sync::Arc;

use crate::admission::Admission;
use crate::arrival::{Arrival, Moment};
use crate::orders::Entry;
use crate::station::Attribution;
use crate::terms::{self, Standing};
use crate::unplanned::has_no_plan;

impl Attribution {
    pub(crate) fn plan_came(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        plan: &Plan,
        out: &mut Vec<Admitted>,
    ) -> Admission {
        let plan = Arc::new(plan.clone());
        self.plans.add(arrival.program, moment.position, &plan);
        out.push(arrival.brings(moment, What::Plan(plan.plan_id.clone())));
        for place in self.unplanned.in_reach(arrival.program, &plan.scope) {
            let entry =
                self.orders.get(arrival.program, &place.order).expect("only known orders wait for plans");
            let policy = self.policy.program(&entry.record.key.program);
            if let Some(planned) = planned(entry, &plan, policy) {
                let planned = Arc::new(planned);
                self.unplanned.remove(arrival.program, place.first, &entry.record);
                self.unplanned.add(arrival.program, place.first, &planned);
                self.orders.replace(arrival.program, &planned);
                let of_order = Arrival { context: Arc::clone(&planned.context), ..arrival.clone() };
                out.push(of_order.brings(moment, What::Planned(planned)));
            }
        }
        Admission::Applied
    }
}

/// The order with a plan's terms where it had none, if the plan covers any such candidate. Its lead line and the
/// other singular facts stay as they were judged.
fn planned(entry: &Entry, plan: &Plan, policy: &ProgramPolicy) -> Option<OrderRecord> {
    let lines = entry.record.order.lines.iter().zip(&entry.record.candidates);
    let of_line = |(line, candidates): (&Line, &Vec<Candidate>)| -> Vec<Option<Terms>> {
        candidates.iter().map(|candidate| terms_of(entry, line, candidate, plan, policy)).collect()
    };
    let terms: Vec<Vec<Option<Terms>>> = lines.map(of_line).collect();
    if terms.iter().flatten().all(Option::is_none) {
        return None;
    }
    let mut record = OrderRecord::clone(&entry.record);
    let candidates = record.candidates.iter_mut().flatten();
    for (candidate, terms) in candidates.zip(terms.into_iter().flatten()) {
        if let Some(terms) = terms {
            candidate.terms = terms;
        }
    }
    Some(record)
}

fn terms_of(
    entry: &Entry,
    line: &Line,
    candidate: &Candidate,
    plan: &Plan,
    policy: &ProgramPolicy,
) -> Option<Terms> {
    if !has_no_plan(candidate) {
        return None;
    }
    let order = &entry.record;
    let click = candidate.click.as_ref();
    let party = terms::party(line, candidate.evidence, click, || standing(entry, candidate));
    let declared = line.declared.as_ref().filter(|declared| declared.creator_id == candidate.creator);
    let content_type = terms::content_type(click, declared);
    let sale = terms::sale(&order.order, line, &candidate.creator, party.tier.as_ref(), content_type);
    let touched = terms::touched_at(click, order.occurred_at);
    let is_covered = terms::covers(plan, &sale, touched, order.occurred_at, policy);
    is_covered.then(|| terms::of_plan(plan, &party, policy))
}

fn standing(entry: &Entry, candidate: &Candidate) -> Standing {
    let standing = entry.standings.iter().find(|standing| standing.creator == candidate.creator);
    standing.expect("whoever claims without a click has a standing").clone()
}
