//! Limits of a service. None of them can change a verdict.

/// Records that wait to be made permanent, at most: more are refused for the moment.
pub const WAITING_RECORDS_MAX: usize = 200_000;
/// Bytes that wait to be made permanent, at most.
pub const WAITING_BYTES_MAX: usize = 64 << 20;
/// Records that are permanent and not yet decided, at most, where nothing else is said: more are refused for the
/// moment. It bounds how long a verdict may take.
pub const UNDECIDED_RECORDS_MAX: u64 = 1_000_000;
/// Records in one group commit, at most.
pub const GROUP_RECORDS_MAX: usize = 50_000;
/// Records that are decided, and what was decided is not yet permanent, about at most: then deciding waits.
pub const DECIDED_RECORDS_MAX: usize = 16_384;
/// Group commits whose way is timed at once, at most: of more, the latest are not timed.
pub const TIMED_GROUPS_MAX: usize = 65_536;
/// Feeds whose completeness is exposed as a metric, at most.
pub const FEED_SERIES_MAX: usize = 500;
/// Bytes of permanent records that are kept in memory for deciding, at most: later ones are read back.
pub const TAIL_BYTES_MAX: usize = 128 << 20;
