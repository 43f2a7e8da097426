//! The store of a lane, as commands open it.

use connector::store::{OpenError, Operator, Reader, Store};
use runtime::{JournalError, SteadyClock};
use std::path::Path;

use crate::args::{Data, MaybeData};
use crate::failure::Failure;

/// Where the store of a lane is when nobody says.
pub(crate) const DEFAULT_FOLDER: &str = "tidegate-data";

impl Data {
    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_deref().unwrap_or(Path::new(DEFAULT_FOLDER))
    }

    /// Opens it to read: it may be written meanwhile.
    pub(crate) fn read(&self) -> Result<Reader, Failure> {
        Store::read(self.folder()).map_err(unusable)
    }

    /// Opens it to change what no verdict depends on.
    pub(crate) fn operator(&self) -> Result<Operator, Failure> {
        Operator::open(self.folder()).map_err(unusable)
    }

    /// An answer of the store, or why there is none.
    pub(crate) fn answered<T>(&self, answer: Result<T, JournalError>) -> Result<T, Failure> {
        answered(self.folder(), answer)
    }

    /// A change of the store, or why it was not made: where what was typed cannot be kept, the option that said it.
    pub(crate) fn written<T>(&self, change: Result<T, JournalError>) -> Result<T, Failure> {
        change.map_err(|error| match error {
            JournalError::Unanswerable { parameter, what } => {
                Failure::usage(format!("--{parameter}: {what}"))
            }
            JournalError::Unwritable(_)
            | JournalError::Unreadable(_)
            | JournalError::Damaged(_)
            | JournalError::Deposed(_) => Failure::output(&self.folder().display(), &error),
        })
    }
}

impl MaybeData {
    /// The lane that is meant, if one is.
    pub(crate) fn lane(&self) -> Option<Data> {
        self.folder.is_some().then(|| Data { folder: self.folder.clone() })
    }
}

/// An answer of the store in a folder, or why there is none.
fn answered<T>(folder: &Path, answer: Result<T, JournalError>) -> Result<T, Failure> {
    answer.map_err(|error| Failure::input(folder, &error))
}

/// Why a store was not opened.
pub(crate) fn unusable(error: OpenError) -> Failure {
    match error {
        OpenError::Held(..) | OpenError::Foreign(_) | OpenError::Follows { .. } => {
            Failure::usage(error.to_string())
        }
        OpenError::Missing(_)
        | OpenError::Newer { .. }
        | OpenError::Older { .. }
        | OpenError::Folder(..)
        | OpenError::Journal(_) => Failure::unreadable(error.to_string()),
    }
}

/// The time.
pub(crate) fn now() -> model::EventTime {
    SteadyClock::start().now()
}
