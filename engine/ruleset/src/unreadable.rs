//! A file of a ruleset that is no text: a problem like any other, with its place. What such a file would have said
//! is not known, and nothing else is said to be wrong because of it.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostic, Range, Severity};
use crate::source::Source;

/// A mark that some editors put before a text; it says nothing.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Why a file has no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// These bytes are not UTF-8.
    Bytes(Vec<u8>),
    /// It cannot be read, for this reason.
    Failed(String),
}

impl Unreadable {
    /// The text of a file, if it is one, without a byte order mark.
    pub(crate) fn or_text(bytes: Vec<u8>) -> Result<String, Unreadable> {
        let text = String::from_utf8(bytes).map_err(|error| Unreadable::Bytes(error.into_bytes()))?;
        Ok(text.strip_prefix(BYTE_ORDER_MARK).map(str::to_owned).unwrap_or(text))
    }

    /// What can be shown of it.
    pub(crate) fn shown(&self) -> Cow<'_, str> {
        match self {
            Unreadable::Bytes(bytes) => String::from_utf8_lossy(bytes),
            Unreadable::Failed(_) => Cow::Borrowed(""),
        }
    }

    /// The problem that it is.
    pub(crate) fn problem(&self, file: &str) -> Diagnostic {
        let (code, range, message, help) = match self {
            Unreadable::Failed(reason) => (
                "file.unreadable",
                Range::TOP,
                format!("the file cannot be read: {reason}"),
                "it must be a file that you may read".to_owned(),
            ),
            Unreadable::Bytes(bytes) => {
                let (range, message, help) = not_utf8(file, bytes);
                ("file.encoding", range, message, help)
            }
        };
        Diagnostic {
            file: file.to_owned(),
            severity: Severity::Error,
            code,
            range,
            message,
            help: Some(help),
        }
    }
}

/// Where the first byte stands that is not UTF-8, what it is, and what to do.
fn not_utf8(file: &str, bytes: &[u8]) -> (Range, String, String) {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let message = "the file is UTF-16, and a rule's files are UTF-8".to_owned();
        return (Range::TOP, message, "save it as UTF-8".to_owned());
    }
    let valid = bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let byte = bytes.get(valid.len()).copied().unwrap_or_default();
    let start = Source::new(file, valid).place(valid.len());
    let range = Range { start, end: crate::diagnostic::Place { column: start.column + 1, ..start } };
    let message = format!("the byte 0x{byte:02X} is not UTF-8");
    let help = match char::from(byte) {
        // The upper half of Latin-1, which Windows-1252 shares.
        letter @ '\u{a0}'.. => {
            format!("save the file as UTF-8; in Latin-1 and Windows-1252 this byte is `{letter}`")
        }
        _ => "save the file as UTF-8".to_owned(),
    };
    (range, message, help)
}
