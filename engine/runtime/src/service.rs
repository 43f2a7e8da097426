//! A service that never forgets: records are made permanent, then decided, and what was decided is made permanent.
//!
//! ```text
//!  submit ─▶ desk ─▶ writer ─▶ journal            one writer: places, stamps, groups, fsync
//!              ▲        │
//!              │        └─▶ tail ─▶ engine        decides what is permanent, lets time pass when it is quiet
//!              └────── decided ───────┘
//!                                follower          a second engine now and then: takes snapshots
//! ```
//!
//! What must hold: an answer to `submit` comes after the record is durable; what was decided is a function of the
//! journal alone; after any crash the same verdicts are there, each once. Waiting is bounded everywhere, and what
//! does not fit is refused before it is taken.

pub mod limit;

mod arrivals;
mod desk;
mod engine;
mod follower;
mod happening;
mod loader;
mod meter;
mod onlooker;
mod priority;
mod queues;
mod recovery;
mod rows;
mod status;
mod tail;
mod writer;

use decider::Decider;
use model::log::{Control, Genesis, RecordBody};
use model::{Position, Record, Text};
use ruleset::Sources;
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

pub use desk::{Answer, Arrived, Receipt, Refused};
pub use happening::{Happening, Tell};
pub use loader::{Load, LoadError};
pub use onlooker::Onlooker;
pub use recovery::{RecoveryError, genesis};
pub use status::Status;

use crate::clock::{SteadyClock, Stopwatch};
use crate::drive::Threads;
use crate::journal::{Journal, JournalError, JournalReader, Snapshots};
use crate::service::arrivals::Arrivals;
use crate::service::desk::Desk;
use crate::service::engine::Engine;
use crate::service::follower::Follower;
use crate::service::loader::Loader;
use crate::service::meter::Meter;
use crate::service::priority::Priority;
use crate::service::tail::Tail;
use crate::service::writer::Writer;
use crate::{telemetry, trace};

/// How to serve. None of this can change a verdict.
#[derive(Debug, Clone, Copy)]
pub struct Serve {
    /// Records decided at once, at most.
    pub chunk: usize,
    /// Threads that decide.
    pub threads: Threads,
    /// Records between two snapshots.
    pub snapshot_interval_records: u64,
    /// Records that may be permanent and not yet decided: beyond them, none are taken for the moment.
    pub undecided_records_max: u64,
}

/// Why a service did not start.
#[derive(Debug)]
pub enum StartError {
    /// It cannot go on from what it finds.
    Recovery(RecoveryError),
    /// A thread could not be started.
    Threads(io::Error),
    /// The threads that decide could not be started.
    Pool(rayon::ThreadPoolBuildError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Recovery(error) => error.fmt(f),
            StartError::Threads(error) => write!(f, "a thread cannot be started: {error}"),
            StartError::Pool(error) => write!(f, "the threads that decide cannot be started: {error}"),
        }
    }
}

impl std::error::Error for StartError {}

impl<E: Into<RecoveryError>> From<E> for StartError {
    fn from(error: E) -> StartError {
        StartError::Recovery(error.into())
    }
}

/// A running service.
pub struct Service<J: Journal, S> {
    desk: Arc<Desk>,
    tail: Arc<Tail>,
    status: Arc<Status>,
    loader: Arc<Loader<J::Reader>>,
    writer: JoinHandle<Result<J, JournalError>>,
    engine: JoinHandle<Result<Decider, JournalError>>,
    follower: JoinHandle<()>,
    stopping: Arc<AtomicBool>,
    snapshots: Arc<S>,
}

/// Begins a lane: genesis is its first record, with the ruleset that it names. Nothing happens where one has begun.
///
/// # Errors
/// When the journal cannot be written.
pub fn begin(
    journal: &mut impl Journal,
    genesis: impl FnOnce(Text) -> Genesis,
    sources: &Sources,
) -> Result<(), JournalError> {
    if journal.head().manifest.is_some() {
        return Ok(());
    }
    let hash = Text::new(sources.hash());
    journal.put_ruleset(&hash, &sources.archive())?;
    let body = RecordBody::Control(Control::Genesis(Box::new(genesis(hash.clone()))));
    let stamp = Some(SteadyClock::start().now());
    let first = Record { position: Position(0), stamp, raw: bytes::Bytes::new(), body };
    journal.commit(&[first], &hash, &[])
}

