//! Refunds that do not name their order: which purchases they are of.
//!
//! Each match key takes the newest purchases of its buyer and sku that happened no later than the refund and have
//! quantity left: of the latest order (by time, then position) the first line, and so on, as many as it needs.
//! What is found at one time becomes one part for each order, in the order in which they were found. What is not
//! found is looked for again when such a purchase comes late or is given back.

use model::OrderId;

use crate::matched::Matched;
use crate::orders::{Orders, Units};
use crate::purchases::Article;
use crate::refunds::{Entry, Part, Slice};
use crate::table::Program;

/// Units of a purchase that a match key takes.
struct Found {
    order: OrderId,
    slice: Slice,
}

/// Finds what it can of what is still missing, and makes parts of it.
pub(crate) fn find(orders: &mut Orders, program: Program, refund: &mut Entry, matched: &mut Matched) {
    let mut parts: Vec<(OrderId, Vec<Slice>)> = Vec::new();
    for key in 0..refund.found.len() {
        for found in find_key(orders, program, refund, key, matched) {
            match parts.iter_mut().find(|(order, _)| *order == found.order) {
                Some((_, slices)) => slices.push(found.slice),
                None => parts.push((found.order, vec![found.slice])),
            }
        }
    }
    refund.parts.extend(parts.into_iter().map(|(order, slices)| Part::matched(order, slices)));
}

fn find_key(
    orders: &mut Orders,
    program: Program,
    refund: &mut Entry,
    key: usize,
    matched: &mut Matched,
) -> Vec<Found> {
    let found = newest(orders, program, refund, key);
    for Found { order, slice } in &found {
        let units = Units { line: slice.line.clone(), count: slice.to - slice.from };
        orders.exchange(program, order, &[], &[units]);
    }
    let end = found.last().map(|found| found.slice.to);
    let quantity = refund.keys().get(key).map_or(0, |key| key.quantity);
    if let Some((to, from)) = end.zip(refund.found.get_mut(key)) {
        *matched.class(*from, quantity) -= 1;
        *matched.class(to, quantity) += 1;
        *from = to;
    }
    found
}

/// The purchases that a key takes, newest first.
fn newest(orders: &Orders, program: Program, refund: &Entry, index: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let key = refund.keys().get(index).zip(refund.found.get(index));
    let Some((key, &(mut from))) = key else { return found };
    let article = Article { buyer: key.buyer_id.clone(), sku: key.sku.clone() };
    for (purchase, order) in orders.purchases(program, article, refund.occurred_at) {
        let line = order.record.order.lines.get(purchase.line.0);
        let Some(line) = line.filter(|_| order.record.order.currency == refund.currency) else { continue };
        let to = from.saturating_add(order.left(purchase.line.0)).min(key.quantity);
        if to == from {
            break;
        }
        let slice = Slice { key: index, line: line.line_id.clone(), from, to };
        found.push(Found { order: purchase.order.clone(), slice });
        from = to;
    }
    found
}
