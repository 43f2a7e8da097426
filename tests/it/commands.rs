//! The commands as people use them: what they print, and how they end.

use std::path::Path;
use std::process::{Command, Output};

use crate::engine;

fn tidegate(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(arguments)
        .arg("--state")
        .arg(state)
        .current_dir(engine::root())
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn stdout(run: &Output) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

fn stderr(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// A demo that leaves a state folder behind.
fn after_a_demo() -> tempfile::TempDir {
    let state = tempfile::tempdir().unwrap();
    let run = tidegate(state.path(), &["demo", "--once", "--days", "4", "--orders", "300"]);
    assert!(run.status.success(), "{}", stderr(&run));
    state
}

#[test]
fn an_order_of_the_demo_is_explained_from_its_state_folder() {
    let state = after_a_demo();
    let holds = tidegate(
        state.path(),
        &["verdicts", "--decision", "hold", "--rule", "same_ip_burst", "--output", "csv"],
    );
    let text = stdout(&holds);
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "order_id").unwrap();
    let commission = rows.headers().unwrap().iter().position(|name| name == "commission_id").unwrap();
    let row = rows.records().next().expect("the planted burst is held").unwrap();
    let told = stdout(&tidegate(state.path(), &["explain", &row[column]]));
    for words in ["credited:", "held by same_ip_burst until reviewed", "What happened", "the order came"] {
        assert!(told.contains(words), "`{words}` is told:\n{told}");
    }
    let by_commission = stdout(&tidegate(state.path(), &["explain", &row[commission][..8]]));
    assert_eq!(by_commission, told, "a commission's id will do, and so will its beginning");
}

#[test]
fn the_books_of_the_demo_balance_and_a_changed_amount_is_found() {
    let state = after_a_demo();
    let run = tidegate(state.path(), &["reconcile"]);
    assert!(run.status.success() && stdout(&run).contains("The books balance"), "{}", stdout(&run));

    let file = state.path().join("verdicts.ndjson");
    let text = std::fs::read_to_string(&file).unwrap();
    let amount = text.find("\"amount\":").unwrap() + "\"amount\":".len();
    let tampered = format!("{}9{}", &text[..amount], &text[amount..]);
    std::fs::write(&file, tampered).unwrap();
    let run = tidegate(state.path(), &["reconcile"]);
    assert_eq!(run.status.code(), Some(1), "{}", stdout(&run));
    assert!(stdout(&run).contains("its postings add up to"), "{}", stdout(&run));
}

#[test]
fn a_slip_of_the_pen_is_answered_with_the_nearest_name_and_exit_code_2() {
    let state = tempfile::tempdir().unwrap();
    let config = state.path().join("tidegate.toml");
    std::fs::write(&config, "ruels = \"rules\"\n").unwrap();
    let run = tidegate(state.path(), &["config", "print", "--config", config.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(2));
    assert!(stderr(&run).contains("did you mean `rules`?"), "{}", stderr(&run));
    assert_eq!(tidegate(state.path(), &["verdicts", "--decision", "realease"]).status.code(), Some(2));
}

#[test]
fn what_is_missing_is_named_and_exit_code_is_3() {
    let state = tempfile::tempdir().unwrap();
    for arguments in [&["replay", "no/such/file.ndjson"][..], &["explain", "o1"], &["reconcile"]] {
        let run = tidegate(state.path(), arguments);
        assert_eq!(run.status.code(), Some(3), "{arguments:?}: {}", stderr(&run));
        assert!(stdout(&run).is_empty() && !stderr(&run).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_rule_that_is_wrong_is_shown_with_its_line_and_nothing_is_decided() {
    let folder = tempfile::tempdir().unwrap();
    let rule = "//! x\nconst ON = \"order\";\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n\
                if order.amuont > money(\"5.00\", \"USD\") { flag(\"big\"); }\n";
    std::fs::write(folder.path().join("big.rhai"), rule).unwrap();
    let rules = folder.path().to_str().unwrap();
    for command in [&["rules", "check"][..], &["demo", "--once"]] {
        let run = tidegate(folder.path(), &[command, &["--rules", rules]].concat());
        assert_eq!(run.status.code(), Some(1));
        assert!(
            stderr(&run).contains("big.rhai:5:") && stderr(&run).contains("order.amount"),
            "{}",
            stderr(&run)
        );
    }
}

#[test]
fn a_new_rule_checks_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let rules = folder.path().to_str().unwrap();
    let run = tidegate(folder.path(), &["rules", "new", "many_orders", "--rules", rules]);
    assert!(run.status.success(), "{}", stderr(&run));
    let run = tidegate(folder.path(), &["rules", "check", "--rules", rules]);
    assert!(run.status.success(), "{}", stderr(&run));
    let again = tidegate(folder.path(), &["rules", "new", "many_orders", "--rules", rules]);
    assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
}

#[test]
fn settings_come_from_flag_before_environment_before_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("t.toml");
    std::fs::write(&config, "market = \"file\"\nprogram = \"file\"\nchunk = 3\n").unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(["config", "print", "--market", "flag", "--config"])
        .arg(&config)
        .env("TIDEGATE_MARKET", "environment")
        .env("TIDEGATE_PROGRAM", "environment")
        .output()
        .unwrap();
    let text = stdout(&run);
    for line in ["market = \"flag\"", "program = \"environment\"", "chunk = 3"] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
}

#[test]
fn the_list_of_rules_says_where_one_was_blind_in_the_last_run() {
    let state = after_a_demo();
    let run = tidegate(state.path(), &["rules", "list", "--output", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let burst = list.as_array().unwrap().iter().find(|rule| rule["rule"] == "same_ip_burst").unwrap();
    assert!(burst["saw"]["US"].as_u64().unwrap() > 60, "{burst}");
    assert_eq!(burst["blind_in"], serde_json::json!(["VN"]), "most orders of that market carry no address");
}
