//! What a running service exposes is the table of metrics, and everything that reads metrics knows the table.

use runtime::telemetry::{ALL, Metric, Shape};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use crate::engine;
use crate::served::{Served, batches, token};

/// What one name has: its type, and the names of labels of each of its series.
#[derive(Debug, Default, PartialEq)]
struct Exposed {
    shape: String,
    labels: BTreeSet<Vec<String>>,
}

/// Parses Prometheus' text format as far as it is exposed here. A histogram's series count as its own.
fn exposed(text: &str) -> BTreeMap<String, Exposed> {
    let mut all: BTreeMap<String, Exposed> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with("# HELP")) {
        if let Some(typed) = line.strip_prefix("# TYPE ") {
            let (name, shape) = typed.split_once(' ').unwrap();
            all.entry(name.to_owned()).or_default().shape = shape.to_owned();
            continue;
        }
        let end = line.find(['{', ' ']).unwrap();
        let of_histogram =
            ["_bucket", "_sum", "_count"].iter().find_map(|end_of| line[..end].strip_suffix(end_of));
        let name = of_histogram.filter(|name| all.contains_key(*name)).unwrap_or(&line[..end]);
        let labels = line[end..].strip_prefix('{').map(|rest| rest.split_once("} ").unwrap().0);
        let names = labels
            .into_iter()
            .flat_map(|labels| labels.split("\","))
            .map(|label| label.split_once('=').unwrap().0);
        let names = names.filter(|name| *name != "le").map(str::to_owned).collect();
        all.get_mut(name).unwrap().labels.insert(names);
    }
    all
}

