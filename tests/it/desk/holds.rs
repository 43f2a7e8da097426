//! `holds list`.

use crate::lane::Lane;

fn orders(lane: &Lane, filter: &[&str]) -> Vec<String> {
    let mut orders = lane.column("order_id", &[&["holds", "list"], filter].concat());
    orders.sort();
    orders
}

#[test]
fn every_filter_leaves_out_what_it_does_not_name() {
    let lane = Lane::stopped();
    let burst = ["b0", "b1", "b2", "b3", "b4"];
    let all = [&burst[..], &["k1"]].concat();
    let cases: &[(&[&str], &[&str])] = &[
        (&[], &all),
        (&["--in", "us"], &burst),
        (&["--in", "de"], &["k1"]),
        (&["--shop", "s2"], &["k1"]),
        (&["--creator", "mia"], &burst),
        (&["--rule", "abroad"], &["k1"]),
        (&["--older-than", "19h"], &burst),
        (&["--older-than", "9h"], &all),
        (&["--older-than", "2d"], &[]),
        (&["--expiring-within", "30d"], &["k1"]),
        (&["--expiring-within", "29d"], &[]),
        (&["--at-least", "50.00 EUR"], &["k1"]),
        (&["--at-least", "50.01 EUR"], &[]),
        (&["--at-least", "10 USD"], &burst),
        (&["--rule", "burst", "--in", "de"], &[]),
    ];
    for (filter, expected) in cases {
        assert_eq!(orders(&lane, filter), *expected, "{filter:?}");
    }
}

#[test]
fn holds_come_in_the_order_that_was_asked_for_and_no_more_than_that() {
    let lane = Lane::stopped();
    let sorted = |key: &str| lane.column("order_id", &["holds", "list", "--sort", key]);
    assert_eq!(sorted("age").last().unwrap(), "k1");
    assert_eq!(sorted("amount")[0], "k1");
    assert_eq!(sorted("expiry")[0], "k1");
    let limited = lane.run(&["holds", "list", "--limit", "2"]);
    let (table, note) = (crate::commands::stdout(&limited), crate::commands::stderr(&limited));
    assert_eq!(table.matches("burst").count(), 2, "{table}");
    assert!(table.contains("10.00 USD") && table.contains("reviewed"), "{table}");
    assert!(note.contains("the first 2"), "{note}");
    let lines = lane.tell(&["holds", "list", "--output", "json"]);
    let amounts: Vec<i64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts.iter().sum::<i64>(), 5 * 1_000 + 5_000);
}

#[test]
fn a_narrow_terminal_gets_whole_words_and_a_pipe_whole_rows() {
    let lane = Lane::stopped();
    assert_eq!(lane.tell(&["holds", "list"]).lines().count(), 2 + 6, "a heading, a line, and a row a hold");
    let ids = lane.column("commission_id", &["holds", "list"]);
    let since: i64 = lane.column("since_at", &["holds", "list"])[0].parse().unwrap();
    let since = model::EventTime::from_ms(since).unwrap().to_string();
    for columns in [80, 100] {
        let seen = lane.seen(columns, &["holds", "list"]);
        assert!(seen.lines().all(|line| line.chars().count() <= columns), "{columns}:\n{seen}");
        let words: Vec<&str> = seen.split_whitespace().collect();
        assert!(ids.iter().all(|id| words.contains(&&id[..12])), "{columns}:\n{seen}");
        assert!(words.contains(&since.as_str()), "{since} in {columns}:\n{seen}");
    }
}

#[test]
fn a_filter_that_says_nothing_is_refused() {
    let lane = Lane::stopped();
    assert!(lane.refused(2, &["holds", "list", "--older-than", "soon"]).contains("no length of time"));
    for amount in ["many", "10", "10 XXQ", "1.234 USD"] {
        let said = lane.refused(2, &["holds", "list", "--at-least", amount]);
        assert!(said.contains("write it like \"100.50 USD\""), "{amount}: {said}");
    }
    assert!(
        lane.refused(3, &["holds", "list", "--data", "nowhere"]).contains("there is no store in nowhere")
    );
}
