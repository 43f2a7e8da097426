//! Payout runs.

use crate::world::*;
use model::Span;
use model::event::{Component, RunState::*};

/// Ann has 100 and then 50 released, Bob 30.
fn released() -> World {
    let mut w = World::new();
    let quick = |paid, creator| [line("a", paid).by(creator, 1_000).delay(Span::ZERO)];
    w.order("first", &quick(1_000, "ann"), vec![]);
    w.at(MINUTE).tick();
    w.order("second", &quick(500, "ann"), vec![]);
    w.order("bobs", &quick(300, "bob"), vec![]);
    w.at(2 * MINUTE).tick();
    w.news();
    w
}

#[test]
fn a_locked_run_schedules_what_was_released_by_its_cutoff() {
    let mut w = released();
    w.run_until("run", Opened, &[], at(MINUTE));
    assert!(w.news().is_empty());
    w.run_until("run", Locked, &[], at(MINUTE));
    assert_eq!(w.news(), ["schedule ann/first released>scheduled 100 | payout_run"]);
}

#[test]
fn a_locked_run_with_lines_schedules_only_theirs() {
    let mut w = released();
    w.run("run", Locked, &[("creator:bob", 30)]);
    assert_eq!(w.news(), ["schedule bob/bobs released>scheduled 30 | payout_run"]);
}

#[test]
fn a_paid_run_consumes_in_release_order_and_the_rest_returns() {
    let mut w = released();
    w.run("run", Locked, &[]);
    w.news();
    w.run("run", Paid, &[("creator:ann", 120)]);
    assert_eq!(
        w.news(),
        [
            "pay ann/first scheduled>paid 100 | payout_run",
            "release ann/second scheduled>released 30 | payout_run",
            "pay ann/second scheduled>paid 20 | payout_run",
            "release bob/bobs scheduled>released 30 | payout_run"
        ]
    );
    w.run("next", Locked, &[]);
    w.run("next", Paid, &[]);
    assert_eq!(w.accounts("second", "ann"), "paid 50");
    assert_eq!(w.accounts("bobs", "bob"), "paid 30");
}

#[test]
fn what_was_paid_beyond_is_accrued_paid_and_owed_back_and_alerts() {
    let mut w = released();
    w.run("run", Locked, &[("creator:bob", 30)]);
    w.news();
    w.run("run", Paid, &[("creator:bob", 50)]);
    assert_eq!(
        w.news(),
        [
            "pay bob/bobs scheduled>paid 30 | payout_run",
            "accrue bob accrued>pending 20 | paid_beyond",
            "pay bob pending>released 20 released>scheduled 20 scheduled>paid 20 | paid_beyond",
            "claw_back bob paid>owed_back 20 | paid_beyond",
            "flag bob | paid_beyond"
        ]
    );
    w.check_totals();
}

#[test]
fn an_obligation_that_is_named_like_a_run_is_not_what_the_run_paid_beyond() {
    let mut w = released();
    w.run("run", Locked, &[("creator:bob", 30)]);
    w.run("run", Paid, &[("creator:bob", 50)]);
    w.news();
    w.obligation_for("run/USD", "creator:bob", Component::Adjustment, 700);
    assert_eq!(w.news(), ["accrue bob accrued>pending 700 | obligation"]);
}

#[test]
fn failed_and_cancelled_runs_give_everything_back_in_its_place() {
    for state in [Failed, Cancelled] {
        let mut w = released();
        w.run("run", Locked, &[]);
        w.run("run", state, &[]);
        assert_eq!(w.accounts("first", "ann"), "released 100");
        w.run("next", Locked, &[]);
        w.run("next", Paid, &[("creator:ann", 60)]);
        assert_eq!(
            w.accounts("first", "ann"),
            "released 40, paid 60",
            "the first release is still the first"
        );
    }
}

#[test]
fn a_run_that_was_paid_is_over() {
    let mut w = released();
    w.run("run", Locked, &[]);
    w.run("run", Paid, &[]);
    w.news();
    w.run("run", Paid, &[("creator:ann", 150)]);
    assert_eq!(w.news(), ["flag run:main/run | run_repeated"]);
}
