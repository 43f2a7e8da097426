//! Who earns what of an order: the best candidate of each line whose click was not invalidated, and their agency.

use model::admitted::{Candidate, ClickRecord, OrderRecord, TermsSource};
use model::commission::{line_base, line_commission};
use model::event::{Base, Beneficiary, Component, Line, OrderType};
use model::hit::EvidenceValue;
use model::verdict::{CommissionId, Decision, Reason};
use model::{CreatorId, EventTime, LineId, Minor, PlanId, Position, Span, Text};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::arena::{CommissionIx, OrderIx};
use crate::commission::{Commission, OrderPlace, Origin, Share};
use crate::ledger::Ledger;
use crate::order::OrderBook;
use crate::reasons::Cause;
use crate::verdicts::{Stage, id};

/// How a commission was computed, line by line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// Its lines, in the order's order.
    pub lines: Vec<LineSnapshot>,
}

/// How one line of a commission was computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineSnapshot {
    /// Which line.
    pub line_id: LineId,
    /// What was paid for it.
    pub gross: Minor,
    /// What of that earns nothing (tax and shipping, for the default base); negative where the base is higher.
    pub deductions: Minor,
    /// What the rate is taken of, before refunds.
    pub base: Minor,
    /// How the base is defined.
    pub base_kind: Base,
    /// The plan and its version; `None` for declared terms or none at all.
    pub plan: Option<(PlanId, i64)>,
    /// The tier that chose the plan.
    pub tier: Option<Text>,
    /// The rate, in basis points; `None` for a declared amount.
    pub rate_bp: Option<i64>,
    /// What was refunded of the line so far.
    pub refunded: Minor,
    /// What it earns as things stand.
    pub commission: Minor,
    /// The ranked candidates by creator, best first.
    pub candidates: Vec<CreatorId>,
    /// Which of them earns.
    pub earns: usize,
}

/// Clicks that rules have invalidated, as long as an order that comes may name them. Ids may come again; positions
/// do not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InvalidClicks {
    retention: Span,
    clicks: BTreeSet<(EventTime, Position)>,
}

impl InvalidClicks {
    pub(crate) fn new(retention: Span) -> InvalidClicks {
        InvalidClicks { retention, clicks: BTreeSet::new() }
    }

    /// Adds one, and forgets those that are too old by then.
    pub(crate) fn insert(&mut self, click: &ClickRecord, clock: EventTime) {
        self.clicks.insert((click.occurred_at, click.position));
        let oldest = clock.minus(self.retention);
        while self.clicks.first().is_some_and(|(time, _)| *time < oldest) {
            self.clicks.pop_first();
        }
    }

    fn contains(&self, click: &ClickRecord) -> bool {
        self.clicks.contains(&(click.occurred_at, click.position))
    }
}

/// A share that an order gives to somebody.
struct Claim {
    beneficiary: Beneficiary,
    component: Component,
    creator: CreatorId,
    share: Share,
}

impl Ledger {
    /// The ledger's name of an order; one that is not known yet earns nobody anything so far.
    pub(crate) fn order_of(&mut self, record: &Arc<OrderRecord>) -> OrderIx {
        if let Some(found) = self.order_index.get(&record.key) {
            return *found;
        }
        let ix = self.orders.push(OrderBook::new(record.clone()));
        self.order_index.insert(record.key.clone(), ix);
        ix
    }

    /// Settles the first or a higher revision of an order.
    pub(crate) fn settle_order(
        &mut self,
        record: &Arc<OrderRecord>,
        cause: Cause,
        stage: &mut Stage,
    ) -> OrderIx {
        let order = self.order_of(record);
        let before = std::mem::replace(&mut self.orders[order].record, record.clone());
        self.note_invalid(order);
        let claims = self.claims(order);
        let mut created = Vec::new();
        let mut shares = Vec::with_capacity(claims.len());
        for claim in claims {
            let ix = self.commission_of(order, &claim, &mut created);
            shares.push((ix, claim.share));
        }
        let known = self.orders[order].commissions.clone();
        for ix in known {
            let fresh = shares.iter().filter(|(owner, _)| *owner == ix).map(|(_, share)| *share).collect();
            let fresh = self.carry_over(ix, &before, record, fresh);
            let reason = self.reason_for(record, cause, &fresh);
            self.resettle(ix, fresh, &reason, stage);
            if created.contains(&ix) {
                // A new commission's first verdict is an accrual, even of nothing.
                stage.decide(ix, Decision::Accrue, &reason);
            }
            self.name_predecessor(ix, record, stage);
        }
        order
    }

