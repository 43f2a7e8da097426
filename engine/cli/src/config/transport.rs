//! The table `[transport]`: where the events of `tidegate run` come from, and where verdicts go. Only tidegate.toml says
//! it: what a lane stands on belongs into a file that is kept.

use connector::kafka::{Brokers, LaneName, Layout, Missing};
use model::Span;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::Value;

use crate::failure::Failure;
use crate::origin::Origin;

/// Every key of the table.
pub(super) const KEYS: [&str; 9] = [
    "kind",
    "servers",
    "lane",
    "event_partitions",
    "verdict_partitions",
    "copies",
    "retention_days",
    "create_topics",
    "properties",
];

/// How long an answer of the brokers is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
const EVENT_PARTITIONS: u16 = 6;
const VERDICT_PARTITIONS: u16 = 6;
const COPIES: u16 = 3;
const RETENTION_DAYS: u16 = 7;

/// What it stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Embedded,
    Kafka,
}

/// The table as written.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Written {
    kind: Option<Kind>,
    servers: Option<String>,
    lane: Option<String>,
    event_partitions: Option<u16>,
    verdict_partitions: Option<u16>,
    copies: Option<u16>,
    retention_days: Option<u16>,
    create_topics: Option<bool>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

/// What a lane stands on.
#[derive(Debug, Clone)]
pub(crate) enum Transport {
    /// Events come over HTTP, and everything is in the lane's folder.
    Embedded,
    /// Events and verdicts are on topics.
    Kafka(Box<Kafka>),
}

/// A lane on Kafka.
#[derive(Debug, Clone)]
pub(crate) struct Kafka {
    /// The cluster.
    pub brokers: Brokers,
    /// The lane's topics.
    pub layout: Layout,
    /// What to do about those that are not there.
    pub missing: Missing,
}

impl Transport {
    /// What the file says.
    pub(super) fn resolve(mut written: Written) -> Result<Transport, Failure> {
        if written.kind.take().unwrap_or_default() == Kind::Embedded {
            return if written == Written::default() {
                Ok(Transport::Embedded)
            } else {
                Err(wrong("kind", "is embedded, and the other keys are for `kind = \"kafka\"`"))
            };
        }
        let servers = written.servers.filter(|servers| !servers.is_empty());
        let servers = servers.ok_or_else(|| wrong("servers", "is missing: host:port of some brokers"))?;
        let name = written.lane.unwrap_or_else(|| "tidegate".into());
        let lane = LaneName::parse(&name);
        let lane = lane.ok_or_else(|| wrong("lane", "is at most 200 letters, digits, `.`, `_` and `-`"))?;
        let layout = Layout {
            lane,
            event_partitions: at_least_one("event_partitions", written.event_partitions, EVENT_PARTITIONS)?,
            verdict_partitions: at_least_one(
                "verdict_partitions",
                written.verdict_partitions,
                VERDICT_PARTITIONS,
            )?,
            copies: at_least_one("copies", written.copies, COPIES)?,
            retention: Span::from_days(
                at_least_one("retention_days", written.retention_days, RETENTION_DAYS)?.into(),
            ),
        };
        let missing = if written.create_topics.unwrap_or(false) { Missing::Create } else { Missing::Refuse };
        let brokers = Brokers { servers, properties: written.properties, patience: PATIENCE };
        Ok(Transport::Kafka(Box::new(Kafka { brokers, layout, missing })))
    }

    /// The settings by key, as tidegate.toml writes them, with where each is from. Properties may be secrets, and are
    /// not shown.
    pub(super) fn values(&self) -> Vec<(&'static str, Option<Value>, Origin)> {
        let text = |text: &dyn std::fmt::Display| Some(Value::String(text.to_string()));
        let whole = |count: u16| Some(Value::Integer(count.into()));
        match self {
            Transport::Embedded => vec![("kind", text(&"embedded"), Origin::Default)],
            Transport::Kafka(kafka) => {
                let Kafka { brokers, layout, missing } = &**kafka;
                let values = [
                    ("kind", text(&"kafka")),
                    ("servers", text(&brokers.servers)),
                    ("lane", text(&layout.lane)),
                    ("event_partitions", whole(layout.event_partitions)),
                    ("verdict_partitions", whole(layout.verdict_partitions)),
                    ("copies", whole(layout.copies)),
                    (
                        "retention_days",
                        Some(Value::Integer(layout.retention.as_ms() / Span::from_days(1).as_ms())),
                    ),
                    ("create_topics", Some(Value::Boolean(*missing == Missing::Create))),
                ];
                values.into_iter().map(|(key, value)| (key, value, Origin::File)).collect()
            }
        }
    }
}

fn at_least_one(key: &str, written: Option<u16>, default: u16) -> Result<u16, Failure> {
    match written.unwrap_or(default) {
        0 => Err(wrong(key, "must be at least 1")),
        count => Ok(count),
    }
}

fn wrong(key: &str, what: &str) -> Failure {
    Failure::usage(format!("`transport.{key}` {what}"))
}
