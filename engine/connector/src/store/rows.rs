//! Rows of what was measured, packed by the stretch that was decided at once.

use decider::Row;
use model::{OrderKey, Position};
use runtime::{Decided, Digest, JournalError};
use rusqlite::{CachedStatement, Connection, params};
use siphasher::sip::SipHasher13;
use std::collections::BTreeSet;
use std::hash::Hasher;

use super::fault::damaged;

const LEVEL: i32 = 1;

/// Writes rows.
pub(crate) struct Rows<'c> {
    rows: CachedStatement<'c>,
    order: CachedStatement<'c>,
}

impl<'c> Rows<'c> {
    pub(crate) fn prepared(connection: &'c Connection) -> rusqlite::Result<Rows<'c>> {
        Ok(Rows {
            rows: connection.prepare_cached("INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5)")?,
            order: connection.prepare_cached("INSERT INTO row_orders VALUES (?1, ?2)")?,
        })
    }

    /// Writes the rows of a stretch that begins at `first`.
    pub(crate) fn put(&mut self, rows: &[Row], first: Position, stretch: &Decided) -> rusqlite::Result<()> {
        let Some(last) = rows.last() else { return Ok(()) };
        let clock = stretch.clock.map_or(last.clock, |clock| clock.max(last.clock));
        let through = stretch.through.0;
        let body = pack(rows);
        self.rows.execute(params![through, first.0, clock.as_ms(), Digest::of(&body).0, body])?;
        let orders: BTreeSet<i64> = rows.iter().filter_map(Row::order).map(order_hash).collect();
        for order in orders {
            self.order.execute(params![order, through])?;
        }
        Ok(())
    }
}

/// An order in the index of rows: SipHash-1-3 of program and id, each behind its length.
pub(crate) fn order_hash(key: &OrderKey) -> i64 {
    let mut hasher = SipHasher13::new();
    for part in [key.program.as_str(), key.order.as_str()] {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    hasher.finish().cast_signed()
}

fn pack(rows: &[Row]) -> Vec<u8> {
    let plain = postcard::to_allocvec(rows).expect("rows are plain data");
    zstd::bulk::compress(&plain, LEVEL).expect("memory takes all bytes")
}

/// Unpacks the rows of the stretch that ends at a position.
pub(crate) fn unpack(body: &[u8], checksum: Digest, last: Position) -> Result<Vec<Row>, JournalError> {
    let wrong =
        |what: String| damaged(format_args!("the rows through position {last} cannot be read: {what}"));
    if Digest::of(body) != checksum {
        return Err(wrong("they are not what was written".to_owned()));
    }
    let plain = zstd::stream::decode_all(body).map_err(|error| wrong(error.to_string()))?;
    postcard::from_bytes(&plain).map_err(|error| wrong(error.to_string()))
}
