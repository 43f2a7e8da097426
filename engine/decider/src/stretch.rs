//! Where a chunk must be cut.
//!
//! Passing many records through one station after another is only allowed while no sweep falls between them. A
//! sweep falls at the first grid point of the log clock at which something is due: a timer that is known when the
//! stretch begins, or one that a record of the stretch sets. The second is not known before SETTLE has run, so
//! the horizon takes the earliest that it could be: an order matures no sooner than its own time plus the
//! shortest delay of its terms, a hold lasts no shorter than the shortest that any rule may set, and everything
//! that may free money at once (a review, a rejected refund, a plan, a feed mark) may be due at the next point.
//!
//! A ruleset that takes effect begins a stretch too.

use model::admitted::{Admitted, What};
use model::log::{Control, RecordBody};
use model::{EventTime, Record, Span};

use crate::decider::Decider;

/// Whether a stretch must begin at this record, whatever is due: from a ruleset on, another one applies.
pub(crate) fn begins(record: &Record) -> bool {
    matches!(record.body, RecordBody::Control(Control::Ruleset(_)))
}

/// The grid point at which the next sweep could fall.
pub(crate) struct Horizon {
    grid: Span,
    /// The shortest time until a hold lapses or is escalated.
    shortest_hold: Option<Span>,
    /// Whether a group or creator hold may have to be finished in the next sweep.
    may_overflow: bool,
    at: Option<EventTime>,
}

impl Horizon {
    pub(crate) fn new(decider: &Decider, records: usize) -> Horizon {
        let holds = [decider.ruleset.shortest_span(), decider.ledger.shortest_hold()];
        Horizon {
            grid: decider.genesis.sweep_grid,
            shortest_hold: holds.into_iter().flatten().min(),
            may_overflow: decider.ledger.may_overflow(records),
            at: decider.next_sweep(),
        }
    }

    /// The grid point at which the next sweep could fall.
    pub(crate) fn point(&self) -> Option<EventTime> {
        self.at
    }

    /// Takes into account a record that has just begun to wait, or proved wrong after waiting.
    pub(crate) fn narrow_to_expiry(&mut self, expiry: Option<EventTime>, clock: Option<EventTime>) {
        let next = clock.map(|clock| clock.plus(Span::from_ms(1)));
        if let Some(expiry) = expiry.max(next).filter(|_| expiry.is_some()) {
            self.narrow_to(expiry);
        }
    }

    fn narrow_to(&mut self, time: EventTime) {
        let point = time.grid_ceiling(self.grid);
        self.at = Some(self.at.map_or(point, |at| at.min(point)));
    }

    /// Takes into account what this record could set off.
    pub(crate) fn narrow(&mut self, admitted: &Admitted) {
        let next = admitted.clock.plus(Span::from_ms(1));
        let hold = self.shortest_hold.map(|span| admitted.clock.plus(span));
        let due = match &admitted.what {
            What::Click(_) | What::Order(_) if self.may_overflow => Some(next),
            What::Click(_) | What::Creator(_) => None,
            What::Order(order) => {
                let delays = order.candidates.iter().flatten().map(|c| c.terms.settlement_delay);
                delays.min().map(|delay| order.occurred_at.plus(delay))
            }
            What::Amendment(_)
            | What::Planned(_)
            | What::Status(_)
            | What::Refund(_)
            | What::Plan(_)
            | What::Review(_)
            | What::PayoutRun(_)
            | What::Obligation(_)
            | What::FeedMark(_) => Some(next),
        };
        for time in [due, hold].into_iter().flatten() {
            self.narrow_to(time.max(next));
        }
    }
}
