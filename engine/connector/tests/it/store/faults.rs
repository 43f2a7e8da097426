//! Disks that fail, and files that somebody else has changed.

use connector::store::{OpenError, Operator, Store};
use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record};
use runtime::{Journal, JournalError, JournalReader};
use std::path::Path;

use super::lane::Lane;
use super::{append, are_the_same, by_hand, open, read_back, record};

fn ticks(positions: std::ops::Range<u64>) -> Vec<Record> {
    let raw = |position: u64| format!("{position:0200}");
    let tick = || RecordBody::Control(Control::Tick(super::now()));
    positions.map(|position| record(position, raw(position), tick())).collect()
}

fn copy(from: &Path, to: &Path, changes_bytes: usize) {
    std::fs::copy(from.join("tidegate.sqlite"), to.join("tidegate.sqlite")).unwrap();
    let changes = std::fs::read(from.join("tidegate.sqlite-wal")).unwrap();
    std::fs::write(to.join("tidegate.sqlite-wal"), &changes[..changes_bytes]).unwrap();
}

#[test]
fn a_crash_anywhere_leaves_whole_commits() {
    let folder = tempfile::tempdir().unwrap();
    let lane = Lane::of(5, 400, 100);
    let mut store = open(folder.path());
    let mut heads = vec![store.head().clone()];
    for (records, decided) in lane.records.chunks(100).zip(&lane.decided) {
        store.commit(records, &lane.ruleset, &[]).unwrap();
        heads.push(store.head().clone());
        store.commit(&[], &lane.ruleset, std::slice::from_ref(decided)).unwrap();
        heads.push(store.head().clone());
    }
    let length = std::fs::metadata(folder.path().join("tidegate.sqlite-wal")).unwrap().len() as usize;
    let mut found = Vec::new();
    for step in 0..=60 {
        let crashed = tempfile::tempdir().unwrap();
        // Not on the edge of a page, but for the last.
        copy(folder.path(), crashed.path(), if step == 60 { length } else { length / 60 * step + step });
        let Ok(mut after) = Store::open(crashed.path(), &super::holder()) else {
            panic!("cut {step} of 60 is not opened")
        };
        let head = after.head().clone();
        assert!(heads.contains(&head), "cut {step} of 60 is between two commits: {head:?}");
        let mut reader = after.reader().unwrap();
        let next = head.next().0 as usize;
        are_the_same(&read_back(&mut reader, 37), &lane.records[..next]);
        let last = head.decided.unwrap_or(Position(0));
        let verdicts = lane.verdicts().filter(|v| v.position <= last).count() as u64;
        assert_eq!(head.verdicts, if head.decided.is_some() { verdicts } else { 0 });
        assert_eq!(reader.verdicts_after(0, 100_000).unwrap().len() as u64, head.verdicts);
        append(&mut after, &lane.records[next..], 50);
        found.push(next);
    }
    assert!(found.is_sorted(), "the longer, the more is there");
    assert_eq!(found.last(), Some(&lane.records.len()));
    found.dedup();
    assert!(found.len() >= 4, "cuts fall between commits: {found:?}");
}

/// A store of five blocks of 20, changed by hand.
fn changed(by: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    append(&mut open(folder.path()), &ticks(0..100), 20);
    by_hand(folder.path()).execute_batch(by).unwrap();
    folder
}

#[track_caller]
fn damage(found: Result<impl Sized, impl std::fmt::Display>) -> String {
    let Err(error) = found else { panic!("it is not seen") };
    let said = error.to_string();
    assert!(said.contains("damaged") && said.contains("restore the newest backup"), "{said}");
    said
}

#[test]
fn a_changed_byte_in_a_block_is_seen_when_it_is_read() {
    for byte in [0, 1, 7, 40] {
        let flip = format!(
            "UPDATE blocks SET body = CAST(substr(body, 1, {byte}) || (CASE substr(body, {byte} + 1, 1) \
             WHEN x'41' THEN x'42' ELSE x'41' END) || substr(body, {byte} + 2) AS BLOB) WHERE number = 2"
        );
        let folder = changed(&flip);
        let mut reader = Store::read(folder.path()).unwrap();
        assert_eq!(reader.records(Position(0), 40).unwrap().len(), 40, "what is whole is read");
        let said = damage(reader.records(Position(45), 1));
        assert!(said.contains("block 2 (positions 40 to 59)"), "{said}");
        damage(Store::read(folder.path()).unwrap().prove(&mut |_| {}));
        // The writer proves the last block only, and whoever reads finds it.
        assert!(Store::open(folder.path(), &super::holder()).is_ok());
    }
}

#[test]
fn a_torn_last_block_is_seen_at_the_start() {
    let folder = changed("UPDATE blocks SET body = substr(body, 1, length(body) - 3) WHERE number = 4");
    let said = damage(Store::open(folder.path(), &super::holder()));
    assert!(said.contains("block 4 (positions 80 to 99)"), "{said}");
}

#[test]
fn a_missing_or_changed_link_of_the_chain_is_seen_at_the_start() {
    for (by, what) in [
        ("DELETE FROM blocks WHERE number = 1", "block 1 (positions 20 to 39) is missing"),
        ("DELETE FROM blocks WHERE number = 4", "block 4 (positions 80 to 99) is missing"),
        (
            "DELETE FROM manifests WHERE number = 2",
            "manifest 3 (positions 60 to 79) does not follow manifest 1",
        ),
        ("DELETE FROM manifests WHERE number = 4", "there are 5 blocks and 4 manifests"),
        (
            "UPDATE manifests SET ruleset = 'xyz' WHERE number = 3",
            "manifest 3 (positions 60 to 79) is not what was written",
        ),
        (
            "UPDATE manifests SET checksum = previous WHERE number = 0",
            "manifest 0 (positions 0 to 19) is not what was written",
        ),
        ("UPDATE blocks SET first_position = 21 WHERE number = 1", "block 1 (positions 20 to 39) is missing"),
    ] {
        let folder = changed(by);
        let said = damage(Store::open(folder.path(), &super::holder()));
        assert!(said.contains(what), "{by}: {said}");
    }
    let folder = changed("DELETE FROM manifests WHERE number = 2");
    let mut reader = Store::read(folder.path()).unwrap();
    damage(reader.records(Position(50), 1));
}

