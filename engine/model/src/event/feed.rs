//! What a source says of its own completeness.

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::{EventTime, Market, SourceId};

/// "Everything of these kinds from this source up to then has been sent."
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeedMark {
    /// The source that speaks.
    pub source: SourceId,
    /// The kinds it speaks of.
    pub kinds: Vec<Kind>,
    /// The market it speaks of; all when missing.
    pub market: Option<Market>,
    /// Up to when, inclusive.
    pub complete_through: EventTime,
}
