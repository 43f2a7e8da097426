//! A run that has not ended yet: it holds the folder alone, and writes beside what the folder holds.

use runtime::Store;
use std::fs::{File, TryLockError};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{ALL, DEAD_LETTERS, InputFile, LOG, RUN, Recorder, Run, SNAPSHOT, VERDICTS};

/// Held by the run that writes, and says which one that is.
const LOCK: &str = "run.lock";

/// What the name of a draft ends in.
const DRAFT: &str = ".draft";

/// Whether a run has such a file while it writes.
pub(super) fn is_of_a_run(name: &str) -> bool {
    name == LOCK || name.strip_suffix(DRAFT).is_some_and(|name| ALL.contains(&name))
}

/// A run that has not ended. Dropping it leaves the folder as it was.
#[derive(Debug)]
pub struct Draft {
    folder: PathBuf,
    /// Let go of when the run has ended, however it did.
    _lock: File,
}

impl Draft {
    /// Begins a run; `who` is what others are told meanwhile, such as the command.
    ///
    /// # Errors
    /// `WouldBlock`, with who it is, while another run holds the folder; else when the folder cannot be made or
    /// written to.
    pub fn begin(folder: &Path, who: &str) -> io::Result<Draft> {
        std::fs::create_dir_all(folder)?;
        let draft = Draft { folder: folder.to_path_buf(), _lock: lock(folder, who)? };
        draft.clear()?;
        Ok(draft)
    }

    /// Where the log of a run without input files is written.
    pub fn log_path(&self) -> PathBuf {
        self.path(LOG)
    }

    /// The log that was written, as it will lie in the folder.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn log(&self) -> io::Result<InputFile> {
        let measured = InputFile::measure(&self.log_path())?;
        Ok(InputFile { path: self.folder.canonicalize()?.join(LOG), ..measured })
    }

    /// Takes verdicts and dead letters from now on.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn recorder(&self) -> io::Result<Recorder> {
        let verdicts = BufWriter::with_capacity(1 << 18, File::create(self.path(VERDICTS))?);
        let dead_letters = BufWriter::new(File::create(self.path(DEAD_LETTERS))?);
        Ok(Recorder::new(verdicts, dead_letters))
    }

    /// Ends the run: what it wrote replaces what the folder holds, all of it.
    ///
    /// # Errors
    /// When it cannot be written. If that happens in the middle of replacing, the folder holds no run.
    pub fn end(self, run: &Run) -> io::Result<()> {
        write(&self.path(RUN), &serde_json::to_vec_pretty(run)?)?;
        // The description leaves first and comes back last: no moment shows one run's words over another's files.
        remove(&self.folder.join(RUN))?;
        for name in [VERDICTS, DEAD_LETTERS, SNAPSHOT, LOG] {
            self.replace(name, run)?;
        }
        std::fs::rename(self.path(RUN), self.folder.join(RUN))?;
        File::open(&self.folder)?.sync_all()
    }

    /// Puts a draft in its place; without one, the file of the run before goes, unless this run has read it.
    fn replace(&self, name: &str, run: &Run) -> io::Result<()> {
        let place = self.folder.join(name);
        if self.path(name).exists() {
            return std::fs::rename(self.path(name), place);
        }
        let here = place.canonicalize().unwrap_or_else(|_| place.clone());
        if run.inputs.iter().any(|input| input.path == here) { Ok(()) } else { remove(&place) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}{DRAFT}"))
    }

    fn clear(&self) -> io::Result<()> {
        ALL.iter().try_for_each(|name| remove(&self.path(name)))
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // What stays behind is cleared when the next run begins.
        drop(self.clear());
    }
}

impl Store for Draft {
    fn put_snapshot(&mut self, sealed: &[u8]) -> io::Result<()> {
        write(&self.path(SNAPSHOT), sealed)
    }

    fn snapshot(&self) -> io::Result<Option<Vec<u8>>> {
        super::read_if_there(&self.path(SNAPSHOT))
    }
}

fn lock(folder: &Path, who: &str) -> io::Result<File> {
    let path = folder.join(LOCK);
    let mut file = File::options().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => {
            file.set_len(0)?;
            writeln!(file, "{who}, process {}", std::process::id())?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(&path).unwrap_or_default();
            let holder = Some(holder.trim()).filter(|holder| !holder.is_empty()).unwrap_or("another run");
            let what = format!("it is being written by {holder}; wait for its end, or name another folder");
            Err(io::Error::new(io::ErrorKind::WouldBlock, what))
        }
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Writes a file and flushes it to the disk.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
