//! Creator holds: everything not yet scheduled, and what comes.

use crate::world::*;
use model::event::{ReviewDecision, ReviewSubject, RunState, Status};
use model::hit::{Effect, Until};
use model::limit::GROUP_MEMBERS_PER_POSITION;
use model::{CreatorId, Span};

fn by(creator: &str) -> [LineSpec; 1] {
    [line("a", 1_000).by(creator, 1_000)]
}

fn hold(days: i64) -> Vec<model::hit::Hit> {
    vec![hit("doubt", Effect::HoldCreator(Until::Lasting(Span::from_days(days))))]
}

fn creator(name: &str) -> ReviewSubject {
    ReviewSubject::Creator(CreatorId::new(name).unwrap())
}

#[test]
fn a_creator_hold_takes_everything_not_yet_scheduled_and_what_comes() {
    let mut w = World::new();
    w.order("released", &[line("a", 1_000).by("ann", 1_000).delay(Span::ZERO)], vec![]);
    w.at(MINUTE).tick();
    w.order("pending", &by("ann"), vec![]);
    w.order("bobs", &by("bob"), vec![]);
    w.news();
    w.order("now", &by("ann"), hold(5));
    w.order("later", &by("ann"), vec![]);
    assert_eq!(
        w.news(),
        [
            "recall ann/released released>held 100 | holds doubt | doubt",
            "hold ann/pending pending>held 100 | holds doubt | doubt",
            "accrue ann/now accrued>held 100 | holds doubt | attributed,doubt",
            "accrue ann/later accrued>held 100 | holds doubt | attributed,doubt"
        ]
    );
    w.at(5 * DAY + MINUTE).tick();
    assert!(w.news().iter().all(|verdict| !verdict.contains("hold ")));
    assert_eq!(w.accounts("later", "ann"), "pending 100");
    w.order("after", &by("ann"), vec![]);
    assert_eq!(w.accounts("after", "ann"), "pending 100");
}

#[test]
fn a_creator_hold_of_nothing_yet_is_told_and_holds_what_comes() {
    let mut w = World::new();
    w.click(&click("c", "ann"), hold(5));
    assert_eq!(w.news(), ["flag creator:main/ann | doubt"]);
    w.order("o", &by("ann"), vec![]);
    assert_eq!(w.accounts("o", "ann"), "held 100");
}

#[test]
fn creators_of_two_programs_who_have_one_name_are_two() {
    let mut w = World::new();
    w.click(&click("c", "ann"), hold(5));
    let mut elsewhere = std::sync::Arc::unwrap_or_clone(click("d", "ann"));
    elsewhere.context = std::sync::Arc::new(model::admitted::Context {
        program: model::ProgramId::new("other").unwrap(),
        ..(*context()).clone()
    });
    w.click(&std::sync::Arc::new(elsewhere), hold(5));
    assert_eq!(w.news(), ["flag creator:main/ann | doubt", "flag creator:other/ann | doubt"]);
    assert_eq!(w.out.iter().map(|verdict| verdict.sequence).collect::<Vec<_>>(), [1, 1]);
}

#[test]
fn a_freeze_holds_all_until_it_is_unfrozen() {
    let mut w = World::new();
    w.order("o", &by("ann"), vec![]);
    w.news();
    w.review(creator("ann"), ReviewDecision::Freeze);
    w.order("p", &by("ann"), vec![]);
    assert_eq!(
        w.news(),
        [
            "hold ann/o pending>held 100 | holds freeze | review",
            "accrue ann/p accrued>held 100 | holds freeze | attributed,review"
        ]
    );
    assert_eq!(w.out[1].actors, ["kim"]);
    w.review(creator("ann"), ReviewDecision::Unfreeze);
    assert_eq!(w.news().len(), 2);
    w.order("q", &by("ann"), vec![]);
    assert_eq!(w.accounts("q", "ann"), "pending 100");
}

#[test]
fn what_comes_back_to_a_creator_who_was_frozen_again_is_held() {
    let mut w = World::new();
    w.order("o", &by("ann"), vec![]);
    w.review(creator("ann"), ReviewDecision::Freeze);
    w.status("o", Status::Cancelled);
    w.review(creator("ann"), ReviewDecision::Unfreeze);
    w.review(creator("ann"), ReviewDecision::Freeze);
    w.news();
    w.at(1).status("o", Status::Paid);
    assert_eq!(w.news(), ["restore ann/o void>held 100 | holds freeze | review,status"]);
}

#[test]
fn what_a_commission_earns_more_after_its_hold_was_lifted_is_held_with_its_creator() {
    let mut w = World::new();
    w.order("o", &by("ann"), vec![]);
    w.review(creator("ann"), ReviewDecision::Freeze);
    w.review(w.subject("o", "ann"), ReviewDecision::Lift);
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.amend("o", &[line("a", 2_000).by("ann", 1_000)], vec![]);
    assert_eq!(w.accounts("o", "ann"), "held 200", "the disagreement was about another amount");
}

#[test]
fn a_review_of_a_creator_does_not_cover_later_orders() {
    let mut w = World::new();
    w.order("o", &by("ann"), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    w.review(creator("ann"), ReviewDecision::Release);
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.order("p", &by("ann"), vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    assert_eq!(w.accounts("p", "ann"), "held 100");
}

#[test]
fn scheduled_money_of_a_held_creator_is_asked_back() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000).delay(Span::ZERO)], vec![]);
    w.at(MINUTE).tick();
    w.run("run", RunState::Locked, &[]);
    w.news();
    w.review(creator("ann"), ReviewDecision::Freeze);
    assert_eq!(w.news(), ["flag ann/o | holds freeze | review,too_late"]);
    w.run("run", RunState::Failed, &[]);
    assert_eq!(w.accounts("o", "ann"), "held 100");
}

#[test]
fn the_end_of_a_creator_hold_is_due_even_while_it_has_no_member() {
    let mut w = World::new();
    w.click(&click("c", "ann"), hold(5));
    assert_eq!(w.ledger.next_due(), Some(at(5 * DAY)));
    w.at(5 * DAY).tick();
    assert_eq!(w.ledger.next_due(), None);
    assert!(!w.ledger.may_overflow(0));
}

#[test]
fn a_sweep_releases_nothing_that_a_hold_of_the_same_sweep_has_still_to_touch() {
    let mut w = World::new();
    for i in 0..GROUP_MEMBERS_PER_POSITION + 5 {
        w.order(&format!("o{i}"), &by("ann"), vec![]);
    }
    w.at_maturity.insert("o0".into(), hold(5));
    w.at(14 * DAY).tick();
    assert!(w.ledger.commissions().all(|commission| commission.is_held()));
}

#[test]
fn a_creator_hold_leaves_the_agencys_share() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000).agency("studio", 100)], hold(5));
    let share = w.commission_for("o", "agency:studio", model::event::Component::AgencyShare);
    assert_eq!(balances(share), "pending 10");
    assert_eq!(w.accounts("o", "ann"), "held 100");
}
