//! Why a command ends badly: one message for a person, one exit code for a program.

use runtime::JournalError;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;

/// Why a command ends badly.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

/// What sort of failure it is: the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It ran, and something was found wrong.
    Found = 1,
    /// The command line or the configuration is wrong.
    Usage = 2,
    /// An input cannot be read.
    Input = 3,
    /// An output cannot be written.
    Output = 4,
}

impl Failure {
    /// It ran, and something was found wrong.
    pub(crate) fn found(message: String) -> Failure {
        Failure { kind: Kind::Found, message }
    }

    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: String) -> Failure {
        Failure { kind: Kind::Usage, message }
    }

    /// An input cannot be read.
    pub(crate) fn input(path: &Path, error: &dyn fmt::Display) -> Failure {
        Failure { kind: Kind::Input, message: format!("cannot read {}: {error}", path.display()) }
    }

    /// An input cannot be used.
    pub(crate) fn unreadable(message: String) -> Failure {
        Failure { kind: Kind::Input, message }
    }

    /// An output cannot be written.
    pub(crate) fn output(what: &dyn fmt::Display, error: &dyn fmt::Display) -> Failure {
        Failure { kind: Kind::Output, message: format!("cannot write {what}: {error}") }
    }

    /// The code that the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.kind as u8)
    }
}

/// The store did not do what was asked of it.
impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Failure {
        Failure::output(&"the store", &error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The name that is nearest to one that is unknown, when it is near enough.
pub(crate) fn near<'n>(unknown: &str, names: &[&'n str]) -> Option<&'n str> {
    let distances = names.iter().map(|name| (strsim::damerau_levenshtein(unknown, name), *name));
    distances
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, name)| name)
}

/// `; did you mean …?`, when some name is near enough; else all of them, as `the rules are …`.
pub(crate) fn nearest(unknown: &str, plural: &str, names: &[&str]) -> String {
    match near(unknown, names) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if names.is_empty() => format!("; there are no {plural}"),
        None => format!("; the {plural} are {}", names.join(", ")),
    }
}