impl<J: Journal, S: Snapshots> Service<J, S> {
    /// Recovers, and serves on threads of its own. The lane must have [begun](begin).
    ///
    /// # Errors
    /// When it cannot go on from what it finds, or a thread cannot be started.
    pub fn start(
        mut journal: J,
        snapshots: S,
        serve: Serve,
        tell: &Tell,
        progress: &mut (dyn FnMut(Position) + Send),
    ) -> Result<Service<J, S>, StartError> {
        let began = Stopwatch::start();
        let mut reader = journal.reader()?;
        let newest = journal.head().decided;
        let mut state = recovery::resume(&mut reader, &snapshots, newest)?;
        state.passed_over.iter().for_each(|what| tell(Happening::PassedOver(what.clone())));
        let first = state.next;
        let pool = pool(serve.threads, Priority::Deciding)?;
        pool.install(|| recovery::catch_up(&mut state, &mut journal, &mut reader, serve.chunk, progress))?;
        let head = journal.head();
        let in_force = state.decider.ruleset().hash().to_owned();
        let status = Status::new(head.next(), head.decided, head.verdicts, &in_force)
            .with_undecided_max(serve.undecided_records_max);
        if journal.has_inputs() {
            status.inputs_have_more();
        }
        let (found, next, took) = (state.snapshot, state.next, began.elapsed());
        telemetry::RECOVERY_TIME.gauge(&[]).set(took.as_secs_f64());
        tell(Happening::Recovered { snapshot: found, records: next.0 - first.0, next, took });
        let interval = serve.snapshot_interval_records;
        let at = recovery::snapshot_if_due(&state, &snapshots, head.decided, interval, tell);
        at.or(found).into_iter().for_each(|at| status.snapped(at));
        Running { journal, snapshots, serve, tell, state, reader, pool, status }.start()
    }

    /// Where records are put, how it is doing, and how rulesets are loaded: for as many as want to.
    pub fn handle(&self) -> Handle<J::Reader> {
        Handle {
            desk: Arc::clone(&self.desk),
            tail: Arc::clone(&self.tail),
            status: Arc::clone(&self.status),
            loader: Arc::clone(&self.loader),
        }
    }

    /// Whether a thread has ended that should not have.
    pub fn has_failed(&self) -> bool {
        self.writer.is_finished() || self.engine.is_finished()
    }

    /// Takes no more records, decides what is there, takes a last snapshot, and ends.
    ///
    /// # Errors
    /// What kept it from ending well. What was accepted is permanent nevertheless.
    pub fn stop(self) -> Result<J, JournalError> {
        self.stopping.store(true, Ordering::Relaxed);
        self.desk.close();
        let journal = joined(self.writer)?;
        let decider = joined(self.engine)?;
        drop(self.follower.join());
        if let Some(at) = journal.head().decided.filter(|at| Some(*at) != self.status.snapshot()) {
            let span = trace::snapshot(at);
            let taken = recovery::take_snapshot(&decider, &*self.snapshots, at);
            taken
                .map(|bytes| trace::snapped(&span, bytes))
                .inspect_err(|error| trace::failed(&span, error))
                .map_err(|error| JournalError::Unwritable(format!("the last snapshot: {error}")))?;
        }
        Ok(journal)
    }
}

/// Everything that the threads are made of.
struct Running<'t, J: Journal, S> {
    journal: J,
    snapshots: S,
    serve: Serve,
    tell: &'t Tell,
    state: recovery::Recovered,
    reader: J::Reader,
    pool: rayon::ThreadPool,
    status: Status,
}

