//! The secret that seeds hash tables.

/// Seeds the hashes of keys that a stranger chooses (an ip, a device), so that nobody can aim at one bucket. It
/// shapes memory and nothing else: whatever the key, the same log gives the same bytes. So it is no part of the
/// log; every process may have its own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HashKey(u128);

impl HashKey {
    /// A key of 128 bits that nobody can guess.
    pub const fn new(secret: u128) -> HashKey {
        HashKey(secret)
    }

    /// For what strangers do not feed: tests, cases, benchmarks.
    pub const fn public() -> HashKey {
        HashKey(0)
    }

    /// The 128 bits.
    pub const fn secret(self) -> u128 {
        self.0
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashKey(…)")
    }
}
