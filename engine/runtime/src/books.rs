//! What people and programs may ask of a lane: its verdicts, commissions, holds, creators and dead letters, as they
//! are permanent. A store answers; whoever shows it knows only this.
//!
//! Every list is paged by key: a page names where the next one begins, and what is added meanwhile neither repeats
//! nor hides a row. Amounts are minor units of the currency beside them; times are milliseconds since the epoch.

use model::{EventTime, Position};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::journal::JournalError;

/// Rows of one page, at most.
pub const PAGE_ROWS_MAX: u32 = 1_000;

/// Which part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOf {
    /// Where the page before said that the next begins; the first page when missing.
    pub after: Option<String>,
    /// Rows, from 1 to [`PAGE_ROWS_MAX`].
    pub rows: u32,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where the next page begins; missing on the last.
    pub next: Option<String>,
}

/// A verdict as it was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedVerdict {
    /// Its place among all verdicts, from 1 without gaps.
    pub sequence: u64,
    /// Its JSON.
    pub json: String,
}

/// Which commissions; everything when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommissionFilter {
    /// Of this program.
    pub program_id: Option<String>,
    /// Of this market.
    pub market: Option<String>,
    /// Of this shop.
    pub shop_id: Option<String>,
    /// Of this beneficiary: `creator:ID` or `agency:ID`.
    pub beneficiary: Option<String>,
    /// Of this order.
    pub order_id: Option<String>,
    /// With money in this account: `pending`, `held`, `released`, …
    pub account: Option<String>,
}

/// A commission as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommissionView {
    /// Its id.
    pub commission_id: String,
    /// The program.
    pub program_id: String,
    /// The market.
    pub market: String,
    /// The order or obligation.
    pub order_id: Option<String>,
    /// The shop.
    pub shop_id: Option<String>,
    /// `creator:ID` or `agency:ID`.
    pub beneficiary: Option<String>,
    /// `cps`, `ads_cps`, `agency_share`, or an obligation's.
    pub component: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Every account, in minor units.
    pub balance: BTreeMap<String, i64>,
    /// When it would be released as things stand.
    pub due_at: Option<i64>,
    /// Verdicts about it so far.
    pub sequence: u64,
}

/// Which holds; all that stand when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HoldFilter {
    /// In this market.
    pub market: Option<String>,
    /// Of this shop.
    pub shop_id: Option<String>,
    /// On money of this beneficiary: `creator:ID` or `agency:ID`.
    pub beneficiary: Option<String>,
    /// By this rule.
    pub rule: Option<String>,
    /// Lapsing at or before this time.
    pub until_at_max: Option<i64>,
    /// Standing since this time or before.
    pub since_at_max: Option<i64>,
    /// On at least so much, in minor units.
    pub amount_min: Option<i64>,
    /// In which order.
    pub sort: HoldSort,
}

/// The order of holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HoldSort {
    /// Oldest first.
    #[default]
    Age,
    /// Most money first.
    Amount,
    /// Soonest to lapse first; those that wait for a person come last.
    Expiry,
}

/// A hold on a commission, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldView {
    /// Which hold: of a group or creator it is the same on every commission.
    pub hold_id: String,
    /// The rule.
    pub rule: String,
    /// The commission.
    pub commission_id: String,
    /// Its order.
    pub order_id: Option<String>,
    /// The market.
    pub market: String,
    /// The shop.
    pub shop_id: Option<String>,
    /// Whose money.
    pub beneficiary: Option<String>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// How much is held, in minor units.
    pub amount: i64,
    /// Since when.
    pub since_at: i64,
    /// Until when; until a person decides when missing.
    pub until_at: Option<i64>,
}

/// A creator's or agency's money in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BeneficiaryView {
    /// ISO 4217.
    pub currency: String,
    /// Commissions.
    pub commissions: u64,
    /// Every account, in minor units.
    pub balance: BTreeMap<String, i64>,
}

/// A refused record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterView {
    /// Its place among all dead letters, from 1.
    pub number: u64,
    /// The record that was refused.
    pub position: u64,
    /// When that record came, milliseconds since the epoch.
    pub received_at: Option<i64>,
    /// The record at which it was refused: a later one for what waited in vain.
    pub refused_at_position: u64,
    /// When that one came, milliseconds since the epoch.
    pub refused_at: Option<i64>,
    /// The stable code.
    pub code: String,
    /// JSON pointer of what is wrong.
    pub pointer: String,
    /// What is wrong, for a person.
    pub detail: String,
    /// How often it was sent again.
    pub attempts: u32,
    /// How far it has been dealt with.
    pub state: DeadLetterState,
    /// When it was, milliseconds since the epoch.
    pub ended_at: Option<i64>,
    /// Who did.
    pub ended_by: Option<String>,
    /// The record that was accepted in its place: its own bytes when it was replayed, others when it was mended.
    pub became_position: Option<u64>,
    /// Why it was closed.
    pub note: Option<String>,
    /// The bytes as they came, as text where they are UTF-8.
    pub raw: Option<String>,
    /// The same in base64, where they are not.
    pub raw_base64: Option<String>,
}

