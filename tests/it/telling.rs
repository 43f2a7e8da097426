//! What is told of a run: nothing is shown as standing that has ended, and nothing that matters goes unsaid.

use model::event::{Beneficiary, Component};
use model::verdict::CommissionId;
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Output;

use crate::commands::{command, stderr, stdout, tidegate};
use crate::engine;

/// 2026-01-01T00:00:00Z, when the events of these tests begin.
const START_MS: i64 = 1_767_225_600_000;

/// Holds all orders on one device for two days, from the third on.
const BURST: &str = r#"//! Burst
//! Several orders on one device.

const ON = "order";
const SEVERITY = "medium";
const PUBLIC_CODE = "unusual_order_pattern";
const LEAST = 3;

let orders = count("order").by("device_h", "creator_id").within("1d");

if orders >= LEAST {
    hold_all_of(orders, `${orders} orders on one device`).lasting("2d");
}
"#;

/// A desk at which events are replayed and looked into.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// With these rules, by file, all of them live.
    fn with(rules: &[(&str, &str)]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("rules")).unwrap();
        for (name, text) in rules {
            std::fs::write(folder.path().join("rules").join(name), text).unwrap();
        }
        Desk { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        command(&self.path("state"), arguments).env("TIDEGATE_RULES", self.path("rules")).output().unwrap()
    }

    fn told(&self, arguments: &[&str]) -> String {
        let run = self.run(arguments);
        assert!(run.status.success(), "{arguments:?}: {}", stderr(&run));
        stdout(&run)
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.told(&[arguments, &["--output", "json"]].concat())).unwrap()
    }

    /// Replays events up to so many days; the summary.
    fn replay(&self, events: &[Value], days: i64) -> Value {
        let lines: String = events.iter().map(|event| format!("{event}\n")).collect();
        std::fs::write(self.path("events.ndjson"), lines).unwrap();
        let until = model::EventTime::from_ms(at(24 * days)).unwrap().to_string();
        self.json(&["replay", self.path("events.ndjson").to_str().unwrap(), "--until", &until])
    }
}

fn at(hour: i64) -> i64 {
    START_MS + hour * 3_600_000
}

/// An order of 100 USD, of which maria earns a tenth.
fn order(id: &str, hour: i64) -> Value {
    json!({
        "event_id": id, "kind": "order", "occurred_at": at(hour), "order_id": id, "currency": "USD",
        "buyer_id": format!("buyer-of-{id}"), "device_h": "d1",
        "lines": [{"line_id": "1", "product_id": "p1", "quantity": 1, "paid": 10_000,
                   "declared": {"creator_id": "maria", "rate_bp": 1000}}],
    })
}

fn review(id: &str, hour: i64, commission: &str, decision: &str) -> Value {
    json!({
        "event_id": id, "kind": "review", "occurred_at": at(hour), "review_id": id, "commission_id": commission,
        "decision": decision, "stage": "approval", "actor": "ana",
    })
}

/// The id of what maria earns of an order.
fn commission(order: &str) -> String {
    let maria = Beneficiary::parse("creator:maria").unwrap();
    CommissionId::named("main", order, &maria, Component::Cps).to_string()
}

fn rule<'s>(summary: &'s Value, name: &str) -> &'s Value {
    summary["rules"].as_array().unwrap().iter().find(|rule| rule["rule"] == name).unwrap()
}

/// Three orders on one device within a day, and a freeze of the first.
fn frozen_burst() -> (Desk, Value) {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let freeze = review("r1", 10, &commission("o1"), "freeze");
    let summary = desk.replay(&[order("o1", 1), order("o2", 2), order("o3", 3), freeze], 5);
    (desk, summary)
}

#[test]
fn a_hold_that_lapsed_beside_another_is_no_longer_shown() {
    let (desk, summary) = frozen_burst();
    let burst = &rule(&summary, "burst")["money"][0];
    assert_eq!((&burst["held_now"], &burst["held_ever"]), (&json!(0), &json!(3000)), "{burst}");
    assert_eq!(rule(&summary, "freeze")["money"][0]["held_now"], 1000);
    let told = desk.told(&["explain", "o1"]);
    assert!(told.contains("held by freeze") && !told.contains("held by burst"), "{told}");
}

