//! `dlq`.

use model::Span;
use serde_json::{Value, json};

use crate::lane::{Lane, now, wait_ms};

/// An order whose time has not come yet: it is refused, and can be taken a moment later.
fn early(lane: &Lane, id: &str, ms: i64) {
    let at = now().plus(Span::from_ms(ms)).as_ms();
    let order = json!({
        "event_id": id, "kind": "order", "occurred_at": at, "order_id": id, "currency": "USD", "market": "us",
        "lines": [{ "line_id": "1", "product_id": "p", "quantity": 1, "paid": 3_000,
                    "declared": { "creator_id": "leo", "rate_bp": 1000 } }],
    });
    lane.take(vec![order.to_string().into_bytes()]);
}

fn open(lane: &Lane) -> Value {
    lane.json(&["status"])["dead_letters_open"].clone()
}

#[test]
fn dead_letters_are_listed_by_code_and_state_and_shown_with_their_bytes() {
    let lane = Lane::stopped();
    early(&lane, "e1", 60_000);
    let codes = |filter: &[&str]| lane.column("code", &[&["dlq", "list"], filter].concat());
    assert_eq!(codes(&[]), ["json.syntax", "time.future"]);
    assert_eq!(codes(&["--code", "time.future"]), ["time.future"]);
    assert_eq!(codes(&["--is", "open", "--limit", "1"]), ["json.syntax"]);
    assert!(codes(&["--is", "replayed"]).is_empty());
    let shown = lane.tell(&["dlq", "show", "1"]);
    assert!(shown.contains("json.syntax") && shown.ends_with("\n{\"event_id\":\n"), "{shown}");
    let letter = lane.json(&["dlq", "show", "1"]);
    assert_eq!((&letter["position"], &letter["refused_at_position"]), (&json!(7), &json!(7)));
    let refused_at = letter["refused_at"].as_i64().unwrap();
    assert!((0..600_000).contains(&(now().as_ms() - refused_at)), "when it came: {letter}");
    assert_eq!(letter["received_at"], letter["refused_at"]);
    let time = model::EventTime::from_ms(refused_at).unwrap().to_string();
    assert!(shown.contains(&format!("refused when it came, at position 7, on {time}")), "{shown}");
    assert!(lane.tell(&["dlq", "list"]).contains(&time));
    assert_eq!(
        lane.column("refused_at", &["dlq", "list", "--code", "json.syntax"]),
        [refused_at.to_string()]
    );
    assert_eq!(lane.json(&["dlq", "show", "2"])["pointer"], "/occurred_at");
    assert_eq!(lane.column("raw", &["dlq", "show", "1"]), ["{\"event_id\":"]);
    assert!(lane.refused(2, &["dlq", "show", "3"]).contains("there is no dead letter 3"));
    assert!(lane.refused(2, &["dlq", "list", "--is", "opne"]).contains("did you mean `open`?"));
    assert!(
        lane.refused(2, &["dlq", "list", "--code", "json.sintax"]).contains("did you mean `json.syntax`?")
    );
    let said = lane.refused(2, &["dlq", "list", "--code", "foo"]);
    assert!(said.contains("the codes are") && said.contains("key.conflict"), "{said}");
}

#[test]
fn what_is_mended_is_taken_when_it_is_replayed() {
    let lane = Lane::stopped();
    early(&lane, "e1", 1_500);
    let before = lane.balance("USD", "accrued");
    wait_ms(2_000);
    let replayed = lane.json(&["dlq", "replay", "2"]);
    assert_eq!((&replayed["outcome"], &replayed["attempts"]), (&json!("replayed"), &json!(1)));
    assert_eq!(lane.balance("USD", "accrued"), before + 300);
    assert_eq!(lane.column("state", &["dlq", "list"]), ["open", "replayed"]);
    let again = lane.run(&["dlq", "replay", "2"]);
    assert_eq!(again.status.code(), Some(1), "it is not sent twice");
    assert_eq!(lane.balance("USD", "accrued"), before + 300);
}

