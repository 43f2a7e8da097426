//! The least or greatest value of a field in each group.
//!
//! A row can only matter while no later row, by (time, address), is at least as extreme: that one is in every
//! window that has the first. The rows that matter, in order of time, serve every window: the most extreme that
//! a window has is the first of them that it covers.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Which end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum End {
    Least,
    Greatest,
}

impl End {
    /// The more extreme of two values.
    pub(crate) fn of(self, a: i64, b: i64) -> i64 {
        match self {
            End::Least => a.min(b),
            End::Greatest => a.max(b),
        }
    }
}

/// One end of one field, by group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Extremes {
    end: End,
    /// The longest window that asks.
    pub(crate) until: usize,
    /// By group's slot: times, and values that are ever less extreme.
    rows: Vec<VecDeque<(i64, i64)>>,
}

impl Extremes {
    pub(crate) fn new(end: End, until: usize) -> Extremes {
        Extremes { end, until, rows: Vec::new() }
    }

    /// Makes room for the group of a slot.
    pub(crate) fn admit(&mut self, group: u32) {
        if self.rows.len() <= group as usize {
            self.rows.resize_with(group as usize + 1, VecDeque::new);
        }
    }

    /// Adds a row, the latest of its time.
    pub(crate) fn add(&mut self, group: u32, time: i64, value: i64) {
        let end = self.end;
        let rows = self.of(group);
        let at = rows.partition_point(|(earlier, _)| *earlier <= time);
        if rows.get(at).is_some_and(|(_, later)| end.of(*later, value) == *later) {
            return;
        }
        let matters = |earlier: i64| earlier != value && end.of(earlier, value) == earlier;
        let kept =
            rows.iter().take(at).rposition(|(_, earlier)| matters(*earlier)).map_or(0, |last| last + 1);
        rows.drain(kept..at);
        rows.insert(kept, (time, value));
    }

    /// Lets go of rows of a group that the longest window does not cover.
    pub(crate) fn trim(&mut self, group: u32, cut: i64) {
        let rows = self.of(group);
        while rows.front().is_some_and(|(time, _)| *time < cut) {
            rows.pop_front();
        }
        if rows.is_empty() {
            *rows = VecDeque::new();
        }
    }

    /// The most extreme value of a group from `cut` on.
    pub(crate) fn get(&self, group: u32, cut: i64) -> Option<i64> {
        let rows = self.rows.get(group as usize)?;
        let at = rows.partition_point(|(time, _)| *time < cut);
        rows.get(at).map(|(_, value)| *value)
    }

    fn of(&mut self, group: u32) -> &mut VecDeque<(i64, i64)> {
        self.rows.get_mut(group as usize).expect("admitted")
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let rows: usize = self.rows.iter().map(VecDeque::capacity).sum();
        rows * size_of::<(i64, i64)>() + self.rows.capacity() * size_of::<VecDeque<(i64, i64)>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_row_matters_until_a_later_one_beats_it() {
        let mut least = Extremes::new(End::Least, 0);
        least.admit(0);
        for (time, value) in [(10, 5), (20, 7), (30, 6), (15, 4), (25, 9), (30, 6)] {
            least.add(0, time, value);
        }
        let from = |cut| least.get(0, cut);
        assert_eq!([0, 15, 16, 26, 31].map(from), [Some(4), Some(4), Some(6), Some(6), None]);
        least.trim(0, 31);
        assert_eq!(least.get(0, 0), None);
    }
}