#[test]
fn a_review_of_something_unknown_and_a_refund_of_too_much_are_counted_in_the_summary() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let refund = json!({
        "event_id": "f1", "kind": "refund", "occurred_at": at(2), "refund_id": "f1", "order_id": "o1",
        "state": "completed", "currency": "USD", "amount": 12_000,
    });
    let events = [order("o1", 1), refund, review("r1", 3, &commission("no-such-order"), "freeze")];
    let summary = desk.replay(&events, 2);
    assert_eq!(
        (&summary["log"]["unmatched_reviews"], &summary["log"]["over_refunds"]),
        (&json!(1), &json!(1))
    );
    let told = desk.told(&["replay", desk.path("events.ndjson").to_str().unwrap()]);
    for words in ["reviews of something unknown 1", "refunds of more than was left 1"] {
        assert!(told.contains(words), "{told}");
    }
}

#[test]
fn money_that_awaits_a_feed_is_visible() {
    let programs =
        "[default]\nsettlement_delay = \"1d\"\nrequires = [\"refund\"]\nsources.refund = [\"shop\"]\n";
    let desk = Desk::with(&[("burst.rhai", BURST), ("programs.toml", programs)]);
    let event = connector::wire::decode(order("o1", 1).to_string().as_bytes()).unwrap().event;
    let mut log = Vec::new();
    for record in engine::log(&engine::rules(&desk.path("rules")), [event]) {
        connector::log::write_record(&record, &mut log);
    }
    let text = String::from_utf8(log).unwrap().replace("\"complete_to_clock\"", "\"marked\"");
    std::fs::write(desk.path("log.ndjson"), text).unwrap();
    let log = desk.path("log.ndjson");
    let replay = ["replay", log.to_str().unwrap(), "--until", "2026-01-05T00:00:00Z"];
    assert_eq!(desk.json(&replay)["money"][0]["awaiting_feed"], 1000);
    assert!(
        desk.told(&replay).contains("10.00 USD of what is pending for main in main is due and awaits a feed")
    );
    assert!(desk.told(&["explain", "o1"]).contains("awaits a feed"));
}

#[test]
fn what_reading_passed_over_is_in_the_summary_and_in_the_check_of_events() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let mapping = r#"
[[table]]
files = ["sales.csv"]
[[table.skip]]
reason = "test orders"
when = { state = { one_of = ["test"] } }
[[table.event]]
kind = "order"
[table.event.fields]
event_id = "{id}"
order_id = "{id}"
occurred_at = { from = "{time}", as = "time" }
currency = "USD"
[table.event.rows.lines]
line_id = "1"
product_id = "p"
quantity = 1
paid = { from = "{paid}", as = "money" }
"#;
    std::fs::write(desk.path("map.toml"), mapping).unwrap();
    std::fs::write(
        desk.path("sales.csv"),
        "id,time,paid,state\no1,2026-01-01T00:00:00Z,5.00,done\no2,2026-01-01T00:00:00Z,5.00,test\n",
    )
    .unwrap();
    let (file, map) = (desk.path("sales.csv"), desk.path("map.toml"));
    let with = ["--mapping", map.to_str().unwrap(), file.to_str().unwrap()];
    for command in [&["replay"][..], &["events", "check"]] {
        let arguments = [command, &with].concat();
        assert_eq!(desk.json(&arguments)["passed_over"]["rows"], json!({"test orders": 1}), "{command:?}");
        assert!(desk.told(&arguments).contains("passed over: rows (test orders) 1"), "{command:?}");
    }
}

