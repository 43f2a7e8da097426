//! Who earned it.

use model::admitted::{Evidence, Rate, TermsSource};
use model::event::{Component, ContentType};
use model::policy::Pick;
use model::{Minor, Span};

use super::events::*;
use super::lane::Lane;

#[test]
fn the_last_click_of_the_buyer_earns() {
    let mut lane = Lane::new();
    lane.send_all([bobs_click("k1", "ann", 0, |_| {}), bobs_click("k2", "eve", 1, |_| {})]);
    let order = lane.order(order("o1", 2, |_| {}));
    assert_eq!(candidates(&order), ["eve by buyer/neither k2", "ann by buyer/neither k1"]);
}

#[test]
fn the_first_click_earns_where_the_program_says_so() {
    let mut lane = Lane::with(|program| program.pick = Pick::First);
    lane.send_all([bobs_click("k1", "ann", 0, |_| {}), bobs_click("k2", "eve", 1, |_| {})]);
    let order = lane.order(order("o1", 2, |_| {}));
    assert_eq!(candidates(&order), ["ann by buyer/neither k1", "eve by buyer/neither k2"]);
}

#[test]
fn of_two_clicks_at_one_time_the_later_record_is_the_last() {
    let mut lane = Lane::new();
    lane.send_all([bobs_click("k2", "eve", 1, |_| {}), bobs_click("k1", "ann", 1, |_| {})]);
    let order = lane.order(order("o1", 2, |_| {}));
    assert_eq!(candidates(&order), ["ann by buyer/neither k1", "eve by buyer/neither k2"]);
}

#[test]
fn a_late_click_takes_its_own_place_in_time() {
    let mut lane = Lane::new();
    lane.send_all([bobs_click("k2", "eve", 5, |_| {}), bobs_click("k1", "ann", 1, |_| {})]);
    let order = lane.order(order("o1", 6, |_| {}));
    assert_eq!(candidates(&order), ["eve by buyer/neither k2", "ann by buyer/neither k1"]);
}

#[test]
fn evidence_is_ranked_before_everything_else() {
    let mut lane = Lane::with(|program| program.device_evidence = true);
    lane.send(click("k1", "named", 0, |_| {}));
    lane.send(bobs_click("k2", "buyer", 1, |_| {}));
    lane.send(click("k3", "device", 2, |click| click.device_h = id("phone")));
    let order = lane.order(order("o1", 3, |order| {
        order.click_id = id("k1");
        order.device_h = id("phone");
        order.coupons = vec![coupon("SAVE", "owner", 5)];
        order.lines[0].declared = declared("declared", |_| {});
    }));
    let ranked = [
        "owner by coupon",
        "named by click_id/neither k1",
        "buyer by buyer/neither k2",
        "device by device/neither k3",
        "declared by declared",
    ];
    assert_eq!(candidates(&order), ranked);
    assert!(order.mismatch);
}

#[test]
fn the_same_device_is_no_evidence_unless_the_program_says_so() {
    let mut lane = Lane::new();
    lane.send(click("k1", "ann", 0, |click| click.device_h = id("phone")));
    let order = lane.order(order("o1", 3, |order| order.device_h = id("phone")));
    assert_eq!(candidates(&order), [""; 0]);
}

#[test]
fn of_several_coupons_the_largest_amount_counts_and_then_the_code() {
    let mut lane = Lane::new();
    let order = lane.order(order("o1", 3, |order| {
        order.coupons =
            vec![coupon("C", "c", 5), coupon("B", "b", 5), coupon("A", "a", 4), coupon("D", "b", 3)];
    }));
    assert_eq!(candidates(&order), ["b by coupon", "c by coupon", "a by coupon"]);
}

#[test]
fn a_click_on_the_product_precedes_one_on_the_shop_and_that_one_any_other() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "direct", 0, |click| click.product_id = id("mug")));
    lane.send(bobs_click("k2", "shop", 1, |click| {
        click.shop_id = id("s");
        click.product_id = id("cup");
    }));
    lane.send(bobs_click("k3", "neither", 2, |_| {}));
    let order = lane.order(order("o1", 3, |order| order.shop_id = id("s")));
    let ranked = ["direct by buyer/direct k1", "shop by buyer/shop k2", "neither by buyer/neither k3"];
    assert_eq!(candidates(&order), ranked);
}

#[test]
fn a_click_that_leads_to_another_shop_is_none_of_the_buyers_but_still_the_named_one() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |click| {
        click.shop_id = id("elsewhere");
        click.product_id = id("mug");
    }));
    let by_buyer = lane.order(order("o1", 1, |order| order.shop_id = id("s")));
    assert_eq!(candidates(&by_buyer), [""; 0]);
    let named = lane.order(order("o2", 1, |order| {
        order.shop_id = id("s");
        order.click_id = id("k1");
    }));
    assert_eq!(candidates(&named), ["ann by click_id/neither k1"]);
}

