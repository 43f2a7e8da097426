//! The feed: takes records from the inputs of a lane in the order in which they come, and submits them. What is refused
//! for the moment is submitted again, before anything else.

use bytes::Bytes;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{Offset, TopicPartitionList};
use runtime::service::{Arrived, Lane, Refused};
use runtime::{InputPlace, JournalError, Origin};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::brokers::Brokers;
use super::inputs::{self, Inputs};
use super::reading::unreadable;

/// Records that are submitted together, at most.
const BATCH_RECORDS_MAX: usize = 5_000;
/// How long the first record of a batch is waited for.
const WAIT: Duration = Duration::from_millis(100);
/// How long to wait before what was refused is submitted again.
const BUSY: Duration = Duration::from_millis(5);
const UNAVAILABLE: Duration = Duration::from_millis(200);

/// What goes into a lane on Kafka.
pub struct Feed {
    consumer: BaseConsumer,
    inputs: Inputs,
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
        let consumer = brokers.consumer().map_err(|error| JournalError::Unreadable(error.to_string()))?;
        let mut list = TopicPartitionList::new();
        for (index, input) in inputs.iter() {
            let offset = from.get(&index).and_then(|from| i64::try_from(*from).ok());
            let offset = offset.map_or(Offset::Beginning, Offset::Offset);
            list.add_partition_offset(&input.topic, input.partition, offset).map_err(unreadable)?;
        }
        consumer.assign(&list).map_err(unreadable)?;
        Ok(Feed { consumer, inputs })
    }

    /// Feeds until it is told to stop, or the lane stops. What the client says of brokers is told; it tries on.
    ///
    /// # Errors
    /// When records are gone that the log does not name yet: nothing is skipped.
    pub fn run(
        &self,
        lane: &Arc<dyn Lane>,
        stop: &AtomicBool,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(), JournalError> {
        while !stop.load(Ordering::Relaxed) {
            let batch = self.batch(tell)?;
            if !batch.is_empty() && !self.submitted(&batch, lane, stop) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What has come.
    fn batch(&self, tell: &mut dyn FnMut(&str)) -> Result<Vec<(InputPlace, Bytes)>, JournalError> {
        let mut batch = Vec::new();
        while batch.len() < BATCH_RECORDS_MAX {
            let wait = if batch.is_empty() { WAIT } else { Duration::ZERO };
            match self.consumer.poll(wait) {
                Some(Ok(message)) => batch.extend(self.taken(&message)),
                Some(Err(KafkaError::PartitionEOF(_))) => {}
                Some(Err(error)) if is_over(&error) => return Err(gone(&error)),
                Some(Err(error)) => tell(&error.to_string()),
                None => break,
            }
        }
        Ok(batch)
    }

    fn taken(&self, message: &BorrowedMessage<'_>) -> Option<(InputPlace, Bytes)> {
        let input = self.inputs.find(message.topic(), message.partition())?;
        let place = InputPlace { input, offset: message.offset().cast_unsigned() };
        Some((place, Bytes::copy_from_slice(message.payload().unwrap_or_default())))
    }

    /// Submits until it is taken; whether it was.
    fn submitted(&self, batch: &[(InputPlace, Bytes)], lane: &Arc<dyn Lane>, stop: &AtomicBool) -> bool {
        while !stop.load(Ordering::Relaxed) {
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

/// Whether the client will not come back from it.
fn is_over(error: &KafkaError) -> bool {
    use rdkafka::error::RDKafkaErrorCode as Code;
    matches!(error.rdkafka_error_code(), Some(Code::OffsetOutOfRange | Code::AutoOffsetReset | Code::Fatal))
}

fn gone(error: &KafkaError) -> JournalError {
    JournalError::Damaged(format!("records of an input are gone that the log does not name yet: {error}"))
}
