//! A lane whose log is sent one event at a time, swept as the decider would sweep it.

use bytes::Bytes;
use model::admitted::{Admitted, OrderRecord, RefundRecord, What};
use model::log::{Control, Genesis, RecordBody};
use model::policy::{Policy, ProgramPolicy};
use model::refusal::{Code, DeadLetter};
use model::{Event, EventTime, Position, Record, Span};
use std::sync::Arc;

use super::events::*;
use crate::{Admission, Attribution};

pub(crate) struct Lane {
    pub(crate) station: Attribution,
    pub(crate) dead: Vec<DeadLetter>,
    position: u64,
    stamp: Option<EventTime>,
}

impl Lane {
    pub(crate) fn new() -> Lane {
        Lane::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut ProgramPolicy)) -> Lane {
        let mut policy = Policy::default();
        change(&mut policy.default_program);
        let station = Attribution::new(&Genesis::standard("rules".into()), Arc::new(policy));
        Lane { station, dead: Vec::new(), position: 0, stamp: None }
    }

    /// Sends an event, whatever becomes of it.
    pub(crate) fn try_send(&mut self, event: Event) -> (Admission, Vec<Admitted>) {
        self.put(RecordBody::Event(Box::new(event)))
    }

    /// Sends an event that must take effect.
    pub(crate) fn send(&mut self, event: Event) -> Vec<Admitted> {
        let (admission, out) = self.try_send(event);
        assert_eq!(admission, Admission::Applied);
        out
    }

    pub(crate) fn send_all(&mut self, events: impl IntoIterator<Item = Event>) {
        events.into_iter().for_each(|event| drop(self.send(event)));
    }

    /// Sends an order and returns what became of it.
    pub(crate) fn order(&mut self, event: Event) -> Arc<OrderRecord> {
        let out = self.send(event);
        let (What::Order(order) | What::Amendment(order)) = &out[0].what else { panic!("not an order") };
        Arc::clone(order)
    }

    /// Sends a refund and returns its parts.
    pub(crate) fn refunds(&mut self, event: Event) -> Vec<Arc<RefundRecord>> {
        parts(&self.send(event))
    }

    /// Sends an event that must be refused, and returns why and where.
    pub(crate) fn refused(&mut self, event: Event) -> (Code, String) {
        match self.try_send(event) {
            (Admission::Refused(refusal), out) if out.is_empty() => (refusal.code, refusal.pointer),
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) fn send_stamped(&mut self, event: Event, stamp: EventTime) -> Admission {
        self.stamp = Some(stamp);
        let (admission, _) = self.try_send(event);
        self.stamp = None;
        admission
    }

    pub(crate) fn tick(&mut self, minute: i64) {
        let (admission, out) = self.put(RecordBody::Control(Control::Tick(at(minute))));
        assert_eq!((admission, out.len()), (Admission::Control, 0));
    }

    pub(crate) fn put(&mut self, body: RecordBody) -> (Admission, Vec<Admitted>) {
        let position = Position(self.position);
        self.position += 1;
        let raw = Bytes::from(format!("record {position}"));
        let record = Record { position, stamp: self.stamp, raw, body };
        let promised = self.station.advances_to(&record);
        if let Some(clock) = promised {
            assert!(self.station.reaches(&record, clock));
            assert!(!self.station.reaches(&record, clock.plus(Span::from_ms(1))));
            self.sweep(clock, position);
        }
        let before = self.station.clock();
        let mut out = Vec::new();
        let admission = self.station.apply(&record, &mut out);
        assert_eq!(promised, self.station.clock().filter(|clock| Some(*clock) != before));
        (admission, out)
    }

    fn sweep(&mut self, clock: EventTime, position: Position) {
        let grid = Span::from_mins(1);
        while let Some(due) = self.station.next_expiry().filter(|due| due.grid_ceiling(grid) <= clock) {
            self.station.expire(due.grid_ceiling(grid), position, &mut self.dead);
        }
    }

    /// Code and pointer of every dead letter that was parked before.
    pub(crate) fn letters(&self) -> Vec<(Code, &str)> {
        self.dead.iter().map(|letter| (letter.refusal.code, letter.refusal.pointer.as_str())).collect()
    }
}

pub(crate) fn parts(out: &[Admitted]) -> Vec<Arc<RefundRecord>> {
    let part = |admitted: &Admitted| {
        let What::Refund(refund) = &admitted.what else { return None };
        Some(Arc::clone(refund))
    };
    out.iter().filter_map(part).collect()
}

/// What took effect, in short.
pub(crate) fn effects(out: &[Admitted]) -> Vec<String> {
    out.iter().map(|admitted| effect(&admitted.what)).collect()
}

fn effect(what: &What) -> String {
    match what {
        What::Click(click) => format!("click {}", click.click.click_id),
        What::Order(order) => format!("order {}", order.key.order),
        What::Amendment(order) => format!("amendment {}", order.key.order),
        What::Planned(order) => format!("planned {}", order.key.order),
        What::Status(change) => format!("status {} {}", change.order.key.order, change.status.name()),
        What::Refund(r) => {
            format!(
                "refund {} of {} {} {}",
                r.part,
                r.order.key.order,
                r.refund.state.name(),
                r.refund.amount.0
            )
        }
        What::Creator(creator) => format!("creator {}", creator.creator_id),
        What::Plan(plan) => format!("plan {plan}"),
        What::Review(review) => format!("review {}", review.review_id),
        What::PayoutRun(run) => format!("run {}", run.run_id),
        What::Obligation(obligation) => format!("obligation {}", obligation.obligation_id),
        What::FeedMark(mark) => format!("mark {}", mark.source),
    }
}
