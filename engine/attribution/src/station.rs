//! The station: its state and the way in.

use model::admitted::{Admitted, OrderRecord, click_retention};
use model::event::{Beneficiary, Component, Obligation};
use model::log::{Control, Genesis, RecordBody};
use model::policy::Policy;
use model::{Currency, EventId, EventTime, ObligationId, OrderId, OrderKey, Record, Span};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::admission::Admission;
use crate::clicks::Clicks;
use crate::contexts::Contexts;
use crate::creators::Creators;
use crate::matched::Matched;
use crate::orders::Orders;
use crate::parking::Parking;
use crate::plans::Plans;
use crate::refunds::Refunds;
use crate::table::{Scoped, Table};
use crate::unplanned::Unplanned;

/// Station 1. A function of the records applied and the policy in force at each.
///
/// For each record the caller asks of each grid point at which something is due whether the record
/// [`reaches`](Attribution::reaches) it, sweeps those that it does (calling [`expire`](Attribution::expire) for
/// each), and then calls [`apply`](Attribution::apply).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attribution {
    pub(crate) policy: Arc<Policy>,
    pub(crate) allowed_skew: Span,
    pub(crate) dedup_horizon: Span,
    pub(crate) park_for: Span,
    pub(crate) clock: Option<EventTime>,
    pub(crate) matched: Matched,
    pub(crate) contexts: Contexts,
    /// The content of every event that is known by its `event_id`.
    pub(crate) event_ids: Table<EventId, u128>,
    /// The currency that each obligation is in.
    pub(crate) obligations: Table<Scoped<ObligationOf>, Currency>,
    pub(crate) clicks: Clicks,
    pub(crate) plans: Plans,
    pub(crate) creators: Creators,
    pub(crate) orders: Orders,
    pub(crate) unplanned: Unplanned,
    pub(crate) refunds: Refunds,
    pub(crate) parking: Parking,
    /// Orders that had not come when a refund of theirs was given up.
    pub(crate) orphans: Table<Scoped<OrderId>, ()>,
}

impl Attribution {
    /// The station before the first record.
    pub fn new(genesis: &Genesis, policy: Arc<Policy>) -> Attribution {
        Attribution {
            policy,
            allowed_skew: genesis.allowed_skew,
            dedup_horizon: genesis.dedup_horizon,
            park_for: genesis.park_for,
            clock: None,
            matched: Matched::default(),
            contexts: Contexts::new(genesis),
            event_ids: Table::default(),
            obligations: Table::default(),
            clicks: Clicks::default(),
            plans: Plans::default(),
            creators: Creators::default(),
            orders: Orders::default(),
            unplanned: Unplanned::default(),
            refunds: Refunds::default(),
            parking: Parking::default(),
            orphans: Table::default(),
        }
    }

    /// Another policy applies from the next record on. It is part of the state, so a resumed station has it.
    pub fn set_policy(&mut self, policy: Arc<Policy>) {
        self.policy = policy;
    }

    /// The log clock: the highest accepted event time or tick so far.
    pub fn clock(&self) -> Option<EventTime> {
        self.clock
    }

    /// How far earlier purchases cover the refunds that name no order.
    pub fn matched(&self) -> Matched {
        self.matched
    }

    /// An order as it was judged last.
    pub fn order(&self, key: &OrderKey) -> Option<&Arc<OrderRecord>> {
        let program = self.contexts.number(&key.program);
        self.orders.get(program, &key.order).map(|entry| &entry.record)
    }

    /// Whether this record would take the log clock to `point`, or past it. Changes nothing; what it says still
    /// holds after the sweeps up to that point. Costs next to nothing for a record that happened before it.
    pub fn reaches(&self, record: &Record, point: EventTime) -> bool {
        time_of(record).is_some_and(|time| time >= point) && self.advances_to(record).is_some()
    }

    /// To which time this record would take the log clock, if it would be accepted and is later. Hashes the whole
    /// event unless it is too early to move the clock.
    pub(crate) fn advances_to(&self, record: &Record) -> Option<EventTime> {
        let time = time_of(record).filter(|time| self.clock.is_none_or(|clock| *time > clock))?;
        let is_accepted = match &record.body {
            RecordBody::Event(event) => self.examine(record, event).is_ok(),
            RecordBody::Control(_) => true,
            RecordBody::Undecodable(_) => false,
        };
        is_accepted.then_some(time)
    }

    /// Admits one record, and pushes everything that takes effect at its position: nothing, it alone, or with it
    /// what had waited for it.
    pub fn apply(&mut self, record: &Record, out: &mut Vec<Admitted>) -> Admission {
        match &record.body {
            RecordBody::Event(event) => match self.examine(record, event) {
                Ok(content) => self.accept(record, event, content, out),
                Err(admission) => admission,
            },
            RecordBody::Undecodable(refusal) => Admission::Refused(refusal.clone()),
            RecordBody::Control(control) => self.control(control),
        }
    }

    fn control(&mut self, control: &Control) -> Admission {
        match control {
            Control::Tick(time) => drop(self.advance(*time)),
            Control::Genesis(_) | Control::Ruleset(_) | Control::Upgrade(_) => {}
        }
        Admission::Control
    }

    /// Moves the clock, never back, and forgets what is too old then. Returns the clock.
    pub(crate) fn advance(&mut self, time: EventTime) -> EventTime {
        let clock = self.clock.map_or(time, |clock| clock.max(time));
        if self.clock != Some(clock) {
            self.clock = Some(clock);
            self.clicks.forget(self.forgotten_before(clock));
        }
        clock
    }

    /// Clicks before this are forgotten.
    pub(crate) fn forgotten_before(&self, clock: EventTime) -> EventTime {
        clock.minus(click_retention(self.dedup_horizon))
    }
}

/// An obligation to somebody for something: amended, it stays what it is.
pub(crate) type ObligationOf = (ObligationId, Beneficiary, Component);

pub(crate) fn obligation_key(obligation: &Obligation) -> ObligationOf {
    (obligation.obligation_id.clone(), obligation.beneficiary.clone(), obligation.component)
}

/// The time that a record states, if it is one that may move the clock.
fn time_of(record: &Record) -> Option<EventTime> {
    match &record.body {
        RecordBody::Event(event) => Some(event.occurred_at),
        RecordBody::Control(Control::Tick(time)) => Some(*time),
        RecordBody::Control(Control::Genesis(_) | Control::Ruleset(_) | Control::Upgrade(_))
        | RecordBody::Undecodable(_) => None,
    }
}
