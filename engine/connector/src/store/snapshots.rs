//! Snapshots: sealed files by the position that they follow. One is written under another name, flushed, renamed,
//! and its folder flushed: it is there whole or not at all. The newest few are kept.

use model::Position;
use runtime::Snapshots;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const FOLDER: &str = "snapshots";
const EXTENSION: &str = "snapshot";
const DRAFT: &str = "draft";
/// Snapshots that are kept: the newest may turn out damaged, and the one before it serves.
const KEPT: usize = 3;
/// Bytes between two flushes: a commit that is flushed meanwhile waits for one piece, and not for all of it.
const PIECE_BYTES: usize = 2 << 20;

/// The snapshots of a store.
#[derive(Debug, Clone)]
pub struct SnapshotFolder {
    folder: PathBuf,
}

impl SnapshotFolder {
    /// The snapshots of the store in a folder.
    pub fn in_store(store: &Path) -> SnapshotFolder {
        SnapshotFolder { folder: store.join(FOLDER) }
    }

    fn path(&self, at: Position) -> PathBuf {
        self.folder.join(format!("{at}.{EXTENSION}"))
    }

    fn prune(&self) -> io::Result<()> {
        for old in self.list()?.into_iter().skip(KEPT) {
            std::fs::remove_file(self.path(old))?;
        }
        // Whoever was killed while writing one left it behind, and nobody else is writing.
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == DRAFT) {
                std::fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

impl Snapshots for SnapshotFolder {
    fn put(&self, at: Position, sealed: &[u8]) -> io::Result<()> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.path(at);
        let draft = path.with_extension(DRAFT);
        let written = write_through(&draft, sealed).and_then(|()| std::fs::rename(&draft, &path));
        if written.is_err() {
            // Half a snapshot takes room that may be what is missing.
            drop(std::fs::remove_file(&draft));
        }
        written?;
        flush_folder(&self.folder)?;
        self.prune()
    }

    fn list(&self) -> io::Result<Vec<Position>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut positions = Vec::new();
        for entry in entries {
            positions.extend(position(&entry?.path()));
        }
        positions.sort_unstable_by(|a, b| b.cmp(a));
        Ok(positions)
    }

    fn get(&self, at: Position) -> io::Result<Vec<u8>> {
        std::fs::read(self.path(at))
    }
}

fn position(path: &Path) -> Option<Position> {
    let is_snapshot = path.extension().is_some_and(|extension| extension == EXTENSION);
    let name = path.file_stem().filter(|_| is_snapshot)?;
    name.to_str()?.parse().ok().map(Position)
}

fn write_through(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    for piece in bytes.chunks(PIECE_BYTES) {
        file.write_all(piece)?;
        file.sync_data()?;
    }
    file.sync_all()
}

/// A renamed file is there after a crash once its folder is flushed. Only Unix lets a folder be opened.
pub(crate) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
