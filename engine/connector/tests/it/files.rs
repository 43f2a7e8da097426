//! Files as a source of records in log order.

use std::io::Write;
use std::path::PathBuf;

use connector::file::{FileError, Files, Input, Progress};
use connector::log::write_record;
use connector::mapping::Mapping;
use connector::wire::encode;
use model::log::{Control, Genesis, RecordBody};
use model::{Event, EventTime, Kind, Position, Record};

use crate::dice::Dice;

/// A folder of files, gone when it is dropped.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Desk {
        Desk(tempfile::tempdir().unwrap())
    }

    fn put(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn open(paths: &[PathBuf]) -> Result<Input, FileError> {
    Files::open(paths, None, &mut |_| {})
}

fn event(id: &str, kind: &str, at: i64) -> String {
    let rest = match kind {
        "click" => "\"click_id\":\"c\",\"creator_id\":\"m\",\"buyer_id\":\"b\"",
        "creator" => "\"creator_id\":\"m\"",
        _ => "\"order_id\":\"o\",\"status\":\"paid\"",
    };
    format!("{{\"event_id\":\"{id}\",\"kind\":\"{kind}\",\"occurred_at\":{at},{rest}}}\n")
}

/// The ids of events, and the bytes of what is none, in log order.
fn order(input: &Input) -> Vec<String> {
    let names = input.records.iter().map(|record| match &record.body {
        RecordBody::Event(event) => event.event_id.to_string(),
        RecordBody::Undecodable(_) | RecordBody::Control(_) => {
            String::from_utf8_lossy(&record.raw).into_owned()
        }
    });
    names.collect()
}

const T: i64 = 1_700_000_000_000;

#[test]
fn foreign_records_are_sorted_by_time_kind_file_and_row() {
    let desk = Desk::new();
    let one =
        [event("a", "order_status", T + 1), event("b", "order_status", T), event("c", "click", T)].concat();
    let two = [event("d", "creator", T + 1), event("e", "click", T), event("f", "click", T)].concat();
    let input = open(&[desk.put("1.ndjson", one.as_bytes()), desk.put("2.jsonl", two.as_bytes())]).unwrap();
    assert_eq!(order(&input), ["c", "e", "f", "b", "d", "a"]);
    assert_eq!(input.records.iter().map(|r| r.position.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(input.genesis.is_none());
    assert!(input.records.iter().all(|record| record.stamp.is_none()));
}

#[test]
fn what_is_no_event_stays_behind_the_last_good_one_before_it() {
    let desk = Desk::new();
    let lines =
        ["x\n", &event("late", "click", T + 9), "y\n", "z\n", &event("early", "click", T), "w\n"].concat();
    let input = open(&[desk.put("a.ndjson", lines.as_bytes())]).unwrap();
    assert_eq!(order(&input), ["x", "early", "w", "late", "y", "z"]);
    assert_eq!(input.counts[0].refused_in_all(), 4);
    assert_eq!(input.counts[0].events[&Kind::Click], 2);
}

/// Where each record stands, as `file:line id`, and the records.
fn places(paths: &[PathBuf], mapping: Option<&Mapping>) -> Vec<String> {
    let mut places = Vec::new();
    let input = Files::open_placed(paths, mapping, &mut |_| {}, &mut |place| places.push(place)).unwrap();
    assert_eq!(places.len(), input.records.len());
    let ids = order(&input);
    places.iter().zip(ids).map(|(place, id)| format!("{}:{} {id}", place.file, place.line)).collect()
}

#[test]
fn each_record_is_told_with_the_file_and_line_where_it_stands() {
    let desk = Desk::new();
    let one = format!("\u{feff}\r\n{}\r\n\r\nx\r\n", event("late", "click", T + 9).trim());
    let two = zstd::encode_all([event("b", "click", T), event("c", "click", T + 20)].concat().as_bytes(), 3)
        .unwrap();
    let paths = [desk.put("1.ndjson", one.as_bytes()), desk.put("2.ndjson.zst", &two)];
    assert_eq!(places(&paths, None), ["1:1 b", "0:2 late", "0:4 x", "1:2 c"]);
    let records = log();
    let (one, two) = records.split_at(7);
    let paths = [desk.put("1", &log_of(one)), desk.put("2", &log_of(two))];
    let places = places(&paths, None);
    assert!(
        places[5].starts_with("0:7 ") && places[6].starts_with("1:1 "),
        "the genesis is told of apart: {places:?}"
    );
}

#[test]
fn a_row_of_a_table_is_told_with_the_line_where_it_begins() {
    let mapping = Mapping::parse(
        "[[table]]\n[[table.event]]\nkind = \"click\"\n[table.event.fields]\nevent_id = \"{#row}-{id}\"\n\
         click_id = \"{id}\"\ncreator_id = \"m\"\nbuyer_id = \"b\"\noccurred_at = { from = \"{at}\", as = \"time\", format = \"epoch_s\" }\n",
    )
    .unwrap();
    let table =
        "id,\"at\",\"a\nnote\"\n\na,1700000000,\"two\nlines\"\nb,1700000001,x\n\n\nc,never,x\nd,1700000003,x";
    let desk = Desk::new();
    for text in [table.to_owned(), table.replace('\n', "\r\n")] {
        let found = places(&[desk.put("a.csv", text.as_bytes())], Some(&mapping));
        assert_eq!(found, ["0:4 1-a", "0:6 2-b", "0:9 c,never,x", "0:10 4-d"]);
    }
}

#[test]
fn empty_lines_and_a_byte_order_mark_are_nothing() {
    let desk = Desk::new();
    let lines = format!("\u{feff}\r\n{}\r\n\n", event("a", "click", T).trim());
    assert_eq!(order(&open(&[desk.put("a.json", lines.as_bytes())]).unwrap()), ["a"]);
    assert!(open(&[desk.put("b.json", b"")]).unwrap().records.is_empty());
}

#[test]
fn compressed_files_are_read_whatever_their_name() {
    let desk = Desk::new();
    let line = event("a", "click", T);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(line.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(line.as_bytes(), 3).unwrap();
    for (name, bytes) in [("a.ndjson.gz", &gzip), ("a.ndjson.zst", &zstd), ("a.ndjson", &zstd), ("b", &gzip)]
    {
        assert_eq!(order(&open(&[desk.put(name, bytes)]).unwrap()), ["a"], "{name}");
    }
    for whole in [&gzip, &zstd] {
        let cut = open(&[desk.put("cut", &whole[..whole.len() - 9])]).unwrap_err();
        assert!(matches!(cut, FileError::CutOff { .. }), "{cut}");
    }
    let mut damaged = gzip.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let damaged = open(&[desk.put("damaged.gz", &damaged)]).unwrap_err();
    assert!(matches!(damaged, FileError::Unreadable { .. }), "{damaged}");
}

#[test]
fn progress_ends_where_the_files_end() {
    let desk = Desk::new();
    let lines = event("a", "click", T).repeat(40_000);
    let paths = [desk.put("a.ndjson", lines.as_bytes()), desk.put("b.ndjson", b"x\n")];
    let mut told: Vec<Progress> = Vec::new();
    Files::open(&paths, None, &mut |progress| told.push(progress)).unwrap();
    let total = lines.len() as u64 + 2;
    assert!(told.len() > 4);
    assert!(told.is_sorted_by_key(|progress| progress.read_bytes));
    assert_eq!(told.last(), Some(&Progress { read_bytes: total, total_bytes: total }));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let desk = Desk::new();
    let error = |name: &str, bytes: &str| open(&[desk.put(name, bytes.as_bytes())]).unwrap_err().to_string();
    assert_eq!(
        error("a.csv", "a,b\n"),
        "a.csv: a table needs a mapping file that names its columns; give one with --mapping"
    );
    assert!(
        error("a.json", "[\n{}\n]")
            .starts_with("a.json, line 1: this is one JSON document over several lines")
    );
    let utf16: Vec<u8> = "\u{feff}{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let utf16 = open(&[desk.put("a.ndjson", &utf16)]).unwrap_err().to_string();
    assert_eq!(utf16, "a.ndjson: this is UTF-16; save it as UTF-8");
    let folder = open(&[desk.0.path().to_owned()]).unwrap_err().to_string();
    assert!(folder.contains("is a folder; name the files in it, such as"), "{folder}");
    let absent = open(&[desk.0.path().join("absent.ndjson")]).unwrap_err().to_string();
    assert!(absent.contains("absent.ndjson: cannot be read: No such file"), "{absent}");
}

fn log_of(records: &[Record]) -> Vec<u8> {
    let mut out = Vec::new();
    records.iter().for_each(|record| write_record(record, &mut out));
    out
}

fn log() -> Vec<Record> {
    let record = |(position, body): (u64, RecordBody)| {
        let raw = match &body {
            RecordBody::Event(event) => encode(event).into(),
            RecordBody::Undecodable(_) | RecordBody::Control(_) => bytes::Bytes::new(),
        };
        Record { position: Position(position), stamp: EventTime::from_ms(T), raw, body }
    };
    let genesis = RecordBody::Control(Control::Genesis(Box::new(Genesis::standard("abc".into()))));
    let events =
        (0..20).map(|seed| -> Event { Dice(seed).event() }).map(|event| RecordBody::Event(Box::new(event)));
    let tick = RecordBody::Control(Control::Tick(EventTime::from_ms(T).unwrap()));
    (0..).zip([genesis].into_iter().chain(events).chain([tick])).map(record).collect()
}

#[test]
fn an_exported_log_is_read_in_its_own_order() {
    let desk = Desk::new();
    let records = log();
    let (one, two) = records.split_at(7);
    let input = open(&[desk.put("1.ndjson", &log_of(one)), desk.put("2.ndjson", &log_of(two))]).unwrap();
    assert_eq!(input.genesis, Some(Genesis::standard("abc".into())));
    assert_eq!(log_of(&input.records), log_of(&records[1..]));
    assert_eq!((input.counts[0].controls, input.counts[1].controls), (1, 1));
}

#[test]
fn a_damaged_log_is_not_replayed() {
    let desk = Desk::new();
    let text = String::from_utf8(log_of(&log())).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let error =
        |lines: &[&str]| open(&[desk.put("log", lines.join("\n").as_bytes())]).unwrap_err().to_string();
    let gap = [&lines[..3], &lines[4..]].concat();
    assert_eq!(
        error(&gap),
        "log, line 4: the exported log is damaged: position 4 stands where 3 must; export it again"
    );
    let cut = [&lines[..3], &[&lines[3][..30]]].concat();
    assert!(error(&cut).starts_with("log, line 4: the exported log is damaged: EOF"), "{}", error(&cut));
    let foreign = desk.put("a.ndjson", event("a", "click", T).as_bytes());
    let mixed = open(&[foreign, desk.put("log", text.as_bytes())]).unwrap_err();
    assert!(matches!(mixed, FileError::Mixed { .. }));
}
