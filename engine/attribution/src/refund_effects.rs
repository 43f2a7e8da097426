//! What an accepted refund does.

use model::Record;
use model::admitted::{Admitted, RefundRecord, What};
use model::event::{Refund, RefundTarget};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::admission::Admission;
use crate::arrival::{Arrival, Moment};
use crate::matching;
use crate::parking::{Ticket, Waiting};
use crate::purchases::Article;
use crate::refunds::{self, Remembered};
use crate::station::Attribution;
use crate::table::Program;

impl Attribution {
    pub(crate) fn refund_came(
        &mut self,
        record: &Record,
        arrival: Arrival,
        moment: Moment,
        (refund, content): (&Refund, u128),
        out: &mut Vec<Admitted>,
    ) -> Admission {
        let when = (arrival.occurred_at, moment.position);
        let remembered = self.refunds.remember(arrival.program, refund, content, when);
        match &refund.target {
            RefundTarget::Order(order) if self.orders.get(arrival.program, order).is_some() => {
                let mut woken = BTreeSet::new();
                self.say_parts(&arrival, moment, refund, 0, &mut woken, out);
                self.wake(woken, moment, out);
                Admission::Applied
            }
            RefundTarget::Order(_) => {
                self.park(record, arrival, moment, Waiting::Refund(Box::new(refund.clone())));
                Admission::Parked
            }
            RefundTarget::Match(keys) => {
                if remembered == Remembered::New {
                    self.matched.not += u64::try_from(keys.len()).expect("a count of keys");
                }
                self.match_came(record, arrival, moment, refund, out)
            }
        }
    }

    /// Parks a refund without an order, and wakes it and all that wait for the same purchases: earlier states of
    /// the same refund go first.
    fn match_came(
        &mut self,
        record: &Record,
        arrival: Arrival,
        moment: Moment,
        refund: &Refund,
        out: &mut Vec<Admitted>,
    ) -> Admission {
        let program = arrival.program;
        let ticket = self.park(record, arrival, moment, Waiting::Match(Box::new(refund.clone()), 0));
        let articles = refunds::keys(&refund.target).iter();
        let articles = articles.map(|key| Article { buyer: key.buyer_id.clone(), sku: key.sku.clone() });
        let woken = articles.flat_map(|article| self.parking.for_article(program, article)).collect();
        self.wake(woken, moment, out);
        if self.parking.has_nothing_of(ticket) { Admission::Parked } else { Admission::Applied }
    }

    /// Looks for what is missing of a refund without an order, then says its parts from `done` on. Returns how
    /// many parts it has said then, and whether it still waits for more.
    pub(crate) fn match_more(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        (refund, done): (&Refund, usize),
        woken: &mut BTreeSet<Ticket>,
        out: &mut Vec<Admitted>,
    ) -> (usize, Wait) {
        let program = arrival.program;
        let known = self.refunds.get_mut(program, &refund.refund_id).expect("an admitted refund is known");
        if !known.is_off() {
            matching::find(&mut self.orders, program, known, &mut self.matched);
        }
        let (parts, is_missing) = (known.parts.len(), known.missing().is_some());
        self.say_parts(arrival, moment, refund, done, woken, out);
        // Once turned down it takes no more purchases: what it had is given back, and that is all of it.
        let is_over = refunds::takes_nothing(refund.state) && parts > 0;
        (parts, if is_missing && !is_over { Wait::Longer } else { Wait::Over })
    }

    /// Applies a state to a refund's parts from `from` on.
    pub(crate) fn say_parts(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        refund: &Refund,
        from: usize,
        woken: &mut BTreeSet<Ticket>,
        out: &mut Vec<Admitted>,
    ) {
        let known =
            self.refunds.get(arrival.program, &refund.refund_id).expect("an admitted refund is known");
        for index in from..known.parts.len() {
            let record = self.say_part(arrival, moment, refund, index, woken);
            out.push(arrival.brings(moment, What::Refund(Arc::new(record))));
        }
    }

    fn say_part(
        &mut self,
        arrival: &Arrival,
        moment: Moment,
        refund: &Refund,
        index: usize,
        woken: &mut BTreeSet<Ticket>,
    ) -> RefundRecord {
        let program = arrival.program;
        let known = self.refunds.get_mut(program, &refund.refund_id).expect("an admitted refund is known");
        let part = known.part_id(&refund.refund_id, index);
        let refund = known.part_of(refund, index);
        let own = known.parts.get_mut(index).expect("the index is of a part");
        let change = own.say(&refund, (arrival.occurred_at, moment.position));
        let order = own.order.clone();
        self.orders.move_money(program, &order, change.moved_minor);
        for article in self.orders.exchange(program, &order, &change.back, &change.taken) {
            self.wake_for_article(program, article, woken);
        }
        let order = self.orders.get(program, &order).expect("a part's order is known");
        RefundRecord {
            position: moment.position,
            occurred_at: arrival.occurred_at,
            context: Arc::clone(&arrival.context),
            part,
            refund,
            order: Arc::clone(&order.record),
            first_move: change.first_move,
            share_ppm: order.share_ppm(),
            due: order.due().filter(|due| *due <= arrival.occurred_at),
        }
    }

    fn wake_for_article(&self, program: Program, article: Article, woken: &mut BTreeSet<Ticket>) {
        if !self.parking.is_empty() {
            woken.extend(self.parking.for_article(program, article));
        }
    }
}

/// Whether a refund waits for more purchases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    Longer,
    Over,
}
