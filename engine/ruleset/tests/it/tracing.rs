use model::feature::Measure;

use crate::record::*;

#[test]
fn a_trace_shows_how_nearly_a_rule_fired() {
    let body = r#"const LEAST = 5;
let orders = count("order").by("ip").within("10m");
if orders >= LEAST && !order.attribution.mismatch && order.country == "US" {
    hold("burst");
}
"#;
    let ruleset = load(body);
    let record = Fake::order().truth("attribution.mismatch", false).text("country", "US");
    let traces = ruleset.trace(&record, &measures(&[Measure::Int(4)]));
    assert!(!traces[0].fired());
    insta::assert_debug_snapshot!(traces);
}

#[test]
fn a_trace_of_a_failure_says_why() {
    let record = Fake::order().int("units", 0);
    let traces = load("let a = 1 / order.units; if a > 0 { flag(\"f\"); }").trace(&record, &measures(&[]));
    assert!(traces[0].failure.as_ref().unwrap().contains("Division by zero"));
    assert_eq!(traces[0].conditions[0].held, None);
}
