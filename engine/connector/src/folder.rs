//! The state folder: what a replay or demo leaves behind, so that its verdicts can be listed, reconciled and
//! explained afterwards.
//!
//! ```text
//! run.json             what was decided: inputs and verdicts with their checksums, mapping, genesis, rules, end
//! verdicts.ndjson      every verdict, in order
//! dead_letters.ndjson  every refused record, with its bytes
//! state.snapshot       the engine's state at the end, sealed
//! log.ndjson           the log itself, where no input file holds it (a demo)
//! ```
//!
//! A new run replaces the old one when it has ended, not before: a [`Draft`] writes beside what is there, and holds
//! `run.lock`, so that no two runs write at once. A folder without `run.json` holds no finished run.

mod draft;

use model::Verdict;
use model::log::Genesis;
use model::refusal::DeadLetter;
use runtime::Sink;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

pub use draft::Draft;

use crate::checksum::Checksum;
use crate::wire;

const RUN: &str = "run.json";
const VERDICTS: &str = "verdicts.ndjson";
const DEAD_LETTERS: &str = "dead_letters.ndjson";
const SNAPSHOT: &str = "state.snapshot";
const LOG: &str = "log.ndjson";
const ALL: [&str; 5] = [RUN, VERDICTS, DEAD_LETTERS, SNAPSHOT, LOG];

/// The state folder of a run that ended.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    run: Run,
}

/// What was decided: enough to decide it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The version of tidegate that decided.
    pub version: String,
    /// The files, in the order given.
    pub inputs: Vec<InputFile>,
    /// What was read as well and cannot be read again: standard input, pipes and devices, by name.
    pub passing: Vec<String>,
    /// The mapping of foreign files, by path and as it was.
    pub mapping: Option<(PathBuf, String)>,
    /// The lane.
    pub genesis: Genesis,
    /// The rulesets in the order in which they decided, each its files as they were, by path within their folder.
    pub rulesets: Vec<BTreeMap<String, String>>,
    /// Where the replay was asked to end, milliseconds since the epoch.
    pub until_at: Option<i64>,
    /// What was said.
    pub verdicts: VerdictFile,
}

/// The file of all verdicts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerdictFile {
    /// How many there are, one a line.
    pub count: u64,
    /// SipHash-1-3-128 of the file's bytes, in hex.
    pub checksum: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// Where it was.
    pub path: PathBuf,
    /// How long it was.
    pub bytes: u64,
    /// SipHash-1-3-128 of its bytes, in hex.
    pub checksum: String,
}

impl InputFile {
    /// Measures a file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn measure(path: &Path) -> io::Result<InputFile> {
        let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
        let (mut checksum, mut buffer) = (Checksum::default(), vec![0; 1 << 20]);
        loop {
            let read = file.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            checksum.take(part);
        }
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        Ok(InputFile { path, bytes: checksum.bytes(), checksum: checksum.hex() })
    }

    /// Whether the file still is what it was.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_unchanged(&self) -> io::Result<bool> {
        let now = InputFile::measure(&self.path)?;
        Ok(now.bytes == self.bytes && now.checksum == self.checksum)
    }
}

impl Folder {
    /// The folder of a run that ended, as it ended.
    ///
    /// # Errors
    /// When there is none, or its verdicts are not those that it wrote; with what to do.
    pub fn open(path: &Path) -> io::Result<Folder> {
        let unusable = |kind, what: &str| {
            let again = "`tidegate replay` or `tidegate demo` makes a new one";
            io::Error::new(kind, format!("{} {what}; {again}", path.display()))
        };
        let Some(bytes) = read_if_there(&path.join(RUN))? else {
            return Err(unusable(io::ErrorKind::NotFound, "holds no finished run"));
        };
        let run: Run = serde_json::from_slice(&bytes).map_err(|error| {
            let what = format!("holds a run that this version cannot read ({error})");
            unusable(io::ErrorKind::InvalidData, &what)
        })?;
        let folder = Folder { path: path.to_path_buf(), run };
        let found = InputFile::measure(&folder.verdicts_path())?;
        if found.checksum != folder.run.verdicts.checksum {
            let what = format!("holds a {VERDICTS} that is not as its run wrote it");
            return Err(unusable(io::ErrorKind::InvalidData, &what));
        }
        Ok(folder)
    }

