//! What counts as a row, and in which group.

use std::collections::BTreeSet;
use std::sync::Arc;

use model::admitted::What;
use model::event::{OrderType, RefundState};
use model::fact::Subject;
use model::feature::{Aggregate, Counted, Measure, Membership, PlannedFeature, Slot};
use model::policy::WindowLimits;
use model::{EventTime, Fact, Field, PlanId, Span, Text};

use crate::build::*;

const IP: Field = Field::Fact(Fact::Ip);

fn count(counted: Counted) -> PlannedFeature {
    planned(counted, Aggregate::Count, &[CREATOR], Span::from_hours(1))
}

fn one_line(id: &str, ms: i64) -> model::admitted::OrderRecord {
    order(id, ms, &[("p", Some("maria"), 100)])
}

#[test]
fn the_judged_event_counts_itself_and_those_before_it() {
    let mut bench = Bench::new(vec![count(Counted::Click)]);
    assert_eq!(bench.click(0, "maria"), [int(1)]);
    assert_eq!(bench.click(0, "maria"), [int(2)]);
    assert_eq!(bench.click(0, "joan"), [int(1)]);
}

#[test]
fn a_record_of_another_kind_sees_the_rows_and_is_none() {
    let mut bench = Bench::new(vec![count(Counted::Click)]);
    bench.click(0, "maria");
    assert_eq!(bench.order(1, one_line("1", 1)).values, [int(1)]);
    assert_eq!(bench.order(1, one_line("2", 1)).values, [int(1)]);
}

#[test]
fn a_group_with_a_missing_field_is_missing_and_makes_no_row() {
    let feature = planned(Counted::Order, Aggregate::Count, &[CREATOR, IP], Span::from_hours(1));
    let mut bench = Bench::new(vec![feature]);
    let measures = bench.order(0, one_line("1", 0));
    assert_eq!(measures.values, [Measure::Missing]);
    assert_eq!((measures.groups, measures.memberships), (vec![], vec![]));
    assert_eq!(bench.windows.usage().rows, 0);
    let mut with_ip = one_line("2", 0);
    with_ip.ip = Some("192.0.2.7".into());
    assert_eq!(bench.order(0, with_ip).values, [int(1)]);
}

#[test]
fn a_feature_is_measured_only_where_it_is_read() {
    let mut feature = count(Counted::Click);
    feature.read_at = BTreeSet::from([Subject::Order]);
    let mut bench = Bench::new(vec![feature]);
    assert_eq!(bench.click(0, "maria"), [Measure::Missing]);
    assert_eq!(bench.order(0, one_line("1", 0)).values, [int(1)]);
}

#[test]
fn orders_of_other_types_are_rows_only_where_the_filter_names_the_type() {
    let samples = filtered(count(Counted::Order), is(Fact::Type, "sample"));
    let mut bench = Bench::new(vec![count(Counted::Order), samples]);
    let mut sample = one_line("1", 0);
    sample.order.order_type = OrderType::Sample;
    assert_eq!(bench.apply(0, 0, What::Order(Arc::new(sample))), None);
    assert_eq!(bench.order(0, one_line("2", 0)).values, [int(1), int(1)]);
}

