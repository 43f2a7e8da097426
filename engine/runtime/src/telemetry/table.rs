//! The table.

use super::Measured::{Bytes, Count, Minor, Position, Seconds, Timestamp, Truth};
use super::Shape::{Counter, Gauge, Histogram, LogCounter};
use super::{Metric, RECORDS_BUCKETS, RULE_BUCKETS_S, SNAPSHOT_BUCKETS_S, WAIT_BUCKETS_S};

macro_rules! table {
    ($($(#[doc = $about:literal])* $row:ident = $name:literal, $shape:expr, $measured:ident, [$($label:literal),*];)*) => {
        $(
            $(#[doc = $about])*
            pub const $row: Metric = Metric {
                name: $name,
                shape: $shape,
                measured: $measured,
                labels: &[$($label),*],
                about: concat!($($about),*).trim_ascii_start(),
            };
        )*

        /// Every metric there is.
        pub const ALL: &[Metric] = &[$($row),*];
    };
}

#[rustfmt::skip]
table! {
    /// 1, with the version of the program and the semantics that it decides under.
    BUILD_INFO = "tidegate_build_info", Gauge, Truth, ["version", "semantics"];

    /// Events decided, by kind and by what became of them: accepted, duplicate or refused; kind is undecodable where none could be read.
    EVENTS = "tidegate_events_total", LogCounter, Count, ["kind", "outcome"];
    /// Accepted events whose time was more than one step of the sweep grid before the log clock.
    LATE_EVENTS = "tidegate_late_events_total", LogCounter, Count, ["kind"];
    /// Accepted records that came before what they refer to, and waited or wait for it.
    PARKED_RECORDS = "tidegate_parked_records_total", LogCounter, Count, [];
    /// Records that steer the engine.
    CONTROL_RECORDS = "tidegate_control_records_total", LogCounter, Count, [];
    /// Ticks: times at which the log was quiet and time passed nevertheless.
    TICKS = "tidegate_ticks_total", LogCounter, Count, [];
    /// Sweeps that ran.
    SWEEPS = "tidegate_sweeps_total", LogCounter, Count, [];
    /// Records that became dead letters, at once or after waiting in vain, by code.
    DEAD_LETTERS = "tidegate_dead_letters_total", LogCounter, Count, ["code"];
    /// Dead letters that nobody has dealt with.
    DEAD_LETTERS_OPEN = "tidegate_dead_letters_open", Gauge, Count, [];
    /// Orders by the kind of evidence that credited their lead line.
    ORDERS_CREDITED = "tidegate_orders_credited_total", LogCounter, Count, ["evidence"];
    /// Verdicts decided.
    VERDICTS = "tidegate_verdicts_total", Counter, Count, ["decision"];

    /// The log clock: the latest accepted event time or tick.
    LOG_CLOCK = "tidegate_log_clock_timestamp_seconds", Gauge, Timestamp, [];
    /// How far the log clock is behind the wall clock; negative when it is ahead.
    EVENT_TIME_LAG = "tidegate_event_time_lag_seconds", Gauge, Seconds, [];
    /// How far the wall clock has jumped and is not followed; 0 when it has not.
    CLOCK_JUMP = "tidegate_clock_jump_seconds", Gauge, Seconds, [];
    /// Up to when a source says that it has sent everything of a kind; market is empty where it speaks of all.
    FEED_COMPLETE = "tidegate_feed_complete_timestamp_seconds", Gauge, Timestamp, ["source", "kind", "market"];
    /// Commissions whose date has passed and that wait for a feed to be complete.
    AWAITING_FEED = "tidegate_commissions_awaiting_feed", Gauge, Count, [];

    /// Events that a rule was run on.
    RULE_JUDGED = "tidegate_rule_judged_total", LogCounter, Count, ["rule"];
    /// Those that carried every field that the rule reads.
    RULE_SIGHTED = "tidegate_rule_sighted_total", LogCounter, Count, ["rule"];
    /// Events on which a rule had an effect, shadow rules included.
    RULE_HITS = "tidegate_rule_hits_total", LogCounter, Count, ["rule"];
    /// Events on which a rule failed.
    RULE_FAILURES = "tidegate_rule_failures_total", LogCounter, Count, ["rule"];
    /// 1 if a rule has failed too often under the ruleset in force and is ignored.
    RULE_IGNORED = "tidegate_rule_ignored", Gauge, Truth, ["rule"];
    /// How long one run of a rule takes, sampled: at most every ten milliseconds a record is judged once more, by the clock.
    RULE_TIME = "tidegate_rule_seconds", Histogram(RULE_BUCKETS_S), Seconds, ["rule"];
    /// Amounts in different currencies that rules compared, since the ruleset was loaded.
    CURRENCY_MISMATCHES = "tidegate_currency_mismatches", Gauge, Count, [];
    /// 1 for the ruleset in force, 0 for those before it, by hash.
    RULESET_INFO = "tidegate_ruleset_info", Gauge, Truth, ["hash"];
    /// Rules of the ruleset in force by mode: draft, shadow, canary, live, retired.
    RULESET_RULES = "tidegate_ruleset_rules", Gauge, Count, ["mode"];
    /// Rulesets that were asked to be loaded, by what became of it: loaded, in_force, problems, unavailable, refused.
    RULESET_LOADS = "tidegate_ruleset_loads_total", Counter, Count, ["outcome"];

    /// Money by account and currency, over all programs and markets.
    MONEY = "tidegate_money_minor", Gauge, Minor, ["account", "currency"];
    /// Commissions with money that is pending, held or released.
    OPEN_COMMISSIONS = "tidegate_open_commissions", Gauge, Count, [];
    /// Holds that stand, each counted on each of its commissions, by how long they have stood by the log clock.
    HOLDS = "tidegate_holds", Gauge, Count, ["age"];

    /// From the receipt of records to a stage: durable (acknowledged), decided, published (what was decided is permanent). One observation for each group commit, of the records in it that waited longest.
    LATENCY = "tidegate_latency_seconds", Histogram(WAIT_BUCKETS_S), Seconds, ["stage"];
    /// How long a group commit takes.
    COMMIT_TIME = "tidegate_commit_seconds", Histogram(WAIT_BUCKETS_S), Seconds, [];
    /// Records that one group commit appends.
    COMMIT_RECORDS = "tidegate_commit_records", Histogram(RECORDS_BUCKETS), Count, [];
    /// Group commits that failed.
    COMMIT_FAILURES = "tidegate_commit_failures_total", Counter, Count, [];
    /// How long deciding a chunk takes.
    CHUNK_TIME = "tidegate_chunk_seconds", Histogram(WAIT_BUCKETS_S), Seconds, [];
    /// Records that are decided together.
    CHUNK_RECORDS = "tidegate_chunk_records", Histogram(RECORDS_BUCKETS), Count, [];
    /// Batches of records that were not taken: busy, stopping, unavailable.
    REFUSED_BATCHES = "tidegate_refused_batches_total", Counter, Count, ["reason"];
    /// Records in a queue: desk (not yet durable), tail (durable, in memory, not yet taken to be decided), undecided (durable, and what is decided of them not permanent).
    QUEUE_RECORDS = "tidegate_queue_records", Gauge, Count, ["queue"];
    /// How many it may have before more are refused.
    QUEUE_RECORDS_MAX = "tidegate_queue_records_max", Gauge, Count, ["queue"];
    /// Bytes in a queue: desk, tail.
    QUEUE_BYTES = "tidegate_queue_bytes", Gauge, Bytes, ["queue"];
    /// How many it may have: beyond it the desk refuses, and the tail is read back from the store.
    QUEUE_BYTES_MAX = "tidegate_queue_bytes_max", Gauge, Bytes, ["queue"];
    /// The position of the next record.
    NEXT_POSITION = "tidegate_next_position", Gauge, Position, [];

    /// The position of the newest snapshot.
    SNAPSHOT_POSITION = "tidegate_snapshot_position", Gauge, Position, [];
    /// Records decided since the newest snapshot: what a restart decides again.
    SNAPSHOT_LAG = "tidegate_snapshot_lag_records", Gauge, Count, [];
    /// Since the newest snapshot was taken, or the service was started.
    SNAPSHOT_AGE = "tidegate_snapshot_age_seconds", Gauge, Seconds, [];
    /// How long a snapshot takes, with following the log up to it.
    SNAPSHOT_TIME = "tidegate_snapshot_seconds", Histogram(SNAPSHOT_BUCKETS_S), Seconds, [];
    /// The size of the newest snapshot.
    SNAPSHOT_BYTES = "tidegate_snapshot_bytes", Gauge, Bytes, [];
    /// Snapshots that could not be taken.
    SNAPSHOT_FAILURES = "tidegate_snapshot_failures_total", Counter, Count, [];
    /// How long the last start took to recover.
    RECOVERY_TIME = "tidegate_recovery_seconds", Gauge, Seconds, [];
    /// 1 while the store cannot be written or read.
    STORE_FAULT = "tidegate_store_fault", Gauge, Truth, [];
    /// Bytes of the database, with changes that are not in it yet.
    STORE_BYTES = "tidegate_store_bytes", Gauge, Bytes, [];

    /// Groups that have rows in some window, each once for every series.
    WINDOW_KEYS = "tidegate_window_keys", Gauge, Count, [];
    /// Values that rows of a group have, for distinct counts and shares.
    WINDOW_PAIRS = "tidegate_window_pairs", Gauge, Count, [];
    /// Memory of the windows, estimated from their capacities.
    WINDOW_BYTES = "tidegate_window_bytes", Gauge, Bytes, [];
    /// Rows and values that no room was left for: rules that need them fail.
    WINDOW_LOST = "tidegate_window_lost", Gauge, Count, [];

    /// HTTP requests answered; route is the path as openapi.json has it, or other.
    HTTP_REQUESTS = "tidegate_http_requests_total", Counter, Count, ["route", "method", "status"];
    /// From the head of a request to the head of its answer; long polls wait on purpose.
    HTTP_TIME = "tidegate_http_request_seconds", Histogram(WAIT_BUCKETS_S), Seconds, ["route", "method"];

    /// Spans for an OpenTelemetry collector, by what became of them: sent or lost.
    SPANS = "tidegate_spans_total", Counter, Count, ["outcome"];
}
