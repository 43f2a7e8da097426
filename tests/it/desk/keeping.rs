//! Keeping a lane: `status`, `backup`, `verdicts export`, `reconcile`, `upgrade`.

use serde_json::json;

use crate::lane::{Lane, same, wait_ms};

#[test]
fn a_backup_of_a_running_lane_is_whole_and_goes_on_where_the_lane_was() {
    let lane = Lane::stopped();
    let running = lane.start();
    let copy = lane.beside("copy");
    let copy = copy.to_str().unwrap();
    let told = lane.tell(&["backup", copy]);
    assert!(told.contains("was read back whole"), "{told}");
    assert!(lane.refused(2, &["backup", copy]).contains("is there already"));
    running.stop();
    let (one, other) = (lane.beside("one.ndjson"), lane.beside("other.ndjson"));
    lane.tell(&["verdicts", "export", one.to_str().unwrap()]);
    lane.tell(&["verdicts", "export", "--data", copy, other.to_str().unwrap()]);
    assert!(same(&one, &other) && std::fs::metadata(&one).unwrap().len() > 1_000);
    let hold = lane.column("hold_id", &["holds", "list", "--rule", "burst"])[0].clone();
    let did = lane.json(&["review", "release", "--data", copy, "--hold", &hold]);
    assert_eq!(did["commissions"], 5, "what is restored decides on");
    assert_eq!(lane.balance("USD", "held"), 5_000, "and the lane is not touched");
    let drafts = std::fs::read_dir(lane.beside("")).unwrap();
    let drafts = drafts.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains("draft"));
    assert_eq!(drafts.count(), 0);
}

#[test]
fn verdicts_are_exported_as_published_and_from_where_the_last_export_ended() {
    let lane = Lane::stopped();
    let path = |name: &str| lane.beside(name).to_str().unwrap().to_owned();
    let (all, rest) = (path("all.ndjson"), path("rest.ndjson"));
    let run = lane.run(&["verdicts", "export", &all]);
    let text = std::fs::read_to_string(&all).unwrap();
    let count = text.lines().count();
    assert!(crate::commands::stderr(&run).contains(&format!("go on with --after {count}")));
    lane.tell(&["verdicts", "export", &rest, "--after", "3"]);
    let tail: Vec<&str> = text.lines().skip(3).collect();
    assert_eq!(std::fs::read_to_string(&rest).unwrap().lines().collect::<Vec<_>>(), tail);
    assert_eq!(lane.tell(&["verdicts", "export", "-"]), text);
    let after = (count + 1).to_string();
    assert!(lane.refused(2, &["verdicts", "export", &all, "--after", &after]).contains("the last verdict"));
    assert_eq!(std::fs::read_to_string(&all).unwrap(), text, "what fails leaves what was there");
    assert!(lane.tell(&["reconcile", &all]).contains("The books balance"));
    assert!(lane.tell(&["reconcile"]).contains("The books balance"), "of the store, too");
    assert_eq!(lane.column("order_id", &["verdicts", "--decision", "hold"]).len(), 4);
}

#[test]
fn an_export_writes_over_nothing_unless_it_is_told_to_and_leaves_the_old_one_when_it_fails() {
    let lane = Lane::stopped();
    let path = |name: &str| lane.beside(name).to_str().unwrap().to_owned();
    for command in [&["export"][..], &["verdicts", "export"]] {
        let file = path(&command.join("-"));
        std::fs::write(&file, "mine\n").unwrap();
        let export = [command, &[file.as_str()]].concat();
        let said = lane.refused(2, &export);
        assert!(said.contains("is there already") && said.contains("--force"), "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine\n");
        lane.tell(&[&export[..], &["--force"]].concat());
        assert!(std::fs::metadata(&file).unwrap().len() > 1_000);
    }
    let log = path("export");
    let whole = std::fs::read(&log).unwrap();
    std::fs::write(path("no-folder"), "").unwrap();
    lane.refused(4, &["export", &log, "--force", "--archive", &path("no-folder")]);
    assert_eq!(std::fs::read(&log).unwrap(), whole, "what fails leaves what was there");
}

