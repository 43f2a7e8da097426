//! Everything that reads bytes which somebody else has written. Each function takes any bytes, must not panic, and
//! holds what was read to what it promises: read, written and read again, it is the same.

use bytes::Bytes;
use connector::file::Files;
use connector::mapping::Mapping;
use connector::wire;
use ruleset::{Ruleset, Sources};

/// A decoder by the name of its target and its corpus.
pub(crate) type Decoder = (&'static str, fn(&[u8]));

/// All of them.
pub(crate) const ALL: [Decoder; 9] = [
    ("event", event),
    ("verdict", verdict),
    ("dead_letter", dead_letter),
    ("log_record", log_record),
    ("events_file", events_file),
    ("mapping", mapping),
    ("rule", rule),
    ("archive", archive),
    ("snapshot", snapshot),
];

/// An event as a producer sends it.
pub(crate) fn event(bytes: &[u8]) {
    if let Ok(decoded) = wire::decode(bytes) {
        let again = wire::decode(&wire::encode(&decoded.event)).expect("what was written is read");
        assert!(again.event == decoded.event, "an event is what it was");
    }
}

/// A verdict, as `reconcile` reads it.
pub(crate) fn verdict(bytes: &[u8]) {
    if let Ok(verdict) = wire::read_verdict(bytes) {
        let mut line = Vec::new();
        wire::write_verdict(&verdict, &mut line);
        let again = wire::read_verdict(line.trim_ascii_end()).expect("what was written is read");
        assert!(again == verdict, "a verdict is what it was");
        runtime::Reconciler::default().read(&verdict);
    }
}

/// A dead letter.
pub(crate) fn dead_letter(bytes: &[u8]) {
    drop(wire::read_dead_letter(bytes));
}

/// A line of an exported log.
pub(crate) fn log_record(bytes: &[u8]) {
    if let Ok(record) = connector::log::read_record(&Bytes::copy_from_slice(bytes)) {
        let mut line = Vec::new();
        connector::log::write_record(&record, &mut line);
        let line = Bytes::copy_from_slice(line.trim_ascii_end());
        let again = connector::log::read_record(&line).expect("what was written is read");
        assert!(again.position == record.position && again.raw == record.raw, "a record is what it was");
    }
}

/// A file of events: lines, gzip, zstd, or an exported log.
pub(crate) fn events_file(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let file = folder.path().join("events.ndjson");
    std::fs::write(&file, bytes).expect("it can be written");
    drop(Files::open(&[file], None, &mut |_| {}));
}

/// A mapping file, and a table that is read with it.
pub(crate) fn mapping(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(mapping) = Mapping::parse(text) else { return };
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let file = folder.path().join("sales.csv");
    std::fs::write(&file, "id,time,paid,state\no1,2026-01-01T00:00:00Z,5.00,done\n")
        .expect("it can be written");
    drop(Files::open(&[file], Some(&mapping), &mut |_| {}));
}

/// A rule that an analyst has written.
pub(crate) fn rule(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut sources = Sources::default();
    sources.put("rule.rhai", text.to_owned());
    drop(Ruleset::load(&sources));
}

/// The archive of a ruleset.
pub(crate) fn archive(bytes: &[u8]) {
    if let Some(sources) = Sources::from_archive(bytes) {
        let again = Sources::from_archive(&sources.archive()).expect("what was written is read");
        assert!(again.hash() == sources.hash(), "a ruleset is what it was");
        drop(Ruleset::load(&sources));
    }
}

/// A sealed snapshot.
pub(crate) fn snapshot(bytes: &[u8]) {
    if let Ok(state) = runtime::open(bytes) {
        drop(decider::Decider::restore(state, &[]));
    }
    let sealed = runtime::seal(bytes);
    assert!(runtime::open(&sealed).expect("what was sealed is opened") == bytes);
}
