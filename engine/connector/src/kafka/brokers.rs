//! Where a cluster is, and how it is come to.

use rdkafka::ClientContext;
use rdkafka::admin::AdminClient;
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::metadata::Metadata;
use rdkafka::producer::BaseProducer;
use rdkafka::types::RDKafkaErrorCode as Code;
use runtime::JournalError;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::layout::RULESET_BYTES_MAX;

/// How long what the client says of a failure is waited for, when it has failed.
const HEARING_OUT: Duration = Duration::from_millis(100);

/// A cluster, and as whom to come.
#[derive(Clone)]
pub struct Brokers {
    /// `host:port` of some of its brokers, with commas between: the others are learnt from them.
    pub servers: String,
    /// Other properties of the client by the names that librdkafka has for them: `security.protocol`, `sasl.username`.
    pub properties: BTreeMap<String, String>,
    /// How long each answer is waited for.
    pub patience: Duration,
}

/// Properties may be secrets: their values are not shown.
impl fmt::Debug for Brokers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let properties = self.properties.keys();
        f.debug_struct("Brokers").field("servers", &self.servers).field("properties", &properties).finish()
    }
}

/// A cluster did not answer: the same may work later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreachable {
    /// Where it should have been.
    pub servers: String,
    /// What the client says.
    pub reason: String,
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kafka at {} does not answer: {}", self.servers, self.reason)
    }
}

impl std::error::Error for Unreachable {}

/// For whoever reads or writes a lane.
impl From<Unreachable> for JournalError {
    fn from(unreachable: Unreachable) -> JournalError {
        JournalError::Unreadable(unreachable.to_string())
    }
}

impl Brokers {
    /// What is there of these topics, in their order. Asking creates none.
    pub(super) fn look<'t>(&self, topics: impl Iterator<Item = &'t str>) -> Result<Vec<Seen>, Unreachable> {
        let consumer: BaseConsumer<Ear> = self.client(|config| config.create_with_context(Ear::default()))?;
        let look = |topic| match consumer.fetch_metadata(Some(topic), self.patience) {
            Ok(metadata) => seen(&metadata).map_err(|code| self.unreachable(code)),
            Err(error) => {
                // What it has to say arrives by itself; nothing is consumed.
                while consumer.poll(HEARING_OUT).is_some() {}
                Err(self.unreachable(consumer.context().heard().unwrap_or_else(|| error.to_string())))
            }
        };
        topics.map(look).collect()
    }

    /// A client that creates and describes.
    pub(super) fn admin(&self) -> Result<AdminClient<DefaultClientContext>, Unreachable> {
        self.client(ClientConfig::create)
    }

    /// A client that reads what is committed, from where it is told to, and says when it has come to an end.
    pub(super) fn consumer(&self) -> Result<BaseConsumer, Unreachable> {
        self.client(|config| {
            let mut config = config.clone();
            // Nobody is a member of it: a client has to have one to be told which partitions to read.
            config.set("group.id", "tidegate").set("enable.auto.commit", "false");
            config.set("isolation.level", "read_committed").set("enable.partition.eof", "true");
            // What is gone is gone: nothing is skipped.
            config.set("auto.offset.reset", "error");
            // Of each partition, and there are many.
            config.set("queued.max.messages.kbytes", "4096");
            // A full queue pauses a partition for so long: with the client's own second most of the time is lost.
            config.set("fetch.queue.backoff.ms", "5").set("fetch.wait.max.ms", "50");
            config.set("allow.auto.create.topics", "false");
            config.create()
        })
    }

    /// A client that writes in transactions under a name; whoever had that name before cannot any more.
    pub(super) fn producer(&self, name: &str) -> Result<BaseProducer, Unreachable> {
        self.client(|config| {
            let mut config = config.clone();
            config.set("transactional.id", name).set("acks", "all").set("enable.idempotence", "true");
            config.set("compression.type", "zstd").set("linger.ms", "0");
            config.set("message.max.bytes", (2 * RULESET_BYTES_MAX).to_string());
            config.create()
        })
    }

    /// Why it could not be asked.
    pub(super) fn unreachable(&self, reason: impl fmt::Display) -> Unreachable {
        Unreachable { servers: self.servers.clone(), reason: reason.to_string() }
    }

    fn client<C>(&self, create: impl FnOnce(&ClientConfig) -> KafkaResult<C>) -> Result<C, Unreachable> {
        let mut config = ClientConfig::new();
        config.extend(self.properties.clone());
        config.set("bootstrap.servers", &self.servers);
        create(&config).map_err(|error| self.unreachable(error))
    }
}

/// What is seen of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// There is none.
    Nothing,
    /// Whoever we are may not see it, if it is there.
    Hidden,
    /// It is there.
    Topic {
        partitions: usize,
        /// Of the partition that has fewest.
        copies: usize,
    },
}

/// What metadata of a single topic say, or why they say nothing.
fn seen(metadata: &Metadata) -> Result<Seen, Code> {
    let Some(topic) = metadata.topics().first() else { return Ok(Seen::Nothing) };
    match topic.error().map(Code::from) {
        // A leader is chosen a moment after a topic is created.
        None | Some(Code::LeaderNotAvailable) => {
            let copies = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
            Ok(Seen::Topic { partitions: topic.partitions().len(), copies: copies.unwrap_or_default() })
        }
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(Seen::Nothing),
        Some(Code::TopicAuthorizationFailed) => Ok(Seen::Hidden),
        Some(code) => Err(code),
    }
}

/// Remembers what the client said last, which tells more than the error that it returns.
#[derive(Default)]
struct Ear(Mutex<Option<String>>);

impl Ear {
    fn heard(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Ear {
    fn error(&self, error: KafkaError, reason: &str) {
        let is_summary = error == KafkaError::Global(Code::AllBrokersDown);
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // "All brokers are down" says less than why one of them is.
        if !is_summary || heard.is_none() {
            *heard = Some(reason.to_owned());
        }
    }
}

impl ConsumerContext for Ear {}
