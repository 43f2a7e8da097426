//! The engine alone: a file in, a file of verdicts out, beside "parse and do nothing" on the same bytes in the same run.

use decider::{Decider, Effects};
use model::log::{Genesis, RecordBody};
use model::{EventTime, HashKey, Position, Record};
use ruleset::Ruleset;
use runtime::Stopwatch;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trade::workload::Workload;

use crate::{EVENTS_PER_SECOND, load, say};

/// 2026-01-01T00:00:00Z.
const START_MS: i64 = 1_767_225_600_000;

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Events in the file
    #[arg(long, default_value_t = 500_000)]
    events: usize,
    /// Rounds, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Threads that decide; 0 is one a core
    #[arg(long, default_value_t = 0)]
    threads: usize,
    /// The folder with the rules
    #[arg(long, default_value = "rules")]
    rules: PathBuf,
}

/// Measures, and prints.
pub(crate) fn measure(args: &Args) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("workload.ndjson");
    let bytes = write_workload(&file, args.events)?;
    let ruleset = load(&args.rules)?;
    rayon::ThreadPoolBuilder::new().num_threads(args.threads).build_global().map_err(io::Error::other)?;
    say(&format!(
        "{} events, {} bytes each, {} rules, {} features, {} thread(s)",
        args.events,
        bytes / args.events as u64,
        ruleset.rules().len(),
        ruleset.features().len(),
        rayon::current_num_threads(),
    ));
    let (mut floors, mut engines) = (Vec::new(), Vec::new());
    for round in 1..=args.rounds {
        let floor = parse_only(&file)?;
        let (engine, verdicts) = whole_engine(&file, &folder.path().join("verdicts.ndjson"), &ruleset)?;
        say(&format!(
            "round {round}: parse and do nothing {}/s, whole engine {}/s, {verdicts} verdicts",
            per_second(args.events, floor),
            per_second(args.events, engine)
        ));
        floors.push(floor);
        engines.push(engine);
    }
    let (floor, engine) = (median(&mut floors), median(&mut engines));
    say(&format!("parse and do nothing  {:>10} events/s", per_second(args.events, floor)));
    say(&format!("whole engine          {:>10} events/s", per_second(args.events, engine)));
    say(&format!("ratio                 {:>10} times the time of parsing alone", tenths(engine, floor)));
    Ok(())
}

fn write_workload(file: &Path, events: usize) -> io::Result<u64> {
    let mut out = BufWriter::new(File::create(file)?);
    let mut bytes = 0;
    let start = EventTime::from_ms(START_MS).expect("a time in 2026");
    for event in Workload::new(1, start, EVENTS_PER_SECOND).take(events) {
        let mut line = connector::wire::encode(&event);
        line.push(b'\n');
        bytes += line.len() as u64;
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok(bytes)
}

/// Microseconds to read and parse every event, on one thread.
fn parse_only(file: &Path) -> io::Result<u128> {
    let watch = Stopwatch::start();
    let mut kinds = 0;
    for line in BufReader::with_capacity(1 << 20, File::open(file)?).split(b'\n') {
        let value: serde_json::Value = serde_json::from_slice(&line?)?;
        kinds += usize::from(value.get("kind").is_some());
    }
    assert!(kinds > 0, "the workload has events");
    Ok(watch.elapsed().as_micros())
}

/// Microseconds from file to verdict file, everything included, and the verdicts written.
fn whole_engine(file: &Path, out: &Path, ruleset: &Arc<Ruleset>) -> io::Result<(u128, u64)> {
    let watch = Stopwatch::start();
    let mut decider =
        Decider::new(Genesis::standard(ruleset.hash().into()), Arc::clone(ruleset), HashKey::public());
    let mut out = BufWriter::with_capacity(1 << 20, File::create(out)?);
    let (mut effects, mut chunk, mut line, mut verdicts) = (Effects::default(), Vec::new(), Vec::new(), 0);
    let mut lines = BufReader::with_capacity(1 << 20, File::open(file)?).split(b'\n');
    let mut position = 0;
    loop {
        chunk.clear();
        for raw in lines.by_ref().take(runtime::CHUNK_RECORDS) {
            let raw = bytes_of(raw?);
            let body = match connector::wire::decode(&raw) {
                Ok(decoded) => RecordBody::Event(Box::new(decoded.event)),
                Err(refusal) => RecordBody::Undecodable(refusal),
            };
            position += 1;
            chunk.push(Record { position: Position(position), stamp: None, raw, body });
        }
        if chunk.is_empty() {
            break;
        }
        decider.decide(&chunk, &mut effects);
        for verdict in &effects.verdicts {
            line.clear();
            connector::wire::write_verdict(verdict, &mut line);
            out.write_all(&line)?;
        }
        verdicts += effects.verdicts.len() as u64;
        effects.clear();
    }
    out.flush()?;
    Ok((watch.elapsed().as_micros(), verdicts))
}

fn bytes_of(raw: Vec<u8>) -> bytes::Bytes {
    raw.into()
}

fn median(figures: &mut [u128]) -> u128 {
    figures.sort_unstable();
    figures.get(figures.len() / 2).copied().unwrap_or(1).max(1)
}

fn per_second(events: usize, us: u128) -> u128 {
    events as u128 * 1_000_000 / us.max(1)
}

fn tenths(a: u128, b: u128) -> String {
    let tenths = a * 10 / b.max(1);
    format!("{}.{}", tenths / 10, tenths % 10)
}
