//! Manifests: what makes a stretch of the log permanent. Each names the one before it by its hash, so that the
//! chain as a whole can be trusted or refused.

use model::{Position, Text};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// SHA-256 of something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A stretch of the log, made permanent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Counted from 0 without gaps.
    pub number: u64,
    /// The hash of the manifest before it; zeros for the first.
    pub previous: Digest,
    /// The first record that it covers.
    pub first: Position,
    /// The last record that it covers.
    pub last: Position,
    /// Of the bytes in which those records are kept.
    pub checksum: Digest,
    /// The ruleset in force after the last record.
    pub ruleset: Text,
    /// The semantics in force after the last record.
    pub semantics: u32,
}

impl Manifest {
    /// The manifest that follows `previous`, or the first one.
    pub fn after(
        previous: Option<&Manifest>,
        (first, last): (Position, Position),
        checksum: Digest,
        ruleset: Text,
    ) -> Manifest {
        Manifest {
            number: previous.map_or(0, |previous| previous.number + 1),
            previous: previous.map_or(Digest::default(), Manifest::hash),
            first,
            last,
            checksum,
            ruleset,
            semantics: model::SEMANTICS,
        }
    }

    /// The position behind the last record of a chain that ends with `last`.
    pub fn next(last: Option<&Manifest>) -> Position {
        last.map_or(Position(0), |last| Position(last.last.0 + 1))
    }

    /// SHA-256 of all fields, each in a fixed width or behind its length.
    pub fn hash(&self) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(self.number.to_be_bytes());
        hasher.update(self.previous.0);
        hasher.update(self.first.0.to_be_bytes());
        hasher.update(self.last.0.to_be_bytes());
        hasher.update(self.checksum.0);
        hasher.update((self.ruleset.len() as u64).to_be_bytes());
        hasher.update(self.ruleset.as_bytes());
        hasher.update(self.semantics.to_be_bytes());
        Digest(hasher.finalize().into())
    }

    /// Whether it extends the chain that ends with `previous`.
    pub fn follows(&self, previous: Option<&Manifest>) -> bool {
        self.number == previous.map_or(0, |previous| previous.number + 1)
            && self.previous == previous.map_or(Digest::default(), Manifest::hash)
            && self.first == Manifest::next(previous)
            && self.last >= self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_holds_together_and_any_change_breaks_it() {
        let place = |first, last| (Position(first), Position(last));
        let first = Manifest::after(None, place(0, 9), Digest::of(b"a"), Text::new("r"));
        let second = Manifest::after(Some(&first), place(10, 10), Digest::of(b"b"), Text::new("r"));
        assert!(first.follows(None) && second.follows(Some(&first)));
        assert!(!second.follows(None) && !first.follows(Some(&second)));
        let changed = Manifest { checksum: Digest::of(b"c"), ..first.clone() };
        assert!(!second.follows(Some(&changed)));
        let gap = Manifest { first: Position(11), last: Position(11), ..second };
        assert!(!gap.follows(Some(&first)));
    }
}
