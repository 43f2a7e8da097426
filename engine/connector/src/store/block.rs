//! A block: the records of one commit, as they are kept.
//!
//! ```text
//!  1 byte   the layout, 1
//!  zstd of: what each record says beyond its bytes, in order (postcard), then the bytes of all records
//! ```
//!
//! The bytes that a producer sent say what they mean, so an event is decoded from them again when it is read. Only
//! what they do not say is kept beside them: who decided a review, events of foreign files, refusals, control records.

use bytes::Bytes;
use model::log::RecordBody;
use model::{Event, EventTime, Kind, Position, Record};
use rayon::prelude::*;
use runtime::{Appended, JournalError, Origin};
use serde::{Deserialize, Serialize};

use super::fault::damaged;
use crate::log::{control_from, control_json, refusal_from, refusal_json};
use crate::wire::{self, Trust};

const LAYOUT: u8 = 1;
/// The log is written while others wait: speed comes first. Level 3 saves a tenth of the bytes at twice the time.
const LEVEL: i32 = 1;
/// Records that are decoded by one thread at once: fewer are not worth the hand-over.
const DECODED_AT_ONCE_RECORDS: usize = 256;

/// What a record says beyond its bytes, as text in the forms of an exported log.
#[derive(Debug, Serialize, Deserialize)]
enum Beside {
    /// Nothing: a producer's event.
    Nothing,
    /// An event that its bytes do not say, or not alone.
    Event(String),
    /// Why it is no event.
    Refusal(String),
    /// A control record.
    Control(String),
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// Receipt, milliseconds since the epoch.
    stamp_at: Option<i64>,
    raw_bytes: usize,
    beside: Beside,
}

/// Packs records; the error says which one cannot be kept.
pub(crate) fn pack(appended: Appended<'_>) -> Result<Vec<u8>, JournalError> {
    let records = appended.records;
    let origins = appended.origins.unwrap_or_default().iter().copied();
    let origins = origins.chain(std::iter::repeat(Origin::Elsewhere));
    let entries: Vec<Entry> = records.iter().zip(origins).map(entry).collect::<Result<_, _>>()?;
    let mut plain = postcard::to_allocvec(&entries).expect("entries are plain data");
    plain.reserve(records.iter().map(|record| record.raw.len()).sum());
    records.iter().for_each(|record| plain.extend_from_slice(&record.raw));
    let mut body = vec![LAYOUT];
    let packed = zstd::stream::copy_encode(plain.as_slice(), &mut body, LEVEL);
    packed.map_err(|error| JournalError::Unwritable(format!("a block cannot be packed: {error}")))?;
    Ok(body)
}

fn entry((record, origin): (&Record, Origin)) -> Result<Entry, JournalError> {
    Ok(Entry {
        stamp_at: record.stamp.map(EventTime::as_ms),
        raw_bytes: record.raw.len(),
        beside: beside(record, origin)?,
    })
}

fn beside(record: &Record, origin: Origin) -> Result<Beside, JournalError> {
    match &record.body {
        RecordBody::Event(event) => {
            if is_said(&record.raw, event, origin) {
                return Ok(Beside::Nothing);
            }
            let said = wire::encode(event);
            // What could not be read back must not be accepted.
            let is_kept = wire::decode_from(&said, Trust::Log).is_ok_and(|decoded| decoded.event == **event);
            let said = String::from_utf8(said).ok().filter(|_| is_kept);
            let cannot =
                || format!("the event at position {} has no form in which it can be kept", record.position);
            said.map(Beside::Event).ok_or_else(|| JournalError::Unwritable(cannot()))
        }
        RecordBody::Undecodable(refusal) => Ok(Beside::Refusal(refusal_json(refusal))),
        RecordBody::Control(control) => Ok(Beside::Control(control_json(control))),
    }
}

/// Whether an event's bytes say all of it. Reading them again takes longer than all else about a block.
fn is_said(raw: &[u8], event: &Event, origin: Origin) -> bool {
    let read_again = || wire::decode(raw).is_ok_and(|decoded| decoded.event == *event);
    match origin {
        Origin::Elsewhere => read_again(),
        // Who decided a review does not stand in its bytes.
        Origin::Input(_) if event.kind() == Kind::Review => false,
        Origin::Bytes | Origin::Input(_) => {
            debug_assert!(read_again(), "an event is what its bytes say");
            true
        }
    }
}

