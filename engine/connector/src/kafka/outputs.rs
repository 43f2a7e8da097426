//! What was decided, as it stands on Kafka: verdicts by beneficiary, explanations by order, dead letters beside their
//! input. Each record says where it belongs in the log, so that whoever takes over finds out what is there already.
//!
//! What must hold: per partition, the places of records grow and their sequences have no gaps; what is there is never
//! written again, and is what would be written.

use decider::{About, Explanation};
use model::event::Kind;
use model::limit::EVENT_BYTES_MAX;
use model::refusal::DeadLetter;
use model::{Position, Verdict};
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Header, Headers as _, Message as _, OwnedHeaders, OwnedMessage};
use runtime::{Decided, Digest, JournalError};
use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU16;
use std::time::Duration;

use super::brokers::Brokers;
use super::layout::{Layout, Role, dead_letters_of};
use super::leader::{Leader, Outgoing};
use super::murmur;
use super::reading::{Step, read, unreadable};
use crate::store::outputs::{published, subject, view};

/// Gap-free from 1 in its partition.
const SEQUENCE: &str = "tg-sequence";
/// The position in the log that it follows from.
const POSITION: &str = "tg-position";
/// Which one of those that follow from the same position, in its partition; from 0.
const ORDINAL: &str = "tg-ordinal";
/// Offsets that are looked back for what is newer than what this instance knows, at first.
const LOOK_BACK: i64 = 1_024;

/// Bytes of a refused record that its dead letter has: as many as an event may have.
const LETTER_BYTES_MAX: usize = EVENT_BYTES_MAX;
/// Bytes of a producer's headers, and of a key, that a dead letter has.
const HEADERS_BYTES_MAX: usize = 64 << 10;

/// Where an output belongs: by position, then by order.
type Place = (Position, u32);

/// An output of one partition, before it has its place there.
struct Output {
    topic: String,
    partition: i32,
    position: Position,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
    headers: OwnedHeaders,
}

/// A record of an input that was refused, by where it lies.
pub(super) struct Original {
    pub(super) topic: String,
    pub(super) partition: i32,
    /// Itself, if it is still there.
    pub(super) record: Option<OwnedMessage>,
}

/// By their position in the log.
pub(super) type Originals = BTreeMap<Position, Original>;

/// How a partition ends.
#[derive(Default)]
struct End {
    sequence: u64,
    place: Option<Place>,
    /// What is there beyond what this instance knew when it began.
    ahead: VecDeque<(Place, Digest)>,
    /// The place of the last output that was handed over.
    given: Option<Place>,
}

/// The outputs of a lane.
pub(super) struct Outputs {
    layout: Layout,
    verdict_partitions: NonZeroU16,
    ends: BTreeMap<(String, i32), End>,
}

impl Outputs {
    /// Finds out what is there; `decided` is how far this instance knows it. Nobody else may be writing.
    pub(super) fn find(
        brokers: &Brokers,
        layout: &Layout,
        decided: Option<Position>,
    ) -> Result<Outputs, JournalError> {
        let consumer = brokers.consumer()?;
        let mut ends = BTreeMap::new();
        let outputs = layout.topics().into_iter().filter(|topic| match topic.role {
            Role::Verdicts | Role::Explanations | Role::DeadLetters(_) => true,
            Role::Input(_) | Role::Manifests | Role::Rulesets => false,
        });
        for topic in outputs {
            for partition in 0..i32::from(topic.partitions) {
                let end = End::find(&consumer, (&topic.name, partition), decided, brokers.patience)?;
                ends.insert((topic.name.clone(), partition), end);
            }
        }
        let verdict_partitions = NonZeroU16::new(layout.verdict_partitions).unwrap_or(NonZeroU16::MIN);
        Ok(Outputs { layout: layout.clone(), verdict_partitions, ends })
    }

    /// Writes what was decided and is not there; what is there must be the same.
    pub(super) fn publish(
        &mut self,
        decided: &[Decided],
        originals: &Originals,
        leader: &Leader,
    ) -> Result<(), JournalError> {
        let mut missing = Vec::new();
        for stretch in decided {
            for output in self.outputs(stretch, originals) {
                missing.extend(self.placed(output)?);
            }
        }
        if missing.is_empty() { Ok(()) } else { leader.write(&missing) }
    }

