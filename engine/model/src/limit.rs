//! Every limit has a name and a unit. Limits count things, never time, so that they are part of the function.

/// Longest id, in bytes of UTF-8.
pub const ID_BYTES_MAX: usize = 128;
/// Longest free text field (a reason, a note), in bytes.
pub const TEXT_BYTES_MAX: usize = 1_024;
/// Largest event as it arrives, in bytes.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// Most lines of one order.
pub const ORDER_LINES_MAX: usize = 2_000;
/// Most attributes of one event.
pub const ATTRIBUTES_MAX: usize = 64;
/// Most entries of a list field (coupons, fingerprints, labels, evidence links).
pub const LIST_ENTRIES_MAX: usize = 256;
/// Largest amount of one field, in minor units: sums of a million such fit an `i64`.
pub const AMOUNT_MINOR_MAX: i64 = 9_000_000_000_000;
/// Largest count of one field (a quantity, followers, an order number): sums of a million such fit an `i64`.
pub const COUNT_MAX: i64 = 1_000_000_000_000;
/// Most lines of one payout run's event.
pub const PAYOUT_LINES_MAX: usize = 10_000;
/// Most entries of evidence of one reason.
pub const EVIDENCE_ENTRIES_MAX: usize = 64;
/// Longest text of a reason in an output, in bytes, cut at a character.
pub const REASON_BYTES_MAX: usize = 512;
/// Members that a group hold touches at one position; the rest follow at the next positions or sweep.
pub const GROUP_MEMBERS_PER_POSITION: usize = 10_000;
/// Most ranked candidates that an order line carries to SETTLE.
pub const CANDIDATES_MAX: usize = 16;
/// Operations that one rule may spend on one event.
pub const OPERATIONS_PER_RULE: u64 = 10_000;
