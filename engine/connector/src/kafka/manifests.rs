//! The log as it stands on Kafka: a topic of entries, each of which extends the chain of those before it. An entry that
//! does not is a fork, written by somebody who did not know that he leads no more, and everybody passes it over.

use model::Position;
use rdkafka::Offset;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::{Message as _, OwnedHeaders};
use runtime::{JournalError, Manifest, Stopwatch};
use std::collections::BTreeMap;
use std::time::Duration;

use super::brokers::{Brokers, Unreachable};
use super::entry::{Entry, Run};
use super::layout::{Layout, Role};
use super::leader::{Leader, Outgoing};
use super::reading::{Step, read};

const PARTITION: i32 = 0;

/// The entries, as far as they have been read.
pub(super) struct Manifests {
    consumer: BaseConsumer,
    topic: String,
    patience: Duration,
    /// The offset behind the last entry that was read.
    next: i64,
    last: Option<Manifest>,
    /// Where each entry that counts lies, by its number.
    offsets: Vec<i64>,
    /// By input, the offset behind the last record that the log names.
    consumed: BTreeMap<u32, u64>,
}

impl Manifests {
    /// Before the first entry.
    pub(super) fn open(brokers: &Brokers, layout: &Layout) -> Result<Manifests, Unreachable> {
        Ok(Manifests {
            consumer: brokers.consumer()?,
            topic: layout.name(Role::Manifests),
            patience: brokers.patience,
            next: 0,
            last: None,
            offsets: Vec::new(),
            consumed: BTreeMap::new(),
        })
    }

    /// The last entry's manifest.
    pub(super) fn last(&self) -> Option<&Manifest> {
        self.last.as_ref()
    }

    /// The position behind the last entry.
    pub(super) fn next_position(&self) -> Position {
        Manifest::next(self.last())
    }

    /// By input, the offset behind the last record that the log names.
    pub(super) fn consumed(&self) -> &BTreeMap<u32, u64> {
        &self.consumed
    }

    /// Reads on, at most to the end, and hands every entry on that counts.
    pub(super) fn read_on(
        &mut self,
        mut each: impl FnMut(Entry) -> Result<Step, JournalError>,
    ) -> Result<(), JournalError> {
        let (mut next, mut failed) = (self.next, None);
        let (last, consumed, offsets) = (&mut self.last, &mut self.consumed, &mut self.offsets);
        let from = Offset::Offset(next);
        read(&self.consumer, (&self.topic, PARTITION), from, self.patience, |message| {
            next = message.offset() + 1;
            let entry = message.payload().and_then(Entry::decode);
            let Some(entry) = entry.filter(|entry| entry.manifest.follows(last.as_ref())) else {
                return Step::On;
            };
            entry.runs().iter().for_each(|run| consume(consumed, run));
            *last = Some(entry.manifest.clone());
            offsets.push(message.offset());
            each(entry).unwrap_or_else(|error| {
                failed = Some(error);
                Step::Enough
            })
        })?;
        self.next = next;
        failed.map_or(Ok(()), Err)
    }

    /// An entry once more, by its number.
    pub(super) fn entry(&self, number: u64) -> Result<Option<Entry>, JournalError> {
        let offset = usize::try_from(number).ok().and_then(|number| self.offsets.get(number));
        let Some(offset) = offset else { return Ok(None) };
        let mut found = None;
        let from = Offset::Offset(*offset);
        read(&self.consumer, (&self.topic, PARTITION), from, self.patience, |message| {
            found = message.payload().and_then(Entry::decode);
            Step::Enough
        })?;
        Ok(found)
    }

    /// Appends an entry, and reads it back: it counts if nobody was quicker.
    pub(super) fn append(&mut self, entry: &Entry, leader: &Leader) -> Result<(), JournalError> {
        leader.write(&[Outgoing {
            topic: self.topic.clone(),
            partition: PARTITION,
            key: None,
            value: entry.encode(),
            headers: OwnedHeaders::new(),
        }])?;
        // It can be read a moment after it was committed.
        let watch = Stopwatch::start();
        while self.last().is_none_or(|last| last.number < entry.manifest.number) {
            if watch.elapsed() > self.patience {
                return Err(JournalError::Deposed("what was appended to the log cannot be read back".into()));
            }
            // It is there, whatever keeps it from being read.
            let read = self.read_on(|_| Ok(Step::Enough));
            read.map_err(|error| JournalError::Deposed(error.to_string()))?;
        }
        if self.last() == Some(&entry.manifest) {
            return Ok(());
        }
        Err(JournalError::Deposed("another instance has extended the log".into()))
    }
}

fn consume(consumed: &mut BTreeMap<u32, u64>, run: &Run) {
    if let Run::Input { input, last, .. } = *run {
        consumed.insert(input, last + 1);
    }
}