#[test]
fn an_amendment_is_judged_and_not_counted_again() {
    let mut bench = Bench::new(vec![count(Counted::Order)]);
    let first = one_line("1", 0);
    bench.order(0, first.clone());
    let amended = bench.apply(5, 5, What::Amendment(Arc::new(first.clone()))).unwrap();
    assert_eq!(amended.values, [int(1)]);
    assert_eq!(amended.memberships, [Membership { slot: Slot(0), key: Text::new(r#"["maria"]"#) }]);
    assert_eq!(bench.apply(5, 5, What::Planned(Arc::new(first))), None);
    assert_eq!(bench.order(6, one_line("2", 6)).values, [int(2)]);
}

#[test]
fn a_refund_is_a_row_once_when_it_first_moves_money() {
    let mut bench = Bench::new(vec![count(Counted::Refund)]);
    let of = one_line("1", 0);
    assert_eq!(bench.refund(0, refund("r", 0, RefundState::Requested, &of)), None);
    let mut approved = refund("r", 1, RefundState::Approved, &of);
    approved.first_move = true;
    assert_eq!(bench.refund(1, approved).unwrap().values, [int(1)]);
    assert_eq!(bench.refund(2, refund("r", 2, RefundState::Completed, &of)), None);
    assert_eq!(bench.order(3, of).values, [int(1)]);
}

#[test]
fn reading_at_maturity_adds_nothing() {
    let mut bench = Bench::new(vec![count(Counted::Order)]);
    let placed = one_line("1", 0);
    bench.order(0, placed.clone());
    assert_eq!(bench.read(10, &placed), [int(1)]);
    assert_eq!(bench.read(10, &placed), [int(1)]);
    assert_eq!(bench.read(3_600_001, &placed), [int(0)]);
}

#[test]
fn records_of_no_interest_measure_nothing() {
    let mut bench = Bench::new(vec![count(Counted::Order)]);
    assert_eq!(bench.apply(0, 0, What::Plan(PlanId::new("p").unwrap())), None);
}

#[test]
fn groups_and_memberships_are_told_of_features_that_hold() {
    let mut silent = count(Counted::Order);
    silent.holds = false;
    let mut elsewhere = count(Counted::Order);
    elsewhere.read_at = BTreeSet::from([Subject::Refund]);
    let mut bench = Bench::new(vec![silent, count(Counted::Order), elsewhere, count(Counted::Click)]);
    let measures = bench.order(0, one_line("1", 0));
    let of = |slot| Membership { slot: Slot(slot), key: Text::new(r#"["maria"]"#) };
    assert_eq!(measures.groups, [of(1), of(3)]);
    assert_eq!(measures.memberships, [of(1), of(2)]);
}

#[test]
fn a_filter_says_which_rows_count_and_the_judged_event_is_no_exception() {
    let germans = filtered(count(Counted::Click), is(Fact::Country, "DE"));
    let mut bench = Bench::new(vec![germans]);
    assert_eq!(bench.click(0, "maria"), [int(0)]);
    let mut german = click(0, "maria");
    german.click.country = Some("DE".into());
    assert_eq!(bench.apply(0, 0, What::Click(Arc::new(german))).unwrap().values, [int(1)]);
    assert_eq!(bench.click(0, "maria"), [int(1)]);
}

#[test]
fn an_empty_grouping_is_one_group_of_everything() {
    let mut bench = Bench::new(vec![planned(Counted::Click, Aggregate::Count, &[], Span::from_hours(1))]);
    bench.click(0, "maria");
    assert_eq!(bench.click(0, "joan"), [int(2)]);
}

#[test]
fn no_secret_changes_a_measure() {
    let features =
        vec![planned(Counted::Order, Aggregate::Count, &[Field::Fact(Fact::ProductId)], Span::ZERO)];
    let measured = [1, 2, 3].map(|key| {
        let mut windows = window::Windows::new(features.clone(), WindowLimits::default(), key);
        let lines: Vec<String> = (0..50).map(|n| format!("p{n}")).collect();
        let lines: Vec<_> = lines.iter().map(|p| (p.as_str(), None, 1)).collect();
        windows.apply(&admitted(1, 0, 0, What::Order(Arc::new(order("1", 0, &lines)))))
    });
    assert_eq!(measured[0], measured[1]);
    assert_eq!(measured[1], measured[2]);
}

#[test]
#[should_panic(expected = "the log clock never goes back")]
fn a_clock_that_goes_back_is_a_bug() {
    let mut bench = Bench::new(vec![count(Counted::Click)]);
    bench.click(10, "maria");
    bench.windows.advance(EventTime::from_ms(START + 9).unwrap());
}
