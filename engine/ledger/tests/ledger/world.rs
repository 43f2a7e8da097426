//! A small world around a ledger: it makes admitted records from few words, runs sweeps when they are due, and
//! checks after every step what must hold of everything that was published.

use ledger::{Commission, Ledger};
use model::admitted::{Admitted, ClickRecord, MaturityRecord, OrderRecord, RefundRecord, StatusChange, What};
use model::event::*;
use model::hit::{Hit, Judged};
use model::log::{Feeds, Genesis};
use model::policy::{Mode, Policy};
use model::verdict::{Account, CommissionId, HoldId};
use model::*;
use runtime::Reconciler;
use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use crate::records::*;

pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) policy: Policy,
    pub(crate) genesis: Genesis,
    /// Everything published so far.
    pub(crate) out: Vec<Verdict>,
    /// What rules will say of commissions about to be released, by order.
    pub(crate) at_maturity: BTreeMap<String, Vec<Hit>>,
    /// The group that each order is measured in.
    measured_in: BTreeMap<String, String>,
    pub(crate) matured: Vec<MaturityRecord>,
    now: EventTime,
    position: u64,
    swept: Option<EventTime>,
    orders: BTreeMap<String, Arc<OrderRecord>>,
    reconciler: Reconciler,
    /// The rules of the holds that the last verdict about each commission told.
    told_holds: BTreeMap<CommissionId, Vec<String>>,
    read: usize,
    checked: usize,
}

impl World {
    pub(crate) fn new() -> World {
        let mut policy =
            Policy { score_threshold: 80, score_hold: Some(Span::from_days(2)), ..Policy::default() };
        for (name, mode) in [
            ("burst", Mode::Live),
            ("doubt", Mode::Live),
            ("other", Mode::Live),
            ("watching", Mode::Shadow),
            ("canary", Mode::Canary(50)),
        ] {
            policy.rules.insert(RuleId::new(name).unwrap(), rule(mode));
        }
        World::with(policy, Feeds::CompleteToClock)
    }

    pub(crate) fn with(policy: Policy, feeds: Feeds) -> World {
        World::of_lane(policy, Genesis { feeds, ..Genesis::standard(Text::const_new("r1")) })
    }

    pub(crate) fn of_lane(policy: Policy, genesis: Genesis) -> World {
        World {
            ledger: Ledger::new(&genesis, terms(&policy, "r1")),
            policy,
            genesis,
            out: Vec::new(),
            at_maturity: BTreeMap::new(),
            measured_in: BTreeMap::new(),
            matured: Vec::new(),
            now: at(0),
            position: 0,
            swept: None,
            orders: BTreeMap::new(),
            reconciler: Reconciler::default(),
            told_holds: BTreeMap::new(),
            read: 0,
            checked: 0,
        }
    }

    /// Sets the log clock; sweeps run when the next record or [`World::tick`] comes.
    pub(crate) fn at(&mut self, ms: i64) -> &mut World {
        self.now = self.now.max(at(ms));
        self
    }

    pub(crate) fn now(&self) -> EventTime {
        self.now
    }

    /// Lets time pass to the clock set, without a record.
    pub(crate) fn tick(&mut self) {
        self.position += 1;
        self.sweep_to_now();
    }

    fn sweep_to_now(&mut self) {
        while let Some(due) = self.ledger.next_due() {
            let earliest = self.swept.map_or(due, |swept| due.max(swept.plus(Span::from_ms(1))));
            let point = earliest.grid_ceiling(self.genesis.sweep_grid);
            if point > self.now {
                break;
            }
            self.sweep(point);
            self.swept = Some(point);
        }
        // Each grid point is swept once: what comes due at one that has passed waits for the next.
        self.swept = self.swept.max(Some(self.now.grid_floor(self.genesis.sweep_grid)));
    }

    fn sweep(&mut self, point: EventTime) {
        let position = Position(self.position);
        let due = self.ledger.open_sweep(point, position, &mut self.out);
        let judged: Vec<_> = due
            .into_iter()
            .map(|record| {
                self.matured.push(record.clone());
                let name = record.order.key.order.as_str();
                let hits = self.at_maturity.get(name).cloned().unwrap_or_default();
                let key = self.measured_in.get(name).map_or(KEY, String::as_str);
                let groups = vec![group(key)];
                (record, Judged { hits, groups, memberships: Vec::new() })
            })
            .collect();
        self.ledger.close_sweep(point, position, &judged, &mut self.out);
        self.check();
    }

