//! What commits cost: `cargo run --release -p connector --example store_rate -- FOLDER [EVENTS]`.
//!
//! The benchmark's workload under the shipped rules, committed in groups: the log alone, then with everything that is
//! decided of the group before; and the same number of bytes in as many appends and flushes of a plain file, which is
//! what the disk allows.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    reason = "a measurement reads its arguments and the clock, prints, and stops where something fails"
)]

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use connector::store::{Holder, Store};
use connector::wire::encode;
use decider::{Decider, Effects};
use model::log::{Control, Genesis, RecordBody};
use model::{EventTime, HashKey, Position, Record, Text};
use ruleset::{Ruleset, Sources};
use runtime::{Decided, Journal};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| "target/store_rate".to_owned()));
    let events = arguments.next().map_or(200_000, |count| count.parse().unwrap());
    for group in [1_000, 10_000] {
        let lane = Lane::of(events, group);
        println!("{} records in groups of {group}, {} verdicts", lane.records.len(), lane.verdicts());
        for with_outputs in [false, true] {
            lane.measure(&folder, group, with_outputs);
        }
    }
}

struct Lane {
    ruleset: Text,
    records: Vec<Record>,
    decided: Vec<Decided>,
}

impl Lane {
    fn of(events: usize, group: usize) -> Lane {
        let ruleset = shipped();
        let genesis = Genesis::standard(ruleset.hash().into());
        let start = EventTime::from_ms(1_767_225_600_000).unwrap();
        let events = trade::workload::Workload::new(1, start, 2_000).take(events);
        let events = events.map(|event| (Bytes::from(encode(&event)), RecordBody::Event(Box::new(event))));
        let first = (Bytes::new(), RecordBody::Control(Control::Genesis(Box::new(genesis.clone()))));
        let place = |(at, (raw, body))| Record { position: Position(at), stamp: Some(start), raw, body };
        let records: Vec<Record> = (0..).zip(std::iter::once(first).chain(events)).map(place).collect();
        let mut decider = Decider::new(genesis, Arc::clone(&ruleset), HashKey::public());
        decider.keep_rows();
        let decided = records.chunks(group).map(|records| decide(&mut decider, records)).collect();
        Lane { ruleset: ruleset.hash().into(), records, decided }
    }

    fn verdicts(&self) -> usize {
        self.decided.iter().map(|decided| decided.verdicts.len()).sum()
    }

    fn measure(&self, folder: &Path, group: usize, with_outputs: bool) {
        drop(std::fs::remove_dir_all(folder));
        let since = EventTime::from_ms(1_767_225_600_000).unwrap();
        let mut store = Store::open(folder, &Holder::here(since, None)).unwrap();
        let mut times = Vec::new();
        for (index, records) in self.records.chunks(group).enumerate() {
            let before = index.checked_sub(1).and_then(|before| self.decided.get(before));
            let decided = before.filter(|_| with_outputs).map(std::slice::from_ref).unwrap_or_default();
            let start = Instant::now();
            store.commit(records, &self.ruleset, decided).unwrap();
            times.push(start.elapsed());
        }
        let bytes = store.reader().unwrap().status().unwrap().database_bytes;
        let what = if with_outputs { "with outputs" } else { "the log alone" };
        report(what, self.records.len(), bytes, &mut times);
        let mut disk = plain_file(&folder.join("plain"), bytes, times.len());
        report("  the disk's own", self.records.len(), bytes, &mut disk);
    }
}

/// The same bytes, appended and flushed as often.
fn plain_file(path: &Path, bytes: u64, times: usize) -> Vec<Duration> {
    let mut file = File::create(path).unwrap();
    let part = vec![7; usize::try_from(bytes).unwrap() / times];
    let mut append = || {
        let start = Instant::now();
        file.write_all(&part).unwrap();
        file.sync_data().unwrap();
        start.elapsed()
    };
    (0..times).map(|_| append()).collect()
}

fn report(what: &str, records: usize, bytes: u64, times: &mut [Duration]) {
    let total: Duration = times.iter().sum();
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() - 1) * share / 1000).unwrap().as_secs_f64() * 1000.0;
    println!(
        "{what:16} {:>9.0} records/s {:>7.1} MB/s {:>6.0} bytes a record; a commit: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        records as f64 / total.as_secs_f64(),
        bytes as f64 / total.as_secs_f64() / 1e6,
        bytes as f64 / records as f64,
        at(500),
        at(990),
        at(1000),
    );
}

fn decide(decider: &mut Decider, records: &[Record]) -> Decided {
    let mut effects = Effects::default();
    decider.decide(records, &mut effects);
    Decided::of(records.last().unwrap().position, decider.clock(), effects)
}

fn shipped() -> Arc<Ruleset> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
    let files = connector::rules::read(&folder, &Sources::FOLDERS, Sources::wants).unwrap();
    Arc::new(Ruleset::load(&Sources::of_files(files)).unwrap().ruleset)
}
