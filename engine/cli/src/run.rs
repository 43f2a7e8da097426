//! `tidegate run`: a lane as a service. Events come in over HTTP and are durable before they are acknowledged; what
//! was decided is in the same folder; a changed folder of rules takes effect while it runs.

mod kafka;
mod log;
mod otlp;
mod scrape;
mod watch;

use bytes::Bytes;
use connector::kafka::Feed;
use connector::store::{Holder, OpenError, Sign, SnapshotFolder, Store};
use console::{Console, Exposure, Given, Place, Settings, TlsFiles};
use model::Text;
use model::event::Body;
use model::log::{Feeds, Genesis, RecordBody};
use runtime::service::{Arrived, Handle, Lane, Serve, Service, StartError, Tell, begin};
use runtime::{Journal, JournalReader, Origin, Snapshots, Stopwatch, hash_key};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::{info, warn};

use crate::args::Run;
use crate::config::{Config, Serving, Transport};
use crate::data::{now, unusable};
use crate::failure::Failure;
use crate::run::otlp::Export;
use crate::run::scrape::Scrape;
use crate::{input, rules_folder};

/// How often it is looked whether to stop.
const LOOK: Duration = Duration::from_millis(200);
/// How often what was observed is put into its buckets.
const UPKEEP: Duration = Duration::from_secs(5);

/// Runs the command.
pub(crate) fn run(args: &Run, config: &Config) -> Result<(), Failure> {
    let settings = listening(&config.run)?;
    let place = place(args, &settings)?;
    let endpoint = config.run.otlp_endpoint.as_deref();
    // Dropped last: what is left of the spans is sent when all is done.
    let export = endpoint.map(|endpoint| Export::begin(endpoint, args.data.folder())).transpose()?;
    log::begin(config.run.log, export.as_ref());
    let scrape = Scrape::begin()?;
    let stop = asked_to_stop()?;
    let mut store = open(args, &config.transport)?;
    let sign = store.sign().map_err(|error| Failure::output(&args.data.folder().display(), &error))?;
    info!(version = env!("CARGO_PKG_VERSION"), data = %args.data.folder().display(), "starting");
    let snapshots = store.snapshots();
    let serving = Server { args, config, settings, place, scrape, stop, sign };
    match &config.transport {
        Transport::Embedded => {
            begin_lane(&mut store, config)?;
            serving.serve(store, snapshots, None)
        }
        Transport::Kafka(kafka) => {
            let Some(()) = kafka::wait_for_topics(kafka, &serving.stop)? else { return Ok(()) };
            let mut journal = kafka::lead(store, kafka)?;
            begin_lane(&mut journal, config)?;
            let feed = kafka::feed(&journal, kafka)?;
            serving.serve(journal, snapshots, Some(feed))
        }
    }
}

/// What a lane is served with, whatever it stands on.
struct Server<'r> {
    args: &'r Run,
    config: &'r Config,
    settings: Settings,
    place: Place,
    scrape: Scrape,
    stop: Arc<AtomicBool>,
    sign: Sign,
}

impl Server<'_> {
    /// Serves until it is told to stop, or cannot go on.
    fn serve<J: Journal>(
        self,
        journal: J,
        snapshots: SnapshotFolder,
        feed: Option<Feed>,
    ) -> Result<(), Failure> {
        let Server { args, config, settings, place, scrape, stop, sign } = self;
        let serve = Serve {
            chunk: config.chunk,
            threads: config.threads,
            snapshot_interval_records: config.run.snapshot_interval,
            undecided_records_max: config.run.undecided_max,
        };
        let tell: Tell = Arc::new(|happening| log::tell(&happening));
        let service =
            Service::start(journal, snapshots, serve, &tell, &mut log::progress).map_err(unstartable)?;
        let lane = Arc::new(service.handle());
        let console = serve_http(args, &lane, &scrape, place)?;
        let folder = args.data.folder();
        sign.say_listening(&url(&console, &settings))
            .map_err(|error| Failure::output(&folder.display(), &error))?;
        if !config.rules.is_dir() {
            warn!(folder = %config.rules.display(), "there is no folder of rules to watch: the ruleset in force stays");
        }
        let status = lane.status();
        info!(
            address = %console.address(),
            next_position = status.next().0,
            ruleset = %status.ruleset(),
            "listening; Ctrl-C stops"
        );
        let shared = Arc::clone(&lane) as Arc<dyn Lane>;
        let watch = watch::Watch::start(&config.rules, Arc::clone(&shared), Arc::clone(&stop))?;
        let feed = feed.map(|feed| kafka::start(feed, shared, Arc::clone(&stop))).transpose()?;
        serve_until(&stop, &service, &scrape);
        stop.store(true, Ordering::Relaxed);
        info!("stopping: what was accepted is decided first");
        console.stop();
        watch.join();
        let fed = feed.map_or(Ok(()), kafka::join);
        let journal = service.stop().map_err(|error| Failure::output(&folder.display(), &error))?;
        fed?;
        let next = journal.head().next();
        info!(next_position = next.0, "stopped");
        Ok(())
    }
}

