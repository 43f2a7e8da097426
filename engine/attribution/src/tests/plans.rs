//! On what terms.

use model::admitted::{Rate, TermsSource, What};
use model::event::{PlanScope, SettlementFrom};

use super::events::*;
use super::lane::{Lane, effects};

fn rate_at(lane: &mut Lane, name: &str, minute: i64) -> i64 {
    let order = lane.order(order(name, minute, |order| {
        order.shop_id = id("shop");
        order.lines[0].category = id("kitchen");
    }));
    match order.credit().unwrap().terms.rate {
        Rate::Share(rate) => rate.get(),
        Rate::Amount(_) => panic!("no amount is declared"),
    }
}

#[test]
fn the_most_specific_plan_wins_field_by_field() {
    let scopes: [fn(&mut PlanScope); 6] = [
        |scope| scope.content_type = Some(model::event::ContentType::Live),
        |scope| scope.tier = id("gold"),
        |scope| scope.shop_id = id("shop"),
        |scope| scope.category = id("kitchen"),
        |scope| scope.product_id = id("mug"),
        |scope| scope.creator_id = id("ann"),
    ];
    let mut lane = Lane::new();
    lane.send(creator("ann", 0, |creator| creator.tier = id("gold")));
    lane.send(bobs_click("k1", "ann", 0, |c| c.content_type = Some(model::event::ContentType::Live)));
    lane.send(plan("all", 1, 0, |_| {}));
    assert_eq!(rate_at(&mut lane, "o", 1), 1);
    for (n, more_specific) in scopes.iter().enumerate() {
        let n = i64::try_from(n).unwrap();
        lane.send(plan(&format!("p{n}"), 10 + n, 2, |plan| more_specific(&mut plan.scope)));
        assert_eq!(rate_at(&mut lane, &format!("o{n}"), 3), 10 + n);
    }
    // All the others together are less specific than the creator.
    lane.send(plan("rest", 99, 4, |plan| scopes[..5].iter().for_each(|scope| scope(&mut plan.scope))));
    assert_eq!(rate_at(&mut lane, "last", 5), 15);
}

#[test]
fn of_equally_specific_plans_the_latest_wins_and_then_the_highest_version() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 10, |_| {}));
    lane.send(plan("b", 1, 10, |plan| plan.valid_from = at(5)));
    lane.send(plan("c", 2, 10, |plan| (plan.valid_from, plan.version) = (at(4), 9)));
    assert_eq!(rate_at(&mut lane, "o1", 11), 1);
    lane.send(plan("c", 3, 11, |plan| (plan.valid_from, plan.version) = (at(5), 2)));
    assert_eq!(rate_at(&mut lane, "o2", 12), 3);
    lane.send(plan("a", 4, 12, |plan| (plan.valid_from, plan.version) = (at(5), 2)));
    assert_eq!(rate_at(&mut lane, "o3", 13), 4);
}

#[test]
fn a_rate_lowered_after_the_click_does_not_change_it() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |_| {}));
    lane.send(bobs_click("k1", "ann", 10, |_| {}));
    lane.send(plan("p", 100, 11, |plan| (plan.version, plan.valid_from) = (2, at(11))));
    assert_eq!(rate_at(&mut lane, "o1", 12), 1000);
}

#[test]
fn a_plan_is_valid_from_its_start_to_before_its_end() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |plan| (plan.valid_from, plan.valid_to) = (at(10), Some(at(20)))));
    let mut rate = |name: &str, minute| {
        lane.send(click(name, "ann", minute, |click| click.buyer_id = id(name)));
        let order = lane.order(order(name, 30, |order| order.buyer_id = id(name)));
        order.credit().unwrap().terms.rate
    };
    let none = Rate::Share(bp(0));
    assert_eq!([rate("a", 9), rate("d", 20)], [none, none]);
    assert_eq!([rate("b", 10), rate("c", 19)], [Rate::Share(bp(1000)); 2]);
}

#[test]
fn settlement_is_the_plans_else_the_programs() {
    let mut lane = Lane::with(|program| {
        program.settlement_delay = days(3);
        program.settlement_from = SettlementFrom::Delivered;
    });
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let without = lane.order(order("o1", 1, |_| {})).credit().unwrap().terms.clone();
    assert_eq!((without.settlement_delay, without.settlement_from), (days(3), SettlementFrom::Delivered));
    lane.send(plan("p", 1000, 1, |plan| {
        plan.settlement_delay = Some(days(9));
        plan.settlement_from = Some(SettlementFrom::Completed);
    }));
    let with = lane.order(order("o2", 1, |_| {})).credit().unwrap().terms.clone();
    assert_eq!((with.settlement_delay, with.settlement_from), (days(9), SettlementFrom::Completed));
}