    /// The output with its place, if it is not there.
    fn placed(&mut self, output: Output) -> Result<Option<Outgoing>, JournalError> {
        let Output { topic, partition, position, key, value, headers } = output;
        let end = self.ends.entry((topic.clone(), partition)).or_default();
        let ordinal = end.given.filter(|given| given.0 == position).map_or(0, |(_, ordinal)| ordinal + 1);
        let place = (position, ordinal);
        end.given = Some(place);
        if end.place.is_some_and(|last| place <= last) {
            let there = end.ahead.pop_front();
            return match there {
                Some((at, there)) if at == place && there == Digest::of(&value) => Ok(None),
                Some(_) | None => Err(JournalError::Damaged(format!(
                    "partition {partition} of {topic} does not have at position {position} what the log gives; \
                     nothing more is written until somebody has looked"
                ))),
            };
        }
        end.sequence += 1;
        end.place = Some(place);
        let (sequence, at, ordinal) = (end.sequence.to_string(), position.to_string(), ordinal.to_string());
        let headers = header(headers, SEQUENCE, &sequence);
        let headers = header(header(headers, POSITION, &at), ORDINAL, &ordinal);
        Ok(Some(Outgoing { topic, partition, key, value, headers }))
    }

    fn outputs(&self, decided: &Decided, originals: &Originals) -> Vec<Output> {
        let verdicts = decided.verdicts.iter().map(|verdict| self.verdict(verdict));
        let explanations = decided.explanations.iter().map(|said| self.explanation(said));
        let letters = decided.dead_letters.iter().map(|letter| self.letter(letter, originals));
        verdicts.chain(explanations).chain(letters).collect()
    }

    fn verdict(&self, verdict: &Verdict) -> Output {
        let mut value = Vec::new();
        published(verdict, &mut value);
        let key = verdict.beneficiary.as_deref().map_or_else(|| subject(verdict), str::to_owned);
        self.spread(Role::Verdicts, verdict.position, key, value)
    }

    fn explanation(&self, said: &Explanation) -> Output {
        let key = match &said.about {
            About::Order(key) => format!("{}/{}", key.program, key.order),
            About::Click(click) => click.to_string(),
        };
        let value = serde_json::to_vec(&view(said)).expect("it is plain data");
        self.spread(Role::Explanations, said.position, key, value)
    }

    /// By the hash of its key, as Kafka's own clients would.
    fn spread(&self, role: Role, position: Position, key: String, value: Vec<u8>) -> Output {
        let partition = murmur::partition(key.as_bytes(), self.verdict_partitions);
        let topic = self.layout.name(role);
        Output {
            topic,
            partition,
            position,
            key: Some(key.into_bytes()),
            value,
            headers: OwnedHeaders::new(),
        }
    }

    /// The record as it came, with what is wrong with it in headers as Kafka Connect has them, and ours.
    fn letter(&self, letter: &DeadLetter, originals: &Originals) -> Output {
        let DeadLetter { position, refused_at, refusal, raw } = letter;
        let original = originals.get(position);
        let record = original.and_then(|original| original.record.as_ref());
        let headers = record.and_then(OwnedMessage::headers).map(of_the_producer).unwrap_or_default();
        let headers = match original {
            None => headers,
            Some(Original { topic, partition, .. }) => {
                let headers = header(headers, "__connect.errors.topic", topic);
                header(headers, "__connect.errors.partition", &partition.to_string())
            }
        };
        let headers = match record {
            None => headers,
            Some(record) => header(headers, "__connect.errors.offset", &record.offset().to_string()),
        };
        let kept = raw.get(..LETTER_BYTES_MAX).unwrap_or(raw);
        let headers = if kept.len() == raw.len() {
            headers
        } else {
            header(headers, "tg-bytes", &raw.len().to_string())
        };
        let headers = header(headers, "__connect.errors.exception.message", &refusal.detail);
        let headers = header(header(headers, "tg-code", refusal.code.name()), "tg-pointer", &refusal.pointer);
        let headers = header(headers, "tg-record-position", &position.to_string());
        let topic = match original {
            Some(original) => dead_letters_of(&original.topic),
            None => self.layout.name(Role::DeadLetters(kind(raw))),
        };
        let key = record.and_then(|record| record.key()).filter(|key| key.len() <= HEADERS_BYTES_MAX);
        let key = key.map(<[u8]>::to_vec);
        Output { topic, partition: 0, position: *refused_at, key, value: kept.to_vec(), headers }
    }
}

