//! An entry of the log as it stands on Kafka: which records of the inputs come next, in which order. Together with the
//! inputs it says all of a stretch of the log, byte for byte.
//!
//! ```text
//!  1 byte   the layout, 1
//!  postcard of: the manifest, when its records were received, runs of records, and those that no input has, packed
//! ```

use bytes::Bytes;
use model::{EventTime, Kind, Position, Record, Text};
use runtime::{Appended, Digest, InputPlace, JournalError, Manifest, Origin};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::inputs::{self, Inputs};
use crate::store::block::{Block, pack};

const LAYOUT: u8 = 1;
/// Bytes that records which no input has may take in an entry, packed.
const INLINE_BYTES_MAX: usize = 6 << 20;

/// Records that follow one another in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Run {
    /// So many from one input. Its offsets may have gaps, so that it counts records.
    Input { input: u32, first: u64, last: u64, count: u64 },
    /// So many that no input has: of the engine's own, or posted to this instance.
    Inline { count: u64 },
}

/// What an entry says beside its manifest; the manifest's checksum covers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    stamp_at: Option<i64>,
    runs: Vec<Run>,
    /// A block of the records that no input has, where there are any.
    inline: Vec<u8>,
}

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) manifest: Manifest,
    content: Content,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    number: u64,
    previous: Digest,
    first: u64,
    last: u64,
    checksum: Digest,
    ruleset: String,
    semantics: u32,
    content: Content,
}

impl Entry {
    /// The entry for what is appended behind `previous`.
    pub(super) fn of(
        previous: Option<&Manifest>,
        appended: Appended<'_>,
        ruleset: &Text,
    ) -> Result<Option<Entry>, JournalError> {
        let (Some(first), Some(last)) = (appended.records.first(), appended.records.last()) else {
            return Ok(None);
        };
        let content = Content::of(appended)?;
        let inputs = origins(appended).zip(appended.records).filter(|(place, _)| place.is_some());
        let checksum = content.checksum(inputs.map(|(_, record)| &*record.raw));
        let place = (first.position, last.position);
        let entry = Entry { manifest: Manifest::after(previous, place, checksum, ruleset.clone()), content };
        if entry.content.inline.len() > INLINE_BYTES_MAX {
            let bytes = entry.content.inline.len();
            return Err(JournalError::Unwritable(format!(
                "{bytes} bytes at once are too many; post fewer records"
            )));
        }
        Ok(Some(entry))
    }

    /// Its runs, in the order of the log.
    pub(super) fn runs(&self) -> &[Run] {
        &self.content.runs
    }

    /// Its records, given those of the inputs in their order.
    pub(super) fn records(
        &self,
        inputs: &Inputs,
        raws: &[Bytes],
    ) -> Result<(Vec<Record>, Vec<Origin>), String> {
        if self.content.checksum(raws.iter().map(|raw| &**raw)) != self.manifest.checksum {
            return Err("the inputs do not have the records that the log names".into());
        }
        let inline = match self.content.inline.as_slice() {
            [] => Vec::new(),
            body => Block::unpack(body, Position(0))
                .and_then(|block| block.records(Position(0), usize::MAX))
                .map_err(|error| error.to_string())?,
        };
        let (mut raws, mut inline) = (raws.iter(), inline.into_iter());
        let (mut records, mut origins) = (Vec::new(), Vec::new());
        let stamp = self.content.stamp_at.and_then(EventTime::from_ms);
        for run in self.runs() {
            match *run {
                Run::Inline { count } => {
                    for record in inline.by_ref().take(usize::try_from(count).unwrap_or(usize::MAX)) {
                        records.push(Record { position: self.position(records.len()), ..record });
                        origins.push(Origin::Elsewhere);
                    }
                }
                Run::Input { input, count, .. } => {
                    let kind = inputs.get(input).ok_or_else(|| format!("the log names input {input}"))?.kind;
                    // Who decided a review does not stand in its bytes.
                    let origin = if kind == Kind::Review { Origin::Elsewhere } else { Origin::Bytes };
                    for raw in raws.by_ref().take(usize::try_from(count).unwrap_or(usize::MAX)) {
                        let (position, body) = (self.position(records.len()), inputs::read(kind, raw));
                        records.push(Record { position, stamp, raw: raw.clone(), body });
                        origins.push(origin);
                    }
                }
            }
        }
        let is_whole = records.last().is_some_and(|last| last.position == self.manifest.last);
        if is_whole {
            Ok((records, origins))
        } else {
            Err("an entry of the log has other records than it says".into())
        }
    }

