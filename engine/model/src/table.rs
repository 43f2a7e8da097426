//! Hash maps that cannot be iterated, so that their order can reach nothing. Serialised in the order of keys: the same
//! entries are the same bytes.
//!
//! The hasher is seeded anew in every process: whoever chooses keys must not choose collisions.

use foldhash::quality::RandomState;
use hashbrown::Equivalent;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use crate::piecewise::{PiecewiseTable, Place};

/// A hash map without iteration.
#[derive(Debug, Clone)]
pub struct Table<K, V> {
    entries: PiecewiseTable<(K, V)>,
    hasher: RandomState,
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table { entries: PiecewiseTable::default(), hasher: RandomState::default() }
    }
}

impl<K: Eq + Hash, V> Table<K, V> {
    /// The value at a key, which may be borrowed.
    pub fn get<Q: Hash + Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<&V> {
        let found = self.entries.find(self.hasher.hash_one(key), |(known, _)| key.equivalent(known));
        found.map(|(_, value)| value)
    }

    /// The value at a key, to change it.
    pub fn get_mut<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<&mut V> {
        let found = self.entries.find_mut(self.hasher.hash_one(key), |(known, _)| key.equivalent(known));
        found.map(|(_, value)| value)
    }

    /// Puts a value at a key; returns the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match self.place(&key) {
            Place::Taken((_, known)) => Some(std::mem::replace(known, value)),
            Place::Free(free) => {
                free.fill((key, value));
                None
            }
        }
    }

    /// Takes the value at a key away.
    pub fn remove<Q: Hash + Equivalent<K> + ?Sized>(&mut self, key: &Q) -> Option<V> {
        let found = self.entries.remove(self.hasher.hash_one(key), |(known, _)| key.equivalent(known));
        found.map(|(_, value)| value)
    }

    /// The value at a key, the default if there was none.
    pub fn at(&mut self, key: K) -> &mut V
    where
        V: Default,
    {
        self.at_or(key, V::default)
    }

    /// The value at a key, made if there was none.
    pub fn at_or(&mut self, key: K, make: impl FnOnce() -> V) -> &mut V {
        match self.place(&key) {
            Place::Taken((_, value)) => value,
            Place::Free(free) => &mut free.fill((key, make())).1,
        }
    }

    fn place(&mut self, key: &K) -> Place<'_, (K, V)> {
        let hasher = &self.hasher;
        self.entries.place(hasher.hash_one(key), |(known, _)| known == key, |(key, _)| hasher.hash_one(key))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl<K: Ord, V> Table<K, V> {
    /// All entries, in the order of keys.
    pub fn into_sorted(self) -> Vec<(K, V)> {
        let mut entries: Vec<(K, V)> = self.entries.into_entries().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        entries
    }
}

impl<K: Serialize + Ord, V: Serialize> Serialize for Table<K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut entries: Vec<(&K, &V)> = self.entries.iter().map(|(key, value)| (key, value)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        serializer.collect_map(entries)
    }
}

impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Deserialize<'de> for Table<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

struct Entries<K, V>(PhantomData<(K, V)>);

impl<'de, K: Deserialize<'de> + Eq + Hash, V: Deserialize<'de>> Visitor<'de> for Entries<K, V> {
    type Value = Table<K, V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Table<K, V>, A::Error> {
        let mut table = Table::default();
        while let Some((key, value)) = map.next_entry()? {
            table.insert(key, value);
        }
        Ok(table)
    }
}