#[test]
fn what_would_be_refused_is_told_by_file_and_line() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let late = order("o9", 9).to_string();
    std::fs::write(desk.path("a.ndjson"), format!("{late}\n\n{{\"kind\": \"ordre\"}}\nno JSON\n")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writeln!(gz, "{}\n{{\"kind\": \"order\"}}", order("o1", 1)).unwrap();
    std::fs::write(desk.path("b.ndjson.gz"), gz.finish().unwrap()).unwrap();
    let (a, b) = (desk.path("a.ndjson"), desk.path("b.ndjson.gz"));
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let check = ["events", "check", a, b];

    let run = desk.run(&[&check[..], &["--output", "json"]].concat());
    assert!(stderr(&run).contains("3 of 5 records would be refused"), "{}", stderr(&run));
    let report: Value = serde_json::from_str(&stdout(&run)).unwrap();
    let at = |n: usize| (report["refused"][n]["file"].as_str().unwrap(), &report["refused"][n]["line"]);
    assert_eq!([at(0), at(1), at(2)], [(a, &json!(3)), (a, &json!(4)), (b, &json!(2))]);
    assert_eq!(report["refused"][1]["raw"], "no JSON");
    let csv = stdout(&desk.run(&[&check[..], &["--output", "csv"]].concat()));
    assert!(
        csv.starts_with("file,line,code,pointer,detail,raw\n") && csv.contains(&format!("{b},2,")),
        "{csv}"
    );
}

#[test]
fn unknown_fields_are_counted_in_an_exported_log_as_well() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let mut odd = order("o1", 1);
    odd["loyalty_tier"] = json!("gold");
    assert_eq!(desk.replay(&[odd.clone()], 2)["passed_over"]["unknown_fields"], 1);
    let genesis = engine::log(&engine::rules(&desk.path("rules")), []);
    let mut log = Vec::new();
    connector::log::write_record(&genesis[0], &mut log);
    log.extend(format!("{}\n", json!({"position": 1, "event": odd})).bytes());
    std::fs::write(desk.path("log.ndjson"), log).unwrap();
    let log = desk.path("log.ndjson");
    assert_eq!(desk.json(&["replay", log.to_str().unwrap()])["passed_over"]["unknown_fields"], 1);
}

#[test]
fn a_rule_that_failed_too_often_is_said_to_be_ignored_and_since_when() {
    // Whether the loop ends early is not known before it runs: only running shows what it costs.
    let greedy = "//! Greedy\n//! Loops.\nconst ON = \"order\";\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n\
                  let n = 0;\nfor i in 0..200 { for j in 0..200 { if n < order.line_count - 1 { break; } n += 1; } }\n\
                  if n > 3 { flag(\"f\"); }\n";
    let settings = "[failures]\npolicy = \"ignore\"\nmax = 2\n[rules.greedy]\nmode = \"live\"\n";
    let desk = Desk::with(&[("greedy.rhai", greedy), ("ruleset.toml", settings)]);
    let events: Vec<Value> = (1..=4).map(|n| order(&format!("o{n}"), n)).collect();
    let summary = desk.replay(&events, 2);
    let greedy = rule(&summary, "greedy");
    assert_eq!((&greedy["failed"], &greedy["ignored_after"]), (&json!(4), &json!(2)), "{greedy}");
    let told = desk.told(&["replay", desk.path("events.ndjson").to_str().unwrap()]);
    assert!(told.contains("greedy has failed 4 times and is ignored since position 3"), "{told}");
}

#[test]
fn only_the_rule_that_rejects_has_voided_what_another_flags_too() {
    let saying = |call: &str| {
        format!(
            "//! Doubt\n//! Says so of every order.\nconst ON = \"order\";\nconst SEVERITY = \"high\";\n\
             const PUBLIC_CODE = \"x\";\nif order.amount > money(\"1.00\", \"USD\") {{ {call}(\"so much\"); }}\n"
        )
    };
    let settings = "[rules.strict]\nmode = \"live\"\nmay_reject = true\n[rules.mild]\nmode = \"live\"\n";
    let desk = Desk::with(&[
        ("strict.rhai", &saying("reject")),
        ("mild.rhai", &saying("flag")),
        ("ruleset.toml", settings),
    ]);
    let summary = desk.replay(&[order("o1", 1)], 2);
    let voided = |name: &str| rule(&summary, name)["money"][0]["voided"].as_i64().unwrap_or(0);
    assert_eq!((voided("strict"), voided("mild")), (1_000, 0));
}

