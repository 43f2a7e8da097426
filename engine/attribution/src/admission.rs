//! Admission: the only place that refuses. Nothing here changes anything.
//!
//! Whether a record was seen before is asked first, so that a repeat of what was accepted is a repeat whatever
//! has changed since. What refers to an order that has not come is examined again when it comes.

use model::event::{Body, Click, Event, Obligation, Order, OrderStatus, Refund, RefundTarget};
use model::refusal::{Code, Refusal};
use model::{LineId, Minor, Record};
use std::collections::BTreeSet;

use crate::limit::MATCHED_REFUND_ID_BYTES_MAX;
use crate::orders::Entry;
use crate::refunds;
use crate::station::{Attribution, obligation_key};
use crate::table::{In, Program};

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It took effect, at least in part.
    Applied,
    /// It waits for what it refers to. The clock has moved.
    Parked,
    /// It had been admitted before: nothing changed.
    Duplicate,
    /// It goes to the dead letters: nothing changed.
    Refused(Refusal),
    /// It steers the engine.
    Control,
}

impl Attribution {
    /// The content of an event that is accepted, or what becomes of it instead.
    pub(crate) fn examine(&self, record: &Record, event: &Event) -> Result<u128, Admission> {
        if record.stamp.is_some_and(|stamp| event.occurred_at > stamp.plus(self.allowed_skew)) {
            let detail = format!(
                "it happened at {}, more than {} after it was received; check the producer's clock",
                event.occurred_at, self.allowed_skew
            );
            return Err(refused(Code::TimeFuture, "/occurred_at", detail));
        }
        let content = event.content();
        let program = self.contexts.number(self.contexts.program(event));
        match &event.body {
            Body::Click(click) => self.examine_click(program, event, click, content)?,
            Body::Order(order) => self.examine_order(program, order, content)?,
            Body::Refund(refund) => self.examine_refund(program, refund, content)?,
            Body::OrderStatus(status) => {
                self.examine_event_id(event, content)?;
                if let Some(order) = self.orders.get(program, &status.order_id) {
                    status_fits(status, order).map_err(Admission::Refused)?;
                }
            }
            Body::Plan(_) | Body::Creator(_) | Body::Review(_) | Body::PayoutRun(_) | Body::FeedMark(_) => {
                self.examine_event_id(event, content)?
            }
            Body::Obligation(obligation) => {
                self.examine_event_id(event, content)?;
                self.examine_obligation(program, obligation)?;
            }
        }
        Ok(content)
    }

    fn examine_event_id(&self, event: &Event, content: u128) -> Result<(), Admission> {
        is_new(self.event_ids.get(&event.event_id).copied(), content, "/event_id")
    }

    fn examine_click(
        &self,
        program: Program,
        event: &Event,
        click: &Click,
        content: u128,
    ) -> Result<(), Admission> {
        let Some(clock) = self.clock else { return Ok(()) };
        let since = clock.minus(self.dedup_horizon);
        if event.occurred_at < since {
            let detail = format!(
                "it happened more than {} before the log clock, {clock}: whether it is a repeat is not known",
                self.dedup_horizon
            );
            return Err(refused(Code::ClickTooOld, "/occurred_at", detail));
        }
        is_new(self.clicks.content(program, &click.click_id, since), content, "/click_id")
    }

    fn examine_order(&self, program: Program, order: &Order, content: u128) -> Result<(), Admission> {
        if let Some(known) = self.orders.get(program, &order.order_id) {
            is_new(known.revision(order.revision), content, "/order_id")?;
            let last = &known.record.order;
            if order.revision < last.revision {
                let detail = format!("revision {} has been applied; send a higher one", last.revision);
                return Err(refused(Code::RevisionStale, "/revision", detail));
            }
            if order.currency != last.currency {
                let detail = format!("the order is in {}, and stays so when it is amended", last.currency);
                return Err(refused(Code::KeyConflict, "/currency", detail));
            }
        }
        match repeated_line(order) {
            Some(index) => Err(refused(
                Code::FieldValue,
                format!("/lines/{index}/line_id"),
                "another line of the order has the same id".to_owned(),
            )),
            None => Ok(()),
        }
    }

    fn examine_obligation(&self, program: Program, obligation: &Obligation) -> Result<(), Admission> {
        let known = self.obligations.get(&In(program, &obligation_key(obligation)));
        match known.filter(|currency| **currency != obligation.currency) {
            Some(currency) => {
                let detail = format!("the obligation is in {currency}, and stays so when it is amended");
                Err(refused(Code::KeyConflict, "/currency", detail))
            }
            None => Ok(()),
        }
    }

    fn examine_refund(&self, program: Program, refund: &Refund, content: u128) -> Result<(), Admission> {
        if let Some(known) = self.refunds.get(program, &refund.refund_id) {
            is_new(known.content(refund.state), content, "/refund_id")?;
            refund_stays(refund, known).map_err(Admission::Refused)?;
        }
        refund_sums(refund).map_err(Admission::Refused)?;
        match &refund.target {
            RefundTarget::Order(order) => match self.orders.get(program, order) {
                Some(order) => refund_fits(refund, order).map_err(Admission::Refused),
                None => Ok(()),
            },
            RefundTarget::Match(_) => matchable(refund).map_err(Admission::Refused),
        }
    }
}

