//! What `explain` is told: everything that the stations saw of one order. Explaining is deciding the same log
//! again and looking on.

use model::admitted::{Admitted, MaturityRecord, What};
use model::feature::Measures;
use model::{EventTime, OrderKey, Position};
use ruleset::RuleTrace;
use std::sync::Arc;

/// Which order to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    order: OrderKey,
}

impl Watch {
    /// Watches this order.
    pub fn order(order: OrderKey) -> Watch {
        Watch { order }
    }

    pub(crate) fn is(&self, key: &OrderKey) -> bool {
        self.order == *key
    }

    pub(crate) fn sees(&self, admitted: &Admitted) -> bool {
        match &admitted.what {
            What::Order(order) | What::Amendment(order) | What::Planned(order) => self.is(&order.key),
            What::Status(change) => self.is(&change.order.key),
            What::Refund(refund) => self.is(&refund.order.key),
            What::Click(_)
            | What::Creator(_)
            | What::Plan(_)
            | What::Review(_)
            | What::PayoutRun(_)
            | What::Obligation(_)
            | What::FeedMark(_) => false,
        }
    }
}

/// One look at the watched order.
#[derive(Debug, Clone)]
pub struct Trace {
    /// Where in the log.
    pub position: Position,
    /// The log clock then.
    pub clock: EventTime,
    /// What was looked at.
    pub record: TracedRecord,
    /// What the windows said; `None` where rules do not run.
    pub measures: Option<Measures>,
    /// What every rule made of it.
    pub rules: Vec<RuleTrace>,
}

/// What was looked at.
#[derive(Debug, Clone)]
pub enum TracedRecord {
    /// A record of the log.
    Admitted(Box<Admitted>),
    /// A commission about to be released, in a sweep.
    Maturity(Arc<MaturityRecord>),
}

impl Trace {
    pub(crate) fn seen(admitted: &Admitted) -> Trace {
        Trace {
            position: admitted.position,
            clock: admitted.clock,
            record: TracedRecord::Admitted(Box::new(admitted.clone())),
            measures: None,
            rules: Vec::new(),
        }
    }

    pub(crate) fn judged(admitted: &Admitted, measures: Measures, rules: Vec<RuleTrace>) -> Trace {
        Trace { measures: Some(measures), rules, ..Trace::seen(admitted) }
    }

    pub(crate) fn matured(
        position: Position,
        maturity: &MaturityRecord,
        measures: Measures,
        rules: Vec<RuleTrace>,
    ) -> Trace {
        Trace {
            position,
            clock: maturity.at,
            record: TracedRecord::Maturity(Arc::new(maturity.clone())),
            measures: Some(measures),
            rules,
        }
    }
}