/// A file with an order that is well formed.
fn mended(lane: &Lane, occurred_at: i64) -> String {
    let order = json!({
        "event_id": "m1", "kind": "order", "occurred_at": occurred_at, "order_id": "m1", "currency": "USD",
        "market": "us", "lines": [{ "line_id": "1", "product_id": "p", "quantity": 1, "paid": 3_000,
                                    "declared": { "creator_id": "leo", "rate_bp": 1000 } }],
    });
    let file = lane.beside("mended.json");
    std::fs::write(&file, format!("{order:#}\n")).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_mended_record_is_taken_in_its_place_and_the_original_says_what_it_became() {
    let lane = Lane::stopped();
    let before = (lane.balance("USD", "accrued"), lane.json(&["dlq", "show", "1"])["raw"].clone());
    let file = mended(&lane, lane.base.as_ms());
    let sent = lane.json(&["dlq", "replay", "1", "--with", &file]);
    assert_eq!((&sent["outcome"], &sent["attempts"]), (&json!("mended"), &json!(1)));
    let letter = lane.json(&["dlq", "show", "1"]);
    assert_eq!((lane.balance("USD", "accrued"), letter["raw"].clone()), (before.0 + 300, before.1));
    assert_eq!((&letter["state"], &letter["ended_by"]), (&json!("mended"), &json!("ana")));
    assert_eq!(letter["became_position"], sent["position"]);
    let shown = lane.tell(&["dlq", "show", "1"]);
    let became = format!("it became the record at position {}", sent["position"]);
    assert!(shown.contains("mended by ana on ") && shown.contains(&became), "{shown}");
    assert!(lane.tell(&["explain", "m1"]).starts_with("Order m1"));
    let again = lane.run(&["dlq", "replay", "1", "--with", &file]);
    assert!(again.status.code() == Some(1) && crate::commands::stdout(&again).contains("it is mended"));
}

#[test]
fn a_mended_record_that_is_still_wrong_is_said_to_be_and_counts_when_it_was_sent() {
    let lane = Lane::stopped();
    let records = || lane.json(&["status"])["records"].clone();
    let (before, file) = (records(), mended(&lane, lane.base.as_ms()));
    let order = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, order.replace("3000", "-3000")).unwrap();
    let said = lane.refused(1, &["dlq", "replay", "1", "--with", &file]);
    assert!(said.contains("amount.negative at `/lines/0/paid`") && said.contains("was not sent"), "{said}");
    assert_eq!((records(), lane.json(&["dlq", "show", "1"])["attempts"].clone()), (before, json!(0)));

    let file = mended(&lane, now().plus(Span::from_days(1)).as_ms());
    for attempt in 1..=5 {
        let run = lane.run(&["dlq", "replay", "1", "--with", &file, "--output", "json"]);
        assert_eq!(run.status.code(), Some(1), "it stays dead");
        let told: Value = serde_json::from_str(&crate::commands::stdout(&run)).unwrap();
        assert_eq!((&told["outcome"], &told["attempts"]), (&json!("refused"), &json!(attempt)));
        assert!(told["why"].as_str().unwrap().starts_with("time.future"), "{told}");
    }
    let file = mended(&lane, lane.base.as_ms());
    let run = lane.run(&["dlq", "replay", "1", "--with", &file]);
    assert!(crate::commands::stdout(&run).contains("is given up"), "{}", crate::commands::stdout(&run));
    let two = lane.refused(2, &["dlq", "replay", "1", "2", "--with", &file]);
    assert!(two.contains("name one"), "{two}");
}

#[test]
fn another_record_is_not_sent_in_its_place_and_costs_no_attempt() {
    let lane = Lane::stopped();
    early(&lane, "e1", 60_000);
    let (records, file) = (lane.json(&["status"])["records"].clone(), mended(&lane, lane.base.as_ms()));
    let said = lane.refused(1, &["dlq", "replay", "2", "--with", &file]);
    assert!(said.contains("is not dead letter 2, and was not sent"), "{said}");
    assert!(said.contains("its `event_id` is `m1`, and that of the dead letter is `e1`"), "{said}");
    let order = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, order.replace("\"event_id\": \"m1\"", "\"event_id\": \"e1\"")).unwrap();
    let said = lane.refused(1, &["dlq", "replay", "2", "--with", &file]);
    assert!(said.contains("its `order_id` is `m1`, and that of the dead letter is `e1`"), "{said}");
    let letter = lane.json(&["dlq", "show", "2"]);
    assert_eq!((&letter["state"], &letter["attempts"]), (&json!("open"), &json!(0)));
    assert_eq!(lane.json(&["status"])["records"], records);
}

#[test]
fn the_dead_letter_itself_mends_nothing_and_is_replayed() {
    let lane = Lane::stopped();
    early(&lane, "e1", 1_500);
    let file = lane.beside("same.json");
    let raw = lane.json(&["dlq", "show", "2"])["raw"].as_str().unwrap().to_owned();
    std::fs::write(&file, raw + "\n").unwrap();
    wait_ms(2_000);
    let sent = lane.json(&["dlq", "replay", "2", "--with", file.to_str().unwrap()]);
    assert_eq!((&sent["outcome"], &sent["attempts"]), (&json!("replayed"), &json!(1)));
    assert_eq!(lane.json(&["dlq", "show", "2"])["state"], "replayed");
}

