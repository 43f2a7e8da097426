//! Refunds, with and without their order.

use model::event::RefundState::{Approved, Completed, Rejected, Requested, Reversed};
use model::event::{OrderType, SettlementFrom, Status};
use model::refusal::Code;
use model::{Currency, Minor};

use super::events::*;
use super::lane::{Lane, effects, parts};
use crate::Admission;

fn bought(name: &str, minute: i64, lines: &[(&str, i64, i64)]) -> model::Event {
    let line =
        |(n, (of, quantity, paid)): (usize, &(&str, i64, i64))| sku(&n.to_string(), of, *quantity, *paid);
    order(name, minute, |order| order.lines = lines.iter().enumerate().map(line).collect())
}

#[test]
fn only_the_first_state_that_moves_money_is_the_first_move() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let mut first = |state| lane.refunds(refund("r1", "o1", state, 1, 2_500, |_| {}))[0].first_move;
    assert_eq!([Requested, Approved, Completed, Reversed].map(&mut first), [false, true, false, false]);
}

#[test]
fn the_share_is_cumulative_over_all_refunds_and_never_more_than_all() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |_| {}));
    let mut share = |name, state, minute, amount| {
        lane.refunds(refund(name, "o1", state, minute, amount, |_| {}))[0].share_ppm
    };
    assert_eq!(share("r1", Requested, 1, 2_500), 0);
    assert_eq!(share("r1", Approved, 2, 2_500), 250_000);
    assert_eq!(share("r2", Completed, 3, 5_000), 750_000);
    assert_eq!(share("r1", Completed, 4, 2_000), 700_000);
    assert_eq!(share("r3", Approved, 5, 9_000), 1_000_000);
    assert_eq!(share("r3", Reversed, 6, 9_000), 700_000);
    assert_eq!(share("r1", Rejected, 3, 2_500), 700_000);
    assert_eq!(share("r2", Rejected, 7, 5_000), 200_000);
}

#[test]
fn the_share_of_an_order_of_nothing_is_nothing() {
    let mut lane = Lane::new();
    lane.send(order("o1", 0, |order| order.lines[0].paid = Minor(0)));
    assert_eq!(lane.refunds(refund("r1", "o1", Approved, 1, 10, |_| {}))[0].share_ppm, 0);
}

#[test]
fn a_refund_says_when_its_order_was_due_once_that_has_passed() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    lane.send(order("o1", 1, |_| {}));
    let mut due = |name: &str, minute| lane.refunds(refund(name, "o1", Approved, minute, 1, |_| {}))[0].due;
    assert_eq!(due("r1", 14 * DAY), None);
    assert_eq!(due("r2", 14 * DAY + 1), Some(at(14 * DAY + 1)));
}

#[test]
fn a_settlement_from_delivery_counts_from_the_last_delivery_of_the_lead_line() {
    let mut lane = Lane::with(|program| program.settlement_from = SettlementFrom::Delivered);
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let lines = vec![line("1", "mug", 10, |_| {}), line("2", "cup", 5, |_| {})];
    lane.send(order("o1", 1, |order| order.lines = lines));
    let due =
        |lane: &mut Lane, name: &str| lane.refunds(refund(name, "o1", Approved, 90 * DAY, 1, |_| {}))[0].due;
    lane.send(status("o1", Status::Completed, 2, &[]));
    lane.send(status("o1", Status::Delivered, 5 * DAY, &["2"]));
    assert_eq!(due(&mut lane, "r1"), None);
    lane.send(status("o1", Status::Delivered, 4 * DAY, &["1"]));
    assert_eq!(due(&mut lane, "r2"), Some(at(18 * DAY)));
    lane.send(status("o1", Status::Delivered, 3 * DAY, &[]));
    assert_eq!(due(&mut lane, "r3"), Some(at(18 * DAY)));
}

#[test]
fn a_refund_without_an_order_is_of_the_newest_earlier_purchase() {
    let mut lane = Lane::new();
    lane.send_all([
        bought("o1", 1, &[("mug", 1, 100)]),
        bought("o2", 2, &[("cup", 5, 500), ("mug", 2, 200), ("mug", 2, 220)]),
        bought("o3", 9, &[("mug", 5, 500)]),
    ]);
    let parts = lane.refunds(matched("r1", Approved, 5, &[("mug", 2, 199)]));
    assert_eq!(parts.len(), 1);
    assert_eq!((parts[0].part.as_str(), parts[0].order.key.order.as_str()), ("r1", "o2"));
    assert_eq!(parts[0].refund.lines, [refund_line("1", Some(2), 199)]);
    assert!(parts[0].first_move);
}

