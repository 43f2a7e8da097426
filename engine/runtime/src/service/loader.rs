//! Loading a ruleset into a running service: checked, kept in the archive, measured over the past, announced to the
//! engine, and then a control record at a position of the log.

use decider::Successor;
use model::log::{Control, RecordBody};
use model::{Position, Text};
use ruleset::{Diagnostic, Ruleset, Sources};
use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};

use crate::entropy::hash_key;
use crate::journal::{JournalError, JournalReader};
use crate::service::desk::{Arrived, Desk, Keep, Receipt, Refused};
use crate::service::engine::Announcement;
use crate::service::rows;
use crate::service::status::Status;
use crate::service::tail::Tail;
use crate::{telemetry, trace};

/// What became of a ruleset.
#[derive(Debug)]
pub enum Load {
    /// It is in force already, or will be when what was accepted is decided.
    InForce,
    /// It takes effect at this position.
    Loaded(Position, Vec<Diagnostic>),
}

impl Load {
    /// What may become of a ruleset that was asked to be loaded, each in a word.
    pub(crate) const OUTCOMES: [&str; 5] = ["loaded", "in_force", "problems", "unavailable", "refused"];

    /// From where it takes effect, if it was not in force before.
    fn takes_effect(&self) -> Option<Position> {
        match self {
            Load::InForce => None,
            Load::Loaded(from, _) => Some(*from),
        }
    }
}

/// Why a ruleset was not loaded. The one before it runs on.
#[derive(Debug)]
pub enum LoadError {
    /// It does not check: errors and warnings.
    Problems(Vec<Diagnostic>),
    /// It cannot be kept or measured at the moment.
    Journal(JournalError),
    /// Its control record was not taken.
    Refused(Refused),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Problems(problems) => write!(f, "{} problem(s)", problems.len()),
            LoadError::Journal(error) => error.fmt(f),
            LoadError::Refused(Refused::Busy) => f.write_str("too much waits; try again in a moment"),
            LoadError::Refused(Refused::Stopping) => f.write_str("the service is stopping"),
            LoadError::Refused(Refused::Unavailable(error)) => error.fmt(f),
        }
    }
}

impl std::error::Error for LoadError {}

impl From<JournalError> for LoadError {
    fn from(error: JournalError) -> LoadError {
        LoadError::Journal(error)
    }
}

/// Loads rulesets, one at a time.
pub(crate) struct Loader<R> {
    pub(crate) reader: Mutex<R>,
    /// The ruleset that the log loads last: in force, or soon to be.
    pub(crate) last: Mutex<Text>,
    pub(crate) desk: Arc<Desk>,
    pub(crate) tail: Arc<Tail>,
    pub(crate) status: Arc<Status>,
    pub(crate) announcements: Sender<Announcement>,
}

impl<R: JournalReader> Loader<R> {
    pub(crate) fn load(&self, sources: &Sources) -> Result<Load, LoadError> {
        let span = trace::load(sources);
        let outcome = self.try_load(sources);
        let name = match &outcome {
            Ok(Load::Loaded(..)) => "loaded",
            Ok(Load::InForce) => "in_force",
            Err(LoadError::Problems(_)) => "problems",
            Err(LoadError::Journal(_)) => "unavailable",
            Err(LoadError::Refused(_)) => "refused",
        };
        telemetry::RULESET_LOADS.counter(&[name]).increment(1);
        trace::loaded(&span, name, outcome.as_ref().ok().and_then(Load::takes_effect));
        outcome.inspect_err(|error| trace::failed(&span, error))
    }

    fn try_load(&self, sources: &Sources) -> Result<Load, LoadError> {
        let loaded = Ruleset::load(sources).map_err(LoadError::Problems)?;
        let ruleset = Arc::new(loaded.ruleset);
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if **last == *ruleset.hash() {
            return Ok(Load::InForce);
        }
        let hash = Text::new(ruleset.hash());
        self.keep(&hash, sources)?;
        self.announce(Successor::new(ruleset, hash_key()), &mut reader)?;
        let receipt = self.append(hash.clone()).map_err(LoadError::Refused)?;
        *last = hash;
        Ok(Load::Loaded(receipt.first, loaded.warnings))
    }

    fn keep(&self, hash: &Text, sources: &Sources) -> Result<(), JournalError> {
        let (reply, kept) = mpsc::channel();
        self.desk.keep(Keep { hash: hash.clone(), archive: sources.archive(), reply });
        kept.recv().unwrap_or_else(|_| Err(gone()))
    }

    /// Measures the past while the engine goes on, and lets it do the rest.
    fn announce(&self, mut successor: Successor, reader: &mut R) -> Result<(), JournalError> {
        let through = self.status.decided();
        if let Some(through) = through {
            let since = rows::since(&successor, self.status.clock());
            rows::measure_since(reader, &mut successor, None, through, since)?;
        }
        let (done, announced) = mpsc::channel();
        self.announcements.send(Announcement { successor, through, done }).map_err(|_| gone())?;
        self.tail.wake();
        announced.recv().unwrap_or_else(|_| Err(gone()))
    }

    fn append(&self, hash: Text) -> Result<Receipt, Refused> {
        let body = RecordBody::Control(Control::Ruleset(hash));
        let answer = self.desk.append(vec![Arrived::own(body)])?;
        answer.blocking_recv().unwrap_or(Err(Refused::Stopping))
    }
}

fn gone() -> JournalError {
    JournalError::Unwritable("the service is stopping".into())
}
