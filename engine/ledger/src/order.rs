//! What the ledger knows of an order: its latest revision, where its lines stand, what was refunded.

use model::admitted::{OrderRecord, StatusChange};
use model::event::{SettlementFrom, Status};
use model::{EventTime, LineId, Minor, Position};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::arena::CommissionIx;
use crate::refunds::RefundBook;

/// An order and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrderBook {
    /// The latest revision.
    pub(crate) record: Arc<OrderRecord>,
    /// When the first revision happened: what a settlement delay counts from, and what windows count by.
    pub(crate) placed_at: EventTime,
    /// Its commissions, by creation.
    pub(crate) commissions: Vec<CommissionIx>,
    /// Most orders are never touched again: what happens to the others is kept apart.
    history: Option<Box<History>>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct History {
    whole: Standing,
    lines: Vec<(LineId, Standing)>,
    refunds: Vec<RefundBook>,
    /// Clicks of its candidates that were invalid when it came.
    invalid: Vec<Position>,
}

/// Where an order or one of its lines stands.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Standing {
    /// The greatest (occurred_at, position), with its status.
    current: Option<(EventTime, Position, Status)>,
    delivered_at: Option<EventTime>,
    completed_at: Option<EventTime>,
}

impl Standing {
    fn note(&mut self, at: EventTime, position: Position, status: Status) {
        self.current = self.current.max(Some((at, position, status)));
        match status {
            Status::Delivered => self.delivered_at = self.delivered_at.max(Some(at)),
            Status::Completed => self.completed_at = self.completed_at.max(Some(at)),
            Status::Unpaid
            | Status::Paid
            | Status::Shipped
            | Status::Cancelled
            | Status::Failed
            | Status::Refused
            | Status::Returned
            | Status::Lost => {}
        }
    }

    /// A line stands where the later of its own statuses and the whole order's put it.
    fn with(self, whole: Standing) -> Standing {
        Standing {
            current: self.current.max(whole.current),
            delivered_at: self.delivered_at.max(whole.delivered_at),
            completed_at: self.completed_at.max(whole.completed_at),
        }
    }
}

impl OrderBook {
    pub(crate) fn new(record: Arc<OrderRecord>) -> OrderBook {
        OrderBook { placed_at: record.occurred_at, record, commissions: Vec::new(), history: None }
    }

    pub(crate) fn note_status(&mut self, change: &StatusChange, at: EventTime, position: Position) {
        let history = self.history.get_or_insert_default();
        if change.lines.is_empty() {
            return history.whole.note(at, position, change.status);
        }
        for line in &change.lines {
            match history.lines.iter_mut().find(|(id, _)| id == line) {
                Some((_, standing)) => standing.note(at, position, change.status),
                None => {
                    let mut standing = Standing::default();
                    standing.note(at, position, change.status);
                    history.lines.push((line.clone(), standing));
                }
            }
        }
    }

    fn standing(&self, line: &LineId) -> Standing {
        let Some(history) = &self.history else { return Standing::default() };
        let own = history.lines.iter().find(|(id, _)| id == line).map(|(_, standing)| *standing);
        own.unwrap_or_default().with(history.whole)
    }

    /// The current status of a line.
    pub(crate) fn status(&self, line: &LineId) -> Option<Status> {
        self.standing(line).current.map(|(_, _, status)| status)
    }

    /// What a line's settlement delay counts from, if that has happened.
    pub(crate) fn settles_from(&self, line: &LineId, from: SettlementFrom) -> Option<EventTime> {
        match from {
            SettlementFrom::Order => Some(self.placed_at),
            SettlementFrom::Delivered => self.standing(line).delivered_at,
            SettlementFrom::Completed => self.standing(line).completed_at,
        }
    }

    /// What was refunded of a line so far, at most what was paid for it.
    pub(crate) fn refunded(&self, line: &LineId, paid: Minor) -> Minor {
        self.refunds().iter().map(|refund| refund.of_line(line)).sum::<Minor>().min(paid)
    }

    pub(crate) fn refunds(&self) -> &[RefundBook] {
        self.history.as_ref().map_or(&[], |history| history.refunds.as_slice())
    }

    pub(crate) fn refunds_mut(&mut self) -> &mut Vec<RefundBook> {
        &mut self.history.get_or_insert_default().refunds
    }

    pub(crate) fn note_invalid(&mut self, click: Position) {
        if !self.is_invalid(click) {
            self.history.get_or_insert_default().invalid.push(click);
        }
    }

    /// Whether a click was invalid when the order came.
    pub(crate) fn is_invalid(&self, click: Position) -> bool {
        self.history.as_ref().is_some_and(|history| history.invalid.contains(&click))
    }

    /// A refund was asked for and not yet answered: nothing matures.
    pub(crate) fn refund_is_requested(&self) -> bool {
        self.refunds().iter().any(RefundBook::is_only_requested)
    }
}
