//! Records of a fixed number of 32-bit words under 128-bit keys: groups, pairs of group and value, orders.
//!
//! A record keeps its slot for life, so that rows name it by 4 bytes and no expiry has to hash or probe. The
//! table holds slots only; keys lie in the records. Records lie in pages, so that growing copies nothing. Slots,
//! and the order of the table, never reach an output.

use model::piecewise::PiecewiseTable;
use serde::{Deserialize, Serialize};

use crate::words;

/// Words of a key.
const KEY: usize = 4;
/// Records per page.
const PAGE: usize = 4_096;

/// A table of records.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Index {
    records: Records,
    #[serde(skip)]
    table: PiecewiseTable<u32>,
}

/// What a snapshot keeps: the table is rebuilt from it.
#[derive(Deserialize)]
struct Saved {
    records: Records,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Records {
    /// Words of a record, key included.
    stride: usize,
    /// How many records there may be.
    most: u32,
    pages: Vec<Vec<u32>>,
    /// Slots handed out so far, free ones included.
    end: u32,
    free: Vec<u32>,
}

impl Records {
    fn record(&self, slot: u32) -> &[u32] {
        let (page, at) = place(slot, self.stride);
        self.pages.get(page).and_then(|page| page.get(at..at + self.stride)).expect("a slot handed out")
    }

    fn record_mut(&mut self, slot: u32) -> &mut [u32] {
        let (page, at) = place(slot, self.stride);
        let end = at + self.stride;
        self.pages.get_mut(page).and_then(|page| page.get_mut(at..end)).expect("a slot handed out")
    }

    fn key(&self, slot: u32) -> [u32; KEY] {
        *self.record(slot).first_chunk().expect("a record begins with its key")
    }

    /// A slot with a record of zeros.
    fn take_slot(&mut self) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.record_mut(slot).fill(0);
            return slot;
        }
        let slot = self.end;
        self.end =
            self.end.checked_add(1).filter(|end| *end <= Index::SLOTS_MAX).expect("fewer keys than 2^31");
        if (slot as usize).is_multiple_of(PAGE) {
            self.pages.push(Vec::with_capacity(PAGE * self.stride));
        }
        let page = self.pages.last_mut().expect("the last page was just made, or is not full");
        page.resize(page.len() + self.stride, 0);
        slot
    }
}

impl From<Saved> for Index {
    fn from(Saved { records }: Saved) -> Index {
        let mut free = records.free.clone();
        free.sort_unstable();
        let live = (0..records.end).filter(|slot| free.binary_search(slot).is_err());
        let mut table = PiecewiseTable::default();
        for slot in live {
            table.insert_unique(hash(records.key(slot)), slot, |slot| hash(records.key(*slot)));
        }
        Index { records, table }
    }
}

impl Index {
    /// Slots are less than this: rows use the bit above.
    pub(crate) const SLOTS_MAX: u32 = 1 << 31;

    /// An empty table of at most so many records with so many words beside the key.
    pub(crate) fn new(words: usize, most: u32) -> Index {
        let most = most.min(Index::SLOTS_MAX);
        let records = Records { stride: KEY + words, most, pages: Vec::new(), end: 0, free: Vec::new() };
        Index { records, table: PiecewiseTable::default() }
    }

    /// Whether there is room for so many records more.
    pub(crate) fn has_room(&self, records: usize) -> bool {
        self.table.len() + records <= self.records.most as usize
    }

    /// The slot of a key.
    pub(crate) fn find(&self, key: u128) -> Option<u32> {
        let key = words::quarters(key);
        self.table.find(hash(key), |slot| self.records.key(*slot) == key).copied()
    }

    /// Reads a record for nothing but to have it near: the answer has no meaning. See [`crate::series::ahead`].
    pub(crate) fn touch(&self, key: u128) -> (Option<u32>, u32) {
        let slot = self.find(key);
        (slot, slot.map_or(0, |slot| self.touch_slot(slot)))
    }

    /// As [`Index::touch`], by slot.
    pub(crate) fn touch_slot(&self, slot: u32) -> u32 {
        self.words(slot).first().copied().unwrap_or(0)
    }

    /// As [`Index::touch`], and the entry of the table by which the record would be removed.
    pub(crate) fn touch_entry(&self, slot: u32) -> u32 {
        self.table.find(hash(self.records.key(slot)), |other| *other == slot).copied().unwrap_or(0)
    }

    /// A new record of zeros under a key that has none.
    pub(crate) fn insert(&mut self, key: u128) -> u32 {
        let slot = self.records.take_slot();
        words::put_wide(self.records.record_mut(slot), 0, key);
        let records = &self.records;
        self.table.insert_unique(hash(words::quarters(key)), slot, |slot| hash(records.key(*slot)));
        slot
    }

    /// Forgets a record.
    pub(crate) fn remove(&mut self, slot: u32) {
        let entry = self.table.remove(hash(self.records.key(slot)), |other| *other == slot);
        entry.expect("a slot in use");
        self.records.free.push(slot);
    }

    /// The words of a record beside its key.
    pub(crate) fn words(&self, slot: u32) -> &[u32] {
        self.records.record(slot).split_at(KEY).1
    }

    /// The words of a record beside its key.
    pub(crate) fn words_mut(&mut self, slot: u32) -> &mut [u32] {
        self.records.record_mut(slot).split_at_mut(KEY).1
    }

    /// Records in use.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let pages: usize = self.records.pages.iter().map(Vec::capacity).sum();
        (pages + self.records.free.capacity()) * size_of::<u32>() + self.table.bytes()
    }
}

/// Keys are keyed hashes already.
fn hash([a, b, _, _]: [u32; KEY]) -> u64 {
    u64::from(a) | u64::from(b) << 32
}

fn place(slot: u32, stride: usize) -> (usize, usize) {
    (slot as usize / PAGE, slot as usize % PAGE * stride)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_its_slot_until_it_is_removed() {
        let mut index = Index::new(2, 10_000);
        let key = |n: u128| n << 64 | n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let slots: Vec<u32> = (0..10_000).map(|n| index.insert(key(n))).collect();
        for (n, slot) in slots.iter().enumerate() {
            words::put(index.words_mut(*slot), 1, *slot);
            assert_eq!(index.find(key(n as u128)), Some(*slot));
        }
        for slot in slots.iter().step_by(2) {
            index.remove(*slot);
        }
        let resumed: Index = postcard::from_bytes(&postcard::to_allocvec(&index).unwrap()).unwrap();
        for (n, slot) in slots.iter().enumerate() {
            let expected = (n % 2 == 1).then_some(*slot);
            assert_eq!((index.find(key(n as u128)), resumed.find(key(n as u128))), (expected, expected));
        }
        assert_eq!(index.words(slots[1])[1], slots[1]);
        let reused = index.insert(key(20_000));
        assert_eq!(index.words(reused), [0, 0]);
        assert_eq!(index.len(), 5_001);
    }
}
