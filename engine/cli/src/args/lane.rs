//! Which lane is meant, and how it is reached: what the commands of a lane have in common.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The lane.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// The folder of the lane's store [default: tidegate-data]
    #[arg(
        id = "data",
        long,
        value_name = "DIR",
        env = "TIDEGATE_DATA",
        value_hint = ValueHint::DirPath
    )]
    pub folder: Option<PathBuf>,
}

/// The lane, where one may be meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct MaybeData {
    /// The folder of a lane's store; the last replay or demo is meant when missing
    #[arg(id = "data", long, value_name = "DIR", env = "TIDEGATE_DATA", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}

/// How a lane that runs is written to.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "How a lane that runs is reached")]
pub(crate) struct Reach {
    /// The token that says who decides; without one, a token for your user name is made in the store for this one
    /// call
    #[arg(long, value_name = "TOKEN", env = "TIDEGATE_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// Where the lane listens [default: what the folder's lock says]
    #[arg(long, value_name = "URL", env = "TIDEGATE_URL", value_hint = ValueHint::Url)]
    pub url: Option<String>,
    /// Who vouches for the lane's certificate, as PEM [default: the public authorities]
    #[arg(long, value_name = "FILE", env = "TIDEGATE_TRUST", value_hint = ValueHint::FilePath)]
    pub trust: Option<PathBuf>,
}
