//! Exported logs out, and back.

use bytes::Bytes;
use connector::log::{is_log, read_record, write_record};
use connector::wire::encode;
use model::log::{Control, Genesis, RecordBody};
use model::refusal::{Code, Refusal};
use model::{EventTime, Position, Record};

use crate::dice::Dice;

fn record(position: u64, raw: Bytes, body: RecordBody) -> Record {
    Record { position: Position(position), stamp: EventTime::from_ms(1_700_000_000_000), raw, body }
}

fn genesis() -> Record {
    let control = Control::Genesis(Box::new(Genesis::standard("abc".into())));
    record(0, Bytes::new(), RecordBody::Control(control))
}

fn line(record: &Record) -> Bytes {
    let mut line = Vec::new();
    write_record(record, &mut line);
    Bytes::from(line)
}

#[track_caller]
fn is_kept(record: &Record) {
    let line = line(record);
    let back = read_record(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    assert_eq!(format!("{back:?}"), format!("{record:?}"));
}

#[test]
fn every_sort_of_record_is_read_back_as_it_was_written() {
    let time = EventTime::from_ms(1_700_000_060_000).unwrap();
    is_kept(&genesis());
    for control in [Control::Tick(time), Control::Ruleset("def".into()), Control::Upgrade(2)] {
        is_kept(&record(7, Bytes::new(), RecordBody::Control(control)));
    }
    let refusal = Refusal::new(Code::JsonUtf8, "", "byte 0 is not UTF-8");
    is_kept(&record(8, Bytes::from_static(b"\xff"), RecordBody::Undecodable(refusal)));
}

#[test]
fn events_keep_the_bytes_that_they_came_in() {
    for seed in 0..500 {
        let event = Dice(seed).event();
        let canonical = String::from_utf8(encode(&event)).unwrap();
        let spaced = canonical.replacen('{', "{ \"unknown\" : [1,  2], ", 1);
        let wrapped = canonical.replacen('{', "{\n", 1);
        for raw in [canonical, spaced, wrapped, "a,csv,row".to_owned()] {
            is_kept(&record(seed, Bytes::from(raw), RecordBody::Event(Box::new(event.clone()))));
        }
        is_kept(&record(seed, Bytes::from_static(b"\xfe,row"), RecordBody::Event(Box::new(event))));
    }
}

#[test]
fn a_log_is_known_by_its_first_line() {
    assert!(is_log(&line(&genesis())));
    assert!(!is_log(b"{\"event_id\":\"e\",\"kind\":\"click\"}"));
    assert!(!is_log(b"InvoiceNo,StockCode"));
    insta::assert_snapshot!(String::from_utf8_lossy(&line(&genesis())), @r#"{"position":0,"ingested_at":1700000000000,"control":{"genesis":{"default_program":"main","default_market":"main","sweep_grid":"1m","allowed_skew":"5m","dedup_horizon":"7d","park_for":"7d","canary_key":"0000000000000000","feeds":"complete_to_clock","semantics":1,"ruleset":"abc"}}}"#);
}

#[test]
fn a_line_that_says_two_things_is_corrupt() {
    let error = |text: &'static str| read_record(&Bytes::from_static(text.as_bytes())).unwrap_err();
    assert_eq!(error("{\"position\":1}"), "a record has exactly one of `event`, `control` and `refusal`");
    assert_eq!(
        error("{\"position\":1,\"control\":{\"tick\":1700000000000,\"upgrade\":2}}"),
        "`control` has exactly one of `genesis`, `tick`, `ruleset` and `upgrade`"
    );
    assert_eq!(
        error("{\"position\":1,\"control\":{\"upgrade\":\"x\"}}"),
        "`control/upgrade`: string \"x\" stands here, and it must be a whole number"
    );
    assert!(error("{\"position\":1,\"events\":{}}").starts_with("unknown field `events`"));
}

#[test]
fn an_event_that_cannot_be_read_is_a_record_all_the_same() {
    let line = Bytes::from_static(b"{\"position\":1,\"event\":{\"kind\":\"nonsense\"}}");
    let record = read_record(&line).unwrap();
    assert_eq!(record.raw.as_ref(), b"{\"kind\":\"nonsense\"}");
    assert!(matches!(record.body, RecordBody::Undecodable(refusal) if refusal.code == Code::KindUnknown));
}