    /// Recomputes all commissions of an order from its lines, statuses and refunds.
    pub(crate) fn resettle_order(&mut self, order: OrderIx, reason: &Reason, stage: &mut Stage) {
        for place in 0..self.orders[order].commissions.len() {
            let Some(ix) = self.orders[order].commissions.get(place).copied() else { continue };
            let shares = self.commissions[ix].shares.clone();
            self.resettle(ix, shares, reason, stage);
        }
    }

    /// The shares of an order's lines, in the order of lines, creator before agency. What earns nothing and
    /// waits for nothing makes no commission.
    fn claims(&self, order: OrderIx) -> Vec<Claim> {
        let book = &self.orders[order];
        let record = &book.record;
        let mut claims = Vec::new();
        if record.order.order_type != OrderType::Normal {
            return claims;
        }
        for (place, line) in record.order.lines.iter().enumerate() {
            let Some((rank, candidate)) = pick(book, place).filter(|_| !line.gift) else { continue };
            let share = |gross, no_plan| Share {
                line: u32::try_from(place).expect("lines are limited"),
                candidate: u32::try_from(rank).expect("candidates are limited"),
                no_plan,
                void: false,
                gross,
                reduced: Minor::ZERO,
            };
            let terms = &candidate.terms;
            let no_plan = terms.source == TermsSource::NoPlan;
            let gross = earned(line, Minor::ZERO, candidate, terms.component);
            if no_plan || !gross.is_zero() {
                claims.push(Claim {
                    beneficiary: Beneficiary::Creator(candidate.creator.clone()),
                    component: terms.component,
                    creator: candidate.creator.clone(),
                    share: share(gross, no_plan),
                });
            }
            let Some(agency) = terms.agency.as_ref().filter(|_| !no_plan) else { continue };
            let gross = earned(line, Minor::ZERO, candidate, Component::AgencyShare);
            if !gross.is_zero() {
                claims.push(Claim {
                    beneficiary: Beneficiary::Agency(agency.agency.clone()),
                    component: Component::AgencyShare,
                    creator: candidate.creator.clone(),
                    share: share(gross, false),
                });
            }
        }
        claims
    }

    /// An order remembers which of its clicks are invalid: it may be amended long after they are forgotten.
    fn note_invalid(&mut self, order: OrderIx) {
        let record = self.orders[order].record.clone();
        let clicks = record.candidates.iter().flatten().filter_map(|candidate| candidate.click.as_ref());
        for click in clicks.filter(|click| self.invalid_clicks.contains(click)) {
            self.orders[order].note_invalid(click.position);
        }
    }

    fn commission_of(
        &mut self,
        order: OrderIx,
        claim: &Claim,
        created: &mut Vec<CommissionIx>,
    ) -> CommissionIx {
        let same = |ix: &CommissionIx| {
            let commission = &self.commissions[*ix];
            commission.component == claim.component && commission.beneficiary == claim.beneficiary
        };
        if let Some(found) = self.orders[order].commissions.iter().copied().find(same) {
            return found;
        }
        let record = &self.orders[order].record;
        let id = CommissionId::of_order(&record.key, &claim.beneficiary, claim.component);
        let (program, market) = (&record.key.program, &record.context.market);
        let book = self.totals.open(program, market, record.order.currency);
        let commission = Commission {
            creator: Some(claim.creator.clone()),
            ..Commission::new(
                id,
                Origin::Order(OrderPlace(order)),
                (claim.beneficiary.clone(), claim.component),
                book,
            )
        };
        let ix = self.add_commission(commission);
        self.orders[order].commissions.push(ix);
        created.push(ix);
        ix
    }

    /// What refunds took off a line that is void stays as it was, whichever place the line has now.
    fn carry_over(
        &self,
        ix: CommissionIx,
        before: &OrderRecord,
        after: &OrderRecord,
        mut fresh: Vec<Share>,
    ) -> Vec<Share> {
        let name = |record: &OrderRecord, share: &Share| {
            record.order.lines.get(share.line as usize).map(|line| line.line_id.clone())
        };
        for share in &mut fresh {
            let line = name(after, share);
            let old = self.commissions[ix].shares.iter().find(|old| name(before, old) == line);
            share.reduced = old.map_or(Minor::ZERO, |old| old.reduced.min(share.gross));
        }
        fresh
    }

