//! Who earns what, and what becomes of it when the order, or its status, changes.

use crate::world::*;
use model::admitted::ClickRecord;
use model::event::{Component, OrderType, Status};
use model::hit::{Effect, Until};
use model::{AgencyId, BasisPoints, Minor, Position};

#[test]
fn an_order_accrues_for_its_creator_and_on_top_for_the_agency() {
    let mut w = World::new();
    w.order("o", &[line("a", 10_000).by("ann", 1_000).agency("studio", 200)], vec![]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>pending 1000 | attributed",
            "accrue agency:studio/o accrued>pending 200 | attributed"
        ]
    );
    w.check_totals();
}

#[test]
fn lines_of_one_order_may_go_to_different_creators() {
    let mut w = World::new();
    let lines =
        [line("a", 1_000).by("ann", 1_000), line("b", 500).by("bob", 1_000), line("c", 300).by("ann", 1_000)];
    w.order("o", &lines, vec![]);
    assert_eq!(
        w.news(),
        ["accrue ann/o accrued>pending 130 | attributed", "accrue bob/o accrued>pending 50 | attributed"]
    );
}

#[test]
fn an_advertised_click_earns_on_a_component_of_its_own() {
    let mut w = World::new();
    let ads = line("b", 1_000).by("ann", 500).terms(|terms| terms.component = Component::AdsCps);
    w.order("o", &[line("a", 1_000).by("ann", 1_000), ads], vec![]);
    assert_eq!(w.news().len(), 2);
    assert_eq!(balances(w.commission_for("o", "ann", Component::AdsCps)), "pending 50");
}

#[test]
fn what_earns_nothing_makes_no_verdict() {
    let mut w = World::new();
    w.order("nobody", &[line("a", 1_000)], vec![]);
    w.order("nothing", &[line("a", 0).by("ann", 1_000)], vec![]);
    for (name, kind) in [("sample", OrderType::Sample), ("gift", OrderType::Gift), ("test", OrderType::Test)]
    {
        w.order_of_type(name, &[line("a", 1_000).by("ann", 1_000)], kind);
    }
    let mut gift = line("a", 1_000).by("ann", 1_000);
    gift.line.gift = true;
    w.order("with_purchase", &[gift], vec![]);
    assert!(w.news().is_empty());
}

#[test]
fn a_line_without_a_plan_accrues_nothing_and_is_held_until_one_comes() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 0).without_plan()], vec![]);
    assert_eq!(w.news(), ["accrue ann/o | holds no_plan | attributed,no_plan"]);
    w.at(20 * DAY).tick();
    assert!(w.news().is_empty());
    w.planned("o", &[line("a", 1_000).by("ann", 1_000)]);
    assert_eq!(w.news(), ["accrue ann/o accrued>pending 100 | planned"]);
    w.at(20 * DAY + MINUTE).tick();
    assert_eq!(w.news(), ["release ann/o pending>released 100 | settled"]);
}

#[test]
fn an_order_whose_refund_was_given_up_is_held() {
    let mut w = World::new();
    w.orphan("o", &[line("a", 1_000).by("ann", 1_000)]);
    assert_eq!(w.news(), ["accrue ann/o accrued>held 100 | holds orphan_refund | attributed,orphan_refund"]);
}

#[test]
fn an_invalidated_click_earns_nothing_at_later_orders_and_the_next_candidate_does() {
    let mut w = World::new();
    let clicked = |id, creator| {
        let mut candidate = candidate(creator, 1_000);
        candidate.click = Some(click(id, creator));
        candidate
    };
    let both = [line("a", 1_000).or(clicked("c1", "ann")).or(clicked("c2", "bob"))];
    w.order("before", &both, vec![]);
    w.click(&click("c1", "ann"), vec![hit("doubt", Effect::Invalidate)]);
    w.order("after", &both, vec![]);
    w.order("alone", &[line("a", 1_000).or(clicked("c1", "ann"))], vec![]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/before accrued>pending 100 | attributed",
            "flag click:main/c1 | doubt,invalidated",
            "accrue bob/after accrued>pending 100 | attributed,reattributed"
        ]
    );
    assert_eq!(w.out[2].reattributed_from.as_ref().map(|c| c.as_str()), Some("ann"));
}

