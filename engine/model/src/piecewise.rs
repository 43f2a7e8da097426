//! A hash table that grows a piece at a time (linear hashing): no insertion moves more than a few thousand entries,
//! however many there are. A table in one piece moves all of them whenever it doubles, and while it moves ten million,
//! the stream stands still.

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, VacantEntry};

/// Entries of a piece, on average: a piece that is next to be split has about twice as many.
const PIECE: usize = 1_024;
/// Bits of a hash that choose the piece. Those within a piece go by the lowest and the seven highest ones.
const PIECE_BITS: u32 = 24;
const PIECE_SHIFT: u32 = 32;

/// Entries, found by a hash and by what they are. Whoever uses it brings the hashes: all 64 bits must be good.
#[derive(Debug, Clone)]
pub struct PiecewiseTable<T> {
    /// Piece `n` beyond the last power of two holds what was split off the one as far behind it.
    pieces: Vec<HashTable<T>>,
    len: usize,
}

/// Where an entry lies, or would lie.
pub enum Place<'t, T> {
    /// It is there.
    Taken(&'t mut T),
    /// It is not.
    Free(Free<'t, T>),
}

/// The place of an entry that is not there.
pub struct Free<'t, T> {
    place: VacantEntry<'t, T>,
    len: &'t mut usize,
}

impl<'t, T> Free<'t, T> {
    /// Puts the entry there.
    pub fn fill(self, entry: T) -> &'t mut T {
        *self.len += 1;
        self.place.insert(entry).into_mut()
    }
}

impl<T> Default for PiecewiseTable<T> {
    fn default() -> Self {
        PiecewiseTable { pieces: Vec::new(), len: 0 }
    }
}

impl<T> PiecewiseTable<T> {
    /// The entry with a hash that is the one.
    pub fn find(&self, hash: u64, is_it: impl FnMut(&T) -> bool) -> Option<&T> {
        self.pieces.get(self.piece(hash))?.find(hash, is_it)
    }

    /// The entry with a hash that is the one, to change it. What it is must stay.
    pub fn find_mut(&mut self, hash: u64, is_it: impl FnMut(&T) -> bool) -> Option<&mut T> {
        let piece = self.piece(hash);
        self.pieces.get_mut(piece)?.find_mut(hash, is_it)
    }

    /// Where the entry with a hash that is the one lies, or would lie.
    pub fn place(
        &mut self,
        hash: u64,
        is_it: impl FnMut(&T) -> bool,
        hash_of: impl Fn(&T) -> u64,
    ) -> Place<'_, T> {
        self.make_room(&hash_of);
        let piece = self.piece(hash);
        let PiecewiseTable { pieces, len } = self;
        let piece = pieces.get_mut(piece).expect("there is room");
        match piece.entry(hash, is_it, hash_of) {
            Entry::Occupied(found) => Place::Taken(found.into_mut()),
            Entry::Vacant(place) => Place::Free(Free { place, len }),
        }
    }

    /// Puts an entry in that is not there; `hash_of` tells the hash of any of them.
    pub fn insert_unique(&mut self, hash: u64, entry: T, hash_of: impl Fn(&T) -> u64) {
        self.make_room(&hash_of);
        self.len += 1;
        let piece = self.piece(hash);
        let piece = self.pieces.get_mut(piece).expect("there is room");
        piece.insert_unique(hash, entry, hash_of);
    }

    /// Takes the entry with a hash that is the one away.
    pub fn remove(&mut self, hash: u64, is_it: impl FnMut(&T) -> bool) -> Option<T> {
        let piece = self.piece(hash);
        let found = self.pieces.get_mut(piece)?.find_entry(hash, is_it).ok()?;
        self.len -= 1;
        Some(found.remove().0)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many bytes it occupies.
    pub fn bytes(&self) -> usize {
        let pieces: usize = self.pieces.iter().map(HashTable::allocation_size).sum();
        pieces + self.pieces.capacity() * size_of::<HashTable<T>>()
    }

    /// All entries, in an order that differs from run to run.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pieces.iter().flatten()
    }

    /// All entries, in an order that differs from run to run.
    pub(crate) fn into_entries(self) -> impl Iterator<Item = T> {
        self.pieces.into_iter().flatten()
    }

    /// The piece of a hash, among so many as there are.
    fn piece(&self, hash: u64) -> usize {
        let count = self.pieces.len();
        let half = half(count);
        let bits = (hash >> PIECE_SHIFT) as usize & ((1 << PIECE_BITS) - 1);
        let piece = bits & (2 * half - 1);
        if piece < count { piece } else { piece & (half - 1) }
    }

    /// Sees to it that there is room for one entry more.
    fn make_room(&mut self, hash_of: &impl Fn(&T) -> u64) {
        if self.len >= self.pieces.len() * PIECE {
            self.grow(hash_of);
        }
    }

    /// Adds a piece: half of the one whose turn it is.
    fn grow(&mut self, hash_of: &impl Fn(&T) -> u64) {
        let added = self.pieces.len();
        self.pieces.push(HashTable::new());
        if added == 0 || added >> PIECE_BITS > 0 {
            return;
        }
        let split = added & (half(added) - 1);
        let before = std::mem::take(self.pieces.get_mut(split).expect("it is before the last"));
        for entry in before {
            let hash = hash_of(&entry);
            let piece = self.piece(hash);
            let piece = self.pieces.get_mut(piece).expect("either of the two");
            piece.insert_unique(hash, entry, hash_of);
        }
    }
}

/// The largest power of two that is not more; 1 for none.
fn half(count: usize) -> usize {
    1 << count.checked_ilog2().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: &u64) -> u64 {
        let mixed = (n ^ (n >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    fn of(numbers: std::ops::Range<u64>) -> PiecewiseTable<u64> {
        let mut table = PiecewiseTable::default();
        for n in numbers {
            table.insert_unique(hash(&n), n, hash);
        }
        table
    }

    #[test]
    fn everything_is_found_whatever_the_number_of_pieces() {
        let mut table = PiecewiseTable::default();
        assert_eq!(table.find(hash(&0), |_| true), None);
        assert_eq!(table.remove(hash(&0), |_| true), None);
        for n in 0..20_000 {
            table.insert_unique(hash(&n), n, hash);
            assert_eq!(table.find(hash(&0), |found| *found == 0), Some(&0), "after {n}");
        }
        for n in 0..20_000 {
            assert_eq!(table.find(hash(&n), |found| *found == n), Some(&n));
        }
        for n in (0..20_000).step_by(2) {
            assert_eq!(table.remove(hash(&n), |found| *found == n), Some(n));
        }
        assert_eq!(table.len(), 10_000);
        let mut left: Vec<u64> = table.iter().copied().collect();
        left.sort_unstable();
        assert!(left.into_iter().eq((1..20_000).step_by(2)));
    }

    #[test]
    fn no_piece_is_much_larger_than_twice_the_average() {
        for count in [1_usize, 1_000, 1_500, 5_000, 100_000, 130_000] {
            let table = of(0..count as u64);
            let largest = table.pieces.iter().map(HashTable::len).max().unwrap();
            assert!(largest <= 2 * PIECE + PIECE / 4, "{count}: {largest}");
            assert_eq!(table.pieces.len(), count.div_ceil(PIECE), "{count}");
        }
    }
}
