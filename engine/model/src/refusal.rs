//! Why an event is refused, with codes that stay the same for ever: producers and dashboards key on them.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::Position;

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// A stable code of a refusal.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &'static [Code] = &[$(Code::$variant),*];

            /// The code as it is published.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$variant => $name),* }
            }

            /// The code of this name.
            pub fn from_name(name: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.name() == name)
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),*).trim_ascii()),* }
            }
        }
    };
}

codes! {
    /// The record is not a JSON document.
    JsonSyntax = "json.syntax",
    /// The record is not valid UTF-8.
    JsonUtf8 = "json.utf8",
    /// The record is larger than an event may be.
    TooLarge = "record.too_large",
    /// The `kind` is missing or not one that is known.
    KindUnknown = "kind.unknown",
    /// The `kind` is not the one that its topic is for.
    KindMisplaced = "kind.misplaced",
    /// A required field is missing.
    FieldMissing = "field.missing",
    /// A field has the wrong type.
    FieldType = "field.type",
    /// A field's value is outside its range or not one of its choices.
    FieldValue = "field.value",
    /// A list or map has more entries than it may have.
    FieldTooMany = "field.too_many",
    /// An amount is negative.
    AmountNegative = "amount.negative",
    /// An amount is larger than an amount may be.
    AmountTooLarge = "amount.too_large",
    /// The currency is not an active ISO 4217 code.
    CurrencyUnknown = "currency.unknown",
    /// A column that the mapping names is not in the file, or its value cannot be read.
    MappingValue = "mapping.value",
    /// The time is further ahead of the record's own stamp than the allowed skew.
    TimeFuture = "time.future",
    /// The time is before the year 2000.
    TimeAncient = "time.ancient",
    /// The time is after the year 2200.
    TimeRange = "time.range",
    /// The click is older than clicks are remembered, so a repeat could not be told.
    ClickTooOld = "click.too_old",
    /// The same key was seen before with other content.
    KeyConflict = "key.conflict",
    /// A revision lower than one already applied.
    RevisionStale = "order.revision_stale",
    /// The order that it refers to never came.
    OrderUnknown = "order.unknown",
    /// A line that it names is not in the order.
    LineUnknown = "line.unknown",
    /// The currency is not the order's.
    CurrencyMismatch = "refund.currency_mismatch",
    /// The lines do not sum to the amount.
    SumMismatch = "refund.sum_mismatch",
    /// No earlier purchase matches the refund's buyer and sku.
    MatchNone = "refund.match_none",
    /// The record comes after the end that was asked for.
    AfterUntil = "time.after_until",
}

/// A refusal: what is wrong, where in the record, and what would mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The stable code.
    pub code: Code,
    /// JSON pointer (RFC 6901) of the offending value; empty for the whole record.
    pub pointer: String,
    /// What is wrong and how to mend it, for a person.
    pub detail: String,
}

impl Refusal {
    /// A refusal about the value at `pointer`.
    pub fn new(code: Code, pointer: impl Into<String>, detail: impl Into<String>) -> Refusal {
        Refusal { code, pointer: pointer.into(), detail: detail.into() }
    }
}

/// A record that was refused, with its original bytes: nothing is lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The record that was refused.
    pub position: Position,
    /// The position at which it was refused: later than `position` for one that was parked.
    pub refused_at: Position,
    /// Why.
    pub refusal: Refusal,
    /// The bytes as they arrived.
    pub raw: Bytes,
}
