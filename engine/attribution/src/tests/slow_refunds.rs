//! The slow model's refunds: what is left of every purchase is added up anew every time.

use model::event::*;
use model::{Event, EventTime, LineId, Minor, OrderId, Position, RefundId};
use std::cmp::Reverse;

use super::slow::{Effect, Slow, SlowOrder};

pub(crate) struct SlowRefund {
    id: RefundId,
    keys: Vec<MatchKey>,
    at: EventTime,
    states: Vec<(EventTime, Position, RefundState, u128)>,
    /// Every state that ever came, given up or not.
    heard: Vec<(EventTime, Position, RefundState)>,
    parts: Vec<SlowPart>,
}

struct SlowPart {
    order: OrderId,
    slices: Vec<SlowSlice>,
    said: Vec<(EventTime, Position, Refund)>,
}

struct SlowSlice {
    key: usize,
    line: LineId,
    from: i64,
    to: i64,
}

impl Slow {
    pub(crate) fn said(&self, refund: &Refund) -> Option<u128> {
        let known = self.refunds.iter().find(|known| known.id == refund.refund_id)?;
        known.states.iter().find(|(_, _, state, _)| *state == refund.state).map(|(_, _, _, content)| *content)
    }

    pub(crate) fn remember(&mut self, position: Position, event: &Event, refund: &Refund) {
        let state = (event.occurred_at, position, refund.state, event.content());
        if let Some(known) = self.refunds.iter_mut().find(|known| known.id == refund.refund_id) {
            known.heard.push((state.0, state.1, state.2));
            return known.states.push(state);
        }
        let (keys, parts) = match &refund.target {
            RefundTarget::Match(keys) => (keys.clone(), Vec::new()),
            RefundTarget::Order(order) => {
                (Vec::new(), vec![SlowPart { order: order.clone(), slices: Vec::new(), said: Vec::new() }])
            }
        };
        let (id, at) = (refund.refund_id.clone(), event.occurred_at);
        self.refunds.push(SlowRefund {
            id,
            keys,
            at,
            states: vec![state],
            heard: vec![(state.0, state.1, state.2)],
            parts,
        });
    }

    pub(crate) fn forget_state(&mut self, refund: &Refund) {
        let known = self.refunds.iter_mut().find(|known| known.id == refund.refund_id).unwrap();
        known.states.retain(|(_, _, state, _)| *state != refund.state);
        self.refunds.retain(|known| !known.states.is_empty());
    }

    pub(crate) fn is_missing(&self, refund: &Refund) -> bool {
        let known = self.refunds.iter().find(|known| known.id == refund.refund_id).unwrap();
        (0..known.keys.len()).any(|key| known.found(key) < known.keys[key].quantity)
    }

    /// Finds what is missing among what is left.
    pub(crate) fn find(&mut self, refund: &Refund) {
        let index = self.refunds.iter().position(|known| known.id == refund.refund_id).unwrap();
        let known = &self.refunds[index];
        let turned_down = |s: &RefundState| matches!(s, RefundState::Rejected | RefundState::Reversed);
        let off = known.heard.iter().filter(|(_, _, state)| turned_down(state)).map(|s| (s.0, s.1)).max();
        let on = known.states.iter().filter(|(_, _, state, _)| !turned_down(state)).map(|s| (s.0, s.1)).max();
        if off > on {
            return;
        }
        let old = self.refunds[index].parts.len();
        for key in 0..self.refunds[index].keys.len() {
            while let Some((order, slice)) = self.next_slice(index, key) {
                let parts = &mut self.refunds[index].parts;
                match parts[old..].iter_mut().find(|part| part.order == order) {
                    Some(part) => part.slices.push(slice),
                    None => parts.push(SlowPart { order, slices: vec![slice], said: Vec::new() }),
                }
            }
        }
    }

    fn next_slice(&self, index: usize, key: usize) -> Option<(OrderId, SlowSlice)> {
        let refund = &self.refunds[index];
        let (wanted, from) = (&refund.keys[key], refund.found(key));
        let mut purchases = Vec::new();
        for order in &self.orders {
            let latest = order.latest();
            let bought = latest.order_type == OrderType::Normal
                && latest.buyer_id.as_ref() == Some(&wanted.buyer_id)
                && order.at <= refund.at;
            for (n, line) in latest.lines.iter().enumerate().filter(|_| bought) {
                let left = line.quantity - self.taken(&order.id, &line.line_id);
                if line.sku.as_ref() == Some(&wanted.sku) && !line.gift && left > 0 {
                    purchases.push(((order.at, order.first, Reverse(n)), order, line, left));
                }
            }
        }
        let (_, order, line, left) = purchases.into_iter().max_by_key(|(newest, ..)| *newest)?;
        let to = (from + left).min(wanted.quantity);
        (to > from).then(|| (order.id.clone(), SlowSlice { key, line: line.line_id.clone(), from, to }))
    }

