//! Rows: what the stations made of a record, kept so that another ruleset can be measured over the past and an old
//! judgement be explained, without deciding the log again.

use model::admitted::{Admitted, MaturityRecord, What};
use model::feature::Measures;
use model::{EventTime, OrderKey, Position};
use serde::{Deserialize, Serialize};

/// What was measured, in log order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Row {
    /// Where in the log.
    pub position: Position,
    /// The log clock then.
    pub clock: EventTime,
    /// What was looked at.
    pub what: RowOf,
    /// What the windows said; `None` where rules do not run.
    pub measures: Option<Measures>,
}

/// What was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum RowOf {
    /// A click, an order, or something about an order.
    Record(Box<Admitted>),
    /// A commission about to be released, in a sweep.
    Maturity(Box<MaturityRecord>),
}

impl Row {
    /// The row of a record; `None` for one that is neither measured nor about an order.
    pub(crate) fn of(admitted: &Admitted, measures: Option<&Measures>) -> Option<Row> {
        match &admitted.what {
            What::Click(_)
            | What::Order(_)
            | What::Amendment(_)
            | What::Planned(_)
            | What::Status(_)
            | What::Refund(_) => Some(Row {
                position: admitted.position,
                clock: admitted.clock,
                what: RowOf::Record(Box::new(admitted.clone())),
                measures: measures.cloned(),
            }),
            What::Creator(_)
            | What::Plan(_)
            | What::Review(_)
            | What::PayoutRun(_)
            | What::Obligation(_)
            | What::FeedMark(_) => None,
        }
    }

    pub(crate) fn of_maturity(position: Position, maturity: &MaturityRecord, measures: &Measures) -> Row {
        Row {
            position,
            clock: maturity.at,
            what: RowOf::Maturity(Box::new(maturity.clone())),
            measures: Some(measures.clone()),
        }
    }

    /// The order that it is about; clicks are about none.
    pub fn order(&self) -> Option<&OrderKey> {
        match &self.what {
            RowOf::Maturity(maturity) => Some(&maturity.order.key),
            RowOf::Record(admitted) => match &admitted.what {
                What::Order(order) | What::Amendment(order) | What::Planned(order) => Some(&order.key),
                What::Status(change) => Some(&change.order.key),
                What::Refund(refund) => Some(&refund.order.key),
                What::Click(_)
                | What::Creator(_)
                | What::Plan(_)
                | What::Review(_)
                | What::PayoutRun(_)
                | What::Obligation(_)
                | What::FeedMark(_) => None,
            },
        }
    }
}
