//! The commands as people use them: what they print, and how they end.

use std::path::Path;
use std::process::{Command, Output};

use crate::engine;

pub(crate) fn command(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"));
    command.args(arguments).current_dir(engine::root()).env("NO_COLOR", "1").env("TIDEGATE_STATE", state);
    command
}

pub(crate) fn tidegate(state: &Path, arguments: &[&str]) -> Output {
    command(state, arguments).output().unwrap()
}

pub(crate) fn stdout(run: &Output) -> String {
    String::from_utf8_lossy(&run.stdout).into_owned()
}

pub(crate) fn stderr(run: &Output) -> String {
    String::from_utf8_lossy(&run.stderr).into_owned()
}

/// A demo that leaves a state folder behind.
pub(crate) fn after_a_demo() -> tempfile::TempDir {
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

    let text = std::fs::read_to_string(state.path().join("verdicts.ndjson")).unwrap();
    let amount = text.find("\"amount\":").unwrap() + "\"amount\":".len();
    let file = state.path().join("tampered.ndjson");
    std::fs::write(&file, format!("{}9{}", &text[..amount], &text[amount..])).unwrap();
    let run = tidegate(state.path(), &["reconcile", file.to_str().unwrap()]);
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
fn what_is_typed_for_a_number_or_an_address_and_is_none_is_said_in_plain_words() {
    let state = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (&["dlq", "show", "one"][..], "write a whole number, in digits"),
        (&["holds", "list", "--limit", "99999999999999999999"], "that is more than there can be"),
        (&["demo", "--days", "0"], "write a whole number from 1 to 1000"),
        (&["run", "--snapshot-interval", "0"], "write a whole number, at least 1"),
        (&["run", "--listen", "nowhere"], "write an address and a port, such as 127.0.0.1:8780"),
        (&["run", "--log", "loud"], "write off, error, warn, info, debug or trace"),
    ] {
        let run = tidegate(state.path(), arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&run).contains(said), "{arguments:?}: {}", stderr(&run));
    }
}

#[test]
fn an_option_that_does_nothing_is_refused_with_the_one_that_is_meant() {
    let state = tempfile::tempdir().unwrap();
    for (arguments, said) in [
        (
            &["holds", "list", "--market", "us"][..],
            "--market does nothing for `tidegate holds list`; the filter by market is --in",
        ),
        (&["--market", "us", "holds", "list"], "the filter by market is --in"),
        (&["holds", "list", "--rules", "burst"], "--rule"),
        (&["dlq", "list", "--state", "open"], "the filter by state is --is"),
        (&["status", "--state", "lane"], "the folder of the lane is --data"),
        (&["rules", "check", "--park-for", "3d"], "--park-for does nothing for `tidegate rules check`"),
        (&["verdicts", "export", "v.ndjson", "--output", "csv"], "NDJSON"),
        (&["export", "log.ndjson", "--threads", "2"], "--threads does nothing for `tidegate export`"),
    ] {
        let run = tidegate(state.path(), arguments);
        assert_eq!(run.status.code(), Some(2), "{arguments:?}: {}", stderr(&run));
        assert!(stderr(&run).contains(said), "{arguments:?}: {}", stderr(&run));
    }
    let from_environment = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(["rules", "facts"])
        .env("TIDEGATE_MARKET", "us")
        .output()
        .unwrap();
    assert!(from_environment.status.success(), "what is said for all commands is refused by none");
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

/// A folder with a rule that is wrong, a rule and a list that are no text, and a rule that cannot be read.
fn folder_with_unreadable_files() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let head = "//! x\nconst ON = \"order\";\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n";
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    std::fs::create_dir(folder.path().join("lists")).unwrap();
    put(
        "wrong.rhai",
        format!("{head}if list(\"names\").contains(order.ipp) {{ flag(\"f\"); }}\n").as_bytes(),
    );
    put("accents.rhai", &[head.as_bytes(), b"flag(\"caf\xe9\");\n"].concat());
    put("lists/names.txt", b"ana\nZo\xeb\n");
    // Nobody can read a folder as a file, not even the superuser.
    std::fs::create_dir(folder.path().join("folder.rhai")).unwrap();
    folder
}

