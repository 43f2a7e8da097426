//! The state of all stations as bytes: what a restart continues from. The version is checked here; the file, its
//! checksum and its name are the runtime's.

use model::EventTime;
use model::log::Genesis;
use ruleset::Ruleset;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::decider::Decider;
use crate::successor::{Measured, Successor};
use crate::tally::Tally;

/// Raised whenever the shape of any station's state changes.
const VERSION: u32 = 4;

#[derive(Serialize)]
struct StateRef<'a> {
    genesis: &'a Genesis,
    ruleset: &'a str,
    successors: Vec<(&'a str, &'a Measured)>,
    swept: Option<EventTime>,
    tally: &'a Tally,
    attribution: &'a attribution::Attribution,
    windows: &'a window::Windows,
    ledger: &'a ledger::Ledger,
}

#[derive(Deserialize)]
struct State {
    genesis: Genesis,
    ruleset: String,
    successors: Vec<(String, Measured)>,
    swept: Option<EventTime>,
    tally: Tally,
    attribution: attribution::Attribution,
    windows: window::Windows,
    ledger: ledger::Ledger,
}

/// Why a snapshot cannot be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestoreError {
    /// It was written by a version with another state.
    Version {
        /// The version found.
        found: u32,
        /// The version that this build reads.
        expected: u32,
    },
    /// It belongs to another `semantics` number: `tidegate upgrade` is needed.
    Semantics {
        /// The number found.
        found: u32,
    },
    /// It was taken under a ruleset that is not at hand, or expects one.
    Ruleset {
        /// The hash found.
        found: String,
    },
    /// The bytes are damaged.
    Damaged(String),
}

impl std::fmt::Display for RestoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RestoreError::Version { found, expected } => {
                write!(
                    f,
                    "the snapshot has state version {found}, this build reads {expected}; replay the log instead"
                )
            }
            RestoreError::Semantics { found } => write!(
                f,
                "the snapshot was decided under semantics {found}, this build decides under {}; upgrade it first",
                model::SEMANTICS
            ),
            RestoreError::Ruleset { found } => {
                write!(f, "the snapshot needs ruleset {found}; load that ruleset to resume it")
            }
            RestoreError::Damaged(what) => write!(f, "the snapshot is damaged: {what}"),
        }
    }
}

impl std::error::Error for RestoreError {}

impl Decider {
    /// The whole state, between two chunks.
    pub fn snapshot(&self) -> Vec<u8> {
        let state = StateRef {
            genesis: &self.genesis,
            ruleset: self.ruleset.hash(),
            successors: self.successors.iter().map(|s| (s.ruleset().hash(), s.measured())).collect(),
            swept: self.swept,
            tally: &self.tally,
            attribution: &self.attribution,
            windows: &self.windows,
            ledger: &self.ledger,
        };
        let header = postcard::to_allocvec(&VERSION).expect("a number always encodes");
        postcard::to_extend(&state, header).expect("plain data always encodes")
    }

    /// Continues from a snapshot, under the ruleset it was taken with. That one, and those announced by then, must
    /// be among `rulesets`.
    ///
    /// # Errors
    /// When the bytes are damaged, of another version or semantics, or need another ruleset.
    pub fn restore(bytes: &[u8], rulesets: &[Arc<Ruleset>]) -> Result<Decider, RestoreError> {
        let damaged = |error: postcard::Error| RestoreError::Damaged(error.to_string());
        let (found, rest) = postcard::take_from_bytes::<u32>(bytes).map_err(damaged)?;
        if found != VERSION {
            return Err(RestoreError::Version { found, expected: VERSION });
        }
        let state: State = postcard::from_bytes(rest).map_err(damaged)?;
        if state.genesis.semantics != model::SEMANTICS {
            return Err(RestoreError::Semantics { found: state.genesis.semantics });
        }
        let named = |hash: String| {
            let found = rulesets.iter().find(|ruleset| ruleset.hash() == hash);
            found.cloned().ok_or(RestoreError::Ruleset { found: hash })
        };
        let ruleset = named(state.ruleset)?;
        let successors = state.successors.into_iter();
        let successors: Result<_, _> =
            successors.map(|(hash, measured)| Ok(Successor::resumed(named(hash)?, measured))).collect();
        let stations = (state.attribution, state.windows, state.ledger);
        Ok(Decider::from_parts(state.genesis, ruleset, successors?, stations, state.tally, state.swept))
    }
}
