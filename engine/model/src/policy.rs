//! What a ruleset fixes besides its rules: the terms of programs and markets. Part of the archive, so that it
//! is in the log. `ruleset` reads it from `programs.toml` and `ruleset.toml`; the stations obey it.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Kind, SettlementFrom};
use crate::{Market, ProgramId, RuleId, SourceId, Span, Text, limit};

/// Everything that stations must obey.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Terms of programs that are not named in `programs`.
    pub default_program: ProgramPolicy,
    /// Terms by program.
    pub programs: BTreeMap<ProgramId, ProgramPolicy>,
    /// Limits of markets that are not named in `markets`.
    pub default_market: MarketPolicy,
    /// Limits by market.
    pub markets: BTreeMap<Market, MarketPolicy>,
    /// What JUDGE's outcomes mean to SETTLE, by rule.
    pub rules: BTreeMap<RuleId, RulePolicy>,
    /// The total of live scores that holds an order.
    pub score_threshold: i64,
    /// How long a hold by score lasts; until reviewed when missing.
    pub score_hold: Option<Span>,
    /// How much the windows keep.
    pub windows: WindowLimits,
}

impl Policy {
    /// The terms of a program.
    pub fn program(&self, program: &ProgramId) -> &ProgramPolicy {
        self.programs.get(program).unwrap_or(&self.default_program)
    }

    /// The limits of a market.
    pub fn market(&self, market: &Market) -> &MarketPolicy {
        self.markets.get(market).unwrap_or(&self.default_market)
    }
}

/// The terms of a program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramPolicy {
    /// How long a click may earn, 1 to 30 days; closed: exactly that old still counts.
    pub attribution_window: Span,
    /// Which click earns among equals.
    pub pick: Pick,
    /// Whether the same device is evidence.
    pub device_evidence: bool,
    /// How long until release, where the plan does not say.
    pub settlement_delay: Span,
    /// From when that counts, where the plan does not say.
    pub settlement_from: SettlementFrom,
    /// Kinds whose feeds must be complete before a release.
    pub requires: BTreeSet<Kind>,
    /// The sources that send each of those kinds.
    pub sources: BTreeMap<Kind, BTreeSet<SourceId>>,
}

impl Default for ProgramPolicy {
    fn default() -> ProgramPolicy {
        ProgramPolicy {
            attribution_window: Span::from_days(7),
            pick: Pick::Last,
            device_evidence: false,
            settlement_delay: Span::from_days(14),
            settlement_from: SettlementFrom::Order,
            requires: BTreeSet::new(),
            sources: BTreeMap::new(),
        }
    }
}

/// Which click earns among clicks of the same evidence and directness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pick {
    /// The last valid one.
    Last,
    /// The first valid one.
    First,
}

/// The limits of a market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MarketPolicy {
    /// No hold outlives this without being escalated.
    pub longest_hold: Span,
}

impl Default for MarketPolicy {
    fn default() -> MarketPolicy {
        MarketPolicy { longest_hold: Span::from_days(90) }
    }
}

/// How much the windows keep at once. What has no room is not counted, and every answer that it may have belonged
/// to is [`Measure::Unknown`](crate::feature::Measure::Unknown) for as long as it could have counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowLimits {
    /// Groups of one series: features of the same counted kind, grouping and filter share one.
    pub keys: u32,
    /// Pairs of a group and a value, of one field whose values a series tells apart.
    pub pairs: u32,
}

impl Default for WindowLimits {
    fn default() -> WindowLimits {
        WindowLimits { keys: limit::WINDOW_KEYS, pairs: limit::WINDOW_PAIRS }
    }
}

/// What SETTLE must know of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulePolicy {
    /// Whether its outcomes count.
    pub mode: Mode,
    /// How long its holds last when the rule does not say; until reviewed when missing.
    pub default_hold: Option<Span>,
    /// What creators are told.
    pub public_code: Text,
    /// Whether it may void.
    pub may_reject: bool,
    /// What happens when it fails.
    pub on_failure: OnFailure,
    /// After so many failures of its own it is ignored.
    pub failures_max: u64,
}

/// Whether a rule's outcomes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Checked only.
    Draft,
    /// Evaluated and counted; moves nothing.
    Shadow,
    /// Live for this percentage of creators, shadow for the others.
    Canary(u8),
    /// Moves money.
    Live,
    /// Not evaluated any more; its holds stand.
    Retired,
}

/// What a failing rule does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    /// Holds, with the public code `check_failed`.
    Hold,
    /// Nothing, counted.
    Ignore,
}
