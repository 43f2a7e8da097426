//! What an analyst and an operator can type: holds, reviews, dead letters, reports.

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use std::path::PathBuf;

use super::lane::{Data, Reach};
use super::number::whole;

#[derive(Debug, Subcommand)]
pub(crate) enum Holds {
    /// List the holds that stand, each on each of its commissions
    List(HoldsList),
}

/// `tidegate holds list`
#[derive(Debug, Args)]
pub(crate) struct HoldsList {
    #[command(flatten)]
    pub data: Data,
    /// Only in this market
    #[arg(long = "in", value_name = "MARKET")]
    pub in_market: Option<String>,
    /// Only of this shop
    #[arg(long, value_name = "ID")]
    pub shop: Option<String>,
    /// Only on money of this creator
    #[arg(long, value_name = "ID")]
    pub creator: Option<String>,
    /// Only by this rule
    #[arg(long, value_name = "RULE")]
    pub rule: Option<String>,
    /// Only those that have stood so long by the log clock, such as 2d
    #[arg(long, value_name = "TIME")]
    pub older_than: Option<String>,
    /// Only those that lapse by themselves within this time, such as 6h
    #[arg(long, value_name = "TIME")]
    pub expiring_within: Option<String>,
    /// Only on so much or more, as people write it: "100.50 USD"; other currencies are left out
    #[arg(long, value_name = "AMOUNT")]
    pub at_least: Option<String>,
    /// In which order: the oldest, the largest (in minor units, whatever the currency) or the next to lapse first
    #[arg(long, value_name = "KEY", default_value = "age")]
    pub sort: HoldsSort,
    /// At most so many [default: 40 in a table, else all]
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub limit: Option<usize>,
}

/// The order of a list of holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum HoldsSort {
    /// The oldest first
    Age,
    /// The largest first
    Amount,
    /// The next to lapse first
    Expiry,
}

/// `tidegate review`
#[derive(Debug, Args)]
pub(crate) struct Review {
    #[command(flatten)]
    pub data: Data,
    /// What is decided: hold; keep (hold until reviewed); lift (end one hold); release (end all holds: it is paid at
    /// its date, never earlier); void; freeze; unfreeze; write_off
    pub decision: String,
    #[command(flatten)]
    pub subject: ReviewSubject,
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// A supporting document: a file on this machine, whose SHA-256 is taken, or URI,SHA256; can be given again
    #[arg(long, value_name = "DOCUMENT")]
    pub evidence: Vec<String>,
    /// About a creator who has earned nothing here so far: what is decided holds from their first order on
    #[arg(long)]
    pub unknown_ok: bool,
    /// Only propose: it is recorded, and moves nothing
    #[arg(long)]
    pub propose: bool,
    /// Say which commissions and how much money would change, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub reach: Reach,
}

/// What a review is about: exactly one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ReviewSubject {
    /// A commission, by its id or the beginning of it
    #[arg(long, value_name = "ID")]
    pub commission: Option<String>,
    /// A hold, by its id or the beginning of it; a group's or a creator's is on many commissions
    #[arg(long, value_name = "ID")]
    pub hold: Option<String>,
    /// A creator: everything of theirs
    #[arg(long, value_name = "ID")]
    pub creator: Option<String>,
    /// The group that a rule holds, as the hold names it
    #[arg(long, num_args = 2, value_names = ["RULE", "KEY"])]
    pub group: Option<Vec<String>>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dlq {
    /// List dead letters: records that were refused
    List(DlqList),
    /// Show one, with its bytes
    Show {
        #[command(flatten)]
        data: Data,
        /// Its number, as `dlq list` shows it
        #[arg(value_parser = whole::<u64>)]
        number: u64,
    },
    /// Send some again, as new records: their own bytes, once what was wrong is mended, or a record that is mended
    Replay(DlqReplay),
    /// Say that nobody has to deal with some any more, and why; they leave the list and stay in the store
    Close(DlqClose),
}

/// `tidegate dlq list`
#[derive(Debug, Args)]
pub(crate) struct DlqList {
    #[command(flatten)]
    pub data: Data,
    /// Only with this code
    #[arg(long)]
    pub code: Option<String>,
    /// Only in this state: open, replayed, mended, closed or given_up
    #[arg(long = "is", value_name = "STATE")]
    pub is_state: Option<String>,
    /// Closed ones, too
    #[arg(long, conflicts_with = "is_state")]
    pub all: bool,
    /// At most so many [default: 40 in a table, else all]
    #[arg(long, value_name = "N", value_parser = whole::<usize>)]
    pub limit: Option<usize>,
}

/// `tidegate dlq replay`
#[derive(Debug, Args)]
pub(crate) struct DlqReplay {
    #[command(flatten)]
    pub data: Data,
    /// Their numbers
    #[arg(
        value_name = "NUMBER",
        required_unless_present = "code",
        conflicts_with = "code",
        value_parser = whole::<u64>
    )]
    pub numbers: Vec<u64>,
    /// All open ones with this code
    #[arg(long)]
    pub code: Option<String>,
    /// A mended record, to be sent in place of the one dead letter that is named: of the same kind and ids; what would be
    /// refused at once is not sent, and costs no attempt
    #[arg(long, value_name = "FILE", conflicts_with = "code", value_hint = ValueHint::FilePath)]
    pub with: Option<PathBuf>,
    #[command(flatten)]
    pub reach: Reach,
}

/// `tidegate dlq close`
#[derive(Debug, Args)]
pub(crate) struct DlqClose {
    #[command(flatten)]
    pub data: Data,
    /// Their numbers
    #[arg(value_name = "NUMBER", required = true, value_parser = whole::<u64>)]
    pub numbers: Vec<u64>,
    /// Why, for whoever looks at it later
    #[arg(long, value_name = "TEXT")]
    pub note: String,
}

/// `tidegate report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub data: Data,
    /// From when: RFC 3339, such as 2026-03-01T00:00:00Z; a date, such as 2026-03-01, from midnight UTC; or a length of
    /// time before the end, such as 7d
    #[arg(long, value_name = "TIME")]
    pub since: String,
    /// To before when: the same, or so long before the log clock, such as 24h [default: all that is decided]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Beside the period of the same length before it
    #[arg(long)]
    pub compare: bool,
}
