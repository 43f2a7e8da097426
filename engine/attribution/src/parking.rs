//! Records that wait for what they refer to, in the order in which they came.

use bytes::Bytes;
use model::event::{OrderStatus, Refund, RefundTarget};
use model::refusal::Refusal;
use model::{EventTime, OrderId, Position};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::arrival::Arrival;
use crate::purchases::Article;
use crate::table::{In, Program, Scoped, Table};

/// A parked record's place among all that were ever parked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Ticket(u64);

/// All records that wait.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Parking {
    next: Ticket,
    parked: BTreeMap<Ticket, Parked>,
    deadlines: BTreeSet<(EventTime, Ticket)>,
    by_order: Table<Scoped<OrderId>, BTreeSet<Ticket>>,
    by_article: Table<Scoped<Article>, BTreeSet<Ticket>>,
}

/// A record that waits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Parked {
    /// Where it came.
    pub(crate) position: Position,
    /// Its bytes, for a dead letter.
    pub(crate) raw: Bytes,
    pub(crate) arrival: Arrival,
    pub(crate) waiting: Waiting,
    /// When it is given up.
    pub(crate) deadline: EventTime,
}

/// What waits, and for what.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Waiting {
    /// A status, for its order.
    Status(Box<OrderStatus>),
    /// A refund, for its order.
    Refund(Box<Refund>),
    /// A refund without an order, for purchases that match; so many of its parts have taken effect.
    Match(Box<Refund>, usize),
    /// A record that proved wrong when its order came, for the next sweep: it may not speak of it elsewhere.
    Wrong(Box<Waiting>, Refusal),
}

impl Parking {
    pub(crate) fn park(&mut self, parked: Parked) -> Ticket {
        let ticket = self.next;
        self.next = Ticket(ticket.0 + 1);
        self.put(ticket, parked);
        ticket
    }

    /// Takes a record out.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<Parked> {
        let parked = self.parked.remove(&ticket)?;
        self.deadlines.remove(&(parked.deadline, ticket));
        let program = parked.arrival.program;
        if let Some(order) = parked.waiting.order() {
            leave(&mut self.by_order, Scoped::new(program, order.clone()), ticket);
        }
        for article in parked.waiting.articles() {
            leave(&mut self.by_article, Scoped::new(program, article), ticket);
        }
        Some(parked)
    }

    /// Puts a record back where it was, or in for the first time.
    pub(crate) fn put(&mut self, ticket: Ticket, parked: Parked) {
        let program = parked.arrival.program;
        self.deadlines.insert((parked.deadline, ticket));
        if let Some(order) = parked.waiting.order() {
            self.by_order.at(Scoped::new(program, order.clone())).insert(ticket);
        }
        for article in parked.waiting.articles() {
            self.by_article.at(Scoped::new(program, article)).insert(ticket);
        }
        self.parked.insert(ticket, parked);
    }

    /// What waits for an order.
    pub(crate) fn for_order(&self, program: Program, order: &OrderId) -> impl Iterator<Item = Ticket> {
        self.by_order.get(&In(program, order)).into_iter().flatten().copied()
    }

    /// What waits for purchases of an article.
    pub(crate) fn for_article(&self, program: Program, article: Article) -> impl Iterator<Item = Ticket> {
        self.by_article.get(&Scoped::new(program, article)).into_iter().flatten().copied()
    }

    /// Whether anything waits at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.parked.is_empty()
    }

    /// Whether a record waits and no part of it has taken effect.
    pub(crate) fn has_nothing_of(&self, ticket: Ticket) -> bool {
        self.parked.get(&ticket).is_some_and(|parked| !matches!(parked.waiting, Waiting::Match(_, 1..)))
    }

    /// The earliest time at which something is given up.
    pub(crate) fn next_deadline(&self) -> Option<EventTime> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The next record to be given up at `at`: by deadline, then in the order in which they came.
    pub(crate) fn expired(&self, at: EventTime) -> Option<Ticket> {
        self.deadlines.first().filter(|(deadline, _)| *deadline <= at).map(|(_, ticket)| *ticket)
    }
}

impl Waiting {
    fn order(&self) -> Option<&OrderId> {
        match self {
            Waiting::Status(status) => Some(&status.order_id),
            Waiting::Refund(refund) => match &refund.target {
                RefundTarget::Order(order) => Some(order),
                RefundTarget::Match(_) => None,
            },
            Waiting::Match(..) | Waiting::Wrong(..) => None,
        }
    }

    fn articles(&self) -> BTreeSet<Article> {
        match self {
            Waiting::Match(refund, _) => {
                let keys = crate::refunds::keys(&refund.target).iter();
                keys.map(|key| Article { buyer: key.buyer_id.clone(), sku: key.sku.clone() }).collect()
            }
            Waiting::Status(_) | Waiting::Refund(_) | Waiting::Wrong(..) => BTreeSet::new(),
        }
    }
}

fn leave<K: Eq + std::hash::Hash>(
    table: &mut Table<Scoped<K>, BTreeSet<Ticket>>,
    key: Scoped<K>,
    ticket: Ticket,
) {
    if let Some(waiting) = table.get_mut(&key) {
        waiting.remove(&ticket);
        if waiting.is_empty() {
            table.remove(&key);
        }
    }
}
