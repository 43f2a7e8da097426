//! `review`.

use serde_json::{Value, json};

use crate::lane::Lane;

/// The burst's hold: it is on five commissions.
fn burst(lane: &Lane) -> String {
    lane.column("hold_id", &["holds", "list", "--rule", "burst"])[0].clone()
}

fn commission(lane: &Lane, order: &str) -> String {
    let holds = lane.tell(&["holds", "list", "--output", "json"]);
    let rows = holds.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of = rows.into_iter().find(|row| row["order_id"] == order).unwrap();
    of["commission_id"].as_str().unwrap().to_owned()
}

fn records(lane: &Lane) -> Value {
    lane.json(&["status"])["records"].clone()
}

#[test]
fn a_dry_run_says_what_the_review_then_does_and_changes_nothing() {
    let lane = Lane::stopped();
    let (hold, before) = (burst(&lane), lane.json(&["status"]));
    let review = ["review", "release", "--hold", &hold[..8], "--note", "a family"];
    let would = lane.json(&[&review[..], &["--dry-run"]].concat());
    let moved = json!([{ "from": "held", "to": "pending", "currency": "USD", "amount": 5_000 }]);
    assert_eq!(
        (&would["when"], &would["commissions"], &would["moved"]),
        (&json!("would"), &json!(5), &moved)
    );
    assert_eq!(lane.json(&["status"]), before, "nothing is changed");

    let did = lane.json(&review);
    assert_eq!((&did["when"], &did["moved"], &did["position"]), (&json!("did"), &moved, &would["position"]));
    assert_eq!(did["verdicts"][0]["actors"], json!(["ana"]), "who decided is who ran the command");
    assert_eq!(lane.balance("USD", "held"), 0);
    assert_eq!(lane.column("order_id", &["holds", "list"]), ["k1"]);
    assert!(lane.tell(&["explain", "b0"]).contains("a family"), "the note is kept");
}

#[test]
fn a_review_beside_a_running_service_changes_its_books_and_leaves_no_token_behind() {
    let lane = Lane::stopped();
    let running = lane.start();
    let one = commission(&lane, "b3");
    let told = lane.tell(&["review", "void", "--commission", &one[..10]]);
    assert!(told.contains("changed 1 commission(s)") && told.contains("held → void 10.00 USD"), "{told}");
    assert_eq!(lane.balance("USD", "void"), 1_000);
    let tokens = lane.json(&["token", "list"]);
    assert_eq!(tokens[0]["identity"], "ana");
    assert!(tokens[0]["revoked_at"].is_i64(), "the token of the call is revoked: {tokens}");
    let actors = &lane.json(&["explain", &one])["scenes"];
    assert!(actors.to_string().contains("ana decided void"), "{actors}");
    running.stop();
}

#[test]
fn a_token_that_may_not_review_changes_nothing_and_one_that_may_says_who_decides() {
    let lane = Lane::stopped();
    let running = lane.start();
    let token = |identity: &str, scope: &str| {
        let made = lane.tell(&["token", "create", "--identity", identity, "--scope", scope]);
        made.trim().to_owned()
    };
    let (producer, risk) = (token("shop", "producer"), token("rosa", "risk"));
    let before = records(&lane);
    let review = ["review", "freeze", "--creator", "leo", "--token"];
    let said = lane.refused(1, &[&review[..], &[&producer]].concat());
    assert!(said.contains("auth.kind"), "{said}");
    assert_eq!(lane.balance("USD", "held"), 5_000, "what a producer says moves nothing");
    assert!(records(&lane).as_u64() >= before.as_u64());
    let did = lane.json(&[&review[..], &[&risk]].concat());
    assert_eq!(did["verdicts"][0]["actors"], json!(["rosa"]));
    assert_eq!(lane.balance("USD", "held"), 7_000, "leo's 20.00 are held, too");
    running.stop();
}

