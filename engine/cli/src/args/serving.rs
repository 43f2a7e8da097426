//! What can be typed to `tidegate run`: how a lane is served.

use clap::builder::BoolishValueParser;
use clap::{Args, ValueHint};
use serde::{Deserialize, Deserializer};
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use tracing_subscriber::filter::LevelFilter;

use super::lane::Data;
use super::number::whole;

/// `tidegate run`
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub data: Data,
    #[command(flatten)]
    pub serving: Serving,
}

/// How a lane is served; each is also a key of the table `[run]`.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(expecting = "a table")]
pub(crate) struct Serving {
    /// Where to listen: an address and a port; port 0 takes a free one [default: 127.0.0.1:8780]
    #[arg(long, value_name = "ADDRESS", env = "TIDEGATE_LISTEN", value_parser = address)]
    #[serde(default, deserialize_with = "by_address")]
    pub listen: Option<SocketAddr>,
    /// The certificate chain, as PEM: other machines reach the lane over TLS
    #[arg(long, value_name = "FILE", env = "TIDEGATE_TLS_CERTIFICATE", value_hint = ValueHint::FilePath)]
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM
    #[arg(long, value_name = "FILE", env = "TIDEGATE_TLS_KEY", value_hint = ValueHint::FilePath)]
    pub tls_key: Option<PathBuf>,
    /// A proxy that ends TLS stands before it, and lets nobody else through [default: false]
    #[arg(
        long,
        value_name = "BOOL",
        env = "TIDEGATE_BEHIND_PROXY",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        value_parser = BoolishValueParser::new()
    )]
    pub behind_proxy: Option<bool>,
    /// What is told on standard error, from this level up: off, error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL", env = "TIDEGATE_LOG", value_parser = level)]
    #[serde(default, deserialize_with = "by_level")]
    pub log: Option<LevelFilter>,
    /// Records between two snapshots [default: 1000000]
    #[arg(
        long,
        value_name = "N",
        env = "TIDEGATE_SNAPSHOT_INTERVAL",
        hide_short_help = true,
        value_parser = whole::<NonZeroU64>
    )]
    pub snapshot_interval: Option<NonZeroU64>,
    /// Records that may wait to be decided; beyond them clients are told to come again [default: 1000000]
    #[arg(
        long,
        value_name = "N",
        env = "TIDEGATE_UNDECIDED_MAX",
        hide_short_help = true,
        value_parser = whole::<u64>
    )]
    pub undecided_max: Option<u64>,
    /// Where spans are sent, over OTLP/HTTP: the URL of an OpenTelemetry collector, such as http://127.0.0.1:4318
    /// [default: nowhere]
    #[arg(
        long,
        value_name = "URL",
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        hide_env_values = true,
        value_hint = ValueHint::Url
    )]
    #[serde(default, deserialize_with = "endpoint")]
    pub otlp_endpoint: Option<String>,
}

/// Whether a URL can be sent spans to, else why not. What may be a secret is not repeated.
pub(crate) fn check_endpoint(url: &str) -> Result<(), &'static str> {
    let after = ["http://", "https://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    match after {
        None => Err("write the URL of a collector, such as http://127.0.0.1:4318"),
        Some(after) if after.contains(['@', '?', '#']) => {
            Err("a URL has no room for secrets: OTEL_EXPORTER_OTLP_HEADERS carries them")
        }
        Some("") => Err("name the host of the collector"),
        Some(_) => Ok(()),
    }
}

fn endpoint<'de, D: Deserializer<'de>>(written: D) -> Result<Option<String>, D::Error> {
    let url = String::deserialize(written)?;
    check_endpoint(&url).map_err(serde::de::Error::custom)?;
    Ok(Some(url))
}

/// An address and a port.
fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write an address and a port, such as 127.0.0.1:8780")
}

/// From which level up something is told.
fn level(text: &str) -> Result<LevelFilter, &'static str> {
    text.parse().map_err(|_| "write off, error, warn, info, debug or trace")
}

fn by_address<'de, D: Deserializer<'de>>(written: D) -> Result<Option<SocketAddr>, D::Error> {
    address(&String::deserialize(written)?).map(Some).map_err(serde::de::Error::custom)
}

fn by_level<'de, D: Deserializer<'de>>(written: D) -> Result<Option<LevelFilter>, D::Error> {
    level(&String::deserialize(written)?).map(Some).map_err(serde::de::Error::custom)
}