/// A block that has been read, each record still to be decoded.
#[derive(Debug)]
pub(crate) struct Block {
    first: Position,
    entries: Vec<(Entry, Bytes)>,
}

impl Block {
    /// Unpacks a block that begins at a position.
    pub(crate) fn unpack(body: &[u8], first: Position) -> Result<Block, JournalError> {
        let wrong = |what: String| damaged(format_args!("the block at position {first} {what}"));
        let packed = match body.split_first() {
            Some((&LAYOUT, packed)) => packed,
            Some((layout, _)) => {
                return Err(wrong(format!("has layout {layout}, which this build does not know")));
            }
            None => return Err(wrong("is empty".into())),
        };
        let plain =
            zstd::stream::decode_all(packed).map_err(|e| wrong(format!("cannot be unpacked: {e}")))?;
        let plain = Bytes::from(plain);
        let (entries, raws) = postcard::take_from_bytes::<Vec<Entry>>(&plain)
            .map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let mut raws = plain.slice_ref(raws);
        let mut shared = Vec::with_capacity(entries.len());
        for entry in entries {
            if entry.raw_bytes > raws.len() {
                return Err(wrong("is shorter than it says".into()));
            }
            let raw = raws.split_to(entry.raw_bytes);
            shared.push((entry, raw));
        }
        Ok(Block { first, entries: shared })
    }

    /// The position of its last record.
    pub(crate) fn last(&self) -> Option<Position> {
        let count = u64::try_from(self.entries.len()).ok()?;
        count.checked_sub(1).map(|index| Position(self.first.0 + index))
    }

    /// Whether a position is in it.
    pub(crate) fn holds(&self, position: Position) -> bool {
        self.first <= position && self.last().is_some_and(|last| position <= last)
    }

    /// Its records from a position on, at most `max`. Where the caller is one of a pool's threads, all of them decode.
    pub(crate) fn records(&self, from: Position, max: usize) -> Result<Vec<Record>, JournalError> {
        let skipped = usize::try_from(from.0.saturating_sub(self.first.0)).unwrap_or(usize::MAX);
        let first = Position(from.0.max(self.first.0));
        let end = skipped.saturating_add(max).min(self.entries.len());
        let chosen = self.entries.get(skipped..end).unwrap_or_default();
        let decoded = |(index, (entry, raw)): (usize, &(Entry, Bytes))| {
            record(Position(first.0 + index as u64), entry, raw)
        };
        if rayon::current_thread_index().is_none() {
            return chosen.iter().enumerate().map(decoded).collect();
        }
        chosen.par_iter().enumerate().with_min_len(DECODED_AT_ONCE_RECORDS).map(decoded).collect()
    }
}

fn record(position: Position, entry: &Entry, raw: &Bytes) -> Result<Record, JournalError> {
    let wrong = |what: String| damaged(format_args!("the record at position {position} {what}"));
    let stamp = match entry.stamp_at {
        Some(ms) => Some(EventTime::from_ms(ms).ok_or_else(|| wrong(format!("has a receipt of {ms}")))?),
        None => None,
    };
    let body = match &entry.beside {
        Beside::Nothing => event(raw, Trust::Producer),
        Beside::Event(said) => event(said.as_bytes(), Trust::Log),
        Beside::Refusal(said) => refusal_from(said).map(RecordBody::Undecodable),
        Beside::Control(said) => control_from(said).map(RecordBody::Control),
    };
    let body = body.map_err(|what| wrong(format!("cannot be read: {what}")))?;
    // A copy: a record that is parked for days must not keep its whole block in memory.
    Ok(Record { position, stamp, raw: Bytes::copy_from_slice(raw), body })
}

fn event(said: &[u8], trust: Trust) -> Result<RecordBody, String> {
    let decoded = wire::decode_from(said, trust).map_err(|refusal| refusal.detail)?;
    Ok(RecordBody::Event(Box::new(decoded.event)))
}
