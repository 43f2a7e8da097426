//! What an analyst and an operator can type: holds, reviews, dead letters, reports.

use clap::{Args, Subcommand, ValueEnum};

use super::lane::Data;

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
    #[arg(long, value_name = "N")]
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

/// `tidegate report`
#[derive(Debug, Args)]
pub(crate) struct Report {
    #[command(flatten)]
    pub data: Data,
    /// From when: RFC 3339, such as 2026-03-01T00:00:00Z, or a length of time before the end, such as 7d
    #[arg(long, value_name = "TIME")]
    pub since: String,
    /// To before when [default: all that is decided]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Beside the period of the same length before it
    #[arg(long)]
    pub compare: bool,
}
