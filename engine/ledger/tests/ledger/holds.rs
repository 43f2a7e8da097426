//! Holds of one commission.

use crate::world::*;
use model::hit::{Effect, Until};
use model::log::Feeds;
use model::{Span, event::RunState};

fn until(span: Span) -> Effect {
    Effect::Hold(Until::Lasting(span))
}

fn one() -> [LineSpec; 1] {
    [line("a", 1_000).by("ann", 1_000)]
}

#[test]
fn only_an_accrual_absorbs_a_hold_of_its_own_record() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", until(Span::from_days(3)))]);
    assert_eq!(w.news(), ["accrue ann/o accrued>held 100 | holds doubt | attributed,doubt"]);
    assert_eq!(w.out[0].holds[0].until, Some(at(3 * DAY)));
    assert_eq!(w.out[0].due, Some(at(14 * DAY)));
}

#[test]
fn a_hold_acts_on_all_commissions_of_the_order() {
    let mut w = World::new();
    let lines = [line("a", 1_000).by("ann", 1_000).agency("studio", 100), line("b", 500).by("bob", 1_000)];
    w.order("o", &lines, vec![hit("doubt", Effect::Hold(Until::Default))]);
    assert!(w.news().iter().all(|verdict| verdict.contains("| holds doubt |")));
}

#[test]
fn a_lapsed_hold_frees_the_money_and_the_release_comes_by_itself() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", until(Span::from_days(20)))]);
    w.news();
    w.at(20 * DAY).tick();
    assert_eq!(
        w.news(),
        ["restore ann/o held>pending 100 | lapsed", "release ann/o pending>released 100 | settled"]
    );
}

#[test]
fn lifting_one_hold_leaves_the_others() {
    let mut w = World::new();
    let hits = vec![hit("doubt", until(Span::from_days(1))), hit("other", until(Span::from_days(2)))];
    w.order("o", &one(), hits);
    w.news();
    w.at(DAY).tick();
    assert_eq!(w.news(), ["hold ann/o | holds other | lapsed"], "no money moved, and one hold stands");
    assert_eq!(w.accounts("o", "ann"), "held 100");
    w.at(2 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "pending 100");
}

#[test]
fn firing_again_extends_and_speaks_only_if_something_changed() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", until(Span::from_days(3)))]);
    w.news();
    w.amend("o", &one(), vec![hit("doubt", until(Span::from_days(2)))]);
    assert!(w.news().is_empty());
    w.amend("o", &one(), vec![hit("doubt", until(Span::from_days(5)))]);
    assert_eq!(w.news(), ["hold ann/o | holds doubt | doubt"]);
    assert_eq!(w.out.last().unwrap().holds[0].until, Some(at(5 * DAY)));
    w.amend("o", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    assert_eq!(w.news().len(), 1);
    assert_eq!(w.out.last().unwrap().due, None, "a person must decide first");
}

#[test]
fn a_hold_on_released_money_recalls_it() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.at(14 * DAY).tick();
    w.news();
    w.amend("o", &one(), vec![hit("doubt", Effect::Hold(Until::Default))]);
    assert_eq!(w.news(), ["recall ann/o released>held 100 | holds doubt | doubt"]);
    w.run("run", RunState::Locked, &[]);
    assert!(w.news().is_empty(), "recalled money is not scheduled");
}

#[test]
fn a_hold_on_scheduled_money_asks_and_takes_what_comes_back() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.at(14 * DAY).tick();
    w.run("run", RunState::Locked, &[]);
    w.news();
    w.amend("o", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    assert_eq!(w.news(), ["flag ann/o | holds doubt | doubt,too_late"]);
    w.run("run", RunState::Cancelled, &[]);
    assert_eq!(
        w.news(),
        [
            "release ann/o scheduled>released 100 | holds doubt | payout_run",
            "recall ann/o released>held 100 | holds doubt | doubt"
        ]
    );
}

#[test]
fn a_hold_on_paid_money_only_marks() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.at(14 * DAY).tick();
    w.run("run", RunState::Locked, &[]);
    w.run("run", RunState::Paid, &[]);
    w.news();
    w.amend("o", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    assert_eq!(w.news(), ["flag ann/o | doubt"]);
}

#[test]
fn no_hold_outlives_the_longest_allowed_without_being_escalated() {
    let mut policy = World::new().policy;
    policy.default_market.longest_hold = Span::from_days(10);
    let mut w = World::with(policy, Feeds::CompleteToClock);
    w.order("long", &one(), vec![hit("doubt", until(Span::from_days(30)))]);
    w.order("waiting", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    w.news();
    w.at(10 * DAY).tick();
    assert_eq!(
        w.news(),
        ["flag ann/long | holds doubt | escalated", "flag ann/waiting | holds doubt | escalated"]
    );
    w.at(40 * DAY).tick();
    assert!(w.news().is_empty());
    assert_eq!(w.accounts("long", "ann"), "held 100");
}

#[test]
fn a_ruleset_that_shortens_the_longest_hold_shortens_the_holds_that_stand() {
    let mut policy = World::new().policy;
    policy.default_market.longest_hold = Span::from_days(90);
    let mut w = World::with(policy, Feeds::CompleteToClock);
    w.order("o", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    w.at(40 * DAY).tick();
    w.policy.default_market.longest_hold = Span::from_days(30);
    w.set_policy("r2");
    w.news();
    w.at(40 * DAY + MINUTE).tick();
    assert_eq!(w.news(), ["flag ann/o | holds doubt | escalated"]);
}

#[test]
fn holds_outlive_their_rule() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    w.policy.rules.clear();
    w.set_policy("r2");
    w.at(20 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "held 100");
}

#[test]
fn no_policy_sets_a_shorter_time_than_the_ledger_says() {
    let mut w = World::new();
    assert_eq!(w.ledger.shortest_hold(), Some(Span::from_days(2)), "that of the score");
    w.policy.default_market.longest_hold = Span::from_days(1);
    w.set_policy("r2");
    assert_eq!(w.ledger.shortest_hold(), Some(Span::from_days(1)));
}
