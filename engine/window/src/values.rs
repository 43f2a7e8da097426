//! Which values of a field the rows of a group have: distinct counts, and the share of the most frequent one.
//!
//! A *pair* is a group and a value. It remembers the last row (by time, then address) that has the value: the
//! value is in a window exactly while that row is, so one entry serves every window. For shares of the most
//! frequent value it also counts its rows in each window that asks.

use serde::{Deserialize, Serialize};

use crate::frequencies::Frequencies;
use crate::hashes;
use crate::index::Index;
use crate::log::Log;
use crate::losses::Losses;
use crate::run::Run;
use crate::seen::Source;
use crate::words;

/// In a log of pairs: the row has no value.
const NONE: u32 = u32::MAX;

/// Words of a pair: the time of its last row, and the low half of that row's address. Fewer rows than 2^32 are
/// live, so that the half names one of them.
const LAST_TIME: usize = 0;
const LAST_ROW: usize = 2;
const FREQUENCIES: usize = 3;

/// A field whose values are told apart.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ValueColumn {
    pub(crate) source: Source,
    /// The longest window that asks: a pair is forgotten when its last row leaves it.
    pub(crate) until: usize,
    /// Windows that ask for the most frequent value, each with its place among them.
    frequent: Vec<usize>,
    pairs: Index,
    frequencies: Frequencies,
    rows: Run<u32>,
    lost: Losses,
}

/// A value of the record at hand, within one of its groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OwnValue {
    /// The group, by its place among the record's.
    pub(crate) group: usize,
    pub(crate) column: usize,
    pub(crate) hash: u128,
    pub(crate) pair: Pair,
}

/// The pair of a value of the record at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pair {
    /// It has rows.
    Lives(u32),
    /// It has none yet.
    New,
    /// It has none, and there is no room for it.
    Refused,
}

impl Pair {
    /// Where it lives.
    pub(crate) fn slot(self) -> Option<u32> {
        match self {
            Pair::Lives(slot) => Some(slot),
            Pair::New | Pair::Refused => None,
        }
    }
}

/// Where a group's record keeps what a window knows of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ValueCells {
    pub(crate) column: usize,
    /// How many values there are.
    pub(crate) distinct: usize,
    /// How many rows have one, and the window's place among those that ask for the most frequent.
    pub(crate) frequent: Option<(usize, usize)>,
}

impl ValueColumn {
    /// An empty column of at most so many pairs.
    pub(crate) fn new(source: Source, until: usize, frequent: Vec<usize>, most: u32) -> ValueColumn {
        ValueColumn {
            source,
            until,
            pairs: Index::new(FREQUENCIES + frequent.len(), most),
            frequencies: Frequencies::new(frequent.len()),
            frequent,
            rows: Run::default(),
            lost: Losses::default(),
        }
    }

    /// The pair of a value in a group.
    pub(crate) fn find(&self, group: u32, hash: u128) -> Pair {
        self.pairs.find(hashes::within(group, hash)).map_or(Pair::New, Pair::Lives)
    }

    /// Whether there is room for so many new pairs.
    pub(crate) fn has_room(&self, pairs: usize) -> bool {
        self.pairs.has_room(pairs)
    }

    /// Whether rows of a group that a window has, from `cut` on, may have had values that were not kept.
    pub(crate) fn may_have_lost(&self, group: u32, cut: i64) -> bool {
        self.lost.may_reach(Some(group), cut)
    }

    /// How many values were not kept since the log began.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.count()
    }

    /// Whether some row that a window has, from `cut` on, has the value.
    pub(crate) fn is_live(&self, pair: u32, cut: i64) -> bool {
        words::time(self.pairs.words(pair), LAST_TIME) >= cut
    }

    /// How many rows of a window have the value.
    pub(crate) fn frequency(&self, pair: u32, frequent: usize) -> u32 {
        words::count(self.pairs.words(pair), FREQUENCIES + frequent)
    }

    /// How many rows of a window have the value that most have.
    pub(crate) fn highest(&self, group: u32, frequent: usize) -> u32 {
        self.frequencies.highest(group, frequent)
    }

    /// Reads the pair of a value for nothing but to have it near.
    pub(crate) fn touch(&self, group: u32, hash: u128) -> u32 {
        self.pairs.touch(hashes::within(group, hash)).1
    }

    /// Reads the pair of a row that will leave a window for nothing but to have it near.
    pub(crate) fn touch_row(&self, address: u64, window: usize) -> u32 {
        match self.rows.get(address) {
            NONE => 0,
            _ if window > self.until => 0,
            pair if window < self.until => self.pairs.touch_slot(pair),
            pair => self.pairs.touch_entry(pair),
        }
    }

    /// Adds a value to a row that was just appended to the log. Returns the time of the last row before it that
    /// has the value, `i64::MIN` if there is none; nothing if no window that asks covers the row, or there is
    /// no room for the value.
    pub(crate) fn add(&mut self, group: u32, value: &OwnValue, row: (i64, u64), log: &Log) -> Option<i64> {
        let (time, address) = row;
        if time < log.cut(self.until) {
            self.add_none();
            return None;
        }
        let (pair, last) = match value.pair {
            Pair::Lives(pair) => (pair, words::time(self.pairs.words(pair), LAST_TIME)),
            Pair::New => (self.pairs.insert(hashes::within(group, value.hash)), i64::MIN),
            Pair::Refused => {
                self.lost.lose_of(group, time);
                self.add_none();
                return None;
            }
        };
        self.rows.push(pair);
        let words = self.pairs.words_mut(pair);
        if time >= last {
            words::put_time(words, LAST_TIME, time);
            words::put(words, LAST_ROW, words::low(address));
        }
        for (place, window) in self.frequent.iter().enumerate() {
            if time >= log.cut(*window) {
                let now = words::raise(words, FREQUENCIES + place);
                self.frequencies.raise(group, place, now);
            }
        }
        Some(last)
    }

    /// Adds no value to a row that was just appended.
    pub(crate) fn add_none(&mut self) {
        self.rows.push(NONE);
    }

    /// Takes a row out of a window that asks. Returns what that says of its value, if it has one.
    pub(crate) fn leave(&mut self, group: u32, address: u64, window: usize) -> Option<Gone> {
        let pair = Some(self.rows.get(address)).filter(|pair| *pair != NONE)?;
        let words = self.pairs.words_mut(pair);
        let is_last = words::count(words, LAST_ROW) == words::low(address);
        if let Some(place) = self.frequent.iter().position(|other| *other == window) {
            let now = words::lower(words, FREQUENCIES + place);
            self.frequencies.lower(group, place, now);
        }
        if is_last && window == self.until {
            self.pairs.remove(pair);
        }
        Some(if is_last { Gone::Value } else { Gone::Row })
    }

    /// Makes room for the group of a slot.
    pub(crate) fn admit(&mut self, group: u32) {
        self.frequencies.admit(group);
    }

    /// Lets go of rows that no window has, and of what was lost before.
    pub(crate) fn release(&mut self, before: u64, log: &Log) {
        self.rows.release(before);
        self.lost.release(log.cut(self.until));
    }

    /// Pairs that live.
    pub(crate) fn len(&self) -> usize {
        self.pairs.len()
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        self.pairs.bytes() + self.rows.bytes() + self.frequencies.bytes() + self.lost.bytes()
    }
}

/// What left a window with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gone {
    /// One of the rows that have the value.
    Row,
    /// The last row that had the value, and so the value.
    Value,
}
