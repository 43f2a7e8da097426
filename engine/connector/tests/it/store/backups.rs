//! Backups while a service runs.

use connector::store::Store;
use model::Position;
use runtime::{Journal, JournalError, JournalReader, Snapshots, seal};

use super::lane::Lane;
use super::{are_the_same, open, read_back};

#[test]
fn a_backup_is_the_store_at_one_moment_and_goes_on_by_itself() {
    let (folder, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let lane = Lane::of(11, 9_000, 1_000);
    let mut store = open(folder.path());
    store.commit(&lane.records, &lane.ruleset, &[]).unwrap();
    let (first, rest) = lane.decided.split_at(2);
    store.commit(&[], &lane.ruleset, first).unwrap();
    store.snapshots().put(first[1].through, &seal(b"state")).unwrap();
    let at_the_moment = store.head().clone();
    let mut rest = rest.iter();
    let to = target.path().join("backup");
    let mut steps = 0;
    let mut reader = store.reader().unwrap();
    reader
        .backup(&to, &mut |left, pages| {
            assert!(left < pages);
            steps += 1;
            // The service goes on meanwhile.
            if let Some(stretch) = rest.next() {
                store.commit(&[], &lane.ruleset, std::slice::from_ref(stretch)).unwrap();
            }
        })
        .unwrap();
    assert!(steps > 0);
    for stretch in rest {
        store.commit(&[], &lane.ruleset, std::slice::from_ref(stretch)).unwrap();
    }
    let mut copied = open(&to);
    assert_eq!(*copied.head(), at_the_moment);
    assert_eq!(copied.snapshots().list().unwrap(), [first[1].through]);
    are_the_same(&read_back(&mut copied.reader().unwrap(), 500), &lane.records);
    for stretch in &lane.decided[2..] {
        copied.commit(&[], &lane.ruleset, std::slice::from_ref(stretch)).unwrap();
    }
    let all = |store: &Store| store.reader().unwrap().verdicts(Position(0), Position(9_999)).unwrap();
    assert_eq!(all(&copied), all(&store));
    let again = store.reader().unwrap().backup(&to, &mut |_, _| {});
    assert!(matches!(&again, Err(JournalError::Unwritable(what)) if what.contains("another folder")));
}
