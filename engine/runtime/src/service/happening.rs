//! What an operator is told of a service.

use model::{Position, Text};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tracing::Span;

use crate::journal::JournalError;
use crate::{telemetry, trace};

/// Something that happened to a service, and that an operator may want to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Happening {
    /// A snapshot was passed over, and why.
    PassedOver(String),
    /// It stands where it stood, and everything up to there is decided.
    Recovered {
        /// The snapshot that it began with; none if it began with the log.
        snapshot: Option<Position>,
        /// Records that it decided again, or for the first time.
        records: u64,
        /// The position of the next record.
        next: Position,
        /// How long it took.
        took: Duration,
    },
    /// A snapshot was taken.
    Snapped {
        /// After this position.
        at: Position,
        /// Its size.
        bytes: u64,
        /// How long it took, with following the log.
        took: Duration,
    },
    /// No snapshot could be taken.
    NotSnapped {
        /// After this position.
        at: Position,
        /// Why.
        what: String,
    },
    /// Another ruleset is in force from here.
    InForce {
        /// Its hash.
        ruleset: Text,
        /// The next record.
        from: Position,
    },
    /// The store cannot be written or read at the moment.
    Faulty(JournalError),
    /// It can again.
    Mended,
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Happening::PassedOver(what) => f.write_str(what),
            Happening::Recovered { next, .. } => {
                write!(f, "recovered; the next record is at position {next}")
            }
            Happening::Snapped { at, .. } => write!(f, "a snapshot was taken at position {at}"),
            Happening::NotSnapped { at, what } => {
                write!(f, "no snapshot could be taken at position {at}: {what}")
            }
            Happening::InForce { ruleset, from } => {
                write!(f, "ruleset {ruleset} is in force from position {from} on")
            }
            Happening::Faulty(fault) => fault.fmt(f),
            Happening::Mended => f.write_str("the store is well again"),
        }
    }
}

/// Tells an operator what happened.
pub type Tell = Arc<dyn Fn(Happening) + Send + Sync>;

/// A snapshot of so many bytes was taken, or was not: measured and told. Gives its position back if it is there.
pub(crate) fn snapped(
    at: Position,
    outcome: Result<usize, String>,
    (span, took): (&Span, Duration),
    tell: &Tell,
) -> Option<Position> {
    match outcome {
        Ok(bytes) => {
            trace::snapped(span, bytes);
            telemetry::SNAPSHOT_TIME.histogram(&[]).record(took.as_secs_f64());
            telemetry::SNAPSHOT_BYTES.set(&[], bytes);
            tell(Happening::Snapped { at, bytes: bytes as u64, took });
            Some(at)
        }
        Err(what) => {
            trace::failed(span, &what);
            telemetry::SNAPSHOT_FAILURES.counter(&[]).increment(1);
            tell(Happening::NotSnapped { at, what });
            None
        }
    }
}
