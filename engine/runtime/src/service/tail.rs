//! The tail of the log: records that are permanent and not yet decided, as far as they are kept in memory. What
//! does not fit is read back from the journal.

use model::{Position, Record};
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::service::limit::TAIL_BYTES_MAX;
use crate::service::queues::Depth;

/// A record's own share of memory beside its bytes, about.
const RECORD_BYTES: usize = 512;

/// What comes next.
pub(crate) enum Next {
    /// These records.
    Records(Vec<Record>),
    /// Records that are in the journal only.
    Behind,
    /// Nothing came in the time that was waited.
    Idle,
    /// Nothing will come.
    End,
}

#[derive(Default)]
struct Kept {
    records: VecDeque<Record>,
    bytes: usize,
    /// The position after the last permanent record.
    end: u64,
    closed: bool,
}

/// The tail of the log.
#[derive(Default)]
pub(crate) struct Tail {
    kept: Mutex<Kept>,
    changed: Condvar,
}

fn size(record: &Record) -> usize {
    record.raw.len() + RECORD_BYTES
}

impl Tail {
    pub(crate) fn starting_at(next: Position) -> Tail {
        Tail { kept: Mutex::new(Kept { end: next.0, ..Kept::default() }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that have just become permanent.
    pub(crate) fn push(&self, records: Vec<Record>) {
        // A commit of outputs alone is no news: it must not end a wait, and be taken for a quiet second.
        if records.is_empty() {
            return;
        }
        let mut kept = self.lock();
        for record in records {
            kept.end = record.position.0 + 1;
            kept.bytes += size(&record);
            kept.records.push_back(record);
        }
        while kept.bytes > TAIL_BYTES_MAX {
            let Some(dropped) = kept.records.pop_front() else { break };
            kept.bytes -= size(&dropped);
        }
        self.changed.notify_all();
    }

    /// What comes at a position, at most `max` records; waits for something to come.
    pub(crate) fn next(&self, from: Position, max: usize, wait: Duration) -> Next {
        let mut kept = self.lock();
        if kept.end <= from.0 && !kept.closed {
            kept = self.changed.wait_timeout(kept, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
        if kept.end <= from.0 {
            return if kept.closed { Next::End } else { Next::Idle };
        }
        while let Some(passed) = kept.records.pop_front_if(|record| record.position < from) {
            kept.bytes -= size(&passed);
        }
        if kept.records.front().is_none_or(|record| record.position > from) {
            return Next::Behind;
        }
        let count = kept.records.len().min(max);
        let records: Vec<Record> = kept.records.drain(..count).collect();
        kept.bytes -= records.iter().map(size).sum::<usize>();
        Next::Records(records)
    }

    /// How much is kept.
    pub(crate) fn depth(&self) -> Depth {
        let kept = self.lock();
        Depth { records: kept.records.len(), bytes: kept.bytes }
    }

    /// Nothing will come any more.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Ends a wait.
    pub(crate) fn wake(&self) {
        self.changed.notify_all();
    }
}