    /// From which input the record at a position is, and which one it is of all that are of inputs, counted from 0;
    /// nothing for one that no input has.
    pub(super) fn find(&self, position: Position) -> Option<(u32, usize)> {
        let mut before = position.0.checked_sub(self.manifest.first.0)?;
        let mut index = 0;
        for run in self.runs() {
            match *run {
                Run::Input { input, count, .. } if before < count => {
                    return Some((input, usize::try_from(index + before).ok()?));
                }
                Run::Inline { count } if before < count => return None,
                Run::Input { count, .. } => (before, index) = (before - count, index + count),
                Run::Inline { count } => before -= count,
            }
        }
        None
    }

    /// Whether these are its records.
    pub(super) fn is_of(&self, records: &[Record], inputs: &Inputs) -> bool {
        let of_inputs = records.iter().filter(|record| self.find(record.position).is_some());
        let raws: Vec<Bytes> = of_inputs.map(|record| record.raw.clone()).collect();
        let packed = |records: &[Record]| pack(records.into()).ok();
        let named = self.records(inputs, &raws).ok().and_then(|(named, _)| packed(&named));
        named.is_some() && named == packed(records)
    }

    fn position(&self, index: usize) -> Position {
        Position(self.manifest.first.0 + index as u64)
    }

    /// As it is produced.
    pub(super) fn encode(&self) -> Vec<u8> {
        let Manifest { number, previous, first, last, checksum, ruleset, semantics } = &self.manifest;
        let saved = Saved {
            number: *number,
            previous: *previous,
            first: first.0,
            last: last.0,
            checksum: *checksum,
            ruleset: ruleset.to_string(),
            semantics: *semantics,
            content: self.content.clone(),
        };
        postcard::to_extend(&saved, vec![LAYOUT]).expect("an entry is plain data")
    }

    /// As it is consumed; nothing where it is no entry of ours.
    pub(super) fn decode(bytes: &[u8]) -> Option<Entry> {
        let (&LAYOUT, saved) = bytes.split_first()? else { return None };
        let Saved { number, previous, first, last, checksum, ruleset, semantics, content } =
            postcard::from_bytes(saved).ok()?;
        let (first, last, ruleset) = (Position(first), Position(last), Text::new(&ruleset));
        let manifest = Manifest { number, previous, first, last, checksum, ruleset, semantics };
        Some(Entry { manifest, content })
    }
}

impl Content {
    fn of(appended: Appended<'_>) -> Result<Content, JournalError> {
        let mut runs: Vec<Run> = Vec::new();
        let mut inline = Vec::new();
        for (place, record) in origins(appended).zip(appended.records) {
            match place {
                Some(place) => extend(&mut runs, place),
                None => {
                    inline.push(record.clone());
                    match runs.last_mut() {
                        Some(Run::Inline { count }) => *count += 1,
                        Some(Run::Input { .. }) | None => runs.push(Run::Inline { count: 1 }),
                    }
                }
            }
        }
        let stamp_at = appended.records.first().and_then(|record| record.stamp).map(EventTime::as_ms);
        let inline = if inline.is_empty() { Vec::new() } else { pack((&inline).into())? };
        Ok(Content { stamp_at, runs, inline })
    }

    fn checksum<'r>(&self, inputs: impl Iterator<Item = &'r [u8]>) -> Digest {
        let mut hasher = Sha256::new();
        hasher.update(postcard::to_allocvec(self).expect("it is plain data"));
        for raw in inputs {
            hasher.update((raw.len() as u64).to_be_bytes());
            hasher.update(raw);
        }
        Digest(hasher.finalize().into())
    }
}

/// Where each record lies in the inputs, if it does.
fn origins(appended: Appended<'_>) -> impl Iterator<Item = Option<InputPlace>> {
    let origins = appended.origins.unwrap_or_default().iter();
    let places = origins.map(|origin| match origin {
        Origin::Input(place) => Some(*place),
        Origin::Bytes | Origin::Elsewhere => None,
    });
    places.chain(std::iter::repeat(None))
}

fn extend(runs: &mut Vec<Run>, place: InputPlace) {
    if let Some(Run::Input { input, last, count, .. }) = runs.last_mut()
        && *input == place.input
    {
        (*last, *count) = (place.offset, *count + 1);
        return;
    }
    runs.push(Run::Input { input: place.input, first: place.offset, last: place.offset, count: 1 });
}
