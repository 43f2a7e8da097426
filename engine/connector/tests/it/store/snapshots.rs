//! Snapshots of a store.

use connector::store::SnapshotFolder;
use model::Position;
use runtime::{Snapshots, open, seal};

fn positions(snapshots: &SnapshotFolder) -> Vec<u64> {
    snapshots.list().unwrap().into_iter().map(|position| position.0).collect()
}

#[test]
fn the_newest_three_are_kept_whatever_the_number_of_digits() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = SnapshotFolder::in_store(folder.path());
    assert_eq!(positions(&snapshots), Vec::<u64>::new());
    for at in [8, 9, 10, 100] {
        snapshots.put(Position(at), &seal(format!("state {at}").as_bytes())).unwrap();
    }
    assert_eq!(positions(&snapshots), [100, 10, 9]);
    assert_eq!(open(&snapshots.get(Position(10)).unwrap()), Ok(b"state 10".as_slice()));
    assert!(snapshots.get(Position(8)).is_err());
    snapshots.put(Position(100), &seal(b"again")).unwrap();
    assert_eq!(open(&snapshots.get(Position(100)).unwrap()), Ok(b"again".as_slice()));
}

#[test]
fn half_a_snapshot_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let snapshots = SnapshotFolder::in_store(folder.path());
    snapshots.put(Position(5), &seal(b"whole")).unwrap();
    let inside = |name: &str| folder.path().join("snapshots").join(name);
    std::fs::write(inside("7.draft"), "half").unwrap();
    std::fs::write(inside("notes.snapshot"), "not ours").unwrap();
    assert_eq!(positions(&snapshots), [5]);
    snapshots.put(Position(6), &seal(b"next")).unwrap();
    assert!(!inside("7.draft").exists(), "what a killed writer left behind goes with the next one");
    std::fs::remove_file(inside("6.snapshot")).unwrap();
    let sealed = snapshots.get(Position(5)).unwrap();
    std::fs::write(inside("9.snapshot"), &sealed[..sealed.len() - 1]).unwrap();
    assert_eq!(positions(&snapshots), [9, 5]);
    assert!(open(&snapshots.get(Position(9)).unwrap()).is_err(), "a torn one is seen by its seal");
}
