//! `tidegate run`: a lane as a service. Events come in over HTTP and are durable before they are acknowledged; what
//! was decided is in the same folder; a changed folder of rules takes effect while it runs.

mod watch;

use connector::store::{Holder, OpenError, Store};
use console::{Console, Exposure, Given, Settings, TlsFiles};
use model::event::Body;
use model::log::{Feeds, Genesis, RecordBody};
use model::{Position, Text};
use runtime::service::{Lane, Serve, Service, StartError, Status, Tell, begin};
use runtime::{Journal, SteadyClock, hash_key};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::args::Run;
use crate::config::Config;
use crate::failure::Failure;
use crate::print;
use crate::{input, rules_folder};

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(200);

/// Runs the command.
pub(crate) fn run(args: &Run, config: &Config) -> Result<(), Failure> {
    let settings = listening(args)?;
    let stop = asked_to_stop()?;
    let mut store = open(args)?;
    let snapshots = store.snapshots();
    begin_lane(&mut store, config)?;
    let serve = Serve {
        chunk: config.chunk,
        threads: config.threads,
        snapshot_interval_records: args.snapshot_interval,
        undecided_records_max: args.undecided_max,
    };
    let tell: Tell = Arc::new(|what| print::note(&what));
    let mut caught_up = |next: Position| print::note(&format!("caught up to position {next}"));
    let service = Service::start(store, snapshots, serve, &tell, &mut caught_up).map_err(unstartable)?;
    let lane = Arc::new(service.handle());
    let console = serve_http(args, Arc::clone(&lane) as Arc<dyn Lane>, &settings)?;
    let status = lane.status();
    print::note(&format!(
        "listening on {}; the next record is at position {}, under ruleset {}; Ctrl-C stops",
        console.address(),
        status.next(),
        status.ruleset()
    ));
    let watch = watch::Watch::start(&config.rules, Arc::clone(&lane) as Arc<dyn Lane>, Arc::clone(&stop))?;
    while !stop.load(Ordering::Relaxed) && !service.has_failed() {
        std::thread::sleep(LOOK);
    }
    stop.store(true, Ordering::Relaxed);
    print::note("stopping: what was accepted is decided first");
    console.stop();
    watch.join();
    let journal = service.stop().map_err(|error| Failure::output(&args.data.display(), &error))?;
    let next = journal.head().next();
    print::note(&format!("stopped; the next record is at position {next}"));
    Ok(())
}

fn listening(args: &Run) -> Result<Settings, Failure> {
    let exposure = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            Exposure::Tls(TlsFiles { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None) if args.behind_proxy => Exposure::BehindProxy,
        (None, None) => Exposure::Loopback,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::usage("--tls-certificate and --tls-key come together".into()));
        }
    };
    Ok(Settings { exposure, ..Settings::loopback(args.listen) })
}

fn asked_to_stop() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|e| Failure::usage(format!("cannot listen for Ctrl-C: {e}")))?;
    Ok(stop)
}

fn open(args: &Run) -> Result<Store, Failure> {
    let holder = Holder::here(SteadyClock::start().now(), Some(args.listen.to_string()));
    Store::open(&args.data, &holder).map_err(|error| match error {
        OpenError::Held(..) | OpenError::Foreign(_) => Failure::usage(error.to_string()),
        OpenError::Missing(_)
        | OpenError::Newer { .. }
        | OpenError::Older { .. }
        | OpenError::Folder(..)
        | OpenError::Journal(_) => Failure::unreadable(error.to_string()),
    })
}

/// A new store's first record is genesis, under the rules of the folder.
fn begin_lane(store: &mut Store, config: &Config) -> Result<(), Failure> {
    if store.head().manifest.is_some() {
        return Ok(());
    }
    let rules = rules_folder::load(&config.rules)?;
    let genesis = |ruleset: Text| live(input::genesis(config, &ruleset));
    begin(store, genesis, &rules.sources).map_err(|error| Failure::output(&"the store", &error))
}

/// What a live lane begins with, where nothing else was said: nobody can guess who is in a canary, and a feed is
/// complete as far as its marks say.
fn live(genesis: Genesis) -> Genesis {
    let canary_key = match genesis.canary_key {
        0 => u64::try_from(hash_key().secret() >> 64).unwrap_or(u64::MAX),
        key => key,
    };
    Genesis { canary_key, feeds: Feeds::Marked, ..genesis }
}

fn unstartable(error: StartError) -> Failure {
    Failure::unreadable(error.to_string())
}

fn serve_http(args: &Run, lane: Arc<dyn Lane>, settings: &Settings) -> Result<Console, Failure> {
    let books = connector::store::queries::Shelf::open(&args.data)
        .map_err(|error| Failure::unreadable(error.to_string()))?;
    let measured = Arc::clone(&lane);
    let metrics = Arc::new(move || metrics(measured.status()));
    let given = Given { lane, books: Arc::new(books), decode, metrics };
    Console::start(given, settings).map_err(|error| Failure::usage(error.to_string()))
}

/// Reads a record that an identity posted: the actor of a review is whoever posted it.
fn decode(raw: &[u8], identity: &str) -> RecordBody {
    match connector::wire::decode(raw) {
        Ok(mut decoded) => {
            if let Body::Review(review) = &mut decoded.event.body {
                review.actor = Some(Text::new(identity));
            }
            RecordBody::Event(Box::new(decoded.event))
        }
        Err(refusal) => RecordBody::Undecodable(refusal),
    }
}

/// How the lane is doing, in Prometheus' text format.
fn metrics(status: &Status) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: i128| {
        text += &format!(
            "# HELP tidegate_{name} {help}\n# TYPE tidegate_{name} gauge\ntidegate_{name} {value}\n"
        );
    };
    gauge("next_position", "Position of the next record.", status.next().0.into());
    gauge("undecided_records", "Records that are durable and not yet decided.", status.undecided().into());
    gauge("verdicts", "Verdicts published.", (*status.verdicts().borrow()).into());
    if let Some(clock) = status.clock() {
        gauge("log_clock_seconds", "The log clock, seconds since the epoch.", (clock.as_ms() / 1000).into());
    }
    gauge("store_fault", "1 while the store cannot be written.", status.fault().is_some().into());
    text
}