#[test]
fn refunds_that_name_no_order_are_told_by_how_far_purchases_cover_them() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let mut bought = order("o1", 1);
    bought["lines"][0]["sku"] = json!("s1");
    let keys = |sku: &str| json!([{"buyer_id": "buyer-of-o1", "sku": sku, "quantity": 1, "amount": 500}]);
    let refund = |id: &str, sku: &str| {
        json!({
            "event_id": id, "kind": "refund", "occurred_at": at(2), "refund_id": id, "state": "approved",
            "currency": "USD", "amount": 500, "match": keys(sku),
        })
    };
    let summary = desk.replay(&[bought, refund("r1", "s1"), refund("r2", "s2")], 2);
    assert_eq!(summary["refund_lines"], json!({"covered": 1, "partly_covered": 0, "uncovered": 1}));
}

#[test]
fn explain_says_since_when_until_when_and_what_set_a_hold_off() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    desk.replay(&[order("o1", 1), order("o2", 2), order("o3", 3)], 1);
    let told = desk.told(&["explain", "o1"]);
    for words in [
        "held by burst until 2026-01-03T03:00:00Z, since 2026-01-01T03:00:00Z",
        "because of burst (LEAST 3, orders 3)",
        "set off when order o3 of creator:maria came: 100.00 USD",
        "releases 2026-01-15T01:00:00Z, unless burst fires again, or a refund, a cancellation or a person comes first",
        "burst fired: 3 orders on one device",
    ] {
        assert!(told.contains(words), "`{words}` is told:\n{told}");
    }
    let told = desk.told(&["explain", "o2"]);
    assert!(told.contains("burst came near: orders 2 of 3"), "{told}");
}

/// Two orders, the second long after: its record sets off the sweep that releases the first, and a run takes it.
#[test]
fn a_release_a_run_and_a_review_are_scenes_of_their_own() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let run = |state: &str, hour: i64| {
        json!({
            "event_id": state, "kind": "payout_run", "occurred_at": at(hour), "run_id": "run-7", "state": state,
            "cutoff_at": at(hour), "time_zone": "UTC",
        })
    };
    let freeze = review("r1", 2, &commission("o1"), "freeze");
    let unfreeze = review("r2", 3, &commission("o1"), "unfreeze");
    desk.replay(&[order("o1", 1), freeze, unfreeze, run("locked", 400), run("paid", 401)], 20);
    let story = desk.json(&["explain", "o1"]);
    let scenes: Vec<(&str, Vec<&str>)> = story["scenes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|scene| {
            let verdicts = scene["verdicts"].as_array().unwrap();
            let decisions = verdicts.iter().map(|verdict| verdict["decision"].as_str().unwrap());
            (scene["what"].as_str().unwrap(), decisions.collect())
        })
        .collect();
    assert_eq!(
        scenes,
        [
            ("the order came: 100.00 USD", vec!["accrue"]),
            ("ana decided freeze in review r1", vec!["hold"]),
            ("ana decided unfreeze in review r2", vec!["restore"]),
            ("its date, 2026-01-15T01:00:00Z, had come, and nothing held it", vec!["release"]),
            ("payout run run-7 was locked", vec!["schedule"]),
            ("payout run run-7 was paid", vec!["pay"]),
        ]
    );
}

#[test]
fn what_no_order_brought_is_explained_by_its_commission_and_by_its_name() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let bonus = json!({
        "event_id": "b1", "kind": "obligation", "occurred_at": at(1), "obligation_id": "bonus-31",
        "beneficiary": "agency:north", "component": "bonus", "currency": "USD", "amount": 5000, "due_at": at(48),
    });
    let run = json!({
        "event_id": "p1", "kind": "payout_run", "occurred_at": at(90), "run_id": "run-7", "state": "paid",
        "cutoff_at": at(80), "time_zone": "UTC",
        "lines": [{"beneficiary": "creator:maria", "currency": "USD", "gross": 700, "net": 700}],
    });
    desk.replay(&[bonus, run], 5);
    desk.told(&["reconcile"]);
    let told = desk.told(&["explain", "bonus-31"]);
    for words in ["Obligation bonus-31 of program main", "agency:north (bonus): released 50.00 USD"] {
        assert!(told.contains(words), "`{words}` is told:\n{told}");
    }
    let id =
        desk.json(&["explain", "bonus-31"])["commissions"][0]["commission_id"].as_str().unwrap().to_owned();
    assert_eq!(desk.told(&["explain", &id[..8]]), told);
    let told = desk.told(&["explain", "run-7"]);
    assert!(told.contains("Payment beyond what run run-7 had scheduled"), "{told}");
    assert!(told.contains("creator:maria (adjustment): owed_back 7.00 USD"), "{told}");
}

