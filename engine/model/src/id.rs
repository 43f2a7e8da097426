//! Identifiers: opaque, at most [`ID_BYTES_MAX`](crate::limit::ID_BYTES_MAX) bytes, never empty.

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::limit::ID_BYTES_MAX;

/// Short text stored inline up to 24 bytes; used wherever a producer's own words are kept.
pub type Text = CompactString;

/// Why a string is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdError {
    /// The string is empty: a missing id is left out instead.
    Empty,
    /// The string has more than [`ID_BYTES_MAX`] bytes.
    TooLong,
    /// The string has a control character.
    Control,
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IdError::Empty => f.write_str("an id may not be empty; leave the field out instead"),
            IdError::TooLong => write!(f, "an id has at most {ID_BYTES_MAX} bytes"),
            IdError::Control => f.write_str("an id may not contain control characters"),
        }
    }
}

impl std::error::Error for IdError {}

fn check(text: &str) -> Result<(), IdError> {
    if text.is_empty() {
        return Err(IdError::Empty);
    }
    if text.len() > ID_BYTES_MAX {
        return Err(IdError::TooLong);
    }
    if text.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err(IdError::Control);
    }
    Ok(())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Text);

        impl $name {
            /// Accepts a non-empty string without control characters, of at most
            /// [`ID_BYTES_MAX`](crate::limit::ID_BYTES_MAX) bytes.
            pub fn new(text: &str) -> Result<Self, IdError> {
                check(text)?;
                Ok($name(Text::new(text)))
            }

            /// The id as the producer wrote it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    )*};
}

ids! {
    /// One event, as its producer names it.
    EventId
    /// A click; unique per program.
    ClickId
    /// An order; unique per program.
    OrderId
    /// A line within its order.
    LineId
    /// A refund; unique per program.
    RefundId
    /// The person who is credited for an order.
    CreatorId
    /// The agency a creator belongs to.
    AgencyId
    /// The account that buys.
    BuyerId
    /// A seller's shop.
    ShopId
    /// What is sold.
    ProductId
    /// A commission plan; has versions.
    PlanId
    /// A person's decision.
    ReviewId
    /// A payout run of finance.
    RunId
    /// Money owed that no rate computes.
    ObligationId
    /// A commission program of the lane.
    ProgramId
    /// A market (usually a country) of the lane.
    Market
    /// The system an event came from.
    SourceId
    /// A rule, by its file name without extension; also the names of built-in holds.
    RuleId
    /// A device, session, payment, address, phone, payout or user agent identifier, as a keyed hash.
    Fingerprint
}

/// An order within the lane.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey {
    /// The program the order belongs to.
    pub program: ProgramId,
    /// The order's id within it.
    pub order: OrderId,
}