fn clicked(click: &std::sync::Arc<ClickRecord>) -> [LineSpec; 1] {
    let mut candidate = candidate(click.click.creator_id.as_str(), 1_000);
    candidate.click = Some(click.clone());
    [line("a", 1_000).or(candidate)]
}

#[test]
fn a_click_that_has_the_id_of_a_forgotten_invalid_one_earns() {
    let mut w = World::new();
    w.click(&click_at("c", "ann", Position(1), at(0)), vec![hit("doubt", Effect::Invalidate)]);
    let again = click_at("c", "ann", Position(2), at(10 * DAY));
    w.at(10 * DAY).click(&again, vec![]);
    w.order("o", &clicked(&again), vec![]);
    assert_eq!(w.accounts("o", "ann"), "pending 100");
}

#[test]
fn invalid_clicks_are_forgotten_with_the_clicks_and_stay_invalid_for_orders_that_they_had_lost() {
    let mut w = World::new();
    let invalid = click("c", "ann");
    w.click(&invalid, vec![hit("doubt", Effect::Invalidate)]);
    w.order("o", &clicked(&invalid), vec![]);
    let mut sizes = Vec::new();
    for days in 0..100 {
        let click = click_at("d", "ann", Position(u64::MAX - 1), at(days * DAY));
        w.at(days * DAY).click(&click, vec![hit("doubt", Effect::Invalidate)]);
        sizes.push(postcard::to_allocvec(&w.ledger).unwrap().len());
    }
    assert!(sizes[99] <= sizes[40] + 8, "37 days of them are kept: {sizes:?}");
    w.news();
    w.amend("o", &clicked(&invalid), vec![]);
    assert!(w.news().is_empty(), "it earns ann nothing, as before");
}

#[test]
fn a_higher_revision_posts_the_differences() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.amend("o", &[line("a", 1_500).by("ann", 1_000)], vec![]);
    w.amend("o", &[line("a", 800).by("ann", 1_000)], vec![]);
    w.amend("o", &[line("a", 1_200).by("ann", 1_000)], vec![]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>pending 100 | attributed",
            "accrue ann/o accrued>pending 50 | amended",
            "void ann/o pending>void 70 | amended",
            "restore ann/o void>pending 40 | amended"
        ]
    );
}

#[test]
fn a_line_that_moves_to_another_creator_is_void_for_the_one_and_accrues_for_the_other() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000), line("b", 100).by("ann", 1_000)], vec![]);
    w.amend("o", &[line("a", 1_000).by("bob", 1_000), line("b", 100).by("ann", 1_000)], vec![]);
    w.news();
    assert_eq!(w.accounts("o", "ann"), "pending 10, void 100");
    assert_eq!(w.accounts("o", "bob"), "pending 100");
    w.amend("o", &[line("b", 100).by("ann", 1_000)], vec![]);
    assert_eq!(w.accounts("o", "bob"), "void 100");
}

#[test]
fn rules_run_again_on_a_higher_revision() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.news();
    w.amend("o", &[line("a", 1_100).by("ann", 1_000)], vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>held 10 | holds doubt | amended,doubt",
            "hold ann/o pending>held 100 | holds doubt | doubt"
        ]
    );
}