fn header(headers: OwnedHeaders, key: &str, value: &str) -> OwnedHeaders {
    headers.insert(Header { key, value: Some(value) })
}

/// A producer's headers: all that are not ours to say, or none if they are too large to be kept beside ours.
fn of_the_producer(headers: &OwnedHeaders) -> OwnedHeaders {
    let is_ours = |key: &str| key.starts_with("tg-") || key.starts_with("__connect.errors.");
    let kept = || headers.iter().filter(|header| !is_ours(header.key));
    let bytes: usize = kept().map(|header| header.key.len() + header.value.map_or(0, <[u8]>::len)).sum();
    let empty = OwnedHeaders::new();
    if bytes > HEADERS_BYTES_MAX { empty } else { kept().fold(empty, OwnedHeaders::insert) }
}

/// What was posted to an instance has no topic: what its sender called it says where it would have come from, and what
/// says nothing is taken for an order, which most need to see.
fn kind(raw: &[u8]) -> Kind {
    #[derive(serde::Deserialize)]
    struct Named {
        kind: String,
    }
    let named = serde_json::from_slice::<Named>(raw).ok();
    named.and_then(|named| Kind::from_name(&named.kind)).unwrap_or(Kind::Order)
}

impl End {
    /// Looks back as far as there is something that `decided` does not know.
    fn find(
        consumer: &BaseConsumer,
        place: (&str, i32),
        decided: Option<Position>,
        patience: Duration,
    ) -> Result<End, JournalError> {
        let watermarks = consumer.fetch_watermarks(place.0, place.1, patience);
        let (low, high) = watermarks.map_err(unreadable)?;
        let mut back = LOOK_BACK;
        loop {
            let from = (high - back).max(low);
            let (mut end, mut knows_all, mut is_torn) = (End::default(), from == low, false);
            read(consumer, place, Offset::Offset(from), patience, |message| {
                if let Some((sequence, place)) = place_of(message) {
                    is_torn |= !end.is_before(sequence, place);
                    knows_all |= decided.is_some_and(|decided| place.0 <= decided);
                    end.take(sequence, place, decided, message);
                }
                Step::On
            })?;
            if is_torn {
                let (topic, partition) = place;
                return Err(JournalError::Damaged(format!(
                    "the outputs in partition {partition} of {topic} do not follow one another; nothing more is \
                     written until somebody has looked"
                )));
            }
            if knows_all {
                return Ok(end);
            }
            back *= 2;
        }
    }

    /// Whether an output follows the last one that was seen.
    fn is_before(&self, sequence: u64, place: Place) -> bool {
        self.place.is_none_or(|last| last < place && sequence == self.sequence + 1)
    }

    fn take(
        &mut self,
        sequence: u64,
        place: Place,
        decided: Option<Position>,
        message: &BorrowedMessage<'_>,
    ) {
        (self.sequence, self.place) = (sequence, Some(place));
        if decided.is_none_or(|decided| place.0 > decided) {
            self.ahead.push_back((place, Digest::of(message.payload().unwrap_or_default())));
        }
    }
}

/// Its sequence and place, if it is one of ours.
fn place_of(message: &BorrowedMessage<'_>) -> Option<(u64, Place)> {
    let headers = message.headers()?;
    let number = |name| {
        // Ours come last.
        let found = headers.iter().filter(|header| header.key == name).last()?.value?;
        std::str::from_utf8(found).ok()?.parse::<u64>().ok()
    };
    let ordinal = u32::try_from(number(ORDINAL)?).ok()?;
    Some((number(SEQUENCE)?, (Position(number(POSITION)?), ordinal)))
}
