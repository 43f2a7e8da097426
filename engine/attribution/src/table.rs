//! What tables are looked up by: keys within a program.

use hashbrown::Equivalent;
use serde::{Deserialize, Serialize};
use std::hash::Hash;

pub(crate) use model::table::Table;

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
