//! What an accepted record does.

use bytes::Bytes;
use model::Record;
use model::admitted::{Admitted, ClickRecord, OrderRecord, StatusChange, What};
use model::event::{Body, Click, Creator, Event, Obligation, Order, OrderStatus};
use std::sync::Arc;

use crate::admission::Admission;
use crate::arrival::{Arrival, Moment};
use crate::credit;
use crate::parking::{Parked, Ticket, Waiting};
use crate::station::{Attribution, obligation_key};
use crate::table::{In, Scoped};
use crate::touches::Scene;

impl Attribution {
    /// Applies or parks an event that was examined.
    pub(crate) fn accept(
        &mut self,
        record: &Record,
        event: &Event,
        content: u128,
        out: &mut Vec<Admitted>,
    ) -> Admission {
        let (program, context) = self.contexts.of(event);
        let event_id = event.event_id.clone();
        let arrival = Arrival { program, context, event_id, occurred_at: event.occurred_at };
        let moment = Moment { position: record.position, clock: self.advance(event.occurred_at) };
        self.remember_event_id(event, content);
        let what = match &event.body {
            Body::Click(click) => self.click(&arrival, moment, click, content),
            Body::Creator(creator) => self.creator(&arrival, creator),
            Body::Order(order) => return self.order_came(&arrival, moment, order, content, out),
            Body::Plan(plan) => return self.plan_came(&arrival, moment, plan, out),
            Body::OrderStatus(status) => return self.status_came(record, arrival, moment, status, out),
            Body::Refund(refund) => return self.refund_came(record, arrival, moment, (refund, content), out),
            Body::Review(review) => What::Review(Arc::new((**review).clone())),
            Body::PayoutRun(run) => What::PayoutRun(Arc::new((**run).clone())),
            Body::Obligation(obligation) => self.obligation(&arrival, obligation),
            Body::FeedMark(mark) => What::FeedMark(Arc::new((**mark).clone())),
        };
        out.push(arrival.brings(moment, what));
        Admission::Applied
    }

    /// Clicks, orders and refunds are known by their own keys.
    fn remember_event_id(&mut self, event: &Event, content: u128) {
        match &event.body {
            Body::Click(_) | Body::Order(_) | Body::Refund(_) => {}
            Body::Plan(_)
            | Body::Creator(_)
            | Body::OrderStatus(_)
            | Body::Review(_)
            | Body::PayoutRun(_)
            | Body::Obligation(_)
            | Body::FeedMark(_) => drop(self.event_ids.insert(event.event_id.clone(), content)),
        }
    }

    fn click(&mut self, arrival: &Arrival, moment: Moment, click: &Click, content: u128) -> What {
        let creator = self.creators.get(arrival.program, &click.creator_id);
        let context = Arc::clone(&arrival.context);
        let record = Arc::new(ClickRecord {
            agency: creator.and_then(|creator| creator.agency_id.clone()),
            tier: creator.and_then(|creator| creator.tier.clone()),
            ..ClickRecord::new(moment.position, arrival.occurred_at, context, click.clone())
        });
        self.clicks.add(arrival.program, content, Arc::clone(&record));
        What::Click(record)
    }

    fn creator(&mut self, arrival: &Arrival, creator: &Creator) -> What {
        let creator = Arc::new(creator.clone());
        self.creators.add(arrival.program, arrival.occurred_at, &creator);
        What::Creator(creator)
    }

    fn obligation(&mut self, arrival: &Arrival, obligation: &Obligation) -> What {
        let key = Scoped::new(arrival.program, obligation_key(obligation));
        self.obligations.insert(key, obligation.currency);
        What::Obligation(Arc::new(obligation.clone()))
    }

    fn order_came(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        order: &Order,
        content: u128,
        out: &mut Vec<Admitted>,
    ) -> Admission {
        let is_first = self.orders.get(arrival.program, &order.order_id).is_none();
        let record = self.attribute(arrival, moment, order, content);
        let what = if is_first { What::Order } else { What::Amendment };
        out.push(arrival.brings(moment, what(Arc::clone(&record))));
        self.wake_for_order(arrival.program, &record.key.order, moment, out);
        Admission::Applied
    }

    /// Gives the credit for an order and stores it.
    fn attribute(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        order: &Order,
        content: u128,
    ) -> Arc<OrderRecord> {
        let program = arrival.program;
        let previous = self.orders.get(program, &order.order_id);
        let scene = Scene {
            program,
            policy: self.policy.program(&arrival.context.program),
            clicks: &self.clicks,
            plans: &self.plans,
            creators: &self.creators,
            order,
            // An amendment changes what was ordered, not when.
            at: previous.map_or(arrival.occurred_at, |entry| entry.record.occurred_at),
            known: previous.map_or(moment.position, |entry| entry.first),
            forgotten: self.forgotten_before(moment.clock),
            previous,
        };
        let is_orphan = self.orphans.get(&In(program, &order.order_id)).is_some();
        let record = Arc::new(credit::of_order(&scene, moment.position, &arrival.context, is_orphan));
        let standings = credit::standings(&scene, &record);
        let first = scene.known;
        if let Some(previous) = previous {
            self.unplanned.remove(program, first, &previous.record);
        }
        self.unplanned.add(program, first, &record);
        self.orders.revise(program, &record, content, standings);
        record
    }

    fn status_came(
        &mut self,
        record: &Record,
        arrival: Arrival,
        moment: Moment,
        status: &OrderStatus,
        out: &mut Vec<Admitted>,
    ) -> Admission {
        if self.orders.get(arrival.program, &status.order_id).is_some() {
            self.change_status(&arrival, moment, status, out);
            return Admission::Applied;
        }
        self.park(record, arrival, moment, Waiting::Status(Box::new(status.clone())));
        Admission::Parked
    }

    /// Applies a status to an order that is known.
    pub(crate) fn change_status(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        status: &OrderStatus,
        out: &mut Vec<Admitted>,
    ) {
        self.orders.reach(arrival.program, status, arrival.occurred_at);
        let order = self.orders.get(arrival.program, &status.order_id).expect("the order is known");
        let change = StatusChange {
            order: Arc::clone(&order.record),
            status: status.status,
            lines: status.line_ids.clone(),
            reason: status.reason.clone(),
        };
        out.push(arrival.brings(moment, What::Status(change)));
    }

    /// Lets a record wait.
    pub(crate) fn park(
        &mut self,
        record: &Record,
        arrival: Arrival,
        moment: Moment,
        waiting: Waiting,
    ) -> Ticket {
        let deadline = moment.clock.plus(self.park_for);
        // A copy: the record's bytes may be a slice of a large body, which it would keep in memory.
        let raw = Bytes::copy_from_slice(&record.raw);
        self.parking.park(Parked { position: record.position, raw, arrival, waiting, deadline })
    }
}
