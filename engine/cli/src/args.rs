//! What can be typed. What it means, with the configuration file filled in, is [`crate::config`]'s.

mod desk;
mod lane;
mod number;
mod serving;

pub(crate) use desk::{Dlq, DlqClose, DlqList, DlqReplay, Holds, HoldsList, HoldsSort, Report, Review};
pub(crate) use lane::{Data, MaybeData, Reach};
pub(crate) use serving::{Run, Serving, check_endpoint};

use number::{whole, within};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

/// Holds or releases creator commissions: attributes orders, measures what happened around them, runs the risk
/// team's rules and keeps every commission's money.
#[derive(Debug, Parser)]
#[command(name = "tidegate", version, propagate_version = true, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done; 1 done, and something was found wrong (a rule does not check, a case \
    fails, books do not balance); 2 the command line or the configuration is wrong; 3 an input cannot be read; \
    4 an output cannot be written.\n\nData goes to standard output, everything else to standard error. NO_COLOR is \
    obeyed. Every setting of tidegate.toml can be overridden by a flag, or by a variable TIDEGATE_NAME."
)]
pub(crate) struct Cli {
    /// The configuration file
    #[arg(long, global = true, value_name = "FILE", env = "TIDEGATE_CONFIG", value_hint = ValueHint::FilePath)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    pub common: Common,
    #[command(subcommand)]
    pub command: Command,
}

/// Settings that every command understands; each is also a key of tidegate.toml.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Common {
    /// The folder with the rules [default: rules]
    #[arg(long, global = true, value_name = "DIR", env = "TIDEGATE_RULES", value_hint = ValueHint::DirPath)]
    pub rules: Option<PathBuf>,
    /// The folder that keeps what a replay or demo leaves behind [default: .tidegate]
    #[arg(long, global = true, value_name = "DIR", env = "TIDEGATE_STATE", value_hint = ValueHint::DirPath)]
    pub state: Option<PathBuf>,
    /// How results are printed [default: table]
    #[arg(long, global = true, value_name = "FORM", env = "TIDEGATE_OUTPUT")]
    pub output: Option<OutputForm>,
    /// Threads that decide; 0 is one a core [default: 0]
    #[arg(long, global = true, value_name = "N", env = "TIDEGATE_THREADS", value_parser = whole::<usize>)]
    pub threads: Option<usize>,
    /// Records decided at once; never shows in an output [default: 4096]
    #[arg(
        long,
        global = true,
        value_name = "N",
        env = "TIDEGATE_CHUNK",
        hide_short_help = true,
        value_parser = whole::<usize>
    )]
    pub chunk: Option<usize>,
    /// Program of events that name none [default: main]
    #[arg(long, global = true, value_name = "ID", env = "TIDEGATE_PROGRAM", hide_short_help = true)]
    pub program: Option<String>,
    /// Market of events that name none [default: main]
    #[arg(long, global = true, value_name = "ID", env = "TIDEGATE_MARKET", hide_short_help = true)]
    pub market: Option<String>,
    #[command(flatten)]
    pub lane: Lane,
}

/// What is fixed for the life of a log that begins here; each is also a key of the table `[lane]`. Lengths of time
/// are written like 7d.
#[derive(Debug, Clone, Default, Args, serde::Deserialize)]
#[serde(expecting = "a table")]
#[command(next_help_heading = "Lane: fixed for the life of a log; an exported log brings its own")]
pub(crate) struct Lane {
    /// Timers fire on this grid of the log clock, 1s to 1d [default: 1m]
    #[arg(long, global = true, value_name = "TIME", env = "TIDEGATE_SWEEP_GRID", hide_short_help = true)]
    pub sweep_grid: Option<String>,
    /// How far ahead of its stamp an event may be [default: 5m]
    #[arg(long, global = true, value_name = "TIME", env = "TIDEGATE_ALLOWED_SKEW", hide_short_help = true)]
    pub allowed_skew: Option<String>,
    /// How long clicks are remembered; an older one is refused [default: 7d]
    #[arg(long, global = true, value_name = "TIME", env = "TIDEGATE_DEDUP_HORIZON", hide_short_help = true)]
    pub dedup_horizon: Option<String>,
    /// How long a record waits for what it refers to [default: 7d]
    #[arg(long, global = true, value_name = "TIME", env = "TIDEGATE_PARK_FOR", hide_short_help = true)]
    pub park_for: Option<String>,
    /// Secret that buckets creators into canaries and keys the ids of group holds: 16 hexadecimal digits [default: 0000000000000000]
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "TIDEGATE_CANARY_KEY",
        hide_env_values = true,
        hide_short_help = true
    )]
    pub canary_key: Option<String>,
    /// How completeness of feeds is known: complete_to_clock or marked [default: complete_to_clock]
    #[arg(long, global = true, value_name = "HOW", env = "TIDEGATE_FEEDS", hide_short_help = true)]
    pub feeds: Option<String>,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputForm {
    /// For people
    Table,
    /// For programs
    Json,
    /// For spreadsheets
    Csv,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Decide a file of events and print what became of the money
    Replay(Replay),
    /// Watch made-up trade, with planted fraud, being decided live
    Demo(Demo),
    /// Tell the whole history of an order or commission, or how a creator or a hold stands
    Explain(Explain),
    /// Check, test, list and start rules
    #[command(subcommand)]
    Rules(Rules),
    /// Check events before they are sent
    #[command(subcommand)]
    Events(Events),
    /// List verdicts
    Verdicts(Verdicts),
    /// Prove the balances from the verdicts alone
    Reconcile(Reconcile),
    /// Serve a lane: take events over HTTP, decide them, and keep everything in one folder
    Run(Run),
    /// How a lane is doing: how far it has come, what stands open, who runs it
    Status(Data),
    /// List the holds that stand
    #[command(subcommand)]
    Holds(Holds),
    /// Decide about a commission, a hold, a group or a creator
    Review(Review),
    /// List, show and replay what was refused
    #[command(subcommand)]
    Dlq(Dlq),
    /// What a period brought: money by account, market and rule
    Report(Report),
    /// Make, list and revoke the tokens of a lane
    #[command(subcommand)]
    Token(Token),
    /// Write a lane's log as `replay` reads it
    Export(Export),
    /// Copy a lane's store as it is now, while it runs, and check the copy
    Backup(Backup),
    /// Bring the store of an earlier version to this one
    Upgrade(Data),
    /// Show the settings in force
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

impl Cli {
    /// The settings that were typed, by flag or by variable.
    pub(crate) fn typed(&mut self) -> Typed {
        Typed {
            common: self.common.clone(),
            data: self.command.folder().and_then(|folder| folder.clone()),
            run: self.command.serving().cloned().unwrap_or_default(),
        }
    }
}

/// The settings that were typed, by flag or by variable.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub common: Common,
    /// The folder of the lane's store.
    pub data: Option<PathBuf>,
    pub run: Serving,
}

