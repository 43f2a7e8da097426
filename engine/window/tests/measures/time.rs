//! Windows in time: closed, by the log clock, late rows, firsts, lasts and gaps.

use model::admitted::What;
use model::feature::{Aggregate, Counted, Measure};
use model::{Fact, Field, Span};
use std::sync::Arc;

use crate::build::*;

fn bench(aggregates: &[(Aggregate, i64)]) -> Bench {
    let feature = |(aggregate, ms): &(Aggregate, i64)| {
        planned(Counted::Click, aggregate.clone(), &[CREATOR], Span::from_ms(*ms))
    };
    Bench::new(aggregates.iter().map(feature).collect())
}

#[test]
fn a_row_exactly_as_old_as_the_window_counts_and_a_millisecond_older_does_not() {
    let mut bench = bench(&[(Aggregate::Count, 1_000)]);
    bench.click(0, "maria");
    assert_eq!(bench.click(1_000, "maria"), [int(2)]);
    assert_eq!(bench.click(1_001, "maria"), [int(2)]);
}

#[test]
fn equal_times_at_later_positions_do_not_count() {
    let mut bench = bench(&[(Aggregate::Count, 0)]);
    assert_eq!(bench.click(0, "maria"), [int(1)]);
    assert_eq!(bench.click(0, "maria"), [int(2)]);
    assert_eq!(bench.click(1, "maria"), [int(1)]);
}

#[test]
fn a_late_row_enters_every_window_that_still_covers_it() {
    let mut bench = bench(&[(Aggregate::Count, 100), (Aggregate::Count, 1_000)]);
    bench.click(500, "maria");
    assert_eq!(bench.click_at(600, 300, "maria"), [int(2), int(2)], "itself always counts");
    assert_eq!(bench.click(600, "maria"), [int(2), int(3)], "too old for the short one");
    assert_eq!(bench.click(1_300, "maria"), [int(1), int(4)]);
    assert_eq!(bench.click(1_301, "maria"), [int(2), int(4)], "it leaves by its own time");
}

#[test]
fn a_row_later_than_every_window_counts_for_itself_alone() {
    let mut bench = bench(&[(Aggregate::Count, 100), (Aggregate::SecondsSinceFirst, 100)]);
    bench.click(0, "joan");
    assert_eq!(bench.click_at(5_000, 1_000, "maria"), [int(1), int(0)]);
    assert_eq!(bench.click(5_000, "maria"), [int(1), int(0)]);
}

#[test]
fn the_window_is_as_of_the_log_clock_and_not_of_the_judged_event() {
    let mut bench = bench(&[(Aggregate::Count, 100)]);
    bench.click(0, "maria");
    bench.click(150, "joan");
    assert_eq!(bench.click_at(150, 50, "maria"), [int(1)]);
}

#[test]
fn a_key_is_forgotten_when_its_last_row_leaves() {
    let buyers = Aggregate::Distinct(CREATOR);
    let mut bench =
        bench(&[(buyers, 100), (Aggregate::TopShare(CREATOR), 50), (Aggregate::GapDeviation, 100)]);
    for n in 0..10 {
        bench.click(n, &format!("c{n}"));
    }
    let usage = bench.windows.usage();
    assert_eq!((usage.rows, usage.keys, usage.pairs), (10, 10, 10));
    bench.windows.advance(at(105));
    assert_eq!(bench.windows.usage().keys, 5);
    bench.windows.advance(at(110));
    let usage = bench.windows.usage();
    assert_eq!((usage.rows, usage.keys, usage.pairs), (0, 0, 0));
}

#[test]
fn a_quiet_series_lets_go_when_others_are_busy() {
    let orders = planned(Counted::Order, Aggregate::Count, &[CREATOR], Span::from_ms(100));
    let mut quiet = orders.clone();
    quiet.read_at = [model::fact::Subject::Order].into();
    let mut bench = Bench::new(vec![quiet]);
    bench.order(0, order("1", 0, &[("p", Some("maria"), 1)]));
    for _ in 0..1_023 {
        bench.apply(200, 200, What::Click(Arc::new(click(200, "maria"))));
    }
    assert_eq!(bench.windows.usage().rows, 0);
}