/// Waits until it is time to stop.
fn serve_until<J: Journal, S: Snapshots>(stop: &AtomicBool, service: &Service<J, S>, scrape: &Scrape) {
    let mut kept_up = Stopwatch::start();
    while !stop.load(Ordering::Relaxed) && !service.has_failed() {
        std::thread::sleep(LOOK);
        if kept_up.elapsed() >= UPKEEP {
            scrape.upkeep();
            kept_up = Stopwatch::start();
        }
    }
}

fn listening(run: &Serving) -> Result<Settings, Failure> {
    let exposure = match (&run.tls_certificate, &run.tls_key) {
        (Some(certificate), Some(key)) => {
            Exposure::Tls(TlsFiles { certificate: certificate.clone(), key: key.clone() })
        }
        (None, None) if run.behind_proxy => Exposure::BehindProxy,
        (None, None) => Exposure::Loopback,
        (Some(_), None) | (None, Some(_)) => {
            return Err(Failure::usage("`tls_certificate` and `tls_key` come together".into()));
        }
    };
    Ok(Settings { exposure, ..Settings::loopback(run.listen) })
}

/// Takes the address before anything is written: what cannot be listened at leaves no store behind. Whoever holds the
/// folder is told first: that says why the address is taken, too.
fn place(args: &Run, settings: &Settings) -> Result<Place, Failure> {
    let folder = args.data.folder();
    if let Some(holder) = Holder::of(folder).map_err(|error| Failure::input(folder, &error))? {
        return Err(unusable(OpenError::Held(folder.to_path_buf(), Some(holder))));
    }
    Place::take(settings).map_err(|error| Failure::usage(error.to_string()))
}

fn asked_to_stop() -> Result<Arc<AtomicBool>, Failure> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|e| Failure::usage(format!("cannot listen for Ctrl-C: {e}")))?;
    Ok(stop)
}

fn open(args: &Run, transport: &Transport) -> Result<Store, Failure> {
    if let Err(OpenError::Older { found, known }) = Store::read(args.data.folder()).map(drop) {
        // A folder in which a store was hardly begun has none yet.
        if found > 0 {
            info!(
                found,
                known, "migrating the store to the schema of this version: nobody is served meanwhile"
            );
        }
    }
    let (folder, holder) = (args.data.folder(), Holder::here(now(), None));
    let opened = match transport {
        Transport::Embedded => Store::open(folder, &holder),
        Transport::Kafka(kafka) => Store::open_to_follow(folder, &holder, &kafka.layout.lane.to_string()),
    };
    opened.map_err(unusable)
}

/// A new store's first record is genesis, under the rules of the folder.
fn begin_lane(journal: &mut impl Journal, config: &Config) -> Result<(), Failure> {
    if journal.head().manifest.is_some() {
        return Ok(());
    }
    let rules = rules_folder::load(&config.rules)?;
    let genesis = |ruleset: Text| live(input::genesis(config, &ruleset));
    begin(journal, genesis, &rules.sources).map_err(|error| Failure::output(&"the store", &error))
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

fn serve_http<R: JournalReader>(
    args: &Run,
    lane: &Arc<Handle<R>>,
    scrape: &Scrape,
    place: Place,
) -> Result<Console, Failure> {
    let books = Arc::new(connector::store::queries::Shelf::open(args.data.folder()).map_err(unusable)?);
    let metrics = {
        let (scrape, lane, books) = (scrape.clone(), Arc::clone(lane), Arc::clone(&books));
        move || {
            lane.measure();
            scrape.text(&books, lane.status().clock())
        }
    };
    let shelf = Arc::clone(&books);
    let given = Given {
        lane: Arc::clone(lane) as Arc<dyn Lane>,
        books,
        clerk: Arc::new(move || shelf.clerk()),
        decode,
        metrics: Arc::new(metrics),
        adopt: otlp::adopt,
    };
    Console::start(given, place).map_err(|error| Failure::usage(error.to_string()))
}

/// Where programs on this machine reach it.
fn url(console: &Console, settings: &Settings) -> String {
    let scheme = match settings.exposure {
        Exposure::Tls(_) => "https",
        Exposure::Loopback | Exposure::BehindProxy => "http",
    };
    format!("{scheme}://{}", console.address())
}

/// Reads a record that an identity posted: the actor of a review is whoever posted it.
pub(crate) fn decode(raw: Bytes, identity: &str) -> Arrived {
    let mut origin = Origin::Bytes;
    let body = match connector::wire::decode(&raw) {
        Ok(mut decoded) => {
            if let Body::Review(review) = &mut decoded.event.body {
                review.actor = Some(Text::new(identity));
                origin = Origin::Elsewhere;
            }
            RecordBody::Event(Box::new(decoded.event))
        }
        Err(refusal) => RecordBody::Undecodable(refusal),
    };
    Arrived { raw, body, origin }
}