impl Command {
    /// How it was typed that a lane is served.
    fn serving(&self) -> Option<&Serving> {
        let (Command::Run(run) | Command::Config(ConfigCommand::Print(run))) = self else { return None };
        Some(&run.serving)
    }

    /// Where the folder of the lane is typed, for the commands that mean one.
    pub(crate) fn folder(&mut self) -> Option<&mut Option<PathBuf>> {
        match self {
            Command::Run(Run { data, .. })
            | Command::Config(ConfigCommand::Print(Run { data, .. }))
            | Command::Status(data)
            | Command::Upgrade(data)
            | Command::Holds(Holds::List(HoldsList { data, .. }))
            | Command::Review(Review { data, .. })
            | Command::Dlq(
                Dlq::List(DlqList { data, .. })
                | Dlq::Show { data, .. }
                | Dlq::Replay(DlqReplay { data, .. })
                | Dlq::Close(DlqClose { data, .. }),
            )
            | Command::Report(Report { data, .. })
            | Command::Token(Token::Create { data, .. } | Token::List(data) | Token::Revoke { data, .. })
            | Command::Export(Export { data, .. })
            | Command::Backup(Backup { data, .. })
            | Command::Verdicts(Verdicts {
                command: Some(VerdictsCommand::Export(VerdictsExport { data, .. })),
                ..
            }) => Some(&mut data.folder),
            Command::Verdicts(Verdicts { command: None, data, .. })
            | Command::Explain(Explain { data, .. })
            | Command::Reconcile(Reconcile { data, .. }) => Some(&mut data.folder),
            Command::Replay(_)
            | Command::Demo(_)
            | Command::Rules(_)
            | Command::Events(_)
            | Command::Completions { .. } => None,
        }
    }
}

/// `tidegate replay`
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Files of events: .ndjson, .json, .jsonl or .csv, plain, .gz or .zst; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// How a foreign file's columns become events
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub mapping: Option<PathBuf>,
    /// Write every verdict, one JSON document a line; `-` is standard output
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub verdicts: Option<PathBuf>,
    /// Decide an exported log under the rulesets that it names, found in this folder, instead of --rules
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub archive: Option<PathBuf>,
    /// End here: later events are refused, and time passes up to it. RFC 3339, such as 2026-03-01T00:00:00Z; a date,
    /// such as 2026-03-01, at midnight UTC; or so long ago, such as 24h
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
}

/// `tidegate token`
#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Make a token; it is shown this once
    Create {
        #[command(flatten)]
        data: Data,
        /// Who holds it: the actor of what it posts
        #[arg(long, value_name = "NAME")]
        identity: String,
        /// What it may do: kinds of events, `producer`, `finance`, `risk`, `read`, `ruleset`
        #[arg(long = "scope", value_name = "SCOPE", required = true, value_delimiter = ',')]
        scopes: Vec<String>,
        /// How long it is good, such as 90d; until it is revoked when missing
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
    },
    /// List the tokens
    List(Data),
    /// Revoke a token, for good
    Revoke {
        #[command(flatten)]
        data: Data,
        /// The token's id, as `token list` shows it
        token_id: String,
    },
}

