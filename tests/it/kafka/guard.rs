//! What ends with this process, however it ends: by success, by a panic, by Ctrl-C or by kill -9.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads a word, which says that all is well. Its input ends without one when whoever held it is gone.
const SCRIPT: &str = r#"
    trap : HUP INT TERM
    read -r word && exit
    kill -9 "$1"
    sleep 1
    rm -rf "$2"
    rmdir "${2%/*}"
"#;

/// A process of its own that watches another one and its folder.
pub(super) struct Guard(Child);

impl Guard {
    pub(super) fn over(process: &Child, folder: &Path) -> Guard {
        let mut shell = Command::new("sh");
        shell.args(["-c", SCRIPT, "guard", &process.id().to_string()]).arg(folder);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Guard(shell.spawn().unwrap())
    }

    /// The process has ended and has been waited for.
    pub(super) fn dismiss(mut self) {
        self.0.stdin.take().unwrap().write_all(b"well\n").unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn what_is_guarded_ends_with_whoever_held_its_guard() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("a/b");
    std::fs::create_dir_all(&inner).unwrap();
    let mut process = Command::new("sleep").arg("600").spawn().unwrap();
    let mut guard = Guard::over(&process, &inner);
    assert_eq!(process.try_wait().unwrap(), None);
    // The end of this process would close it.
    drop(guard.0.stdin.take());
    assert!(!process.wait().unwrap().success());
    guard.0.wait().unwrap();
    assert!(!folder.path().join("a").exists());
}

#[test]
fn a_guard_that_is_dismissed_touches_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Command::new("sleep").arg("600").spawn().unwrap();
    Guard::over(&process, folder.path()).dismiss();
    assert_eq!(process.try_wait().unwrap(), None);
    assert!(folder.path().exists());
    process.kill().unwrap();
    process.wait().unwrap();
}
