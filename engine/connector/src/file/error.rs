//! Why files cannot be read, and what to do about it.

use std::path::PathBuf;

use super::read::Loaded;

/// What is wrong with a file. Records that are wrong are no error: they become dead letters.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system, or the decompressor, says no.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder among the files.
    #[error("{}: is a folder; name the files in it, such as {}", path.display(), path.join("*").display())]
    Folder {
        /// Which one.
        path: PathBuf,
    },
    /// A compressed file that ends in the middle.
    #[error(
        "{}: the compressed file ends too early; it was cut off on its way, or is still being written",
        path.display()
    )]
    CutOff {
        /// Which file.
        path: PathBuf,
    },
    /// A text in UTF-16.
    #[error("{file}: this is UTF-16; save it as UTF-8")]
    Utf16 {
        /// Which file.
        file: String,
    },
    /// A table without a mapping.
    #[error("{file}: a table needs a mapping file that names its columns; give one with --mapping")]
    NeedsMapping {
        /// Which file.
        file: String,
    },
    /// A file that the mapping says nothing about.
    #[error("{file}: no table of the mapping is for a file of this name; `files` has {patterns}")]
    NoTable {
        /// Which file.
        file: String,
        /// What the mapping has.
        patterns: String,
    },
    /// A file that is not comma-separated values.
    #[error("{file}: cannot be read as CSV: {detail}; see `delimiter` and `format` of the mapping")]
    NotCsv {
        /// Which file.
        file: String,
        /// What the reader says.
        detail: String,
    },
    /// A column that the mapping names and the file has not.
    #[error("{file}: has no column `{column}`, which the mapping names; {hint}")]
    NoColumn {
        /// Which file.
        file: String,
        /// The column.
        column: String,
        /// What may be meant.
        hint: String,
    },
    /// A JSON document over several lines.
    #[error(
        "{file}, line {line}: this is one JSON document over several lines; write one event per line, such as with `jq -c '.[]'`"
    )]
    NotLines {
        /// Which file.
        file: String,
        /// Where it begins.
        line: u64,
    },
    /// An exported log that is not as it was written.
    #[error("{file}, line {line}: the exported log is damaged: {detail}; export it again")]
    Corrupt {
        /// Which file.
        file: String,
        /// Which line.
        line: u64,
        /// What is wrong.
        detail: String,
    },
    /// An exported log among other files.
    #[error(
        "{file}: an exported log is replayed alone, its parts in their order; replay the other files apart"
    )]
    Mixed {
        /// The file that is, or is not, part of the log.
        file: String,
    },
}

/// The error for files of which one, but not the first, is an exported log.
pub(super) fn mixed(files: &[Loaded]) -> FileError {
    FileError::Mixed { file: files.first().map(|file| file.name.clone()).unwrap_or_default() }
}
