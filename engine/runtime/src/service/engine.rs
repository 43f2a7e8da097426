//! The deciding thread: takes the log as it becomes permanent, decides it, and hands on what was decided. When the
//! log is quiet it lets time pass.

use decider::{Decider, Effects, Successor};
use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record, Span};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::clock::{SteadyClock, Stopwatch};
use crate::journal::{Decided, JournalError, JournalReader};
use crate::service::arrivals::Arrivals;
use crate::service::desk::Desk;
use crate::service::happening::{Happening, Tell};
use crate::service::meter::Meter;
use crate::service::priority::Priority;
use crate::service::rows;
use crate::service::status::Status;
use crate::service::tail::{Next, Tail};
use crate::trace;

/// A log without news for so long is quiet.
const QUIET: Duration = Duration::from_secs(1);
/// How long to wait before a read that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A ruleset that has been measured through a position, to be announced.
pub(crate) struct Announcement {
    pub(crate) successor: Successor,
    pub(crate) through: Option<Position>,
    pub(crate) done: mpsc::Sender<Result<(), JournalError>>,
}

/// The deciding thread.
pub(crate) struct Engine<R> {
    pub(crate) decider: Decider,
    /// The position of the next record to decide.
    pub(crate) next: Position,
    pub(crate) chunk: usize,
    pub(crate) reader: R,
    pub(crate) pool: rayon::ThreadPool,
    pub(crate) desk: Arc<Desk>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) status: Arc<Status>,
    pub(crate) clock: SteadyClock,
    pub(crate) announcements: Receiver<Announcement>,
    /// The latest tick that was asked for.
    pub(crate) ticked: Option<EventTime>,
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) meter: Meter,
    pub(crate) tell: Tell,
    /// What was decided last, and is not handed on yet.
    pub(crate) fresh: Option<Fresh>,
}

/// What was just decided, still to be packed.
pub(crate) struct Fresh {
    through: Position,
    clock: Option<EventTime>,
    records: usize,
    effects: Effects,
}

impl Fresh {
    fn hand_on(self, desk: &Desk) {
        desk.decided(Decided::of(self.through, self.clock, self.effects), self.records);
    }
}

impl<R: JournalReader> Engine<R> {
    /// Decides until the log ends. Gives the state back for a last snapshot.
    pub(crate) fn run(mut self) -> Result<Decider, JournalError> {
        Priority::Deciding.assume();
        let outcome = self.steps();
        self.hand_on();
        self.desk.close();
        self.desk.finish();
        outcome.map(|()| self.decider)
    }

    fn steps(&mut self) -> Result<(), JournalError> {
        loop {
            self.announce_what_came()?;
            self.meter.publish(&self.decider, &mut self.clock);
            // What was decided is packed while more is decided, and at once where no more is there.
            let wait = if self.fresh.is_some() { Duration::ZERO } else { QUIET };
            match self.tail.next(self.next, self.chunk, wait) {
                Next::Records(records) => self.decide(&records),
                Next::Behind => self.read_on()?,
                Next::Idle if self.fresh.is_some() => self.hand_on(),
                Next::Idle => self.let_time_pass(),
                Next::End => return Ok(()),
            }
        }
    }

    fn read_on(&mut self) -> Result<(), JournalError> {
        let (reader, next, chunk) = (&mut self.reader, self.next, self.chunk);
        match self.pool.install(|| reader.records(next, chunk)) {
            Ok(records) => {
                if let Some(JournalError::Unreadable(_)) = self.status.fault() {
                    self.status.mended(&self.tell);
                }
                self.decide(&records);
            }
            Err(fault) if fault.is_final() => return Err(fault),
            Err(fault) => {
                self.hand_on();
                self.status.faulty(fault, &self.tell);
                std::thread::sleep(RETRY);
            }
        }
        Ok(())
    }

    fn decide(&mut self, records: &[Record]) {
        let Some(last) = records.last() else { return };
        let mut effects = Effects::default();
        let (decider, desk, before) = (&mut self.decider, &self.desk, self.fresh.take());
        let mut took = Duration::ZERO;
        self.pool.install(|| {
            let decide = || {
                let (span, began) = (trace::decide(records), Stopwatch::start());
                decider.decide(records, &mut effects);
                took = began.elapsed();
                trace::decided(&span, effects.verdicts.len());
            };
            rayon::join(decide, || before.into_iter().for_each(|before| before.hand_on(desk)))
        });
        self.meter.chunk(records.len(), took, &effects);
        self.meter.sample(&self.decider, &effects.rows);
        self.arrivals.decided(last.position);
        self.next = Position(last.position.0 + 1);
        self.tell_ruleset();
        let clock = self.decider.clock();
        self.fresh = Some(Fresh { through: last.position, clock, records: records.len(), effects });
    }

    fn hand_on(&mut self) {
        if let Some(fresh) = self.fresh.take() {
            fresh.hand_on(&self.desk);
        }
    }

    fn tell_ruleset(&self) {
        let ruleset = self.decider.ruleset().hash();
        if *self.status.ruleset() != *ruleset {
            self.status.loaded(ruleset);
            (self.tell)(Happening::InForce { ruleset: ruleset.into(), from: self.next });
        }
    }

    /// A quiet night still releases: a tick for every grid point of the sweeps, behind the real clock by as much
    /// as a record may be ahead of it. What waits in inputs comes first.
    fn let_time_pass(&mut self) {
        if !self.status.time_may_pass() {
            return;
        }
        let genesis = self.decider.genesis();
        let Some(reached) = self.decider.clock().max(self.ticked) else { return };
        let grid_ms = genesis.sweep_grid.as_ms().max(1);
        let now = self.clock.now().minus(genesis.allowed_skew);
        let point = now.minus(Span::from_ms(now.as_ms().rem_euclid(grid_ms)));
        if point > reached && self.desk.append_own(RecordBody::Control(Control::Tick(point))).is_ok() {
            self.ticked = Some(point);
        }
    }

    fn announce_what_came(&mut self) -> Result<(), JournalError> {
        match self.announcements.try_recv() {
            Err(TryRecvError::Empty | TryRecvError::Disconnected) => Ok(()),
            Ok(announcement) => self.announce(announcement),
        }
    }

    /// Shows the successor what was decided since it was measured, and announces it.
    fn announce(&mut self, announcement: Announcement) -> Result<(), JournalError> {
        let Announcement { mut successor, through, done } = announcement;
        self.hand_on();
        // Genesis leaves no row.
        let decided = self.next.0.checked_sub(1).filter(|at| *at > 0).map(Position);
        self.wait_until_permanent(decided);
        let measured = match decided {
            Some(decided) => rows::measure(&mut self.reader, &mut successor, through, decided),
            None => Ok(()),
        };
        if measured.is_ok() {
            self.decider.announce(successor);
        }
        let outcome = match &measured {
            Err(fault) if fault.is_final() => Err(fault.clone()),
            Ok(()) | Err(_) => Ok(()),
        };
        // Whoever asked may have gone: then the ruleset is announced and never loaded.
        drop(done.send(measured));
        outcome
    }

    fn wait_until_permanent(&self, decided: Option<Position>) {
        while self.status.decided() < decided && !self.desk.is_dead() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
