//! Refunds of every shape, and their undoing.

use crate::world::*;
use model::event::{RefundState::*, Status};

fn ordered() -> World {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000), line("b", 500).by("ann", 1_000)], vec![]);
    w.news();
    w
}

#[test]
fn a_refund_reduces_in_proportion_to_what_was_paid() {
    let mut w = ordered();
    w.refund_of("o", "r", Approved, 500, &[("a", 500)], vec![]);
    assert_eq!(w.news(), ["reduce ann/o pending>reduced 50 | refund"]);
}

#[test]
fn a_request_only_stops_maturity_and_a_rejection_lifts_that() {
    let mut w = ordered();
    w.refund("o", "r", Requested, 500);
    w.at(15 * DAY).tick();
    assert!(w.news().is_empty());
    w.refund("o", "r", Rejected, 500);
    w.at(15 * DAY + MINUTE).tick();
    assert_eq!(w.news(), ["release ann/o pending>released 150 | settled"]);
}

#[test]
fn a_later_state_posts_only_the_difference() {
    let mut w = ordered();
    w.refund_of("o", "r", Approved, 500, &[("a", 500)], vec![]);
    w.at(1).refund_of("o", "r", Completed, 700, &[("a", 700)], vec![]);
    assert_eq!(
        w.news(),
        ["reduce ann/o pending>reduced 50 | refund", "reduce ann/o pending>reduced 20 | refund"]
    );
    w.at(2).refund_of("o", "r", Reversed, 700, &[("a", 700)], vec![]);
    assert_eq!(w.news(), ["restore ann/o reduced>pending 70 | refund"]);
}

#[test]
fn no_date_is_printed_while_a_requested_refund_stops_the_release() {
    let mut w = ordered();
    w.refund("o", "r", Requested, 300);
    let flagged = |w: &mut World| {
        let (lines, flag) = ([line("a", 1_500).by("ann", 1_000)], hit("doubt", model::hit::Effect::Flag));
        w.amend("o", &lines, vec![flag]);
        w.out.last().unwrap().due
    };
    assert_eq!(flagged(&mut w), None);
    w.at(1).refund("o", "r", Rejected, 300);
    assert_eq!(flagged(&mut w), Some(at(14 * DAY)));
}

#[test]
fn completed_without_approval_posts_once() {
    let mut w = ordered();
    w.at(5).refund("o", "r", Completed, 1_500);
    w.at(6).refund("o", "r", Completed, 1_500);
    assert_eq!(w.news(), ["reduce ann/o pending>reduced 150 | refund"]);
}

#[test]
fn rejected_after_approved_undoes_it() {
    let mut w = ordered();
    w.refund("o", "r", Approved, 300);
    w.at(1).refund("o", "r", Rejected, 300);
    assert_eq!(w.accounts("o", "ann"), "pending 150");
}

#[test]
fn an_order_level_refund_is_spread_over_what_remains_and_its_reversal_undoes_exactly_it() {
    let mut w = ordered();
    w.refund_of("o", "first", Approved, 1_000, &[("a", 1_000)], vec![]);
    w.refund("o", "second", Approved, 250);
    assert_eq!(w.accounts("o", "ann"), "pending 25, reduced 125", "all of it fell on line b");
    w.at(1).refund("o", "first", Reversed, 1_000);
    assert_eq!(w.accounts("o", "ann"), "pending 125, reduced 25");
    w.at(2).refund("o", "second", Reversed, 250);
    assert_eq!(w.accounts("o", "ann"), "pending 150");
}

#[test]
fn many_small_refunds_take_no_more_than_one_of_their_sum() {
    let mut w = World::new();
    w.order("o", &[line("a", 999).by("ann", 333)], vec![]);
    for i in 0..9 {
        w.refund("o", &format!("r{i}"), Approved, 111);
    }
    assert_eq!(w.accounts("o", "ann"), "reduced 33");
}

#[test]
fn refunding_more_than_was_paid_clamps_and_is_flagged() {
    let mut w = ordered();
    w.refund("o", "r", Approved, 2_000);
    assert_eq!(w.news(), ["reduce ann/o pending>reduced 150 | refund", "flag order:main/o | over_refund"]);
    assert_eq!(w.ledger.counters().over_refunds, 1);
    w.refund_of("o", "s", Approved, 10, &[("a", 10)], vec![]);
    assert_eq!(w.news(), ["flag order:main/o | over_refund"]);
}

