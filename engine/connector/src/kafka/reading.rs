//! Reading partitions from one place to another.

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message as _, OwnedMessage};
use rdkafka::{Offset, TopicPartitionList};
use runtime::{JournalError, Stopwatch};
use std::collections::BTreeMap;
use std::time::Duration;

use super::brokers::{Brokers, Unreachable};
use super::entry::{Entry, Run};
use super::inputs::Inputs;

/// How long one poll waits.
const POLL: Duration = Duration::from_millis(100);

/// Reads from a partition at an offset on, until there is enough or it ends.
pub(super) fn read(
    consumer: &BaseConsumer,
    (topic, partition): (&str, i32),
    from: Offset,
    patience: Duration,
    mut each: impl FnMut(&BorrowedMessage<'_>) -> Step,
) -> Result<(), JournalError> {
    let mut list = TopicPartitionList::new();
    let added = list.add_partition_offset(topic, partition, from);
    added.and_then(|()| consumer.assign(&list)).map_err(unreadable)?;
    let (mut watch, mut said) = (Stopwatch::start(), None);
    loop {
        match consumer.poll(POLL) {
            Some(Ok(message)) => {
                watch = Stopwatch::start();
                if each(&message) == Step::Enough {
                    return Ok(());
                }
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
            Some(Err(error)) if is_gone(&error) => return Err(gone(topic, partition, &error)),
            Some(Err(error)) if is_final(&error) => return Err(unreadable(error)),
            Some(Err(error)) => said = Some(error),
            None if watch.elapsed() < patience => {}
            None => return Err(said.map_or_else(|| silent(topic, partition), unreadable)),
        }
    }
}

/// Whether to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    On,
    Enough,
}

/// Reads what the log names from the inputs.
pub(super) struct InputReader {
    consumer: BaseConsumer,
    patience: Duration,
}

impl InputReader {
    pub(super) fn open(brokers: &Brokers) -> Result<InputReader, Unreachable> {
        Ok(InputReader { consumer: brokers.consumer()?, patience: brokers.patience })
    }

    /// The records of inputs that an entry names, in its order.
    pub(super) fn records(&self, entry: &Entry, inputs: &Inputs) -> Result<Vec<OwnedMessage>, JournalError> {
        let mut ends = BTreeMap::new();
        for run in entry.runs() {
            if let Run::Input { input, first, last, .. } = *run {
                ends.entry(input).or_insert((first, last)).1 = last;
            }
        }
        let mut read = BTreeMap::new();
        for (input, ends) in ends {
            read.insert(input, self.between(input, ends, inputs)?.into_iter());
        }
        let mut records = Vec::new();
        for run in entry.runs() {
            if let Run::Input { input, count, .. } = *run
                && let Some(read) = read.get_mut(&input)
            {
                records.extend(read.by_ref().take(usize::try_from(count).unwrap_or(usize::MAX)));
            }
        }
        Ok(records)
    }

    /// The records of an input from an offset to another one.
    fn between(
        &self,
        input: u32,
        (first, last): (u64, u64),
        inputs: &Inputs,
    ) -> Result<Vec<OwnedMessage>, JournalError> {
        let Some(input) = inputs.get(input) else {
            return Err(JournalError::Damaged(format!(
                "the log names input {input}, which the lane has not"
            )));
        };
        let mut records = Vec::new();
        let place = (input.topic.as_str(), input.partition);
        let from = Offset::Offset(i64::try_from(first).unwrap_or(i64::MAX));
        read(&self.consumer, place, from, self.patience, |message| {
            let offset = message.offset().cast_unsigned();
            if offset <= last {
                records.push(message.detach());
            }
            if offset >= last { Step::Enough } else { Step::On }
        })?;
        Ok(records)
    }
}

/// Whether a partition does not have an offset, or not any more.
pub(super) fn is_out_of_reach(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(Code::OffsetOutOfRange | Code::AutoOffsetReset))
}

fn is_gone(error: &KafkaError) -> bool {
    let is_unknown = [Some(Code::UnknownTopicOrPartition), Some(Code::UnknownTopic)];
    is_out_of_reach(error) || is_unknown.contains(&error.rdkafka_error_code())
}

/// Whether waiting does not help.
fn is_final(error: &KafkaError) -> bool {
    let codes = [Code::Fatal, Code::TopicAuthorizationFailed, Code::Authentication];
    error.rdkafka_error_code().is_some_and(|code| codes.contains(&code))
}

fn gone(topic: &str, partition: i32, error: &KafkaError) -> JournalError {
    JournalError::Damaged(format!(
        "what the log names is not in partition {partition} of {topic} any more: {error}"
    ))
}

fn silent(topic: &str, partition: i32) -> JournalError {
    JournalError::Unreadable(format!("partition {partition} of {topic} does not answer"))
}

pub(super) fn unreadable(error: KafkaError) -> JournalError {
    JournalError::Unreadable(error.to_string())
}
