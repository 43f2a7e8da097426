//! The one writer of a store.

use model::{EventTime, Position};
use runtime::{Head, JournalError};
use rusqlite::{Connection, OptionalExtension};
use std::path::{Path, PathBuf};

use super::fault::{OpenError, damaged, unreadable, unwritable};
use super::folding::{Folding, LOG_PAGES_MAX};
use super::lock::{Holder, Lock, Sign};
use super::reader::Reader;
use super::snapshots::SnapshotFolder;
use super::{chain, connection};

/// The one writer of a store. It holds the folder's lock as long as it lives.
#[derive(Debug)]
pub struct Store {
    pub(crate) folder: PathBuf,
    /// Ends before the connection does: who closes last folds all.
    pub(crate) folding: Folding,
    pub(crate) connection: Connection,
    /// What is permanent: it moves after a commit, never before.
    pub(crate) head: Head,
    pub(crate) holder: Holder,
    lock: Lock,
}

impl Store {
    /// Opens a folder to write, makes the store where there is none, migrates an older one, and proves the log's
    /// manifests. `holder` is what a second start is told.
    ///
    /// # Errors
    /// When somebody else writes it, a later version has written it, it follows a lane elsewhere, it is damaged, or the
    /// disk refuses.
    pub fn open(folder: &Path, holder: &Holder) -> Result<Store, OpenError> {
        let store = Store::opened(folder, holder)?;
        match store.follows()? {
            None => Ok(store),
            lane => Err(OpenError::Follows { folder: folder.to_path_buf(), lane }),
        }
    }

    /// Opens a folder to write what follows from a lane that is elsewhere; makes the store where there is none.
    ///
    /// # Errors
    /// As for [`Store::open`], and when it follows another lane, or none.
    pub fn open_to_follow(folder: &Path, holder: &Holder, lane: &str) -> Result<Store, OpenError> {
        let store = Store::opened(folder, holder)?;
        match store.follows()? {
            Some(followed) if followed == lane => Ok(store),
            None if store.head.manifest.is_none() => {
                let follow = "INSERT INTO meta VALUES ('follows', ?1)";
                store.connection.execute(follow, [lane]).map_err(unwritable)?;
                Ok(store)
            }
            lane => Err(OpenError::Follows { folder: folder.to_path_buf(), lane }),
        }
    }

    /// The number of the block that holds a position.
    pub(crate) fn block_of(&self, position: Position) -> Result<Option<u64>, JournalError> {
        Ok(chain::holding(&self.connection, position)?.map(|manifest| manifest.number))
    }

    /// The lane elsewhere that it follows.
    fn follows(&self) -> Result<Option<String>, JournalError> {
        let follows = "SELECT value FROM meta WHERE key = 'follows'";
        self.connection.query_row(follows, [], |row| row.get(0)).optional().map_err(unreadable)
    }

    fn opened(folder: &Path, holder: &Holder) -> Result<Store, OpenError> {
        let failed = |error| OpenError::Folder(folder.to_path_buf(), error);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let lock = Lock::take(folder, holder)?;
        let connection = connection::to_write(folder)?;
        let head = proved(&connection)?;
        let folding = Folding::start(folder)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX).map_err(unwritable)?;
        Ok(Store { folder: folder.to_path_buf(), folding, connection, head, holder: holder.clone(), lock })
    }

    /// Opens a folder to read: no lock is needed, and it may be written meanwhile.
    ///
    /// # Errors
    /// When there is no store, another version has written it, or it cannot be read.
    pub fn read(folder: &Path) -> Result<Reader, OpenError> {
        Reader::open(folder)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its snapshots.
    pub fn snapshots(&self) -> SnapshotFolder {
        SnapshotFolder::in_store(&self.folder)
    }

    /// What its lock says, to be changed while the store is elsewhere.
    ///
    /// # Errors
    /// When the lock's file cannot be shared.
    pub fn sign(&self) -> std::io::Result<Sign> {
        self.lock.sign(&self.holder)
    }

    /// Lets the database grow to so many bytes at most, or for `None` as far as the disk allows. Commits beyond that
    /// are [`Unwritable`](JournalError::Unwritable), and work again once the limit is raised.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn limit_bytes(&mut self, bytes: Option<u64>) -> Result<(), JournalError> {
        let page_bytes: u64 =
            self.connection.query_row("PRAGMA page_size", [], |row| row.get(0)).map_err(unreadable)?;
        let pages = bytes.map_or(PAGES_MAX, |bytes| (bytes / page_bytes.max(1)).clamp(1, PAGES_MAX));
        let limit = format!("PRAGMA max_page_count = {pages}");
        self.connection.query_row(&limit, [], |_| Ok(())).map_err(unwritable)
    }
}

/// SQLite's own limit.
const PAGES_MAX: u64 = 4_294_967_294;

/// Where the log ends, once its chain is proved and its last block is whole.
fn proved(connection: &Connection) -> Result<Head, JournalError> {
    let manifest = chain::prove(connection)?;
    if let Some(manifest) = &manifest {
        chain::block(connection, manifest.last)?;
    }
    let head = Head { manifest, ..head(connection)? };
    let last = "SELECT ifnull(max(sequence), 0) FROM verdicts";
    let last: u64 = connection.query_row(last, [], |row| row.get(0)).map_err(unreadable)?;
    if last != head.verdicts {
        let verdicts = head.verdicts;
        return Err(damaged(format_args!("{verdicts} verdicts were committed, and the last one is {last}")));
    }
    match head.decided {
        Some(decided) if decided >= head.next() => {
            Err(damaged(format_args!("the log ends before position {decided}, which was decided")))
        }
        Some(_) | None => Ok(head),
    }
}

/// Where the log ends, as it is written.
pub(crate) fn head(connection: &Connection) -> Result<Head, JournalError> {
    let progress = "SELECT position, verdicts, (SELECT stamp_at FROM blocks ORDER BY number DESC LIMIT 1) \
                    FROM progress";
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let mut statement = connection.prepare_cached(progress).map_err(unreadable)?;
    let (decided, verdicts, stamp): (Option<u64>, u64, Option<i64>) =
        statement.query_row([], row).map_err(unreadable)?;
    Ok(Head {
        manifest: chain::last(connection)?,
        stamp: stamp.and_then(EventTime::from_ms),
        decided: decided.map(Position),
        verdicts,
    })
}
