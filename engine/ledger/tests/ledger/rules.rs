//! Which rules act, and which of several wins.

use crate::world::*;
use model::hit::{Effect, EvidenceValue, Failure, Until};
use model::policy::Mode;

fn one() -> [LineSpec; 1] {
    [line("a", 1_000).by("ann", 1_000)]
}

const HOLD: Effect = Effect::Hold(Until::Reviewed);

#[test]
fn reject_precedes_hold_precedes_score_precedes_flag_and_all_are_reasons() {
    let mut w = World::new();
    let all = |first: Effect| {
        vec![hit("burst", Effect::Flag), hit("doubt", Effect::Score(100)), hit("other", first)]
    };
    w.order("reject", &one(), [all(Effect::Reject), vec![hit("watching", HOLD)]].concat());
    w.order("hold", &one(), all(HOLD));
    w.order("score", &one(), all(Effect::Score(1)));
    w.order("flag", &one(), vec![hit("burst", Effect::Flag), hit("doubt", Effect::Score(79))]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/reject accrued>pending 100 | attributed",
            "void ann/reject pending>void 100 | burst,doubt,other",
            "accrue ann/hold accrued>held 100 | holds other | attributed,burst,doubt,other",
            "accrue ann/score accrued>held 100 | holds score | attributed,burst,doubt,other,score",
            "accrue ann/flag accrued>pending 100 | attributed",
            "flag ann/flag | burst,doubt"
        ]
    );
}

#[test]
fn what_fires_beside_a_hold_of_the_creator_is_a_reason_too() {
    let mut w = World::new();
    let hold = |until| hit("other", Effect::HoldCreator(until));
    let more = || vec![hit("burst", Effect::Flag), hit("doubt", Effect::Score(5))];
    w.order("o", &one(), [more(), vec![hold(Until::Reviewed)]].concat());
    w.order("p", &one(), [more(), vec![hold(Until::Reviewed)]].concat());
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>held 100 | holds other | attributed,burst,doubt,other",
            "accrue ann/p accrued>held 100 | holds other | attributed,other",
            "flag ann/p | holds other | burst,doubt,other"
        ]
    );
}

#[test]
fn what_fires_beside_a_hold_of_the_creator_is_told_of_an_order_of_which_nothing_is_left() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.order("p", &one(), vec![]);
    w.news();
    let hold = || hit("other", Effect::HoldCreator(Until::Reviewed));
    let refunded = model::event::RefundState::Approved;
    w.refund_of("o", "r", refunded, 1_000, &[], vec![hold()]);
    w.refund_of("p", "r", refunded, 1_000, &[], vec![hold(), hit("burst", Effect::Flag)]);
    assert_eq!(
        w.news(),
        [
            "reduce ann/o pending>reduced 100 | refund",
            "hold ann/p pending>held 100 | holds other | other",
            "reduce ann/p held>reduced 100 | holds other | refund",
            "flag order:main/p | burst,other"
        ]
    );
}

#[test]
fn what_fires_beside_a_hold_that_stands_already_is_flagged() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", HOLD)]);
    w.news();
    w.amend("o", &one(), vec![hit("doubt", HOLD)]);
    assert!(w.news().is_empty());
    w.amend("o", &one(), vec![hit("doubt", HOLD), hit("burst", Effect::Flag)]);
    w.amend("o", &one(), vec![hit("doubt", HOLD), hit("other", Effect::Score(5))]);
    assert_eq!(
        w.news(),
        ["flag ann/o | holds doubt | burst,doubt", "flag ann/o | holds doubt | doubt,other"]
    );
}

#[test]
fn a_rule_that_a_person_contradicted_does_not_reject_because_another_fires() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("doubt", HOLD)]);
    w.review(w.own_hold("o", "ann", "doubt"), model::event::ReviewDecision::Lift);
    w.news();
    w.amend("o", &one(), vec![hit("doubt", Effect::Reject), hit("burst", Effect::Flag)]);
    assert_eq!(w.news(), ["flag ann/o | burst,doubt"]);
    w.amend("o", &one(), vec![hit("doubt", Effect::Reject), hit("other", HOLD)]);
    assert_eq!(w.news(), ["hold ann/o pending>held 100 | holds other | doubt,other"]);
    w.amend("o", &one(), vec![hit("doubt", Effect::Reject), hit("burst", Effect::Reject)]);
    assert_eq!(w.news(), ["void ann/o held>void 100 | holds other | burst,doubt"]);
}

#[test]
fn a_rule_that_may_not_reject_only_flags() {
    let mut w = World::new();
    w.policy.rules.values_mut().for_each(|rule| rule.may_reject = false);
    w.set_policy("r2");
    w.order("o", &one(), vec![hit("doubt", Effect::Reject)]);
    assert_eq!(w.news()[1..], ["flag ann/o | doubt"]);
}

#[test]
fn a_score_holds_at_the_threshold_for_its_own_time() {
    let mut w = World::new();
    w.order("o", &one(), vec![hit("burst", Effect::Score(50)), hit("doubt", Effect::Score(30))]);
    assert_eq!(w.out[0].holds[0].until, Some(at(2 * DAY)));
}

#[test]
fn shadow_draft_and_retired_rules_move_nothing() {
    let mut w = World::new();
    for mode in [Mode::Draft, Mode::Shadow, Mode::Retired, Mode::Canary(0)] {
        w.policy.rules.insert(model::RuleId::new("doubt").unwrap(), rule(mode));
        w.set_policy(&format!("{mode:?}"));
        w.order(&format!("{mode:?}"), &one(), vec![hit("doubt", HOLD)]);
    }
    assert!(w.news().iter().all(|verdict| verdict.ends_with("| attributed")));
}

