//! The feed: takes records from the inputs of a lane in the order in which brokers appended them, as far as that can be
//! known without waiting long, and submits them. What is refused for the moment is submitted again, before anything else.
//! While records may wait in an input, or brokers are silent, the lane lets no time pass by itself: what waits would come
//! late.

use bytes::Bytes;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _, DefaultConsumerContext};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::{Offset, TopicPartitionList};
use runtime::service::{Arrived, Lane, Refused};
use runtime::{InputPlace, JournalError, Origin, Stopwatch};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::brokers::Brokers;
use super::inputs::{self, Input, Inputs};
use super::reading::{is_out_of_reach, unreadable};

/// Records that are submitted together, at most.
const BATCH_RECORDS_MAX: usize = 5_000;
/// Records of an input that are waiting, at most.
const WAITING_RECORDS_MAX: usize = 1_000;
/// How long an input that has nothing waiting, and is not known to be at its end, holds the others up: what it has may
/// be older than what they have.
const MERGE_WAIT: Duration = Duration::from_millis(20);
/// How long it rests where no input has anything.
const REST: Duration = Duration::from_millis(2);
/// How often brokers are asked whether they are there, where nothing comes.
const ASK: Duration = Duration::from_secs(1);
/// How long to wait before what was refused is submitted again.
const BUSY: Duration = Duration::from_millis(5);
const UNAVAILABLE: Duration = Duration::from_millis(200);

/// What goes into a lane on Kafka.
pub struct Feed {
    consumer: Arc<BaseConsumer>,
    inputs: Inputs,
    sources: Vec<Source>,
    /// Since when an input has held the others up.
    held_up: Option<Stopwatch>,
}

/// An input as it is read.
struct Source {
    input: u32,
    queue: PartitionQueue<DefaultConsumerContext>,
    waiting: VecDeque<Waiting>,
    is_at_end: bool,
}

/// A record that was read and not yet submitted.
struct Waiting {
    /// When brokers appended it, in milliseconds since the epoch.
    appended_at: i64,
    offset: u64,
    raw: Bytes,
}

impl Feed {
    /// Reads each input from where the log does not name its records.
    ///
    /// # Errors
    /// When the client cannot be made.
    pub fn open(
        brokers: &Brokers,
        (inputs, from): (Inputs, BTreeMap<u32, u64>),
    ) -> Result<Feed, JournalError> {
        let consumer = brokers.consumer()?;
        let mut list = TopicPartitionList::new();
        for (index, input) in inputs.iter() {
            let offset = from.get(&index).and_then(|from| i64::try_from(*from).ok());
            let offset = offset.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(&input.topic, input.partition, offset).map_err(unreadable)?;
        }
        consumer.assign(&list).map_err(unreadable)?;
        let consumer = Arc::new(consumer);
        // Each by itself: only so it is known which of them has come to its end.
        let source = |(index, input): (u32, &Input)| {
            let queue = consumer.split_partition_queue(&input.topic, input.partition)?;
            Some(Source { input: index, queue, waiting: VecDeque::new(), is_at_end: false })
        };
        let sources: Option<Vec<Source>> = inputs.iter().map(source).collect();
        let sources = sources.ok_or_else(|| JournalError::Unreadable("an input cannot be read".into()))?;
        Ok(Feed { consumer, inputs, sources, held_up: None })
    }

    /// Feeds until it is told to stop, or the lane stops. What the client says of brokers is told; it tries on.
    ///
    /// # Errors
    /// When records are gone that the log does not name yet: nothing is skipped.
    pub fn run(
        mut self,
        lane: &Arc<dyn Lane>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), JournalError> {
        let mut asked = Stopwatch::start();
        while !stop.load(Ordering::Relaxed) {
            match self.consumer.poll(Duration::ZERO) {
                None => {}
                Some(Err(KafkaError::PartitionEOF(_)) | Ok(_)) => return Err(misplaced()),
                Some(Err(error)) => self.trouble(&error, tell)?,
            }
            let batch = self.batch(tell)?;
            if !batch.is_empty() {
                lane.status().inputs_have_more();
                if !self.submitted(&batch, lane, stop) {
                    return Ok(());
                }
                continue;
            }
            if asked.elapsed() >= ASK {
                self.look_whether_it_is_quiet(lane);
                asked = Stopwatch::start();
            }
            std::thread::sleep(REST);
        }
        Ok(())
    }

