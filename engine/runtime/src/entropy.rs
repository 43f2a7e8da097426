//! What nobody can guess. It seeds hash tables and never reaches a verdict.

use model::HashKey;
use std::hash::{BuildHasher, RandomState};

/// A key for the hash tables of this process, from the randomness that the operating system gives it.
pub fn hash_key() -> HashKey {
    let half = |part: u8| u128::from(RandomState::new().hash_one(part));
    HashKey::new(half(0) << 64 | half(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_keys_differ() {
        assert_ne!(hash_key(), hash_key());
    }
}