#[test]
fn seconds_since_last_excludes_the_judged_event_and_seconds_since_first_includes_it() {
    let mut bench = bench(&[(Aggregate::SecondsSinceFirst, 10_000), (Aggregate::SecondsSinceLast, 10_000)]);
    assert_eq!(bench.click(0, "maria"), [int(0), Measure::Missing]);
    assert_eq!(bench.click(2_999, "maria"), [int(2), int(2)]);
    assert_eq!(bench.click(10_000, "maria"), [int(10), int(7)]);
    assert_eq!(bench.click(10_001, "maria"), [int(7), int(0)]);
}

#[test]
fn seconds_are_never_negative() {
    let mut bench = bench(&[(Aggregate::SecondsSinceFirst, 10_000), (Aggregate::SecondsSinceLast, 10_000)]);
    bench.click(9_000, "maria");
    assert_eq!(bench.click_at(9_000, 4_000, "maria"), [int(0), int(0)]);
}

#[test]
fn at_maturity_seconds_are_before_the_sweep() {
    let since = planned(Counted::Order, Aggregate::SecondsSinceLast, &[CREATOR], Span::from_hours(1));
    let first = planned(Counted::Order, Aggregate::SecondsSinceFirst, &[CREATOR], Span::from_hours(1));
    let mut bench = Bench::new(vec![since, first]);
    let placed = order("1", 0, &[("p", Some("maria"), 1)]);
    bench.order(0, placed.clone());
    bench.order(1_000, order("2", 1_000, &[("p", Some("maria"), 1)]));
    assert_eq!(bench.read(60_000, &placed), [int(59), int(60)]);
}

#[test]
fn gaps_are_between_neighbours_in_time() {
    let mut bench = bench(&[(Aggregate::GapMean, 1_000), (Aggregate::GapDeviation, 1_000)]);
    let deviation = |square, count| Measure::Deviation { square, count };
    assert_eq!(bench.click(0, "maria"), [Measure::Missing, Measure::Missing]);
    assert_eq!(bench.click(100, "maria"), [ratio(100, 1), deviation(0, 1)]);
    // Gaps 100 and 300: two times the sum of squares, less the square of the sum.
    assert_eq!(bench.click(400, "maria"), [ratio(400, 2), deviation(40_000, 2)]);
    // One that comes late splits the gap of 300 into 100 and 200.
    let square = 3 * (100 * 100 + 100 * 100 + 200 * 200) - 400 * 400;
    assert_eq!(bench.click_at(400, 200, "maria"), [ratio(400, 3), deviation(square, 3)]);
    // The first leaves, and its gap with it.
    let square = 3 * (100 * 100 + 200 * 200 + 601 * 601) - 901 * 901;
    assert_eq!(bench.click(1_001, "maria"), [ratio(901, 3), deviation(square, 3)]);
}

#[test]
fn a_value_stays_while_any_of_its_rows_does() {
    let devices = Aggregate::Distinct(Field::Fact(Fact::Country));
    let share = Aggregate::TopShare(Field::Fact(Fact::Country));
    let mut bench = bench(&[(devices.clone(), 100), (devices, 1_000), (share, 100)]);
    let mut from = |clock, country: Option<&str>| {
        let mut click = click(clock, "maria");
        click.click.country = country.map(|c| c.into());
        bench.apply(clock, clock, What::Click(Arc::new(click))).unwrap().values
    };
    assert_eq!(from(0, None), [int(0), int(0), Measure::Missing]);
    assert_eq!(from(10, Some("DE")), [int(1), int(1), ratio(1, 1)]);
    assert_eq!(from(20, Some("FR")), [int(2), int(2), ratio(1, 2)]);
    assert_eq!(from(60, Some("DE")), [int(2), int(2), ratio(2, 3)]);
    assert_eq!(from(121, None), [int(1), int(2), ratio(1, 1)]);
    assert_eq!(from(161, None), [int(0), int(2), Measure::Missing]);
    assert_eq!(from(1_021, Some("IT")), [int(1), int(2), ratio(1, 1)]);
}
