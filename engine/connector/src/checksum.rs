//! Checksums of files: they show that a file is the one that was written or read, not who wrote it.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

/// SipHash-1-3-128 of the bytes so far, whatever the pieces in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    hasher: SipHasher13,
    bytes: u64,
}

impl Checksum {
    /// Takes the next bytes.
    pub(crate) fn take(&mut self, part: &[u8]) {
        self.hasher.write(part);
        self.bytes += part.len() as u64;
    }

    /// How many bytes were taken.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// In hex.
    pub(crate) fn hex(&self) -> String {
        format!("{:032x}", self.hasher.finish128().as_u128())
    }
}
