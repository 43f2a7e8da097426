//! How fast Tidegate is: `bench engine` for the engine alone, `bench service` for a lane with its store and its API.
//!
//! The workload is about 300 bytes an event, 80 % clicks, 18 % orders, 2 % refunds, with zipf-like keys (300 k addresses,
//! 400 k devices, 50 k creators, 500 k buyers), under the rules that are shipped.

mod client;
mod engine;
mod service;

use clap::{Parser, Subcommand};
use ruleset::{Ruleset, Sources};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Event time: so many events a second, as a busy platform has.
const EVENTS_PER_SECOND: u64 = 500;

/// Measures Tidegate on the benchmark's workload.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    measured: Measured,
}

#[derive(Subcommand)]
enum Measured {
    /// File in, verdict file out, beside parsing alone
    Engine(engine::Args),
    /// HTTP in, durable and decided, beside the disk alone
    Service(service::Args),
}

fn main() -> io::Result<()> {
    match Cli::parse().measured {
        Measured::Engine(args) => engine::measure(&args),
        Measured::Service(args) => service::measure(&args),
    }
}

#[expect(clippy::print_stdout, reason = "a benchmark prints its figures")]
fn say(line: &str) {
    println!("{line}");
}

fn sources(folder: &Path) -> io::Result<Sources> {
    let files = connector::rules::read(folder, &Sources::FOLDERS, Sources::wants)?;
    Ok(Sources::of_files(files))
}

fn load(folder: &Path) -> io::Result<Arc<Ruleset>> {
    let loaded = Ruleset::load(&sources(folder)?).map_err(|problems| {
        io::Error::other(format!(
            "the rules do not load: {} problem(s); see tidegate rules check",
            problems.len()
        ))
    })?;
    Ok(Arc::new(loaded.ruleset))
}
