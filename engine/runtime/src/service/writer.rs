//! The writer: gives records their place and stamp, and makes groups permanent. It is the only thread that writes.

use metrics::{Counter, Histogram};
use model::log::{Control, RecordBody};
use model::{EventTime, Position, Record, Text};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{SteadyClock, Stopwatch};
use crate::journal::{Appended, Decided, Journal, JournalError, Origin};
use crate::service::arrivals::Arrivals;
use crate::service::desk::{Append, Arrived, Desk, Group, Receipt, Refused, Taken};
use crate::service::happening::Tell;
use crate::service::status::Status;
use crate::service::tail::Tail;
use crate::{telemetry, trace};

/// How long to wait before a write that failed is tried again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(1);

/// The writing thread.
pub(crate) struct Writer<J> {
    pub(crate) journal: J,
    pub(crate) desk: Arc<Desk>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) status: Arc<Status>,
    pub(crate) clock: SteadyClock,
    /// The ruleset in force after the last record.
    pub(crate) ruleset: Text,
    pub(crate) arrivals: Arc<Arrivals>,
    pub(crate) meter: Meter,
    pub(crate) tell: Tell,
}

/// Records that have their places, and what is answered for each append.
struct Placed {
    records: Vec<Record>,
    origins: Vec<Origin>,
    receipts: Vec<Receipt>,
}

/// Measures commits.
pub(crate) struct Meter {
    time: Histogram,
    records: Histogram,
    failures: Counter,
}

impl Meter {
    pub(crate) fn new() -> Meter {
        Meter {
            time: telemetry::COMMIT_TIME.histogram(&[]),
            records: telemetry::COMMIT_RECORDS.histogram(&[]),
            failures: telemetry::COMMIT_FAILURES.counter(&[]),
        }
    }

    /// A group was committed; one that appends nothing has no size.
    fn committed(&self, records: usize, began: Stopwatch) {
        self.time.record(began.elapsed().as_secs_f64());
        if records > 0 {
            self.records.record(records as f64);
        }
    }
}

impl<J: Journal> Writer<J> {
    /// Writes until nothing will come. Gives the journal back, or says why no more can be written.
    pub(crate) fn run(mut self) -> Result<J, JournalError> {
        let outcome = self.groups();
        if outcome.is_err() {
            self.desk.die();
            self.tail.close();
        }
        outcome.map(|()| self.journal)
    }

    fn groups(&mut self) -> Result<(), JournalError> {
        loop {
            match self.desk.take() {
                Taken::Group(group) => self.group(group)?,
                Taken::Drained => self.tail.close(),
                Taken::End => return Ok(()),
            }
        }
    }

    fn group(&mut self, mut group: Group) -> Result<(), JournalError> {
        for keep in group.keeps {
            let kept = self.journal.put_ruleset(&keep.hash, &keep.archive);
            // Whoever asked may have gone.
            drop(keep.reply.send(kept));
        }
        if group.appends.is_empty() && group.decided.is_empty() {
            return Ok(());
        }
        let Placed { records, origins, receipts } = self.placed(&mut group.appends);
        let ruleset = ruleset_after(&records).unwrap_or_else(|| self.ruleset.clone());
        let began = Stopwatch::start();
        let appended = Appended { records: &records, origins: Some(&origins) };
        match commit(&mut self.journal, appended, &ruleset, &group.decided) {
            Ok(()) => {
                self.meter.committed(records.len(), began);
                self.is_permanent(records, ruleset, group.appends, receipts);
            }
            Err(fault) => {
                self.meter.failures.increment(1);
                // Whoever is refused finds it told.
                self.status.faulty(fault.clone(), &self.tell);
                refuse(group.appends, &fault);
                self.insist(&group.decided, fault)?;
            }
        }
        if let (Some(last), head) = (group.decided.last(), self.journal.head()) {
            self.status.committed(last.through, head.verdicts, last.clock);
            self.arrivals.published(last.through);
        }
        self.journal.tidy();
        Ok(())
    }

