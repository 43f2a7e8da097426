//! Where there is no room: what is lost, which answers that leaves unknown, and for how long.

use std::sync::Arc;

use model::admitted::{OrderRecord, What};
use model::feature::{Aggregate, Counted, Measure, Membership, PlannedFeature, Slot};
use model::policy::WindowLimits;
use model::{BuyerId, Fact, Field, Span, Text};

use crate::build::*;

const BUYER: Field = Field::Fact(Fact::BuyerId);
const UNKNOWN: Measure = Measure::Unknown;

/// By creator, within 100 ms.
fn clicks(aggregate: Aggregate) -> PlannedFeature {
    planned(Counted::Click, aggregate, &[CREATOR], Span::from_ms(100))
}

fn with_keys(keys: u32, features: Vec<PlannedFeature>) -> Bench {
    Bench::limited(features, WindowLimits { keys, ..WindowLimits::default() })
}

fn with_pairs(pairs: u32, features: Vec<PlannedFeature>) -> Bench {
    Bench::limited(features, WindowLimits { pairs, ..WindowLimits::default() })
}

fn bought(bench: &mut Bench, ms: i64, creator: &str, buyer: &str) -> Vec<Measure> {
    let mut record = click(ms, creator);
    record.click.buyer_id = Some(BuyerId::new(buyer).unwrap());
    bench.apply(ms, ms, What::Click(Arc::new(record))).unwrap().values
}

fn of(id: &str, ms: i64, creators: &[&str]) -> OrderRecord {
    let lines: Vec<_> = creators.iter().map(|creator| ("p", Some(*creator), 1)).collect();
    order(id, ms, &lines)
}

#[test]
fn a_group_that_finds_no_room_is_unknown_from_its_second_row_on_and_the_others_stay_exact() {
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    assert_eq!(bench.click(0, "maria"), [int(1)]);
    assert_eq!(bench.click(1, "joan"), [int(1)], "nothing was lost before");
    assert_eq!(bench.click(2, "joan"), [UNKNOWN]);
    assert_eq!(bench.click(2, "ann"), [UNKNOWN], "who knows whose row was lost");
    assert_eq!(bench.click(3, "maria"), [int(2)]);
    assert_eq!(bench.windows.usage().lost_rows, 3);
    assert_eq!(bench.windows.usage().keys, 1);
}

#[test]
fn what_was_lost_matters_for_as_long_as_it_would_have_counted() {
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(0, "maria");
    bench.click(10, "joan");
    assert_eq!(bench.click(110, "ann"), [UNKNOWN], "exactly as old as the window still counts");
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(0, "maria");
    bench.click(10, "joan");
    assert_eq!(bench.click(111, "ann"), [int(1)]);
}

#[test]
fn a_short_window_is_complete_again_before_a_long_one() {
    let mut long = clicks(Aggregate::Count);
    long.feature.window = Span::from_ms(1_000);
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count), long]);
    bench.click(0, "maria");
    bench.click(10, "joan");
    assert_eq!(bench.click(111, "joan"), [int(1), UNKNOWN]);
    assert_eq!(bench.click(112, "maria"), [int(1), int(2)]);
}

#[test]
fn a_group_that_found_room_is_exact_a_window_later_though_others_go_on_losing_rows() {
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(0, "maria");
    bench.click(50, "joan");
    assert_eq!(bench.click(101, "joan"), [UNKNOWN], "maria is forgotten, and joan has room");
    bench.click(102, "ann");
    assert_eq!(bench.click(150, "joan"), [UNKNOWN]);
    assert_eq!(bench.click(151, "joan"), [int(3)]);
    assert_eq!(bench.click(151, "ann"), [UNKNOWN]);
}

#[test]
fn a_late_row_that_is_lost_matters_by_its_own_time() {
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(50, "maria");
    bench.click_at(60, 5, "joan");
    assert_eq!(bench.click(105, "ann"), [UNKNOWN]);
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(50, "maria");
    bench.click_at(60, 5, "joan");
    assert_eq!(bench.click(106, "ann"), [int(1)]);
}

#[test]
fn a_row_that_no_window_covers_is_not_lost() {
    let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
    bench.click(200, "maria");
    bench.click_at(200, 99, "joan");
    assert_eq!(bench.click(200, "joan"), [int(1)]);
}

#[test]
fn every_aggregate_of_a_group_that_may_lack_rows_is_unknown() {
    let aggregates = [
        Aggregate::Distinct(BUYER),
        Aggregate::TopShare(BUYER),
        Aggregate::GapMean,
        Aggregate::SecondsSinceFirst,
        Aggregate::SecondsSinceLast,
    ];
    let mut bench = with_keys(0, aggregates.map(clicks).to_vec());
    bought(&mut bench, 0, "maria", "b");
    assert_eq!(bought(&mut bench, 1, "maria", "b"), [UNKNOWN; 5]);
}

