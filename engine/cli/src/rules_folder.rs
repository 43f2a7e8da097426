//! Reading a folder of rules: every problem of every file at once, or a checked ruleset.

use ruleset::{Ruleset, Sources};
use std::path::Path;

use crate::failure::Failure;

/// A checked ruleset with the files that it came from.
pub(crate) struct Rules {
    /// The checked rules.
    pub ruleset: Ruleset,
    /// Its files.
    pub sources: Sources,
}

/// The files that a ruleset is made of.
pub(crate) fn read(folder: &Path) -> Result<Sources, Failure> {
    if !folder.is_dir() {
        let what = format!(
            "there is no folder of rules at {}; name one with --rules, or in tidegate.toml",
            folder.display()
        );
        return Err(Failure::unreadable(what));
    }
    let files = connector::rules::read(folder, &Sources::FOLDERS, Sources::wants);
    files.map(Sources::of_files).map_err(|e| Failure::input(folder, &e))
}

/// Loads the rules; problems are printed to standard error, and errors end the command.
pub(crate) fn load(folder: &Path) -> Result<Rules, Failure> {
    let sources = read(folder)?;
    match Ruleset::load(&sources) {
        Ok(loaded) => Ok(Rules { ruleset: loaded.ruleset, sources }),
        Err(diagnostics) => {
            crate::print::diagnostics(&diagnostics, &sources);
            let count = diagnostics.iter().filter(|d| d.severity == ruleset::Severity::Error).count();
            Err(Failure::found(format!("{count} problem(s) in {}: nothing was decided", folder.display())))
        }
    }
}
