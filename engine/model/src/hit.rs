//! What JUDGE says: for every rule that spoke, what it wants and why.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::feature::{Membership, Slot};
use crate::{RuleId, Span, Text};

/// One effect of one rule on one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Which rule.
    pub rule: RuleId,
    /// What it wants.
    pub effect: Effect,
    /// Why, in the rule's words; at most [`REASON_BYTES_MAX`](crate::limit::REASON_BYTES_MAX) bytes. May hold
    /// personal data: never published.
    pub reason: Text,
    /// The numbers behind it: what is published.
    pub evidence: Evidence,
}

/// What a rule wants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Hold this order's commissions.
    Hold(Until),
    /// Hold the open commissions of all orders that this feature counted, and this one.
    HoldAllOf(Slot, Until),
    /// Hold all of the creator's money not yet scheduled, and what comes.
    HoldCreator(Until),
    /// Ask a person to look.
    Flag,
    /// Add to the order's score.
    Score(i64),
    /// The click earns nothing.
    Invalidate,
    /// Void this commission.
    Reject,
    /// The rule failed; its policy decides.
    Failed(Failure),
}

/// Why a rule failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// It did something that cannot be done, or exceeded its budget: it is ignored after too many of these.
    Error,
    /// It read a feature that is [unknown](crate::feature::Measure::Unknown). That says nothing against the rule.
    Unknown,
}

/// How long a hold lasts, as the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Until {
    /// From the log clock at the judged event.
    Lasting(Span),
    /// Until a person decides.
    Reviewed,
    /// As the ruleset says for the rule's severity.
    Default,
}

/// The numbers behind a reason, by name; at most
/// [`EVIDENCE_ENTRIES_MAX`](crate::limit::EVIDENCE_ENTRIES_MAX).
pub type Evidence = BTreeMap<Text, EvidenceValue>;

/// An entry of evidence: an integer, a ratio of integers, or an id. Never free text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum EvidenceValue {
    /// A number.
    Int(i64),
    /// A ratio.
    Ratio {
        /// Above the line.
        numerator: i64,
        /// Below the line.
        denominator: i64,
    },
    /// An id.
    Id(Text),
}

/// What JUDGE hands to SETTLE about one record.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Judged {
    /// Every effect of every rule that spoke, shadow rules included, sorted by rule.
    pub hits: Vec<Hit>,
    /// See [`Measures::groups`](crate::feature::Measures::groups).
    pub groups: Vec<Membership>,
    /// See [`Measures::memberships`](crate::feature::Measures::memberships).
    pub memberships: Vec<Membership>,
}
