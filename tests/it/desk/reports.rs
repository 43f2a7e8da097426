//! `report`.

use model::Span;
use serde_json::{Value, json};

use crate::lane::Lane;

fn row<'r>(rows: &'r Value, wanted: &[(&str, &str)]) -> &'r Value {
    let is = |row: &&Value| wanted.iter().all(|(name, value)| row[*name] == *value);
    rows.as_array().unwrap().iter().find(is).unwrap_or(&Value::Null)
}

#[test]
fn a_period_has_the_money_that_moved_in_it_and_no_other() {
    let lane = Lane::stopped();
    let burst_ends = lane.base.plus(Span::from_hours(1)).to_string();
    let early = lane.json(&["report", "--since", "1h", "--until", &burst_ends]);
    let held = row(&early["period"]["money"], &[("market", "us"), ("account", "held")]);
    assert_eq!((&held["came"], &held["went"]), (&json!(5_000), &json!(0)));
    let burst = row(&early["period"]["rules"], &[("rule", "burst"), ("market", "us")]);
    assert_eq!((&burst["held"], &burst["flags"]), (&json!(5_000), &json!(0)));
    let attributed = row(&early["period"]["rules"], &[("rule", "attributed"), ("market", "us")]);
    assert_eq!((&attributed["verdicts"], &attributed["held"]), (&json!(5), &json!(0)), "it holds nothing");
    assert_eq!(*row(&early["period"]["money"], &[("market", "de")]), Value::Null);

    let late = lane.json(&["report", "--since", &burst_ends]);
    let held = row(&late["period"]["money"], &[("market", "de"), ("account", "held")]);
    assert_eq!(held["came"], 5_000);
    assert_eq!(*row(&late["period"]["rules"], &[("rule", "burst")]), Value::Null);
}

#[test]
fn a_comparison_shows_the_period_of_the_same_length_before() {
    let lane = Lane::stopped();
    let until = lane.base.plus(Span::from_hours(22)).to_string();
    let report = ["report", "--since", "11h", "--until", &until, "--compare"];
    let told = lane.json(&report);
    let us = [("market", "us"), ("account", "accrued")];
    assert_eq!(row(&told["period"]["money"], &us)["came"], 2_000);
    assert_eq!(row(&told["before"]["money"], &us)["came"], 5_000);
    assert_eq!(told["before"]["until_at"], told["period"]["since_at"]);
    let table = lane.tell(&report);
    assert!(table.contains("net before") && table.contains("-30.00"), "{table}");
    let periods = lane.column("since_at", &report);
    let before = told["before"]["since_at"].to_string();
    assert!(periods.contains(&before), "{periods:?}");
}

#[test]
fn a_time_is_a_moment_a_date_or_an_age() {
    let lane = Lane::stopped();
    let clock = lane.base.plus(Span::from_hours(20));
    let bound = |bound: &str, since: &str, until: &str| {
        let told = lane.json(&["report", "--since", since, "--until", until]);
        told["period"][bound].as_i64().unwrap()
    };
    assert_eq!(
        bound("until_at", "2026-03-01", "9h"),
        clock.minus(Span::from_hours(9)).as_ms(),
        "of the log clock"
    );
    assert_eq!(bound("since_at", "2026-03-01", "9h"), 1_772_323_200_000);
    assert_eq!(bound("until_at", "2026-03-01", "2026-03-02"), 1_772_409_600_000);
    assert_eq!(bound("since_at", "36h", "2026-03-02"), 1_772_409_600_000 - 36 * 3_600_000, "before the end");
    for wrong in ["2026-02-30", "2026-3-1", "2026-03-01T00:00", "7 days", "20260301"] {
        let said = lane.refused(2, &["report", "--since", wrong]);
        assert!(said.contains("is not a time") && said.contains("2026-03-01T00:00:00Z"), "{wrong}: {said}");
    }
}

#[test]
fn a_period_that_is_none_is_refused() {
    let lane = Lane::stopped();
    assert!(lane.refused(2, &["report", "--since", "yesterday"]).contains("is not a time"));
    let said =
        lane.refused(2, &["report", "--since", "2026-03-02T00:00:00Z", "--until", "2026-03-01T00:00:00Z"]);
    assert!(said.contains("before it begins"), "{said}");
}
