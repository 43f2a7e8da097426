//! The files of a ruleset as one canonical archive: what its version is the hash of.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The text files of a ruleset's folder by relative path: `same_ip_burst.rhai`, `ruleset.toml`,
/// `programs.toml`, `lists/shared_networks.txt`. Anything else, such as `*.cases`, is ignored. Reading the files
/// is the caller's.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sources(pub BTreeMap<String, String>);

impl Sources {
    /// The files that belong to the ruleset: rules, lists and settings.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .filter(|(path, _)| kind(path).is_some())
    }

    /// The canonical archive: for every file in order of path its path, the length of its text, and the text.
    pub fn archive(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (path, text) in self.files() {
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
        Some(Sources(files))
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
        Sources(files.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect())
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
