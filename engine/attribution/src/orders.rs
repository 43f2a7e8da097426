//! Orders that may still be amended, refunded or cancelled, and what has happened to them.

use model::admitted::OrderRecord;
use model::event::{Line, OrderStatus, OrderType, SettlementFrom, Status};
use model::{EventTime, LineId, Minor, OrderId, Position};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::purchases::{Article, Purchase, Purchases};
use crate::table::{In, Program, Scoped, Table};
use crate::terms::Standing;

/// The orders of all programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Orders {
    entries: Table<Scoped<OrderId>, Entry>,
    purchases: Purchases,
}

/// An order and what has happened to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// As it was judged last.
    pub(crate) record: Arc<OrderRecord>,
    /// Where its first revision came.
    pub(crate) first: Position,
    /// What creators were who claimed it without a click.
    pub(crate) standings: Vec<Standing>,
    /// The content of every revision applied.
    revisions: BTreeMap<u32, u128>,
    /// When its lines were delivered and completed.
    reached: Vec<Reached>,
    /// Minor units that refunds have moved and not given back.
    moved_minor: i128,
    /// Units that refunds have taken and not given back.
    taken: BTreeMap<LineId, i64>,
}

/// When a line, or all of them, were last said to be delivered and completed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Reached {
    line: Option<LineId>,
    delivered: Option<EventTime>,
    completed: Option<EventTime>,
}

/// Units of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Units {
    pub(crate) line: LineId,
    pub(crate) count: i64,
}

impl Orders {
    pub(crate) fn get(&self, program: Program, order: &OrderId) -> Option<&Entry> {
        self.entries.get(&In(program, order))
    }

    /// Stores a first revision or an amendment.
    pub(crate) fn revise(
        &mut self,
        program: Program,
        record: &Arc<OrderRecord>,
        content: u128,
        standings: Vec<Standing>,
    ) {
        let order = record.key.order.clone();
        let old = self.entries.remove(&In(program, &order));
        if let Some(old) = &old {
            self.close_all(program, old);
        }
        let mut entry = old.unwrap_or_else(|| Entry::new(record));
        entry.record = Arc::clone(record);
        entry.standings = standings;
        entry.revisions.insert(record.order.revision, content);
        for index in 0..record.order.lines.len() {
            set_open(&mut self.purchases, program, &entry, index);
        }
        self.entries.insert(Scoped::new(program, order), entry);
    }

    /// Replaces a record by one with other terms on the same lines.
    pub(crate) fn replace(&mut self, program: Program, record: &Arc<OrderRecord>) {
        if let Some(entry) = self.entries.get_mut(&In(program, &record.key.order)) {
            entry.record = Arc::clone(record);
        }
    }

    /// Remembers when lines were delivered or completed.
    pub(crate) fn reach(&mut self, program: Program, status: &OrderStatus, at: EventTime) {
        if let Some(entry) = self.entries.get_mut(&In(program, &status.order_id)) {
            if status.line_ids.is_empty() {
                entry.reach(None, status.status, at);
            }
            for line in &status.line_ids {
                entry.reach(Some(line), status.status, at);
            }
        }
    }

    /// Adds to what refunds have moved.
    pub(crate) fn move_money(&mut self, program: Program, order: &OrderId, by_minor: i128) {
        if let Some(entry) = self.entries.get_mut(&In(program, order)) {
            entry.moved_minor += by_minor;
        }
    }

    /// Gives back units of lines and takes others. Returns the articles of what was given back.
    pub(crate) fn exchange(
        &mut self,
        program: Program,
        order: &OrderId,
        back: &[Units],
        taken: &[Units],
    ) -> Vec<Article> {
        let Some(entry) = self.entries.get_mut(&In(program, order)) else { return Vec::new() };
        back.iter().for_each(|units| *entry.taken_mut(&units.line) -= units.count);
        taken.iter().for_each(|units| *entry.taken_mut(&units.line) += units.count);
        let lines = back.iter().chain(taken).filter_map(|units| entry.index(&units.line));
        lines.for_each(|index| set_open(&mut self.purchases, program, entry, index));
        let given_back = back.iter().filter_map(|units| entry.purchase(entry.index(&units.line)?));
        given_back.map(|(article, _)| article).collect()
    }

    /// Open purchases of an article that happened at `until` or before, newest first.
    pub(crate) fn purchases(
        &self,
        program: Program,
        article: Article,
        until: EventTime,
    ) -> impl Iterator<Item = (&Purchase, &Entry)> {
        let purchases = self.purchases.newest_first(program, article, until);
        purchases.filter_map(move |purchase| Some((purchase, self.get(program, &purchase.order)?)))
    }

