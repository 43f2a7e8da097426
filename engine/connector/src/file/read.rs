//! Bytes of files, decompressed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;

use super::{FileError, Origin, Progress};
use crate::checksum::Checksum;
use crate::folder::InputFile;

/// How often progress is told, in bytes.
const STEP_BYTES: u64 = 1 << 20;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// The same mark in UTF-16, in either order.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];

/// A file in memory.
pub(crate) struct Loaded {
    /// Its name, without the folders.
    pub(crate) name: String,
    /// Its bytes, decompressed, without a byte order mark.
    pub(crate) bytes: Bytes,
    /// Where they came from.
    pub(crate) origin: Origin,
}

impl Loaded {
    /// The name without what says how it is compressed.
    pub(crate) fn stem(&self) -> &str {
        self.name.strip_suffix(".gz").or(self.name.strip_suffix(".zst")).unwrap_or(&self.name)
    }
}

/// Reads all files.
pub(crate) fn read_all(
    paths: &[PathBuf],
    progress: &mut dyn FnMut(Progress),
) -> Result<Vec<Loaded>, FileError> {
    let sizes = paths.iter().filter_map(|path| std::fs::metadata(path).ok());
    let mut so_far = Progress { read_bytes: 0, total_bytes: sizes.map(|meta| meta.len()).sum() };
    let files = paths.iter().map(|path| {
        if path.is_dir() {
            return Err(FileError::Folder { path: path.clone() });
        }
        let file = read_one(path, &mut so_far, progress).map_err(|error| unreadable(path, error))?;
        if UTF_16.iter().any(|mark| file.bytes.starts_with(mark)) {
            return Err(FileError::Utf16 { file: file.name });
        }
        Ok(file)
    });
    files.collect()
}

fn unreadable(path: &Path, source: io::Error) -> FileError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::UnexpectedEof {
        return FileError::CutOff { path };
    }
    FileError::Unreadable { path, source }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

fn read_one(path: &Path, so_far: &mut Progress, progress: &mut dyn FnMut(Progress)) -> io::Result<Loaded> {
    let (source, place) = source(path)?;
    let (told_bytes, checksum) = (so_far.read_bytes, Checksum::default());
    let mut reader = BufReader::new(Counted { source, so_far, progress, told_bytes, checksum });
    let start = reader.fill_buf()?;
    let (is_gzip, is_zstd) = (start.starts_with(GZIP), start.starts_with(ZSTD));
    let mut bytes = Vec::new();
    if is_gzip {
        MultiGzDecoder::new(&mut reader).read_to_end(&mut bytes)?;
    } else if is_zstd {
        zstd::Decoder::with_buffer(&mut reader)?.read_to_end(&mut bytes)?;
    } else {
        reader.read_to_end(&mut bytes)?;
    }
    // What a decompressor leaves behind the end belongs to the file all the same.
    io::copy(&mut reader, &mut io::sink())?;
    let counted = reader.into_inner();
    (counted.progress)(*counted.so_far);
    let bytes = Bytes::from(bytes);
    let bytes = if bytes.starts_with(BYTE_ORDER_MARK) { bytes.slice(BYTE_ORDER_MARK.len()..) } else { bytes };
    let (read_bytes, checksum) = (counted.checksum.bytes(), counted.checksum.hex());
    let origin = match place {
        Some(path) => Origin::File(InputFile { path, bytes: read_bytes, checksum }),
        None if path == Path::new("-") => Origin::Passing("standard input".to_owned()),
        None => Origin::Passing(path.display().to_string()),
    };
    Ok(Loaded { name: name(path), bytes, origin })
}

/// What to read, and where it can be read again: only a file on a disk can.
fn source(path: &Path) -> io::Result<(Box<dyn Read>, Option<PathBuf>)> {
    if path == Path::new("-") {
        return Ok((Box::new(io::stdin()), None));
    }
    let file = File::open(path)?;
    let is_kept = file.metadata()?.is_file();
    let place = is_kept.then(|| path.canonicalize().unwrap_or_else(|_| path.to_path_buf()));
    Ok((Box::new(file), place))
}

/// Tells progress and measures while it is read: a moment later other bytes may stand there.
struct Counted<'p> {
    source: Box<dyn Read>,
    so_far: &'p mut Progress,
    progress: &'p mut dyn FnMut(Progress),
    told_bytes: u64,
    checksum: Checksum,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.checksum.take(buffer.get(..count).unwrap_or_default());
        self.so_far.read_bytes += count as u64;
        if self.so_far.read_bytes - self.told_bytes >= STEP_BYTES {
            self.told_bytes = self.so_far.read_bytes;
            (self.progress)(*self.so_far);
        }
        Ok(count)
    }
}

/// The lines that are not empty, with their numbers from 1.
pub(crate) fn lines(bytes: &Bytes) -> impl Iterator<Item = (u64, Bytes)> {
    let lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    (1..)
        .zip(lines)
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| (number, bytes.slice_ref(line)))
}
