//! A disk that takes no more, and bytes that are not what was written: it says so, and says no wrong verdict.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::{Replay, Served, batches, published, rules_in, tidegate, token};

/// A lane that has decided something and was killed, and its rules.
fn a_lane(folder: &Path) -> (PathBuf, PathBuf, String) {
    let (data, rules) = (folder.join("data"), rules_in(folder));
    Served::start(&data, &rules).stop();
    let token = token(&data);
    let served = Served::start(&data, &rules);
    for batch in batches(20) {
        assert_eq!(served.ask("POST /v1/events", &token, &batch).unwrap().0, 202);
    }
    is_decided(&served, &token);
    served.stop();
    (data, rules, token)
}

/// Waits until all is decided.
fn is_decided(served: &Served, token: &str) {
    let decided = (0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        served.ask("GET /v1/status", token, b"").unwrap().1.contains("\"undecided\":0")
    });
    assert!(decided, "{}", served.said());
}

/// Starts it where it must not start; what it says.
fn is_refused(data: &Path, rules: &Path, code: i32) -> String {
    let run = tidegate(&["run", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap(), "--rules"])
        .arg(rules)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(code), "{said}");
    assert!(!said.contains("listening"), "{said}");
    said
}

/// How large a file of the process may be; a write beyond it fails as on a disk without room.
fn limit_files_to(served: &Served, size: &str) {
    let pid = served.process.id().to_string();
    let limited = Command::new("prlimit").args(["--pid", &pid, &format!("--fsize={size}:")]).status();
    assert!(limited.unwrap().success());
}

#[test]
fn a_disk_without_room_refuses_records_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules, token) = a_lane(folder.path());
    let under_test = tidegate(&["run", "--listen", "127.0.0.1:0", "--data"]);
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(under_test.get_program());
    ignoring.args(under_test.get_args()).arg(&data).arg("--rules").arg(&rules);
    let served = Served::running(ignoring);

    limit_files_to(&served, "4096");
    let more = batches(40).split_off(20);
    let (status, body) = served.ask("POST /v1/events", &token, &more[0]).unwrap();
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("the store cannot be written"), "{body}");
    assert_eq!(served.ask("GET /readyz", &token, b"").unwrap().0, 503);
    assert_eq!(served.ask("GET /livez", &token, b"").unwrap().0, 200);
    let read = served.ask("GET /v1/verdicts?limit=1", &token, b"").unwrap();
    assert_eq!(read.0, 200, "what is there is read: {}", read.1);

    limit_files_to(&served, "unlimited");
    for batch in &more {
        let taken = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            served.ask("POST /v1/events", &token, batch).unwrap().0 == 202
        });
        assert!(taken, "{}", served.said());
    }
    assert_eq!(served.ask("GET /readyz", &token, b"").unwrap().0, 200);
    is_decided(&served, &token);
    served.stop();
    assert_eq!(published(&data), Replay::of(folder.path(), &data).verdicts);
}

/// A command that sees a folder as a disk that cannot be written, by whoever it is; nothing where the system does not
/// let us mount.
fn on_a_disk_that_is_read_only(folder: &Path, arguments: &[&str]) -> Option<std::process::Output> {
    const MOUNTED: &str =
        "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\" || exit 99; exec \"$@\"";
    let under_test = tidegate(arguments);
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c", MOUNTED]).arg(folder);
    command.arg(under_test.get_program()).args(under_test.get_args());
    command.current_dir(crate::engine::root()).env("NO_COLOR", "1");
    let run = command.output().ok()?;
    let may_mount = run.status.code() != Some(99) && !run.stderr.starts_with(b"unshare:");
    may_mount.then_some(run)
}

#[test]
fn a_disk_that_is_read_only_is_read_and_never_served_from() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules, _) = a_lane(folder.path());
    let before = published(&data);
    let at = data.to_str().unwrap();
    let run = ["run", "--listen", "127.0.0.1:0", "--data", at, "--rules", rules.to_str().unwrap()];
    let Some(refused) = on_a_disk_that_is_read_only(&data, &run) else {
        println!("skipped: a disk cannot be mounted here");
        return;
    };
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{said}");
    assert!(said.contains(at) && said.to_lowercase().contains("read-only"), "{said}");
    let exported = folder.path().join("exported");
    let export = ["verdicts", "export", "--data", at, exported.to_str().unwrap()];
    let read = on_a_disk_that_is_read_only(&data, &export).unwrap();
    let said = String::from_utf8_lossy(&read.stderr).into_owned();
    assert!(read.status.success(), "{said}");
    assert_eq!(std::fs::read_to_string(exported).unwrap().lines().count(), before.len());
    let create = ["token", "create", "--identity", "x", "--scope", "read", "--data", at];
    let refused = on_a_disk_that_is_read_only(&data, &create).unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
    assert!(!refused.status.success() && said.contains("read-only"), "{said}");
}

#[test]
fn a_flipped_bit_in_a_snapshot_costs_time_and_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules, token) = a_lane(folder.path());
    let before = published(&data);
    let snapshots = std::fs::read_dir(data.join("snapshots")).unwrap();
    let snapshots: Vec<PathBuf> = snapshots.map(|entry| entry.unwrap().path()).collect();
    assert!(!snapshots.is_empty());
    for snapshot in &snapshots {
        let mut bytes = std::fs::read(snapshot).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        std::fs::write(snapshot, bytes).unwrap();
    }
    let served = Served::start(&data, &rules);
    let said = served.said();
    assert!(said.contains("the snapshot at position") && said.contains("is passed over"), "{said}");
    for batch in batches(25).split_off(20) {
        assert_eq!(served.ask("POST /v1/events", &token, &batch).unwrap().0, 202);
    }
    is_decided(&served, &token);
    served.stop();
    let after = published(&data);
    assert!(after.len() > before.len() && after.starts_with(&before));
    assert_eq!(after, Replay::of(folder.path(), &data).verdicts);
}

#[test]
fn a_flipped_bit_in_a_block_is_told_by_its_place_and_nothing_is_decided_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules, _) = a_lane(folder.path());
    let before = published(&data);
    // Without snapshots the whole log is read again.
    std::fs::remove_dir_all(data.join("snapshots")).unwrap();
    let by_hand = rusqlite::Connection::open(data.join("tidegate.sqlite")).unwrap();
    let select = "SELECT number, body FROM blocks WHERE number = 5";
    let (number, mut body): (i64, Vec<u8>) =
        by_hand.query_row(select, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let middle = body.len() / 2;
    body[middle] ^= 1;
    by_hand.execute("UPDATE blocks SET body = ?1 WHERE number = ?2", (body, number)).unwrap();
    drop(by_hand);
    let said = is_refused(&data, &rules, 3);
    assert!(said.contains("the store is damaged") && said.contains("block 5"), "{said}");
    assert_eq!(published(&data), before);
}

#[test]
fn a_published_verdict_that_was_changed_is_seen_before_anything_more_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules, _) = a_lane(folder.path());
    std::fs::remove_dir_all(data.join("snapshots")).unwrap();
    let by_hand = rusqlite::Connection::open(data.join("tidegate.sqlite")).unwrap();
    let update = "UPDATE verdicts SET body = replace(body, '\"accrue\"', '\"Accrue\"') WHERE sequence = 3";
    assert_eq!(by_hand.execute(update, []).unwrap(), 1);
    drop(by_hand);
    let said = is_refused(&data, &rules, 3);
    assert!(said.contains("are not what the log gives"), "{said}");
}