    /// Time may pass if every input has been read to its end, and brokers would say that there is more.
    fn look_whether_it_is_quiet(&self, lane: &Arc<dyn Lane>) {
        let is_read = self.sources.iter().all(|source| source.is_at_end);
        let topic = self.inputs.get(0).map(|input| input.topic.as_str());
        if is_read && self.consumer.fetch_metadata(topic, ASK).is_ok() {
            lane.status().inputs_are_read();
        } else {
            lane.status().inputs_have_more();
        }
    }

    /// What has come, oldest first.
    fn batch(&mut self, tell: &mut dyn FnMut(&str)) -> Result<Vec<(InputPlace, Bytes)>, JournalError> {
        for index in 0..self.sources.len() {
            let filled = self.sources.get_mut(index).map_or(Ok(()), Source::fill);
            filled.or_else(|error| self.trouble(&error, tell))?;
        }
        let mut batch = Vec::new();
        while batch.len() < BATCH_RECORDS_MAX && !self.is_held_up() {
            let with_some = self.sources.iter_mut().filter(|source| !source.waiting.is_empty());
            let oldest = with_some.min_by_key(|source| source.waiting.front().map(|first| first.appended_at));
            let Some(source) = oldest else { break };
            let (input, first) = (source.input, source.waiting.pop_front());
            batch.extend(first.map(|first| (InputPlace { input, offset: first.offset }, first.raw)));
            if source.waiting.is_empty() {
                let filled = source.fill();
                filled.or_else(|error| self.trouble(&error, tell))?;
            }
        }
        Ok(batch)
    }

    /// Whether an input may have something older than what waits.
    fn is_held_up(&mut self) -> bool {
        if self.sources.iter().all(|source| source.is_at_end || !source.waiting.is_empty()) {
            self.held_up = None;
            return false;
        }
        self.held_up.get_or_insert_with(Stopwatch::start).elapsed() < MERGE_WAIT
    }

    fn trouble(&self, error: &KafkaError, tell: &mut dyn FnMut(&str)) -> Result<(), JournalError> {
        if is_out_of_reach(error) {
            return Err(gone(error));
        }
        tell(&error.to_string());
        Ok(())
    }

    /// Submits until it is taken; whether it was.
    fn submitted(&self, batch: &[(InputPlace, Bytes)], lane: &Arc<dyn Lane>, stop: &AtomicBool) -> bool {
        while !stop.load(Ordering::Relaxed) {
            // What is not taken is not decoded, either.
            if lane.status().is_behind() {
                std::thread::sleep(BUSY);
                continue;
            }
            let records = batch.iter().map(|(place, raw)| self.arrived(*place, raw)).collect();
            let answer = lane.submit(records).map(|answer| answer.blocking_recv());
            match answer {
                Ok(Ok(Ok(_))) => return true,
                Err(Refused::Busy) | Ok(Ok(Err(Refused::Busy))) => std::thread::sleep(BUSY),
                Err(Refused::Unavailable(_)) | Ok(Ok(Err(Refused::Unavailable(_)))) => {
                    std::thread::sleep(UNAVAILABLE);
                }
                Err(Refused::Stopping) | Ok(Ok(Err(Refused::Stopping)) | Err(_)) => return false,
            }
        }
        false
    }

    fn arrived(&self, place: InputPlace, raw: &Bytes) -> Arrived {
        let kind = self.inputs.get(place.input).expect("it came from one of them").kind;
        Arrived { raw: raw.clone(), body: inputs::read(kind, raw), origin: Origin::Input(place) }
    }
}

impl Source {
    /// Takes what has come.
    fn fill(&mut self) -> Result<(), KafkaError> {
        while self.waiting.len() < WAITING_RECORDS_MAX {
            match self.queue.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    self.is_at_end = false;
                    self.waiting.push_back(Waiting {
                        appended_at: message.timestamp().to_millis().unwrap_or_default(),
                        offset: message.offset().cast_unsigned(),
                        raw: Bytes::copy_from_slice(message.payload().unwrap_or_default()),
                    });
                }
                Some(Err(KafkaError::PartitionEOF(_))) => self.is_at_end = true,
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
        Ok(())
    }
}

/// What came before inputs were read each by itself would be skipped: whoever starts again reads it.
fn misplaced() -> JournalError {
    JournalError::Unreadable("a record came before the inputs were told apart; start again".into())
}

fn gone(error: &KafkaError) -> JournalError {
    JournalError::Damaged(format!("records of an input are gone that the log does not name yet: {error}"))
}
