//! The slow model's credit: every click and every plan is looked at for every line.

use model::admitted::*;
use model::commission::{line_base, line_commission};
use model::event::*;
use model::limit::CANDIDATES_MAX;
use model::policy::Pick;
use model::{BasisPoints, CreatorId, EventTime, Minor, Position, address};
use std::cmp::Reverse;
use std::sync::Arc;

use super::slow::{Slow, SlowOrder};
use crate::limit::CANDIDATES_PER_CREATOR_MAX;

/// What is compared of an order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Credit {
    pub(crate) candidates: Vec<Vec<Candidate>>,
    lead: usize,
    creator: Option<CreatorFacts>,
    shares: Shares,
    mismatch: bool,
    amount_mismatch: bool,
    orphan: bool,
    at: Option<EventTime>,
}

impl Credit {
    pub(crate) fn of(order: &OrderRecord) -> Credit {
        Credit {
            candidates: order.candidates.clone(),
            lead: order.lead,
            creator: order.creator.clone(),
            shares: order.shares,
            mismatch: order.mismatch,
            amount_mismatch: order.amount_mismatch,
            orphan: order.orphan_refund,
            at: Some(order.occurred_at),
        }
    }

    pub(crate) fn lead(&self) -> usize {
        self.lead
    }
}

struct Claim {
    creator: CreatorId,
    evidence: Evidence,
    directness: Option<Directness>,
    click: Option<Arc<ClickRecord>>,
}

impl Slow {
    /// The credit of an order's latest revision, on what was known when the first came.
    pub(crate) fn credit(&self, order: &SlowOrder) -> Credit {
        let latest = order.latest();
        let lines = latest.lines.iter();
        let candidates: Vec<Vec<Candidate>> = lines.map(|line| self.of_line(order, line)).collect();
        let weight = |index: &usize| {
            let line = &latest.lines[*index];
            let best = candidates[*index].first();
            let base = line_base(line, best.map_or(Base::PaidLessTaxAndShipping, |best| best.terms.base));
            (!line.gift, base, Reverse(*index))
        };
        let lead = (0..latest.lines.len()).max_by_key(weight).unwrap();
        let best = candidates[lead].first();
        let line = &latest.lines[lead];
        Credit {
            lead,
            creator: best.and_then(|best| self.facts(&best.creator, order.at)),
            shares: best.map_or(Shares::default(), |best| self.shares(&best.creator, latest)),
            mismatch: best.is_some_and(|best| line.declared.iter().any(|d| d.creator_id != best.creator)),
            amount_mismatch: best.is_some_and(|best| is_another_amount(line, best)),
            orphan: order.orphan,
            at: Some(order.at),
            candidates,
        }
    }

    /// The candidates of an order with the terms that plans have given since.
    pub(crate) fn replanned(&self, order: &SlowOrder) -> Vec<Vec<Candidate>> {
        let lines = order.latest().lines.iter().zip(&order.credit.candidates);
        let replan = |line: &Line, candidate: &Candidate| {
            let mut candidate = candidate.clone();
            if candidate.terms.source == TermsSource::NoPlan {
                let claim = Claim {
                    creator: candidate.creator.clone(),
                    evidence: candidate.evidence,
                    directness: candidate.directness,
                    click: candidate.click.clone(),
                };
                candidate.terms = self.terms(order, line, &claim).unwrap();
            }
            candidate
        };
        lines.map(|(line, of)| of.iter().map(|candidate| replan(line, candidate)).collect()).collect()
    }

