//! Reading a folder of rules: every problem of every file at once, or a checked ruleset.

use ruleset::{Ruleset, Sources};
use std::collections::BTreeMap;
use std::path::Path;

use crate::failure::Failure;

/// A checked ruleset with the texts that it came from.
pub(crate) struct Rules {
    /// The checked rules.
    pub ruleset: Ruleset,
    /// The files, by path within the folder.
    pub sources: BTreeMap<String, String>,
}

/// The text files that a ruleset is made of, by path within the folder.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    if !folder.is_dir() {
        let what = format!(
            "there is no folder of rules at {}; name one with --rules, or in tidegate.toml",
            folder.display()
        );
        return Err(Failure::unreadable(what));
    }
    let mut files = BTreeMap::new();
    collect(folder, "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder).map_err(|e| Failure::input(folder, &e))?;
    for entry in entries {
        let entry = entry.map_err(|e| Failure::input(folder, &e))?;
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
        if path.is_dir() && name == "lists" {
            collect(&path, "lists/", files)?;
        } else if matches!(kind, "rhai" | "toml") && prefix.is_empty() || kind == "txt" && !prefix.is_empty()
        {
            let text = std::fs::read_to_string(&path).map_err(|e| Failure::input(&path, &e))?;
            files.insert(name, text);
        }
    }
    Ok(())
}

/// Loads the rules; problems are printed to standard error, and errors end the command.
pub(crate) fn load(folder: &Path) -> Result<Rules, Failure> {
    let sources = read(folder)?;
    match Ruleset::load(&Sources(sources.clone())) {
        Ok(loaded) => Ok(Rules { ruleset: loaded.ruleset, sources }),
        Err(diagnostics) => {
            crate::print::diagnostics(&diagnostics, &sources);
            let count = diagnostics.iter().filter(|d| d.severity == ruleset::Severity::Error).count();
            Err(Failure::found(format!("{count} problem(s) in {}: nothing was decided", folder.display())))
        }
    }
}
