//! Hash maps for looking things up, written down in the order of their keys: the same state is the same bytes.
//! They are never iterated for anything that reaches an output.

use hashbrown::HashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::hash::Hash;

/// A map that is only looked up. Its hash is seeded alike everywhere; keys that a stranger may choose cost at most
/// what a tree would in memory, and the seed is foldhash's own, not a secret of the lane.
pub(crate) type StableMap<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

pub(crate) fn serialize<K, V, S>(map: &StableMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: Ord + Serialize,
    V: Serialize,
    S: Serializer,
{
    let mut entries: Vec<(&K, &V)> = map.iter().collect();
    entries.sort_unstable_by(|a, b| a.0.cmp(b.0));
    serializer.collect_seq(entries)
}

pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<StableMap<K, V>, D::Error>
where
    K: Eq + Hash + Deserialize<'de>,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
}
