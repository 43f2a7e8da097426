//! The log in blocks: what is committed is read back, exactly.

use connector::wire::{decode, encode};
use model::log::{Control, Genesis, RecordBody};
use model::refusal::{Code, Refusal};
use model::{EventTime, Position, Record};
use runtime::{Journal, JournalReader};

use super::{append, are_the_same, now, open, read_back, record};
use crate::dice::Dice;

fn event(dice: &mut Dice, position: u64) -> Record {
    let event = dice.event();
    let canonical = String::from_utf8(encode(&event)).unwrap();
    let raw: Vec<u8> = match dice.below(6) {
        0 => canonical.replacen('{', "{ \"unknown\" : [1,  2], ", 1).into(),
        1 => canonical.replacen('{', "{\n", 1).into(),
        2 => "a,csv,row".into(),
        3 => b"\xfe,row".to_vec(),
        _ => canonical.into(),
    };
    record(position, raw, RecordBody::Event(Box::new(event)))
}

fn other(dice: &mut Dice, position: u64) -> Record {
    let time = EventTime::from_ms(1_700_000_060_000).unwrap();
    let refused = |code, pointer, detail| RecordBody::Undecodable(Refusal::new(code, pointer, detail));
    match dice.below(5) {
        0 => record(position, "", RecordBody::Control(Control::Tick(time))),
        1 => record(position, "", RecordBody::Control(Control::Ruleset("def".into()))),
        2 => record(position, "", RecordBody::Control(Control::Upgrade(2))),
        3 => record(position, "\u{0}{", refused(Code::JsonSyntax, "", "é \"quoted\"\nand more")),
        _ => record(position, b"\xff".to_vec(), refused(Code::JsonUtf8, "/a~1b", "byte 0 is not UTF-8")),
    }
}

/// Every sort of record there is, as dice fall.
fn any_log(seed: u64, count: u64) -> Vec<Record> {
    let mut dice = Dice(seed);
    let genesis = Genesis::standard("abc".into());
    let mut records = vec![record(0, "", RecordBody::Control(Control::Genesis(Box::new(genesis))))];
    for position in 1..count {
        records.push(match dice.below(8) {
            0 => other(&mut dice, position),
            _ => event(&mut dice, position),
        });
    }
    records
}

#[test]
fn every_sort_of_record_is_read_back_as_it_was_committed() {
    for seed in 0..12 {
        let folder = tempfile::tempdir().unwrap();
        let written = any_log(seed, 120);
        let mut store = open(folder.path());
        append(&mut store, &written, 1 + seed as usize * 7);
        are_the_same(&read_back(&mut store.reader().unwrap(), 1 + seed as usize * 5), &written);
        let head = store.head().clone();
        drop(store);
        let store = open(folder.path());
        assert_eq!(*store.head(), head, "seed {seed}");
        are_the_same(&read_back(&mut store.reader().unwrap(), 1000), &written);
    }
}

#[test]
fn the_actor_of_a_review_is_kept_and_never_taken_from_the_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let raw = r#"{"event_id":"e","kind":"review","occurred_at":1767225600000,"review_id":"r","creator_id":"mia","decision":"hold","stage":"approval","actor":"somebody else"}"#;
    let mut event = decode(raw.as_bytes()).unwrap().event;
    let model::event::Body::Review(review) = &mut event.body else { panic!("it is a review") };
    assert_eq!(review.actor, None);
    review.actor = Some("ana".into());
    let genesis = any_log(0, 1);
    let written = [genesis[0].clone(), record(1, raw, RecordBody::Event(Box::new(event)))];
    let mut store = open(folder.path());
    append(&mut store, &written, 2);
    are_the_same(&read_back(&mut store.reader().unwrap(), 10), &written);
}

#[test]
fn a_record_is_found_wherever_its_block_begins() {
    let folder = tempfile::tempdir().unwrap();
    let written = any_log(99, 50);
    let mut store = open(folder.path());
    append(&mut store, &written, 7);
    let mut reader = store.reader().unwrap();
    for from in [0, 6, 7, 13, 48, 49] {
        for max in [1, 3, 100] {
            let found = reader.records(Position(from), max).unwrap();
            let expected = &written[from as usize..];
            are_the_same(&found, &expected[..max.min(expected.len())]);
        }
    }
    assert!(reader.records(Position(50), 10).unwrap().is_empty());
    assert!(reader.records(Position(0), 0).unwrap().is_empty());
}

#[test]
fn control_records_are_found_without_reading_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let written = any_log(5, 200);
    let mut store = open(folder.path());
    append(&mut store, &written, 40);
    let is_control = |record: &Record| match &record.body {
        RecordBody::Control(control) => Some((record.position, control.clone())),
        RecordBody::Event(_) | RecordBody::Undecodable(_) => None,
    };
    let expected: Vec<(Position, Control)> = written.iter().filter_map(is_control).collect();
    assert!(expected.len() > 10, "the log is worth looking through");
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.controls(Position(0)).unwrap(), expected);
    assert_eq!(reader.controls(Position(1)).unwrap(), expected[1..]);
}

#[test]
fn a_ruleset_is_kept_under_its_hash_and_its_loads_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    append(&mut store, &any_log(5, 200), 40);
    for (hash, archive) in [("abc", b"first".as_slice()), ("def", b"second"), ("abc", b"again")] {
        store.put_ruleset(hash, archive).unwrap();
    }
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.ruleset("abc").unwrap().as_deref(), Some(b"first".as_slice()));
    assert_eq!(reader.ruleset("xyz").unwrap(), None);
    let kept = reader.rulesets().unwrap();
    assert_eq!(kept.iter().map(|ruleset| ruleset.hash.as_str()).collect::<Vec<_>>(), ["def", "abc"]);
    assert_eq!(kept[1].loaded_at_positions, [0]);
    assert!(kept[0].loaded_at_positions.len() > 1);
    assert!(kept.iter().all(|ruleset| ruleset.kept_at >= now().as_ms()));
}
