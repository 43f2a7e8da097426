//! Where each setting comes from.

use clap::parser::ValueSource;
use clap::{ArgMatches, Id};
use std::collections::BTreeSet;
use std::path::Path;

/// Where a setting comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command line.
    Flag,
    /// A variable of the environment.
    Environment,
    /// The configuration file.
    File,
    /// Nowhere: nobody said anything.
    Default,
}

impl Origin {
    /// As `config print` says it.
    pub(crate) fn told(&self, key: &str, file: Option<&Path>) -> String {
        match self {
            Origin::Flag => format!("flag --{}", key.replace('_', "-")),
            // The name that OpenTelemetry gives it everywhere.
            Origin::Environment if key == "otlp_endpoint" => "environment OTEL_EXPORTER_OTLP_ENDPOINT".into(),
            Origin::Environment => format!("environment TIDEGATE_{}", key.to_uppercase()),
            Origin::File => file.map_or("file".into(), |path| format!("file {}", path.display())),
            Origin::Default => "default".into(),
        }
    }
}

/// The settings that the environment gave; what else was given was typed.
#[derive(Debug, Clone, Default)]
pub(crate) struct FromEnvironment(BTreeSet<&'static str>);

impl FromEnvironment {
    /// Of these settings, each the id of an argument: of the command itself, or of every command.
    pub(crate) fn of(matches: &ArgMatches, keys: &[&'static str]) -> FromEnvironment {
        let mut command = matches;
        while let Some((_, below)) = command.subcommand() {
            command = below;
        }
        let given: BTreeSet<&str> = command.ids().map(Id::as_str).collect();
        let is =
            |key: &&str| given.contains(key) && command.value_source(key) == Some(ValueSource::EnvVariable);
        FromEnvironment(keys.iter().copied().filter(is).collect())
    }

    /// Where a setting comes from, given whether it was typed and whether the file has it.
    pub(crate) fn origin<T, U>(&self, key: &str, typed: Option<&T>, file: Option<&U>) -> Origin {
        match (typed, file) {
            (Some(_), _) if self.0.contains(key) => Origin::Environment,
            (Some(_), _) => Origin::Flag,
            (None, Some(_)) => Origin::File,
            (None, None) => Origin::Default,
        }
    }
}