    /// Units of a line that stand refunded.
    fn taken(&self, order: &OrderId, line: &LineId) -> i64 {
        let parts = self.refunds.iter().flat_map(|refund| &refund.parts);
        parts.filter(|part| part.order == *order).map(|part| part.taken(line)).sum()
    }

    /// Says a state about the parts from `from` on, and returns how many there are.
    pub(crate) fn say(
        &mut self,
        at: EventTime,
        position: Position,
        refund: &Refund,
        from: usize,
        out: &mut Vec<Effect>,
    ) -> usize {
        let index = self.refunds.iter().position(|known| known.id == refund.refund_id).unwrap();
        let parts = self.refunds[index].parts.len();
        for n in from..parts {
            let whole = parts == 1 && !self.is_missing(refund);
            let name =
                if whole { refund.refund_id.to_string() } else { format!("{}/{}", refund.refund_id, n + 1) };
            let part = &mut self.refunds[index].parts[n];
            let own = part.own(refund);
            let moves =
                |refund: &Refund| matches!(refund.state, RefundState::Approved | RefundState::Completed);
            let first = moves(&own) && !part.said.iter().any(|(_, _, said)| moves(said));
            part.said.push((at, position, own.clone()));
            let order = part.order.clone();
            let known = self.known(&order).unwrap();
            let share = self.share(known);
            let due = due(known).filter(|due| *due <= at);
            out.push(Effect::Refund(name, order, own.state, own.amount, own.lines, first, share, due));
        }
        parts
    }

    fn share(&self, order: &SlowOrder) -> i64 {
        let parts = self.refunds.iter().flat_map(|refund| &refund.parts);
        let moved: i64 = parts.filter(|part| part.order == order.id).map(SlowPart::moved).sum();
        let paid: i64 = order.latest().lines.iter().map(|line| line.paid.0).sum();
        if paid == 0 { 0 } else { (moved.max(0) * 1_000_000 / paid).min(1_000_000) }
    }
}

impl SlowRefund {
    fn found(&self, key: usize) -> i64 {
        let slices = self.parts.iter().flat_map(|part| &part.slices).filter(|slice| slice.key == key);
        slices.map(|slice| slice.to - slice.from).sum()
    }
}

impl SlowPart {
    fn taken(&self, line: &LineId) -> i64 {
        let found = self.slices.iter().filter(|s| s.line == *line).map(|s| s.to - s.from).sum();
        let Some((_, _, last)) = self.said.iter().max_by_key(|(at, position, _)| (*at, *position)) else {
            return found;
        };
        match last.state {
            RefundState::Rejected | RefundState::Reversed => 0,
            _ => last.lines.iter().filter(|l| l.line_id == *line).filter_map(|l| l.quantity).sum(),
        }
    }

    fn moved(&self) -> i64 {
        let said = self.said.iter().filter(|(_, _, refund)| refund.state != RefundState::Requested);
        let last = said.max_by_key(|(at, position, _)| (*at, *position)).map(|(_, _, refund)| refund);
        let standing = last.filter(|r| matches!(r.state, RefundState::Approved | RefundState::Completed));
        standing.map_or(0, |refund| refund.amount.0)
    }

    /// The refund as it is about this part.
    fn own(&self, refund: &Refund) -> Refund {
        let RefundTarget::Match(keys) = &refund.target else { return refund.clone() };
        let mut lines: Vec<RefundLine> = Vec::new();
        for slice in &self.slices {
            let key = &keys[slice.key];
            let share = |units: i64| key.amount.0 * units / key.quantity;
            let (units, amount) = (slice.to - slice.from, Minor(share(slice.to) - share(slice.from)));
            match lines.iter_mut().find(|line| line.line_id == slice.line) {
                Some(line) => {
                    line.quantity = Some(line.quantity.unwrap() + units);
                    line.amount = line.amount.plus(amount);
                }
                None => {
                    lines.push(RefundLine { line_id: slice.line.clone(), quantity: Some(units), amount });
                }
            }
        }
        let amount = lines.iter().map(|line| line.amount).sum();
        Refund { amount, lines, ..refund.clone() }
    }
}

/// When the lead line was due by the dates alone.
fn due(order: &SlowOrder) -> Option<EventTime> {
    let lead = order.credit.lead();
    let terms = &order.credit.candidates[lead].first()?.terms;
    let line = &order.latest().lines[lead].line_id;
    let reached = |status: Status| {
        let of_line = order.statuses.iter().filter(|(_, change)| {
            change.status == status && (change.line_ids.is_empty() || change.line_ids.contains(line))
        });
        of_line.map(|(at, _)| *at).max()
    };
    let from = match terms.settlement_from {
        SettlementFrom::Order => Some(order.at),
        SettlementFrom::Delivered => reached(Status::Delivered),
        SettlementFrom::Completed => reached(Status::Completed),
    };
    Some(from?.plus(terms.settlement_delay))
}
