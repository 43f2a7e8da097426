//! The follower: takes snapshots without stalling the stream. It is a second engine that decides the same log again,
//! from the snapshot before to where the first engine has come, and writes down the state that it has reached. That
//! costs a core now and then, and never a moment of the first engine's time.

use decider::Effects;
use model::Position;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::clock::Stopwatch;
use crate::journal::{JournalError, JournalReader, Snapshots};
use crate::service::happening::{self, Tell};
use crate::service::priority::Priority;
use crate::service::recovery::{Recovered, RecoveryError, resume, take_snapshot};
use crate::service::status::Status;
use crate::trace;

/// How often it looks whether a snapshot is due.
const LOOK: Duration = Duration::from_millis(500);
/// Intervals without a snapshot after which it no longer steps back.
const HASTE_INTERVALS: u64 = 3;

/// The thread that takes snapshots.
pub(crate) struct Follower<R, S> {
    pub(crate) reader: R,
    pub(crate) snapshots: Arc<S>,
    pub(crate) status: Arc<Status>,
    /// Works in what others leave of the processor.
    pub(crate) at_leisure: Arc<rayon::ThreadPool>,
    /// Works as an equal of those who decide, when they leave too little: a restart decides again what no snapshot
    /// holds.
    pub(crate) in_haste: Arc<rayon::ThreadPool>,
    pub(crate) chunk: usize,
    /// Records between two snapshots.
    pub(crate) interval_records: u64,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl<R: JournalReader, S: Snapshots> Follower<R, S> {
    /// Takes snapshots until the service stops. What goes wrong is told and tried again: the snapshots that are
    /// there still serve.
    pub(crate) fn run(mut self, tell: &Tell) {
        Priority::Following.assume();
        while !self.stopping.load(Ordering::Relaxed) {
            std::thread::sleep(LOOK);
            let Some(target) = self.due() else { continue };
            let (span, began) = (trace::snapshot(target), Stopwatch::start());
            let outcome = match self.follow(target) {
                Ok(Some(bytes)) => Ok(bytes),
                Ok(None) => return,
                Err(error) => Err(error.to_string()),
            };
            match happening::snapped(target, outcome, (&span, began.elapsed()), tell) {
                Some(at) => self.status.snapped(at),
                None => std::thread::sleep(10 * LOOK),
            }
        }
    }

    fn due(&self) -> Option<Position> {
        let decided = self.status.decided()?;
        (self.lag(decided) >= self.interval_records).then_some(decided)
    }

    /// Records that the newest snapshot is behind a position.
    fn lag(&self, at: Position) -> u64 {
        at.0.saturating_sub(self.status.snapshot().map_or(0, |position| position.0))
    }

    /// Follows to a position and takes a snapshot of so many bytes; none if the service stopped meanwhile.
    fn follow(&mut self, target: Position) -> Result<Option<usize>, RecoveryError> {
        let (reader, snapshots) = (&mut self.reader, &*self.snapshots);
        let mut state = self.at_leisure.install(|| resume(reader, snapshots, Some(target)))?;
        while state.next <= target {
            if self.stopping.load(Ordering::Relaxed) {
                return Ok(None);
            }
            self.pool().install(|| self.step(&mut state, target))?;
        }
        let taken = self.pool().install(|| take_snapshot(&state.decider, &*self.snapshots, target));
        taken.map(Some).map_err(RecoveryError::Snapshots)
    }

    /// Decides the next records, not beyond a position.
    fn step(&mut self, state: &mut Recovered, target: Position) -> Result<(), RecoveryError> {
        let left = usize::try_from(target.0 - state.next.0 + 1).unwrap_or(usize::MAX);
        let records = self.reader.records(state.next, self.chunk.min(left))?;
        let ends =
            || JournalError::Damaged(format!("the log ends before position {target}, which was decided"));
        state.next = Position(records.last().ok_or_else(ends)?.position.0 + 1);
        state.decider.decide(&records, &mut Effects::default());
        Ok(())
    }

    /// Where it works at the moment.
    fn pool(&self) -> Arc<rayon::ThreadPool> {
        let lag = self.status.decided().map_or(0, |decided| self.lag(decided));
        let haste = lag >= self.interval_records.saturating_mul(HASTE_INTERVALS);
        Arc::clone(if haste { &self.in_haste } else { &self.at_leisure })
    }
}
