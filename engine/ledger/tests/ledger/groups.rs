//! Group holds: orders 1 to N-1 of a burst are held when order N gives it away.

use crate::world::*;
use model::event::{ReviewDecision, ReviewSubject, RunState, Status};
use model::hit::{Effect, Until};
use model::limit::GROUP_MEMBERS_PER_POSITION;
use model::log::Genesis;
use model::{RuleId, Span, Text, feature::Slot};

fn burst(days: i64) -> Vec<model::hit::Hit> {
    vec![hit("burst", Effect::HoldAllOf(Slot(0), Until::Lasting(Span::from_days(days))))]
}

fn by(creator: &str) -> [LineSpec; 1] {
    [line("a", 1_000).by(creator, 1_000)]
}

fn subject() -> ReviewSubject {
    ReviewSubject::Group { rule: RuleId::new("burst").unwrap(), key: Text::const_new(KEY) }
}

#[test]
fn the_orders_before_the_one_that_gives_a_burst_away_are_held_too() {
    let mut w = World::new();
    w.order("old", &by("ann"), vec![]);
    w.at(MINUTE).order("first", &by("bob"), vec![]);
    w.order_in("elsewhere", &by("ann"), vec![], "[\"other\"]");
    w.news();
    w.at(11 * MINUTE).order("last", &by("ann"), burst(3));
    assert_eq!(
        w.news(),
        [
            "hold bob/first pending>held 100 | holds burst | burst",
            "accrue ann/last accrued>held 100 | holds burst | attributed,burst"
        ],
        "exactly ten minutes old still counts, older does not"
    );
    let ids: Vec<_> = w.out.iter().flat_map(|v| &v.holds).map(|hold| hold.hold_id).collect();
    assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "members bear the group's name");
}