fn value(text: &str, series: &str) -> f64 {
    let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

const MARK: &str = r#"{"event_id":"m1","kind":"feed_mark","occurred_at":1767225600000,"source":"refunds-eu","kinds":["refund"],"complete_through_at":1767225600000}"#;

/// A service that was fed, and a token for it.
fn fed(folder: &Path) -> (Served, String) {
    let data = folder.join("data");
    let served = Served::start(&data, &engine::root().join("rules"));
    let token = token(&data);
    let batches = batches(20);
    for batch in batches.iter().chain([&MARK.as_bytes().to_vec(), &b"{\"kind\":".to_vec()]) {
        assert_eq!(served.ask("POST /v1/events", &token, batch).unwrap().0, 202);
    }
    assert_eq!(served.ask("POST /v1/events", &token, &batches[0]).unwrap().0, 202, "once more");
    (served, token)
}

#[test]
fn a_running_service_exposes_every_metric_of_the_table_and_none_besides() {
    let folder = tempfile::tempdir().unwrap();
    let (served, token) = fed(folder.path());
    let metrics = || served.ask("GET /metrics", &token, b"").unwrap().1;
    // What the state says is published every second; the snapshot is taken soon after 700 records.
    let mut text = metrics();
    for _ in 0..100 {
        if value(&text, "tidegate_snapshot_position") > 0.0
            && value(&text, "tidegate_late_events_total{kind=\"click\"}") > 0.0
        {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
        text = metrics();
    }
    let exposed = exposed(&text);
    let names: BTreeSet<&str> = exposed.keys().map(String::as_str).collect();
    assert_eq!(names, ALL.iter().map(|metric| metric.name).collect(), "the names are those of the table");
    for Metric { name, shape, labels, .. } in ALL {
        assert_eq!(exposed[*name].shape, shape.name(), "{name}");
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        assert_eq!(exposed[*name].labels, BTreeSet::from([labels]), "{name}");
    }
    let dead =
        text.lines().filter(|line| line.starts_with("tidegate_dead_letters_total") && !line.ends_with(" 0"));
    assert_eq!(dead.collect::<Vec<_>>(), [r#"tidegate_dead_letters_total{code="json.syntax"} 1"#]);
    assert_eq!(value(&text, r#"tidegate_events_total{kind="undecodable",outcome="refused"}"#), 1.0);
    assert_eq!(value(&text, "tidegate_dead_letters_open"), 1.0);
    assert_eq!(
        value(
            &text,
            r#"tidegate_feed_complete_timestamp_seconds{source="refunds-eu",kind="refund",market=""}"#
        ),
        1_767_225_600.0
    );
    assert_eq!(
        value(&text, r#"tidegate_http_requests_total{route="/v1/events",method="POST",status="202"}"#),
        23.0
    );
    served.stop();
}

#[test]
fn counts_of_the_log_go_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (served, token) = fed(folder.path());
    let counts = |served: &Served| {
        for _ in 0..100 {
            let text = served.ask("GET /metrics", &token, b"").unwrap().1;
            let came = text.contains(r#"tidegate_events_total{kind="undecodable",outcome="refused"} 1"#);
            if came && value(&text, r#"tidegate_queue_records{queue="undecided"}"#) == 0.0 {
                let counts = ["creator", "plan"].map(|kind| {
                    value(&text, &format!("tidegate_events_total{{kind=\"{kind}\",outcome=\"duplicate\"}}"))
                });
                if counts[0] > 0.0 {
                    return counts;
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it never published what it decided");
    };
    let before = counts(&served);
    drop(served);
    let served = Served::start(&folder.path().join("data"), &engine::root().join("rules"));
    assert_eq!(counts(&served), before);
    served.stop();
}

fn kept(name: &str) -> String {
    let path = engine::root().join("engine/operating").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every selector of an expression: a metric's name, and the labels that are asked of it.
fn selectors(expression: &str) -> Vec<(String, Vec<String>)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts = expression.match_indices("tidegate_").map(|(at, _)| at);
    let starts = starts.filter(|at| !expression[..*at].ends_with(is_name));
    let of = |at: usize| {
        let rest = &expression[at..];
        let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let labels = rest[end..]
            .strip_prefix('{')
            .and_then(|rest| rest.split_once('}'))
            .map_or("", |(labels, _)| labels);
        let labels = labels
            .split(',')
            .filter_map(|label| label.split_once(['=', '!']))
            .map(|(label, _)| label.trim().to_owned());
        (rest[..end].to_owned(), labels.collect())
    };
    starts.map(of).collect()
}

/// The labels that an expression groups by.
fn groupings(expression: &str) -> Vec<&str> {
    let groups = expression.split("by (").skip(1).map(|rest| rest.split(')').next().unwrap());
    groups.flat_map(|labels| labels.split(',')).map(str::trim).filter(|label| *label != "le").collect()
}

fn row(series: &str) -> Metric {
    let histogram = |metric: &&Metric| {
        matches!(metric.shape, Shape::Histogram(_))
            && ["_bucket", "_sum", "_count"].iter().any(|end| series.strip_suffix(end) == Some(metric.name))
    };
    let plain = |metric: &&Metric| !matches!(metric.shape, Shape::Histogram(_)) && metric.name == series;
    *ALL.iter()
        .find(|metric| plain(metric) || histogram(metric))
        .unwrap_or_else(|| panic!("no metric is named {series}"))
}

/// Holds an expression to the table.
fn check(expression: &str) {
    let selectors = selectors(expression);
    assert!(!selectors.is_empty(), "no metric of ours in {expression}");
    let mut known: BTreeSet<&str> = BTreeSet::from(["job", "instance"]);
    for (series, labels) in &selectors {
        let metric = row(series);
        known.extend(metric.labels);
        for label in labels {
            let is_known = metric.labels.contains(&label.as_str())
                || ["job", "instance", "le"].contains(&label.as_str());
            assert!(is_known, "{series} has no label {label}: {expression}");
        }
        let counts = matches!(metric.shape, Shape::Counter | Shape::LogCounter | Shape::Histogram(_));
        let differs = ["rate(", "increase(", "changes("].iter().any(|function| expression.contains(function));
        assert!(!counts || differs, "{series} only grows: {expression}");
    }
    for label in groupings(expression) {
        assert!(known.contains(label), "nothing there has the label {label}: {expression}");
    }
}

/// Every value of a key, however deep.
fn deep<'d>(document: &'d serde_json::Value, key: &str, found: &mut Vec<&'d str>) {
    match document {
        serde_json::Value::Object(map) => {
            found.extend(map.get(key).and_then(serde_json::Value::as_str));
            map.values().for_each(|value| deep(value, key, found));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| deep(value, key, found)),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::String(_) => {}
    }
}

#[test]
fn the_dashboard_asks_only_for_what_is_exposed() {
    let dashboard: serde_json::Value = serde_json::from_str(&kept("dashboard.json")).unwrap();
    let mut expressions = Vec::new();
    deep(&dashboard, "expr", &mut expressions);
    assert!(expressions.len() > 20);
    expressions.into_iter().for_each(check);
    let ids: Vec<u64> =
        dashboard["panels"].as_array().unwrap().iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "each panel has an id of its own");
}

/// The alerts: name, expression, whether the page of alerts says what to do.
#[test]
fn every_alert_asks_only_for_what_is_exposed_and_has_its_page() {
    let rules = kept("alerts.yml");
    let page = kept("alerts.md");
    let lines_of = |key: &str| {
        let lines = rules.lines().map(str::trim_start).map(|line| line.trim_start_matches("- "));
        lines
            .filter_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (alerts, expressions) = (lines_of("alert"), lines_of("expr"));
    assert!(alerts.len() > 10 && alerts.len() == expressions.len());
    assert_eq!(lines_of("severity").len(), alerts.len());
    expressions.iter().for_each(|expression| check(expression));
    let headings: BTreeSet<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(
        headings,
        alerts.iter().map(String::as_str).collect(),
        "a section of alerts.md for each alert"
    );
    for (alert, link) in alerts.iter().zip(lines_of("runbook_url")) {
        assert!(link.ends_with(&format!("alerts.md#{}", alert.to_lowercase())), "{alert}: {link}");
    }
}

#[test]
fn the_kept_page_of_metrics_is_that_of_the_table() {
    assert!(
        kept("metrics.md") == tidegate::contract::metrics(),
        "engine/operating/metrics.md is old: cargo run -p tidegate --example schemas"
    );
}