#[test]
fn every_subject_and_every_stage_of_a_review_reaches_the_log() {
    let lane = Lane::stopped();
    let proof = lane.beside("proof.txt");
    std::fs::write(&proof, "seen").unwrap();
    let proposed = lane.json(&[
        "review",
        "void",
        "--commission",
        &commission(&lane, "k1"),
        "--propose",
        "--evidence",
        proof.to_str().unwrap(),
        "--evidence",
        "https://cases.example/5,9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    ]);
    assert_eq!((&proposed["moved"], &proposed["verdicts"][0]["decision"]), (&json!([]), &json!("flag")));
    let log = lane.beside("log.ndjson");
    lane.tell(&["export", log.to_str().unwrap()]);
    let log = std::fs::read_to_string(&log).unwrap();
    let sha256 = runtime::Digest::of(b"seen").to_string();
    assert!(log.contains(&sha256) && log.contains("https://cases.example/5"), "documents are kept");

    let key = "[\"203.0.113.7\",\"mia\"]";
    let kept = lane.json(&["review", "lift", "--group", "burst", key]);
    assert_eq!(kept["commissions"], 5, "{kept}");
    let again = lane.tell(&["review", "lift", "--group", "burst", key]);
    assert!(again.contains("no commission changed; it is recorded, as review-"), "{again}");
    assert!(again.contains("nothing changes: no such hold stands"), "{again}");
    let frozen = lane.column("order_id", &["review", "freeze", "--creator", "mia"]);
    assert_eq!(frozen.len(), 5);
}

#[test]
fn what_becomes_of_a_commission_is_said_in_the_words_of_the_decision() {
    let lane = Lane::stopped();
    let (one, hold) =
        (commission(&lane, "k1"), lane.column("hold_id", &["holds", "list", "--rule", "abroad"]));
    let review = |decision: &str, more: &[&str]| {
        let of_one = ["review", decision, "--commission", &one];
        lane.tell(&[&of_one[..], more].concat())
    };
    let told = review("void", &["--propose"]);
    assert!(told.contains("no commission changed") && told.contains("proposed"), "{told}");
    assert!(review("freeze", &[]).contains("frozen"));
    let told = review("lift", &[]);
    assert!(told.contains("no commission changed") && told.contains("not lifted: say which hold"), "{told}");
    let lift = ["review", "lift", "--hold", &hold[0]];
    let (would, did) = (lane.tell(&[&lift[..], &["--dry-run"]].concat()), lane.tell(&lift));
    for (told, count) in [(would, "would change 1 commission(s)"), (did, "changed 1 commission(s)")] {
        assert!(told.contains(count) && told.contains("lifted; others still hold it"), "{told}");
    }
    assert!(review("unfreeze", &["--dry-run"]).contains("unfrozen"));
    assert!(review("release", &["--dry-run"]).contains("released"));
    let told = review("write_off", &["--dry-run"]);
    assert!(told.contains("no commission would change") && told.contains("nothing is owed back"), "{told}");
}

#[test]
fn a_slip_of_the_pen_reviews_nothing() {
    let lane = Lane::stopped();
    let before = records(&lane);
    let hold = burst(&lane);
    let (almost, the_nearest) = (format!("{}fffff", &hold[..6]), format!("the nearest: {hold}"));
    let cases: &[(&[&str], &str)] = &[
        (&["review", "relaese", "--creator", "mia"], "did you mean `release`?"),
        (&["review", "release", "--hold", "ffffffffff"], "no hold begins with `ffffffffff`"),
        (&["review", "release", "--hold", &almost], &the_nearest),
        (&["review", "freeze", "--creator", "mai"], "`mai` has earned anything here; did you mean `mia`?"),
        (&["review", "freeze", "--creator", "a-stranger"], "here; --unknown-ok decides about somebody"),
        (&["review", "freeze", "--hold", "ffffffffff", "--unknown-ok"], "--creator"),
        (&["review", "release", "--commission", "b3"], "at least its first 6 hexadecimal digits"),
        (&["review", "release", "--group", "burst", "[]"], "burst has held no group `[]`"),
        (&["review", "hold", "--creator", "mia", "--evidence", "nowhere.pdf"], "give its SHA-256 too"),
        (&["review", "hold", "--creator", "mia", "--evidence", "a,b"], "/evidence/0/sha256"),
        (&["review", "release", "--creator", "mia", "--hold", "ffffffffff"], "cannot be used with"),
        (&["review", "release"], "required"),
    ];
    for (arguments, said) in cases {
        let heard = lane.refused(2, arguments);
        assert!(heard.contains(said), "{arguments:?}: {heard}");
    }
    assert_eq!(records(&lane), before);
}

#[test]
fn a_creator_is_frozen_before_their_first_order_when_that_is_meant() {
    let lane = Lane::stopped();
    let would = lane.tell(&["review", "freeze", "--creator", "newcomer", "--unknown-ok", "--dry-run"]);
    assert!(would.contains("no commission would change") && would.contains("frozen from now on"));
    let frozen = lane.json(&["review", "freeze", "--creator", "newcomer", "--unknown-ok"]);
    assert_eq!(frozen["commissions"], 0, "{frozen}");
    let at = lane.base.plus(model::Span::from_hours(30)).as_ms();
    let order = json!({
        "event_id": "n1", "kind": "order", "occurred_at": at, "order_id": "n1", "currency": "USD", "market": "us",
        "lines": [{ "line_id": "1", "product_id": "p", "quantity": 1, "paid": 3_000,
                    "declared": { "creator_id": "newcomer", "rate_bp": 1000 } }],
    });
    lane.take(vec![order.to_string().into_bytes()]);
    assert_eq!(lane.column("order_id", &["holds", "list", "--creator", "newcomer"]), ["n1"]);
}