#[test]
fn a_canary_acts_for_its_share_of_creators_and_always_the_same() {
    let mut w = World::new();
    let creators: Vec<String> = (0..200).map(|i| format!("creator{i}")).collect();
    let mut held = Vec::new();
    for round in 0..2 {
        let mut round_held = Vec::new();
        for creator in &creators {
            let name = format!("{creator}-{round}");
            w.order(&name, &[line("a", 1_000).by(creator, 1_000)], vec![hit("canary", HOLD)]);
            round_held.push(w.commission(&name, creator).is_held());
        }
        held.push(round_held);
    }
    assert_eq!(held[0], held[1]);
    let share = held[0].iter().filter(|held| **held).count();
    assert!((70..130).contains(&share), "{share} of 200");
}

#[test]
fn a_failing_rule_holds_by_its_policy_and_is_ignored_after_the_limit() {
    let mut w = World::new();
    for name in ["a", "b", "c", "d"] {
        w.order(name, &one(), vec![hit("doubt", Effect::Failed(Failure::Error))]);
    }
    assert_eq!(w.accounts("c", "ann"), "held 100");
    assert_eq!(w.accounts("d", "ann"), "pending 100", "the limit is 3");
    assert_eq!(w.out[0].reasons[1].public_code, "check_failed");
    assert_eq!(w.ledger.rule_failures().map(|(_, count)| count).collect::<Vec<_>>(), [4]);
    w.order("e", &one(), vec![hit("doubt", HOLD)]);
    assert_eq!(w.accounts("e", "ann"), "pending 100");
    w.set_policy("r2");
    w.order("f", &one(), vec![hit("doubt", HOLD)]);
    assert_eq!(w.accounts("f", "ann"), "held 100", "another ruleset forgives");
}

#[test]
fn a_rule_that_was_not_told_what_it_asked_fails_by_its_policy_and_is_never_ignored_for_it() {
    let mut w = World::new();
    for name in ["a", "b", "c", "d", "e"] {
        let mut unknown = hit("doubt", Effect::Failed(Failure::Unknown));
        unknown.evidence.insert("unknown_features".into(), EvidenceValue::Int(1));
        w.order(name, &one(), vec![unknown]);
        assert_eq!(w.accounts(name, "ann"), "held 100");
    }
    let reason = &w.out[0].reasons[1];
    assert_eq!((reason.rule.as_str(), &*reason.public_code), ("doubt", "check_failed"));
    assert_eq!(reason.evidence["unknown_features"], EvidenceValue::Int(1));
    assert_eq!(w.ledger.rule_failures().count(), 0);
}

#[test]
fn a_flag_about_an_order_is_about_its_first_commission() {
    let mut w = World::new();
    let shared = [line("a", 1_000).by("ann", 1_000).agency("studio", 100)];
    w.order("o", &shared, vec![hit("doubt", Effect::Flag)]);
    assert_eq!(
        w.news(),
        [
            "accrue ann/o accrued>pending 100 | attributed",
            "flag ann/o | doubt",
            "accrue agency:studio/o accrued>pending 10 | attributed"
        ]
    );
}

#[test]
fn what_is_said_of_an_order_that_earns_nobody_anything_is_a_flag() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000)], vec![hit("doubt", HOLD)]);
    w.order("p", &[line("a", 1_000)], vec![hit("doubt", Effect::Flag)]);
    w.order("p2", &[line("a", 1_000)], vec![hit("watching", Effect::Flag)]);
    assert_eq!(w.news(), ["flag order:main/o | doubt", "flag order:main/p | doubt"]);
}

#[test]
fn a_hold_by_a_refund_rule_holds_what_is_left_or_flags() {
    use model::event::RefundState::Approved;
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.order("p", &one(), vec![]);
    w.news();
    w.refund_of("o", "r", Approved, 400, &[], vec![hit("doubt", HOLD)]);
    w.refund_of("p", "r", Approved, 1_000, &[], vec![hit("doubt", HOLD)]);
    assert_eq!(
        w.news(),
        [
            "reduce ann/o pending>reduced 40 | holds doubt | refund",
            "hold ann/o pending>held 60 | holds doubt | doubt",
            "reduce ann/p pending>reduced 100 | refund",
            "flag order:main/p | doubt"
        ]
    );
}

#[test]
fn what_is_held_and_rejected_at_once_is_voided_where_it_lay() {
    let mut w = World::new();
    w.order("o", &one(), vec![]);
    w.refund("o", "r", model::event::RefundState::Approved, 400);
    w.review(w.subject("o", "ann"), model::event::ReviewDecision::Release);
    w.order("p", &[line("a", 10).by("ann", 10)], vec![hit("other", Effect::HoldCreator(Until::Reviewed))]);
    w.news();
    w.at(1).refund_of(
        "o",
        "r",
        model::event::RefundState::Completed,
        300,
        &[],
        vec![hit("doubt", Effect::Reject)],
    );
    assert_eq!(
        w.news(),
        [
            "restore ann/o reduced>held 10 | holds other | other,refund",
            "void ann/o held>void 10 pending>void 60 | holds other | doubt",
            "hold ann/o | holds other | doubt,other"
        ]
    );
}
