//! A lane's permanent memory on Kafka. Its log is a topic of entries that name records of the inputs; what is decided
//! goes to topics of its own. A store in a folder of this instance follows all of it, so that whoever reads does so
//! there: the store can be thrown away, and is built again.
//!
//! What must hold: an entry is read back before anything is decided on it; nothing is in the store that is not on
//! Kafka; what an instance cannot tell it does not guess, but gives up the lead, and finds out when it starts again.

use bytes::Bytes;
use model::{Position, Record, Text};
use rdkafka::Offset;
use rdkafka::message::{Message as _, OwnedHeaders, OwnedMessage};
use runtime::{Appended, Decided, Head, Journal, JournalError, JournalReader as _};
use std::collections::{BTreeMap, BTreeSet};

use super::brokers::Brokers;
use super::entry::Entry;
use super::inputs::Inputs;
use super::layout::{Layout, Role};
use super::leader::{Leader, Outgoing};
use super::manifests::Manifests;
use super::outputs::{Original, Originals, Outputs};
use super::reading::{InputReader, Step, read};
use crate::store::{Reader, Store};

/// The writing side of a lane on Kafka.
pub struct KafkaJournal {
    store: Store,
    inputs: Inputs,
    rulesets: String,
    leader: Leader,
    manifests: Manifests,
    reader: InputReader,
    outputs: Outputs,
}

impl KafkaJournal {
    /// Takes the lead of a lane whose topics [stand](super::stand), and brings the store to where its log ends;
    /// `progress` is told how far it is.
    ///
    /// # Errors
    /// When the cluster does not answer, the store is of another lane, or what the log names is not there any more.
    pub fn lead(
        mut store: Store,
        brokers: &Brokers,
        layout: &Layout,
        progress: &mut dyn FnMut(Position),
    ) -> Result<KafkaJournal, JournalError> {
        let leader = Leader::take(brokers, &layout.lane)?;
        let inputs = Inputs::of(layout);
        let rulesets = layout.name(Role::Rulesets);
        keep_rulesets(&mut store, brokers, &rulesets)?;
        let mut manifests = Manifests::open(brokers, layout)?;
        let reader = InputReader::open(brokers)?;
        let mut known = None;
        manifests.read_on(|entry| {
            if entry.manifest.last < store.head().next() {
                known = Some(entry);
            } else {
                follow(&mut store, &entry, &inputs, &reader)?;
                progress(entry.manifest.last);
            }
            Ok(Step::On)
        })?;
        is_of_the_lane(&store, (known.as_ref(), &inputs), manifests.next_position())?;
        let outputs = Outputs::find(brokers, layout, store.head().decided)?;
        Ok(KafkaJournal { store, inputs, rulesets, leader, manifests, reader, outputs })
    }

    /// The inputs, and by input the offset from which on the log does not name its records.
    pub fn sources(&self) -> (Inputs, BTreeMap<u32, u64>) {
        (self.inputs.clone(), self.manifests.consumed().clone())
    }

    /// Where the records lie that were refused, and themselves as far as they are still there. Each entry is read once for
    /// all of its records.
    fn originals(&self, decided: &[Decided]) -> Result<Originals, JournalError> {
        let mut originals = BTreeMap::new();
        let letters = decided.iter().flat_map(|stretch| &stretch.dead_letters);
        let refused: BTreeSet<Position> = letters.map(|letter| letter.position).collect();
        let mut read: Option<(Entry, Vec<OwnedMessage>)> = None;
        for position in refused {
            if read.as_ref().is_none_or(|(entry, _)| entry.manifest.last < position) {
                read = self.entry_at(position)?;
            }
            let Some((entry, records)) = &read else { continue };
            if let Some((input, index)) = entry.find(position)
                && let Some(input) = self.inputs.get(input)
            {
                let (topic, partition) = (input.topic.clone(), input.partition);
                originals
                    .insert(position, Original { topic, partition, record: records.get(index).cloned() });
            }
        }
        Ok(originals)
    }

