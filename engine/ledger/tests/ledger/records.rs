//! The parts of records, from few words.

use ledger::{Commission, RulesetTerms};
use model::admitted::{AgencyTerms, Candidate, ClickRecord, Context, Evidence, Rate, Terms, TermsSource};
use model::event::{Base, Beneficiary, Click, Component, Line, Obligation, SettlementFrom};
use model::feature::{Aggregate, Counted, Feature, Membership, PlannedFeature, Slot};
use model::hit::{Effect, Hit};
use model::policy::{Mode, OnFailure, Policy, RulePolicy};
use model::verdict::Account;
use model::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The group that orders are counted in unless a test says otherwise.
pub(crate) const KEY: &str = "[\"ip\"]";
/// Time 0 of these tests.
pub(crate) const START_MS: i64 = 1_700_000_040_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 86_400_000;

pub(crate) fn at(ms: i64) -> EventTime {
    EventTime::from_ms(START_MS + ms).unwrap()
}

pub(crate) fn usd() -> Currency {
    Currency::new("USD").unwrap()
}

/// A line that one creator, or several in order, could earn.
#[derive(Clone)]
pub(crate) struct LineSpec {
    pub(crate) line: Line,
    pub(crate) candidates: Vec<Candidate>,
}

pub(crate) fn line(id: &str, paid: i64) -> LineSpec {
    let line = Line::new(LineId::new(id).unwrap(), ProductId::new("p").unwrap(), Minor(paid));
    LineSpec { line, candidates: Vec::new() }
}

pub(crate) fn candidate(creator: &str, bp: i64) -> Candidate {
    Candidate {
        creator: CreatorId::new(creator).unwrap(),
        evidence: Evidence::Buyer,
        directness: None,
        click: None,
        terms: Terms {
            source: TermsSource::Plan { plan_id: PlanId::new("plan").unwrap(), version: 1 },
            component: Component::Cps,
            rate: Rate::Share(BasisPoints::new(bp).unwrap()),
            base: Base::PaidLessTaxAndShipping,
            agency: None,
            tier: None,
            settlement_delay: Span::from_days(14),
            settlement_from: SettlementFrom::Order,
        },
    }
}

impl LineSpec {
    /// Earned by this creator at a rate.
    pub(crate) fn by(self, creator: &str, bp: i64) -> LineSpec {
        self.or(candidate(creator, bp))
    }

    /// The next candidate.
    pub(crate) fn or(mut self, candidate: Candidate) -> LineSpec {
        self.candidates.push(candidate);
        self
    }

    /// Changes the terms of all candidates.
    pub(crate) fn terms(mut self, change: impl Fn(&mut Terms)) -> LineSpec {
        self.candidates.iter_mut().for_each(|candidate| change(&mut candidate.terms));
        self
    }

    pub(crate) fn agency(self, agency: &str, bp: i64) -> LineSpec {
        let rate = BasisPoints::new(bp).unwrap();
        let agency = AgencyId::new(agency).unwrap();
        self.terms(|terms| terms.agency = Some(AgencyTerms { agency: agency.clone(), rate }))
    }

    pub(crate) fn delay(self, span: Span) -> LineSpec {
        self.terms(|terms| terms.settlement_delay = span)
    }

    pub(crate) fn from(self, from: SettlementFrom) -> LineSpec {
        self.terms(|terms| terms.settlement_from = from)
    }

    pub(crate) fn without_plan(self) -> LineSpec {
        self.terms(|terms| {
            terms.source = TermsSource::NoPlan;
            terms.rate = Rate::Share(BasisPoints::default());
        })
    }
}

pub(crate) fn rule(mode: Mode) -> RulePolicy {
    RulePolicy {
        mode,
        default_hold: Some(Span::from_days(7)),
        public_code: Text::const_new("unusual"),
        may_reject: true,
        on_failure: OnFailure::Hold,
        failures_max: 3,
    }
}

