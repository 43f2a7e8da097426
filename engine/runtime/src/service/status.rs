//! How a service is doing, as anybody may ask at any time. Nothing here is read by a decision.

use model::{EventTime, Position, Text};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

use crate::clock::Stopwatch;
use crate::journal::{JournalError, undecided};
use crate::service::happening::{Happening, Tell};
use crate::service::limit::UNDECIDED_RECORDS_MAX;

/// After a fault, records are refused for so long before one of them tries again; the writer, which has something to
/// write, tries more often.
const FAULT_REST: Duration = Duration::from_millis(1_500);

/// No position, no time.
const NONE: u64 = u64::MAX;

/// How a service is doing.
#[derive(Debug)]
pub struct Status {
    /// The position of the next record.
    next: AtomicU64,
    /// Decided, and its outputs permanent, through this position.
    decided: AtomicU64,
    clock_ms: AtomicI64,
    snapshot: AtomicU64,
    /// Since the newest snapshot was taken, or since it was found at the start.
    since_snapshot: Mutex<Stopwatch>,
    /// Verdicts that are permanent.
    verdicts: watch::Sender<u64>,
    ruleset: Mutex<Text>,
    /// With the time since it was last met.
    fault: Mutex<Option<(JournalError, Stopwatch)>>,
    undecided_records_max: u64,
    /// Records may wait in inputs that have not been read yet.
    inputs_have_more: AtomicBool,
}

impl Status {
    /// A service that goes on from here: for whoever runs a lane of another make, such as a test.
    pub fn new(next: Position, decided: Option<Position>, verdicts: u64, ruleset: &str) -> Status {
        Status {
            next: AtomicU64::new(next.0),
            decided: AtomicU64::new(decided.map_or(NONE, |position| position.0)),
            clock_ms: AtomicI64::new(i64::MIN),
            snapshot: AtomicU64::new(NONE),
            since_snapshot: Mutex::new(Stopwatch::start()),
            verdicts: watch::Sender::new(verdicts),
            ruleset: Mutex::new(ruleset.into()),
            fault: Mutex::new(None),
            undecided_records_max: UNDECIDED_RECORDS_MAX,
            inputs_have_more: AtomicBool::new(false),
        }
    }

    /// The same, with room for so many records that are permanent and not yet decided.
    pub fn with_undecided_max(self, undecided_records_max: u64) -> Status {
        Status { undecided_records_max, ..self }
    }

    /// Records may wait in inputs: no time passes by itself, or what waits would come late.
    pub fn inputs_have_more(&self) {
        self.inputs_have_more.store(true, Ordering::Release);
    }

    /// All that is in the inputs has been read.
    pub fn inputs_are_read(&self) {
        self.inputs_have_more.store(false, Ordering::Release);
    }

    /// Whether a moment without records is a quiet one.
    pub(crate) fn time_may_pass(&self) -> bool {
        !self.inputs_have_more.load(Ordering::Acquire)
    }

    /// The position that the next record gets.
    pub fn next(&self) -> Position {
        Position(self.next.load(Ordering::Acquire))
    }

    /// Everything up to here is decided, and what was decided is permanent.
    pub fn decided(&self) -> Option<Position> {
        Some(self.decided.load(Ordering::Acquire)).filter(|position| *position != NONE).map(Position)
    }

    /// Records that are permanent and not yet decided.
    pub fn undecided(&self) -> u64 {
        undecided(self.next(), self.decided())
    }

    /// How many records may be undecided.
    pub fn undecided_max(&self) -> u64 {
        self.undecided_records_max
    }

    /// Whether so much is undecided that no more is taken.
    pub fn is_behind(&self) -> bool {
        self.undecided() > self.undecided_records_max
    }

    /// The log clock.
    pub fn clock(&self) -> Option<EventTime> {
        EventTime::from_ms(self.clock_ms.load(Ordering::Relaxed))
    }

    /// The position of the newest snapshot.
    pub fn snapshot(&self) -> Option<Position> {
        Some(self.snapshot.load(Ordering::Relaxed)).filter(|position| *position != NONE).map(Position)
    }

    /// Since the newest snapshot was taken, or the service was started.
    pub fn snapshot_age(&self) -> Duration {
        self.since_snapshot.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// How many verdicts are permanent; whoever waits for more can watch.
    pub fn verdicts(&self) -> watch::Receiver<u64> {
        self.verdicts.subscribe()
    }

    /// The hash of the ruleset in force.
    pub fn ruleset(&self) -> Text {
        self.ruleset.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What keeps the store from being written at the moment.
    pub fn fault(&self) -> Option<JournalError> {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().map(|(fault, _)| fault.clone())
    }

    /// Whether a fault was met so long ago that somebody may try again.
    pub(crate) fn may_try(&self) -> bool {
        let fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.as_ref().is_none_or(|(_, since)| since.elapsed() > FAULT_REST)
    }

    /// The next record gets this position.
    pub fn appended(&self, next: Position) {
        self.next.store(next.0, Ordering::Release);
    }

    /// What was decided through a position is permanent, and so many verdicts in all.
    pub fn committed(&self, through: Position, verdicts: u64, clock: Option<EventTime>) {
        self.decided.store(through.0, Ordering::Release);
        if let Some(clock) = clock {
            self.clock_ms.store(clock.as_ms(), Ordering::Relaxed);
        }
        self.verdicts.send_replace(verdicts);
    }

    pub(crate) fn snapped(&self, at: Position) {
        self.snapshot.store(at.0, Ordering::Relaxed);
        *self.since_snapshot.lock().unwrap_or_else(PoisonError::into_inner) = Stopwatch::start();
    }

    /// This ruleset is in force.
    pub fn loaded(&self, ruleset: &str) {
        *self.ruleset.lock().unwrap_or_else(PoisonError::into_inner) = ruleset.into();
    }

    /// The store cannot be written or read: told once for each fault.
    pub(crate) fn faulty(&self, fault: JournalError, tell: &Tell) {
        if self.fault().as_ref() != Some(&fault) {
            tell(Happening::Faulty(fault.clone()));
        }
        self.set_fault(Some(fault));
    }

    /// It can.
    pub(crate) fn mended(&self, tell: &Tell) {
        if self.fault().is_some() {
            self.set_fault(None);
            tell(Happening::Mended);
        }
    }

    /// The store cannot be written, or can again.
    pub fn set_fault(&self, fault: Option<JournalError>) {
        let fault = fault.map(|fault| (fault, Stopwatch::start()));
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}
