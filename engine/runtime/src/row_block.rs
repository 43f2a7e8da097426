//! Rows of what was measured in a stretch of the log, as they are kept: packed by whoever decided, so that the writer
//! has little to do.

use decider::Row;
use model::{EventTime, OrderKey};
use siphasher::sip::SipHasher13;
use std::collections::BTreeSet;
use std::hash::Hasher;

use crate::manifest::Digest;

const LEVEL: i32 = 1;

/// Rows, packed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowBlock {
    /// The log clock at the last of them.
    pub clock: EventTime,
    /// The orders that they are about, as [`order_hash`] has them.
    pub orders: BTreeSet<i64>,
    /// postcard of the rows, packed with zstd.
    pub body: Vec<u8>,
    /// Of the body.
    pub checksum: Digest,
}

impl RowBlock {
    /// Packs rows; `None` where there are none.
    pub fn pack(rows: &[Row]) -> Option<RowBlock> {
        let last = rows.last()?;
        let plain = postcard::to_allocvec(rows).expect("rows are plain data");
        let body = zstd::bulk::compress(&plain, LEVEL).expect("memory takes all bytes");
        Some(RowBlock {
            clock: last.clock,
            orders: rows.iter().filter_map(Row::order).map(order_hash).collect(),
            checksum: Digest::of(&body),
            body,
        })
    }

    /// The rows of a packed body.
    ///
    /// # Errors
    /// What is wrong with it, when it is not what was packed.
    pub fn unpack(body: &[u8], checksum: Digest) -> Result<Vec<Row>, String> {
        if Digest::of(body) != checksum {
            return Err("they are not what was written".to_owned());
        }
        let plain = zstd::stream::decode_all(body).map_err(|error| error.to_string())?;
        postcard::from_bytes(&plain).map_err(|error| error.to_string())
    }
}

/// An order in an index of rows: SipHash-1-3 of program and id, each behind its length. Two that collide cost a look, and
/// nothing else.
pub fn order_hash(key: &OrderKey) -> i64 {
    let mut hasher = SipHasher13::new();
    for part in [key.program.as_str(), key.order.as_str()] {
        hasher.write_u64(part.len() as u64);
        hasher.write(part.as_bytes());
    }
    hasher.finish().cast_signed()
}
