//! What becomes of parked records: what they awaited comes, or they are given up.
//!
//! When an order comes, all that waits for it or for purchases like its lines takes effect right after it, at its
//! position, in the order in which it came. One that proves wrong then is a dead letter of the next sweep.

use model::admitted::Admitted;
use model::event::{Refund, RefundTarget};
use model::refusal::{Code, DeadLetter, Refusal};
use model::{EventTime, OrderId, Position, Span};
use std::collections::BTreeSet;

use crate::admission::{refund_fits, status_fits};
use crate::arrival::Moment;
use crate::parking::{Parked, Ticket, Waiting};
use crate::refund_effects::Wait;
use crate::refunds;
use crate::station::Attribution;
use crate::table::{Program, Scoped};

impl Attribution {
    /// The earliest time at which a parked record is given up. It may lie before the clock: the next sweep that
    /// comes gives up what is due.
    pub fn next_expiry(&self) -> Option<EventTime> {
        self.parking.next_deadline()
    }

    /// Gives up what is due at a sweep, by (deadline, arrival). Does not move the clock.
    pub fn expire(&mut self, at: EventTime, position: Position, dead: &mut Vec<DeadLetter>) {
        while let Some(parked) = self.parking.expired(at).and_then(|ticket| self.parking.take(ticket)) {
            let refusal = self.give_up(&parked);
            dead.push(DeadLetter {
                position: parked.position,
                refused_at: position,
                refusal,
                raw: parked.raw,
            });
        }
    }

    /// Wakes what waits for an order that has come or changed.
    pub(crate) fn wake_for_order(
        &mut self,
        program: Program,
        order: &OrderId,
        moment: Moment,
        out: &mut Vec<Admitted>,
    ) {
        if self.parking.is_empty() {
            return;
        }
        let mut woken: BTreeSet<Ticket> = self.parking.for_order(program, order).collect();
        let entry = self.orders.get(program, order).expect("the order has just come");
        let purchases = (0..entry.record.order.lines.len()).filter_map(|index| entry.purchase(index));
        woken.extend(purchases.flat_map(|(article, _)| self.parking.for_article(program, article)));
        self.wake(woken, moment, out);
    }

    /// Tries parked records again, in the order in which they came. They may wake others.
    pub(crate) fn wake(&mut self, mut woken: BTreeSet<Ticket>, moment: Moment, out: &mut Vec<Admitted>) {
        while let Some(ticket) = woken.pop_first() {
            if let Some(parked) = self.parking.take(ticket) {
                self.resume(ticket, parked, moment, &mut woken, out);
            }
        }
    }

    fn resume(
        &mut self,
        ticket: Ticket,
        mut parked: Parked,
        moment: Moment,
        woken: &mut BTreeSet<Ticket>,
        out: &mut Vec<Admitted>,
    ) {
        let arrival = &parked.arrival;
        if let Err(refusal) = self.examine_again(arrival.program, &parked.waiting) {
            parked.waiting = Waiting::Wrong(Box::new(parked.waiting), refusal);
            parked.deadline = moment.clock.plus(Span::from_ms(1));
            return self.parking.put(ticket, parked);
        }
        match &mut parked.waiting {
            Waiting::Status(status) => self.change_status(arrival, moment, status, out),
            Waiting::Refund(refund) => self.say_parts(arrival, moment, refund, 0, woken, out),
            Waiting::Match(refund, done) => {
                let (said, wait) = self.match_more(arrival, moment, (refund, *done), woken, out);
                *done = said;
                if wait == Wait::Longer {
                    self.parking.put(ticket, parked);
                }
            }
            Waiting::Wrong(..) => self.parking.put(ticket, parked),
        }
    }

    /// Examines a parked record against the order it awaited.
    fn examine_again(&self, program: Program, waiting: &Waiting) -> Result<(), Refusal> {
        let known = |order: &OrderId| self.orders.get(program, order).expect("the order has just come");
        match waiting {
            Waiting::Status(status) => status_fits(status, known(&status.order_id)),
            Waiting::Refund(refund) => match &refund.target {
                RefundTarget::Order(order) => refund_fits(refund, known(order)),
                RefundTarget::Match(_) => Ok(()),
            },
            Waiting::Match(..) | Waiting::Wrong(..) => Ok(()),
        }
    }

    /// What is wrong with a record that is given up. One that took no effect may be sent again.
    fn give_up(&mut self, parked: &Parked) -> Refusal {
        let program = parked.arrival.program;
        match &parked.waiting {
            Waiting::Status(_) => {
                self.event_ids.remove(&parked.arrival.event_id);
                self.order_unknown()
            }
            Waiting::Refund(refund) => {
                self.give_up_refund(program, refund);
                self.order_unknown()
            }
            Waiting::Match(refund, done) => {
                let refusal = self.match_none(program, refund);
                if *done == 0 {
                    self.refunds.forget(program, refund);
                }
                refusal
            }
            Waiting::Wrong(waiting, refusal) => {
                match &**waiting {
                    Waiting::Refund(refund) => self.refunds.forget(program, refund),
                    Waiting::Status(_) | Waiting::Match(..) | Waiting::Wrong(..) => {
                        self.event_ids.remove(&parked.arrival.event_id);
                    }
                }
                refusal.clone()
            }
        }
    }

    /// If its order comes after all, it is held: money may have gone back that nobody took off it.
    fn give_up_refund(&mut self, program: Program, refund: &Refund) {
        self.refunds.forget(program, refund);
        if let (RefundTarget::Order(order), false) = (&refund.target, refunds::takes_nothing(refund.state)) {
            self.orphans.insert(Scoped::new(program, order.clone()), ());
        }
    }

    fn order_unknown(&self) -> Refusal {
        let detail =
            format!("its order did not come within {}; send it again after the order", self.park_for);
        Refusal::new(Code::OrderUnknown, "/order_id", detail)
    }

    fn match_none(&self, program: Program, refund: &Refund) -> Refusal {
        let missing = self.refunds.get(program, &refund.refund_id).and_then(|known| known.missing());
        let (key, units) = missing.expect("a refund waits only while units are missing");
        let detail = format!("{units} of its units match no earlier purchase of that buyer and sku");
        Refusal::new(Code::MatchNone, format!("/match/{key}"), detail)
    }
}
