//! The desk: what waits for the writer. Records wait in bounded number and size, and are refused beyond that;
//! what was decided waits in bounded number, and deciding waits beyond that.

use bytes::Bytes;
use model::log::RecordBody;
use model::{EventTime, Position, Text};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

use crate::clock::Stopwatch;
use crate::journal::{Decided, JournalError, Origin};
use crate::service::limit::{DECIDED_RECORDS_MAX, GROUP_RECORDS_MAX, WAITING_BYTES_MAX, WAITING_RECORDS_MAX};
use crate::service::queues::Depth;

/// What was decided waits so long for more, while records keep coming: writing it changes many pages, and they are
/// largely the same ones for what is decided shortly after.
const REST: Duration = Duration::from_millis(8);
/// Records whose outputs are enough for a group.
const ENOUGH_RECORDS: usize = DECIDED_RECORDS_MAX / 4;

/// A record as it arrived, before it has a place.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The bytes as they came.
    pub raw: Bytes,
    /// What they say.
    pub body: RecordBody,
    /// Whether they say all of an event.
    pub origin: Origin,
}

impl Arrived {
    /// A record of the engine's own, which has no bytes.
    pub(crate) fn own(body: RecordBody) -> Arrived {
        Arrived { raw: Bytes::new(), body, origin: Origin::Elsewhere }
    }
}

/// Where records were put, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// The first one's place; the others follow without gaps.
    pub first: Position,
    /// How many.
    pub count: usize,
    /// When they were received.
    pub stamp: EventTime,
}

/// Why records are not taken. Nothing of them was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Too much waits already: try again in a moment.
    Busy,
    /// The service is stopping.
    Stopping,
    /// The store cannot be written at the moment.
    Unavailable(JournalError),
}

impl Refused {
    /// Every reason, in a word.
    pub(crate) const REASONS: [&str; 3] = ["busy", "stopping", "unavailable"];

    /// The reason in a word.
    pub const fn name(&self) -> &'static str {
        match self {
            Refused::Busy => "busy",
            Refused::Stopping => "stopping",
            Refused::Unavailable(_) => "unavailable",
        }
    }
}

/// Answers once, when the records are durable or will never be.
pub type Answer = oneshot::Receiver<Result<Receipt, Refused>>;

/// Records that somebody wants to append, all together.
pub(crate) struct Append {
    pub(crate) records: Vec<Arrived>,
    pub(crate) received: Stopwatch,
    pub(crate) reply: Option<oneshot::Sender<Result<Receipt, Refused>>>,
}

impl Append {
    fn bytes(&self) -> usize {
        self.records.iter().map(|record| record.raw.len()).sum()
    }
}

/// A ruleset whose archive is to be kept.
pub(crate) struct Keep {
    pub(crate) hash: Text,
    pub(crate) archive: Vec<u8>,
    pub(crate) reply: std::sync::mpsc::Sender<Result<(), JournalError>>,
}

/// What the writer finds.
pub(crate) enum Taken {
    /// Something to commit.
    Group(Group),
    /// No more records will come; what is decided still may.
    Drained,
    /// Nothing will come.
    End,
}

/// What the writer commits together.
#[derive(Default)]
pub(crate) struct Group {
    pub(crate) appends: Vec<Append>,
    pub(crate) decided: Vec<Decided>,
    pub(crate) keeps: Vec<Keep>,
}

#[derive(Default)]
struct Waiting {
    appends: VecDeque<Append>,
    records: usize,
    bytes: usize,
    decided: Vec<Decided>,
    /// Records that they are of.
    decided_records: usize,
    /// Since when the first of them has waited.
    decided_since: Option<Stopwatch>,
    keeps: Vec<Keep>,
    /// No more records are taken.
    closed: bool,
    /// The writer was told that no more records will come.
    drained: bool,
    /// Nothing more will be decided.
    finished: bool,
    /// Nothing more will be written.
    dead: bool,
}

impl Waiting {
    /// What is to be committed next; what was decided only if it `has_waited`, or nothing else is there.
    fn group(&mut self, has_waited: bool) -> Group {
        let mut group = Group { keeps: std::mem::take(&mut self.keeps), ..Group::default() };
        if self.appends.is_empty() || has_waited {
            group.decided = std::mem::take(&mut self.decided);
            (self.decided_records, self.decided_since) = (0, None);
        }
        let mut records = 0;
        while let Some(append) = self.appends.front() {
            if records > 0 && records + append.records.len() > GROUP_RECORDS_MAX {
                break;
            }
            records += append.records.len();
            self.bytes -= append.bytes();
            group.appends.extend(self.appends.pop_front());
        }
        self.records -= records;
        group
    }

    /// Whether what was decided is not to wait for more.
    fn has_waited(&self) -> bool {
        self.decided_records >= ENOUGH_RECORDS
            || self.decided_since.is_some_and(|since| since.elapsed() >= REST)
    }
}