#[test]
fn a_refund_after_a_cancellation_takes_nothing_twice() {
    let mut w = ordered();
    w.at(1).status("o", Status::Cancelled);
    w.at(2).refund("o", "r", Completed, 1_500);
    assert_eq!(w.news(), ["void ann/o pending>void 150 | status"]);
    w.at(3).status("o", Status::Completed);
    assert_eq!(
        w.news(),
        ["restore ann/o void>pending 150 | status", "reduce ann/o pending>reduced 150 | status"],
        "the order came back, the money did not"
    );
}

#[test]
fn a_reduction_takes_pending_then_held_then_released_then_paid() {
    let mut w = ordered();
    w.at(14 * DAY).tick();
    w.run("run", model::event::RunState::Locked, &[]);
    w.run("run", model::event::RunState::Paid, &[]);
    w.amend("o", &[line("a", 1_000).by("ann", 1_000), line("b", 700).by("ann", 1_000)], vec![]);
    w.at(14 * DAY + MINUTE).tick();
    w.amend("o", &[line("a", 1_000).by("ann", 1_000), line("b", 1_000).by("ann", 1_000)], vec![]);
    assert_eq!(w.accounts("o", "ann"), "pending 30, released 20, paid 150");
    w.news();
    w.refund("o", "r", Approved, 1_000);
    assert_eq!(
        w.news(),
        [
            "reduce ann/o pending>reduced 30 released>reduced 20 | refund",
            "claw_back ann/o paid>owed_back 50 | refund"
        ]
    );
    w.at(14 * DAY + 2 * MINUTE).refund("o", "r", Reversed, 1_000);
    assert_eq!(w.news(), ["restore ann/o reduced>pending 50 owed_back>paid 50 | refund"]);
}

#[test]
fn a_refund_of_scheduled_money_is_recorded_as_due_and_posted_with_the_run() {
    let mut w = ordered();
    w.at(14 * DAY).tick();
    w.run("run", model::event::RunState::Locked, &[]);
    w.news();
    w.refund("o", "r", Approved, 300);
    assert_eq!(w.news(), ["flag ann/o | refund,too_late"]);
    assert_eq!(w.accounts("o", "ann"), "scheduled 150");
    assert_eq!(w.commission("o", "ann").owing(), model::Minor(30));
    w.run("run", model::event::RunState::Paid, &[]);
    assert_eq!(
        w.news(),
        ["pay ann/o scheduled>paid 150 | payout_run", "claw_back ann/o paid>owed_back 30 | refund"]
    );
}

#[test]
fn a_refund_of_a_failed_runs_money_reduces_it() {
    let mut w = ordered();
    w.at(14 * DAY).tick();
    w.run("run", model::event::RunState::Locked, &[]);
    w.refund("o", "r", Approved, 300);
    w.news();
    w.run("run", model::event::RunState::Failed, &[]);
    assert_eq!(
        w.news(),
        ["release ann/o scheduled>released 150 | payout_run", "reduce ann/o released>reduced 30 | refund"]
    );
}

#[test]
fn what_was_owed_to_a_run_is_taken_with_the_reasons_that_it_was_owed_for() {
    let mut w = ordered();
    w.at(14 * DAY).tick();
    w.run("run", model::event::RunState::Locked, &[]);
    w.refund("o", "r", Approved, 300);
    w.review(w.subject("o", "ann"), model::event::ReviewDecision::Void);
    w.news();
    w.run("run", model::event::RunState::Failed, &[]);
    assert_eq!(
        w.news(),
        [
            "release ann/o scheduled>released 150 | payout_run",
            "reduce ann/o released>reduced 30 | refund",
            "void ann/o released>void 120 | review"
        ]
    );
    let refund = &w.out[w.out.len() - 2].reasons[0].evidence;
    assert_eq!(format!("{:?}", refund["amount"]), "Int(300)");
}

#[test]
fn a_refund_that_is_reversed_before_the_run_owes_nothing() {
    let mut w = ordered();
    w.at(14 * DAY).tick();
    w.run("run", model::event::RunState::Locked, &[]);
    w.refund("o", "r", Approved, 300);
    w.at(14 * DAY + 1).refund("o", "r", Reversed, 300);
    assert_eq!(w.commission("o", "ann").owing(), model::Minor(0));
    w.run("run", model::event::RunState::Paid, &[]);
    assert_eq!(w.accounts("o", "ann"), "paid 150");
}