/// `tidegate export`
#[derive(Debug, Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub data: Data,
    /// Where to write the log: a file, which is there whole or not at all
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub log: PathBuf,
    /// Write over a file that is there; an export that fails leaves it as it was
    #[arg(long)]
    pub force: bool,
    /// Keep the rulesets that it names in this folder too, for `replay --archive`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub archive: Option<PathBuf>,
}

/// `tidegate backup`
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    pub data: Data,
    /// The folder of the copy; it must not be there yet
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub copy: PathBuf,
}

/// `tidegate demo`
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Decide a fixed number of days at once, print the summary and end
    #[arg(long)]
    pub once: bool,
    /// Days of trade with `--once`
    #[arg(long, value_name = "N", default_value_t = 21, value_parser = within::<1, 1_000>)]
    pub days: u32,
    /// Everyday orders a day; benign days and attacks come on top
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2_000,
        value_parser = within::<1, 1_000_000>
    )]
    pub orders: u32,
    /// How often fraud is planted: about so many orders in a thousand; 0 plants none
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = within::<0, 500>)]
    pub fraud: u32,
    /// How much faster than real time: 1440 is a day a minute
    #[arg(
        long,
        value_name = "TIMES",
        default_value_t = 17_280,
        value_parser = within::<1, 1_000_000>
    )]
    pub lapse: u32,
    /// Another number is another trade; the same number is the same trade
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u64>)]
    pub seed: u64,
    /// When the made-up time begins: RFC 3339; a date, at midnight UTC; or so long ago, such as 2d
    /// [default: 2026-01-01T00:00:00Z]
    #[arg(long, value_name = "TIME")]
    pub start: Option<String>,
    /// Write the events as well, one a line, as `replay` and `events check` read them
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub events: Option<PathBuf>,
    /// Stop the live demo after so many seconds; without it, it runs until Ctrl-C or q
    #[arg(long, value_name = "SECONDS", value_parser = whole::<u64>)]
    pub stop_after: Option<u64>,
}

/// `tidegate explain`
#[derive(Debug, Args)]
pub(crate) struct Explain {
    #[command(flatten)]
    pub data: MaybeData,
    /// An order id, a commission id (or its beginning), or the id of an obligation; of a lane also a hold id (or its
    /// beginning) or a creator id. `order:`, `commission:`, `hold:`, `creator:` or `agency:` before it says which
    pub subject: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rules {
    /// Find every problem in the rules, with place and fix
    Check,
    /// Run the cases beside the rules
    Test(RulesTest),
    /// List the rules with their mode, dials and, after a replay, what they saw
    List,
    /// Print every fact a rule can see
    Facts,
    /// Keep the ruleset in a folder, in a file named by its hash, for logs that name it
    Archive {
        /// The folder
        #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// Start a rule from a template
    New {
        /// The rule's name: its file will be NAME.rhai
        name: String,
    },
}

/// `tidegate rules test`
#[derive(Debug, Args)]
pub(crate) struct RulesTest {
    /// Only cases of these rules
    #[arg(value_name = "RULE")]
    pub only: Vec<String>,
    /// Rewrite the expected side of every case to what comes out
    #[arg(long)]
    pub update: bool,
    /// Run the benign days and planted attacks instead, and print the table
    #[arg(long)]
    pub benign: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Decode files and report every event that would be refused
    Check {
        /// Files of events
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// How a foreign file's columns become events
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        mapping: Option<PathBuf>,
    },
}

/// `tidegate verdicts`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Verdicts {
    #[command(subcommand)]
    pub command: Option<VerdictsCommand>,
    #[command(flatten)]
    pub data: MaybeData,
    /// A file of verdicts; those of the lane, or of the last replay or demo, when missing
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
    /// Only this decision (hold, release, reduce, …)
    #[arg(long)]
    pub decision: Option<String>,
    /// Only with this rule among the reasons
    #[arg(long)]
    pub rule: Option<String>,
    /// Only of this beneficiary (creator:ID or agency:ID)
    #[arg(long)]
    pub beneficiary: Option<String>,
    /// Only of this order
    #[arg(long)]
    pub order: Option<String>,
    /// At most so many, the last ones
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub last: Option<usize>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VerdictsCommand {
    /// Write the verdicts of a lane as they were published, one JSON document a line
    Export(VerdictsExport),
}

/// `tidegate verdicts export`
#[derive(Debug, Args)]
pub(crate) struct VerdictsExport {
    #[command(flatten)]
    pub data: Data,
    /// Where to write them: a file, which is there whole or not at all; `-` is standard output
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Write over a file that is there; an export that fails leaves it as it was
    #[arg(long)]
    pub force: bool,
    /// Only those after this sequence; an export tells the last one that it has
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>)]
    pub after: u64,
}

/// `tidegate reconcile`
#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    #[command(flatten)]
    pub data: MaybeData,
    /// A file of verdicts; those of the lane, or of the last replay or demo, when missing
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the settings in force as tidegate.toml, with where each comes from
    Print(Run),
}
