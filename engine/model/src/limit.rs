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
/// Groups that one series of windows keeps at once where the ruleset does not say: about 0.9 GB, at the 90 bytes
/// that a key was measured to take with two live rows.
pub const WINDOW_KEYS: u32 = 10_000_000;
/// Pairs of a group and a value that one counted field of a series keeps at once where the ruleset does not say:
/// about 0.8 GB, at 40 bytes a pair.
pub const WINDOW_PAIRS: u32 = 20_000_000;
/// The most that a ruleset may allow of either.
pub const WINDOW_ENTRIES_MAX: u32 = 1_000_000_000;
/// Operations that one rule may spend on one event.
pub const OPERATIONS_PER_RULE: u64 = 10_000;
