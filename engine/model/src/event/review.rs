//! People's decisions.

use serde::{Deserialize, Serialize};

use crate::names::names;
use crate::verdict::{CommissionId, HoldId};
use crate::{CreatorId, ReviewId, RuleId, Text};

/// A person's decision.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Review {
    /// Unique.
    pub review_id: ReviewId,
    /// About what.
    pub subject: ReviewSubject,
    /// What is decided.
    pub decision: ReviewDecision,
    /// Whether it only proposes, or takes effect.
    pub stage: ReviewStage,
    /// Who decides: the identity of the token that posted it, or the log's own record.
    pub actor: Option<Text>,
    /// Why.
    pub note: Option<Text>,
    /// Supporting documents.
    pub evidence: Vec<EvidenceLink>,
}

/// What a review is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewSubject {
    /// One commission.
    Commission(CommissionId),
    /// One hold.
    Hold(HoldId),
    /// A creator.
    Creator(CreatorId),
    /// A group of a rule: the values of the rule's grouping, in its order.
    Group {
        /// The rule that holds the group.
        rule: RuleId,
        /// The group, as printed in the hold.
        key: Text,
    },
}

/// What a review decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewDecision {
    /// Hold it.
    Hold,
    /// Keep holding it.
    Keep,
    /// End one hold.
    Lift,
    /// End all holds on the subject; it pays at its due date, never earlier.
    Release,
    /// Take the money away.
    Void,
    /// Hold all, until unfrozen.
    Freeze,
    /// End a freeze.
    Unfreeze,
    /// Give up what is owed back.
    WriteOff,
}

/// Whether a review takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ReviewStage {
    /// Recorded only.
    Proposal,
    /// Takes effect.
    Approval,
}

/// A supporting document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EvidenceLink {
    /// Where it is.
    pub uri: Text,
    /// Its SHA-256 in hex.
    pub sha256: Text,
}

names! {
    ReviewDecision {
        Hold = "hold", Keep = "keep", Lift = "lift", Release = "release", Void = "void", Freeze = "freeze",
        Unfreeze = "unfreeze", WriteOff = "write_off",
    }
    ReviewStage { Proposal = "proposal", Approval = "approval" }
}
