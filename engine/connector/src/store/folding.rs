//! Folding: what is committed is appended to SQLite's log of changes, and folded into the database later. A thread of
//! its own does that beside the writer, in steps so small that a commit never waits long for the disk behind one. Only
//! when the log is long, and little of it is left, the writer folds that little: a log must be folded whole before it
//! begins anew.

use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::connection;
use super::fault::OpenError;

/// How often it looks how much there is to fold.
const LOOK: Duration = Duration::from_millis(25);
/// Pages of 4 KiB that are worth a step: 4 MiB, which the disk takes in the time that a commit may wait.
const STEP_PAGES: i64 = 1_024;
/// Pages in the log from which on it is to begin anew: 128 MiB.
const LONG_PAGES: i64 = 32_768;
/// Pages that are little enough for the writer.
const LITTLE_PAGES: i64 = 256;
/// Pages from which on every commit folds by itself: 256 MiB. It bounds the log where it never comes to an end.
pub(crate) const LOG_PAGES_MAX: i64 = 65_536;

#[derive(Debug, Default)]
struct Shared {
    ended: Mutex<bool>,
    ends: Condvar,
    little_is_left: AtomicBool,
}

impl Shared {
    /// Rests; whether it is to go on.
    fn rest(&self) -> bool {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let rested = self.ends.wait_timeout_while(ended, LOOK, |ended| !*ended);
        !*rested.unwrap_or_else(PoisonError::into_inner).0
    }

    fn end(&self) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ends.notify_all();
    }
}

/// The thread that folds. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Folding {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Folding {
    /// Begins to fold the store in a folder.
    pub(crate) fn start(folder: &Path) -> Result<Folding, OpenError> {
        let shared = Arc::new(Shared::default());
        let folds = Arc::clone(&shared);
        let folder = folder.to_path_buf();
        let folded = Folded { connection: connection::to_write_beside(&folder)?, folder: folder.clone() };
        let thread = std::thread::Builder::new().name("tidegate-fold".to_owned());
        let thread = thread.spawn(move || {
            while folds.rest() {
                if folded.fold().is_some_and(|log| log.is_to_begin_anew()) {
                    folds.little_is_left.store(true, Ordering::Relaxed);
                }
            }
        });
        let thread = thread.map_err(|error| OpenError::Folder(folder, error))?;
        Ok(Folding { shared, thread: Some(thread) })
    }

    /// Folds the little that is left, if the log is to begin anew: to be called by the writer between commits.
    pub(crate) fn finish(&self, writer: &Connection) {
        if self.shared.little_is_left.swap(false, Ordering::Relaxed) {
            // One that fails loses nothing: another one comes.
            let _: Option<Log> = log_after(writer, "PASSIVE");
        }
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.shared.end();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// What is folded.
struct Folded {
    connection: Connection,
    folder: PathBuf,
}

impl Folded {
    /// Folds what is worth it; how the log stands after that. Nothing where it could not: a step that fails loses
    /// nothing, and a disk without room is told by the commits that it fails.
    fn fold(&self) -> Option<Log> {
        let log = self.log()?;
        if log.left_pages < STEP_PAGES {
            return Some(log);
        }
        log_after(&self.connection, "PASSIVE")?;
        // SQLite leaves that to whoever folds the last page, who must not have to wait for it.
        flush(&self.folder).ok()?;
        self.log()
    }

    fn log(&self) -> Option<Log> {
        log_after(&self.connection, "NOOP")
    }
}

/// The log of changes.
struct Log {
    pages: i64,
    /// Of these, what is not folded.
    left_pages: i64,
}

impl Log {
    fn is_to_begin_anew(&self) -> bool {
        self.pages >= LONG_PAGES && self.left_pages < LITTLE_PAGES
    }
}

/// Folds as far as a mode goes, and tells how the log stood when it began; nothing where another is folding.
fn log_after(connection: &Connection, mode: &str) -> Option<Log> {
    let row =
        |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?));
    let found = connection.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], row);
    let (busy, pages, folded) = found.ok()?;
    (busy == 0 && pages >= folded).then_some(Log { pages, left_pages: pages - folded })
}

/// Flushes what was written in a folder. Not through the database's own file: to close one takes SQLite's locks away.
#[cfg(target_os = "linux")]
fn flush(folder: &Path) -> std::io::Result<()> {
    Ok(rustix::fs::syncfs(std::fs::File::open(folder)?)?)
}

#[cfg(not(target_os = "linux"))]
fn flush(_: &Path) -> std::io::Result<()> {
    Ok(())
}