    fn reason_for(&self, record: &OrderRecord, cause: Cause, shares: &[Share]) -> Reason {
        let first = shares.first().and_then(|share| candidate_of(record, share));
        let by = first.map_or("nobody", |candidate| candidate.evidence.name());
        if cause == Cause::Attributed {
            cause.because([("by", id(by))])
        } else if cause == Cause::Amended {
            cause.because([("revision", EvidenceValue::Int(i64::from(record.order.revision)))])
        } else {
            cause.bare()
        }
    }

    /// A creator who earns instead of one whose click was invalidated is told apart.
    fn name_predecessor(&mut self, ix: CommissionIx, record: &OrderRecord, stage: &mut Stage) {
        let commission = &self.commissions[ix];
        let passed_over = commission.shares.iter().filter(|share| share.candidate > 0).find_map(|share| {
            let first = record.candidates.get(share.line as usize)?.first()?;
            (commission.creator.as_ref() != Some(&first.creator)).then_some(first)
        });
        let Some(first) = passed_over else { return };
        stage.reattribute(ix, &first.creator);
        if let Some(click) = &first.click {
            let reason = Cause::Reattributed.because([("invalid_click", id(click.click.click_id.as_str()))]);
            stage.explain(ix, &[Decision::Accrue], &[reason]);
        }
    }

    /// How a commission was computed; `None` for one that no order brought.
    pub fn snapshot(&self, commission: &Commission) -> Option<Snapshot> {
        let order = &self.orders[commission.order()?];
        let line = |share: &Share| line_snapshot(order, commission, share);
        Some(Snapshot { lines: commission.shares.iter().filter_map(line).collect() })
    }
}

/// The best candidate of a line whose click stands.
fn pick(order: &OrderBook, line: usize) -> Option<(usize, &Candidate)> {
    let stands = |candidate: &Candidate| {
        candidate.click.as_ref().is_none_or(|click| !order.is_invalid(click.position))
    };
    order.record.candidates.get(line)?.iter().enumerate().find(|(_, candidate)| stands(candidate))
}

/// What a line earns for a component when `refunded` has gone back.
pub(crate) fn earned(line: &Line, refunded: Minor, candidate: &Candidate, component: Component) -> Minor {
    let terms = &candidate.terms;
    let rate = match component {
        Component::AgencyShare => match &terms.agency {
            Some(agency) => model::admitted::Rate::Share(agency.rate),
            None => return Minor::ZERO,
        },
        Component::Cps
        | Component::AdsCps
        | Component::Bonus
        | Component::FixedFee
        | Component::Deposit
        | Component::FinalPayment
        | Component::Adjustment => terms.rate,
    };
    if terms.source == TermsSource::NoPlan {
        return Minor::ZERO;
    }
    line_commission(line, refunded, terms.base, rate)
}

pub(crate) fn candidate_of<'r>(record: &'r OrderRecord, share: &Share) -> Option<&'r Candidate> {
    record.candidates.get(share.line as usize)?.get(share.candidate as usize)
}

fn line_snapshot(order: &OrderBook, commission: &Commission, share: &Share) -> Option<LineSnapshot> {
    let record = &order.record;
    let line = record.order.lines.get(share.line as usize)?;
    let candidate = candidate_of(record, share)?;
    let terms = &candidate.terms;
    let base = line_base(line, terms.base);
    let rate = match (commission.component, &terms.agency, terms.rate) {
        (Component::AgencyShare, Some(agency), _) => Some(agency.rate.get()),
        (_, _, model::admitted::Rate::Share(rate)) => Some(rate.get()),
        (_, _, model::admitted::Rate::Amount(_)) => None,
    };
    Some(LineSnapshot {
        line_id: line.line_id.clone(),
        gross: line.paid,
        deductions: line.paid.minus(base),
        base,
        base_kind: terms.base,
        plan: match &terms.source {
            TermsSource::Plan { plan_id, version } => Some((plan_id.clone(), *version)),
            TermsSource::Declared | TermsSource::NoPlan => None,
        },
        tier: terms.tier.clone(),
        rate_bp: rate,
        refunded: order.refunded(&line.line_id, line.paid),
        commission: share.net(),
        candidates: record.candidates.get(share.line as usize)?.iter().map(|c| c.creator.clone()).collect(),
        earns: share.candidate as usize,
    })
}