/// Which dead letters; all but closed ones when empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DeadLetterFilter {
    /// With this code, one of those of refusals.
    pub code: Option<String>,
    /// In this state.
    pub state: Option<DeadLetterState>,
    /// Closed ones, too.
    pub all: bool,
}

/// How far a dead letter has been dealt with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    /// Nobody has.
    Open,
    /// Its bytes were accepted again.
    Replayed,
    /// A mended record was accepted in its place.
    Mended,
    /// Somebody decided that it stays dead, and said why.
    Closed,
    /// It was tried too often, or is a copy of one that was sent again.
    GivenUp,
}

impl DeadLetterState {
    /// All states.
    pub const ALL: [DeadLetterState; 5] = [
        DeadLetterState::Open,
        DeadLetterState::Replayed,
        DeadLetterState::Mended,
        DeadLetterState::Closed,
        DeadLetterState::GivenUp,
    ];

    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            DeadLetterState::Open => "open",
            DeadLetterState::Replayed => "replayed",
            DeadLetterState::Mended => "mended",
            DeadLetterState::Closed => "closed",
            DeadLetterState::GivenUp => "given_up",
        }
    }

    /// The name in a sentence.
    pub fn words(self) -> String {
        self.name().replace('_', " ")
    }

    /// The state of this name.
    pub fn from_name(name: &str) -> Option<DeadLetterState> {
        DeadLetterState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A ruleset that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RulesetView {
    /// Its version.
    pub hash: String,
    /// When it was kept.
    pub kept_at: i64,
    /// The positions from which it applied.
    pub loaded_at_positions: Vec<u64>,
}

/// Who holds a token, and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bearer {
    /// The token's public part.
    pub token_id: String,
    /// The identity: the actor of what it posts.
    pub identity: String,
    /// What it may do: names of kinds, and `read`, `ruleset`.
    pub scopes: Vec<String>,
    /// From when on it is not good any more, milliseconds since the epoch.
    pub expires_at: Option<i64>,
}

impl Bearer {
    /// Whether the token is good no longer.
    pub fn has_expired(&self, now: EventTime) -> bool {
        self.expires_at.is_some_and(|at| at <= now.as_ms())
    }
}

/// Answers questions about what is permanent. An answer is as of the call.
pub trait Books: Send + Sync {
    /// Verdicts after a sequence, at most `rows`.
    ///
    /// # Errors
    /// When the store cannot be read; so for all others.
    fn verdicts(&self, after: u64, rows: u32) -> Result<Vec<PublishedVerdict>, JournalError>;
    /// Commissions, by creation.
    fn commissions(
        &self,
        filter: &CommissionFilter,
        page: &PageOf,
    ) -> Result<Page<CommissionView>, JournalError>;
    /// One commission with the JSON of its verdicts, in order.
    fn commission(&self, id: &str) -> Result<Option<(CommissionView, Vec<String>)>, JournalError>;
    /// Holds that stand.
    fn holds(&self, filter: &HoldFilter, page: &PageOf) -> Result<Page<HoldView>, JournalError>;
    /// A beneficiary's money by currency; empty for one that never earned.
    fn beneficiary(&self, beneficiary: &str) -> Result<Vec<BeneficiaryView>, JournalError>;
    /// Dead letters, newest last.
    fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        page: &PageOf,
    ) -> Result<Page<DeadLetterView>, JournalError>;
    /// One of them, by its number.
    fn dead_letter(&self, number: u64) -> Result<Option<DeadLetterView>, JournalError>;
    /// What became of the record at a position, among the dead letters after a number.
    fn dead_letter_at(&self, position: Position, after: u64) -> Result<Option<DeadLetterView>, JournalError>;
    /// The rulesets kept, newest first.
    fn rulesets(&self) -> Result<Vec<RulesetView>, JournalError>;
    /// Who holds a token; nobody for one that is unknown or revoked.
    fn bearer(&self, token: &str) -> Result<Option<Bearer>, JournalError>;
}