#[test]
fn a_refund_of_several_orders_is_in_parts_that_sum_exactly() {
    let mut lane = Lane::new();
    lane.send_all([
        bought("o1", 1, &[("mug", 2, 200)]),
        bought("o2", 2, &[("mug", 1, 100), ("mug", 2, 200), ("cup", 1, 10)]),
    ]);
    let out = lane.send(matched("r1", Approved, 5, &[("mug", 5, 1_000_001), ("cup", 1, 7)]));
    assert_eq!(effects(&out), ["refund r1/1 of o2 approved 600007", "refund r1/2 of o1 approved 400001"]);
    let of_o2 = &parts(&out)[0].refund.lines;
    let lines = [("0", 1, 200_000), ("1", 2, 400_000), ("2", 1, 7)];
    assert_eq!(*of_o2, lines.map(|(line, units, amount)| refund_line(line, Some(units), amount)));
    let later = lane.send(matched("r1", Completed, 6, &[("mug", 5, 1_000_001), ("cup", 1, 7)]));
    assert_eq!(effects(&later), ["refund r1/1 of o2 completed 600007", "refund r1/2 of o1 completed 400001"]);
    assert!(parts(&later).iter().all(|part| !part.first_move));
}

#[test]
fn quantity_that_is_given_back_is_not_left_for_another_refund() {
    let mut lane = Lane::new();
    lane.send_all([bought("o1", 1, &[("mug", 2, 200)]), bought("o2", 2, &[("mug", 1, 100)])]);
    let of = |lane: &mut Lane, name: &str| effects(&lane.send(matched(name, Approved, 5, &[("mug", 1, 1)])));
    assert_eq!(of(&mut lane, "r1"), ["refund r1 of o2 approved 1"]);
    assert_eq!(of(&mut lane, "r2"), ["refund r2 of o1 approved 1"]);
    lane.send(refund("r3", "o1", Approved, 5, 1, |r| r.lines = vec![refund_line("0", Some(1), 1)]));
    assert_eq!(lane.try_send(matched("r4", Approved, 5, &[("mug", 1, 1)])).0, Admission::Parked);
}

#[test]
fn a_refund_turned_down_gives_its_units_back_to_those_that_wait() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 2, 200)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 2, 200)]));
    assert_eq!(lane.try_send(matched("r2", Approved, 6, &[("mug", 1, 100)])).0, Admission::Parked);
    let out = lane.send(matched("r1", Reversed, 7, &[("mug", 2, 200)]));
    assert_eq!(effects(&out), ["refund r1 of o1 reversed 200", "refund r2 of o1 approved 100"]);
}

#[test]
fn what_is_covered_takes_effect_and_the_rest_waits_for_a_late_purchase() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 1, 100)]));
    let out = lane.send(matched("r1", Approved, 5, &[("mug", 3, 100)]));
    assert_eq!(effects(&out), ["refund r1/1 of o1 approved 33"]);
    let out = lane.send(matched("r1", Completed, 6, &[("mug", 3, 100)]));
    assert_eq!(effects(&out), ["refund r1/1 of o1 completed 33"]);
    assert_eq!(effects(&lane.send(bought("too-late", 7, &[("mug", 9, 900)]))), ["order too-late"]);
    let out = lane.send(bought("o2", 2, &[("mug", 9, 900)]));
    assert_eq!(
        effects(&out),
        ["order o2", "refund r1/2 of o2 approved 67", "refund r1/2 of o2 completed 67"]
    );
    assert_eq!(lane.station.next_expiry(), None);
}

#[test]
fn what_is_never_covered_is_reported() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 1, 100)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 1, 100), ("cup", 1, 50), ("mug", 1, 70)]));
    assert_eq!(lane.try_send(matched("r2", Approved, 5, &[("pot", 4, 50)])).0, Admission::Parked);
    lane.tick(8 * DAY);
    assert_eq!(lane.letters(), [(Code::MatchNone, "/match/1"), (Code::MatchNone, "/match/0")]);
    let matched = lane.station.matched();
    assert_eq!((matched.fully, matched.partly, matched.not), (1, 0, 3));
}

