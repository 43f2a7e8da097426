//! What goes wrong around a command: nobody reads its output, two run at once, a name is typed twice.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::engine;

/// Long enough for the slowest machine; a test that works never waits for it.
const PATIENCE: Duration = Duration::from_secs(60);

fn command(state: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"));
    command.args(arguments).arg("--state").arg(state).current_dir(engine::root()).env("NO_COLOR", "1");
    command
}

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
