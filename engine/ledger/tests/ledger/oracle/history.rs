//! What an order's whole history comes to, replayed from its beginning each time.

use model::event::{RefundState, Status};
use std::collections::BTreeMap;

use super::LineOf;

pub(crate) enum Happened {
    Revised(Vec<LineOf>),
    Stood { line: Option<usize>, status: Status, at: i64, position: u64 },
    Refunded { refund: usize, state: RefundState, amount: i64, line: Option<usize>, at: i64, position: u64 },
    Rejected { creator: usize },
}

#[derive(Default, Clone)]
struct Refund {
    requested: bool,
    answer: Option<(i64, u64, RefundState)>,
    posted: BTreeMap<usize, i64>,
}

/// A share with its creator and line.
pub(crate) type Owned = ((usize, usize), Share);

/// What a line gives a creator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share {
    pub(crate) gross: i64,
    pub(crate) reduced: i64,
    pub(crate) void: bool,
    pub(crate) unpaid: bool,
}

pub(crate) struct Order {
    pub(crate) placed_at: i64,
    pub(crate) position: u64,
    pub(crate) groups: &'static [usize],
    pub(crate) history: Vec<Happened>,
}

/// The amount whose distance to `base × left × rate / (paid × 10,000)` is least; of two, the even one.
fn earned(paid: i64, refunded: i64, rate: i64) -> i64 {
    if paid == 0 {
        return 0;
    }
    let exact = i128::from(paid) * i128::from(paid - refunded) * i128::from(rate);
    let whole = i128::from(paid) * 10_000;
    let below = exact / whole;
    let distance = |n: i128| (n * whole - exact).abs();
    let up =
        distance(below + 1) < distance(below) || distance(below + 1) == distance(below) && below % 2 == 1;
    i64::try_from(below + i128::from(up)).unwrap()
}

fn spread(amount: i64, left: &[(usize, i64)]) -> BTreeMap<usize, i64> {
    let total: i64 = left.iter().map(|(_, left)| left).sum();
    let amount = amount.min(total);
    let mut shares: BTreeMap<usize, i64> = left.iter().map(|(line, _)| (*line, 0)).collect();
    if total == 0 {
        return shares;
    }
    let mut remainders: Vec<(i64, usize, usize)> = Vec::new();
    let mut given = 0;
    for (place, (line, left)) in left.iter().enumerate() {
        shares.insert(*line, amount * left / total);
        given += amount * left / total;
        remainders.push((-(amount * left % total), place, *line));
    }
    remainders.sort_unstable();
    for (_, _, line) in remainders.into_iter().take(usize::try_from(amount - given).unwrap()) {
        *shares.get_mut(&line).unwrap() += 1;
    }
    shares
}

/// What an order's whole history comes to: shares by (creator, line), in the order of lines, and whether a
/// refund is only requested.
pub(crate) fn replay(order: &Order) -> (Vec<Owned>, bool) {
    let mut lines: &[LineOf] = &[];
    let mut statuses: Vec<(i64, u64, Status, Option<usize>)> = Vec::new();
    let mut refunds: BTreeMap<usize, Refund> = BTreeMap::new();
    let mut rejected: Vec<usize> = Vec::new();
    let mut shares: Vec<Owned> = Vec::new();
    for happened in &order.history {
        match happened {
            Happened::Revised(revised) => lines = revised,
            Happened::Stood { line, status, at, position } => statuses.push((*at, *position, *status, *line)),
            Happened::Rejected { creator } => rejected.push(*creator),
            Happened::Refunded { refund, state, amount, line, at, position } => {
                let mut book = refunds.remove(refund).unwrap_or_default();
                let answer = Some((*at, *position, *state));
                if *state == RefundState::Requested {
                    book.requested = true;
                } else if answer > book.answer {
                    book.answer = answer;
                    book.posted = match (state, line) {
                        (RefundState::Approved | RefundState::Completed, Some(line)) => {
                            [(*line, *amount)].into()
                        }
                        (RefundState::Approved | RefundState::Completed, None) => {
                            let left = |(line, _, paid, _): &LineOf| {
                                (*line, paid - refunded(&refunds, *line).min(*paid))
                            };
                            spread(*amount, &lines.iter().map(left).collect::<Vec<_>>())
                        }
                        (RefundState::Requested | RefundState::Rejected | RefundState::Reversed, _) => {
                            BTreeMap::new()
                        }
                    };
                }
                refunds.insert(*refund, book);
            }
        }
        let before = shares;
        shares = Vec::new();
        for (line, creator, paid, rate) in lines {
            let of_line = statuses.iter().filter(|(_, _, _, which)| which.is_none_or(|which| which == *line));
            let status =
                of_line.max_by_key(|(at, position, ..)| (*at, *position)).map(|(_, _, status, _)| *status);
            let gross = earned(*paid, 0, *rate);
            let void = rejected.contains(creator) || status.is_some_and(|status| status.voids());
            let old =
                before.iter().find(|(of, _)| *of == (*creator, *line)).map_or(0, |(_, share)| share.reduced);
            let net = earned(*paid, refunded(&refunds, *line).min(*paid), *rate);
            let reduced = if void { old.min(gross) } else { gross - net };
            if gross > 0 {
                let unpaid = status == Some(Status::Unpaid);
                shares.push(((*creator, *line), Share { gross, reduced, void, unpaid }));
            }
        }
    }
    (shares, refunds.values().any(|refund| refund.requested && refund.answer.is_none()))
}

fn refunded(refunds: &BTreeMap<usize, Refund>, line: usize) -> i64 {
    refunds.values().filter_map(|refund| refund.posted.get(&line)).sum()
}
