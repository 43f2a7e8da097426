//! Orders of several lines.

use model::event::RefundState;
use model::feature::{Aggregate, Counted, Membership, PlannedFeature, Slot};
use model::{Fact, Field, Span, Text};

use crate::build::*;

const PRODUCT: Field = Field::Fact(Fact::ProductId);

fn by(aggregate: Aggregate, field: Field) -> PlannedFeature {
    planned(Counted::Order, aggregate, &[field], Span::from_hours(1))
}

fn of(slot: u32, key: &str) -> Membership {
    Membership { slot: Slot(slot), key: Text::new(key) }
}

#[test]
fn an_order_is_one_row_for_each_distinct_product_and_sees_the_group_with_most_rows() {
    let mut bench = Bench::new(vec![by(Aggregate::Count, PRODUCT)]);
    bench.order(0, order("1", 0, &[("b", None, 1)]));
    let measures = bench.order(0, order("2", 0, &[("a", None, 1), ("b", None, 1), ("a", None, 1)]));
    assert_eq!(measures.values, [int(2)]);
    assert_eq!(measures.groups, [of(0, r#"["b"]"#)]);
    assert_eq!(measures.memberships, [of(0, r#"["a"]"#), of(0, r#"["b"]"#)]);
    assert_eq!(bench.windows.usage().rows, 3);
}

#[test]
fn among_groups_with_as_many_rows_the_smallest_key_is_seen() {
    let mut bench = Bench::new(vec![by(Aggregate::Count, PRODUCT)]);
    let lines = [("c", None, 1), ("B", None, 1), ("a", None, 1)];
    assert_eq!(bench.order(0, order("1", 0, &lines)).groups, [of(0, r#"["B"]"#)]);
}

#[test]
fn a_line_without_the_field_makes_no_row() {
    let mut bench = Bench::new(vec![by(Aggregate::Count, CREATOR)]);
    let measures = bench.order(0, order("1", 0, &[("a", None, 1), ("b", Some("maria"), 1)]));
    assert_eq!(measures.memberships, [of(0, r#"["maria"]"#)]);
    assert_eq!(measures.values, [int(1)]);
}

#[test]
fn a_row_has_each_value_of_its_own_lines_once() {
    let mut bench = Bench::new(vec![
        by(Aggregate::Distinct(PRODUCT), CREATOR),
        by(Aggregate::TopShare(PRODUCT), CREATOR),
    ]);
    let lines =
        [("a", Some("maria"), 1), ("b", Some("maria"), 1), ("a", Some("maria"), 1), ("z", Some("x"), 1)];
    assert_eq!(bench.order(0, order("1", 0, &lines)).values, [int(2), ratio(1, 1)]);
    let again = bench.order(1, order("2", 1, &[("b", Some("maria"), 1)]));
    assert_eq!(again.values, [int(2), ratio(2, 2)]);
    assert_eq!(
        bench.order(3_600_001, order("3", 3_600_001, &[("q", Some("maria"), 1)])).values,
        [int(2), ratio(1, 2)]
    );
}

#[test]
fn a_filter_looks_at_each_line() {
    let only_a = filtered(by(Aggregate::Count, PRODUCT), is(Fact::ProductId, "a"));
    let with_a = filtered(by(Aggregate::Count, Field::Fact(Fact::Market)), is(Fact::ProductId, "a"));
    let mut bench = Bench::new(vec![only_a, with_a]);
    let measures = bench.order(0, order("1", 0, &[("b", None, 1), ("a", None, 1)]));
    assert_eq!(measures.values, [int(1), int(1)]);
    assert_eq!(measures.memberships, [of(0, r#"["a"]"#), of(1, r#"["main"]"#)]);
}

#[test]
fn a_refund_and_a_maturing_commission_see_every_line_of_their_order() {
    let mut bench = Bench::new(vec![by(Aggregate::Count, PRODUCT)]);
    bench.order(0, order("1", 0, &[("b", None, 1)]));
    let two = order("2", 0, &[("a", None, 1), ("b", None, 1)]);
    bench.order(0, two.clone());
    let mut approved = refund("r", 1, RefundState::Approved, &two);
    approved.first_move = true;
    assert_eq!(bench.refund(1, approved).unwrap().groups, [of(0, r#"["b"]"#)]);
    assert_eq!(bench.read(2, &two), [int(2)]);
}

#[test]
fn a_refund_is_a_row_for_each_line_of_its_order() {
    let refunds =
        planned(Counted::Refund, Aggregate::Count, &[Field::Order(Fact::ProductId)], Span::from_hours(1));
    let mut bench = Bench::new(vec![refunds]);
    let two = order("2", 0, &[("a", None, 1), ("b", None, 1)]);
    let mut approved = refund("r", 1, RefundState::Approved, &two);
    approved.first_move = true;
    bench.refund(1, approved);
    assert_eq!(bench.order(2, order("3", 2, &[("b", None, 1)])).values, [int(1)]);
}

#[test]
fn an_order_of_the_most_lines_is_measured() {
    let mut bench = Bench::new(vec![by(Aggregate::Distinct(PRODUCT), PRODUCT)]);
    let names: Vec<String> = (0..model::limit::ORDER_LINES_MAX).map(|n| format!("p{n}")).collect();
    let lines: Vec<_> = names.iter().map(|name| (name.as_str(), None, 1)).collect();
    let measures = bench.order(0, order("1", 0, &lines));
    assert_eq!(measures.memberships.len(), model::limit::ORDER_LINES_MAX);
    assert_eq!(measures.values, [int(1)]);
}
