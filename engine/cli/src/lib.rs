//! `tidegate`, the one binary, as a library, so that tests can reach its parts. It alone reads arguments and
//! environment; everything it does is done by the crates below it.
//!
//! What people are shown goes through a table, `print::tell` or `print::note`, which write out what a terminal would obey:
//! data may come from anybody.

mod args;
mod backup;
mod books;
pub mod cases;
mod config;
pub mod contract;
mod data;
pub mod days;
mod demo;
mod dlq;
mod door;
mod events;
mod explain;
mod export;
mod failure;
mod holds;
mod idle;
mod input;
mod origin;
mod output_file;
mod pages;
mod percent;
mod plain;
mod print;
mod progress;
mod reconcile;
mod replay;
mod report;
mod review;
mod rules;
mod rules_folder;
mod rulesets;
mod run;
mod score;
mod sheet;
mod status;
mod summary;
mod table;
mod token;
mod upgrade;
mod verdict_copy;
mod verdict_source;
mod verdicts;

use clap::{CommandFactory, FromArgMatches};
use std::process::ExitCode;

use crate::args::{Cli, Command, ConfigCommand};
use crate::config::Config;
use crate::failure::Failure;
use crate::origin::FromEnvironment;

/// Does what the arguments say; the exit code says how it went.
pub fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let done = idle::refuse(&cli.command, &matches)
        .and_then(|()| run(&mut cli, &FromEnvironment::of(&matches, &config::keys())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::note(&format!("tidegate: {failure}"));
            failure.exit_code()
        }
    }
}

fn run(cli: &mut Cli, environment: &FromEnvironment) -> Result<(), Failure> {
    let typed = cli.typed();
    let config = Config::resolve(cli.config.as_deref(), typed, environment)?;
    if let Some(folder) = cli.command.folder() {
        folder.clone_from(&config.data);
    }
    match &cli.command {
        Command::Replay(args) => replay::run(args, &config),
        Command::Demo(args) => demo::run(args, &config),
        Command::Explain(args) => explain::run(args, &config),
        Command::Rules(command) => rules::run(command, &config),
        Command::Events(command) => events::run(command, &config),
        Command::Verdicts(args) => verdicts::run(args, &config),
        Command::Reconcile(args) => reconcile::run(args, &config),
        Command::Run(args) => run::run(args, &config),
        Command::Status(args) => status::run(args, &config),
        Command::Holds(command) => holds::run(command, &config),
        Command::Review(args) => review::run(args, &config),
        Command::Dlq(command) => dlq::run(command, &config),
        Command::Report(args) => report::run(args, &config),
        Command::Token(command) => token::run(command, &config),
        Command::Export(args) => export::run(args),
        Command::Backup(args) => backup::run(args, &config),
        Command::Upgrade(args) => upgrade::run(args),
        Command::Config(ConfigCommand::Print(_)) => print::out(&config.print()?),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "tidegate", &mut script);
            print::out(&String::from_utf8_lossy(&script))
        }
    }
}