#[test]
fn a_click_on_another_product_of_an_unnamed_shop_names_neither() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |click| click.product_id = id("cup")));
    let order = lane.order(order("o1", 1, |order| order.shop_id = id("s")));
    assert_eq!(candidates(&order), ["ann by buyer/neither k1"]);
}

#[test]
fn each_line_has_its_own_candidates_and_the_lead_line_gives_the_orders() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |click| click.product_id = id("mug")));
    lane.send(bobs_click("k2", "eve", 1, |click| click.product_id = id("cup")));
    let order = lane.order(order("o1", 2, |order| {
        order.lines = vec![
            line("1", "cup", 900, |_| {}),
            line("2", "mug", 1000, |_| {}),
            line("3", "cup", 1000, |_| {}),
            line("4", "mug", 5000, |line| line.gift = true),
        ];
    }));
    let best: Vec<_> = order.candidates.iter().map(|line| line.first().map(|c| c.creator.as_str())).collect();
    assert_eq!(best, [Some("eve"), Some("ann"), Some("eve"), None]);
    assert_eq!(order.lead, 1);
    assert_eq!(order.credit().unwrap().creator.as_str(), "ann");
}

#[test]
fn the_lead_line_is_the_largest_by_the_base_of_its_own_plan() {
    let mut lane = Lane::new();
    lane.send(plan("list", 1000, 0, |plan| {
        plan.scope.product_id = id("cup");
        plan.base = model::event::Base::ListLessSellerDiscount;
    }));
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let order = lane.order(order("o1", 2, |order| {
        let cup = line("2", "cup", 800, |line| line.list_price = Some(Minor(2000)));
        order.lines = vec![line("1", "mug", 1000, |_| {}), cup];
    }));
    assert_eq!(order.lead, 1);
}

#[test]
fn a_click_after_the_order_never_earned_it() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 5, |_| {}));
    let order = lane.order(order("o1", 4, |order| order.click_id = id("k1")));
    assert_eq!(candidates(&order), [""; 0]);
}

#[test]
fn a_click_at_the_time_of_the_order_earned_it() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 4, |_| {}));
    assert_eq!(candidates(&lane.order(order("o1", 4, |_| {}))), ["ann by buyer/neither k1"]);
}

#[test]
fn an_invalid_click_is_passed_on_but_never_a_candidate() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |click| click.invalid = true));
    let order = lane.order(order("o1", 1, |order| order.click_id = id("k1")));
    assert_eq!(candidates(&order), [""; 0]);
}

#[test]
fn a_click_exactly_as_old_as_the_window_still_earns_and_a_second_later_no_more() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    assert_eq!(lane.order(order("o1", 7 * DAY, |_| {})).candidates[0].len(), 1);
    let mut late = order("o2", 7 * DAY, |_| {});
    late.occurred_at = late.occurred_at.plus(Span::from_secs(1));
    assert_eq!(lane.order(late).candidates[0].len(), 0);
}

#[test]
fn a_plans_own_window_counts_for_its_candidates() {
    let mut lane = Lane::new();
    lane.send(plan("short", 1000, 0, |plan| {
        plan.scope.creator_id = id("ann");
        plan.attribution_window = Some(days(1));
    }));
    lane.send(plan("long", 1000, 0, |plan| {
        plan.scope.creator_id = id("eve");
        plan.attribution_window = Some(days(30));
    }));
    lane.send_all([bobs_click("k1", "eve", 0, |_| {}), bobs_click("k2", "ann", 28 * DAY, |_| {})]);
    let order = lane.order(order("o1", 30 * DAY, |_| {}));
    assert_eq!(candidates(&order), ["eve by buyer/neither k1"]);
}

#[test]
fn a_click_found_by_two_keys_is_one_candidate_by_the_stronger() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let order = lane.order(order("o1", 1, |order| {
        order.click_id = id("k1");
        order.lines[0].declared = declared("ann", |_| {});
    }));
    assert_eq!(candidates(&order), ["ann by click_id/neither k1", "ann by declared"]);
    assert!(!order.mismatch);
}

#[test]
fn a_creator_with_many_clicks_does_not_push_the_others_out() {
    let mut lane = Lane::new();
    lane.send(bobs_click("honest", "ann", 0, |_| {}));
    for n in 0..40 {
        lane.send(bobs_click(&format!("k{n}"), "eve", 1 + n, |_| {}));
    }
    let order = lane.order(order("o1", 60, |_| {}));
    assert_eq!(order.candidates[0].len(), model::limit::CANDIDATES_MAX);
    assert_eq!(order.candidates[0][0].click.as_ref().unwrap().click.click_id.as_str(), "k39");
    assert_eq!(candidates(&order).last().unwrap(), "ann by buyer/neither honest");
}