    pub(crate) fn apply_at(&mut self, occurred_at: EventTime, what: What, judged: Option<&Judged>) {
        self.position += 1;
        self.sweep_to_now();
        let admitted = Admitted {
            position: Position(self.position),
            clock: self.now,
            occurred_at,
            event_id: EventId::new("e").unwrap(),
            context: context(),
            what,
        };
        self.ledger.apply(&admitted, judged, &mut self.out);
        self.check();
    }

    pub(crate) fn apply(&mut self, what: What, judged: Option<&Judged>) {
        self.apply_at(self.now, what, judged);
    }

    pub(crate) fn record(&self, name: &str) -> Arc<OrderRecord> {
        self.orders[name].clone()
    }

    fn make_order(&mut self, name: &str, lines: &[LineSpec], revision: u32) -> Arc<OrderRecord> {
        let made = lines.iter().map(|spec| spec.line.clone()).collect();
        let order = Order { revision, ..Order::new(OrderId::new(name).unwrap(), usd(), made) };
        let candidates = lines.iter().map(|spec| spec.candidates.clone()).collect();
        let position = Position(self.position + 1);
        let record = Arc::new(OrderRecord::new(position, self.now, context(), order, candidates));
        self.orders.insert(name.to_owned(), record.clone());
        record
    }

    pub(crate) fn order(&mut self, name: &str, lines: &[LineSpec], hits: Vec<Hit>) {
        self.order_in(name, lines, hits, KEY);
    }

    /// An order that the feature counts in this group.
    pub(crate) fn order_in(&mut self, name: &str, lines: &[LineSpec], hits: Vec<Hit>, key: &str) {
        self.order_among(name, lines, hits, &[key]);
    }

    /// An order that the feature counts in several groups, and is measured in the first.
    pub(crate) fn order_among(&mut self, name: &str, lines: &[LineSpec], hits: Vec<Hit>, keys: &[&str]) {
        self.measured_in.insert(name.to_owned(), keys[0].to_owned());
        let record = self.make_order(name, lines, 0);
        let memberships = keys.iter().map(|key| group(key)).collect();
        let judged = Judged { hits, groups: vec![group(keys[0])], memberships };
        self.apply(What::Order(record), Some(&judged));
    }

    pub(crate) fn orphan(&mut self, name: &str, lines: &[LineSpec]) {
        let mut record = Arc::unwrap_or_clone(self.make_order(name, lines, 0));
        record.orphan_refund = true;
        self.apply(What::Order(Arc::new(record)), Some(&Judged::default()));
    }

    pub(crate) fn order_of_type(&mut self, name: &str, lines: &[LineSpec], order_type: OrderType) {
        let mut record = Arc::unwrap_or_clone(self.make_order(name, lines, 0));
        record.order.order_type = order_type;
        self.apply(What::Order(Arc::new(record)), None);
    }

    pub(crate) fn amend(&mut self, name: &str, lines: &[LineSpec], hits: Vec<Hit>) {
        self.amend_in(name, lines, hits, KEY);
    }

    pub(crate) fn amend_in(&mut self, name: &str, lines: &[LineSpec], hits: Vec<Hit>, key: &str) {
        let revision = self.orders[name].order.revision + 1;
        let record = self.make_order(name, lines, revision);
        let judged = Judged { hits, groups: vec![group(key)], memberships: Vec::new() };
        self.apply(What::Amendment(record), Some(&judged));
    }

    pub(crate) fn planned(&mut self, name: &str, lines: &[LineSpec]) {
        let record = self.make_order(name, lines, 0);
        self.apply(What::Planned(record), None);
    }

    pub(crate) fn status(&mut self, name: &str, status: Status) {
        self.status_at(name, status, &[], self.now);
    }

