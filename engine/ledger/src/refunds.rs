//! Refunds: what each has taken from which line, so that undoing it undoes exactly it.

use model::admitted::RefundRecord;
use model::commission::spread;
use model::event::RefundState;
use model::hit::EvidenceValue;
use model::{EventTime, LineId, Minor, Position, RefundId};
use serde::{Deserialize, Serialize};

use crate::arena::OrderIx;
use crate::ledger::Ledger;
use crate::order::OrderBook;
use crate::reasons::Cause;
use crate::verdicts::Stage;

/// A refund as the ledger remembers it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RefundBook {
    part: RefundId,
    requested: bool,
    /// The latest answer, by (occurred_at, position).
    answer: Option<(EventTime, Position, RefundState)>,
    /// What stands of it, by line.
    posted: Vec<(LineId, Minor)>,
}

impl RefundBook {
    pub(crate) fn of_line(&self, line: &LineId) -> Minor {
        self.posted.iter().filter(|(id, _)| id == line).map(|(_, amount)| *amount).sum()
    }

    pub(crate) fn is_only_requested(&self) -> bool {
        self.requested && self.answer.is_none()
    }
}

impl Ledger {
    /// Remembers the refund and resettles its order.
    pub(crate) fn settle_refund(&mut self, refund: &RefundRecord, stage: &mut Stage) -> OrderIx {
        let order = self.order_of(&refund.order);
        let beyond = note(&mut self.orders[order], refund);
        let evidence = [
            ("refund", EvidenceValue::Id(model::Text::new(refund.part.as_str()))),
            ("state", EvidenceValue::Id(model::Text::new(refund.refund.state.name()))),
            ("amount", EvidenceValue::Int(refund.refund.amount.0)),
        ];
        self.resettle_order(order, &Cause::Refund.because(evidence), stage);
        if !beyond.is_zero() {
            self.counters.over_refunds += 1;
            let reason = Cause::OverRefund.because([("beyond", EvidenceValue::Int(beyond.0))]);
            self.flag_order(order, vec![reason], stage);
        }
        order
    }
}

/// Remembers one state of a refund; returns how much it goes beyond what was left of the order.
fn note(order: &mut OrderBook, refund: &RefundRecord) -> Minor {
    let found = order.refunds().iter().position(|book| book.part == refund.part);
    let mut book = match found {
        Some(place) => order.refunds_mut().remove(place),
        None => RefundBook { part: refund.part.clone(), requested: false, answer: None, posted: Vec::new() },
    };
    let beyond = match refund.refund.state {
        RefundState::Requested => {
            book.requested = true;
            Minor::ZERO
        }
        RefundState::Approved | RefundState::Completed | RefundState::Rejected | RefundState::Reversed => {
            answer(order, &mut book, refund)
        }
    };
    let place = found.unwrap_or(order.refunds().len());
    order.refunds_mut().insert(place, book);
    beyond
}

/// `order` is without the refund itself: what remains is what all others leave.
fn answer(order: &OrderBook, book: &mut RefundBook, refund: &RefundRecord) -> Minor {
    let answer = Some((refund.occurred_at, refund.position, refund.refund.state));
    if answer <= book.answer {
        return Minor::ZERO;
    }
    book.answer = answer;
    book.posted = match refund.refund.state {
        RefundState::Approved | RefundState::Completed => allot(order, refund),
        RefundState::Requested | RefundState::Rejected | RefundState::Reversed => Vec::new(),
    };
    if book.posted.is_empty() { Minor::ZERO } else { beyond(order, book, refund.refund.amount) }
}

/// By line as it says, or spread over what remains.
fn allot(order: &OrderBook, refund: &RefundRecord) -> Vec<(LineId, Minor)> {
    if !refund.refund.lines.is_empty() {
        return refund.refund.lines.iter().map(|line| (line.line_id.clone(), line.amount)).collect();
    }
    let lines = &order.record.order.lines;
    let left = |line: &model::event::Line| line.paid.minus(order.refunded(&line.line_id, line.paid));
    let remaining: Vec<Minor> = lines.iter().map(left).collect();
    let shares = spread(refund.refund.amount, &remaining);
    lines.iter().zip(shares).map(|(line, share)| (line.line_id.clone(), share)).collect()
}

/// What of `amount` finds nothing left to take.
fn beyond(order: &OrderBook, book: &RefundBook, amount: Minor) -> Minor {
    let lines = &order.record.order.lines;
    let fits = lines.iter().map(|line| {
        let left = line.paid.minus(order.refunded(&line.line_id, line.paid));
        book.of_line(&line.line_id).min(left)
    });
    amount.minus(fits.sum()).max(Minor::ZERO)
}
