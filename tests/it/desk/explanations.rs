//! `explain` on a store.

use serde_json::json;

use crate::lane::Lane;

#[test]
fn a_history_from_the_store_is_told_as_after_a_replay_of_its_log() {
    let lane = Lane::stopped();
    let path = |name: &str| lane.beside(name).to_str().unwrap().to_owned();
    let (log, archive, state) = (path("log.ndjson"), path("archive"), path("state"));
    lane.tell(&["export", &log, "--archive", &archive]);
    lane.tell(&["replay", &log, "--archive", &archive, "--state", &state]);
    let replayed = std::process::Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(["explain", "b1", "--state", &state])
        .env_remove("TIDEGATE_DATA")
        .output()
        .unwrap();
    let replayed = crate::commands::stdout(&replayed);
    assert!(replayed.contains("held by burst until reviewed"), "{replayed}");
    assert_eq!(lane.tell(&["explain", "b1"]), replayed);
    assert_eq!(lane.tell(&["explain", "order:b1"]), replayed);
    let commission = lane.json(&["explain", "b1"])["commissions"][0]["commission_id"].clone();
    assert_eq!(lane.tell(&["explain", &commission.as_str().unwrap()[..8]]), replayed);
    let running = lane.start();
    assert!(lane.tell(&["explain", "b1"]).contains("held by burst until reviewed"), "beside a service, too");
    running.stop();
}

#[test]
fn a_creator_is_told_with_money_holds_and_last_verdicts() {
    let lane = Lane::stopped();
    let told = lane.tell(&["explain", "leo"]);
    for words in
        ["creator leo", "held 50.00 EUR", "pending 20.00 USD", "abroad", "k1", "p1", "The last verdicts"]
    {
        assert!(told.contains(words), "`{words}`:\n{told}");
    }
    assert!(!told.contains("mia"), "what is mia's is not leo's:\n{told}");
    let json = lane.json(&["explain", "creator:mia"]);
    assert_eq!(
        (&json["balances"][0]["balance"]["held"], json["holds"].as_array().unwrap().len()),
        (&json!(5_000), 5)
    );
}

#[test]
fn a_hold_is_told_with_what_the_rule_said_and_all_that_it_holds() {
    let lane = Lane::stopped();
    let hold = lane.column("hold_id", &["holds", "list", "--rule", "burst"])[0].clone();
    let told = lane.tell(&["explain", &hold[..12]]);
    for words in
        ["by burst", "because 5 orders from 203.0.113.7", "holds 50.00 USD of 5 commission(s) until reviewed"]
    {
        assert!(told.contains(words), "`{words}`:\n{told}");
    }
    lane.tell(&["review", "release", "--hold", &hold]);
    assert!(lane.tell(&["explain", &hold]).contains("has ended on all its commissions"));
    assert_eq!(lane.json(&["explain", &hold])["held"], json!({}));
}

#[test]
fn what_nothing_is_called_and_what_several_are_called_is_said() {
    let lane = Lane::stopped();
    assert!(lane.refused(3, &["explain", "nobody"]).contains("nothing in"));
    let order = br#"{"event_id":"t","kind":"order","occurred_at":OCCURRED,"order_id":"leo","currency":"USD","market":"us","lines":[{"line_id":"1","product_id":"p","quantity":1,"paid":100,"declared":{"creator_id":"mia","rate_bp":1000}}]}"#;
    let at = lane.base.as_ms().to_string();
    lane.take(vec![String::from_utf8_lossy(order).replace("OCCURRED", &at).into_bytes()]);
    let said = lane.refused(2, &["explain", "leo"]);
    assert!(said.contains("(order leo of main)") && said.contains("creator:leo"), "{said}");
    assert!(lane.tell(&["explain", "order:leo"]).starts_with("Order leo"));
}
