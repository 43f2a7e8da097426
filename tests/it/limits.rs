//! More keys than the windows have room for: rules fail by their policy, openly, and nothing else changes.

use decider::{Decider, Effects};
use model::Record;
use ruleset::{Ruleset, Sources};
use std::sync::Arc;
use trade::{Settings, Trade};

use crate::engine::{self, Output};

const BURST: &str = "//! Burst\n//! Of one address.\nconst ON = \"order\";\nconst SEVERITY = \"high\";\n\
    const PUBLIC_CODE = \"x\";\nconst MIN_ORDERS = 3;\n\
    let orders = count(\"order\").by(\"ip\").within(\"1h\");\n\
    if orders >= MIN_ORDERS { hold_all_of(orders, `${orders} orders`).until_reviewed(); }\n";

fn burst(keys: u32, on_failure: &str) -> Arc<Ruleset> {
    let settings = format!(
        "[limits]\nwindow_keys = {keys}\n[rules.burst]\nmode = \"live\"\non_failure = \"{on_failure}\"\n"
    );
    let files = [("burst.rhai".to_owned(), BURST.to_owned()), ("ruleset.toml".to_owned(), settings)];
    engine::load(&Sources::from_iter(files))
}

/// Orders, one a minute, from these addresses.
fn orders(ruleset: &Ruleset, minutes: &[(i64, &str)]) -> Vec<Record> {
    let events = minutes.iter().enumerate().map(|(number, (minute, ip))| {
        let line = format!(
            "{{\"event_id\":\"e{number}\",\"kind\":\"order\",\"occurred_at\":{},\"order_id\":\"o{number}\",\
             \"currency\":\"USD\",\"ip\":\"192.0.2.{ip}\",\"lines\":[{{\"line_id\":\"1\",\"product_id\":\"p\",\
             \"quantity\":1,\"paid\":1000,\"declared\":{{\"creator_id\":\"maria\",\"rate_bp\":1000}}}}]}}",
            1_767_268_800_000 + minute * 60_000
        );
        connector::wire::decode(line.as_bytes()).unwrap().event
    });
    engine::log(ruleset, events)
}

/// Which orders are held in the end, with the public code of the reason.
fn held(output: &Output) -> Vec<(String, String)> {
    let mut held = Vec::new();
    for verdict in output.parsed() {
        let order = verdict.order_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let reason = verdict.reasons.iter().find(|reason| reason.rule.as_str() == "burst");
        let is_new = !verdict.holds.is_empty() && !held.iter().any(|(name, _)| *name == order);
        if let (Some(reason), true) = (reason, is_new) {
            held.push((order, reason.public_code.to_string()));
        }
    }
    held
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(order, code)| ((*order).to_owned(), (*code).to_owned())).collect()
}

#[test]
fn an_order_whose_key_found_no_room_is_held_by_the_rules_policy_or_left_alone() {
    let flood = [(0, "1"), (1, "2"), (2, "2"), (3, "3"), (4, "1")];
    let ruleset = burst(1, "hold");
    let mut decider = engine::decider(&ruleset);
    let output = engine::decide(&mut decider, &orders(&ruleset, &flood), 1);
    // o1 was judged before anything was lost; o4 has the key that was there all along.
    assert_eq!(held(&output), pairs(&[("o2", "check_failed"), ("o3", "check_failed")]));
    let tally = &decider.tally().rules["burst"];
    assert_eq!((tally.failed, tally.unknown), (2, 2));
    assert_eq!(decider.windows().usage().lost_rows, 3);
    let ruleset = burst(1, "ignore");
    let output = engine::decide(&mut engine::decider(&ruleset), &orders(&ruleset, &flood), 1);
    assert_eq!(held(&output), []);
}

#[test]
fn a_hold_of_all_waits_until_it_knows_whom_it_holds_and_then_misses_nobody() {
    // Until minute 60 there is room for address 1 only: the first order from 2 is lost, the others are counted.
    let burst_of_2 = [(0, "1"), (50, "2"), (61, "2"), (62, "2"), (110, "2"), (111, "2")];
    let ruleset = burst(1, "ignore");
    let mut decider = engine::decider(&ruleset);
    let output = engine::decide(&mut decider, &orders(&ruleset, &burst_of_2), 1);
    assert_eq!(decider.tally().rules["burst"].unknown, 3, "while the lost order was at most an hour old");
    let all = ["o2", "o3", "o4", "o5"].map(|order| (order, "x"));
    assert_eq!(held(&output), pairs(&all), "all that the last order's count counted");
    assert_eq!(decider.windows().usage().lost_rows, 1);
}

/// Made-up trade under the shipped rules, with room for a small part of it.
fn crowded() -> (Arc<Ruleset>, Vec<Record>) {
    let mut sources = engine::sources(&engine::root().join("rules"));
    let mut settings = sources.text("ruleset.toml").unwrap().into_owned();
    for (roomy, tight) in [("10_000_000", "40"), ("20_000_000", "60")] {
        assert!(settings.contains(roomy));
        settings = settings.replace(roomy, tight);
    }
    sources.put("ruleset.toml", settings);
    let ruleset = engine::load(&sources);
    let start = model::EventTime::from_ms(1_767_225_600_000).unwrap();
    let settings = Settings { orders_per_day: 400, ..Settings::new(7, start) };
    let records = engine::log(&ruleset, Trade::new(settings).map(|h| h.event).take(4_000));
    (ruleset, records)
}

#[test]
fn how_much_is_decided_at_once_never_shows_where_there_is_no_room() {
    let (ruleset, records) = crowded();
    let mut decider = engine::decider(&ruleset);
    let expected = engine::decide(&mut decider, &records, 1);
    let usage = decider.windows().usage();
    assert!(usage.lost_rows > 1_000 && usage.lost_values > 100, "{usage:?}");
    let unknown: u64 = decider.tally().rules.values().map(|tally| tally.unknown).sum();
    assert!(unknown > 1_000, "{unknown}");
    for chunk in [7, 1_000_000] {
        assert!(engine::decide(&mut engine::decider(&ruleset), &records, chunk) == expected, "{chunk}");
    }
    let mut output = Output::default();
    let (mut decider, mut effects) = (engine::decider(&ruleset), Effects::default());
    for part in records.chunks(331) {
        decider.decide(part, &mut effects);
        output.take(&mut effects);
        decider = Decider::restore(&decider.snapshot(), &[Arc::clone(&ruleset)]).unwrap();
    }
    assert!(output == expected, "resumed");
    // What is resumed needs less memory for the same.
    let resumed = decider.windows().usage();
    assert_eq!(window::Usage { bytes: usage.bytes, ..resumed }, usage);
}
