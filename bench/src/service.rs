//! A lane as it is served: events over HTTP, durable before they are acknowledged, decided, and what was decided durable.
//!
//! Throughput: clients post batches as fast as they are answered; beside it, in the same run, a plain file takes the same
//! bytes with a flush for each batch, which is what the disk allows. Latency: batches are sent on a schedule at half of
//! that throughput, and timed from the moment that they should have been sent, so that a stall is not hidden by the
//! batches that it keeps from being sent; beside it, what one flush of the disk takes. Once without snapshots, and once
//! with one every few seconds, so that one is mostly under way.

use bytes::Bytes;
use connector::store::queries::Shelf;
use connector::store::{Holder, Operator, Store};
use console::{Console, Given, Place, Settings};
use hdrhistogram::Histogram;
use model::Span;
use model::log::{Genesis, RecordBody};
use runtime::service::limit::UNDECIDED_RECORDS_MAX;
use runtime::service::{Arrived, Handle, Lane as _, Serve, Service, begin};
use runtime::{Origin, SteadyClock, Stopwatch, Threads};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use trade::workload::Workload;

use crate::client::{Client, Posted};
use crate::{EVENTS_PER_SECOND, load, say, sources};

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Events to measure throughput with
    #[arg(long, default_value_t = 500_000)]
    events: usize,
    /// Events in a batch, for throughput
    #[arg(long, default_value_t = 5_000)]
    batch: usize,
    /// Clients
    #[arg(long, default_value_t = 4)]
    clients: usize,
    /// How long latency is measured, in seconds
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// The folder for the store: where the disk is that counts; a temporary one when missing
    #[arg(long)]
    folder: Option<PathBuf>,
    /// The folder with the rules
    #[arg(long, default_value = "rules")]
    rules: PathBuf,
}

/// Events in a batch, for latency: what an interactive producer sends.
const SMALL_BATCH: usize = 50;
/// Seconds of events between two snapshots, where they are taken: one takes about as long, so that one is mostly under way.
const SNAPSHOT_EVERY_SECONDS: u64 = 5;
/// Flushes, to know what one takes.
const FLUSHES: usize = 500;

/// Measures, and prints.
pub(crate) fn measure(args: &Args) -> io::Result<()> {
    let folder = match &args.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    load(&args.rules)?;
    let batches = batches(args.events, args.batch);
    let bytes: usize = batches.iter().map(Vec::len).sum();
    say(&format!("{} events, {} bytes each, in batches of {}", args.events, bytes / args.events, args.batch));
    let disk = disk_alone(&folder.path().join("plain"), &batches)?;
    let (durable, decided) = throughput(&folder.path().join("throughput"), &batches, args)?;
    let per_second = |took: Duration| args.events as u128 * 1_000_000 / took.as_micros().max(1);
    say(&format!("the disk alone        {:>10} events/s", per_second(disk)));
    say(&format!("durable               {:>10} events/s", per_second(durable)));
    say(&format!("durable and decided   {:>10} events/s", per_second(decided)));
    let rate = per_second(decided) / 2;
    let flush = flushes(&folder.path().join("flushes"))?;
    say(&format!("latency at {rate} events/s, in batches of {SMALL_BATCH}, for {} s", args.seconds));
    tell("one flush of the disk", &flush);
    let calm = latency(&folder.path().join("calm"), rate, u64::MAX, args)?;
    tell("durable", &calm.durable);
    tell("durable and decided", &calm.decided);
    let interval = u64::try_from(rate).unwrap_or(u64::MAX).saturating_mul(SNAPSHOT_EVERY_SECONDS);
    let busy = latency(&folder.path().join("busy"), rate, interval, args)?;
    tell("the same with a snapshot every few seconds", &busy.decided);
    Ok(())
}