/// What waits for the writer.
#[derive(Default)]
pub(crate) struct Desk {
    waiting: Mutex<Waiting>,
    something_came: Condvar,
    something_went: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A thread that died left a whole queue behind: every change is one statement.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts records down.
    pub(crate) fn append(&self, records: Vec<Arrived>) -> Result<Answer, Refused> {
        let (reply, answer) = oneshot::channel();
        self.put(Append { records, received: Stopwatch::start(), reply: Some(reply) })?;
        Ok(answer)
    }

    /// Puts a record of the engine's own down: nobody waits for an answer.
    pub(crate) fn append_own(&self, body: RecordBody) -> Result<(), Refused> {
        let records = vec![Arrived::own(body)];
        self.put(Append { records, received: Stopwatch::start(), reply: None })
    }

    fn put(&self, append: Append) -> Result<(), Refused> {
        let bytes = append.bytes();
        let mut waiting = self.lock();
        if waiting.closed {
            return Err(Refused::Stopping);
        }
        // A batch of any size fits an empty desk.
        let fits = waiting.records + append.records.len() <= WAITING_RECORDS_MAX
            && waiting.bytes + bytes <= WAITING_BYTES_MAX;
        if !fits && !waiting.appends.is_empty() {
            return Err(Refused::Busy);
        }
        waiting.records += append.records.len();
        waiting.bytes += bytes;
        waiting.appends.push_back(append);
        self.something_came.notify_one();
        Ok(())
    }

    /// How much waits to be made durable.
    pub(crate) fn depth(&self) -> Depth {
        let waiting = self.lock();
        Depth { records: waiting.records, bytes: waiting.bytes }
    }

    /// Asks for a ruleset to be kept.
    pub(crate) fn keep(&self, keep: Keep) {
        let mut waiting = self.lock();
        if !waiting.dead {
            waiting.keeps.push(keep);
        }
        self.something_came.notify_one();
    }

    /// Puts down what was decided of so many records; waits while too much is there. Where nothing more is written, it
    /// is dropped: recovery decides it again.
    pub(crate) fn decided(&self, decided: Decided, records: usize) {
        let mut waiting = self.lock();
        while waiting.decided_records >= DECIDED_RECORDS_MAX && !waiting.dead {
            waiting = self.something_went.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.dead {
            waiting.decided.push(decided);
            waiting.decided_records += records;
            waiting.decided_since.get_or_insert_with(Stopwatch::start);
        }
        self.something_came.notify_one();
    }

    /// Takes what is there, as much as one group may have; waits for something.
    pub(crate) fn take(&self) -> Taken {
        let mut waiting = self.lock();
        while waiting.appends.is_empty() && waiting.decided.is_empty() && waiting.keeps.is_empty() {
            if waiting.closed && !waiting.drained {
                waiting.drained = true;
                return Taken::Drained;
            }
            if waiting.finished {
                return Taken::End;
            }
            waiting = self.something_came.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let has_waited = waiting.has_waited();
        let group = waiting.group(has_waited);
        self.something_went.notify_all();
        Taken::Group(group)
    }

    /// The writer has given up: whoever waits for it is told, and nobody waits for it again.
    pub(crate) fn die(&self) {
        let mut waiting = self.lock();
        *waiting = Waiting { closed: true, drained: true, finished: true, dead: true, ..Waiting::default() };
        self.something_went.notify_all();
    }

    /// Whether the writer has given up.
    pub(crate) fn is_dead(&self) -> bool {
        self.lock().dead
    }

    /// Whether no more records are taken.
    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Takes no more records.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.something_came.notify_one();
    }

    /// Nothing more will be decided.
    pub(crate) fn finish(&self) {
        self.lock().finished = true;
        self.something_came.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decided(through: u64) -> Decided {
        Decided::of(Position(through), None, decider::Effects::default())
    }

    fn waiting() -> Waiting {
        let desk = Desk::default();
        drop(desk.append(Vec::new()).unwrap());
        desk.decided(decided(1), 1);
        desk.waiting.into_inner().unwrap()
    }

    fn sizes(group: &Group) -> (usize, usize) {
        (group.appends.len(), group.decided.len())
    }

    #[test]
    fn an_answer_does_not_wait_for_what_was_just_decided_and_that_waits_only_so_long() {
        let mut fresh = waiting();
        assert_eq!(sizes(&fresh.group(false)), (1, 0), "records go first");
        assert_eq!(sizes(&fresh.group(false)), (0, 1), "nothing else is to do");
        assert_eq!(sizes(&waiting().group(true)), (1, 1), "it has waited");
    }

    #[test]
    fn what_was_decided_has_waited_after_a_while_or_when_there_is_enough_of_it() {
        let waiting = waiting();
        std::thread::sleep(REST);
        assert!(waiting.has_waited());
        let desk = Desk::default();
        desk.decided(decided(1), ENOUGH_RECORDS);
        assert!(desk.lock().has_waited());
    }
}