pub(crate) fn hit(rule: &str, effect: Effect) -> Hit {
    let evidence = [(Text::const_new("n"), model::hit::EvidenceValue::Int(1))].into();
    Hit { rule: RuleId::new(rule).unwrap(), effect, reason: Text::const_new("because"), evidence }
}

/// The one feature of these tests: orders of an address within ten minutes.
pub(crate) fn feature() -> PlannedFeature {
    let feature = Feature {
        counted: Counted::Order,
        aggregate: Aggregate::Count,
        by: vec![Field::Fact(Fact::Ip)],
        filter: None,
        window: Span::from_mins(10),
    };
    PlannedFeature { feature, read_at: [model::fact::Subject::Order].into(), holds: true }
}

pub(crate) fn group(key: &str) -> Membership {
    Membership { slot: Slot(0), key: Text::new(key) }
}

pub(crate) fn balances(commission: &Commission) -> String {
    let filled = Account::ALL.into_iter().filter(|a| *a != Account::Accrued).filter_map(|account| {
        let amount = commission.balance().get(account).0;
        (amount != 0).then(|| format!("{} {amount}", account.name()))
    });
    filled.collect::<Vec<_>>().join(", ")
}

pub(crate) fn terms(policy: &Policy, name: &str) -> RulesetTerms {
    RulesetTerms { policy: Arc::new(policy.clone()), features: vec![feature()], ruleset: Text::new(name) }
}

pub(crate) fn key(name: &str) -> OrderKey {
    OrderKey { program: ProgramId::new("main").unwrap(), order: OrderId::new(name).unwrap() }
}

pub(crate) fn context() -> Arc<Context> {
    Arc::new(Context {
        program: ProgramId::new("main").unwrap(),
        market: Market::new("main").unwrap(),
        source: None,
        attributes: BTreeMap::new(),
    })
}

/// A click at time 0, at a position that its id makes its own.
pub(crate) fn click(id: &str, creator: &str) -> Arc<ClickRecord> {
    let position = id.bytes().fold(0, |sum, byte| sum * 256 + u64::from(byte));
    click_at(id, creator, Position(position), at(0))
}

pub(crate) fn click_at(
    id: &str,
    creator: &str,
    position: Position,
    occurred_at: EventTime,
) -> Arc<ClickRecord> {
    let click = Click::new(ClickId::new(id).unwrap(), CreatorId::new(creator).unwrap());
    Arc::new(ClickRecord::new(position, occurred_at, context(), click))
}

/// A bonus that is due at once.
pub(crate) fn obligation(id: &str, creator: &str, amount: i64) -> Obligation {
    Obligation {
        obligation_id: ObligationId::new(id).unwrap(),
        beneficiary: Beneficiary::parse(creator).unwrap(),
        component: Component::Bonus,
        currency: usd(),
        amount: Minor(amount),
        order_id: None,
        due: None,
        contract_ref: None,
    }
}

/// A verdict in a line: `hold ann: pending>held 100 | holds burst | why burst`.
pub(crate) fn show(verdict: &Verdict) -> String {
    let who = match (&verdict.beneficiary, &verdict.subject) {
        (Some(who), _) => who.trim_start_matches("creator:").to_owned(),
        (None, Some(subject)) => subject.to_string(),
        (None, None) => String::new(),
    };
    let mut shown = format!("{} {who}", verdict.decision.name());
    if let Some(order) = verdict.order_id.as_ref().filter(|_| verdict.beneficiary.is_some()) {
        shown += &format!("/{order}");
    }
    for posting in &verdict.postings {
        shown += &format!(" {}>{} {}", posting.from.name(), posting.to.name(), posting.amount.0);
    }
    let names = |rules: Vec<&RuleId>| rules.iter().map(|rule| rule.as_str()).collect::<Vec<_>>().join(",");
    if !verdict.holds.is_empty() {
        shown += &format!(" | holds {}", names(verdict.holds.iter().map(|hold| &hold.rule).collect()));
    }
    shown += &format!(" | {}", names(verdict.reasons.iter().map(|reason| &reason.rule).collect()));
    shown
}
