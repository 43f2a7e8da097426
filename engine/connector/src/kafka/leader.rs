//! The writing side of a lane on Kafka: a producer with the lane's name. There is one in the world; whoever takes the
//! name fences the one before, whose writing fails from then on.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use runtime::{JournalError, Stopwatch};
use std::time::Duration;

use super::brokers::{Brokers, Unreachable};
use super::layout::LaneName;

/// How long a poll waits for the brokers: they answer sooner.
const POLL: Duration = Duration::from_millis(1);

/// A record to be written.
pub(super) struct Outgoing {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Vec<u8>,
    pub(super) headers: OwnedHeaders,
}

/// The producer that leads.
pub(super) struct Leader {
    producer: BaseProducer,
    patience: Duration,
}

impl Leader {
    /// Takes the lane's name. What the one before had not committed is undone when this returns.
    pub(super) fn take(brokers: &Brokers, lane: &LaneName) -> Result<Leader, Unreachable> {
        let producer = brokers.producer(&format!("tidegate-{lane}"))?;
        producer.init_transactions(brokers.patience).map_err(|error| brokers.unreachable(error))?;
        Ok(Leader { producer, patience: brokers.patience })
    }

    /// Writes records, all or none.
    ///
    /// # Errors
    /// When another one leads, or it cannot be told whether they are there: whoever starts again finds out.
    pub(super) fn write(&self, records: &[Outgoing]) -> Result<(), JournalError> {
        self.producer.begin_transaction().map_err(deposed)?;
        for record in records {
            self.send(record)?;
        }
        // Delivery reports have to be asked for: a commit that waits for them itself looks every 100 ms only.
        let watch = Stopwatch::start();
        while self.producer.in_flight_count() > 0 && watch.elapsed() < self.patience {
            self.producer.poll(POLL);
        }
        self.commit(&watch)
    }

    fn send(&self, outgoing: &Outgoing) -> Result<(), JournalError> {
        let Outgoing { topic, partition, key, value, headers } = outgoing;
        let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(*partition);
        record = record.payload(value).headers(headers.clone());
        if let Some(key) = key {
            record = record.key(key);
        }
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), again)) => record = again,
                Err((error, _)) => return Err(deposed(error)),
            }
            self.producer.poll(POLL);
        }
    }

    fn commit(&self, watch: &Stopwatch) -> Result<(), JournalError> {
        loop {
            match self.producer.commit_transaction(self.patience) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(error))
                    if error.is_retriable() && watch.elapsed() < self.patience => {}
                Err(error) => return Err(deposed(error)),
            }
        }
    }
}

fn deposed(error: KafkaError) -> JournalError {
    JournalError::Deposed(error.to_string())
}