fn tell(what: &str, times: &Histogram<u64>) {
    let ms = |quantile: f64| {
        let us = times.value_at_quantile(quantile);
        format!("{}.{:02}", us / 1_000, us % 1_000 / 10)
    };
    say(&format!("  {what}: p50 {} ms, p99 {} ms, p99.9 {} ms", ms(0.5), ms(0.99), ms(0.999)));
}

/// The workload as it would arrive now.
fn batches(events: usize, batch: usize) -> Vec<Vec<u8>> {
    let lasts = Span::from_secs((events as u64 / EVENTS_PER_SECOND).try_into().unwrap_or(i64::MAX));
    let start = SteadyClock::start().now().minus(lasts);
    let events: Vec<_> = Workload::new(1, start, EVENTS_PER_SECOND).take(events).collect();
    let line = |event| [connector::wire::encode(event), b"\n".to_vec()].concat();
    events.chunks(batch).map(|batch| batch.iter().flat_map(line).collect()).collect()
}

/// The same bytes in a plain file, flushed after each batch.
fn disk_alone(file: &Path, batches: &[Vec<u8>]) -> io::Result<Duration> {
    let watch = Stopwatch::start();
    let mut file = File::create(file)?;
    for batch in batches {
        file.write_all(batch)?;
        file.sync_data()?;
    }
    Ok(watch.elapsed())
}

fn flushes(file: &Path) -> io::Result<Histogram<u64>> {
    let mut times = histogram();
    let mut file = File::create(file)?;
    for _ in 0..FLUSHES {
        let watch = Stopwatch::start();
        file.write_all(&[0; 4_096])?;
        file.sync_data()?;
        times.saturating_record(us(watch.elapsed()));
    }
    Ok(times)
}

/// Microseconds up to a minute, to three digits.
fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 3).expect("the bounds are in order")
}

fn us(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}

/// A lane that is served.
struct Lane {
    service: Service<Store, connector::store::SnapshotFolder>,
    console: Console,
    token: String,
}

impl Lane {
    fn start(folder: &Path, rules: &Path, snapshot_interval_records: u64) -> io::Result<Lane> {
        let holder = Holder::here(SteadyClock::start().now(), None);
        let mut store = Store::open(folder, &holder).map_err(io::Error::other)?;
        let snapshots = store.snapshots();
        begin(&mut store, Genesis::standard, &sources(rules)?).map_err(io::Error::other)?;
        let serve = Serve {
            chunk: runtime::CHUNK_RECORDS,
            threads: Threads::All,
            snapshot_interval_records,
            undecided_records_max: UNDECIDED_RECORDS_MAX,
        };
        let tell: runtime::service::Tell = Arc::new(|_| {});
        let service =
            Service::start(store, snapshots, serve, &tell, &mut |_| {}).map_err(io::Error::other)?;
        let mut operator = Operator::open(folder).map_err(io::Error::other)?;
        let scopes = ["producer", "finance", "risk"].map(str::to_owned);
        let token = operator.create_token("bench", &scopes, SteadyClock::start().now(), None);
        let books = Arc::new(Shelf::open(folder).map_err(io::Error::other)?);
        let shelf = Arc::clone(&books);
        let given = Given {
            lane: Arc::new(service.handle()),
            books,
            clerk: Arc::new(move || shelf.clerk()),
            decode,
            metrics: Arc::new(String::new),
            adopt: |_, _| {},
        };
        let listen = ([127, 0, 0, 1], 0).into();
        let place = Place::take(&Settings::loopback(listen)).map_err(io::Error::other)?;
        let console = Console::start(given, place).map_err(io::Error::other)?;
        Ok(Lane { service, console, token: token.map_err(io::Error::other)?.token })
    }

    fn client(&self) -> io::Result<Client> {
        Client::connect(self.console.address(), &self.token)
    }

    fn handle(&self) -> Handle<connector::store::Reader> {
        self.service.handle()
    }

    fn stop(self) -> io::Result<()> {
        self.console.stop();
        self.service.stop().map(drop).map_err(io::Error::other)
    }
}

