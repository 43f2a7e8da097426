//! Which lane is meant, and how it is reached: what the commands of a lane have in common.

use clap::{Args, ValueHint};
use std::path::PathBuf;

/// The lane.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// The folder of the lane's store
    #[arg(
        long = "data",
        value_name = "DIR",
        env = "TIDEGATE_DATA",
        default_value = "tidegate-data",
        value_hint = ValueHint::DirPath
    )]
    pub folder: PathBuf,
}

/// The lane, where one may be meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct MaybeData {
    /// The folder of a lane's store; the last replay or demo is meant when missing
    #[arg(long = "data", value_name = "DIR", env = "TIDEGATE_DATA", value_hint = ValueHint::DirPath)]
    pub folder: Option<PathBuf>,
}
