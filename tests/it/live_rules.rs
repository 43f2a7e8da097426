//! A ruleset that takes effect in mid-log: its features are warm, and nobody can see how the log was cut.

use decider::{Decider, Effects, Successor};
use model::log::{Control, Genesis, RecordBody};
use model::verdict::Decision;
use model::{HashKey, Position, Record, Verdict};
use ruleset::{Ruleset, Sources};
use std::sync::Arc;

use crate::engine::{self, Output};

const START_MS: i64 = 1_767_268_800_000;
const MINUTE_MS: i64 = 60_000;

/// A rule that holds a burst from one address.
fn burst(min_orders: u32, within: &str) -> Arc<Ruleset> {
    burst_at_most(min_orders, within, "90d")
}

/// The same, where no hold outlives a time without being escalated.
fn burst_at_most(min_orders: u32, within: &str, longest_hold: &str) -> Arc<Ruleset> {
    let rule = format!(
        "//! Burst\n//! Many orders from one address.\nconst ON = \"order\";\nconst SEVERITY = \"high\";\n\
         const PUBLIC_CODE = \"x\";\nconst MIN_ORDERS = {min_orders};\n\
         let orders = count(\"order\").by(\"ip\").within(\"{within}\");\n\
         if orders >= MIN_ORDERS {{ hold_all_of(orders, `${{orders}} orders`).until_reviewed(); }}\n"
    );
    let settings = format!("longest_hold = \"{longest_hold}\"\n[rules.burst]\nmode = \"live\"\n");
    let files = [("burst.rhai".to_owned(), rule), ("ruleset.toml".to_owned(), settings)];
    engine::load(&files.into_iter().collect())
}

fn quiet() -> Arc<Ruleset> {
    engine::load(&Sources::default())
}

fn order(number: i64, at_ms: i64) -> RecordBody {
    let line = format!(
        "{{\"event_id\":\"e{number}\",\"kind\":\"order\",\"occurred_at\":{at_ms},\"order_id\":\"o{number}\",\
         \"currency\":\"USD\",\"ip\":\"192.0.2.7\",\"lines\":[{{\"line_id\":\"1\",\"product_id\":\"p\",\
         \"quantity\":1,\"paid\":1000,\"declared\":{{\"creator_id\":\"maria\",\"rate_bp\":1000}}}}]}}"
    );
    RecordBody::Event(Box::new(connector::wire::decode(line.as_bytes()).unwrap().event))
}

fn load_of(ruleset: &Ruleset) -> RecordBody {
    RecordBody::Control(Control::Ruleset(ruleset.hash().into()))
}

fn records(bodies: impl IntoIterator<Item = RecordBody>) -> Vec<Record> {
    let record = |(position, body)| Record {
        position: Position(position),
        stamp: None,
        raw: bytes::Bytes::new(),
        body,
    };
    (1..).zip(bodies).map(record).collect()
}

/// An engine that will find each ruleset when the log loads it.
fn engine_of(first: &Arc<Ruleset>, later: &[&Arc<Ruleset>]) -> Decider {
    let genesis = Genesis::standard(first.hash().into());
    let mut decider = Decider::new(genesis, Arc::clone(first), HashKey::public());
    for ruleset in later {
        decider.announce(Successor::new(Arc::clone(ruleset), HashKey::public()));
    }
    decider
}

fn held_orders(verdicts: &[Verdict]) -> Vec<&str> {
    let held = verdicts.iter().filter(|verdict| {
        let held = verdict.holds.iter().any(|hold| hold.rule.as_str() == "burst");
        held && matches!(verdict.decision, Decision::Hold | Decision::Accrue)
    });
    held.filter_map(|verdict| verdict.order_id.as_ref().map(|id| id.as_str())).collect()
}

#[test]
fn a_new_rule_counts_and_holds_the_orders_that_came_before_it() {
    let (first, later) = (quiet(), burst(5, "10m"));
    let mut log: Vec<RecordBody> = (0..4).map(|n| order(n, START_MS + n * MINUTE_MS)).collect();
    log.push(load_of(&later));
    log.push(order(4, START_MS + 4 * MINUTE_MS));
    let output = engine::decide(&mut engine_of(&first, &[&later]), &records(log), 1000);
    let verdicts = output.parsed();
    assert_eq!(held_orders(&verdicts), ["o0", "o1", "o2", "o3", "o4"]);
    let named: Vec<&str> = verdicts.iter().map(|verdict| verdict.ruleset.as_str()).collect();
    assert_eq!(named[..4], [first.hash(); 4], "what was decided before names the ruleset before");
    assert!(named[4..].iter().all(|name| *name == later.hash()));
}

