//! Files as a source of records in log order.
//!
//! An exported log is replayed in its own order. Everything else is foreign: its records are sorted by (event
//! time, kind rank, file, row) and numbered from 1, after the genesis that whoever replays puts at 0. A record
//! that is no event has no time of its own: it stays behind the last good one before it in its file.
//!
//! Bytes are read whole: sorting needs all of them. Decoding is a pure function of a slice of them.
//!
//! A record does not know where it came from. Whoever wants to know its file and line is told both while the
//! records are put in order, and keeps them or not.

mod counts;
mod error;
mod export;
mod foreign;
mod read;

use std::path::PathBuf;

use model::Record;
use model::log::Genesis;

pub use counts::FileCounts;
pub use error::FileError;
pub(crate) use read::lines;

use crate::folder::InputFile;
use crate::mapping::Mapping;

/// How far reading has come. A file is counted as it is on the disk, compressed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes read so far.
    pub read_bytes: u64,
    /// Bytes of all files; standard input is not among them.
    pub total_bytes: u64,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which of the files, in the order given, from 0.
    pub file: usize,
    /// The line in which it begins, from 1; of a compressed file, a line of what is in it.
    pub line: u64,
}

/// What the files hold.
#[derive(Debug)]
pub struct Input {
    /// The genesis of an exported log; foreign files have none.
    pub genesis: Option<Genesis>,
    /// In log order, without gaps from position 1.
    pub records: Vec<Record>,
    /// What was found, by file in the order given.
    pub counts: Vec<FileCounts>,
    /// Where it came from, in the order given.
    pub origins: Vec<Origin>,
}

/// Where bytes came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file on a disk, measured as it was read.
    File(InputFile),
    /// Standard input, a pipe or a device, by name: what passed cannot be read again.
    Passing(String),
}

/// Files to read.
pub struct Files;

impl Files {
    /// Reads files: NDJSON events, exported logs, and whatever the mapping has a table for; gzip and zstd are
    /// seen by their first bytes; `-` is standard input.
    pub fn open(
        paths: &[PathBuf],
        mapping: Option<&Mapping>,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Input, FileError> {
        Files::open_placed(paths, mapping, progress, &mut |_| {})
    }

    /// As [`Files::open`]; `placed` is told where each record stands, in the order of the records.
    pub fn open_placed(
        paths: &[PathBuf],
        mapping: Option<&Mapping>,
        progress: &mut dyn FnMut(Progress),
        placed: &mut dyn FnMut(Place),
    ) -> Result<Input, FileError> {
        let files = read::read_all(paths, progress)?;
        let input = match files.iter().position(export::is_export) {
            Some(0) => export::records(&files, placed),
            Some(_) => Err(error::mixed(&files)),
            None => foreign::records(&files, mapping, placed),
        }?;
        Ok(Input { origins: files.into_iter().map(|file| file.origin).collect(), ..input })
    }
}