#[test]
fn of_one_buyers_clicks_only_so_many_are_looked_at() {
    let mut lane = Lane::new();
    let most = i64::try_from(crate::limit::CLICKS_PER_KEY_MAX).unwrap();
    lane.send(bobs_click("first", "ann", 0, |click| click.product_id = id("mug")));
    for n in 1..most {
        lane.send(bobs_click(&format!("k{n}"), "eve", 1, |_| {}));
    }
    assert_eq!(candidates(&lane.order(order("o1", 2, |_| {})))[0], "ann by buyer/direct first");
    lane.send(bobs_click("one-too-many", "eve", 1, |_| {}));
    assert!(lane.order(order("o2", 2, |_| {})).candidates[0].iter().all(|c| c.creator.as_str() == "eve"));
}

#[test]
fn a_declared_creator_earns_as_declared_where_no_plan_is() {
    let mut lane = Lane::new();
    let terms = |lane: &mut Lane, name: &str, with: fn(&mut model::event::Declared)| {
        let order = lane.order(order(name, 1, |order| order.lines[0].declared = declared("ann", with)));
        let terms = order.credit().unwrap().terms.clone();
        (terms.source, terms.rate)
    };
    let by_rate = terms(&mut lane, "o1", |d| (d.rate_bp, d.commission) = (Some(bp(700)), Some(Minor(1))));
    assert_eq!(by_rate, (TermsSource::Declared, Rate::Share(bp(700))));
    let by_amount = terms(&mut lane, "o2", |d| d.commission = Some(Minor(55)));
    assert_eq!(by_amount, (TermsSource::Declared, Rate::Amount(Minor(55))));
    assert_eq!(terms(&mut lane, "o3", |_| {}), (TermsSource::NoPlan, Rate::Share(bp(0))));
}

#[test]
fn the_declared_terms_are_only_for_whom_they_are_declared() {
    let mut lane = Lane::new();
    lane.send(bobs_click("k1", "eve", 0, |_| {}));
    let order = lane.order(order("o1", 1, |order| {
        order.lines[0].declared = declared("ann", |declared| declared.rate_bp = Some(bp(700)));
    }));
    let sources: Vec<_> = order.candidates[0].iter().map(|c| c.terms.source.clone()).collect();
    assert_eq!(sources, [TermsSource::NoPlan, TermsSource::Declared]);
    assert!(order.mismatch && order.amount_mismatch);
}

#[test]
fn a_click_of_an_advertisement_earns_the_ads_rate() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |plan| plan.ads_rate_bp = Some(bp(300))));
    lane.send(bobs_click("k1", "ann", 0, |click| click.ad_id = id("ad")));
    let terms = lane.order(order("o1", 1, |_| {})).credit().unwrap().terms.clone();
    assert_eq!((terms.component, terms.rate), (Component::AdsCps, Rate::Share(bp(300))));
    lane.send(plan("q", 1000, 2, |plan| plan.version = 2));
    lane.send(bobs_click("k2", "ann", 3, |click| click.ad_id = id("ad")));
    let terms = lane.order(order("o2", 4, |_| {})).credit().unwrap().terms.clone();
    assert_eq!((terms.component, terms.rate), (Component::Cps, Rate::Share(bp(1000))));
}

#[test]
fn the_agency_and_the_tier_are_those_of_the_time_of_the_click() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |plan| plan.agency_bp = Some(bp(100))));
    lane.send(plan("gold", 2000, 0, |plan| plan.scope.tier = id("gold")));
    let profile = |minute, agency: &str, tier: &str| {
        creator("ann", minute, |creator| {
            creator.agency_id = id(agency);
            creator.tier = id(tier);
        })
    };
    lane.send(profile(0, "first", "silver"));
    lane.send(bobs_click("k1", "ann", 1, |_| {}));
    lane.send(profile(2, "second", "gold"));
    let order = lane.order(order("o1", 3, |order| order.lines[0].declared = declared("ann", |_| {})));
    let clicked = &order.candidates[0][0].terms;
    assert_eq!(clicked.agency.as_ref().unwrap().agency.as_str(), "first");
    assert_eq!((clicked.tier.as_deref(), clicked.rate), (Some("silver"), Rate::Share(bp(1000))));
    let without_click = &order.candidates[0][1].terms;
    assert_eq!((without_click.tier.as_deref(), without_click.rate), (Some("gold"), Rate::Share(bp(2000))));
    assert_eq!(order.creator.as_ref().unwrap().tier.as_deref(), Some("gold"));
}