#[test]
fn a_name_that_is_not_known_is_answered_with_the_names_that_are() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let run = desk.run(&["rules", "test", "something_else"]);
    assert_eq!(run.status.code(), Some(2));
    assert!(
        stderr(&run).contains("there is no rule `something_else`; the rules are burst"),
        "{}",
        stderr(&run)
    );
    std::fs::write(desk.path("none.ndjson"), "not an event\n").unwrap();
    let run = desk.run(&["events", "check", desk.path("none.ndjson").to_str().unwrap()]);
    assert!(stdout(&run).contains("1 records: no event among them decodes"), "{}", stdout(&run));
}

#[test]
fn verdicts_are_asked_for_by_names_that_there_are() {
    let desk =
        Desk::with(&[("burst.rhai", BURST), ("quiet.rhai", &BURST.replace("LEAST = 3", "LEAST = 30"))]);
    desk.replay(&[order("o1", 1), order("o2", 2), order("o3", 3)], 1);
    for (filter, answer) in [
        (["--rule", "brust"], "did you mean `burst`?"),
        (["--rule", "no_such_rule_at_all"], "the rules and built-in reasons are amended"),
        (["--beneficiary", "maria"], "write `creator:maria`"),
    ] {
        let run = desk.run(&[&["verdicts"][..], &filter].concat());
        assert_eq!(run.status.code(), Some(2), "{filter:?}");
        assert!(stderr(&run).contains(answer), "{filter:?}: {}", stderr(&run));
    }
    for filter in
        [["--rule", "burst"], ["--rule", "quiet"], ["--rule", "settled"], ["--beneficiary", "creator:eve"]]
    {
        assert!(desk.run(&[&["verdicts"][..], &filter].concat()).status.success(), "{filter:?}");
    }
}

#[test]
fn the_settings_are_printed_for_programs_with_where_each_comes_from() {
    let desk = Desk::with(&[]);
    let settings = desk.json(&["config", "print", "--market", "de"]);
    let of = |key: &str| settings.as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap();
    assert_eq!(of("market"), &json!({"key": "market", "value": "de", "from": "flag --market"}));
    assert_eq!(of("chunk")["from"], "default");
    assert!(desk.told(&["config", "print", "--output", "csv"]).contains("threads,0,default\n"));
}

/// The rows of a CSV, by the names of their columns.
fn rows(text: &str) -> Vec<std::collections::BTreeMap<String, String>> {
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    csv.deserialize().map(|row| row.unwrap()).collect()
}

#[test]
fn csv_of_a_replay_has_the_rules_the_credit_and_the_dead_letters() {
    let (desk, _) = frozen_burst();
    let file = desk.path("events.ndjson");
    let text = std::fs::read_to_string(&file).unwrap() + "not an event\n";
    std::fs::write(&file, text).unwrap();
    let rows = rows(&desk.told(&["replay", file.to_str().unwrap(), "--output", "csv"]));
    let row = |of: &str, name: &str| rows.iter().find(|row| row["of"] == of && row["name"] == name).unwrap();
    assert_eq!(row("total", "")["accrued"], "3000");
    assert_eq!((&*row("rule", "burst")["count"], &*row("rule_money", "burst")["held_ever"]), ("1", "3000"));
    assert_eq!(row("rule_money", "freeze")["held"], "1000");
    assert_eq!(row("attribution", "declared")["count"], "3");
    assert_eq!(row("dead_letter", "json.syntax")["count"], "1");
}

