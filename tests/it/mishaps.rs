//! What goes wrong around a command: nobody reads its output, two run at once, a name is typed twice.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::commands::{after_a_demo, command, stderr, stdout, tidegate};
use crate::engine;

/// Long enough for the slowest machine; a test that works never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the command ended, if it did before patience ran out.
fn end_of(child: &mut Child) -> Option<ExitStatus> {
    for _ in 0..PATIENCE.as_millis() / 20 {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    None
}

#[test]
fn a_message_that_nobody_can_take_does_not_change_how_a_command_ends() {
    let state = tempfile::tempdir().unwrap();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = command(state.path(), &["replay", "no/such/file.ndjson"]).stderr(full).status().unwrap();
    assert_eq!(run.code(), Some(3));
}

#[test]
fn a_live_demo_ends_when_its_reader_has_seen_enough() {
    let state = tempfile::tempdir().unwrap();
    let mut demo = command(state.path(), &["demo", "--orders", "300"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(demo.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("2026-"), "{first}");
    assert_eq!(end_of(&mut demo).and_then(|status| status.code()), Some(0));
}

/// Every file of a folder that a run left there, with its bytes.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = files.map(|file| (file.file_name().into_string().unwrap(), file.path()));
    let kept = named.filter(|(name, _)| name != "run.lock");
    kept.map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

/// A file with one order in it.
fn an_order(folder: &Path) -> String {
    let file = folder.join("orders.ndjson");
    let order = std::fs::read_to_string(engine::root().join("schemas/examples/order.json")).unwrap();
    let order: serde_json::Value = serde_json::from_str(&order).unwrap();
    std::fs::write(&file, format!("{order}\n")).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn a_run_that_fails_leaves_the_run_before_it_as_it_was() {
    let state = after_a_demo();
    let before = contents(state.path());
    let other = tempfile::tempdir().unwrap();
    let order = an_order(other.path());
    for output in ["no/such/folder/verdicts.ndjson", "/dev/full"] {
        let run = tidegate(state.path(), &["replay", &order, "--verdicts", output]);
        assert_eq!(run.status.code(), Some(4), "{output}: {}", stderr(&run));
        assert!(contents(state.path()) == before, "{output}");
    }
}

#[test]
fn two_runs_do_not_write_one_state_folder_and_the_second_is_told_who_does() {
    let state = tempfile::tempdir().unwrap();
    let mut demo = command(state.path(), &["demo", "--orders", "300"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    let second = tidegate(state.path(), &["demo", "--once", "--days", "1", "--orders", "10"]);
    let told = format!("demo, process {}", demo.id());
    drop(lines);
    assert_eq!(second.status.code(), Some(4), "{}", stderr(&second));
    assert!(stderr(&second).contains(&told), "{}", stderr(&second));
    assert!(end_of(&mut demo).unwrap().success());
    assert!(tidegate(state.path(), &["reconcile"]).status.success(), "the first run is whole");
}

#[test]
fn verdicts_that_are_not_those_of_the_run_are_not_told_as_its_own() {
    let state = after_a_demo();
    let other = tempfile::tempdir().unwrap();
    assert!(tidegate(other.path(), &["replay", &an_order(other.path())]).status.success());
    std::fs::copy(other.path().join("verdicts.ndjson"), state.path().join("verdicts.ndjson")).unwrap();
    for arguments in [&["verdicts"][..], &["reconcile"], &["explain", "o1"]] {
        let run = tidegate(state.path(), arguments);
        assert_eq!(run.status.code(), Some(3), "{arguments:?}: {}", stdout(&run));
        assert!(stderr(&run).contains("not as its run wrote it"), "{arguments:?}: {}", stderr(&run));
    }
}

#[test]
fn a_replay_never_writes_over_what_it_reads_whatever_the_name_says() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let order = an_order(folder.path());
    let link = folder.path().join("link.ndjson");
    std::os::unix::fs::symlink(&order, &link).unwrap();
    let rules = folder.path().join("rules");
    std::fs::create_dir(&rules).unwrap();
    let rule = rules.join("same_device.rhai");
    std::fs::copy(engine::root().join("rules/same_device.rhai"), &rule).unwrap();
    let before = (std::fs::read(&order).unwrap(), std::fs::read(&rule).unwrap());
    for output in [Path::new(&order), &link, &rule] {
        let output = output.to_str().unwrap();
        let run =
            tidegate(&state, &["replay", &order, "--rules", rules.to_str().unwrap(), "--verdicts", output]);
        assert_eq!(run.status.code(), Some(2), "{output}: {}", stderr(&run));
        assert!((std::fs::read(&order).unwrap(), std::fs::read(&rule).unwrap()) == before, "{output}");
    }
}

#[test]
fn the_verdicts_of_a_replay_appear_when_it_has_ended_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let order = an_order(folder.path());
    let verdicts = folder.path().join("verdicts.ndjson");
    std::fs::write(&verdicts, "of the last run\n").unwrap();
    let arguments = ["replay", &order, "--verdicts", verdicts.to_str().unwrap()];
    // No file may grow past 512 bytes: the run dies when it writes.
    let died = Command::new("sh")
        .args(["-c", "ulimit -f 1; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tidegate-under-test")])
        .args(arguments)
        .arg("--state")
        .arg(&state)
        .current_dir(engine::root())
        .output()
        .unwrap();
    assert_eq!(died.status.code(), None, "{}", stderr(&died));
    assert_eq!(std::fs::read(&verdicts).unwrap(), b"of the last run\n");
    assert!(tidegate(&state, &arguments).status.success());
    assert_eq!(std::fs::read(&verdicts).unwrap(), std::fs::read(state.join("verdicts.ndjson")).unwrap());
}

#[test]
fn a_pipe_is_decided_like_standard_input_and_its_run_is_known_not_to_be_explainable() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let order = std::fs::read(an_order(folder.path())).unwrap();
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut replay =
        command(&state, &["replay", pipe.to_str().unwrap()]).stdout(Stdio::null()).spawn().unwrap();
    std::fs::write(&pipe, order).unwrap();
    assert_eq!(end_of(&mut replay).and_then(|status| status.code()), Some(0));
    let told = tidegate(&state, &["explain", "ord-1001"]);
    assert_eq!(told.status.code(), Some(3), "{}", stdout(&told));
    assert!(stderr(&told).contains("cannot be read again"), "{}", stderr(&told));
}

/// A demo with more to decide than any machine can.
const TOO_MUCH: [&str; 5] = ["demo", "--orders", "1000000", "--lapse", "1000000"];

#[test]
fn a_demo_stops_in_time_and_when_asked_however_much_there_is_to_decide() {
    let state = tempfile::tempdir().unwrap();
    let mut timed = command(state.path(), &[&TOO_MUCH[..], &["--stop-after", "1"]].concat());
    let mut demo = timed.stdout(Stdio::null()).spawn().unwrap();
    assert_eq!(end_of(&mut demo).and_then(|status| status.code()), Some(0), "--stop-after");

    let output = state.path().join("output");
    let file = std::fs::File::create(&output).unwrap();
    let mut demo = command(state.path(), &TOO_MUCH).stdout(file).spawn().unwrap();
    while std::fs::metadata(&output).unwrap().len() == 0 {
        assert_eq!(demo.try_wait().unwrap(), None, "it runs until it is asked");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").arg(demo.id().to_string()).status().unwrap().success());
    assert_eq!(end_of(&mut demo).and_then(|status| status.code()), Some(0), "SIGTERM");

    let endless = tidegate(state.path(), &["demo", "--orders", "4294967295", "--stop-after", "1"]);
    assert_eq!(endless.status.code(), Some(2), "an hour of that does not fit into any memory");
}

/// Runs a demo on a terminal of this size, asks it to stop after its first picture, and returns what it drew.
fn on_a_terminal(columns: u16, rows: u16) -> String {
    let state = tempfile::tempdir().unwrap();
    let id = state.path().join("id");
    let line = format!(
        "stty cols {columns} rows {rows}; echo $$ > {}; exec {} demo --orders 300 --rules {} --state {}",
        id.display(),
        env!("CARGO_BIN_EXE_tidegate-under-test"),
        engine::root().join("rules").display(),
        state.path().display(),
    );
    let mut terminal = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut screen = terminal.stdout.take().unwrap();
    let mut drawn = Vec::new();
    let mut part = [0; 4096];
    while !drawn.windows(KEYS.len()).any(|window| window == KEYS) {
        let read = screen.read(&mut part).unwrap();
        assert!(read > 0, "the demo ended by itself: {}", String::from_utf8_lossy(&drawn));
        drawn.extend_from_slice(&part[..read]);
    }
    let id = std::fs::read_to_string(id).unwrap();
    assert!(Command::new("kill").arg(id.trim()).status().unwrap().success());
    let rest = std::thread::Builder::new().spawn(move || {
        let mut rest = Vec::new();
        screen.read_to_end(&mut rest).unwrap();
        rest
    });
    assert_eq!(end_of(&mut terminal).and_then(|status| status.code()), Some(0));
    drawn.extend(rest.unwrap().join().unwrap());
    String::from_utf8_lossy(&drawn).into_owned()
}

/// The last words of a picture.
const KEYS: &[u8] = b"pause";

#[test]
fn a_demo_that_is_asked_to_stop_leaves_the_terminal_as_it_found_it() {
    let drawn = on_a_terminal(120, 40);
    let (entered, left) = (drawn.rfind("\u{1b}[?1049h").unwrap(), drawn.rfind("\u{1b}[?1049l").unwrap());
    assert!(left > entered, "the alternate screen is left");
    assert!(drawn[left..].contains("planted attack"), "and it is summed up");
}

#[test]
fn a_demo_shows_every_attack_on_the_smallest_usual_terminal_and_its_verdicts_on_a_smaller_one() {
    let drawn = on_a_terminal(80, 24);
    let picture = &drawn[..drawn.rfind("\u{1b}[?1049l").unwrap()];
    for attack in trade::Attack::ALL {
        assert!(picture.contains(attack.rule().as_str()), "{attack:?} is shown:\n{picture}");
    }
    assert!(picture.contains("accrued") && picture.contains("Verdicts"), "{picture}");
}

#[test]
fn the_events_of_a_demo_go_where_nothing_else_does() {
    let state = after_a_demo();
    let before = contents(state.path());
    let log = state.path().join("log.ndjson");
    for events in ["-", log.to_str().unwrap()] {
        let demo = ["demo", "--once", "--days", "1", "--orders", "10", "--events", events];
        let run = tidegate(state.path(), &demo);
        assert_eq!(run.status.code(), Some(2), "{events}: {}", stderr(&run));
        assert!(run.stdout.is_empty() && contents(state.path()) == before, "{events}");
    }
}
