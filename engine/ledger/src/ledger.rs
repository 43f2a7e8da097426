//! The station: what it keeps, and which record is settled where.

use model::admitted::{Admitted, OrderRecord, What, click_retention};
use model::event::Beneficiary;
use model::feature::PlannedFeature;
use model::hit::Judged;
use model::limit::GROUP_MEMBERS_PER_POSITION;
use model::log::{Feeds, Genesis};
use model::policy::Policy;
use model::table::Table;
use model::verdict::{Account, CommissionId, HoldId, Subject};
use model::{Currency, Market, Minor, OrderKey, Position, ProgramId, RuleId, Span, Text, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::acting::FailureCounts;
use crate::arena::{Arena, CommissionIx, OrderIx, WideIx};
use crate::commission::Commission;
use crate::creators::Creators;
use crate::credit::InvalidClicks;
use crate::effects::Occasion;
use crate::feeds::FeedMarks;
use crate::groups::{GroupedOrder, Groups};
use crate::holds::{Ask, By, Placed};
use crate::order::OrderBook;
use crate::parcels::Payable;
use crate::reasons::Cause;
use crate::reviews::HoldPlace;
use crate::runs::Runs;
use crate::timers::Timers;
use crate::totals::Totals;
use crate::verdicts::{Moment, Stage};
use crate::wide::{Batch, WideHold};

/// What the ledger obeys of a ruleset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RulesetTerms {
    /// Terms of programs and markets, and what each rule may do.
    pub policy: Arc<Policy>,
    /// The features, by slot: group holds need their windows.
    pub features: Vec<PlannedFeature>,
    /// The ruleset's hash, as verdicts name it.
    pub ruleset: Text,
}

/// Things worth counting that make no verdict of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// Refunds of more than was left.
    pub over_refunds: u64,
    /// Reviews of something that is not known.
    pub unmatched_reviews: u64,
}