#[test]
fn what_was_decided_cannot_go_missing_unseen() {
    let lane = Lane::of(6, 600, 100);
    for by in [
        "DELETE FROM verdicts WHERE sequence = (SELECT max(sequence) FROM verdicts)",
        "DELETE FROM blocks WHERE number = (SELECT max(number) FROM blocks); \
         DELETE FROM manifests WHERE number = (SELECT max(number) FROM manifests)",
    ] {
        let folder = tempfile::tempdir().unwrap();
        lane.commit(&mut open(folder.path()));
        by_hand(folder.path()).execute_batch(by).unwrap();
        damage(Store::open(folder.path(), &super::holder()));
    }
}

#[test]
fn a_changed_byte_in_rows_is_seen_before_anything_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    Lane::of(6, 600, 200).commit(&mut open(folder.path()));
    let flip = "UPDATE rows SET body = CAST(substr(body, 1, 100) || x'00ff' || substr(body, 103) AS BLOB)";
    by_hand(folder.path()).execute_batch(flip).unwrap();
    let mut reader = Store::read(folder.path()).unwrap();
    damage(reader.rows(Position(0), Position(600), EventTime::MIN));
}

#[test]
fn a_full_disk_refuses_a_commit_whole_and_takes_it_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    append(&mut store, &ticks(0..100), 20);
    let before = store.head().clone();
    store.limit_bytes(Some(1)).unwrap();
    let large: Vec<Record> = (100..400)
        .map(|position| {
            let noise: Vec<u8> = (0..4_000_u64).map(|i| (i * i * (position + 7) % 251) as u8).collect();
            record(position, noise, RecordBody::Control(Control::Tick(super::now())))
        })
        .collect();
    let refused = store.commit(&large, &super::ruleset(), &[]);
    assert!(matches!(&refused, Err(JournalError::Unwritable(what)) if what.contains("room")), "{refused:?}");
    assert_eq!(*store.head(), before);
    assert_eq!(read_back(&mut store.reader().unwrap(), 1000).len(), 100);
    store.limit_bytes(None).unwrap();
    store.commit(&large, &super::ruleset(), &[]).unwrap();
    are_the_same(&read_back(&mut store.reader().unwrap(), 1000)[100..], &large);
}

#[test]
fn a_folder_that_cannot_be_written_is_read_nevertheless() {
    let folder = tempfile::tempdir().unwrap();
    append(&mut open(folder.path()), &ticks(0..100), 20);
    let set = |may_write: bool| {
        for path in
            [folder.path().join("tidegate.sqlite"), folder.path().join("lock"), folder.path().to_path_buf()]
        {
            let mut permissions = std::fs::metadata(&path).unwrap().permissions();
            permissions.set_readonly(!may_write);
            #[cfg(unix)]
            if may_write {
                std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
            }
            std::fs::set_permissions(&path, permissions).unwrap();
        }
    };
    set(false);
    let may_all = std::fs::write(folder.path().join("probe"), "").is_ok();
    let read = read_back(&mut Store::read(folder.path()).unwrap(), 1000).len();
    let opened = Store::open(folder.path(), &super::holder()).map(drop);
    set(true);
    assert_eq!(read, 100);
    if may_all {
        println!("skipped: this user may write everything");
        return;
    }
    assert!(matches!(opened, Err(OpenError::Folder(..) | OpenError::Journal(JournalError::Unwritable(_)))));
}

#[test]
fn a_store_of_a_later_version_is_refused_by_all_who_open_it() {
    let folder = changed("UPDATE meta SET value = 99 WHERE key = 'schema_version'");
    let is_refused = |error: OpenError| {
        matches!(error, OpenError::Newer { found: 99, .. }) && error.to_string().contains("a later one")
    };
    assert!(is_refused(Store::open(folder.path(), &super::holder()).unwrap_err()));
    assert!(is_refused(Store::read(folder.path()).unwrap_err()));
    assert!(is_refused(Operator::open(folder.path()).unwrap_err()));
}

#[test]
fn a_store_of_an_earlier_version_is_migrated_by_its_writer_only() {
    let folder = tempfile::tempdir().unwrap();
    // The earliest version there is: a database with nothing in it.
    by_hand(folder.path()).execute_batch("PRAGMA application_id = 0x54696465; VACUUM").unwrap();
    assert!(matches!(Store::read(folder.path()), Err(OpenError::Older { found: 0, .. })));
    append(&mut open(folder.path()), &ticks(0..10), 5);
    assert_eq!(read_back(&mut Store::read(folder.path()).unwrap(), 100).len(), 10);
}

#[test]
fn the_files_of_others_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    by_hand(folder.path()).execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(matches!(Store::open(folder.path(), &super::holder()), Err(OpenError::Foreign(_))));
    assert!(matches!(Store::read(folder.path()), Err(OpenError::Foreign(_))));
    let tables: i64 =
        by_hand(folder.path()).query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
    std::fs::write(
        folder.path().join("tidegate.sqlite"),
        "no database at all, but long enough to be one".repeat(99),
    )
    .unwrap();
    damage(Store::open(folder.path(), &super::holder()));
}
