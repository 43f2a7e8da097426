//! Refund ratios follow a cohort of orders.

use model::admitted::OrderRecord;
use model::event::{Fault, OrderType, RefundState};
use model::feature::{Aggregate, Counted, Measure};
use model::{Fact, Field, Span};
use std::sync::Arc;

use crate::build::*;

fn ratio_of(at_least: u32) -> Bench {
    let feature =
        planned(Counted::Refund, Aggregate::RefundRatio { at_least }, &[CREATOR], Span::from_ms(100));
    Bench::new(vec![feature])
}

fn placed(bench: &mut Bench, id: &str, ms: i64) -> (OrderRecord, Measure) {
    let order = order(id, ms, &[("p", Some("maria"), 1)]);
    let measures = bench.order(ms, order.clone());
    (order, measures.values[0])
}

fn move_money(bench: &mut Bench, clock: i64, part: &str, order: &OrderRecord) -> Measure {
    let mut approved = refund(part, clock, RefundState::Approved, order);
    approved.first_move = true;
    bench.refund(clock, approved).unwrap().values[0]
}

#[test]
fn a_judged_order_is_in_its_cohort_and_a_judged_refund_stands_already() {
    let mut bench = ratio_of(0);
    let (first, measure) = placed(&mut bench, "1", 0);
    assert_eq!(measure, ratio(0, 1));
    assert_eq!(move_money(&mut bench, 1, "r", &first), ratio(1, 1));
    assert_eq!(placed(&mut bench, "2", 2).1, ratio(1, 2));
}

#[test]
fn an_order_leaves_by_its_own_time_and_its_refunds_with_it() {
    let mut bench = ratio_of(0);
    let (first, _) = placed(&mut bench, "1", 0);
    let (second, _) = placed(&mut bench, "2", 50);
    assert_eq!(move_money(&mut bench, 100, "a", &first), ratio(1, 2));
    assert_eq!(bench.read(101, &second), [ratio(0, 1)]);
    assert_eq!(move_money(&mut bench, 101, "b", &first), ratio(0, 1), "too old to be counted");
    assert_eq!(bench.read(151, &second), [Measure::Missing]);
}

#[test]
fn several_refunds_refund_an_order_once_and_a_reversal_takes_back_its_own() {
    let mut bench = ratio_of(0);
    let (order, _) = placed(&mut bench, "1", 0);
    move_money(&mut bench, 1, "a", &order);
    assert_eq!(move_money(&mut bench, 2, "b", &order), ratio(1, 1));
    bench.refund(3, refund("a", 3, RefundState::Completed, &order));
    bench.refund(4, refund("a", 4, RefundState::Reversed, &order));
    assert_eq!(bench.read(5, &order), [ratio(1, 1)], "b still stands");
    bench.refund(6, refund("b", 6, RefundState::Rejected, &order));
    assert_eq!(bench.read(7, &order), [ratio(0, 1)]);
}

#[test]
fn the_state_that_happened_last_stands_whenever_it_arrives() {
    let mut bench = ratio_of(0);
    let (order, _) = placed(&mut bench, "1", 0);
    bench.refund(20, refund("a", 12, RefundState::Reversed, &order));
    let mut approved = refund("a", 11, RefundState::Approved, &order);
    approved.first_move = true;
    assert_eq!(bench.refund(21, approved).unwrap().values, [ratio(0, 1)], "it was undone later");
    bench.refund(22, refund("a", 13, RefundState::Completed, &order));
    assert_eq!(bench.read(23, &order), [ratio(1, 1)]);
    let mut tied = refund("a", 13, RefundState::Rejected, &order);
    tied.position = model::Position(1);
    bench.refund(24, tied);
    assert_eq!(bench.read(25, &order), [ratio(0, 1)], "of equal times the later position");
}

