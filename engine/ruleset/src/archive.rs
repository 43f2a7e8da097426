//! The files of a ruleset as one canonical archive: what its version is the hash of.

use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;

use crate::unreadable::Unreadable;

/// The text files of a ruleset's folder by relative path: `same_ip_burst.rhai`, `ruleset.toml`,
/// `programs.toml`, `lists/shared_networks.txt`. Anything else, such as `*.cases`, is ignored. Reading the files
/// is the caller's; what could not be read is a problem of that file, found beside all others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources {
    files: BTreeMap<String, Result<String, Unreadable>>,
}

impl FromIterator<(String, String)> for Sources {
    /// Sources from texts, by path.
    fn from_iter<T: IntoIterator<Item = (String, String)>>(texts: T) -> Sources {
        Sources { files: texts.into_iter().map(|(path, text)| (path, Ok(text))).collect() }
    }
}

impl Sources {
    /// Where in a folder its files lie: in it, and in these folders of it.
    pub const FOLDERS: [&'static str; 1] = ["lists"];

    /// Whether a file, by its relative path, belongs to a ruleset or was probably meant to.
    pub fn wants(path: &str) -> bool {
        [".rhai", ".toml", ".txt"].iter().any(|extension| path.ends_with(extension))
    }

    /// Files as they were read, by relative path; the error is why one could not be.
    pub fn of_files<E: Display>(files: impl IntoIterator<Item = (String, Result<Vec<u8>, E>)>) -> Sources {
        let read = |bytes: Result<Vec<u8>, E>| match bytes {
            Ok(bytes) => Unreadable::or_text(bytes),
            Err(error) => Err(Unreadable::Failed(error.to_string())),
        };
        Sources { files: files.into_iter().map(|(path, bytes)| (path, read(bytes))).collect() }
    }

    /// The paths of all files, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// A file's text; of what is not text, what can be shown of it.
    pub fn text(&self, path: &str) -> Option<Cow<'_, str>> {
        self.files.get(path).map(|file| match file {
            Ok(text) => Cow::Borrowed(text.as_str()),
            Err(unreadable) => unreadable.shown(),
        })
    }

    /// The texts of the files that could be read, by path.
    pub fn into_texts(self) -> BTreeMap<String, String> {
        self.files.into_iter().filter_map(|(path, text)| Some((path, text.ok()?))).collect()
    }

    /// Puts a text in the place of a file; what cannot be read stays what it is.
    pub fn put(&mut self, path: &str, text: String) {
        if !matches!(self.files.get(path), Some(Err(_))) {
            self.files.insert(path.to_owned(), Ok(text));
        }
    }

    /// Leaves out files by their path.
    pub fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.files.retain(|path, _| keep(path));
    }

    /// The files that belong to the ruleset: rules, lists and settings.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Result<&str, &Unreadable>)> {
        let files = self.files.iter().map(|(path, file)| (path.as_str(), file.as_deref()));
        files.filter(|(path, _)| kind(path).is_some())
    }

    pub(crate) fn file(&self, path: &str) -> Option<Result<&str, &Unreadable>> {
        self.files.get(path).map(Result::as_deref)
    }

    /// The canonical archive: for every file in order of path its path, the length of its text, and the text.
    /// Files that cannot be read are in none: with one a ruleset does not load.
    pub fn archive(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (path, text) in self.files().filter_map(|(path, text)| Some((path, text.ok()?))) {
            bytes.extend_from_slice(format!("{path}\n{}\n", text.len()).as_bytes());
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(b'\n');
        }
        bytes
    }

    /// The files of an archive; nothing if it is not one.
    pub fn from_archive(bytes: &[u8]) -> Option<Sources> {
        let mut rest = std::str::from_utf8(bytes).ok()?;
        let mut files = BTreeMap::new();
        while !rest.is_empty() {
            let (path, after) = rest.split_once('\n')?;
            let (length, after) = after.split_once('\n')?;
            let (text, after) = after.split_at_checked(length.parse().ok()?)?;
            files.insert(path.to_owned(), text.to_owned());
            rest = after.strip_prefix('\n')?;
        }
        Some(files.into_iter().collect())
    }

    /// The ruleset's version: SHA-256 of the archive, in hex.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.archive());
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// What a file is, by its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileKind<'a> {
    /// A rule, by its id.
    Rule(&'a str),
    /// A list, by its name.
    List(&'a str),
    Settings,
    Programs,
}

pub(crate) fn kind(path: &str) -> Option<FileKind<'_>> {
    match path {
        "ruleset.toml" => return Some(FileKind::Settings),
        "programs.toml" => return Some(FileKind::Programs),
        _ => {}
    }
    if let Some(list) = path.strip_prefix("lists/").and_then(|name| name.strip_suffix(".txt")) {
        return (!list.contains('/')).then_some(FileKind::List(list));
    }
    let rule = path.strip_suffix(".rhai")?;
    (!rule.contains('/')).then_some(FileKind::Rule(rule))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(files: &[(&str, &str)]) -> Sources {
        files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect()
    }

    #[test]
    fn an_archive_gives_back_its_files() {
        let all = sources(&[
            ("a.rhai", "x\ny"),
            ("lists/l.txt", "é\n"),
            ("programs.toml", ""),
            ("ruleset.toml", "1"),
        ]);
        assert_eq!(Sources::from_archive(&all.archive()), Some(all.clone()));
        assert_eq!(Sources::from_archive(b"a.rhai\n9\nx\n"), None);
        assert_eq!(Sources::from_archive(&[0xff]), None);
    }

    #[test]
    fn the_version_is_about_rules_lists_and_settings_only() {
        let one = sources(&[("a.rhai", "x"), ("a.cases", "1"), ("README.md", "hello")]);
        assert_eq!(one.hash(), sources(&[("a.rhai", "x"), ("a.cases", "2")]).hash());
        assert_ne!(one.hash(), sources(&[("b.rhai", "x")]).hash());
        assert_ne!(one.hash(), sources(&[("a.rhai", "y")]).hash());
    }
}