fn decode(raw: Bytes, _: &str) -> Arrived {
    let body = match connector::wire::decode(&raw) {
        Ok(decoded) => RecordBody::Event(Box::new(decoded.event)),
        Err(refusal) => RecordBody::Undecodable(refusal),
    };
    Arrived { raw, body, origin: Origin::Bytes }
}

/// How long it takes until all is durable, and until all is decided.
fn throughput(folder: &Path, batches: &[Vec<u8>], args: &Args) -> io::Result<(Duration, Duration)> {
    let lane = Lane::start(folder, &args.rules, u64::MAX)?;
    let watch = Stopwatch::start();
    std::thread::scope(|threads| {
        let lane = &lane;
        let post = |first| threads.spawn(move || post_every(lane, batches, first, args.clients));
        let clients: Vec<_> = (0..args.clients).map(post).collect();
        clients.into_iter().try_for_each(|client| client.join().expect("no client panics"))
    })?;
    let durable = watch.elapsed();
    let handle = lane.handle();
    while handle.status().undecided() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    let decided = watch.elapsed();
    lane.stop()?;
    Ok((durable, decided))
}

/// Posts every so-manyth batch.
fn post_every(lane: &Lane, batches: &[Vec<u8>], first: usize, step: usize) -> io::Result<()> {
    let mut client = lane.client()?;
    for batch in batches.iter().skip(first).step_by(step) {
        while client.post(batch)? == Posted::Busy {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(())
}

struct Latency {
    durable: Histogram<u64>,
    decided: Histogram<u64>,
}

/// Posts small batches on a schedule.
fn latency(folder: &Path, rate: u128, snapshot_interval: u64, args: &Args) -> io::Result<Latency> {
    let events = usize::try_from(rate * u128::from(args.seconds)).unwrap_or(usize::MAX);
    let batches = batches(events, SMALL_BATCH);
    let pause_us = (SMALL_BATCH as u128 * 1_000_000 / rate.max(1)).max(1);
    let lane = Lane::start(folder, &args.rules, snapshot_interval)?;
    let handle = lane.handle();
    let (posted, to_watch) = std::sync::mpsc::channel::<(Duration, u64)>();
    let watch = Stopwatch::start();
    let times = std::thread::scope(|threads| {
        let decided = threads.spawn(move || {
            let mut times = histogram();
            for (should, next) in to_watch {
                while handle.status().decided().is_none_or(|decided| decided.0 + 1 < next) {
                    std::thread::sleep(Duration::from_micros(100));
                }
                times.saturating_record(us(watch.elapsed().saturating_sub(should)));
            }
            times
        });
        let (lane, batches) = (&lane, &batches);
        let clients: Vec<_> = (0..args.clients)
            .map(|first| {
                let posted = posted.clone();
                threads.spawn(move || {
                    let mut client = lane.client()?;
                    let handle = lane.handle();
                    let mut times = histogram();
                    for (turn, batch) in batches.iter().enumerate().skip(first).step_by(args.clients) {
                        let should = Duration::from_micros((turn as u128 * pause_us).try_into().unwrap_or(0));
                        std::thread::sleep(should.saturating_sub(watch.elapsed()));
                        while client.post(batch)? == Posted::Busy {
                            std::thread::sleep(Duration::from_millis(1));
                        }
                        times.saturating_record(us(watch.elapsed().saturating_sub(should)));
                        // Its own records are before this position. Whoever watches outlives the clients.
                        posted.send((should, handle.status().next().0)).expect("somebody watches");
                    }
                    Ok::<_, io::Error>(times)
                })
            })
            .collect();
        drop(posted);
        let mut durable = histogram();
        for client in clients {
            durable += client.join().expect("no client panics")?;
        }
        let decided = decided.join().expect("the watcher does not panic");
        Ok::<_, io::Error>(Latency { durable, decided })
    })?;
    lane.stop()?;
    Ok(times)
}
