//! The table `[run]`: how `tidegate run` serves a lane. None of it can change a verdict.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::PathBuf;
use toml::Value;
use tracing_subscriber::filter::LevelFilter;

use crate::args::{Serving as Written, check_endpoint};
use crate::failure::Failure;
use crate::origin::{FromEnvironment, Origin};

/// Every key of the table.
pub(super) const KEYS: [&str; 8] = [
    "listen",
    "tls_certificate",
    "tls_key",
    "behind_proxy",
    "log",
    "snapshot_interval",
    "undecided_max",
    "otlp_endpoint",
];

/// Where it listens when nobody says.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8780);
/// Records between two snapshots when nobody says.
const SNAPSHOT_INTERVAL: u64 = 1_000_000;

/// How a lane is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Serving {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The certificate chain, as PEM.
    pub tls_certificate: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    pub tls_key: Option<PathBuf>,
    /// A proxy that ends TLS stands before it.
    pub behind_proxy: bool,
    /// What is told, from this level up.
    pub log: LevelFilter,
    /// Records between two snapshots.
    pub snapshot_interval: u64,
    /// Records that may wait to be decided.
    pub undecided_max: u64,
    /// Where spans are sent, if anywhere.
    pub otlp_endpoint: Option<String>,
}

impl Serving {
    /// What was typed comes before what the file says, and both before the default.
    pub(super) fn resolve(typed: Written, file: Written) -> Result<Serving, Failure> {
        Ok(Serving {
            listen: typed.listen.or(file.listen).unwrap_or(LISTEN),
            tls_certificate: typed.tls_certificate.or(file.tls_certificate),
            tls_key: typed.tls_key.or(file.tls_key),
            behind_proxy: typed.behind_proxy.or(file.behind_proxy).unwrap_or(false),
            log: typed.log.or(file.log).unwrap_or(LevelFilter::INFO),
            snapshot_interval: typed
                .snapshot_interval
                .or(file.snapshot_interval)
                .map_or(SNAPSHOT_INTERVAL, NonZeroU64::get),
            undecided_max: typed
                .undecided_max
                .or(file.undecided_max)
                .unwrap_or(runtime::service::limit::UNDECIDED_RECORDS_MAX),
            otlp_endpoint: endpoint(typed.otlp_endpoint.or(file.otlp_endpoint))?,
        })
    }

    /// The settings by key, as tidegate.toml writes them; without a value where there is none.
    pub(super) fn values(&self) -> [(&'static str, Option<Value>); 8] {
        let path = |path: &PathBuf| Value::String(path.display().to_string());
        let whole = |count: u64| Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
        [
            ("listen", Some(Value::String(self.listen.to_string()))),
            ("tls_certificate", self.tls_certificate.as_ref().map(path)),
            ("tls_key", self.tls_key.as_ref().map(path)),
            ("behind_proxy", Some(Value::Boolean(self.behind_proxy))),
            ("log", Some(Value::String(self.log.to_string()))),
            ("snapshot_interval", Some(whole(self.snapshot_interval))),
            ("undecided_max", Some(whole(self.undecided_max))),
            ("otlp_endpoint", self.otlp_endpoint.clone().map(Value::String)),
        ]
    }
}

/// Where each comes from, in the order of [`KEYS`].
pub(super) fn origins(typed: &Written, file: &Written, environment: &FromEnvironment) -> [Origin; 8] {
    [
        environment.origin("listen", typed.listen.as_ref(), file.listen.as_ref()),
        environment.origin("tls_certificate", typed.tls_certificate.as_ref(), file.tls_certificate.as_ref()),
        environment.origin("tls_key", typed.tls_key.as_ref(), file.tls_key.as_ref()),
        environment.origin("behind_proxy", typed.behind_proxy.as_ref(), file.behind_proxy.as_ref()),
        environment.origin("log", typed.log.as_ref(), file.log.as_ref()),
        environment.origin(
            "snapshot_interval",
            typed.snapshot_interval.as_ref(),
            file.snapshot_interval.as_ref(),
        ),
        environment.origin("undecided_max", typed.undecided_max.as_ref(), file.undecided_max.as_ref()),
        environment.origin("otlp_endpoint", typed.otlp_endpoint.as_ref(), file.otlp_endpoint.as_ref()),
    ]
}

/// Nothing, as an empty variable, sends nowhere.
fn endpoint(url: Option<String>) -> Result<Option<String>, Failure> {
    let url = url.filter(|url| !url.is_empty());
    let checked = url.as_deref().map_or(Ok(()), check_endpoint);
    checked.map_err(|wrong| Failure::usage(format!("`otlp_endpoint`: {wrong}")))?;
    Ok(url)
}

/// What a setting needs said of it.
pub(super) fn note(key: &str) -> &'static str {
    match key {
        "tls_certificate" => "; the certificate chain, as PEM",
        "tls_key" => "; its private key, as PEM",
        "behind_proxy" => "; a proxy that ends TLS stands before it",
        "log" => "; off, error, warn, info, debug or trace",
        "snapshot_interval" => "; records between two snapshots",
        "undecided_max" => "; records that may wait to be decided",
        "otlp_endpoint" => "; an OpenTelemetry collector, for spans",
        _ => "",
    }
}