/// Whether the lines that a status names are the order's.
pub(crate) fn status_fits(status: &OrderStatus, order: &Entry) -> Result<(), Refusal> {
    match unknown_line(status.line_ids.iter(), order) {
        Some((index, line)) => Err(line_unknown(format!("/line_ids/{index}"), line)),
        None => Ok(()),
    }
}

/// Whether a refund's currency and lines are the order's.
pub(crate) fn refund_fits(refund: &Refund, order: &Entry) -> Result<(), Refusal> {
    let currency = order.record.order.currency;
    if refund.currency != currency {
        let detail = format!("the order is in {currency}; a refund is in its order's currency");
        return Err(Refusal::new(Code::CurrencyMismatch, "/currency", detail));
    }
    match unknown_line(refund.lines.iter().map(|line| &line.line_id), order) {
        Some((index, line)) => Err(line_unknown(format!("/lines/{index}/line_id"), line)),
        None => Ok(()),
    }
}

/// A later state of a refund is about the same purchases, in the same currency.
fn refund_stays(refund: &Refund, known: &refunds::Entry) -> Result<(), Refusal> {
    let pointer = match (&refund.target, &known.target) {
        (RefundTarget::Order(order), RefundTarget::Order(before)) if order == before => None,
        (RefundTarget::Match(keys), RefundTarget::Match(before)) if same_keys(keys, before) => None,
        (RefundTarget::Order(_), _) => Some("/order_id"),
        (RefundTarget::Match(_), _) => Some("/match"),
    };
    if let Some(pointer) = pointer {
        let detail = "an earlier state of this refund was about other purchases";
        return Err(Refusal::new(Code::KeyConflict, pointer, detail));
    }
    if refund.currency != known.currency {
        let detail = format!("an earlier state of this refund was in {}", known.currency);
        return Err(Refusal::new(Code::CurrencyMismatch, "/currency", detail));
    }
    Ok(())
}

fn same_keys(keys: &[model::event::MatchKey], before: &[model::event::MatchKey]) -> bool {
    let of = |key: &model::event::MatchKey| (key.buyer_id.clone(), key.sku.clone(), key.quantity);
    keys.iter().map(of).eq(before.iter().map(of))
}

fn refund_sums(refund: &Refund) -> Result<(), Refusal> {
    let (pointer, sum) = match &refund.target {
        RefundTarget::Match(keys) => ("/match", keys.iter().map(|key| key.amount).sum()),
        RefundTarget::Order(_) if refund.lines.is_empty() => return Ok(()),
        RefundTarget::Order(_) => ("/lines", refund.lines.iter().map(|line| line.amount).sum::<Minor>()),
    };
    if sum == refund.amount {
        return Ok(());
    }
    let detail = format!("they sum to {}, but the amount is {}", sum.0, refund.amount.0);
    Err(Refusal::new(Code::SumMismatch, pointer, detail))
}

/// Whether a refund without an order can be matched at all.
fn matchable(refund: &Refund) -> Result<(), Refusal> {
    if refunds::keys(&refund.target).is_empty() {
        let detail = "a refund names its order, or what to match: buyer, sku and quantity";
        return Err(Refusal::new(Code::FieldMissing, "/order_id", detail));
    }
    if refund.refund_id.as_str().len() > MATCHED_REFUND_ID_BYTES_MAX {
        let detail = format!(
            "without an order_id it has at most {MATCHED_REFUND_ID_BYTES_MAX} bytes: its parts are named after it"
        );
        return Err(Refusal::new(Code::FieldValue, "/refund_id", detail));
    }
    Ok(())
}

fn is_new(known: Option<u128>, content: u128, pointer: &str) -> Result<(), Admission> {
    match known {
        None => Ok(()),
        Some(known) if known == content => Err(Admission::Duplicate),
        Some(_) => {
            let detail = "it was seen before with other content; a new event has a new id".to_owned();
            Err(refused(Code::KeyConflict, pointer, detail))
        }
    }
}

fn repeated_line(order: &Order) -> Option<usize> {
    if order.lines.len() == 1 {
        return None;
    }
    let mut seen = BTreeSet::new();
    order.lines.iter().position(|line| !seen.insert(&line.line_id))
}

fn unknown_line<'a>(lines: impl Iterator<Item = &'a LineId>, order: &Entry) -> Option<(usize, &'a LineId)> {
    lines.enumerate().find(|(_, line)| order.line(line).is_none())
}

fn line_unknown(pointer: String, line: &LineId) -> Refusal {
    Refusal::new(Code::LineUnknown, pointer, format!("the order has no line {line}"))
}

fn refused(code: Code, pointer: impl Into<String>, detail: String) -> Admission {
    Admission::Refused(Refusal::new(code, pointer, detail))
}