    pub(crate) fn status_at(&mut self, name: &str, status: Status, lines: &[&str], occurred_at: EventTime) {
        let lines = lines.iter().map(|line| LineId::new(line).unwrap()).collect();
        let change = StatusChange { order: self.record(name), status, lines, reason: None };
        self.apply_at(occurred_at, What::Status(change), None);
    }

    pub(crate) fn refund(&mut self, name: &str, id: &str, state: RefundState, amount: i64) {
        self.refund_of(name, id, state, amount, &[], Vec::new());
    }

    pub(crate) fn refund_of(
        &mut self,
        name: &str,
        id: &str,
        state: RefundState,
        amount: i64,
        lines: &[(&str, i64)],
        hits: Vec<Hit>,
    ) {
        self.refund_in(name, id, state, amount, lines, hits, KEY);
    }

    #[expect(clippy::too_many_arguments, reason = "a refund has many parts")]
    pub(crate) fn refund_in(
        &mut self,
        name: &str,
        id: &str,
        state: RefundState,
        amount: i64,
        lines: &[(&str, i64)],
        hits: Vec<Hit>,
        key: &str,
    ) {
        let refund_line = |(line, amount): &(&str, i64)| RefundLine {
            line_id: LineId::new(line).unwrap(),
            quantity: None,
            amount: Minor(*amount),
        };
        let part = RefundId::new(id).unwrap();
        let record = RefundRecord {
            position: Position(self.position + 1),
            occurred_at: self.now,
            context: context(),
            part: part.clone(),
            refund: Refund {
                refund_id: part,
                target: RefundTarget::Order(OrderId::new(name).unwrap()),
                state,
                currency: usd(),
                amount: Minor(amount),
                lines: lines.iter().map(refund_line).collect(),
                refund_type: None,
                reason: None,
                fault: None,
            },
            order: self.record(name),
            first_move: true,
            share_ppm: 0,
            due: None,
        };
        let judged = Judged { hits, groups: vec![group(key)], memberships: Vec::new() };
        self.apply(What::Refund(Arc::new(record)), Some(&judged));
    }

    pub(crate) fn click(&mut self, click: &Arc<ClickRecord>, hits: Vec<Hit>) {
        self.apply(What::Click(click.clone()), Some(&Judged { hits, ..Judged::default() }));
    }

    /// A click that the feature is measured for in this group.
    pub(crate) fn click_in(&mut self, click: &Arc<ClickRecord>, hits: Vec<Hit>, key: &str) {
        let judged = Judged { hits, groups: vec![group(key)], memberships: Vec::new() };
        self.apply(What::Click(click.clone()), Some(&judged));
    }

    pub(crate) fn review(&mut self, subject: ReviewSubject, decision: ReviewDecision) {
        self.review_stage(subject, decision, ReviewStage::Approval);
    }

    pub(crate) fn review_stage(
        &mut self,
        subject: ReviewSubject,
        decision: ReviewDecision,
        stage: ReviewStage,
    ) {
        let review = Review {
            review_id: ReviewId::new("rev").unwrap(),
            subject,
            decision,
            stage,
            actor: Some(Text::const_new("kim")),
            note: None,
            evidence: Vec::new(),
        };
        self.apply(What::Review(Arc::new(review)), None);
    }

    pub(crate) fn run(&mut self, id: &str, state: RunState, lines: &[(&str, i64)]) {
        let now = self.now;
        self.run_until(id, state, lines, now);
    }

    pub(crate) fn run_until(&mut self, id: &str, state: RunState, lines: &[(&str, i64)], cutoff: EventTime) {
        let payout = |(creator, gross): &(&str, i64)| PayoutLine {
            beneficiary: Beneficiary::parse(creator).unwrap(),
            currency: usd(),
            gross: Minor(*gross),
            fee: None,
            tax_withheld: None,
            fx_rate: None,
            net: Minor(*gross),
            bank_ref: None,
        };
        let run = PayoutRun {
            run_id: RunId::new(id).unwrap(),
            state,
            cutoff,
            time_zone: Text::const_new("UTC"),
            lines: lines.iter().map(payout).collect(),
        };
        self.apply(What::PayoutRun(Arc::new(run)), None);
    }