#[test]
fn csv_is_csv_wherever_it_is_asked_for() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let listed = rows(&desk.told(&["rules", "list", "--output", "csv"]));
    assert_eq!((&*listed[0]["rule"], &*listed[0]["dials"]), ("burst", "LEAST = 3"));
    let facts = rows(&desk.told(&["rules", "facts", "--output", "csv"]));
    assert!(facts.iter().any(|row| row["fact"] == "order.device_h" && row["optional"] == "true"));
    let shipped = tidegate(&desk.path("state"), &["rules", "test", "same_device", "--output", "csv"]);
    let cases = rows(&stdout(&shipped));
    assert!(!cases.is_empty());
    assert!(cases.iter().all(|row| row["rule"] == "same_device" && row["passed"] == "true"));
    let live = desk.run(&["demo", "--output", "csv", "--stop-after", "1"]);
    assert_eq!(live.status.code(), Some(2), "{}", stdout(&live));
}

#[test]
fn the_findings_of_a_reconciliation_are_in_its_csv() {
    let (desk, _) = frozen_burst();
    let file = desk.path("state").join("verdicts.ndjson");
    let text = std::fs::read_to_string(&file).unwrap().replacen("\"amount\":1000", "\"amount\":1001", 1);
    std::fs::write(desk.path("tampered.ndjson"), text).unwrap();
    let run = desk.run(&["reconcile", desk.path("tampered.ndjson").to_str().unwrap(), "--output", "csv"]);
    assert_eq!(run.status.code(), Some(1));
    let rows = rows(&stdout(&run));
    let finding = rows.iter().find(|row| row["of"] == "finding").unwrap();
    assert!(finding["what"].contains("its postings add up to"), "{finding:?}");
}

#[test]
fn the_live_demo_tells_json_line_by_line_to_its_score() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let told = desk.told(&["demo", "--output", "json", "--stop-after", "1", "--orders", "200"]);
    let lines: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.last().unwrap()["score"]["attacks"].is_array());
}

#[test]
fn explain_says_why_a_release_waits_and_shows_times_and_money_as_such() {
    let desk = Desk::with(&[("burst.rhai", BURST)]);
    let refund = |id: &str, order: &str, state: &str, hour: i64| {
        json!({
            "event_id": id, "kind": "refund", "occurred_at": at(hour), "refund_id": id, "order_id": order,
            "state": state, "currency": "USD", "amount": 4000,
        })
    };
    let events = [
        order("o1", 1),
        order("o2", 2),
        refund("f1", "o1", "requested", 3),
        refund("f2", "o2", "completed", 4),
    ];
    desk.replay(&events, 20);
    let told = desk.told(&["explain", "o1"]);
    let words = "is due for release on 2026-01-15T01:00:00Z, once the refund that was requested is answered";
    assert!(told.contains(words), "{told}");
    let told = desk.told(&["explain", "o2"]);
    for words in ["refund (amount 40.00 USD, refund f2", "settled (due_at 2026-01-15T02:00:00Z)"] {
        assert!(told.contains(words), "`{words}` is told:\n{told}");
    }
}

#[test]
fn the_end_of_a_hold_is_told_before_the_release_that_it_allows() {
    let late = "//! Late\n//! Looks at what is due.\nconst ON = \"maturity\";\nconst SEVERITY = \"low\";\n\
                const PUBLIC_CODE = \"x\";\nif commission.held_before && order.line_count > 3 { flag(\"f\"); }\n";
    let long = BURST.replace("lasting(\"2d\")", "lasting(\"30d\")");
    let desk = Desk::with(&[("burst.rhai", &long), ("late.rhai", late)]);
    let next = json!({
        "event_id": "c1", "kind": "click", "occurred_at": at(900), "click_id": "c1", "creator_id": "eve",
        "buyer_id": "b",
    });
    desk.replay(&[order("o1", 1), order("o2", 2), order("o3", 3), next], 38);
    let story = desk.json(&["explain", "o1"]);
    let scenes = story["scenes"].as_array().unwrap();
    let told: Vec<&str> = scenes.iter().map(|scene| scene["what"].as_str().unwrap()).collect();
    assert_eq!(
        told[2..],
        ["the last hold on it ended by itself", "cps 10.00 USD was due for release"],
        "{told:?}"
    );
    assert_eq!(scenes[3]["verdicts"][0]["decision"], "release");
}
