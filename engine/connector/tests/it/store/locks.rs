//! One writer, any number of readers.

use connector::store::{Holder, OpenError, Store};
use runtime::{Journal, JournalReader};

use super::{append, holder, open, read_back, record};
use model::log::{Control, RecordBody};

fn tick(position: u64) -> model::Record {
    record(position, "", RecordBody::Control(Control::Tick(super::now())))
}

#[test]
fn a_second_writer_is_told_who_holds_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let error = Store::open(folder.path(), &holder()).unwrap_err();
    let pid = std::process::id();
    let said = error.to_string();
    for part in [&format!("in use by process {pid} on "), "since 2026-01-01T00:00:00Z", "127.0.0.1:8080"] {
        assert!(said.contains(part), "{said}");
    }
    store.sign().unwrap().say_listening("http://127.0.0.1:9090").unwrap();
    let listening = Holder::of(folder.path()).unwrap().unwrap().listening;
    assert_eq!(listening.as_deref(), Some("http://127.0.0.1:9090"), "the lock is still held");
    drop(store);
    assert_eq!(Holder::of(folder.path()).unwrap(), None, "what is written in a free lock means nothing");
    drop(open(folder.path()));
}

#[test]
fn readers_need_no_lock_and_see_what_is_committed_while_they_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    append(&mut store, &[tick(0), tick(1)], 2);
    let mut reader = Store::read(folder.path()).unwrap();
    assert_eq!(read_back(&mut reader, 10).len(), 2);
    append(&mut store, &[tick(2)], 1);
    assert_eq!(read_back(&mut reader, 10).len(), 3);
    assert_eq!(reader.head().unwrap(), *store.head());
    drop(store);
    assert_eq!(reader.controls(model::Position(2)).unwrap().len(), 1);
    assert_eq!(read_back(&mut Store::read(folder.path()).unwrap(), 10).len(), 3);
}

#[test]
fn where_there_is_no_store_none_is_made_by_reading() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(Store::read(folder.path()), Err(OpenError::Missing(_))));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    assert_eq!(Holder::of(folder.path()).unwrap(), None);
}