#[test]
fn a_commission_remembers_how_it_was_computed() {
    let mut w = World::new();
    let mut spec = line("a", 1_000).by("ann", 1_000).by("bob", 500).agency("studio", 200);
    spec.line.tax = Minor(100);
    w.order("o", &[spec], vec![]);
    let snapshot = w.ledger.snapshot(w.commission("o", "ann")).unwrap();
    let line = &snapshot.lines[0];
    assert_eq!((line.gross, line.deductions, line.base), (Minor(1_000), Minor(100), Minor(900)));
    assert_eq!((line.rate_bp, line.commission, line.earns), (Some(1_000), Minor(90), 0));
    assert_eq!(line.plan.as_ref().map(|(plan, version)| (plan.as_str(), *version)), Some(("plan", 1)));
    assert_eq!(line.candidates.iter().map(|c| c.as_str()).collect::<Vec<_>>(), ["ann", "bob"]);
    let share = w.commission_for("o", "agency:studio", Component::AgencyShare);
    assert_eq!(w.ledger.snapshot(share).unwrap().lines[0].rate_bp, Some(200));
    assert_eq!(AgencyId::new("studio").unwrap().as_str(), "studio");
    assert!(BasisPoints::new(200).is_some());
}

#[test]
fn a_voiding_status_voids_and_any_other_restores() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    for status in [Status::Cancelled, Status::Failed, Status::Refused, Status::Returned, Status::Lost] {
        w.at(w.now().ms_since(at(0)) + 1).status("o", status);
        assert_eq!(w.accounts("o", "ann"), "void 100", "{status:?}");
        w.at(w.now().ms_since(at(0)) + 1).status("o", Status::Paid);
        assert_eq!(w.accounts("o", "ann"), "pending 100", "{status:?}");
    }
    assert_eq!(
        w.news()[..3],
        [
            "accrue ann/o accrued>pending 100 | attributed",
            "void ann/o pending>void 100 | status",
            "restore ann/o void>pending 100 | status"
        ]
    );
}

#[test]
fn the_greatest_time_of_a_status_wins_whenever_it_arrives() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.at(10).status_at("o", Status::Paid, &[], at(9));
    w.status_at("o", Status::Cancelled, &[], at(8));
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.status_at("o", Status::Cancelled, &[], at(9));
    assert_eq!(w.accounts("o", "ann"), "void 100", "of equal times the later position wins");
}

#[test]
fn a_status_of_some_lines_leaves_the_others() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000), line("b", 500).by("ann", 1_000)], vec![]);
    w.at(1).status_at("o", Status::Returned, &["b"], at(1));
    assert_eq!(w.accounts("o", "ann"), "pending 100, void 50");
    w.at(2).status_at("o", Status::Completed, &[], at(2));
    assert_eq!(
        w.accounts("o", "ann"),
        "pending 150",
        "a later status of the whole order counts for each line"
    );
}

#[test]
fn an_order_that_is_restored_is_held_if_a_hold_stands() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![hit("doubt", Effect::Hold(Until::Reviewed))]);
    w.at(1).status("o", Status::Cancelled);
    assert_eq!(w.accounts("o", "ann"), "void 100");
    w.at(2).status("o", Status::Paid);
    assert_eq!(w.accounts("o", "ann"), "held 100");
}

#[test]
fn a_line_without_terms_that_is_cancelled_frees_the_others_because_it_was_cancelled() {
    let mut w = World::new();
    let lines = [line("a", 1_000).by("ann", 0).without_plan(), line("b", 1_000).by("ann", 1_000)];
    w.order("o", &lines, vec![]);
    assert_eq!(w.accounts("o", "ann"), "held 100");
    w.news();
    w.at(1).status_at("o", Status::Cancelled, &["a"], at(1));
    assert_eq!(w.news(), ["restore ann/o held>pending 100 | status"]);
}

#[test]
fn an_obligation_accrues_on_its_own_commission_and_pays_at_its_date() {
    let mut w = World::new();
    w.obligation("bonus", "creator:ann", 700, Some(at(DAY)));
    assert_eq!(w.news(), ["accrue ann accrued>pending 700 | obligation"]);
    w.at(DAY).tick();
    assert_eq!(w.news(), ["release ann pending>released 700 | settled"]);
    w.obligation("bonus", "creator:ann", 600, Some(at(DAY)));
    assert_eq!(w.news(), ["void ann released>void 100 | obligation"], "the same obligation again amends it");
}
