//! Hash maps that cannot be iterated, so that their order can reach nothing. Serialised in the order of keys.
//!
//! The hasher is seeded anew in every process: whoever chooses keys must not choose collisions.

use foldhash::quality::RandomState;
use hashbrown::{Equivalent, HashMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::Hash;

/// A hash map without iteration.
#[derive(Debug, Clone)]
pub(crate) struct Table<K, V>(HashMap<K, V, RandomState>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(HashMap::default())
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    pub(crate) fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        self.0.get(key)
    }

    pub(crate) fn get_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        self.0.get_mut(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.0.insert(key, value)
    }

    pub(crate) fn remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        self.0.remove(key)
    }

    /// The value at `key`, made if there is none.
    pub(crate) fn at(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.0.entry(key).or_default()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Serialize + Ord, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<(&K, &V)> = self.0.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        serializer.collect_map(entries)
    }
}

impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        HashMap::deserialize(deserializer).map(Table)
    }
}

/// A program of the lane, numbered in the order in which they were first named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Program(pub(crate) u32);

impl Program {
    /// A program that nobody has named yet: nothing is known of it.
    pub(crate) const UNKNOWN: Program = Program(u32::MAX);
}

/// A key that is unique within its program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Scoped<K> {
    program: Program,
    key: K,
}

impl<K> Scoped<K> {
    pub(crate) fn new(program: Program, key: K) -> Scoped<K> {
        Scoped { program, key }
    }
}

/// The same, borrowed, to look up with.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) struct In<'a, K>(pub(crate) Program, pub(crate) &'a K);

impl<K: Eq> Equivalent<Scoped<K>> for In<'_, K> {
    fn equivalent(&self, key: &Scoped<K>) -> bool {
        self.0 == key.program && *self.1 == key.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_borrowed_key_finds_what_an_owned_one_stored() {
        let mut table: Table<Scoped<String>, u8> = Table::default();
        table.insert(Scoped::new(Program(1), "a".to_owned()), 7);
        assert_eq!(table.get(&In(Program(1), &"a".to_owned())), Some(&7));
        assert_eq!(table.get(&In(Program(2), &"a".to_owned())), None);
    }

    #[test]
    fn tables_with_the_same_entries_have_the_same_bytes() {
        let numbers = |of: &mut dyn Iterator<Item = u64>| {
            let mut table = Table::default();
            for n in of {
                table.insert(n, n);
            }
            postcard::to_allocvec(&table).unwrap()
        };
        assert_eq!(numbers(&mut (0..500)), numbers(&mut (0..500).rev()));
    }
}