    fn close_all(&mut self, program: Program, entry: &Entry) {
        for index in 0..entry.record.order.lines.len() {
            if let Some((article, purchase)) = entry.purchase(index) {
                self.purchases.close(program, article, &purchase);
            }
        }
    }
}

/// Keeps the purchases in step with what is left of a line.
fn set_open(purchases: &mut Purchases, program: Program, entry: &Entry, index: usize) {
    if let Some((article, purchase)) = entry.purchase(index) {
        if entry.left(index) > 0 {
            purchases.open(program, article, purchase);
        } else {
            purchases.close(program, article, &purchase);
        }
    }
}

impl Entry {
    fn new(record: &Arc<OrderRecord>) -> Entry {
        Entry {
            record: Arc::clone(record),
            first: record.position,
            standings: Vec::new(),
            revisions: BTreeMap::new(),
            reached: Vec::new(),
            moved_minor: 0,
            taken: BTreeMap::new(),
        }
    }

    /// The content of a revision that was applied.
    pub(crate) fn revision(&self, revision: u32) -> Option<u128> {
        self.revisions.get(&revision).copied()
    }

    /// The line with that id.
    pub(crate) fn line(&self, line: &LineId) -> Option<&Line> {
        self.record.order.lines.iter().find(|other| other.line_id == *line)
    }

    /// Units of a line that no refund has taken; 0 if refunds took more.
    pub(crate) fn left(&self, index: usize) -> i64 {
        let Some(line) = self.record.order.lines.get(index) else { return 0 };
        let taken = self.taken.get(&line.line_id).copied().unwrap_or(0);
        line.quantity.saturating_sub(taken).max(0)
    }

    /// What a line is a purchase of: normal orders' lines with a buyer and a sku, gifts excepted.
    pub(crate) fn purchase(&self, index: usize) -> Option<(Article, Purchase)> {
        let order = &self.record.order;
        let line = order.lines.get(index).filter(|line| !line.gift)?;
        if order.order_type != OrderType::Normal {
            return None;
        }
        let article = Article { buyer: order.buyer_id.clone()?, sku: line.sku.clone()? };
        let purchase = Purchase {
            occurred_at: self.record.occurred_at,
            position: self.first,
            line: Reverse(index),
            order: order.order_id.clone(),
        };
        Some((article, purchase))
    }

    /// Share of the paid amount that refunds have moved, in ppm; at most all of it.
    pub(crate) fn share_ppm(&self) -> i64 {
        let paid: Minor = self.record.order.lines.iter().map(|line| line.paid).sum();
        let paid = i128::from(paid.0);
        if paid <= 0 {
            return 0;
        }
        let share = self.moved_minor.clamp(0, paid) * 1_000_000 / paid;
        i64::try_from(share).expect("a share is at most a million")
    }

    /// When the lead line was due for release by the dates alone.
    pub(crate) fn due(&self) -> Option<EventTime> {
        let terms = &self.record.credit()?.terms;
        let from = match terms.settlement_from {
            SettlementFrom::Order => Some(self.record.occurred_at),
            SettlementFrom::Delivered => self.lead_reached(|reached| reached.delivered),
            SettlementFrom::Completed => self.lead_reached(|reached| reached.completed),
        };
        from.map(|from| from.plus(terms.settlement_delay))
    }

    fn lead_reached(&self, when: impl Fn(&Reached) -> Option<EventTime>) -> Option<EventTime> {
        let lead = self.record.order.lines.get(self.record.lead).map(|line| &line.line_id);
        let of_lead =
            self.reached.iter().filter(|reached| reached.line.is_none() || reached.line.as_ref() == lead);
        of_lead.filter_map(when).max()
    }

    fn reach(&mut self, line: Option<&LineId>, status: Status, at: EventTime) {
        let when = |reached: &mut Reached| match status {
            Status::Delivered => reached.delivered = reached.delivered.max(Some(at)),
            Status::Completed => reached.completed = reached.completed.max(Some(at)),
            Status::Unpaid
            | Status::Paid
            | Status::Shipped
            | Status::Cancelled
            | Status::Failed
            | Status::Refused
            | Status::Returned
            | Status::Lost => {}
        };
        if let Some(reached) = self.reached.iter_mut().find(|reached| reached.line.as_ref() == line) {
            return when(reached);
        }
        let mut reached = Reached { line: line.cloned(), delivered: None, completed: None };
        when(&mut reached);
        if reached.delivered.or(reached.completed).is_some() {
            self.reached.push(reached);
        }
    }

    fn taken_mut(&mut self, line: &LineId) -> &mut i64 {
        self.taken.entry(line.clone()).or_default()
    }

    fn index(&self, line: &LineId) -> Option<usize> {
        self.record.order.lines.iter().position(|other| other.line_id == *line)
    }
}
