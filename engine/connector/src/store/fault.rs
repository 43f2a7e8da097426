//! What can go wrong with a store, and what to do about it.

use runtime::JournalError;
use rusqlite::{Error, ErrorCode};
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::lock::Holder;

/// Why a store was not opened.
#[derive(Debug)]
pub enum OpenError {
    /// Another process writes it; who, if its lock says so.
    Held(PathBuf, Option<Holder>),
    /// There is no store in this folder.
    Missing(PathBuf),
    /// The file is a database, and not one of ours.
    Foreign(PathBuf),
    /// A later version of tidegate has written it.
    Newer {
        /// The version of its schema.
        found: u32,
        /// The newest one that this build knows.
        known: u32,
    },
    /// An earlier version has written it, and nothing has migrated it yet.
    Older {
        /// The version of its schema.
        found: u32,
        /// The one that this build reads.
        known: u32,
    },
    /// It follows a lane that is elsewhere, or it is not the one that was named.
    Follows {
        /// Its folder.
        folder: PathBuf,
        /// The lane that it follows, if any.
        lane: Option<String>,
    },
    /// The folder or its lock cannot be used.
    Folder(PathBuf, io::Error),
    /// The database cannot be used.
    Journal(JournalError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Held(folder, Some(holder)) => {
                write!(f, "{} is in use by {holder}; stop it first, or use another folder", folder.display())
            }
            OpenError::Held(folder, None) => {
                write!(
                    f,
                    "{} is in use by another process; stop it first, or use another folder",
                    folder.display()
                )
            }
            OpenError::Missing(folder) => {
                write!(f, "there is no store in {}; `tidegate run` begins one", folder.display())
            }
            OpenError::Foreign(file) => {
                write!(f, "{} is the database of another program; use another folder", file.display())
            }
            OpenError::Newer { found, known } => write!(
                f,
                "the store has schema {found}, and this build knows schemas up to {known}; use the version of \
                 tidegate that wrote it, or a later one"
            ),
            OpenError::Older { found, known } => write!(
                f,
                "the store has schema {found}, and this build reads schema {known}; `tidegate run` or `tidegate \
                 upgrade` migrates it"
            ),
            OpenError::Follows { folder, lane: Some(lane) } => write!(
                f,
                "the store in {} follows lane {lane} on Kafka: only a `tidegate run` with that [transport] adds to it",
                folder.display()
            ),
            OpenError::Follows { folder, lane: None } => write!(
                f,
                "the store in {} is of a lane of its own, and follows none on Kafka; name another folder",
                folder.display()
            ),
            OpenError::Folder(folder, error) => write!(f, "{} cannot be used: {error}", folder.display()),
            OpenError::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> OpenError {
        OpenError::Journal(error)
    }
}

/// For whoever has the store open, and opens it once more.
impl From<OpenError> for JournalError {
    fn from(error: OpenError) -> JournalError {
        match error {
            OpenError::Journal(error) => error,
            other @ (OpenError::Held(..)
            | OpenError::Missing(_)
            | OpenError::Foreign(_)
            | OpenError::Newer { .. }
            | OpenError::Older { .. }
            | OpenError::Follows { .. }
            | OpenError::Folder(..)) => JournalError::Unreadable(other.to_string()),
        }
    }
}

/// What to do about damage, for whoever finds it.
const MEND: &str = "nothing is decided on it; restore the newest backup, or send what came since again";

/// Something stored is not what was written.
pub(crate) fn damaged(what: impl fmt::Display) -> JournalError {
    JournalError::Damaged(format!("{what}; {MEND}"))
}

/// A write that failed.
pub(crate) fn unwritable(error: Error) -> JournalError {
    sorted(&error, JournalError::Unwritable)
}

/// A read that failed.
pub(crate) fn unreadable(error: Error) -> JournalError {
    sorted(&error, JournalError::Unreadable)
}

fn sorted(error: &Error, for_now: fn(String) -> JournalError) -> JournalError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::ConstraintViolation) => {
            damaged(error)
        }
        Some(code) => for_now(said(code, error)),
        // A value is not of the sort that was written.
        None => damaged(error),
    }
}

/// What a failure means for whoever runs the machine.
const ADVICE: &[(ErrorCode, &str)] = &[
    (ErrorCode::DiskFull, "no room is left; free some, or raise the limit"),
    (ErrorCode::ReadOnly, "the file or its folder is read-only; allow writing"),
    (ErrorCode::PermissionDenied, "the file or its folder is not accessible"),
    (ErrorCode::CannotOpen, "the file or its folder is not accessible"),
    (ErrorCode::SystemIoFailure, "the disk fails"),
    (ErrorCode::DatabaseBusy, "another process has been writing for too long"),
    (ErrorCode::DatabaseLocked, "another process has been writing for too long"),
];

fn said(code: ErrorCode, error: &Error) -> String {
    match ADVICE.iter().find(|(known, _)| *known == code) {
        Some((_, advice)) => format!("{advice} ({error})"),
        None => error.to_string(),
    }
}
