//! Refunds.

use model::event::{Body, Fault, MatchKey, Refund, RefundLine, RefundState, RefundTarget, RefundType};
use model::limit::ORDER_LINES_MAX;
use model::refusal::Code;
use model::{BuyerId, Currency, LineId, Minor, OrderId, RefundId, Text};

use super::{KindFields, unique};
use crate::wire::choice::Choice;
use crate::wire::codec::List;
use crate::wire::context::Problem;
use crate::wire::event::Envelope;
use crate::wire::id::Id;
use crate::wire::map::Count;
use crate::wire::money::{Amount, CurrencyCode};
use crate::wire::object::{Obj, object};
use crate::wire::scalar::Words;

/// A refund as it is written: the order by name, or match keys.
#[derive(Clone)]
pub(crate) struct RefundFields {
    refund_id: RefundId,
    order_id: Option<OrderId>,
    keys: Vec<MatchKey>,
    state: RefundState,
    currency: Currency,
    amount: Minor,
    lines: Vec<RefundLine>,
    refund_type: Option<RefundType>,
    reason: Option<Text>,
    fault: Option<Fault>,
}

object! {
    RefundFields / RefundDraft: "Money going back to the buyer, of an order (order_id) or of whatever purchases match; exactly one of the two."
    {
        refund_id = "refund_id": required Id<RefundId>, "The refund; with state its dedup key, unique per program.";
        order_id = "order_id": optional Id<OrderId>, "The order.";
        keys = "match": default {Vec::new()} List<Obj<MatchKey>, 0, ORDER_LINES_MAX>, "Instead of order_id: what comes back. The newest earlier purchases of the same buyer and sku with quantity left.";
        state = "state": required Choice<RefundState>, "How far it has come; the first of approved and completed moves money.";
        currency = "currency": required CurrencyCode, "The ISO 4217 currency of every amount in it; must be the order's.";
        amount = "amount": required Amount, "How much in all, in minor units.";
        lines = "lines": default {Vec::new()} List<Obj<RefundLine>, 0, ORDER_LINES_MAX>, "By line, for a refund with order_id; they sum to amount. Empty for the whole order.";
        refund_type = "type": optional Choice<RefundType>, "What sort.";
        reason = "reason": optional Words, "Why.";
        fault = "fault": optional Choice<Fault>, "Whose fault.";
    }
    any_of "order_id" "match";
    check refund_is_of_something;
}

object! {
    MatchKey / MatchKeyDraft: "One line of a refund that does not name its order."
    {
        buyer_id = "buyer_id": required Id<BuyerId>, "Who bought.";
        sku = "sku": required Words, "What was bought.";
        quantity = "quantity": required Count<1>, "How many come back.";
        amount = "amount": required Amount, "The money that goes back for them, in minor units; these sum to the refund's amount.";
    }
}

object! {
    RefundLine / RefundLineDraft: "The part of a refund that falls on one line."
    {
        line_id = "line_id": required Id<LineId>, "Which line.";
        quantity = "quantity": optional Count<1>, "How many units.";
        amount = "amount": required Amount, "How much, in minor units.";
    }
}

fn refund_is_of_something(refund: &RefundFields) -> Result<(), Problem> {
    match (&refund.order_id, refund.keys.is_empty()) {
        (Some(_), true) => {
            unique("lines", "line_id", refund.lines.iter().map(|line| line.line_id.as_str()))?;
            sums_to(refund.amount, "lines", refund.lines.iter().map(|line| line.amount))
        }
        (None, false) if !refund.lines.is_empty() => {
            let detail = "`lines` name lines of an order; with `match` there is none, so leave `lines` out";
            Err(Problem::new(Code::FieldValue, detail).at("lines"))
        }
        (None, false) => sums_to(refund.amount, "match", refund.keys.iter().map(|key| key.amount)),
        (Some(_), false) => {
            let detail = "a refund names its order or gives `match` keys, not both; leave one out";
            Err(Problem::new(Code::FieldValue, detail).at("match"))
        }
        (None, true) => {
            let detail = "a refund needs `order_id`, or `match` keys (buyer_id, sku, quantity, amount)";
            Err(Problem::new(Code::FieldMissing, detail).at("order_id"))
        }
    }
}

fn sums_to(amount: Minor, list: &str, parts: impl Iterator<Item = Minor> + Clone) -> Result<(), Problem> {
    let sum: Minor = parts.clone().sum();
    if parts.count() == 0 || sum == amount {
        return Ok(());
    }
    let detail =
        format!("the amounts of `{list}` sum to {} and `amount` is {}; make them equal", sum.0, amount.0);
    Err(Problem::new(Code::SumMismatch, detail).at("amount"))
}

impl KindFields for RefundFields {
    fn into_body(self, _: &Envelope) -> Result<Body, Problem> {
        Ok(Body::Refund(Box::new(Refund {
            refund_id: self.refund_id,
            target: match self.order_id {
                Some(order) => RefundTarget::Order(order),
                None => RefundTarget::Match(self.keys),
            },
            state: self.state,
            currency: self.currency,
            amount: self.amount,
            lines: self.lines,
            refund_type: self.refund_type,
            reason: self.reason,
            fault: self.fault,
        })))
    }
}

impl From<&Refund> for RefundFields {
    fn from(refund: &Refund) -> RefundFields {
        let (order_id, keys) = match &refund.target {
            RefundTarget::Order(order) => (Some(order.clone()), Vec::new()),
            RefundTarget::Match(keys) => (None, keys.clone()),
        };
        RefundFields {
            refund_id: refund.refund_id.clone(),
            order_id,
            keys,
            state: refund.state,
            currency: refund.currency,
            amount: refund.amount,
            lines: refund.lines.clone(),
            refund_type: refund.refund_type,
            reason: refund.reason.clone(),
            fault: refund.fault,
        }
    }
}