#[test]
fn a_later_plan_gives_terms_to_exactly_the_lines_that_had_none() {
    let mut lane = Lane::new();
    lane.send(plan("cups", 500, 0, |plan| plan.scope.product_id = id("cup")));
    lane.send(bobs_click("k1", "ann", 1, |_| {}));
    lane.order(order("o1", 2, |order| {
        order.lines = vec![
            line("1", "mug", 1000, |_| {}),
            line("2", "cup", 1000, |_| {}),
            line("3", "pot", 10, |_| {}),
        ];
    }));
    let out = lane.send(plan("mugs", 700, 3, |plan| plan.scope.product_id = id("mug")));
    assert_eq!(effects(&out), ["plan mugs", "planned o1"]);
    assert_eq!((out[1].position, out[1].occurred_at), (out[0].position, at(3)));
    let rates = |what: &What| {
        let What::Planned(order) = what else { panic!("not planned: {what:?}") };
        order.candidates.iter().map(|line| line[0].terms.rate).collect::<Vec<_>>()
    };
    assert_eq!(rates(&out[1].what), [700, 500, 0].map(|rate| Rate::Share(bp(rate))));
    let out = lane.send(plan("all", 900, 4, |_| {}));
    assert_eq!(rates(&out[1].what), [700, 500, 900].map(|rate| Rate::Share(bp(rate))));
    assert_eq!(effects(&lane.send(plan("more", 950, 5, |_| {}))), ["plan more"]);
}

#[test]
fn a_later_plan_that_was_not_valid_then_covers_nothing() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 1, |_| {}));
    lane.order(order("o1", 3, |_| {}));
    assert_eq!(effects(&lane.send(plan("p", 1, 4, |plan| plan.valid_from = at(2)))), ["plan p"]);
    let short = plan("q", 1, 4, |plan| plan.attribution_window = Some(model::Span::from_mins(1)));
    assert_eq!(effects(&lane.send(short)), ["plan q"]);
    assert_eq!(effects(&lane.send(plan("r", 1, 4, |_| {}))), ["plan r", "planned o1"]);
}

#[test]
fn later_plans_find_orders_by_whatever_their_scope_names() {
    let scopes: [fn(&mut PlanScope); 6] = [
        |_| {},
        |scope| scope.tier = id("gold"),
        |scope| scope.shop_id = id("shop"),
        |scope| scope.category = id("kitchen"),
        |scope| scope.product_id = id("mug"),
        |scope| scope.creator_id = id("ann"),
    ];
    for scope in scopes {
        let mut lane = Lane::new();
        lane.send(creator("ann", 0, |creator| creator.tier = id("gold")));
        rate_after_declaring(&mut lane);
        let elsewhere = plan("q", 900, 2, |plan| {
            scope(&mut plan.scope);
            plan.scope.shop_id = id("elsewhere");
        });
        assert_eq!(effects(&lane.send(elsewhere)), ["plan q"]);
        let out = lane.send(plan("p", 900, 2, |plan| scope(&mut plan.scope)));
        assert_eq!(effects(&out), ["plan p", "planned o1"]);
    }
}

fn rate_after_declaring(lane: &mut Lane) {
    let order = lane.order(order("o1", 1, |order| {
        order.shop_id = id("shop");
        order.lines[0].category = id("kitchen");
        order.lines[0].declared = declared("ann", |_| {});
    }));
    assert_eq!(order.credit().unwrap().terms.source, TermsSource::NoPlan);
}

#[test]
fn an_amendment_keeps_the_terms_that_a_later_plan_gave() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 1, |_| {}));
    lane.order(order("o1", 2, |_| {}));
    lane.send(plan("first", 700, 3, |_| {}));
    lane.send(plan("more specific", 900, 4, |plan| plan.scope.creator_id = id("ann")));
    let amended = lane.order(order("o1", 2, |order| order.revision = 1));
    assert_eq!(amended.credit().unwrap().terms.rate, Rate::Share(bp(700)));
}

#[test]
fn plans_belong_to_their_program() {
    let mut lane = Lane::new();
    let mut elsewhere = plan("p", 700, 0, |_| {});
    elsewhere.program = id("other");
    lane.send(elsewhere);
    lane.send(bobs_click("k1", "ann", 1, |_| {}));
    assert_eq!(rate_at(&mut lane, "o1", 2), 0);
}