#[test]
fn what_a_terminal_would_obey_is_written_out_for_people_and_kept_for_programs() {
    let lane = Lane::stopped();
    let raw = "{\"event_id\":\"e9\",\"kind\":\"\u{202e}redro\"}";
    lane.take(vec![raw.as_bytes().to_vec()]);
    for seen in [&["dlq", "list"][..], &["dlq", "show", "2"]] {
        let told = lane.tell(seen);
        assert!(told.contains("\\u{202e}redro") && !told.contains('\u{202e}'), "{told}");
    }
    assert_eq!(lane.json(&["dlq", "show", "2"])["raw"], raw);
    assert_eq!(lane.column("raw", &["dlq", "show", "2"]), [raw]);
    let said = lane.refused(2, &["dlq", "list", "--is", "\u{202e}\u{1b}[2J"]);
    assert!(said.contains("`\\u{202e}\\u{1b}[2J` is no state"), "{said}");
}

#[test]
fn a_closed_one_leaves_the_list_and_says_who_closed_it_and_why() {
    let lane = Lane::stopped();
    early(&lane, "e1", 60_000);
    assert!(lane.refused(2, &["dlq", "close", "1"]).contains("--note"));
    assert!(lane.refused(2, &["dlq", "close", "1", "--note", " "]).contains("--note: a note has 1 to"));
    assert!(lane.refused(2, &["dlq", "close", "one", "--note", "x"]).contains("write a whole number"));
    lane.tell(&["dlq", "close", "1", "--note", "a probe of the shop's"]);
    let numbers = |filter: &[&str]| lane.column("number", &[&["dlq", "list"], filter].concat());
    assert_eq!((numbers(&[]), numbers(&["--all"]).len()), (vec!["2".to_owned()], 2));
    assert_eq!(numbers(&["--is", "closed"]), ["1"]);
    let shown = lane.tell(&["dlq", "show", "1"]);
    assert!(shown.contains("closed by ana on ") && shown.contains("a probe of the shop's"), "{shown}");
    assert!(shown.ends_with("\n{\"event_id\":\n"), "it is not deleted: {shown}");
    assert_eq!(open(&lane), 1);
    assert!(lane.refused(1, &["dlq", "close", "1", "--note", "x"]).contains("is closed already"));
    assert!(lane.refused(2, &["dlq", "close", "9", "--note", "x"]).contains("there is no dead letter 9"));
    let replay = lane.run(&["dlq", "replay", "1"]);
    assert!(crate::commands::stdout(&replay).contains("it is closed"), "it is not sent again");
}

#[test]
fn a_running_service_takes_what_is_replayed_by_its_code() {
    let lane = Lane::stopped();
    early(&lane, "e1", 1_500);
    early(&lane, "e2", 1_500);
    let running = lane.start();
    wait_ms(2_000);
    let outcomes = lane.column("outcome", &["dlq", "replay", "--code", "time.future"]);
    assert_eq!(outcomes, ["replayed", "replayed"]);
    assert_eq!(lane.balance("USD", "pending"), 2_000 + 2 * 300);
    let none = lane.run(&["dlq", "replay", "--code", "time.future"]);
    assert!(none.status.success() && crate::commands::stderr(&none).contains("no open dead letters"));
    running.stop();
}

#[test]
fn what_stays_broken_is_given_up_after_five_attempts_and_counted_once() {
    let lane = Lane::stopped();
    for attempt in 1..=5 {
        let run = lane.run(&["dlq", "replay", "1", "--output", "json"]);
        assert_eq!(run.status.code(), Some(1), "it stays dead");
        let told: Value = serde_json::from_str(&crate::commands::stdout(&run)).unwrap();
        assert_eq!((&told["outcome"], &told["attempts"]), (&json!("refused"), &json!(attempt)));
        assert!(told["why"].as_str().unwrap().starts_with("json.syntax"), "{told}");
        assert_eq!(open(&lane), 1, "its copies are not open beside it");
    }
    let records = lane.json(&["status"])["records"].clone();
    let run = lane.run(&["dlq", "replay", "1"]);
    assert!(crate::commands::stdout(&run).contains("is given up"), "{}", crate::commands::stdout(&run));
    assert_eq!(lane.json(&["dlq", "show", "1"])["state"], "given_up");
    assert_eq!((open(&lane), lane.json(&["status"])["records"].clone()), (json!(0), records));
}