impl<J: Journal, S: Snapshots> Running<'_, J, S> {
    fn start(self) -> Result<Service<J, S>, StartError> {
        let (desk, status) = (Arc::new(Desk::default()), Arc::new(self.status));
        let tail = Arc::new(Tail::starting_at(self.journal.head().next()));
        let stopping = Arc::new(AtomicBool::new(false));
        let snapshots = Arc::new(self.snapshots);
        let (announcements, announced) = mpsc::channel();
        let loader = Loader {
            reader: Mutex::new(self.journal.reader()?),
            last: Mutex::new(ruleset_of(&self.journal)),
            desk: Arc::clone(&desk),
            tail: Arc::clone(&tail),
            status: Arc::clone(&status),
            announcements,
        };
        let follower = Follower {
            reader: self.journal.reader()?,
            snapshots: Arc::clone(&snapshots),
            status: Arc::clone(&status),
            at_leisure: Arc::new(pool(Threads::Exactly(1), Priority::Following)?),
            in_haste: Arc::new(pool(Threads::Exactly(1), Priority::Deciding)?),
            chunk: self.serve.chunk,
            interval_records: self.serve.snapshot_interval_records.max(1),
            stopping: Arc::clone(&stopping),
        };
        let ruleset = ruleset_of(&self.journal);
        let clock = SteadyClock::start();
        let arrivals = Arc::new(Arrivals::new());
        let engine = Engine {
            decider: self.state.decider,
            next: self.state.next,
            chunk: self.serve.chunk,
            reader: self.reader,
            pool: self.pool,
            desk: Arc::clone(&desk),
            tail: Arc::clone(&tail),
            status: Arc::clone(&status),
            clock: clock.clone(),
            announcements: announced,
            ticked: None,
            arrivals: Arc::clone(&arrivals),
            meter: Meter::new(),
            tell: Arc::clone(self.tell),
            fresh: None,
        };
        let writer = Writer {
            journal: self.journal,
            desk: Arc::clone(&desk),
            tail: Arc::clone(&tail),
            status: Arc::clone(&status),
            clock,
            ruleset,
            arrivals,
            meter: writer::Meter::new(),
            tell: Arc::clone(self.tell),
        };
        let tell = Arc::clone(self.tell);
        Ok(Service {
            writer: thread("tidegate-write", move || writer.run())?,
            engine: thread("tidegate-decide", move || engine.run())?,
            follower: thread("tidegate-follow", move || follower.run(&tell))?,
            loader: Arc::new(loader),
            desk,
            tail,
            status,
            stopping,
            snapshots,
        })
    }
}

/// The ruleset that the log loads last.
fn ruleset_of(journal: &impl Journal) -> Text {
    journal.head().manifest.as_ref().map(|manifest| manifest.ruleset.clone()).unwrap_or_default()
}

fn thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<JoinHandle<T>, StartError> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(StartError::Threads)
}

fn joined<T>(thread: JoinHandle<Result<T, JournalError>>) -> Result<T, JournalError> {
    thread
        .join()
        .unwrap_or_else(|_| Err(JournalError::Damaged("a thread of the service has panicked".into())))
}

fn pool(threads: Threads, priority: Priority) -> Result<rayon::ThreadPool, StartError> {
    let count = match threads {
        Threads::All => 0,
        Threads::Exactly(count) => count.max(1),
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(count)
        .thread_name(|index| format!("tidegate-pool-{index}"))
        .start_handler(move |_| priority.assume())
        .build()
        .map_err(StartError::Pool)
}

/// A service, as those see it who feed it and ask it.
pub struct Handle<R> {
    desk: Arc<Desk>,
    tail: Arc<Tail>,
    status: Arc<Status>,
    loader: Arc<Loader<R>>,
}

impl<R> Clone for Handle<R> {
    fn clone(&self) -> Handle<R> {
        Handle {
            desk: Arc::clone(&self.desk),
            tail: Arc::clone(&self.tail),
            status: Arc::clone(&self.status),
            loader: Arc::clone(&self.loader),
        }
    }
}

impl<R> Handle<R> {
    /// Publishes what waits at this moment, and how the service is doing: to be called before metrics are read.
    pub fn measure(&self) {
        queues::publish(&self.desk, &self.tail, &self.status);
    }
}

/// What those know of a service who feed it and ask it, whatever it runs on.
pub trait Lane: Send + Sync {
    /// Puts records down, all together: they get consecutive positions. The answer comes when they are durable.
    ///
    /// # Errors
    /// When they are not taken; nothing of them was kept.
    fn submit(&self, records: Vec<Arrived>) -> Result<Answer, Refused>;

    /// Loads a ruleset: it takes effect at a position, with all its features measured over the past. Blocks until
    /// then.
    ///
    /// # Errors
    /// When it does not check, or cannot be measured; the one before it runs on.
    fn load(&self, sources: &Sources) -> Result<Load, LoadError>;

    /// How it is doing.
    fn status(&self) -> &Status;
}

impl<R: JournalReader> Lane for Handle<R> {
    fn submit(&self, records: Vec<Arrived>) -> Result<Answer, Refused> {
        let taken = match self.status.fault() {
            Some(fault) if !self.status.may_try() => Err(Refused::Unavailable(fault)),
            _ if self.status.is_behind() => Err(Refused::Busy),
            _ => self.desk.append(records),
        };
        if let Err(refused) = &taken {
            telemetry::REFUSED_BATCHES.counter(&[refused.name()]).increment(1);
        }
        taken
    }

    fn load(&self, sources: &Sources) -> Result<Load, LoadError> {
        self.loader.load(sources)
    }

    fn status(&self) -> &Status {
        &self.status
    }
}
