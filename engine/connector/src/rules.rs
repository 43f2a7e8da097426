//! A folder of rules, as its files stand on the disk. Which files belong to a ruleset and what they mean is not
//! known here: whoever asks says which are wanted, and a file that cannot be read is only that.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// The files that were found, by path within the folder, and why one cannot be read.
pub type Files = BTreeMap<String, io::Result<Vec<u8>>>;

/// Reads the wanted files of a folder and of those folders in it that are named.
///
/// # Errors
/// The folder itself, or a named one that is there, cannot be listed.
pub fn read(folder: &Path, inner: &[&str], wanted: impl Fn(&str) -> bool) -> io::Result<Files> {
    let mut files = Files::new();
    collect(folder, "", &wanted, &mut files)?;
    for name in inner {
        let path = folder.join(name);
        if path.is_dir() {
            collect(&path, &format!("{name}/"), &wanted, &mut files)?;
        }
    }
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, wanted: &impl Fn(&str) -> bool, files: &mut Files) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if wanted(&name) {
            files.insert(name, std::fs::read(entry.path()));
        }
    }
    Ok(())
}