    /// The entry that names a position, and its records of inputs; none where they are gone: a record that was parked can
    /// be refused long after.
    fn entry_at(&self, position: Position) -> Result<Option<(Entry, Vec<OwnedMessage>)>, JournalError> {
        let Some(number) = self.store.block_of(position)? else { return Ok(None) };
        let Some(entry) = self.manifests.entry(number)? else { return Ok(None) };
        let records = match self.reader.records(&entry, &self.inputs) {
            Err(JournalError::Damaged(_)) => Vec::new(),
            other => other?,
        };
        Ok(Some((entry, records)))
    }
}

impl Journal for KafkaJournal {
    type Reader = Reader;

    fn head(&self) -> &Head {
        self.store.head()
    }

    fn commit<'a>(
        &mut self,
        appended: impl Into<Appended<'a>>,
        ruleset: &Text,
        decided: &[Decided],
    ) -> Result<(), JournalError> {
        let appended = appended.into();
        let originals = self.originals(decided)?;
        if let Some(entry) = Entry::of(self.manifests.last(), appended, ruleset)? {
            self.manifests.append(&entry, &self.leader)?;
        }
        self.outputs.publish(decided, &originals, &self.leader)?;
        // On Kafka it is: a store that cannot follow must not be gone on with.
        let followed = self.store.commit(appended, ruleset, decided);
        followed.map_err(|error| JournalError::Deposed(format!("its store cannot follow: {error}")))
    }

    fn has_inputs(&self) -> bool {
        true
    }

    fn tidy(&mut self) {
        self.store.tidy();
    }

    fn put_ruleset(&mut self, hash: &str, archive: &[u8]) -> Result<(), JournalError> {
        self.leader.write(&[Outgoing {
            topic: self.rulesets.clone(),
            partition: 0,
            key: Some(hash.as_bytes().to_vec()),
            value: archive.to_vec(),
            headers: OwnedHeaders::new(),
        }])?;
        self.store.put_ruleset(hash, archive)
    }

    fn reader(&self) -> Result<Reader, JournalError> {
        self.store.reader()
    }
}

/// Keeps every ruleset of the lane in the store.
fn keep_rulesets(store: &mut Store, brokers: &Brokers, topic: &str) -> Result<(), JournalError> {
    let consumer = brokers.consumer()?;
    let mut archives = Vec::new();
    read(&consumer, (topic, 0), Offset::Beginning, brokers.patience, |message| {
        let hash = message.key().and_then(|key| std::str::from_utf8(key).ok());
        if let (Some(hash), Some(archive)) = (hash, message.payload()) {
            archives.push((hash.to_owned(), archive.to_vec()));
        }
        Step::On
    })?;
    archives.iter().try_for_each(|(hash, archive)| store.put_ruleset(hash, archive))
}

/// Appends an entry to the store.
fn follow(
    store: &mut Store,
    entry: &Entry,
    inputs: &Inputs,
    reader: &InputReader,
) -> Result<(), JournalError> {
    if entry.manifest.first != store.head().next() {
        return Err(foreign(store));
    }
    let raws: Vec<Bytes> = reader.records(entry, inputs)?.iter().map(raw).collect();
    let (records, origins) = entry.records(inputs, &raws).map_err(|what| {
        JournalError::Damaged(format!(
            "positions {} to {}: {what}",
            entry.manifest.first, entry.manifest.last
        ))
    })?;
    let appended = Appended { records: &records, origins: Some(&origins) };
    store.commit(appended, &entry.manifest.ruleset, &[])
}

fn raw(record: &OwnedMessage) -> Bytes {
    Bytes::copy_from_slice(record.payload().unwrap_or_default())
}

/// Whether the store ends where the log does, and has what its last entry names.
fn is_of_the_lane(
    store: &Store,
    (known, inputs): (Option<&Entry>, &Inputs),
    next: Position,
) -> Result<(), JournalError> {
    if store.head().next() != next {
        return Err(foreign(store));
    }
    let Some(known) = known else { return Ok(()) };
    let (first, last) = (known.manifest.first, known.manifest.last);
    let count = usize::try_from(last.0 - first.0 + 1).unwrap_or(usize::MAX);
    let records: Vec<Record> = store.reader()?.records(first, count)?;
    if known.is_of(&records, inputs) { Ok(()) } else { Err(foreign(store)) }
}

fn foreign(store: &Store) -> JournalError {
    JournalError::Damaged(format!(
        "the store in {} is not of this lane; name another folder, or remove it: it is built again",
        store.folder().display()
    ))
}
