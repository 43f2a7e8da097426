//! How a store is doing.

use runtime::{JournalError, Snapshots};
use serde::Serialize;

use crate::store::connection;
use crate::store::fault::unreadable;
use crate::store::reader::Reader;
use crate::store::snapshots::SnapshotFolder;

/// How a store is doing: nothing here takes longer for a larger store, but for the count of what is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoreStatus {
    /// The version of its schema.
    pub schema_version: u32,
    /// Records in the log.
    pub records: u64,
    /// Blocks in the log.
    pub blocks: u64,
    /// Everything up to here is decided.
    pub decided_position: Option<u64>,
    /// The log clock there, milliseconds since the epoch.
    pub clock_at: Option<i64>,
    /// The receipt of the latest record, milliseconds since the epoch.
    pub stamp_at: Option<i64>,
    /// The hash of the ruleset in force.
    pub ruleset: Option<String>,
    /// Verdicts.
    pub verdicts: u64,
    /// Commissions.
    pub commissions: u64,
    /// Holds that stand, each counted on each of its commissions.
    pub holds: u64,
    /// Since when the oldest of them has stood, milliseconds since the epoch.
    pub oldest_hold_since_at: Option<i64>,
    /// Dead letters.
    pub dead_letters: u64,
    /// Those that nobody has dealt with.
    pub dead_letters_open: u64,
    /// The position of the newest snapshot.
    pub snapshot_position: Option<u64>,
    /// Bytes of the database, with changes that are not in it yet.
    pub database_bytes: u64,
}

/// Figures that are counted.
struct Counts {
    schema_version: u32,
    clock_at: Option<i64>,
    commissions: u64,
    holds: u64,
    oldest_hold_since_at: Option<i64>,
    dead_letters: u64,
    dead_letters_open: u64,
}

const COUNTS: &str = "SELECT \
    (SELECT value FROM meta WHERE key = 'schema_version'), \
    (SELECT clock_at FROM progress), \
    (SELECT ifnull(sum(commissions), 0) FROM totals), \
    (SELECT count(*) FROM holds WHERE ended_at IS NULL), \
    (SELECT min(since_at) FROM holds WHERE ended_at IS NULL), \
    (SELECT ifnull(max(number), 0) FROM dead_letters), \
    (SELECT count(*) FROM dead_letters WHERE state = 'open')";

fn counts(row: &rusqlite::Row<'_>) -> rusqlite::Result<Counts> {
    Ok(Counts {
        schema_version: row.get(0)?,
        clock_at: row.get(1)?,
        commissions: row.get(2)?,
        holds: row.get(3)?,
        oldest_hold_since_at: row.get(4)?,
        dead_letters: row.get(5)?,
        dead_letters_open: row.get(6)?,
    })
}

impl Reader {
    /// How it is doing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn status(&self) -> Result<StoreStatus, JournalError> {
        let head = self.head()?;
        let counts = self.connection.query_row(COUNTS, [], counts).map_err(unreadable)?;
        let snapshots = SnapshotFolder::in_store(&self.folder).list();
        let snapshots =
            snapshots.map_err(|error| JournalError::Unreadable(format!("the snapshots: {error}")))?;
        let last = head.manifest.as_ref();
        Ok(StoreStatus {
            schema_version: counts.schema_version,
            records: head.next().0,
            blocks: last.map_or(0, |manifest| manifest.number + 1),
            decided_position: head.decided.map(|position| position.0),
            clock_at: counts.clock_at,
            stamp_at: head.stamp.map(|stamp| stamp.as_ms()),
            ruleset: last.map(|manifest| manifest.ruleset.to_string()),
            verdicts: head.verdicts,
            commissions: counts.commissions,
            holds: counts.holds,
            oldest_hold_since_at: counts.oldest_hold_since_at,
            dead_letters: counts.dead_letters,
            dead_letters_open: counts.dead_letters_open,
            snapshot_position: snapshots.first().map(|position| position.0),
            database_bytes: connection::size_bytes(&self.folder),
        })
    }
}
