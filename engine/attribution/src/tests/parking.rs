//! What waits, and what becomes of it.

use model::event::{RefundState, Status};
use model::refusal::Code;
use model::{Currency, Position};

use super::events::*;
use super::lane::{Lane, effects};
use crate::Admission;

fn early_refund(name: &str, minute: i64) -> model::Event {
    refund(name, "o1", RefundState::Approved, minute, 100, |_| {})
}

#[test]
fn what_comes_before_its_order_takes_effect_right_after_it_in_the_order_in_which_it_came() {
    let mut lane = Lane::new();
    assert_eq!(lane.try_send(status("o1", Status::Paid, 5, &[])).0, Admission::Parked);
    assert_eq!(lane.try_send(early_refund("r1", 9)).0, Admission::Parked);
    assert_eq!(lane.try_send(status("o1", Status::Delivered, 7, &[])).0, Admission::Parked);
    assert_eq!(lane.station.clock(), Some(at(9)));
    let out = lane.send(order("o1", 4, |_| {}));
    let expected = ["order o1", "status o1 paid", "refund r1 of o1 approved 100", "status o1 delivered"];
    assert_eq!(effects(&out), expected);
    assert_eq!(out.iter().map(|a| a.occurred_at).collect::<Vec<_>>(), [4, 5, 9, 7].map(at));
    assert!(out.iter().all(|a| a.position == Position(3) && a.clock == at(9)));
    assert_eq!(lane.station.next_expiry(), None);
}

#[test]
fn a_parked_record_sent_again_is_a_duplicate() {
    let mut lane = Lane::new();
    lane.try_send(early_refund("r1", 1));
    assert_eq!(lane.try_send(early_refund("r1", 1)).0, Admission::Duplicate);
    lane.send(order("o1", 0, |_| {}));
    assert_eq!(lane.try_send(early_refund("r1", 1)).0, Admission::Duplicate);
}

#[test]
fn a_parked_record_is_given_up_after_seven_days_with_its_own_bytes() {
    let mut lane = Lane::new();
    lane.try_send(early_refund("r1", 1));
    lane.try_send(status("o1", Status::Paid, 2, &[]));
    lane.tick(7 * DAY);
    assert_eq!(lane.letters(), []);
    lane.tick(7 * DAY + 5);
    assert_eq!(lane.letters(), [(Code::OrderUnknown, "/order_id"); 2]);
    assert_eq!(lane.dead.iter().map(|d| &d.raw[..]).collect::<Vec<_>>(), [&b"record 0"[..], b"record 1"]);
    assert_eq!((lane.dead[1].position, lane.dead[1].refused_at), (Position(1), Position(3)));
}

#[test]
fn the_seven_days_are_of_the_log_clock_not_of_the_records_own_time() {
    let mut lane = Lane::new();
    lane.tick(100 * DAY);
    lane.try_send(early_refund("r1", 0));
    assert_eq!(lane.station.next_expiry(), Some(at(107 * DAY)));
}

#[test]
fn an_order_that_comes_after_its_refund_was_given_up_says_so_for_ever() {
    let mut lane = Lane::new();
    lane.try_send(early_refund("r1", 1));
    lane.tick(8 * DAY);
    assert!(lane.order(order("o1", 0, |_| {})).orphan_refund);
    assert!(lane.order(order("o1", 0, |order| order.revision = 1)).orphan_refund);
    assert!(!lane.order(order("o2", 0, |_| {})).orphan_refund);
}

#[test]
fn a_status_or_a_rejected_refund_given_up_makes_no_orphan() {
    let mut lane = Lane::new();
    lane.try_send(status("o1", Status::Paid, 1, &[]));
    lane.try_send(refund("r1", "o1", RefundState::Rejected, 1, 100, |_| {}));
    lane.tick(8 * DAY);
    assert_eq!(lane.dead.len(), 2);
    assert!(!lane.order(order("o1", 0, |_| {})).orphan_refund);
}

#[test]
fn what_was_given_up_may_be_sent_again() {
    let mut lane = Lane::new();
    lane.try_send(early_refund("r1", 1));
    lane.try_send(status("o1", Status::Paid, 1, &[]));
    lane.tick(8 * DAY);
    lane.send(order("o1", 0, |_| {}));
    assert_eq!(effects(&lane.send(early_refund("r1", 1))), ["refund r1 of o1 approved 100"]);
    assert_eq!(effects(&lane.send(status("o1", Status::Paid, 1, &[]))), ["status o1 paid"]);
}

#[test]
fn a_parked_record_that_proves_wrong_is_a_dead_letter_of_the_next_sweep() {
    let mut lane = Lane::new();
    let wrong = |name: &str| {
        refund(name, "o1", RefundState::Approved, 1, 100, |r| r.currency = Currency::new("EUR").unwrap())
    };
    lane.try_send(wrong("r1"));
    lane.try_send(status("o1", Status::Paid, 2, &["7"]));
    let out = lane.send(order("o1", 0, |_| {}));
    assert_eq!(effects(&out), ["order o1"]);
    lane.tick(2);
    assert_eq!(lane.letters(), []);
    lane.tick(3);
    assert_eq!(lane.letters(), [(Code::CurrencyMismatch, "/currency"), (Code::LineUnknown, "/line_ids/0")]);
    assert_eq!(lane.refused(wrong("r1")), (Code::CurrencyMismatch, "/currency".into()));
    assert_eq!(lane.station.next_expiry(), None);
}

#[test]
fn a_refund_that_does_not_add_up_is_not_parked() {
    let mut lane = Lane::new();
    let wrong = refund("r1", "o1", RefundState::Approved, 1, 100, |r| {
        r.lines = vec![refund_line("1", None, 1)];
    });
    assert_eq!(lane.refused(wrong), (Code::SumMismatch, "/lines".into()));
}

#[test]
fn records_of_one_program_do_not_wait_for_orders_of_another() {
    let mut lane = Lane::new();
    lane.try_send(early_refund("r1", 1));
    let mut elsewhere = order("o1", 0, |_| {});
    elsewhere.program = id("other");
    assert_eq!(effects(&lane.send(elsewhere)), ["order o1"]);
}