    /// Whether a run in `folder` writes the file at `path`.
    pub fn writes(folder: &Path, path: &Path) -> bool {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let is_there =
            beside.canonicalize().ok().is_some_and(|is| folder.canonicalize().is_ok_and(|f| f == is));
        is_there && (ALL.contains(&name) || draft::is_of_a_run(name))
    }

    /// Where the log of a run without input files lies: a replay may read it, and leaves it.
    pub fn log_path(folder: &Path) -> PathBuf {
        folder.join(LOG)
    }

    /// Where the verdicts are.
    pub fn verdicts_path(&self) -> PathBuf {
        self.path.join(VERDICTS)
    }

    /// What was decided.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// The engine's state at the end, still sealed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn snapshot(&self) -> io::Result<Option<Vec<u8>>> {
        read_if_there(&self.path.join(SNAPSHOT))
    }
}

fn read_if_there(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes verdicts and dead letters, one JSON document a line.
pub struct Recorder {
    verdicts: BufWriter<File>,
    dead_letters: BufWriter<File>,
    line: Vec<u8>,
    count: u64,
    checksum: Checksum,
}

impl Recorder {
    fn new(verdicts: BufWriter<File>, dead_letters: BufWriter<File>) -> Recorder {
        Recorder { verdicts, dead_letters, line: Vec::new(), count: 0, checksum: Checksum::default() }
    }

    /// Makes sure that everything taken is in the files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<VerdictFile> {
        self.verdicts.flush()?;
        self.dead_letters.flush()?;
        self.verdicts.get_ref().sync_all()?;
        self.dead_letters.get_ref().sync_all()?;
        Ok(VerdictFile { count: self.count, checksum: self.checksum.hex() })
    }
}

impl Sink for Recorder {
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()> {
        for verdict in verdicts {
            self.line.clear();
            wire::write_verdict(verdict, &mut self.line);
            self.checksum.take(&self.line);
            self.verdicts.write_all(&self.line)?;
        }
        self.count += verdicts.len() as u64;
        for dead in dead_letters {
            self.line.clear();
            wire::write_dead_letter(dead, &mut self.line);
            self.dead_letters.write_all(&self.line)?;
        }
        Ok(())
    }
}

/// Writes verdicts only, to anywhere.
pub struct VerdictWriter<W: Write> {
    out: W,
    line: Vec<u8>,
}

impl<W: Write> VerdictWriter<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> VerdictWriter<W> {
        VerdictWriter { out, line: Vec::new() }
    }

    /// Makes sure that everything taken is written, and gives back where it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Sink for VerdictWriter<W> {
    fn take(&mut self, verdicts: &[Verdict], _: &[DeadLetter]) -> io::Result<()> {
        for verdict in verdicts {
            self.line.clear();
            wire::write_verdict(verdict, &mut self.line);
            self.out.write_all(&self.line)?;
        }
        Ok(())
    }
}

/// Reads a file of verdicts, one after the other, in order.
///
/// # Errors
/// When it cannot be opened; each line answers for itself.
pub fn read_verdicts(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Verdict>> + use<>> {
    let lines = BufReader::with_capacity(1 << 18, File::open(path)?).split(b'\n');
    Ok(lines.enumerate().map(|(index, line)| {
        wire::read_verdict(&line?).map_err(|refusal| {
            let place = match refusal.pointer.as_str() {
                "" => String::new(),
                pointer => format!("`{pointer}` "),
            };
            let what = format!("line {}: not a verdict: {place}{}", index + 1, refusal.detail);
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }))
}
