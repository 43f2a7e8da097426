//! What `explain` is told: everything that the stations saw of one order or commission, and what set off every
//! decision about it. Explaining is deciding the same log again and looking on.

use model::admitted::{Admitted, MaturityRecord, What};
use model::feature::Measures;
use model::verdict::CommissionId;
use model::{EventTime, OrderKey, Position, Verdict};
use ruleset::RuleTrace;
use std::sync::Arc;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Watch {
    /// An order and all its commissions.
    Order(OrderKey),
    /// One commission: of an obligation, say, which no order brought.
    Commission(CommissionId),
}

impl Watch {
    /// Whether a verdict is about it.
    pub fn concerns(&self, verdict: &Verdict) -> bool {
        match self {
            Watch::Order(key) => {
                verdict.order_id.as_ref() == Some(&key.order) && verdict.program_id == key.program
            }
            Watch::Commission(id) => verdict.commission_id == Some(*id),
        }
    }

    pub(crate) fn is(&self, key: &OrderKey) -> bool {
        match self {
            Watch::Order(watched) => watched == key,
            Watch::Commission(_) => false,
        }
    }

    /// Whether a record is the watched order's or commission's own.
    pub fn sees(&self, admitted: &Admitted) -> bool {
        match &admitted.what {
            What::Order(order) | What::Amendment(order) | What::Planned(order) => self.is(&order.key),
            What::Status(change) => self.is(&change.order.key),
            What::Refund(refund) => self.is(&refund.order.key),
            What::Obligation(owed) => {
                let (program, name) = (admitted.context.program.as_str(), owed.obligation_id.as_str());
                let id = CommissionId::named(program, name, &owed.beneficiary, owed.component);
                *self == Watch::Commission(id)
            }
            What::Click(_)
            | What::Creator(_)
            | What::Plan(_)
            | What::Review(_)
            | What::PayoutRun(_)
            | What::FeedMark(_) => false,
        }
    }
}

/// One look: at a record of what is watched, or at one that led to a decision about it.
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
