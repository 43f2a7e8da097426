//! The times of each group's rows in order, for the first row and the gaps between neighbours.
//!
//! The rows that a window has are the last of them, as many as it counts; so one list serves every window.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Times by group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Times {
    /// The longest window that asks.
    pub(crate) until: usize,
    /// By group's slot.
    rows: Vec<VecDeque<i64>>,
}

/// The rows that a window has of a group: the last so many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tail<'a> {
    rows: Option<&'a VecDeque<i64>>,
    from: usize,
}

impl Times {
    pub(crate) fn new(until: usize) -> Times {
        Times { until, rows: Vec::new() }
    }

    /// Makes room for the group of a slot.
    pub(crate) fn admit(&mut self, group: u32) {
        if self.rows.len() <= group as usize {
            self.rows.resize_with(group as usize + 1, VecDeque::new);
        }
    }

    /// The last `count` rows of a group; none of a group that is not known.
    pub(crate) fn tail(&self, group: Option<u32>, count: u32) -> Tail<'_> {
        let rows = group.and_then(|group| self.rows.get(group as usize));
        Tail { rows, from: rows.map_or(0, |rows| rows.len() - count as usize) }
    }

    /// Adds a row, the latest of its time.
    pub(crate) fn add(&mut self, group: u32, time: i64) {
        let rows = self.rows.get_mut(group as usize).expect("admitted");
        let at = rows.partition_point(|earlier| *earlier <= time);
        rows.insert(at, time);
    }

    /// Lets go of the first row of a group.
    pub(crate) fn drop_first(&mut self, group: u32) {
        let rows = self.rows.get_mut(group as usize).expect("admitted");
        rows.pop_front().expect("a row leaves once");
        if rows.is_empty() {
            *rows = VecDeque::new();
        }
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.rows.iter().map(VecDeque::capacity).sum();
        rows * size_of::<i64>() + self.rows.capacity() * size_of::<VecDeque<i64>>()
    }
}

impl Tail<'_> {
    /// The first row.
    pub(crate) fn first(self) -> Option<i64> {
        self.rows?.get(self.from).copied()
    }

    /// The last row.
    pub(crate) fn last(self) -> Option<i64> {
        let rows = self.rows?;
        (self.from < rows.len()).then(|| rows.back().copied())?
    }

    /// The square of the first gap.
    pub(crate) fn first_gap_squared(self) -> i128 {
        let second = self.rows.and_then(|rows| rows.get(self.from + 1).copied());
        self.first().zip(second).map_or(0, |(first, second)| squared_gap(first, second))
    }

    /// What a row of this time, the latest of its time, adds to the sum of the squared gaps.
    pub(crate) fn squares_added_by(self, time: i64) -> i128 {
        let Some(rows) = self.rows else { return 0 };
        let at = rows.partition_point(|earlier| *earlier <= time);
        let before = (at > self.from).then(|| rows.get(at - 1).copied()).flatten();
        let after = rows.get(at.max(self.from)).copied();
        let split = before.zip(after).map_or(0, |(a, b)| squared_gap(a, b));
        before.map_or(0, |a| squared_gap(a, time)) + after.map_or(0, |b| squared_gap(time, b)) - split
    }
}

fn squared_gap(a: i64, b: i64) -> i128 {
    let gap = i128::from(b - a);
    gap * gap
}