#[test]
fn coverage_is_counted_by_line_and_follows_late_purchases() {
    let mut lane = Lane::new();
    let count = |lane: &Lane| {
        let matched = lane.station.matched();
        [matched.fully, matched.partly, matched.not]
    };
    lane.send(bought("o1", 1, &[("mug", 1, 100)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 2, 100), ("cup", 1, 50)]));
    assert_eq!(count(&lane), [0, 1, 1]);
    lane.send(matched("r1", Completed, 5, &[("mug", 2, 100), ("cup", 1, 50)]));
    lane.send(bought("o2", 2, &[("cup", 1, 100)]));
    assert_eq!(count(&lane), [1, 1, 0]);
}

#[test]
fn a_partly_covered_refund_that_was_given_up_is_not_taken_twice() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 1, 100)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 2, 100)]));
    assert_eq!(lane.try_send(matched("r2", Approved, 5, &[("mug", 2, 100)])).0, Admission::Parked);
    lane.tick(8 * DAY);
    assert_eq!(lane.try_send(matched("r1", Approved, 5, &[("mug", 2, 100)])).0, Admission::Duplicate);
    assert_eq!(lane.try_send(matched("r2", Approved, 5, &[("mug", 2, 100)])).0, Admission::Parked);
}

#[test]
fn gifts_samples_and_other_currencies_are_not_matched() {
    let mut lane = Lane::new();
    lane.send(order("gift", 1, |order| {
        order.lines = vec![sku("1", "mug", 1, 0)];
        order.lines[0].gift = true;
    }));
    lane.send(order("sample", 1, |order| {
        order.lines = vec![sku("1", "mug", 1, 0)];
        order.order_type = OrderType::Sample;
    }));
    lane.send(order("euro", 1, |order| {
        order.lines = vec![sku("1", "mug", 1, 100)];
        order.currency = Currency::new("EUR").unwrap();
    }));
    assert_eq!(lane.try_send(matched("r1", Approved, 5, &[("mug", 1, 1)])).0, Admission::Parked);
}

#[test]
fn an_amendment_changes_what_is_left() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 1, 100)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 3, 300)]));
    let more = order("o1", 1, |order| {
        order.revision = 1;
        order.lines = vec![sku("0", "mug", 2, 200), sku("1", "cup", 1, 10)];
    });
    let out = lane.send(more);
    assert_eq!(effects(&out), ["amendment o1", "refund r1/2 of o1 approved 100"]);
    let none = order("o1", 1, |order| {
        order.revision = 2;
        order.lines = vec![sku("1", "cup", 1, 10)];
    });
    lane.send(none);
    assert_eq!(lane.try_send(matched("r2", Approved, 5, &[("mug", 1, 1)])).0, Admission::Parked);
}

#[test]
fn a_matched_refund_keeps_its_keys_and_adds_up() {
    let mut lane = Lane::new();
    lane.send(bought("o1", 1, &[("mug", 5, 100)]));
    lane.send(matched("r1", Approved, 5, &[("mug", 2, 100)]));
    let other = matched("r1", Completed, 5, &[("mug", 1, 100)]);
    assert_eq!(lane.refused(other), (Code::KeyConflict, "/match".into()));
    let named = refund("r1", "o1", Completed, 5, 100, |_| {});
    assert_eq!(lane.refused(named), (Code::KeyConflict, "/order_id".into()));
    let mut short = matched("r2", Approved, 5, &[("mug", 2, 100)]);
    if let model::event::Body::Refund(refund) = &mut short.body {
        refund.amount = Minor(99);
    }
    assert_eq!(lane.refused(short), (Code::SumMismatch, "/match".into()));
    let long = matched(&"r".repeat(121), Approved, 5, &[("mug", 2, 100)]);
    assert_eq!(lane.refused(long), (Code::FieldValue, "/refund_id".into()));
}

#[test]
fn a_refund_turned_down_before_it_was_matched_takes_nothing() {
    let mut lane = Lane::new();
    assert_eq!(lane.try_send(matched("r1", Approved, 5, &[("mug", 1, 1)])).0, Admission::Parked);
    assert_eq!(lane.try_send(matched("r1", Rejected, 6, &[("mug", 1, 1)])).0, Admission::Parked);
    assert_eq!(effects(&lane.send(bought("o1", 1, &[("mug", 1, 100)]))), ["order o1"]);
    let out = lane.send(matched("r2", Approved, 5, &[("mug", 1, 1)]));
    assert_eq!(effects(&out), ["refund r2 of o1 approved 1"]);
}
