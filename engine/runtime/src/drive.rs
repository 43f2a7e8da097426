//! The loop: records from a source, through the decider, into a sink.

use decider::{Decider, Effects, Trace};
use model::log::{Control, RecordBody};
use model::refusal::{Code, Refusal};
use model::{EventTime, Position, Record};
use std::fmt;
use std::io;

use crate::sink::Sink;
use crate::source::Source;

/// Records decided at once, where nothing else is asked for. It never shows in an output.
pub const CHUNK_RECORDS: usize = 4_096;

/// How many threads decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// As many as the machine has cores.
    All,
    /// So many, at least one.
    Exactly(usize),
}

/// How to drive. None of this can change a verdict, except `until`, which is part of what is asked.
#[derive(Debug, Clone, Copy)]
pub struct Drive {
    /// Records decided at once.
    pub chunk: usize,
    /// Threads that decide.
    pub threads: Threads,
    /// Where to stop: records later than this are refused, and a tick at this time is appended at the end.
    pub until: Option<EventTime>,
}

impl Default for Drive {
    fn default() -> Drive {
        Drive { chunk: CHUNK_RECORDS, threads: Threads::All, until: None }
    }
}

/// How far a drive has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Records decided so far.
    pub records: u64,
    /// Verdicts emitted so far.
    pub verdicts: u64,
    /// The log clock.
    pub clock: Option<EventTime>,
}

/// Why a drive stopped before the end.
#[derive(Debug)]
pub enum DriveError {
    /// The source could not be read.
    Source(io::Error),
    /// The sink did not take the effects.
    Sink(io::Error),
    /// The threads could not be started.
    Threads(rayon::ThreadPoolBuildError),
}

impl fmt::Display for DriveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DriveError::Source(error) => write!(f, "cannot read on: {error}"),
            DriveError::Sink(error) => write!(f, "cannot write the verdicts: {error}"),
            DriveError::Threads(error) => write!(f, "cannot start the threads that decide: {error}"),
        }
    }
}

impl std::error::Error for DriveError {}

impl Drive {
    /// Drives a source to its end.
    ///
    /// # Errors
    /// When the source or the sink gives up. What was decided until then was handed to the sink.
    pub fn run(
        &self,
        decider: &mut Decider,
        source: &mut (impl Source + Send),
        sink: &mut (impl Sink + Send),
        progress: &mut (impl FnMut(Progress) + Send),
    ) -> Result<Vec<Trace>, DriveError> {
        let count = match self.threads {
            Threads::All => 0,
            Threads::Exactly(count) => count.max(1),
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count).build().map_err(DriveError::Threads)?;
        pool.install(|| self.steps(decider, source, sink, progress))
    }

    fn steps(
        &self,
        decider: &mut Decider,
        source: &mut impl Source,
        sink: &mut impl Sink,
        progress: &mut impl FnMut(Progress),
    ) -> Result<Vec<Trace>, DriveError> {
        let mut effects = Effects::default();
        let mut traces = Vec::new();
        let mut so_far = Progress { records: 0, verdicts: 0, clock: None };
        let mut next = Position(1);
        loop {
            let mut chunk = source.next(self.chunk.max(1)).map_err(DriveError::Source)?;
            let at_end = chunk.is_empty();
            if let Some(until) = self.until {
                refuse_after(until, &mut chunk);
                if at_end && decider.clock().is_none_or(|clock| clock < until) {
                    chunk.push(tick(next, until));
                }
            }
            decider.decide(&chunk, &mut effects);
            sink.take(&effects.verdicts, &effects.dead_letters).map_err(DriveError::Sink)?;
            so_far.records += chunk.len() as u64;
            so_far.verdicts += effects.verdicts.len() as u64;
            so_far.clock = decider.clock();
            progress(so_far);
            next = chunk.last().map_or(next, |last| Position(last.position.0 + 1));
            traces.append(&mut effects.traces);
            effects.clear();
            if at_end {
                return Ok(traces);
            }
        }
    }
}

/// A tick at the end of what was asked for.
fn tick(position: Position, at: EventTime) -> Record {
    Record { position, stamp: None, raw: bytes::Bytes::new(), body: RecordBody::Control(Control::Tick(at)) }
}

/// Events later than the end are refused, and time does not pass beyond it.
fn refuse_after(until: EventTime, chunk: &mut [Record]) {
    for record in chunk {
        match &mut record.body {
            RecordBody::Event(event) if event.occurred_at > until => {
                let detail = format!("the event is later than {until}, where this replay was asked to end");
                record.body = RecordBody::Undecodable(Refusal::new(Code::AfterUntil, "/occurred_at", detail));
            }
            RecordBody::Control(Control::Tick(at)) => *at = until.min(*at),
            RecordBody::Event(_) | RecordBody::Undecodable(_) | RecordBody::Control(_) => {}
        }
    }
}
