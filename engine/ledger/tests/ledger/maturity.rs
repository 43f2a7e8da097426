//! When money is released, and what stops it.

use crate::world::*;
use model::event::{Kind, SettlementFrom, Status};
use model::hit::{Effect, Until};
use model::log::Feeds;
use model::policy::Policy;
use model::{SourceId, Span};

#[test]
fn a_quiet_commission_is_released_at_its_date() {
    let mut w = World::new();
    w.order("o", &[line("a", 10_000).by("ann", 1_000)], vec![]);
    assert_eq!(w.out[0].due, Some(at(14 * DAY)));
    w.news();
    w.at(14 * DAY - 1).tick();
    assert!(w.news().is_empty());
    w.at(14 * DAY).tick();
    assert_eq!(w.news(), ["release ann/o pending>released 1000 | settled"]);
    assert_eq!(w.out[1].occurred_at, at(14 * DAY));
}

#[test]
fn a_delay_of_zero_releases_at_the_next_sweep() {
    let mut w = World::new();
    w.at(10).order("o", &[line("a", 1_000).by("ann", 1_000).delay(Span::ZERO)], vec![]);
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.at(MINUTE).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100");
}

#[test]
fn a_delay_may_count_from_delivery_and_nothing_infers_it() {
    let mut w = World::new();
    let lines = [line("a", 1_000).by("ann", 1_000).from(SettlementFrom::Delivered)];
    w.order("o", &lines, vec![]);
    assert_eq!(w.out[0].due, None);
    w.at(DAY).status("o", Status::Completed);
    w.at(40 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.status_at("o", Status::Delivered, &[], at(30 * DAY));
    w.at(44 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100");
}

#[test]
fn a_commission_waits_for_the_last_of_its_lines_that_earn() {
    let mut w = World::new();
    let a = line("a", 1_000).by("ann", 1_000).from(SettlementFrom::Delivered);
    let b = line("b", 1_000).by("ann", 1_000).from(SettlementFrom::Delivered);
    w.order("o", &[a, b], vec![]);
    w.at(1).status_at("o", Status::Delivered, &["a"], at(1));
    w.at(15 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "pending 200");
    w.status_at("o", Status::Lost, &["b"], at(15 * DAY));
    w.at(15 * DAY + MINUTE).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100, void 100");
}

#[test]
fn an_unpaid_order_does_not_mature_and_released_money_is_not_recalled_by_dates() {
    let mut w = World::new();
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.at(1).status("o", Status::Unpaid);
    w.at(20 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    w.status("o", Status::Paid);
    w.at(20 * DAY + MINUTE).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100");
    w.at(20 * DAY + 2 * MINUTE).status("o", Status::Unpaid);
    assert_eq!(w.accounts("o", "ann"), "released 100");
}

#[test]
fn releases_of_one_sweep_go_by_date_and_then_creation() {
    let mut w = World::new();
    w.order("late", &[line("a", 1_000).by("ann", 1_000).delay(Span::from_ms(30))], vec![]);
    w.order("first", &[line("a", 1_000).by("ann", 1_000).delay(Span::from_ms(20))], vec![]);
    w.order("second", &[line("a", 1_000).by("ann", 1_000).delay(Span::from_ms(20))], vec![]);
    w.news();
    w.at(MINUTE).tick();
    let order: Vec<String> = w.news().iter().map(|v| v.split(' ').nth(1).unwrap().to_owned()).collect();
    assert_eq!(order, ["ann/first", "ann/second", "ann/late"]);
}

#[test]
fn nothing_is_released_on_a_blind_feed() {
    let mut policy = Policy::default();
    policy.default_program.requires = [Kind::Refund].into();
    let sources = ["returns", "banks"].map(|source| SourceId::new(source).unwrap());
    policy.default_program.sources = [(Kind::Refund, sources.into())].into();
    let mut w = World::with(policy, Feeds::Marked);
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.feed_mark("returns", &[Kind::Refund], at(14 * DAY));
    w.at(15 * DAY).tick();
    assert_eq!(w.accounts("o", "ann"), "pending 100");
    assert!(w.commission("o", "ann").is_awaiting_feed());
    assert_eq!(w.ledger.next_due(), None, "it costs no sweep while it waits");
    w.feed_mark("banks", &[Kind::Refund], at(14 * DAY - 1));
    w.at(16 * DAY).tick();
    assert!(w.commission("o", "ann").is_awaiting_feed());
    w.feed_mark("banks", &[Kind::Refund], at(14 * DAY));
    assert!(!w.commission("o", "ann").is_awaiting_feed());
    w.at(16 * DAY + MINUTE).tick();
    assert_eq!(w.accounts("o", "ann"), "released 100");
}

#[test]
fn rules_judge_a_commission_just_before_its_release() {
    let mut w = World::new();
    w.at_maturity.insert("o".into(), vec![hit("doubt", Effect::Hold(Until::Lasting(Span::from_days(7))))]);
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.at(14 * DAY).tick();
    assert_eq!(w.news()[1..], ["hold ann/o pending>held 100 | holds doubt | doubt"]);
    let seen = &w.matured[0];
    assert_eq!((seen.amount.minor.0, seen.age_s, seen.held_before), (100, 14 * 86_400, false));
}

#[test]
fn a_rule_that_fires_after_its_own_lapse_renews_up_to_the_longest_hold_and_then_escalates() {
    let mut policy = World::new().policy;
    policy.default_market.longest_hold = Span::from_days(10);
    let mut w = World::with(policy, Feeds::CompleteToClock);
    w.at_maturity.insert("o".into(), vec![hit("doubt", Effect::Hold(Until::Lasting(Span::from_days(4))))]);
    w.order("o", &[line("a", 1_000).by("ann", 1_000)], vec![]);
    w.news();
    w.at(14 * DAY).tick();
    assert_eq!(w.news(), ["hold ann/o pending>held 100 | holds doubt | doubt"]);
    w.at(18 * DAY).tick();
    assert_eq!(
        w.news(),
        ["restore ann/o held>pending 100 | lapsed", "hold ann/o pending>held 100 | holds doubt | doubt"]
    );
    w.at(30 * DAY).tick();
    assert_eq!(
        w.news(),
        [
            "restore ann/o held>pending 100 | lapsed",
            "hold ann/o pending>held 100 | holds doubt | doubt",
            "flag ann/o | holds doubt | doubt,escalated"
        ],
        "renewed at 22 days, it would outlive the 24th"
    );
    let hold = &w.commission("o", "ann").holds()[0];
    assert_eq!((hold.until, hold.escalated, hold.stands()), (None, true, true));
    w.at(200 * DAY).tick();
    assert!(w.news().is_empty(), "it waits for a person now");
}