/// Every commission's money, and who doubts it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ledger {
    pub(crate) terms: RulesetTerms,
    pub(crate) canary_key: u64,
    pub(crate) default_market: Market,
    pub(crate) feed_rule: Feeds,
    pub(crate) commissions: Arena<CommissionIx, Commission>,
    pub(crate) commission_index: Table<CommissionId, CommissionIx>,
    pub(crate) orders: Arena<OrderIx, OrderBook>,
    pub(crate) order_index: Table<OrderKey, OrderIx>,
    pub(crate) totals: Totals,
    pub(crate) creators: Creators,
    pub(crate) groups: Groups,
    pub(crate) wide: Arena<WideIx, WideHold>,
    pub(crate) backlog: VecDeque<Batch>,
    /// How many members were touched at the last position that touched any.
    pub(crate) worked: (Option<Position>, usize),
    pub(crate) hold_index: Table<HoldId, HoldPlace>,
    pub(crate) timers: Timers,
    pub(crate) feeds: FeedMarks,
    pub(crate) payable: Payable,
    pub(crate) runs: Runs,
    pub(crate) invalid_clicks: InvalidClicks,
    pub(crate) failures: FailureCounts,
    /// How many verdicts there are about what has no commission.
    pub(crate) notices: BTreeMap<Subject, u64>,
    pub(crate) counters: Counters,
    /// How many commissions are open.
    pub(crate) open: usize,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(genesis: &Genesis, terms: RulesetTerms) -> Ledger {
        Ledger {
            terms,
            canary_key: genesis.canary_key,
            default_market: genesis.default_market.clone(),
            feed_rule: genesis.feeds,
            commissions: Arena::default(),
            commission_index: Table::default(),
            orders: Arena::default(),
            order_index: Table::default(),
            totals: Totals::default(),
            creators: Creators::default(),
            groups: Groups::default(),
            wide: Arena::default(),
            backlog: VecDeque::new(),
            worked: (None, 0),
            hold_index: Table::default(),
            timers: Timers::default(),
            feeds: FeedMarks::default(),
            payable: Payable::default(),
            runs: Runs::default(),
            invalid_clicks: InvalidClicks::new(click_retention(genesis.dedup_horizon)),
            failures: FailureCounts::new(),
            notices: BTreeMap::new(),
            counters: Counters::default(),
            open: 0,
        }
    }

    /// Another ruleset is in force from the next record on. The same one again changes nothing; another one
    /// forgives the failures of its predecessor's rules. `grouped` are the orders that its features have counted so
    /// far, in the order in which they came; a feature that was held by before knows its own.
    pub fn set_ruleset(&mut self, terms: RulesetTerms, grouped: &[GroupedOrder]) {
        if terms.ruleset == self.terms.ruleset {
            self.terms = terms;
            return;
        }
        self.regroup(&terms.features, grouped);
        self.failures.clear();
        self.terms = terms;
        self.reset_lapses();
        self.wake_awaiting();
    }

    /// Settles one admitted record. `judged` is what JUDGE said of it, `None` where rules do not run.
    pub fn apply(&mut self, admitted: &Admitted, judged: Option<&Judged>, out: &mut Vec<Verdict>) {
        let (position, clock, occurred_at) = (admitted.position, admitted.clock, admitted.occurred_at);
        let mut stage = Stage::new(Moment { position, clock, occurred_at });
        if !self.backlog.is_empty() {
            self.work_backlog(&mut stage);
            self.publish(&mut stage, out);
        }
        self.settle(admitted, judged, &mut stage, out);
        self.publish(&mut stage, out);
    }

    fn settle(
        &mut self,
        admitted: &Admitted,
        judged: Option<&Judged>,
        stage: &mut Stage,
        out: &mut Vec<Verdict>,
    ) {
        let occasion = match &admitted.what {
            What::Click(click) => Some(Occasion::Click(click)),
            What::Order(order) => {
                let ix = self.settle_order(order, Cause::Attributed, stage);
                self.settle_orphan_refund(order, ix, stage);
                self.join_groups(ix, judged.map_or(&[], |judged| &judged.memberships), stage);
                Some(Occasion::Order(ix))
            }
            What::Amendment(order) => Some(Occasion::Order(self.settle_order(order, Cause::Amended, stage))),
            What::Refund(refund) => Some(Occasion::Refund(self.settle_refund(refund, stage))),
            What::Planned(order) => {
                self.settle_order(order, Cause::Planned, stage);
                None
            }
            What::Status(change) => {
                self.settle_status(change, stage);
                None
            }
            What::Review(review) => {
                self.settle_review(admitted, review, stage);
                None
            }
            What::PayoutRun(run) => {
                self.settle_run(admitted, run, stage, out);
                None
            }
            What::Obligation(obligation) => {
                self.settle_obligation(admitted, obligation, stage);
                None
            }
            What::FeedMark(mark) => {
                self.settle_feed_mark(mark);
                None
            }
            What::Creator(_) | What::Plan(_) => None,
        };
        if let (Some(occasion), Some(judged)) = (occasion, judged) {
            self.act(&occasion, judged, stage);
        }
    }

    /// A refund of the order was given up before it came: a person must look.
    fn settle_orphan_refund(&mut self, record: &OrderRecord, order: OrderIx, stage: &mut Stage) {
        if !record.orphan_refund {
            return;
        }
        let cause = Cause::OrphanRefund;
        let ask = Ask { rule: cause.rule(), until: None, wide: None, by: By::Own };
        let mut held = false;
        for ix in self.orders[order].commissions.clone() {
            held |= self.place_hold(ix, &ask, &cause.bare(), stage) == Placed::Changed;
        }
        if !held {
            self.flag_order(order, vec![cause.bare()], stage);
        }
    }

    pub(crate) fn add_commission(&mut self, commission: Commission) -> CommissionIx {
        let id = commission.id;
        let program = self.totals.book(commission.book).program.clone();
        let creator = match &commission.beneficiary {
            Beneficiary::Creator(creator) => Some(creator.clone()),
            Beneficiary::Agency(_) => None,
        };
        let ix = self.commissions.push(commission);
        self.commission_index.insert(id, ix);
        if let Some(creator) = creator {
            self.creators.add(&program, &creator, ix);
        }
        ix
    }

    pub(crate) fn count_open(&mut self, ix: CommissionIx) {
        let open = self.commissions[ix].is_open();
        let before = std::mem::replace(&mut self.commissions[ix].counted_open, open);
        self.open = self.open + usize::from(open) - usize::from(before);
    }

    /// A canary is decided for each creator whose money is touched; holds outlive their rule.
    pub(crate) fn may_touch(&self, ix: CommissionIx, rule: &RuleId) -> bool {
        use model::policy::Mode;
        match self.rule(rule).map(|policy| policy.mode) {
            Some(Mode::Canary(_)) => {
                let creator = self.commissions[ix].creator.as_ref();
                creator.is_some_and(|creator| self.acts(rule, Some(creator), Position(0)))
            }
            Some(Mode::Live | Mode::Draft | Mode::Shadow | Mode::Retired) | None => true,
        }
    }

    /// A commission by its id.
    pub fn commission(&self, id: &CommissionId) -> Option<&Commission> {
        self.commission_index.get(id).map(|ix| &self.commissions[*ix])
    }

    /// All commissions, by creation.
    pub fn commissions(&self) -> impl Iterator<Item = &Commission> {
        self.commissions.iter()
    }

    /// The commissions of one order, by creation.
    pub fn order_commissions(&self, key: &OrderKey) -> impl Iterator<Item = &Commission> {
        let order = self.order_index.get(key).map(|ix| &self.orders[*ix]);
        order.into_iter().flat_map(|order| &order.commissions).map(|ix| &self.commissions[*ix])
    }

    /// The order of a commission, as it was judged last.
    pub fn order_record(&self, commission: &Commission) -> Option<&Arc<OrderRecord>> {
        commission.order().map(|order| &self.orders[order].record)
    }

    /// Whether a refund of a commission's order was requested and not answered: until then it is not released.
    pub fn awaits_refund(&self, commission: &Commission) -> bool {
        commission.order().is_some_and(|order| self.orders[order].refund_is_requested())
    }

    /// How many commissions have money that is pending, held or released.
    pub fn open_commissions(&self) -> usize {
        self.open
    }

    /// Whether a group or creator hold at one of the next `records` could have more members than one position
    /// may touch, so that it would be due for completion in the very next sweep.
    pub fn may_overflow(&self, records: usize) -> bool {
        let largest = self.groups.largest.max(self.creators.largest);
        // An order has at most two components for one creator; every rule may fire at one position, and the holds
        // share what one position may touch.
        let members = largest.saturating_add(records.saturating_mul(2));
        members.saturating_mul(self.terms.policy.rules.len().max(1)) > GROUP_MEMBERS_PER_POSITION
    }

    /// The shortest time after which a hold that this ruleset's policy sets lapses or must be escalated. Rules
    /// may name shorter ones themselves.
    pub fn shortest_hold(&self) -> Option<Span> {
        let policy = &self.terms.policy;
        let longest =
            policy.markets.values().chain([&policy.default_market]).map(|market| market.longest_hold);
        let defaults = policy.rules.values().filter_map(|rule| rule.default_hold);
        longest.chain(defaults).chain(policy.score_hold).min()
    }

    /// Every account, by program, market and currency.
    pub fn totals(&self) -> BTreeMap<(ProgramId, Market, Currency), BTreeMap<Account, Minor>> {
        self.totals.to_map()
    }

    /// Which of [`Ledger::totals`] a commission's money is part of.
    pub fn totals_key(&self, commission: &Commission) -> (ProgramId, Market, Currency) {
        let book = self.totals.book(commission.book);
        (book.program.clone(), book.market.clone(), book.currency)
    }

    /// How often each rule failed under the ruleset in force.
    pub fn rule_failures(&self) -> impl Iterator<Item = (&RuleId, u64)> {
        self.failures.iter().map(|(rule, failures)| (rule, failures.count))
    }

    /// The rules that have failed too often under the ruleset in force, with the position after which each is
    /// ignored.
    pub fn ignored_rules(&self) -> impl Iterator<Item = (&RuleId, Position)> {
        self.failures.iter().filter_map(|(rule, failures)| Some((rule, failures.exhausted_at?)))
    }

    /// Things worth counting that make no verdict of their own.
    pub fn counters(&self) -> Counters {
        self.counters
    }
}
