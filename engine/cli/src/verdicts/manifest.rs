//! What a file of exported verdicts holds, told in a file beside it: verdicts follow from one another, so that a file whose
//! end is missing balances as well as a whole one.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::print;

/// What a file of verdicts holds.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// Verdicts.
    count: u64,
    /// The sequence of the verdict before the first, among all of the lane; 0 where it begins with the first.
    after_sequence: u64,
    /// The sequence of the last.
    last_sequence: u64,
    /// Bytes of the file.
    bytes: u64,
    /// SHA-256 of the file.
    sha256: String,
}

/// A manifest in the making.
#[derive(Default)]
pub(crate) struct Counted {
    hasher: Sha256,
    lines: u64,
    bytes: u64,
}

impl Counted {
    /// Counts a verdict and the end of its line.
    pub(crate) fn line(&mut self, verdict: &[u8]) {
        self.hasher.update(verdict);
        self.hasher.update(b"\n");
        self.lines += 1;
        self.bytes += verdict.len() as u64 + 1;
    }

    /// The manifest of a file that begins after a sequence.
    pub(crate) fn manifest(self, after_sequence: u64) -> Manifest {
        let sha256 = self.hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let last_sequence = after_sequence + self.lines;
        Manifest { count: self.lines, after_sequence, last_sequence, bytes: self.bytes, sha256 }
    }
}

/// The place beside a file.
fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".manifest.json");
    file.with_file_name(name)
}

/// Takes away what was told of a file that is about to be written over.
pub(crate) fn withdraw(file: &Path) -> io::Result<()> {
    match std::fs::remove_file(beside(file)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

impl Manifest {
    /// Tells it beside the file.
    pub(crate) fn write(&self, file: &Path) -> Result<(), Failure> {
        let place = beside(file);
        let text = print::json(self)?;
        let written = OutputFile::open(&place).and_then(|mut out| {
            out.write_all(text.as_bytes())?;
            out.finish()
        });
        written.map_err(|error| Failure::output(&place.display(), &error))
    }

    /// What is told beside a file, if anything is.
    fn of(file: &Path) -> Result<Option<Manifest>, Failure> {
        let place = beside(file);
        match std::fs::read(&place) {
            Ok(text) => {
                serde_json::from_slice(&text).map(Some).map_err(|error| Failure::input(&place, &error))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::input(&place, &error)),
        }
    }
}

/// Holds a file to what is told beside it: what is wrong, in words. Nothing is told beside most files.
pub(crate) fn check(file: &Path) -> Result<Option<String>, Failure> {
    let Some(told) = Manifest::of(file)? else {
        print::note(&format!(
            "nothing beside {} says how far it goes: whether its end is missing cannot be seen",
            file.display()
        ));
        return Ok(None);
    };
    let found = counted(file).map_err(|error| Failure::input(file, &error))?.manifest(told.after_sequence);
    Ok((found != told).then(|| {
        let same = if found.count == told.count { ", and not the same bytes" } else { "" };
        format!(
            "{} has {} verdict(s), of {} that were exported{same}",
            file.display(),
            found.count,
            told.count
        )
    }))
}

fn counted(file: &Path) -> io::Result<Counted> {
    let mut counted = Counted::default();
    for line in BufReader::with_capacity(1 << 20, File::open(file)?).split(b'\n') {
        counted.line(&line?);
    }
    Ok(counted)
}
