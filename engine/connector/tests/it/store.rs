//! The embedded store through its public boundary.

mod backups;
mod books;
mod faults;
mod lane;
mod lists;
mod locks;
mod log;
mod operators;
mod outputs;
mod snapshots;

use connector::store::{Holder, Store};
use model::log::RecordBody;
use model::{EventTime, Position, Record, Text};
use runtime::{Journal, JournalReader};
use rusqlite::Connection;
use std::path::Path;

pub(crate) const NOW_MS: i64 = 1_767_225_600_000;

pub(crate) fn now() -> EventTime {
    EventTime::from_ms(NOW_MS).unwrap()
}

pub(crate) fn holder() -> Holder {
    Holder::here(now(), Some("127.0.0.1:8080".to_owned()))
}

#[track_caller]
pub(crate) fn open(folder: &Path) -> Store {
    Store::open(folder, &holder()).unwrap_or_else(|error| panic!("{error}"))
}

/// The database as a user's own tools open it.
pub(crate) fn by_hand(folder: &Path) -> Connection {
    Connection::open(folder.join("tidegate.sqlite")).unwrap()
}

pub(crate) fn record(position: u64, raw: impl Into<bytes::Bytes>, body: RecordBody) -> Record {
    let stamp = EventTime::from_ms(NOW_MS + position as i64 / 3);
    Record { position: Position(position), stamp, raw: raw.into(), body }
}

pub(crate) fn ruleset() -> Text {
    "abc".into()
}

/// Commits records in blocks of at most `size`.
pub(crate) fn append(store: &mut Store, records: &[Record], size: usize) {
    for block in records.chunks(size) {
        store.commit(block, &ruleset(), &[]).unwrap();
    }
}

/// All that is in the log, read in pieces.
pub(crate) fn read_back(reader: &mut impl JournalReader, piece: usize) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let from = Position(records.len() as u64);
        let more = reader.records(from, piece).unwrap();
        assert!(more.len() <= piece);
        if more.is_empty() {
            return records;
        }
        records.extend(more);
    }
}

#[track_caller]
pub(crate) fn are_the_same(found: &[Record], written: &[Record]) {
    assert_eq!(found.len(), written.len());
    for (found, written) in found.iter().zip(written) {
        assert_eq!(format!("{found:?}"), format!("{written:?}"));
    }
}