#[test]
fn a_wider_window_reaches_the_orders_that_the_narrow_one_had_passed_over() {
    let (narrow, wide) = (burst(2, "10m"), burst(2, "2h"));
    let at = |minutes: i64| START_MS + minutes * MINUTE_MS;
    // The first order is out of the narrow window when the others come.
    let log = [order(0, at(0)), order(1, at(30)), order(2, at(31)), load_of(&wide), order(3, at(32))];
    let output = engine::decide(&mut engine_of(&narrow, &[&wide]), &records(log), 1000);
    let verdicts = output.parsed();
    let held = held_orders(&verdicts);
    assert_eq!(held, ["o1", "o2", "o0", "o3"], "each of them once");
}

#[test]
fn the_ruleset_in_force_may_be_loaded_again_without_effect() {
    let ruleset = burst(2, "10m");
    let orders = || (0..3).map(|n| order(n, START_MS + n * MINUTE_MS));
    let plain = engine::decide(&mut engine_of(&ruleset, &[]), &records(orders()), 10);
    let log = [load_of(&ruleset)].into_iter().chain(orders());
    let again = engine::decide(&mut engine_of(&ruleset, &[]), &records(log), 10);
    let without_places = |output: &Output| -> Vec<(String, Decision)> {
        output.parsed().iter().map(|v| (v.verdict_id.to_string(), v.decision)).collect()
    };
    assert_eq!(without_places(&plain), without_places(&again));
}

#[test]
#[should_panic(expected = "was not announced")]
fn a_ruleset_that_nobody_announced_stops_the_engine() {
    let unknown = burst(2, "10m");
    engine::decide(&mut engine_of(&quiet(), &[]), &records([load_of(&unknown)]), 10);
}

/// Some days of trade in which the rules change twice: dials at first, then back again.
fn changing_trade() -> (Vec<Arc<Ruleset>>, Vec<Record>) {
    let shipped = engine::sources(&engine::root().join("rules"));
    let mut changed = shipped.clone();
    let rule = shipped.text("same_ip_burst.rhai").unwrap();
    changed.put("same_ip_burst.rhai", rule.replace("const WITHIN = \"10m\"", "const WITHIN = \"3h\""));
    assert_ne!(shipped.hash(), changed.hash());
    let (shipped, changed) = (engine::load(&shipped), engine::load(&changed));
    let start = model::EventTime::from_ms(1_767_225_600_000).unwrap();
    let settings = trade::Settings { orders_per_day: 300, ..trade::Settings::new(11, start) };
    let events = trade::Trade::new(settings).map(|happening| happening.event).take(5_000);
    let mut bodies: Vec<RecordBody> = events.map(|event| RecordBody::Event(Box::new(event))).collect();
    bodies.insert(1_500, load_of(&changed));
    bodies.insert(3_300, load_of(&shipped));
    (vec![Arc::clone(&shipped), changed, shipped], records(bodies))
}

#[test]
fn chunks_and_stops_never_show_where_the_rules_change() {
    let (rulesets, log) = changing_trade();
    let (first, later) = rulesets.split_first().unwrap();
    let engine = || engine_of(first, &later.iter().collect::<Vec<_>>());
    let expected = engine::decide(&mut engine(), &log, 1);
    assert!(expected.verdicts.len() > 100_000, "the log is worth comparing");
    for chunk in [7, 1000, 1_000_000] {
        assert!(engine::decide(&mut engine(), &log, chunk) == expected, "chunks of {chunk}");
    }
    let (mut decider, mut output, mut effects) = (engine(), Output::default(), Effects::default());
    for part in log.chunks(457) {
        decider.decide(part, &mut effects);
        output.take(&mut effects);
        decider = Decider::restore(&decider.snapshot(), &rulesets).unwrap();
    }
    assert!(output == expected, "stopped every 457 records");
}

#[test]
fn chunks_never_show_where_a_ruleset_shortens_the_longest_hold() {
    let (long, short) = (burst_at_most(1, "60d", "90d"), burst_at_most(1, "50d", "30d"));
    let late = |minutes: i64| START_MS + 40 * 1_440 * MINUTE_MS + minutes * MINUTE_MS;
    let mut log = vec![order(0, START_MS), order(1, late(0)), load_of(&short)];
    // The next order fires the group, and so touches the first, whose hold is 40 days old.
    log.extend((2..40).map(|n| order(n, late(10 * n))));
    let log = records(log);
    let decide = |chunk| engine::decide(&mut engine_of(&long, &[&short]), &log, chunk);
    let expected = decide(1);
    let verdicts = expected.parsed();
    let escalated =
        verdicts.iter().find(|v| v.reasons.iter().any(|reason| reason.rule.as_str() == "escalated"));
    assert_eq!(escalated.map(|verdict| verdict.position), Some(Position(4)), "at the next sweep");
    for chunk in [7, 4096] {
        assert!(decide(chunk) == expected, "chunks of {chunk}");
    }
}

#[test]
fn a_snapshot_names_the_ruleset_that_is_missing() {
    let (first, later) = (quiet(), burst(2, "10m"));
    let snapshot = engine_of(&first, &[&later]).snapshot();
    let error = Decider::restore(&snapshot, &[first]).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains(later.hash()), "{error}");
}