#[test]
fn an_order_shows_what_it_shares_with_its_creator() {
    let mut lane = Lane::new();
    lane.send(creator("ann", 0, |creator| {
        creator.payment_h = vec![id("card")];
        creator.ip = vec!["2001:db8:1:2::1".parse().unwrap()];
        creator.buyer_ids = vec![id("bob")];
    }));
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let order = lane.order(order("o1", 1, |order| {
        order.payment_h = id("card");
        order.ip = Some("2001:db8:1:2:ffff::9".parse().unwrap());
    }));
    let s = order.shares;
    assert_eq!(
        [s.payment, s.address, s.device, s.ip, s.phone, s.buyer],
        [true, false, false, true, false, true]
    );
    assert_eq!(order.ip.as_deref(), Some("2001:db8:1:2::/64"));
}

#[test]
fn creators_paid_to_one_account_are_counted() {
    let mut lane = Lane::new();
    let paid_to = |name: &str, minute, account: &str| {
        creator(name, minute, |creator| creator.payout_account_h = id(account))
    };
    lane.send_all([paid_to("ann", 0, "x"), paid_to("eve", 0, "x"), paid_to("joe", 0, "y")]);
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    let sharers = |lane: &mut Lane, name: &str| {
        lane.order(order(name, 9, |_| {})).creator.as_ref().unwrap().account_sharers
    };
    assert_eq!(sharers(&mut lane, "o1"), 2);
    lane.send_all([paid_to("joe", 1, "x"), paid_to("eve", 1, "x")]);
    assert_eq!(sharers(&mut lane, "o2"), 3);
    lane.send(paid_to("eve", 2, "z"));
    assert_eq!(sharers(&mut lane, "o3"), 2);
}

#[test]
fn an_older_profile_that_comes_late_does_not_replace_a_newer_one() {
    let mut lane = Lane::new();
    lane.send(creator("ann", 5, |creator| creator.followers = Some(5)));
    lane.send(creator("ann", 1, |creator| creator.followers = Some(1)));
    lane.send(bobs_click("k1", "ann", 6, |_| {}));
    assert_eq!(lane.order(order("o1", 9, |_| {})).creator.as_ref().unwrap().followers, Some(5));
}

#[test]
fn a_declared_commission_that_accrues_is_no_mismatch() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |_| {}));
    let mut mismatch = |name: &str, with: fn(&mut model::event::Declared)| {
        lane.order(order(name, 1, |order| order.lines[0].declared = declared("ann", with))).amount_mismatch
    };
    assert!(!mismatch("o1", |declared| declared.commission = Some(Minor(1000))));
    assert!(mismatch("o2", |declared| declared.commission = Some(Minor(999))));
    assert!(!mismatch("o3", |declared| declared.rate_bp = Some(bp(1000))));
    assert!(mismatch("o4", |declared| declared.rate_bp = Some(bp(999))));
    assert!(!mismatch("o5", |_| {}));
}

#[test]
fn an_amendment_is_attributed_with_what_was_known_at_first() {
    let mut lane = Lane::new();
    lane.send(plan("p", 1000, 0, |_| {}));
    lane.send(bobs_click("k1", "ann", 0, |_| {}));
    lane.order(order("o1", 10, |_| {}));
    lane.send(bobs_click("late", "eve", 9, |_| {}));
    lane.send(plan("lower", 100, 11, |plan| plan.scope.creator_id = id("ann")));
    // Long after the click is forgotten.
    lane.tick(90 * DAY);
    let amended = lane.order(order("o1", 90 * DAY, |order| {
        order.revision = 1;
        order.lines[0].paid = Minor(20_000);
    }));
    assert_eq!(candidates(&amended), ["ann by buyer/neither k1"]);
    assert_eq!(amended.credit().unwrap().terms.rate, Rate::Share(bp(1000)));
    assert_eq!(amended.occurred_at, at(10));
}

#[test]
fn a_late_order_finds_the_clicks_of_its_own_time() {
    let mut lane = Lane::with(|program| program.attribution_window = days(30));
    lane.send_all([bobs_click("k1", "ann", 0, |_| {}), bobs_click("k2", "eve", 33 * DAY, |_| {})]);
    lane.tick(37 * DAY);
    let late = lane.order(order("o1", 30 * DAY, |_| {}));
    assert_eq!(candidates(&late), ["ann by buyer/neither k1"]);
    assert_eq!(late.credit().unwrap().evidence, Evidence::Buyer);
}

#[test]
fn a_content_type_is_the_clicks_or_else_the_declared_one() {
    let mut lane = Lane::new();
    lane.send(plan("live", 2000, 0, |plan| plan.scope.content_type = Some(ContentType::Live)));
    lane.send(bobs_click("k1", "ann", 0, |click| click.content_type = Some(ContentType::Video)));
    let order = lane.order(order("o1", 1, |order| {
        order.lines[0].declared = declared("ann", |d| d.content_type = Some(ContentType::Live));
    }));
    let sources: Vec<_> = order.candidates[0].iter().map(|c| c.terms.source != TermsSource::NoPlan).collect();
    assert_eq!(sources, [false, true]);
}
