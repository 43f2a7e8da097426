//! The order of rows in time, and the tail cursors that tell when a row leaves a window.
//!
//! A row's address is the order in which it came. Rows whose time is not before that of an earlier row are *in
//! order*: the cursor of a window walks them by address. The others are *late*: they lie in the same run, where
//! the cursors step over them, and a small ordered set tells when they are due. Rows leave a window by
//! (time, address), and leave the shorter windows first.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::ops::Bound;

use model::{EventTime, Span};

use crate::run::Run;

/// The times of rows, and how far each window has let go of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Log {
    times: Run<i64>,
    /// The time of the newest row in order.
    high: i64,
    late: BTreeSet<(i64, u64)>,
    /// One a window, shortest first.
    cursors: Vec<Cursor>,
    live: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Cursor {
    span: Span,
    /// Rows before this time have left.
    cut: i64,
    /// The next row to leave, if it is in order.
    next: u64,
    /// The time of the last row in order that has left.
    high: i64,
    /// The next late row to leave.
    late: Option<(i64, u64)>,
}

impl Log {
    /// An empty log with windows of these lengths, shortest first.
    pub(crate) fn new(windows: impl IntoIterator<Item = Span>) -> Log {
        let cursor = |span| Cursor { span, cut: i64::MIN, next: 0, high: i64::MIN, late: None };
        Log {
            times: Run::default(),
            high: i64::MIN,
            late: BTreeSet::new(),
            cursors: windows.into_iter().map(cursor).collect(),
            live: 0,
        }
    }

    /// How many windows there are.
    pub(crate) fn windows(&self) -> usize {
        self.cursors.len()
    }

    /// Rows that some window still has.
    pub(crate) fn live(&self) -> u64 {
        self.live
    }

    /// Moves the end of a window up; what has left it is to be fetched by [`Log::leave`], down to `None`, window
    /// by window, before anything is appended.
    pub(crate) fn advance(&mut self, window: usize, clock: EventTime) {
        let cursor = self.cursors.get_mut(window).expect("a window of this log");
        let cut = clock.minus(cursor.span).as_ms();
        assert!(cut >= cursor.cut, "the log clock never goes back");
        cursor.cut = cut;
    }

    /// The earliest time that a window still covers.
    pub(crate) fn cut(&self, window: usize) -> i64 {
        self.cursors.get(window).expect("a window of this log").cut
    }

    /// The earliest time that the longest window still covers.
    pub(crate) fn oldest(&self) -> i64 {
        self.cursors.last().map_or(i64::MIN, |cursor| cursor.cut)
    }

    /// The addresses of the next rows, at most so many, to leave a window in order.
    pub(crate) fn next(&self, window: usize, rows: usize) -> impl Iterator<Item = u64> + use<> {
        let next = self.cursors.get(window).map_or(0, |cursor| cursor.next);
        next..self.times.end().min(next + rows as u64)
    }

    /// Whether the longest window covers a time.
    pub(crate) fn covers(&self, time: i64) -> bool {
        self.cursors.last().is_some_and(|cursor| time >= cursor.cut)
    }

    /// The next row, by time and address, that has left a window.
    pub(crate) fn leave(&mut self, window: usize) -> Option<u64> {
        let is_longest = window + 1 == self.cursors.len();
        let cursor = self.cursors.get_mut(window).expect("a window of this log");
        let in_order = cursor.peek(&self.times).filter(|(time, _)| *time < cursor.cut);
        let late = cursor.late.filter(|(time, _)| *time < cursor.cut);
        let (time, address) = match (in_order, late) {
            (None, None) => return None,
            (Some(row), None) | (None, Some(row)) => row,
            (Some(a), Some(b)) => a.min(b),
        };
        if late == Some((time, address)) {
            cursor.late = after(&self.late, (time, address));
            if is_longest {
                self.late.remove(&(time, address));
            }
        } else {
            cursor.next = address + 1;
            cursor.high = time;
        }
        if is_longest {
            self.live -= 1;
        }
        Some(address)
    }

    /// Appends a row that the longest window covers; returns its address.
    pub(crate) fn append(&mut self, time: i64) -> u64 {
        let address = self.times.end();
        self.times.push(time);
        self.live += 1;
        if time >= self.high {
            self.high = time;
            // A window that it is too old for has nothing older left either.
            for cursor in self.cursors.iter_mut().filter(|cursor| time < cursor.cut) {
                cursor.next = address + 1;
                cursor.high = time;
            }
        } else {
            self.late.insert((time, address));
            for cursor in self.cursors.iter_mut().filter(|cursor| time >= cursor.cut) {
                if cursor.late.is_none_or(|next| (time, address) < next) {
                    cursor.late = Some((time, address));
                }
            }
        }
        address
    }

    /// Lets go of the rows that no window has; returns the address before which there are none.
    pub(crate) fn release(&mut self) -> u64 {
        let done = self.cursors.last().map_or(0, |cursor| cursor.next);
        self.times.release(done);
        done
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        self.times.bytes() + self.late.len() * 2 * size_of::<(i64, u64)>()
    }
}

impl Cursor {
    /// The next row in order that has not left, past late rows on the way.
    fn peek(&mut self, times: &Run<i64>) -> Option<(i64, u64)> {
        while self.next < times.end() {
            let time = times.get(self.next);
            if time >= self.high {
                return Some((time, self.next));
            }
            self.next += 1;
        }
        None
    }
}

fn after(late: &BTreeSet<(i64, u64)>, row: (i64, u64)) -> Option<(i64, u64)> {
    late.range((Bound::Excluded(row), Bound::Unbounded)).next().copied()
}
