//! Backups: the database as it is at one moment, and the newest snapshot, into another folder; while a service runs.

use model::Position;
use runtime::{JournalError, Snapshots};
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::io;
use std::path::Path;

use super::connection::DATABASE;
use super::fault::{damaged, unreadable, unwritable};
use super::reader::Reader;
use super::snapshots::{SnapshotFolder, flush_folder};

/// Pages copied between two reports.
const STEP_PAGES: i32 = 256;

impl Reader {
    /// Copies the store into a folder that holds none, as it is now: what is committed meanwhile is not in it.
    /// `progress` is told the pages left and the pages in all. A store opened there goes on from where this one was.
    ///
    /// # Errors
    /// When the folder cannot be written or has a store, or this one cannot be read.
    pub fn backup(&mut self, to: &Path, progress: &mut dyn FnMut(i32, i32)) -> Result<(), JournalError> {
        let target = to.join(DATABASE);
        if target.exists() {
            let what = format!("{} holds a store already; name another folder", to.display());
            return Err(JournalError::Unwritable(what));
        }
        let failed = |error: io::Error| JournalError::Unwritable(format!("{}: {error}", to.display()));
        std::fs::create_dir_all(to).map_err(failed)?;
        // First the snapshot: the database then reaches at least as far.
        copy_snapshot(&self.folder, to).map_err(failed)?;
        copy_database(&self.connection, &target, progress)?;
        flush_folder(to).map_err(failed)?;
        let copied = Reader::open(to).map_err(|error| damaged(format_args!("the backup: {error}")))?;
        copied.head().map(drop)
    }
}

/// Copies the newest snapshot that is still there.
fn copy_snapshot(from: &Path, to: &Path) -> io::Result<()> {
    let (from, to) = (SnapshotFolder::in_store(from), SnapshotFolder::in_store(to));
    for at in from.list()? {
        match from.get(at) {
            Ok(sealed) => return to.put(at, &sealed),
            // It was pruned while we looked: there is a newer one, and a log to replay.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A read transaction is held all the while: without one, every commit of the service would begin the copy anew.
fn copy_database(
    from: &Connection,
    to: &Path,
    progress: &mut dyn FnMut(i32, i32),
) -> Result<(), JournalError> {
    let moment = from.unchecked_transaction().map_err(unreadable)?;
    let pinned: Option<u64> =
        moment.query_row("SELECT position FROM progress", [], |row| row.get(0)).map_err(unreadable)?;
    let mut target = Connection::open(to).map_err(unwritable)?;
    {
        let backup = Backup::new(from, &mut target).map_err(unwritable)?;
        while !matches!(backup.step(STEP_PAGES).map_err(unwritable)?, StepResult::Done) {
            let step = backup.progress();
            progress(step.remaining, step.pagecount);
        }
    }
    let copied: Option<u64> =
        target.query_row("SELECT position FROM progress", [], |row| row.get(0)).map_err(unreadable)?;
    if copied != pinned {
        let place =
            |position: Option<u64>| position.map_or_else(|| "nothing".into(), |p| Position(p).to_string());
        let what = format!("the backup reaches {}, not {}", place(copied), place(pinned));
        return Err(JournalError::Unreadable(what));
    }
    moment.finish().map_err(unreadable)
}