#[test]
fn a_missing_end_of_an_export_is_seen_and_so_is_one_of_the_store() {
    let lane = Lane::stopped();
    let file = lane.beside("verdicts.ndjson");
    let path = file.to_str().unwrap();
    lane.tell(&["verdicts", "export", path]);
    let text = std::fs::read_to_string(&file).unwrap();
    let told = std::fs::read(lane.beside("verdicts.ndjson.manifest.json")).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    let count = text.lines().count();
    assert_eq!((&told["count"], &told["last_sequence"]), (&json!(count), &json!(count)));
    assert_eq!(told["sha256"], runtime::Digest::of(text.as_bytes()).to_string());
    lane.tell(&["reconcile", path]);

    let end = text.trim_end().rfind('\n').unwrap() + 1;
    std::fs::write(&file, &text[..end]).unwrap();
    let said = lane.refused(1, &["reconcile", path]);
    let missing = format!("has {} verdict(s), of {count} that were exported", count - 1);
    assert!(said.contains("verdicts are missing") && said.contains(&missing), "{said}");
    assert!(said.contains(&format!("the lane has published {count} verdicts")), "{said}");
    std::fs::write(lane.beside("alone.ndjson"), &text[..end]).unwrap();
    let alone = lane.run(&["reconcile", lane.beside("alone.ndjson").to_str().unwrap()]);
    assert!(alone.status.success() && crate::commands::stderr(&alone).contains("cannot be seen"));

    let database = rusqlite::Connection::open(lane.data().join("tidegate.sqlite")).unwrap();
    database.execute("DELETE FROM verdicts WHERE sequence = ?1", [count]).unwrap();
    drop(database);
    let said = lane.refused(1, &["reconcile"]);
    assert!(said.contains(&format!("{} are in the store, of {count}", count - 1)), "{said}");
}

#[test]
fn a_token_for_nobody_is_a_slip_of_the_pen() {
    let lane = Lane::stopped();
    let said = lane.refused(2, &["token", "create", "--identity", "", "--scope", "read"]);
    assert!(said.contains("--identity: an identity has 1 to"), "{said}");
    assert_eq!(lane.json(&["token", "list"]), serde_json::json!([]));
}

#[test]
fn a_token_that_expires_is_good_until_then() {
    let lane = Lane::stopped();
    let running = lane.start();
    let create = ["token", "create", "--identity", "rosa", "--scope", "risk", "--expires"];
    assert!(lane.refused(2, &[&create[..], &["soon"]].concat()).contains("no length of time"));
    let (brief, long) =
        (lane.tell(&[&create[..], &["3s"]].concat()), lane.tell(&[&create[..], &["90d"]].concat()));
    let review =
        |decision, token: &str| lane.run(&["review", decision, "--creator", "leo", "--token", token.trim()]);
    assert!(review("freeze", &brief).status.success());
    wait_ms(3_500);
    let refused = review("unfreeze", &brief);
    assert_eq!(refused.status.code(), Some(1));
    assert!(crate::commands::stderr(&refused).contains("auth.unknown"));
    assert!(review("unfreeze", &long).status.success());
    let states = lane.column("state", &["token", "list"]);
    assert_eq!(states, ["expired", "good"]);
    running.stop();
}

#[test]
fn the_status_says_who_runs_the_lane_how_far_it_is_and_what_stands() {
    let lane = Lane::stopped();
    let status = lane.json(&["status"]);
    assert_eq!(
        (&status["running"], &status["next_position"], &status["undecided"]),
        (&json!(null), &json!(9), &json!(0))
    );
    assert_eq!(
        (&status["holds"], &status["dead_letters_open"], &status["semantics"]),
        (&json!(6), &json!(1), &json!(1))
    );
    assert_eq!(
        (&status["clock_at"], &status["snapshot_position"]),
        (&json!(lane.base.as_ms() + 20 * 3_600_000), &json!(8))
    );
    let told = lane.tell(&["status"]);
    assert!(told.contains("not running") && told.contains("main · de · EUR"), "{told}");
    let running = lane.start();
    let told = lane.tell(&["status"]);
    assert!(told.contains("listening on http://127.0.0.1:"), "{told}");
    let figures = lane.column("figure", &["status"]);
    assert!(figures.contains(&"folder_bytes".into()) && figures.contains(&"held".into()), "{figures:?}");
    running.stop();
}

#[test]
fn an_upgrade_says_that_there_is_nothing_to_do_and_refuses_what_a_later_version_wrote() {
    let lane = Lane::stopped();
    let said = crate::commands::stderr(&lane.run(&["upgrade"]));
    assert!(said.contains("there is nothing to do"), "{said}");
    let database = rusqlite::Connection::open(lane.data().join("tidegate.sqlite")).unwrap();
    database.execute("UPDATE meta SET value = 1000 WHERE key = 'schema_version'", []).unwrap();
    drop(database);
    let said = lane.refused(3, &["upgrade"]);
    assert!(said.contains("the store has schema 1000") && said.contains("or a later one"), "{said}");
    assert!(lane.refused(3, &["upgrade", "--data", "nowhere"]).contains("there is no store"));
}