#[test]
fn a_record_of_several_new_groups_has_room_for_all_of_them_or_for_none() {
    let by_creator = planned(Counted::Order, Aggregate::Count, &[CREATOR], Span::from_ms(100));
    let mut bench = with_keys(2, vec![by_creator]);
    bench.order(0, of("1", 0, &["maria"]));
    bench.order(1, of("2", 1, &["maria", "joan", "ann"]));
    assert_eq!(bench.windows.usage().keys, 1);
    assert_eq!(bench.windows.usage().lost_rows, 2);
    assert_eq!(bench.order(2, of("3", 2, &["maria"])).values, [int(3)], "what has room is kept");
    assert_eq!(bench.order(3, of("4", 3, &["maria", "joan"])).values, [UNKNOWN], "joan may be the fullest");
}

#[test]
fn orders_are_told_as_members_whether_or_not_there_is_room() {
    let by_creator = planned(Counted::Order, Aggregate::Count, &[CREATOR], Span::from_ms(100));
    let mut bench = with_keys(1, vec![by_creator]);
    bench.order(0, of("1", 0, &["maria"]));
    let joan = || vec![Membership { slot: Slot(0), key: Text::new(r#"["joan"]"#) }];
    let first = bench.order(1, of("2", 1, &["joan"]));
    assert_eq!((first.groups, first.memberships), (joan(), joan()));
    let second = bench.order(2, of("3", 2, &["joan"]));
    assert_eq!((second.groups, second.memberships), (vec![], joan()), "nobody knows how full the group is");
}

#[test]
fn a_value_that_finds_no_room_leaves_unknown_what_asks_for_the_values_of_its_group_and_no_more() {
    let features = [Aggregate::Count, Aggregate::Distinct(BUYER), Aggregate::TopShare(BUYER)];
    let mut bench = with_pairs(1, features.map(clicks).to_vec());
    assert_eq!(bought(&mut bench, 0, "maria", "b1"), [int(1), int(1), ratio(1, 1)]);
    assert_eq!(bought(&mut bench, 1, "maria", "b2"), [int(2), int(2), ratio(1, 2)]);
    assert_eq!(bought(&mut bench, 2, "maria", "b1"), [int(3), UNKNOWN, UNKNOWN]);
    assert_eq!(bench.click(2, "joan"), [int(1), int(0), Measure::Missing]);
    assert_eq!(bench.click(101, "maria"), [int(3), UNKNOWN, UNKNOWN]);
    assert_eq!(bench.click(102, "maria"), [int(3), int(1), ratio(1, 1)], "b2 would be gone");
    assert_eq!(bench.windows.usage().lost_values, 1);
    assert_eq!(bench.windows.usage().lost_rows, 0);
}

#[test]
fn a_refund_ratio_is_unknown_where_orders_of_the_cohort_were_lost() {
    use model::event::RefundState::Approved;
    let aggregate = Aggregate::RefundRatio { at_least: 0 };
    let cohort = planned(Counted::Refund, aggregate, &[CREATOR], Span::from_ms(100));
    let mut bench = with_keys(1, vec![cohort]);
    bench.order(0, of("1", 0, &["maria"]));
    assert_eq!(bench.order(10, of("2", 10, &["joan"])).values, [ratio(0, 1)]);
    let both = of("3", 20, &["maria", "joan"]);
    assert_eq!(bench.order(20, both.clone()).values, [UNKNOWN]);
    let mut approved = refund("r", 30, Approved, &both);
    approved.first_move = true;
    assert_eq!(bench.refund(30, approved).unwrap().values, [UNKNOWN]);
    assert_eq!(bench.read(30, &of("4", 30, &["maria"])), [ratio(1, 2)]);
    assert_eq!(bench.read(120, &of("4", 30, &["joan"])), [UNKNOWN]);
    assert_eq!(bench.read(121, &of("4", 30, &["joan"])), [Measure::Missing], "no orders");
    assert_eq!(bench.windows.usage().lost_rows, 2);
}

#[test]
fn doubts_are_forgotten_with_what_was_lost() {
    let bytes = |lost: &[i64]| {
        let mut bench = with_keys(1, vec![clicks(Aggregate::Count)]);
        bench.click(0, "maria");
        lost.iter().for_each(|ms| drop(bench.click(*ms, "joan")));
        let doubting = bench.windows.usage().bytes;
        bench.windows.advance(at(1_000));
        bench.click(1_000, "maria");
        (doubting, bench.windows.usage().bytes)
    };
    let ((plain, after_plain), (doubting, after)) = (bytes(&[]), bytes(&[10, 101]));
    assert!(doubting > plain, "{doubting} bytes, {plain} without doubts");
    assert_eq!(after, after_plain);
}