#[test]
fn a_request_moves_nothing() {
    let mut bench = ratio_of(0);
    let (order, _) = placed(&mut bench, "1", 0);
    bench.refund(1, refund("a", 1, RefundState::Requested, &order));
    assert_eq!(bench.read(2, &order), [ratio(0, 1)]);
    bench.refund(2, refund("a", 2, RefundState::Approved, &order));
    bench.refund(3, refund("a", 3, RefundState::Requested, &order));
    assert_eq!(bench.read(4, &order), [ratio(1, 1)]);
}

#[test]
fn fewer_orders_than_asked_for_say_nothing() {
    let mut bench = ratio_of(2);
    assert_eq!(placed(&mut bench, "1", 0).1, Measure::Missing);
    assert_eq!(placed(&mut bench, "2", 0).1, ratio(0, 2));
}

#[test]
fn a_filter_chooses_among_refunds_and_not_among_orders() {
    let feature =
        planned(Counted::Refund, Aggregate::RefundRatio { at_least: 0 }, &[CREATOR], Span::from_ms(100));
    let mut bench = Bench::new(vec![filtered(feature, is(Fact::Fault, "buyer"))]);
    let (first, _) = placed(&mut bench, "1", 0);
    let (second, _) = placed(&mut bench, "2", 0);
    assert_eq!(move_money(&mut bench, 1, "a", &first), ratio(0, 2));
    let mut by_buyer = refund("b", 2, RefundState::Approved, &second);
    by_buyer.refund.fault = Some(Fault::Buyer);
    by_buyer.first_move = true;
    assert_eq!(bench.refund(2, by_buyer).unwrap().values, [ratio(1, 2)]);
    let mut by_seller = refund("b", 3, RefundState::Completed, &second);
    by_seller.refund.fault = Some(Fault::Seller);
    bench.refund(3, by_seller);
    assert_eq!(bench.read(4, &second), [ratio(0, 2)], "its newest state says otherwise");
}

#[test]
fn orders_of_other_types_are_in_no_cohort() {
    let mut bench = ratio_of(0);
    let mut sample = order("1", 0, &[("p", Some("maria"), 1)]);
    sample.order.order_type = OrderType::Sample;
    bench.apply(0, 0, model::admitted::What::Order(Arc::new(sample)));
    assert_eq!(placed(&mut bench, "2", 0).1, ratio(0, 1));
}

#[test]
fn an_order_of_several_creators_is_in_the_cohort_of_each() {
    let mut bench = ratio_of(0);
    let both = order("1", 0, &[("p", Some("maria"), 1), ("q", Some("joan"), 1)]);
    bench.order(0, both.clone());
    placed(&mut bench, "2", 0);
    assert_eq!(move_money(&mut bench, 1, "a", &both), ratio(1, 2), "maria has more orders");
    assert_eq!(bench.read(2, &order("3", 0, &[("q", Some("joan"), 1)])), [ratio(1, 1)]);
    bench.windows.advance(at(101));
    let usage = bench.windows.usage();
    assert_eq!((usage.rows, usage.keys), (0, 0));
}

#[test]
fn a_late_order_enters_the_windows_that_still_cover_it() {
    let mut bench = ratio_of(0);
    let (_, _) = placed(&mut bench, "1", 90);
    let late = order("2", 10, &[("p", Some("maria"), 1)]);
    assert_eq!(bench.order(100, late.clone()).values, [ratio(0, 2)]);
    assert_eq!(move_money(&mut bench, 110, "a", &late), ratio(1, 2));
    assert_eq!(bench.read(111, &late), [ratio(0, 1)]);
}

#[test]
fn the_grouping_may_be_any_fact_of_the_order() {
    let by_ip = planned(
        Counted::Refund,
        Aggregate::RefundRatio { at_least: 0 },
        &[Field::Order(Fact::Ip)],
        Span::from_ms(100),
    );
    let mut bench = Bench::new(vec![by_ip]);
    let mut from_ip = order("1", 0, &[("p", Some("maria"), 1)]);
    from_ip.ip = Some("192.0.2.7".into());
    assert_eq!(bench.order(0, from_ip).values, [ratio(0, 1)]);
    assert_eq!(placed(&mut bench, "2", 0).1, Measure::Missing);
}