#[test]
fn nobody_finds_the_key_of_a_group_by_trying_ids_without_the_secret_of_the_lane() {
    let ids = [1, 1, 2].map(|canary_key| {
        let genesis = Genesis { canary_key, ..Genesis::standard(Text::const_new("r1")) };
        let mut w = World::of_lane(World::new().policy, genesis);
        w.order("o", &by("ann"), burst(3));
        w.out[0].holds[0].hold_id
    });
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn a_group_that_fires_again_touches_only_what_is_new() {
    let mut w = World::new();
    w.order("a", &by("ann"), vec![]);
    w.order("b", &by("bob"), burst(3));
    w.news();
    w.order("c", &by("cat"), vec![]);
    w.at(1).order("d", &by("dan"), burst(3));
    assert_eq!(
        w.news(),
        [
            "accrue cat/c accrued>pending 100 | attributed",
            "hold cat/c pending>held 100 | holds burst | burst",
            "accrue dan/d accrued>held 100 | holds burst | attributed,burst"
        ]
    );
}

#[test]
fn a_longer_group_renews_its_members_silently() {
    let mut w = World::new();
    w.order("a", &by("ann"), vec![]);
    w.order("b", &by("bob"), burst(3));
    w.at(MINUTE).order("c", &by("cat"), burst(5));
    w.news();
    w.at(4 * DAY).tick();
    assert!(w.news().is_empty());
    assert_eq!(w.accounts("a", "ann"), "held 100");
    w.at(5 * DAY + MINUTE).tick();
    assert_eq!(w.accounts("a", "ann"), "pending 100");
    assert_eq!(w.news().len(), 3);
}

#[test]
fn a_member_of_two_groups_is_held_while_one_of_them_stands() {
    let mut w = World::new();
    let (dev_ann, dev_bob) = ("[\"dev\",\"ann\"]", "[\"dev\",\"bob\"]");
    let both = [line("a", 1_000).by("ann", 1_000), line("b", 1_000).by("bob", 1_000)];
    w.order_among("both", &both, vec![], &[dev_ann, dev_bob]);
    w.order_in("anns", &by("ann"), burst(3), dev_ann);
    w.at(MINUTE).order_in("bobs", &by("bob"), burst(3), dev_bob);
    w.at(5 * MINUTE).order_in("bobs again", &by("bob"), burst(5), dev_bob);
    w.at(4 * DAY).tick();
    assert_eq!(w.accounts("anns", "ann"), "pending 100");
    assert_eq!(w.accounts("both", "ann"), "held 100", "the other group stands until the fifth day");
    w.at(5 * DAY + 5 * MINUTE).tick();
    assert_eq!(w.accounts("both", "ann"), "pending 100");
}

#[test]
fn a_lift_of_one_group_leaves_what_another_holds() {
    let mut w = World::new();
    w.order_among("both", &by("ann"), vec![], &[KEY, "[\"other\"]"]);
    w.order("first", &by("bob"), burst(5));
    w.order_in("second", &by("cat"), burst(3), "[\"other\"]");
    w.news();
    w.review(subject(), ReviewDecision::Lift);
    assert_eq!(
        w.news(),
        ["hold ann/both | holds burst | review", "restore bob/first held>pending 100 | review"]
    );
    assert_eq!(w.out[w.out.len() - 2].holds[0].until, Some(at(3 * DAY)));
    let rule = RuleId::new("burst").unwrap();
    let other = ReviewSubject::Group { rule, key: Text::const_new("[\"other\"]") };
    w.review(other, ReviewDecision::Lift);
    assert_eq!(w.accounts("both", "ann"), "pending 100");
}

#[test]
fn a_group_that_is_held_in_a_sweep_takes_the_order_that_set_the_sweep_off_when_it_fires_again() {
    let mut w = World::new();
    w.order("due", &[line("a", 1_000).by("ann", 1_000).delay(Span::ZERO)], vec![]);
    w.at_maturity.insert("due".into(), burst(3));
    w.at(MINUTE).order("hidden", &by("bob"), vec![]);
    assert_eq!(w.accounts("due", "ann"), "held 100");
    assert_eq!(w.accounts("hidden", "bob"), "pending 100");
    w.at(2 * MINUTE).order("last", &by("cat"), burst(3));
    assert_eq!(w.accounts("hidden", "bob"), "held 100");
}

#[test]
fn scheduled_and_paid_members_become_one_flag() {
    let mut w = World::new();
    for (name, creator) in [("a", "ann"), ("b", "bob"), ("c", "cat")] {
        w.order(name, &[line("a", 1_000).by(creator, 1_000).delay(Span::ZERO)], vec![]);
    }
    w.at(MINUTE).tick();
    w.run("run", RunState::Locked, &[("creator:ann", 100), ("creator:bob", 100)]);
    w.news();
    w.order("d", &by("dan"), burst(3));
    assert_eq!(
        w.news(),
        [
            "recall cat/c released>held 100 | holds burst | burst",
            "accrue dan/d accrued>held 100 | holds burst | attributed,burst",
            "flag dan/d | holds burst | burst,too_late"
        ]
    );
    let why = &w.out.last().unwrap().reasons[0].evidence;
    assert_eq!(format!("{:?}", why["members"]), "Int(2)");
    assert_eq!(format!("{:?}", why["amount"]), "Int(200)");
}

#[test]
fn two_rules_of_one_order_each_tell_their_own_members_out_of_reach() {
    let mut w = World::new();
    let quick = |creator| [line("a", 1_000).by(creator, 1_000).delay(Span::ZERO)];
    let doubt = || vec![hit("doubt", Effect::HoldAllOf(Slot(0), Until::Reviewed))];
    w.order("a", &quick("ann"), vec![]);
    w.at(MINUTE).tick();
    w.run("first", RunState::Locked, &[]);
    w.order("b", &by("bob"), doubt());
    w.order("c", &quick("cat"), vec![]);
    w.at(2 * MINUTE).tick();
    w.run("second", RunState::Locked, &[]);
    w.order("d", &by("dan"), [burst(3), doubt()].concat());
    let flag = w.out.last().unwrap();
    assert_eq!(show(flag), "flag dan/d | holds burst,doubt | burst,doubt,too_late");
    let members = |reason: &model::verdict::Reason| format!("{:?}", reason.evidence["members"]);
    assert_eq!(flag.reasons[..2].iter().map(members).collect::<Vec<_>>(), ["Int(2)", "Int(1)"]);
}

#[test]
fn a_rule_on_clicks_tells_its_members_out_of_reach_at_the_first_of_them() {
    let mut w = World::new();
    w.order("a", &[line("a", 1_000).by("ann", 1_000).delay(Span::ZERO)], vec![]);
    w.at(MINUTE).tick();
    w.run("run", RunState::Locked, &[]);
    w.run("run", RunState::Paid, &[]);
    w.news();
    w.click_in(&click("c", "ann"), burst(3), KEY);
    assert_eq!(w.news(), ["flag ann/a | burst,too_late"]);
}

#[test]
fn at_most_so_many_members_are_touched_at_one_position_and_the_rest_by_the_next_sweep() {
    let mut w = World::new();
    let beyond = 5;
    for i in 0..GROUP_MEMBERS_PER_POSITION + beyond {
        w.order(&format!("o{i}"), &by("ann"), vec![]);
    }
    w.news();
    w.order("last", &by("bob"), burst(3));
    assert_eq!(w.news().len(), GROUP_MEMBERS_PER_POSITION + 1, "the last order's own hold comes first");
    assert!(w.ledger.next_due() <= Some(w.now()));
    w.at(MINUTE).tick();
    assert_eq!(w.news().len(), beyond);
    assert!(w.ledger.commissions().all(|commission| commission.is_held()));
}

#[test]
fn unfinished_members_are_touched_at_the_next_position() {
    let mut w = World::new();
    for i in 0..GROUP_MEMBERS_PER_POSITION + 2 {
        w.order(&format!("o{i}"), &by("ann"), vec![]);
    }
    w.order("last", &by("bob"), burst(3));
    w.news();
    w.order_in("elsewhere", &by("cat"), vec![], "[\"other\"]");
    assert_eq!(w.news().len(), 3);
}

#[test]
fn a_review_of_a_group_lifts_it_from_all_members() {
    let mut w = World::new();
    w.order("a", &by("ann"), vec![]);
    w.order("b", &by("bob"), burst(3));
    w.news();
    w.review(subject(), ReviewDecision::Lift);
    assert_eq!(
        w.news(),
        ["restore ann/a held>pending 100 | review", "restore bob/b held>pending 100 | review"]
    );
    w.at(1).order("c", &by("cat"), burst(3));
    assert_eq!(
        w.news(),
        [
            "flag ann/a | burst",
            "flag bob/b | burst",
            "accrue cat/c accrued>held 100 | holds burst | attributed,burst"
        ],
        "the rule only flags where a person disagreed with it"
    );
}

#[test]
fn a_restored_member_is_held_again() {
    let mut w = World::new();
    w.order("a", &by("ann"), vec![]);
    w.order("b", &by("bob"), burst(3));
    w.at(1).status("a", Status::Cancelled);
    w.at(2).status("a", Status::Paid);
    assert_eq!(w.accounts("a", "ann"), "held 100");
}

#[test]
fn another_ruleset_keeps_the_groups_of_features_that_it_still_has() {
    let mut w = World::new();
    w.order("a", &by("ann"), vec![]);
    w.set_policy("r2");
    w.order("b", &by("bob"), burst(3));
    assert_eq!(w.accounts("a", "ann"), "held 100");
}

#[test]
fn unfinished_members_survive_a_restart() {
    let mut w = World::new();
    for i in 0..GROUP_MEMBERS_PER_POSITION + 2 {
        w.order(&format!("o{i}"), &by("ann"), vec![]);
    }
    w.order("last", &by("bob"), burst(3));
    let bytes = postcard::to_allocvec(&w.ledger).unwrap();
    w.ledger = postcard::from_bytes(&bytes).unwrap();
    assert!(w.ledger.may_overflow(0));
    w.at(MINUTE).tick();
    assert!(w.ledger.commissions().all(|commission| commission.is_held()));
}

#[test]
fn a_canary_group_hold_touches_only_creators_in_the_bucket() {
    let mut w = World::new();
    let canary = vec![hit("canary", Effect::HoldAllOf(Slot(0), Until::Reviewed))];
    for i in 0..40 {
        w.order(&format!("o{i}"), &by(&format!("creator{i}")), vec![]);
    }
    w.order("last", &by("creator0"), canary);
    let held = w.ledger.commissions().filter(|commission| commission.is_held()).count();
    assert!((5..35).contains(&held), "{held} of 41");
}
