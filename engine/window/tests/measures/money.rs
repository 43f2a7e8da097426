//! Numbers and money: currencies apart, wide sums, ends that leave.

use model::event::Attribute;
use model::feature::{Aggregate, Counted, Measure};
use model::{Currency, Fact, Field, Minor, Money, Span, Text};

use crate::build::*;

const AMOUNT: Field = Field::Fact(Fact::Amount);

fn bench(aggregates: &[Aggregate]) -> Bench {
    let feature =
        |aggregate: &Aggregate| planned(Counted::Order, aggregate.clone(), &[CREATOR], Span::from_ms(100));
    Bench::new(aggregates.iter().map(feature).collect())
}

fn paid(bench: &mut Bench, clock: i64, code: &str, minor: i64) -> Vec<Measure> {
    let mut order = order(&clock.to_string(), clock, &[("p", Some("maria"), minor)]);
    order.order.currency = Currency::new(code).unwrap();
    bench.order(clock, order).values
}

#[test]
fn money_features_count_the_judged_events_currency_only() {
    let mut bench = bench(&[Aggregate::Sum(AMOUNT), Aggregate::Mean(AMOUNT), Aggregate::Count]);
    paid(&mut bench, 0, "USD", 100);
    let yen = |minor| Measure::Money(Money { currency: Currency::new("JPY").unwrap(), minor: Minor(minor) });
    assert_eq!(paid(&mut bench, 1, "JPY", 7), [yen(7), yen(7), int(2)]);
    assert_eq!(paid(&mut bench, 2, "USD", 101), [dollars(201), dollars(100), int(3)]);
}

#[test]
fn a_money_feature_without_a_currency_is_missing() {
    let mut bench = bench(&[Aggregate::Sum(AMOUNT)]);
    paid(&mut bench, 0, "USD", 100);
    assert_eq!(bench.click(1, "maria"), [Measure::Missing]);
}

#[test]
fn a_sum_of_nothing_is_nothing_and_a_mean_of_nothing_is_missing() {
    let refunds = |aggregate| planned(Counted::Refund, aggregate, &[CREATOR], Span::from_ms(100));
    let all = [Aggregate::Sum(AMOUNT), Aggregate::Mean(AMOUNT), Aggregate::Min(AMOUNT)];
    let mut bench = Bench::new(all.into_iter().map(refunds).collect());
    assert_eq!(paid(&mut bench, 0, "USD", 1), [dollars(0), Measure::Missing, Measure::Missing]);
}

#[test]
fn the_least_and_greatest_leave_with_their_rows() {
    let mut bench = bench(&[Aggregate::Min(AMOUNT), Aggregate::Max(AMOUNT), Aggregate::Deviation(AMOUNT)]);
    assert_eq!(paid(&mut bench, 0, "USD", 5), [dollars(5), dollars(5), dollars(0)]);
    assert_eq!(paid(&mut bench, 10, "USD", 9), [dollars(5), dollars(9), dollars(2)]);
    assert_eq!(paid(&mut bench, 101, "USD", 7), [dollars(7), dollars(9), dollars(1)]);
    assert_eq!(paid(&mut bench, 111, "USD", 1), [dollars(1), dollars(7), dollars(3)]);
}

fn attribute(bench: &mut Bench, clock: i64, value: Attribute) -> Vec<Measure> {
    let mut order = order(&clock.to_string(), clock, &[("p", Some("maria"), 1)]);
    order.context = context(Some(value));
    bench.order(clock, order).values
}

#[test]
fn sums_are_wide_and_stop_at_the_ends_of_what_can_be_said() {
    let x = Field::Attribute(Text::new("x"));
    let mut bench = bench(&[Aggregate::Sum(x.clone()), Aggregate::Max(x.clone()), Aggregate::Deviation(x)]);
    attribute(&mut bench, 0, Attribute::Int(i64::MAX));
    let at_most = attribute(&mut bench, 1, Attribute::Int(i64::MAX));
    assert_eq!(at_most, [int(i64::MAX), int(i64::MAX), Measure::Missing]);
    let exact = attribute(&mut bench, 2, Attribute::Int(-i64::MAX));
    assert_eq!(exact, [int(i64::MAX), int(i64::MAX), Measure::Missing]);
    let left = attribute(&mut bench, 103, Attribute::Int(3));
    assert_eq!(left, [int(3), int(3), Measure::Deviation { square: 0, count: 1 }]);
}

#[test]
fn what_is_no_number_is_not_summed_but_is_a_value() {
    let x = Field::Attribute(Text::new("x"));
    let mut bench = bench(&[Aggregate::Sum(x.clone()), Aggregate::Mean(x.clone()), Aggregate::Distinct(x)]);
    attribute(&mut bench, 0, Attribute::Text(Text::new("3")));
    attribute(&mut bench, 1, Attribute::Bool(true));
    assert_eq!(attribute(&mut bench, 2, Attribute::Int(3)), [int(3), ratio(3, 1), int(3)]);
}

#[test]
fn the_amount_of_a_maturing_commission_names_the_currency() {
    let mut bench = bench(&[Aggregate::Sum(AMOUNT)]);
    let placed = order("1", 0, &[("p", Some("maria"), 40)]);
    bench.order(0, placed.clone());
    assert_eq!(bench.read(50, &placed), [dollars(40)]);
    let mut foreign = maturity(50, &placed);
    foreign.amount.currency = Currency::new("JPY").unwrap();
    let yen = Measure::Money(Money { currency: foreign.amount.currency, minor: Minor(0) });
    assert_eq!(bench.windows.read(at(50), &foreign).values, [yen]);
}