    /// Gives records their places and stamps, and leaves of appends what their answers need.
    fn placed(&mut self, appends: &mut [Append]) -> Placed {
        let mut next = self.journal.head().next();
        let stamp = self.stamp();
        let count = appends.iter().map(|append| append.records.len()).sum();
        let (mut records, mut origins) = (Vec::with_capacity(count), Vec::with_capacity(count));
        let mut receipts = Vec::with_capacity(appends.len());
        for append in appends {
            receipts.push(Receipt { first: next, count: append.records.len(), stamp });
            for Arrived { raw, body, origin } in append.records.drain(..) {
                origins.push(origin);
                records.push(Record { position: next, stamp: Some(stamp), raw, body });
                next = Position(next.0 + 1);
            }
        }
        Placed { records, origins, receipts }
    }

    /// Stamps never go back, whatever the clock does.
    fn stamp(&mut self) -> EventTime {
        let now = self.clock.now();
        self.journal.head().stamp.map_or(now, |last| last.max(now))
    }

    fn is_permanent(
        &mut self,
        records: Vec<Record>,
        ruleset: Text,
        appends: Vec<Append>,
        receipts: Vec<Receipt>,
    ) {
        self.status.mended(&self.tell);
        self.ruleset = ruleset;
        let received = appends.iter().find(|append| append.reply.is_some()).map(|append| append.received);
        if let (Some(last), Some(received)) = (records.last(), received) {
            self.arrivals.durable(last.position, received);
        }
        self.status.appended(self.journal.head().next());
        self.tail.push(records);
        for (append, receipt) in appends.into_iter().zip(receipts) {
            if let Some(reply) = append.reply {
                drop(reply.send(Ok(receipt)));
            }
        }
    }

    /// What was decided is written again and again until it is, or the service stops: then recovery decides it again.
    /// Where nothing was decided, the next records try again.
    fn insist(&mut self, decided: &[Decided], fault: JournalError) -> Result<(), JournalError> {
        let (mut fault, mut wait) = (fault, RETRY_FIRST);
        loop {
            if fault.is_final() {
                return Err(fault);
            }
            self.status.faulty(fault.clone(), &self.tell);
            if decided.is_empty() {
                return Ok(());
            }
            if self.desk.is_closed() {
                return Err(fault);
            }
            std::thread::sleep(wait);
            wait = (wait * 2).min(RETRY_MAX);
            match commit(&mut self.journal, (&[]).into(), &self.ruleset, decided) {
                Ok(()) => {
                    self.status.mended(&self.tell);
                    return Ok(());
                }
                Err(again) => {
                    self.meter.failures.increment(1);
                    fault = again;
                }
            }
        }
    }
}

fn commit(
    journal: &mut impl Journal,
    appended: Appended<'_>,
    ruleset: &Text,
    decided: &[Decided],
) -> Result<(), JournalError> {
    let span = trace::commit(appended.records, decided);
    let outcome = journal.commit(appended, ruleset, decided);
    outcome.inspect_err(|fault| trace::failed(&span, fault))
}

fn refuse(appends: Vec<Append>, fault: &JournalError) {
    for reply in appends.into_iter().filter_map(|append| append.reply) {
        let refused = Refused::Unavailable(fault.clone());
        telemetry::REFUSED_BATCHES.counter(&[refused.name()]).increment(1);
        drop(reply.send(Err(refused)));
    }
}

fn ruleset_after(records: &[Record]) -> Option<Text> {
    records.iter().rev().find_map(|record| match &record.body {
        RecordBody::Control(Control::Ruleset(hash)) => Some(hash.clone()),
        RecordBody::Control(Control::Genesis(genesis)) => Some(genesis.ruleset.clone()),
        RecordBody::Control(Control::Tick(_) | Control::Upgrade(_))
        | RecordBody::Event(_)
        | RecordBody::Undecodable(_) => None,
    })
}