    pub(crate) fn obligation(&mut self, id: &str, creator: &str, amount: i64, due: Option<EventTime>) {
        self.owe(Obligation { due, ..obligation(id, creator, amount) });
    }

    pub(crate) fn obligation_for(&mut self, id: &str, creator: &str, component: Component, amount: i64) {
        self.owe(Obligation { component, ..obligation(id, creator, amount) });
    }

    fn owe(&mut self, obligation: Obligation) {
        self.apply(What::Obligation(Arc::new(obligation)), None);
    }

    pub(crate) fn feed_mark(&mut self, source: &str, kinds: &[Kind], through: EventTime) {
        let mark = FeedMark {
            source: SourceId::new(source).unwrap(),
            kinds: kinds.to_vec(),
            market: None,
            complete_through: through,
        };
        self.apply(What::FeedMark(Arc::new(mark)), None);
    }

    /// What was published since the last look, a line each.
    pub(crate) fn news(&mut self) -> Vec<String> {
        let news = self.out[self.read..].iter().map(show).collect();
        self.read = self.out.len();
        news
    }

    pub(crate) fn commission(&self, order: &str, creator: &str) -> &Commission {
        self.commission_for(order, creator, Component::Cps)
    }

    pub(crate) fn commission_for(&self, order: &str, who: &str, component: Component) -> &Commission {
        let who = if who.contains(':') { who.to_owned() } else { format!("creator:{who}") };
        let id = CommissionId::of_order(&key(order), &Beneficiary::parse(&who).unwrap(), component);
        self.ledger.commission(&id).unwrap()
    }

    pub(crate) fn subject(&self, order: &str, creator: &str) -> ReviewSubject {
        ReviewSubject::Commission(self.commission(order, creator).id())
    }

    pub(crate) fn own_hold(&self, order: &str, creator: &str, rule: &str) -> ReviewSubject {
        let scope = format!("commission:{}", self.commission(order, creator).id());
        ReviewSubject::Hold(HoldId::of_scope(&scope, &RuleId::new(rule).unwrap()))
    }

    /// The accounts of a commission that are not empty, but for `accrued`.
    pub(crate) fn accounts(&self, order: &str, creator: &str) -> String {
        balances(self.commission(order, creator))
    }

    pub(crate) fn set_policy(&mut self, name: &str) {
        self.ledger.set_ruleset(terms(&self.policy, name), &[]);
    }

    /// Finance's own proof of the books, as the verdicts come.
    fn check(&mut self) {
        let from = std::mem::replace(&mut self.checked, self.out.len());
        for verdict in &self.out[from..] {
            self.reconciler.read(verdict);
            assert!(self.reconciler.findings().is_empty(), "{:?}\n{verdict:?}", self.reconciler.findings());
            let reasons: Vec<_> = verdict.reasons.iter().map(|reason| &reason.rule).collect();
            assert!(reasons.is_sorted() && !reasons.is_empty(), "reasons are sorted and given: {verdict:?}");
            if let Some(id) = verdict.commission_id {
                let holds = verdict.holds.iter().map(|hold| hold.rule.to_string()).collect();
                self.told_holds.insert(id, holds);
            }
        }
    }

    /// The totals that the commissions add up to are the totals kept, and the holds that stand are those that were told.
    pub(crate) fn check_totals(&self) {
        for commission in self.ledger.commissions() {
            let standing = commission.holds().iter().filter(|hold| hold.stands());
            let mut standing: Vec<String> = standing.map(|hold| hold.rule.to_string()).collect();
            standing.sort();
            let mut told = self.told_holds.get(&commission.id()).cloned().unwrap_or_default();
            told.sort();
            assert_eq!(standing, told, "{:?}", commission.id());
        }
        let mut sums: BTreeMap<Account, i64> = BTreeMap::new();
        for commission in self.ledger.commissions() {
            for account in Account::ALL {
                *sums.entry(account).or_default() += commission.balance().get(account).0;
            }
        }
        let totals = self.ledger.totals();
        let kept = totals.values().next();
        for (account, sum) in sums {
            assert_eq!(kept.map_or(0, |totals| totals[&account].0), sum, "{account:?}");
        }
    }
}
