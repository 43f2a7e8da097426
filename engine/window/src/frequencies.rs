//! How often the most frequent value of a group occurs.
//!
//! For every group and window: how many values occur once, twice, … The highest frequency moves by one with each
//! row, so it is always the last entry. A group with n rows has at most √(2n) entries.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Values by how often they occur, by group and window.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Frequencies {
    /// How many windows ask.
    windows: usize,
    /// By group's slot and window.
    values: Vec<BTreeMap<u32, u32>>,
}

impl Frequencies {
    pub(crate) fn new(windows: usize) -> Frequencies {
        Frequencies { windows, values: Vec::new() }
    }

    /// Makes room for the group of a slot.
    pub(crate) fn admit(&mut self, group: u32) {
        let needed = (group as usize + 1) * self.windows;
        if self.values.len() < needed {
            self.values.resize_with(needed, BTreeMap::new);
        }
    }

    /// A value occurs once more, now so often.
    pub(crate) fn raise(&mut self, group: u32, window: usize, now: u32) {
        self.change(group, window, now - 1, now);
    }

    /// A value occurs once less, now so often.
    pub(crate) fn lower(&mut self, group: u32, window: usize, now: u32) {
        self.change(group, window, now + 1, now);
    }

    /// How often the most frequent value occurs.
    pub(crate) fn highest(&self, group: u32, window: usize) -> u32 {
        let values = self.values.get(self.place(group, window)).expect("admitted");
        values.last_key_value().map_or(0, |(frequency, _)| *frequency)
    }

    fn change(&mut self, group: u32, window: usize, before: u32, now: u32) {
        let place = self.place(group, window);
        let values = self.values.get_mut(place).expect("admitted");
        if before > 0 {
            let left = values.get_mut(&before).expect("a value occurs that often");
            *left -= 1;
            if *left == 0 {
                values.remove(&before);
            }
        }
        if now > 0 {
            *values.entry(now).or_default() += 1;
        }
    }

    fn place(&self, group: u32, window: usize) -> usize {
        group as usize * self.windows + window
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let entries: usize = self.values.iter().map(BTreeMap::len).sum();
        self.values.capacity() * size_of::<BTreeMap<u32, u32>>() + entries * 2 * size_of::<(u32, u32)>()
    }
}
