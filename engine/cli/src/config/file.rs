//! tidegate.toml as written. Whatever is wrong with it is said with the file, the line and the key.

use serde::Deserialize;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue, Deserializer};

use super::{PLAIN_KEYS, lane, serving, transport};
use crate::args::{Lane, OutputForm, Serving};
use crate::failure::{Failure, nearest};

/// The tables, and the keys of each.
const TABLES: [(&str, &[&str]); 3] =
    [("lane", &lane::KEYS), ("run", &serving::KEYS), ("transport", &transport::KEYS)];

/// tidegate.toml as written.
#[derive(Debug, Default, Deserialize)]
pub(super) struct File {
    pub(super) rules: Option<PathBuf>,
    pub(super) state: Option<PathBuf>,
    pub(super) data: Option<PathBuf>,
    pub(super) output: Option<OutputForm>,
    pub(super) threads: Option<usize>,
    pub(super) chunk: Option<usize>,
    pub(super) program: Option<String>,
    pub(super) market: Option<String>,
    #[serde(default)]
    pub(super) lane: Lane,
    #[serde(default)]
    pub(super) run: Serving,
    #[serde(default)]
    pub(super) transport: transport::Written,
}

impl File {
    /// Reads it.
    pub(super) fn read(path: &Path) -> Result<File, Failure> {
        let text = std::fs::read_to_string(path).map_err(|e| Failure::input(path, &e))?;
        File::parse(&Written { path, text: &text })
    }

    fn parse(written: &Written<'_>) -> Result<File, Failure> {
        let broken = |error: toml::de::Error| written.wrong(error.span(), error.message());
        let table = DeTable::parse(written.text).map_err(broken)?;
        written.only_known(table.get_ref())?;
        let values = Deserializer::parse(written.text).map_err(broken)?;
        serde_path_to_error::deserialize(values).map_err(|error| {
            let (key, what) = (error.path().to_string(), error.into_inner());
            written.wrong(what.span(), &format!("`{key}`: {}", in_words(what.message())))
        })
    }
}

/// The parser says `invalid type: string "x", expected usize`, in the words of those who wrote it.
fn in_words(message: &str) -> String {
    let value = ["invalid type: ", "invalid value: "].iter().find_map(|said| message.strip_prefix(said));
    if let Some((found, expected)) = value.and_then(|said| said.rsplit_once(", expected ")) {
        let expected = match expected {
            "usize" | "u64" => "a whole number",
            "a nonzero u64" => "a whole number, at least 1",
            "path string" | "a string" => "a text",
            "a boolean" => "true or false",
            other => other,
        };
        return format!("{found} stands here, and it must be {expected}");
    }
    match message.strip_prefix("unknown variant ").and_then(|said| said.split_once(", expected one of ")) {
        Some((found, known)) => format!("{found} is none of {known}"),
        None => message.to_owned(),
    }
}

/// The file that is read.
struct Written<'w> {
    path: &'w Path,
    text: &'w str,
}

impl Written<'_> {
    /// Refuses a key that nobody would read.
    fn only_known(&self, table: &DeTable<'_>) -> Result<(), Failure> {
        let known: Vec<&str> = PLAIN_KEYS.into_iter().chain(TABLES.map(|(name, _)| name)).collect();
        self.known_in("", table, &known)?;
        for (name, keys) in TABLES {
            if let Some(DeValue::Table(table)) = table.get(name).map(|value| value.get_ref()) {
                self.known_in(&format!("{name}."), table, keys)?;
            }
        }
        Ok(())
    }

    fn known_in(&self, within: &str, table: &DeTable<'_>, known: &[&str]) -> Result<(), Failure> {
        let mut unknown: Vec<_> =
            table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())).collect();
        unknown.sort_by_key(|key| key.span().start);
        unknown.first().map_or(Ok(()), |unknown| {
            let name = unknown.get_ref();
            let what = format!("unknown key `{within}{name}`{}", nearest(name, "keys", known));
            Err(self.wrong(Some(unknown.span()), &what))
        })
    }

    fn wrong(&self, place: Option<Range<usize>>, what: &str) -> Failure {
        let before = place.and_then(|place| self.text.get(..place.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        Failure::usage(format!("{}:{line}: {what}", self.path.display()))
    }
}
