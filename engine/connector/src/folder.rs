//! The state folder: what a replay or demo leaves behind, so that its verdicts can be listed, reconciled and
//! explained afterwards.
//!
//! ```text
//! run.json             what was decided: inputs with their checksums, mapping, genesis, rules, end
//! verdicts.ndjson      every verdict, in order
//! dead_letters.ndjson  every refused record, with its bytes
//! state.snapshot       the engine's state at the end, sealed
//! log.ndjson           the log itself, where no input file holds it (a demo)
//! ```
//!
//! A new run replaces the old one. `run.json` is written last: a folder without it is of a run that did not end.

use model::Verdict;
use model::log::Genesis;
use model::refusal::DeadLetter;
use runtime::{Sink, Store};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::hash::Hasher;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::wire;

const RUN: &str = "run.json";
const VERDICTS: &str = "verdicts.ndjson";
const DEAD_LETTERS: &str = "dead_letters.ndjson";
const SNAPSHOT: &str = "state.snapshot";
const LOG: &str = "log.ndjson";
const ALL: [&str; 5] = [RUN, VERDICTS, DEAD_LETTERS, SNAPSHOT, LOG];

/// A state folder.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// What was decided: enough to decide it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The version of tidegate that decided.
    pub version: String,
    /// The files, in the order given.
    pub inputs: Vec<InputFile>,
    /// Standard input was read as well, and cannot be read again.
    pub standard_input: bool,
    /// The mapping of foreign files, by path and as it was.
    pub mapping: Option<(PathBuf, String)>,
    /// The lane.
    pub genesis: Genesis,
    /// The rulesets in the order in which they decided, each its files as they were, by path within their folder.
    pub rulesets: Vec<BTreeMap<String, String>>,
    /// Where the replay was asked to end, milliseconds since the epoch.
    pub until_at: Option<i64>,
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
        let mut hasher = siphasher::sip128::SipHasher13::new();
        let (mut bytes, mut buffer) = (0, vec![0; 1 << 20]);
        loop {
            let read = file.read(&mut buffer)?;
            let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
            hasher.write(part);
            bytes += part.len() as u64;
        }
        let checksum = siphasher::sip128::Hasher128::finish128(&hasher).as_u128();
        let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        Ok(InputFile { path, bytes, checksum: format!("{checksum:032x}") })
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
    /// Makes the folder ready for a new run: what an earlier one left is removed.
    ///
    /// # Errors
    /// When the folder cannot be made or cleared.
    pub fn create(path: &Path) -> io::Result<Folder> {
        std::fs::create_dir_all(path)?;
        for name in ALL {
            match std::fs::remove_file(path.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Folder { path: path.to_path_buf() })
    }

    /// The folder of a run that ended.
    ///
    /// # Errors
    /// When there is none: `NotFound`, with what to do.
    pub fn open(path: &Path) -> io::Result<Folder> {
        if path.join(RUN).exists() {
            return Ok(Folder { path: path.to_path_buf() });
        }
        let what = format!(
            "{} holds no finished run; `tidegate replay` or `tidegate demo` makes one",
            path.display()
        );
        Err(io::Error::new(io::ErrorKind::NotFound, what))
    }

    /// Where the log of a run without input files is kept.
    pub fn log_path(&self) -> PathBuf {
        self.path.join(LOG)
    }

    /// Where the verdicts are.
    pub fn verdicts_path(&self) -> PathBuf {
        self.path.join(VERDICTS)
    }

    /// Takes verdicts and dead letters from now on.
    ///
    /// # Errors
    /// When the files cannot be made.
    pub fn recorder(&self) -> io::Result<Recorder> {
        Ok(Recorder {
            verdicts: BufWriter::with_capacity(1 << 18, File::create(self.path.join(VERDICTS))?),
            dead_letters: BufWriter::new(File::create(self.path.join(DEAD_LETTERS))?),
            line: Vec::new(),
        })
    }

    /// Says what was decided: the run is complete.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_run(&self, run: &Run) -> io::Result<()> {
        replace(&self.path.join(RUN), &serde_json::to_vec_pretty(run)?)
    }

    /// What was decided.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn run(&self) -> io::Result<Run> {
        Ok(serde_json::from_reader(BufReader::new(File::open(self.path.join(RUN))?))?)
    }
}

impl Store for Folder {
    fn put_snapshot(&mut self, sealed: &[u8]) -> io::Result<()> {
        replace(&self.path.join(SNAPSHOT), sealed)
    }

    fn snapshot(&self) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.path.join(SNAPSHOT)) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Writes a file whole or not at all: under another name, flushed to the disk, then renamed.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut file = File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft, path)
}

/// Writes verdicts and dead letters, one JSON document a line.
pub struct Recorder {
    verdicts: BufWriter<File>,
    dead_letters: BufWriter<File>,
    line: Vec<u8>,
}

impl Recorder {
    /// Makes sure that everything taken is in the files.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.verdicts.flush()?;
        self.dead_letters.flush()?;
        self.verdicts.get_ref().sync_all()?;
        self.dead_letters.get_ref().sync_all()
    }
}

impl Sink for Recorder {
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()> {
        for verdict in verdicts {
            self.line.clear();
            wire::write_verdict(verdict, &mut self.line);
            self.verdicts.write_all(&self.line)?;
        }
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

    /// Makes sure that everything taken is written.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.flush()
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
            let what = format!("line {}: not a verdict: `{}` {}", index + 1, refusal.pointer, refusal.detail);
            io::Error::new(io::ErrorKind::InvalidData, what)
        })
    }))
}
