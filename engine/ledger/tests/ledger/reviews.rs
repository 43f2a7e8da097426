//! What people decide.

use crate::world::*;
use model::Span;
use model::event::{ReviewDecision, ReviewStage, RunState, Status};
use model::hit::{Effect, Until};

fn one() -> [LineSpec; 1] {
    [line("a", 1_000).by("ann", 1_000)]
}

fn doubt() -> Vec<model::hit::Hit> {
    vec![hit("doubt", Effect::Hold(Until::Reviewed))]
}

#[test]
fn a_lift_ends_one_hold_and_the_rule_only_flags_from_then_on() {
    let mut w = World::new();
    w.order("o", &one(), doubt());
    w.news();
    w.review(w.own_hold("o", "ann", "doubt"), ReviewDecision::Lift);
    assert_eq!(w.news(), ["restore ann/o held>pending 100 | review"]);
    assert_eq!(w.out.last().unwrap().actors, ["kim"]);
    w.amend("o", &one(), doubt());
    assert_eq!(w.news(), ["flag ann/o | doubt"]);
    w.amend("o", &one(), vec![hit("other", Effect::Hold(Until::Reviewed))]);
    assert_eq!(
        w.news(),
        ["hold ann/o pending>held 100 | holds other | other"],
        "only that rule was contradicted"
    );
}

#[test]
fn a_release_ends_all_holds_silences_all_rules_and_pays_at_the_date() {
    let mut w = World::new();
    w.order(
        "o",
        &one(),
        vec![hit("doubt", Effect::Hold(Until::Reviewed)), hit("other", Effect::Hold(Until::Reviewed))],
    );
    w.news();
    w.review(w.subject("o", "ann"), ReviewDecision::Release);
    assert_eq!(w.news(), ["restore ann/o held>pending 100 | review"]);
    w.amend("o", &one(), vec![hit("burst", Effect::Hold(Until::Reviewed))]);
    assert_eq!(w.news(), ["flag ann/o | burst"]);
    w.at(14 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100");
    w.amend("o", &one(), doubt());
    assert_eq!(w.accounts("o", "ann"), "released 100", "recalls included");
}

#[test]
fn disagreement_ends_when_the_amount_changes() {
    let mut w = World::new();
    w.order("o", &one(), doubt());
    w.review(w.subject("o", "ann"), ReviewDecision::Release);
    w.amend("o", &[line("a", 2_000).by("ann", 1_000)], doubt());
    assert_eq!(w.accounts("o", "ann"), "held 200");
}

#[test]
fn a_hold_by_a_person_waits_for_a_person() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.news();
    w.review(w.subject("o", "ann"), ReviewDecision::Hold);
    w.review(w.subject("o", "ann"), ReviewDecision::Hold);
    assert_eq!(w.news(), ["hold ann/o pending>held 100 | holds review | review"]);
    w.at(20 * DAY).tick();
    assert!(w.news().is_empty());
}

#[test]
fn keep_makes_a_hold_wait_for_a_person() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", Effect::Hold(Until::Lasting(Span::from_days(1))))]);
    w.news();
    w.review(w.subject("o", "ann"), ReviewDecision::Keep);
    assert_eq!(w.news(), ["hold ann/o | holds doubt | review"]);
    w.at(20 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "held 100");
}

#[test]
fn a_void_takes_everything_for_good() {
    let mut w = World::new();
    w.order("o", &one(), doubt());
    w.review(w.subject("o", "ann"), ReviewDecision::Void);
    assert_eq!(w.accounts("o", "ann"), "void 100");
    w.at(1).status("o", Status::Paid);
    assert_eq!(w.accounts("o", "ann"), "void 100");
}

#[test]
fn what_was_paid_and_voided_is_owed_back_until_it_is_written_off() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.at(14 * DAY).tick();
    w.run("run", RunState::Locked, &[]);
    w.run("run", RunState::Paid, &[]);
    w.review(w.subject("o", "ann"), ReviewDecision::Void);
    assert_eq!(w.accounts("o", "ann"), "owed_back 100");
    w.news();
    w.review(w.subject("o", "ann"), ReviewDecision::WriteOff);
    assert_eq!(w.news(), ["claw_back ann/o owed_back>written_off 100 | review"]);
}

#[test]
fn a_proposal_is_recorded_and_moves_nothing() {
    let mut w = World::new();
    w.order("o", &one(), doubt());
    w.news();
    w.review_stage(w.subject("o", "ann"), ReviewDecision::Release, ReviewStage::Proposal);
    assert_eq!(w.news(), ["flag ann/o | holds doubt | proposal"]);
}

#[test]
fn a_review_of_one_commission_leaves_the_agencys() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000).agency("studio", 100)], doubt());
    w.review(w.subject("o", "ann"), ReviewDecision::Release);
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    let share = w.commission_for("o", "agency:studio", model::event::Component::AgencyShare);
    assert_eq!(balances(share), "held 10");
}

#[test]
fn a_lift_that_names_no_hold_among_several_is_only_flagged() {
    let mut w = World::new();
    w.order(
        "o",
        &one(),
        vec![hit("doubt", Effect::Hold(Until::Reviewed)), hit("other", Effect::Hold(Until::Reviewed))],
    );
    w.news();
    w.review(w.subject("o", "ann"), ReviewDecision::Lift);
    assert_eq!(w.news(), ["flag ann/o | holds doubt,other | review"]);
}

#[test]
fn a_review_of_what_is_not_known_is_counted() {
    let mut w = World::new();
    let unknown = model::verdict::HoldId::parse("00000000000000000000000000000001").unwrap();
    w.review(model::event::ReviewSubject::Hold(unknown), ReviewDecision::Lift);
    assert!(w.news().is_empty());
    assert_eq!(w.ledger.counters().unmatched_reviews, 1);
}