    fn of_line(&self, order: &SlowOrder, line: &Line) -> Vec<Candidate> {
        if order.latest().order_type != OrderType::Normal || line.gift {
            return Vec::new();
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for claim in self.claims(order, line) {
            let same = |c: &Candidate| {
                c.creator == claim.creator
                    && c.click.as_ref().map(|c| c.position) == claim.click.as_ref().map(|c| c.position)
            };
            if candidates.iter().any(same) {
                continue;
            }
            if let Some(terms) = self.terms(order, line, &claim) {
                let Claim { creator, evidence, directness, click } = claim;
                candidates.push(Candidate { creator, evidence, directness, click, terms });
            }
        }
        cap(candidates)
    }

    /// All claims to a line, best first.
    fn claims(&self, order: &SlowOrder, line: &Line) -> Vec<Claim> {
        let latest = order.latest();
        let mut claims = Vec::new();
        let mut coupons: Vec<_> = latest.coupons.iter().filter(|c| c.owner_creator_id.is_some()).collect();
        coupons.sort_by_key(|c| (Reverse(c.amount), c.code.clone()));
        for coupon in coupons {
            let creator = coupon.owner_creator_id.clone().unwrap();
            claims.push(Claim { creator, evidence: Evidence::Coupon, directness: None, click: None });
        }
        let mut touched = Vec::new();
        for click in self.visible(order) {
            for evidence in self.evidence(order, &click) {
                let time = (click.occurred_at.as_ms(), i64::try_from(click.position.0).unwrap());
                let time = match self.policy.pick {
                    Pick::Last => (-time.0, -time.1),
                    Pick::First => time,
                };
                touched.push((evidence, directness(&click, line, latest), time, Arc::clone(&click)));
            }
        }
        touched.sort_by_key(|(evidence, directness, time, _)| (*evidence, *directness, *time));
        claims.extend(touched.into_iter().map(|(evidence, directness, _, click)| Claim {
            creator: click.click.creator_id.clone(),
            evidence,
            directness: Some(directness),
            click: Some(click),
        }));
        if let Some(declared) = &line.declared {
            let creator = declared.creator_id.clone();
            claims.push(Claim { creator, evidence: Evidence::Declared, directness: None, click: None });
        }
        claims
    }

    /// Clicks known when the order first came and not forgotten since, or named by its last revision.
    fn visible(&self, order: &SlowOrder) -> Vec<Arc<ClickRecord>> {
        let forgotten = self.forgotten();
        let known = self.clicks.iter().map(|click| &click.record).filter(|c| c.occurred_at >= forgotten);
        let mut visible: Vec<_> = known.filter(|c| c.position < order.first).cloned().collect();
        for click in order.credit.candidates.iter().flatten().filter_map(|c| c.click.as_ref()) {
            if !visible.iter().any(|c| c.position == click.position) {
                visible.push(Arc::clone(click));
            }
        }
        visible.retain(|click| !click.click.invalid && click.occurred_at <= order.at);
        visible
    }

    fn forgotten(&self) -> EventTime {
        self.clock.unwrap().minus(model::Span::from_days(30)).minus(self.genesis.dedup_horizon)
    }

    fn evidence(&self, order: &SlowOrder, click: &ClickRecord) -> Vec<Evidence> {
        let (latest, own) = (order.latest(), &click.click);
        let elsewhere = own.shop_id.is_some() && latest.shop_id.is_some() && own.shop_id != latest.shop_id;
        let mut evidence = Vec::new();
        if latest.click_id.as_ref() == Some(&own.click_id) && self.is_named(order, click) {
            evidence.push(Evidence::ClickId);
        }
        if own.buyer_id.is_some() && own.buyer_id == latest.buyer_id && !elsewhere {
            evidence.push(Evidence::Buyer);
        }
        let device = self.policy.device_evidence && own.device_h.is_some();
        if device && own.device_h == latest.device_h && !elsewhere {
            evidence.push(Evidence::Device);
        }
        evidence
    }

    /// Whether a click is the one that its id stands for: the last one of that id, unless that came after the
    /// order or is forgotten; then the one that the order's last revision names.
    fn is_named(&self, order: &SlowOrder, click: &ClickRecord) -> bool {
        let last =
            self.clicks.iter().rev().find(|c| c.record.click.click_id == click.click.click_id).unwrap();
        if last.record.occurred_at >= self.forgotten() && last.record.position < order.first {
            return last.record.position == click.position;
        }
        let mut kept = order.credit.candidates.iter().flatten().filter_map(|c| c.click.as_ref());
        kept.find(|c| c.click.click_id == click.click.click_id).is_some_and(|c| c.position == click.position)
    }

    fn terms(&self, order: &SlowOrder, line: &Line, claim: &Claim) -> Option<Terms> {
        let touched = claim.click.as_ref().map_or(order.at, |click| click.occurred_at);
        let age = order.at.ms_since(touched);
        let declared = line.declared.as_ref().filter(|d| d.creator_id == claim.creator);
        let (tier, agency) = match &claim.click {
            Some(click) => (click.tier.clone(), click.agency.clone()),
            None => self.standing(order, line, claim),
        };
        let ad = claim.click.as_ref().is_some_and(|click| click.click.ad_id.is_some());
        let content = match &claim.click {
            Some(click) => click.click.content_type,
            None => declared.and_then(|d| d.content_type),
        };
        let covers = |plan: &Plan| {
            let scope = &plan.scope;
            scope.creator_id.iter().all(|id| *id == claim.creator)
                && scope.product_id.iter().all(|id| *id == line.product_id)
                && scope.category.iter().all(|c| Some(c) == line.category.as_ref())
                && scope.shop_id.iter().all(|id| Some(id) == order.latest().shop_id.as_ref())
                && scope.tier.iter().all(|t| Some(t) == tier.as_ref())
                && scope.content_type.iter().all(|t| Some(*t) == content)
                && plan.valid_from <= touched
                && plan.valid_to.is_none_or(|end| touched < end)
        };
        let window = |plan: &Plan| plan.attribution_window.unwrap_or(self.policy.attribution_window).as_ms();
        let mut terms = Terms {
            source: TermsSource::NoPlan,
            component: Component::Cps,
            rate: Rate::Share(BasisPoints::default()),
            base: Base::PaidLessTaxAndShipping,
            agency: None,
            tier: tier.clone(),
            settlement_delay: self.policy.settlement_delay,
            settlement_from: self.policy.settlement_from,
        };
        let known = self.plans.iter().filter(|(position, plan)| *position <= order.first && covers(plan));
        let best = known.max_by_key(|(position, plan)| rank(plan, *position)).map(|(_, plan)| plan);
        if best.is_some_and(|plan| age > window(plan)) {
            return None;
        }
        if best.is_none() && age > self.policy.attribution_window.as_ms() {
            return None;
        }
        let ads_rate = declared.and_then(|d| d.ads_rate_bp).filter(|_| ad);
        let declared_rate = ads_rate.or(declared.and_then(|d| d.rate_bp)).map(Rate::Share);
        let declared_rate = declared_rate.or(declared.and_then(|d| d.commission).map(Rate::Amount));
        let later = || {
            let later = self.plans.iter().filter(|(position, _)| *position > order.first);
            later.map(|(_, plan)| plan).find(|plan| covers(plan) && age <= window(plan))
        };
        let plan = if best.is_some() || declared_rate.is_some() { best } else { later() };
        if let Some(plan) = plan {
            let ads_rate = plan.ads_rate_bp.filter(|_| ad);
            terms.source = TermsSource::Plan { plan_id: plan.plan_id.clone(), version: plan.version };
            terms.component = if ads_rate.is_some() { Component::AdsCps } else { Component::Cps };
            terms.rate = Rate::Share(ads_rate.unwrap_or(plan.rate_bp));
            terms.base = plan.base;
            terms.agency = agency.zip(plan.agency_bp).map(|(agency, rate)| AgencyTerms { agency, rate });
            terms.settlement_delay = plan.settlement_delay.unwrap_or(terms.settlement_delay);
            terms.settlement_from = plan.settlement_from.unwrap_or(terms.settlement_from);
        } else if let Some(rate) = declared_rate {
            terms.source = TermsSource::Declared;
            terms.component = if ads_rate.is_some() { Component::AdsCps } else { Component::Cps };
            terms.rate = rate;
        }
        Some(terms)
    }

    /// Tier and agency without a click: as known when the first revision came that the creator claims.
    fn standing(
        &self,
        order: &SlowOrder,
        line: &Line,
        claim: &Claim,
    ) -> (Option<model::Text>, Option<model::AgencyId>) {
        let claims = |(_, _, order): &&(Position, u128, Order)| {
            let owns = order.coupons.iter().any(|c| c.owner_creator_id.as_ref() == Some(&claim.creator));
            let declared = order.lines.iter().filter(|line| !line.gift).filter_map(|l| l.declared.as_ref());
            let earns = order.order_type == OrderType::Normal && order.lines.iter().any(|line| !line.gift);
            let mut declared = declared.map(|d| &d.creator_id);
            earns && (owns || declared.any(|id| *id == claim.creator))
        };
        let since = order.revisions.iter().find(claims).unwrap().0;
        let profiles = self
            .creators
            .iter()
            .filter(|(_, position, creator)| *position < since && creator.creator_id == claim.creator);
        let creator =
            profiles.max_by_key(|(at, position, _)| (*at, *position)).map(|(_, _, creator)| creator);
        let declared = line.declared.as_ref().filter(|_| claim.evidence == Evidence::Declared);
        let agency = creator.and_then(|c| c.agency_id.clone());
        let agency = agency.or(declared.and_then(|d| d.agency_id.clone()));
        (creator.and_then(|c| c.tier.clone()), agency)
    }

    fn facts(&self, id: &CreatorId, at: EventTime) -> Option<CreatorFacts> {
        let creator = self.creator(id)?;
        let mut all: Vec<&CreatorId> = self.creators.iter().map(|(_, _, c)| &c.creator_id).collect();
        all.sort();
        all.dedup();
        let account = &creator.payout_account_h;
        let sharers = all.into_iter().filter(|id| self.creator(id).unwrap().payout_account_h == *account);
        Some(CreatorFacts {
            tier: creator.tier.clone(),
            followers: creator.followers,
            age_s: creator.created_at.map(|created| at.seconds_since(created)),
            agency: creator.agency_id.clone(),
            payout_account: account.clone(),
            labels: creator.labels.clone(),
            account_sharers: if account.is_some() { i64::try_from(sharers.count()).unwrap() } else { 1 },
        })
    }

    fn shares(&self, id: &CreatorId, order: &Order) -> Shares {
        let Some(own) = self.creator(id) else { return Shares::default() };
        let ip = order.ip.map(address::subscriber);
        Shares {
            payment: own.payment_h.iter().any(|h| Some(h) == order.payment_h.as_ref()),
            address: own.address_h.iter().any(|h| Some(h) == order.address_h.as_ref()),
            device: own.device_h.iter().any(|h| Some(h) == order.device_h.as_ref()),
            ip: own.ip.iter().any(|own| Some(address::subscriber(*own)) == ip),
            phone: own.phone_h.iter().any(|h| Some(h) == order.phone_h.as_ref()),
            buyer: own.buyer_ids.iter().any(|id| Some(id) == order.buyer_id.as_ref()),
        }
    }
}

fn directness(click: &ClickRecord, line: &Line, order: &Order) -> Directness {
    let (product, shop) = (&click.click.product_id, &click.click.shop_id);
    let elsewhere = shop.is_some() && order.shop_id.is_some() && *shop != order.shop_id;
    if product.as_ref() == Some(&line.product_id) && !elsewhere {
        Directness::Direct
    } else if shop.is_some() && *shop == order.shop_id {
        Directness::Shop
    } else {
        Directness::Neither
    }
}

fn rank(plan: &Plan, position: Position) -> impl Ord {
    let scope = &plan.scope;
    let specific = [
        scope.creator_id.is_some(),
        scope.product_id.is_some(),
        scope.category.is_some(),
        scope.shop_id.is_some(),
        scope.tier.is_some(),
        scope.content_type.is_some(),
    ];
    (specific, plan.valid_from, plan.version, Reverse(plan.plan_id.clone()), position)
}

fn cap(candidates: Vec<Candidate>) -> Vec<Candidate> {
    if candidates.len() <= CANDIDATES_MAX {
        return candidates;
    }
    let nth = |index: usize| {
        let creator = &candidates[index].creator;
        candidates[..index].iter().filter(|c| c.creator == *creator).count()
    };
    let mut chosen: Vec<usize> = (0..candidates.len()).collect();
    chosen.sort_by_key(|index| (nth(*index) >= CANDIDATES_PER_CREATOR_MAX, *index));
    chosen.truncate(CANDIDATES_MAX);
    chosen.sort();
    chosen.into_iter().map(|index| candidates[index].clone()).collect()
}

fn is_another_amount(line: &Line, best: &Candidate) -> bool {
    let Some(declared) = &line.declared else { return false };
    let terms = &best.terms;
    let ads_rate = declared.ads_rate_bp.filter(|_| terms.component == Component::AdsCps);
    let by_rate = |rate| line_commission(line, Minor::ZERO, terms.base, Rate::Share(rate));
    let amount = declared.commission.or(ads_rate.or(declared.rate_bp).map(by_rate));
    amount.is_some_and(|amount| amount != line_commission(line, Minor::ZERO, terms.base, terms.rate))
}