#[test]
fn a_file_that_is_no_text_is_a_problem_beside_the_others() {
    let folder = folder_with_unreadable_files();
    let rules = folder.path().to_str().unwrap();
    let run = tidegate(folder.path(), &["rules", "check", "--rules", rules, "--output", "json"]);
    assert_eq!(run.status.code(), Some(1), "{}", stderr(&run));
    let problems: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let found: Vec<(&str, &str, u64, u64)> = problems
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| {
            let text = |name: &str| problem[name].as_str().unwrap();
            let place = |name: &str| problem["range"]["start"][name].as_u64().unwrap();
            (text("file"), text("code"), place("line"), place("column"))
        })
        .collect();
    let expected = [
        ("accents.rhai", "file.encoding", 5, 10),
        ("folder.rhai", "file.unreadable", 1, 1),
        ("lists/names.txt", "file.encoding", 2, 3),
        ("wrong.rhai", "field.unknown", 5, 27),
    ];
    assert_eq!(found, expected);
    let shown = stderr(&tidegate(folder.path(), &["rules", "check", "--rules", rules]));
    assert!(shown.contains("accents.rhai:5:10") && shown.contains("this byte is `é`"), "{shown}");
}

#[test]
fn cases_are_run_only_of_rules_that_can_be_read() {
    let folder = folder_with_unreadable_files();
    let case = "== an order\n0s  order o1\n---\n0s o1/maria accrue accrued>pending 10.00 USD\n";
    std::fs::write(folder.path().join("accents.cases"), case).unwrap();
    let run = tidegate(folder.path(), &["rules", "test", "--rules", folder.path().to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(1), "{}", stdout(&run));
    assert!(stderr(&run).contains("accents.rhai:5:10"), "{}", stderr(&run));
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
fn the_list_of_rules_says_where_one_was_blind_in_the_last_run() {
    let state = after_a_demo();
    let run = tidegate(state.path(), &["rules", "list", "--output", "json"]);
    let list: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let burst = list.as_array().unwrap().iter().find(|rule| rule["rule"] == "same_ip_burst").unwrap();
    assert!(burst["saw"]["US"].as_u64().unwrap() > 60, "{burst}");
    assert_eq!(burst["blind_in"], serde_json::json!(["VN"]), "most orders of that market carry no address");
}

/// A log that begins under the shipped rules and loads another ruleset on its way, with the archive of both.
fn log_that_changes_its_rules(folder: &Path) -> (String, String) {
    let archive = folder.join("rulesets");
    let changed = folder.join("changed");
    std::fs::create_dir(&changed).unwrap();
    let shipped = engine::sources(&engine::root().join("rules"));
    let alone = shipped.text("same_device.rhai").unwrap();
    std::fs::write(changed.join("same_device.rhai"), alone.as_bytes()).unwrap();
    let mut hashes = Vec::new();
    for rules in [Path::new("rules"), &changed] {
        let run = tidegate(
            &folder.join("state"),
            &["rules", "archive", archive.to_str().unwrap(), "--rules", rules.to_str().unwrap()],
        );
        assert!(run.status.success(), "{}", stderr(&run));
        let path = stdout(&run);
        hashes.push(Path::new(path.trim()).file_stem().unwrap().to_str().unwrap().to_owned());
    }
    let ruleset = engine::shipped();
    assert_eq!(hashes[0], ruleset.hash());
    let order = std::fs::read(engine::root().join("schemas/examples/order.json")).unwrap();
    let event = connector::wire::decode(&order).unwrap().event;
    let mut lines = Vec::new();
    let mut records = engine::log(&ruleset, [event]);
    let load = model::log::Control::Ruleset(hashes[1].as_str().into());
    records.push(model::Record {
        position: model::Position(2),
        body: model::log::RecordBody::Control(load),
        ..records[0].clone()
    });
    records.iter().for_each(|record| connector::wire::write_record(record, &mut lines));
    let log = folder.join("log.ndjson");
    std::fs::write(&log, lines).unwrap();
    (log.to_str().unwrap().to_owned(), archive.to_str().unwrap().to_owned())
}

#[test]
fn a_log_is_decided_under_the_rulesets_that_it_names_or_under_one_throughout() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (log, archive) = log_that_changes_its_rules(folder.path());
    let recorded = tidegate(&state, &["replay", &log, "--archive", &archive, "--output", "json"]);
    assert!(recorded.status.success(), "{}", stderr(&recorded));
    let summary: serde_json::Value = serde_json::from_slice(&recorded.stdout).unwrap();
    let in_force = summary["ruleset"].as_str().unwrap();
    assert!(std::fs::exists(Path::new(&archive).join(format!("{in_force}.ruleset"))).unwrap());
    assert_ne!(in_force, engine::shipped().hash(), "the log has loaded another");

    let throughout = tidegate(&state, &["replay", &log, "--output", "json"]);
    let summary: serde_json::Value = serde_json::from_slice(&throughout.stdout).unwrap();
    assert_eq!(summary["ruleset"].as_str().unwrap(), engine::shipped().hash());
    assert!(stderr(&throughout).contains("loads another ruleset 1 time(s)"), "{}", stderr(&throughout));

    std::fs::remove_file(Path::new(&archive).join(format!("{in_force}.ruleset"))).unwrap();
    let missing = tidegate(&state, &["replay", &log, "--archive", &archive]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(stderr(&missing).contains(in_force), "{}", stderr(&missing));
}

#[test]
fn a_log_of_other_semantics_is_refused_with_the_position() {
    let folder = tempfile::tempdir().unwrap();
    let (log, _) = log_that_changes_its_rules(folder.path());
    let text = std::fs::read_to_string(&log).unwrap();
    let upgraded = format!("{text}{{\"position\":3,\"control\":{{\"upgrade\":99}}}}\n");
    std::fs::write(&log, upgraded).unwrap();
    let run = tidegate(&folder.path().join("state"), &["replay", &log]);
    assert_eq!(run.status.code(), Some(3));
    let said = stderr(&run);
    assert!(said.contains("from position 3 on") && said.contains("semantics 99"), "{said}");
}

#[test]
fn every_command_of_the_readme_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(engine::root().join("rules"), folder.path().join("rules")).unwrap();
    let readme = std::fs::read_to_string(engine::root().join("README.md")).unwrap();
    let commands = readme.lines().filter_map(|line| line.strip_prefix("    tidegate "));
    let commands: Vec<&str> = commands.map(|line| line.split("  ").next().unwrap()).collect();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let run = |words: &[&str]| {
            Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
                .args(words)
                .current_dir(folder.path())
                .output()
                .unwrap()
        };
        let order = || {
            let holds = run(&["verdicts", "--decision", "hold", "--last", "1", "--output", "json"]);
            let verdict: serde_json::Value = serde_json::from_slice(&holds.stdout).unwrap();
            verdict["order_id"].as_str().unwrap().to_owned()
        };
        let command =
            if command.contains("ORDER") { command.replace("ORDER", &order()) } else { command.to_owned() };
        let ended = run(&command.split(' ').collect::<Vec<_>>());
        assert!(ended.status.success(), "tidegate {command}: {}", stderr(&ended));
        assert!(!stdout(&ended).is_empty() || !stderr(&ended).is_empty(), "tidegate {command}");
    }
}

#[test]
fn the_log_of_a_demo_is_replayed_where_it_lies_and_can_be_explained_afterwards() {
    let state = after_a_demo();
    let log = state.path().join("log.ndjson");
    let balances = |state: &Path| stdout(&tidegate(state, &["reconcile"]));
    let (before, told) = (std::fs::read(&log).unwrap(), balances(state.path()));
    let run = tidegate(state.path(), &["replay", log.to_str().unwrap()]);
    assert!(run.status.success(), "{}", stderr(&run));
    assert!(std::fs::read(&log).unwrap() == before, "the log stays");
    assert_eq!(balances(state.path()), told);
    let orders = tidegate(state.path(), &["verdicts", "--last", "1", "--output", "json"]);
    let verdict: serde_json::Value = serde_json::from_slice(&orders.stdout).unwrap();
    assert!(tidegate(state.path(), &["explain", verdict["order_id"].as_str().unwrap()]).status.success());
    let verdicts = state.path().join("verdicts.ndjson");
    let run = tidegate(state.path(), &["replay", verdicts.to_str().unwrap()]);
    assert_eq!(run.status.code(), Some(2), "what is replaced is not read");
}
