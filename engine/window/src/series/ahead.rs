//! Looking ahead: what a chunk of records will read is read before, for nothing but to have it near.
//!
//! With millions of keys every lookup waits for memory, some hundred nanoseconds, and the lookups of one record
//! wait for each other. The lookups of many records do not: read in a row, the processor waits for all of them at
//! once. Nothing here changes what a record is measured as, and no answer has a meaning.

use std::hint::black_box;

use super::Series;
use crate::hashes::Hashes;
use crate::seen::{Line, Visit};

/// Keys of records to come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ahead {
    /// Group keys, and their slots once they are looked up.
    groups: Vec<(u128, Option<u32>)>,
    /// Values: the place of the group among the keys, the column, and the value's hash.
    values: Vec<(usize, usize, u128)>,
    /// How many of the records make rows, each of which will let an old one go.
    rows: usize,
}

impl Series {
    /// Takes in a record to come.
    pub(crate) fn expect(&mut self, visit: &Visit<'_>, hashes: &mut Hashes) {
        let Some(key) = self.grouping.key(visit.seen, Line::Whole, hashes) else { return };
        let group = self.ahead.groups.len();
        self.ahead.groups.push((key, None));
        if self.counts(visit) {
            self.ahead.rows += 1;
            for (column, of) in self.values.iter().enumerate() {
                if let Some(hash) = hashes.of(&of.source, visit.seen, Line::Whole) {
                    self.ahead.values.push((group, column, hash));
                }
            }
        }
    }

    /// Reads what the records taken in will read.
    pub(crate) fn look_ahead(&mut self) {
        let mut ahead = std::mem::take(&mut self.ahead);
        let mut sum = 0_u32;
        for (key, slot) in &mut ahead.groups {
            let (found, word) = self.groups.touch(*key);
            *slot = found;
            sum ^= word;
        }
        for (group, column, hash) in &ahead.values {
            let group = ahead.groups.get(*group).and_then(|(_, slot)| *slot);
            if let (Some(group), Some(column)) = (group, self.values.get(*column)) {
                sum ^= column.touch(group, *hash);
            }
        }
        sum ^= self.look_back(ahead.rows);
        black_box(sum);
        ahead.groups.clear();
        ahead.values.clear();
        ahead.rows = 0;
        self.ahead = ahead;
    }

    /// Reads what the next rows to leave will need.
    fn look_back(&self, rows: usize) -> u32 {
        let windows = self.log.windows();
        let mut sum = 0;
        for window in 0..windows {
            for row in self.log.next(window, rows) {
                sum ^= self.groups.touch_slot(self.groups_of.get(row) & !super::MORE);
            }
            for column in &self.values {
                for row in self.log.next(window, rows) {
                    sum ^= column.touch_row(row, window);
                }
            }
        }
        for row in self.log.next(windows.saturating_sub(1), rows) {
            sum ^= self.groups.touch_entry(self.groups_of.get(row) & !super::MORE);
        }
        sum
    }
}
