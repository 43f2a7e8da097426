//! The table `[lane]`: what is fixed for the life of a log that begins here. An exported log brings its own.

use model::Span;
use model::log::{Feeds, Genesis};

use crate::args::Lane as Written;
use crate::failure::Failure;
use crate::origin::{FromEnvironment, Origin};

/// Every key of the table.
pub(super) const KEYS: [&str; 6] =
    ["sweep_grid", "allowed_skew", "dedup_horizon", "park_for", "canary_key", "feeds"];

/// What stands for no secret.
const NO_KEY: &str = "0000000000000000";
/// What is shown of a secret; read back, it is refused.
const HIDDEN: &str = "set, and not shown";

/// The lane's settings in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lane {
    /// Timers fire on this grid of the log clock.
    pub sweep_grid: Span,
    /// How far ahead of its stamp an event may be.
    pub allowed_skew: Span,
    /// How long clicks are remembered for deduplication.
    pub dedup_horizon: Span,
    /// How long a record waits for what it refers to.
    pub park_for: Span,
    /// Buckets creators into canaries.
    pub canary_key: u64,
    /// How completeness of feeds is known.
    pub feeds: Feeds,
}

impl Lane {
    /// What was typed comes before what the file says, and both before the standard.
    pub(super) fn resolve(typed: &Written, file: Written) -> Result<Lane, Failure> {
        let standard = Genesis::standard("".into());
        let said = first_of(typed, file);
        Ok(Lane {
            sweep_grid: grid(span("sweep_grid", said.sweep_grid, standard.sweep_grid)?)?,
            allowed_skew: span("allowed_skew", said.allowed_skew, standard.allowed_skew)?,
            dedup_horizon: span("dedup_horizon", said.dedup_horizon, standard.dedup_horizon)?,
            park_for: span("park_for", said.park_for, standard.park_for)?,
            canary_key: said.canary_key.map_or(Ok(standard.canary_key), |text| parse_key(&text))?,
            feeds: said.feeds.map_or(Ok(standard.feeds), |text| parse_feeds(&text))?,
        })
    }

    /// The genesis of a log that begins with these.
    pub(crate) fn genesis(&self, standard: Genesis) -> Genesis {
        let Lane { sweep_grid, allowed_skew, dedup_horizon, park_for, canary_key, feeds } = *self;
        Genesis { sweep_grid, allowed_skew, dedup_horizon, park_for, canary_key, feeds, ..standard }
    }

    /// The settings by key, as tidegate.toml writes them.
    pub(super) fn values(&self) -> [(&'static str, String); 6] {
        [
            ("sweep_grid", self.sweep_grid.to_string()),
            ("allowed_skew", self.allowed_skew.to_string()),
            ("dedup_horizon", self.dedup_horizon.to_string()),
            ("park_for", self.park_for.to_string()),
            ("canary_key", if self.canary_key == 0 { NO_KEY } else { HIDDEN }.to_owned()),
            ("feeds", name(self.feeds).to_owned()),
        ]
    }
}

/// Where each comes from, in the order of [`KEYS`].
pub(super) fn origins(typed: &Written, file: &Written, environment: &FromEnvironment) -> [Origin; 6] {
    let of = |key, typed: &Option<String>, file: &Option<String>| {
        environment.origin(key, typed.as_ref(), file.as_ref())
    };
    [
        of("sweep_grid", &typed.sweep_grid, &file.sweep_grid),
        of("allowed_skew", &typed.allowed_skew, &file.allowed_skew),
        of("dedup_horizon", &typed.dedup_horizon, &file.dedup_horizon),
        of("park_for", &typed.park_for, &file.park_for),
        of("canary_key", &typed.canary_key, &file.canary_key),
        of("feeds", &typed.feeds, &file.feeds),
    ]
}

/// What a setting needs said of it.
pub(super) fn note(key: &str) -> &'static str {
    match key {
        "sweep_grid" => "; timers fire on this grid of the log clock, 1s to 1d",
        "allowed_skew" => "; how far ahead of its stamp an event may be",
        "dedup_horizon" => "; how long clicks are remembered, an older one is refused",
        "park_for" => "; how long a record waits for what it refers to",
        "canary_key" => "; buckets creators into canaries, keys the ids of group holds",
        "feeds" => "; complete_to_clock or marked",
        _ => "",
    }
}

fn wrong(key: &str, text: &str, wanted: &str) -> Failure {
    Failure::usage(format!("`lane.{key}` is `{text}`; {wanted}"))
}

fn first_of(typed: &Written, file: Written) -> Written {
    let typed = typed.clone();
    Written {
        sweep_grid: typed.sweep_grid.or(file.sweep_grid),
        allowed_skew: typed.allowed_skew.or(file.allowed_skew),
        dedup_horizon: typed.dedup_horizon.or(file.dedup_horizon),
        park_for: typed.park_for.or(file.park_for),
        canary_key: typed.canary_key.or(file.canary_key),
        feeds: typed.feeds.or(file.feeds),
    }
}

fn span(key: &str, text: Option<String>, standard: Span) -> Result<Span, Failure> {
    let wanted = "write a whole number and one of ms, s, m, h, d, such as 7d, at most 100 years";
    text.map_or(Ok(standard), |text| Span::parse(&text).ok_or_else(|| wrong(key, &text, wanted)))
}

fn grid(span: Span) -> Result<Span, Failure> {
    if (Span::from_secs(1)..=Span::from_days(1)).contains(&span) {
        return Ok(span);
    }
    Err(wrong("sweep_grid", &span.to_string(), "it is within 1s and 1d"))
}

fn parse_key(text: &str) -> Result<u64, Failure> {
    let is_key = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let key = u64::from_str_radix(text, 16).ok().filter(|_| is_key);
    // What was written is a secret, or nearly one.
    key.ok_or_else(|| Failure::usage("`lane.canary_key`: write 16 hexadecimal digits".into()))
}

fn parse_feeds(text: &str) -> Result<Feeds, Failure> {
    let all = [Feeds::CompleteToClock, Feeds::Marked];
    let found = all.into_iter().find(|feeds| name(*feeds) == text);
    found.ok_or_else(|| wrong("feeds", text, "it is complete_to_clock or marked"))
}

fn name(feeds: Feeds) -> &'static str {
    match feeds {
        Feeds::CompleteToClock => "complete_to_clock",
        Feeds::Marked => "marked",
    }
}
