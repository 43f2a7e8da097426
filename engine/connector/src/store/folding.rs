//! Folding: what is committed is appended to SQLite's log of changes, and folded into the database later. A thread of its
//! own does that, in large steps, beside the writer: a step takes several flushes of the disk, and no commit waits for it.
//! Only the little that is left goes to the writer, because a log must be folded whole before it begins anew.

use rusqlite::Connection;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::connection;
use super::fault::OpenError;

/// How often it looks how much there is to fold.
const LOOK: Duration = Duration::from_millis(100);
/// Pages of 4 KiB that are worth a step: a page that changes often is folded once for all its changes.
const STEP_PAGES: i64 = 8_192;
/// Pages that are little enough for the writer.
const LITTLE_PAGES: i64 = 256;
/// Steps after which it rests, however much is left: a long read may keep it from folding.
const STEPS_MAX: usize = 5;

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
        let connection = connection::to_write_beside(folder)?;
        let shared = Arc::new(Shared::default());
        let folds = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("tidegate-fold".to_owned());
        let thread = thread.spawn(move || {
            while folds.rest() {
                if fold(&connection) {
                    folds.little_is_left.store(true, Ordering::Relaxed);
                }
            }
        });
        let thread = thread.map_err(|error| OpenError::Folder(folder.to_path_buf(), error))?;
        Ok(Folding { shared, thread: Some(thread) })
    }

    /// Folds the little that is left, if that is all: to be called by the writer after a commit.
    pub(crate) fn finish(&self, writer: &Connection) {
        if self.shared.little_is_left.swap(false, Ordering::Relaxed) {
            step(writer);
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

/// Folds what is worth it; whether only little is left after that.
fn fold(connection: &Connection) -> bool {
    if waiting(connection, "PRAGMA wal_checkpoint(NOOP)").is_none_or(|pages| pages < STEP_PAGES) {
        return false;
    }
    (0..STEPS_MAX).any(|_| step(connection).is_some_and(|pages| pages < LITTLE_PAGES))
}

/// One step, as far as readers allow; how many pages it left. A step that fails loses nothing: another one comes, and a
/// disk without room is told by the commits that it fails.
fn step(connection: &Connection) -> Option<i64> {
    waiting(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn waiting(connection: &Connection, pragma: &str) -> Option<i64> {
    let pages = |row: &rusqlite::Row<'_>| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?);
    connection.query_row(pragma, [], pages).ok()
}
