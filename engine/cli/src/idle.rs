//! Options that are understood everywhere and that this command has no use for. Whoever types one means something by it,
//! and would believe that it was done: it is refused, with the option that is meant where there is one.

use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::args::{Command, Dlq, Holds, Rules, Token};
use crate::config;
use crate::failure::Failure;

/// Refuses what was typed and does nothing. What the environment and tidegate.toml say is said for all commands.
pub(crate) fn refuse(command: &Command, matches: &ArgMatches) -> Result<(), Failure> {
    let heeded = heeded(command);
    let typed = |key: &&str| matches.value_source(key) == Some(ValueSource::CommandLine);
    match config::common_keys().into_iter().filter(typed).find(|key| !heeded.contains(key)) {
        None => Ok(()),
        Some(key) => {
            let (option, name) = (key.replace('_', "-"), name(matches));
            let meant = meant(command, key).map(|meant| format!("; {meant}")).unwrap_or_default();
            Err(Failure::usage(format!("--{option} does nothing for `tidegate {name}`{meant}")))
        }
    }
}

/// `holds list`.
fn name(matches: &ArgMatches) -> String {
    let mut names = Vec::new();
    let mut next = matches.subcommand();
    while let Some((name, matches)) = next {
        names.push(name);
        next = matches.subcommand();
    }
    names.join(" ")
}

/// The settings that a command goes by.
fn heeded(command: &Command) -> Vec<&'static str> {
    match command {
        Command::Replay(_) | Command::Demo(_) | Command::Config(_) => config::common_keys(),
        Command::Run(_) => {
            config::common_keys().into_iter().filter(|key| !["state", "output"].contains(key)).collect()
        }
        Command::Explain(_) => vec!["output", "state", "threads", "chunk"],
        Command::Rules(Rules::Check | Rules::Test(_)) => vec!["output", "rules"],
        Command::Rules(Rules::List) => vec!["output", "rules", "state"],
        Command::Rules(Rules::Facts) => vec!["output"],
        Command::Rules(Rules::Archive { .. } | Rules::New { .. }) => vec!["rules"],
        Command::Verdicts(args) if args.command.is_some() => Vec::new(),
        Command::Verdicts(_) => vec!["output", "rules", "state"],
        Command::Reconcile(_) => vec!["output", "state"],
        Command::Review(_) => vec!["output", "threads", "chunk", "program"],
        Command::Dlq(Dlq::Replay(_)) => vec!["output", "threads", "chunk"],
        Command::Dlq(Dlq::List(_) | Dlq::Show { .. })
        | Command::Events(_)
        | Command::Status(_)
        | Command::Holds(_)
        | Command::Report(_)
        | Command::Token(Token::Create { .. } | Token::List(_))
        | Command::Backup(_) => vec!["output"],
        Command::Dlq(Dlq::Close(_))
        | Command::Token(Token::Revoke { .. })
        | Command::Export(_)
        | Command::Upgrade(_)
        | Command::Completions { .. } => Vec::new(),
    }
}

/// What may be meant.
fn meant(command: &Command, key: &str) -> Option<&'static str> {
    match (command, key) {
        (Command::Holds(Holds::List(_)), "market") => Some("the filter by market is --in"),
        (Command::Holds(Holds::List(_)), "rules") => Some("the filter by rule is --rule"),
        (Command::Dlq(Dlq::List(_)), "state") => Some("the filter by state is --is"),
        (Command::Verdicts(_), "market") => Some("`holds list --in` and `report` tell markets apart"),
        (Command::Report(_), "market") => Some("it tells every market in rows of its own"),
        (Command::Export(_) | Command::Verdicts(_), "output") => {
            Some("it writes NDJSON, to the file that is named")
        }
        (Command::Run(_), "output") => Some("what is told on standard error is chosen by --log"),
        (_, "state") if is_of_a_lane(command) => Some("the folder of the lane is --data"),
        (_, "rules") if is_of_a_lane(command) => Some("a lane brings the rules that are in force"),
        (_, "program" | "market") => Some("it is for events that name none, where they come in"),
        (_, key) if config::is_of_the_lane(key) => Some("it is for a log that begins here"),
        (_, _) => None,
    }
}

fn is_of_a_lane(command: &Command) -> bool {
    match command {
        Command::Run(_)
        | Command::Status(_)
        | Command::Holds(_)
        | Command::Review(_)
        | Command::Dlq(_)
        | Command::Report(_)
        | Command::Token(_)
        | Command::Export(_)
        | Command::Backup(_)
        | Command::Upgrade(_) => true,
        Command::Verdicts(args) => args.command.is_some(),
        Command::Replay(_)
        | Command::Demo(_)
        | Command::Explain(_)
        | Command::Rules(_)
        | Command::Events(_)
        | Command::Reconcile(_)
        | Command::Config(_)
        | Command::Completions { .. } => false,
    }
}
