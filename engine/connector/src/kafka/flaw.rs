//! What is wrong with a topic, and what to do about it.

use std::fmt;

use super::layout::Topic;
use super::need::Need;

/// Something that is wrong with a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// The topic's name.
    pub topic: String,
    /// What is wrong.
    pub what: What,
}

/// What is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is not there, and may not be created by us; with this it can be.
    Missing(String),
    /// It is not there, and whoever we are is not allowed to create it; with this it can be.
    NotAllowedToCreate(String),
    /// It could not be created.
    NotCreated(String),
    /// Whoever we are is not allowed to see what it is like.
    NotAllowedToSee,
    /// It has another number of partitions.
    Partitions {
        /// So many.
        found: usize,
        /// Instead of so many.
        needed: u16,
    },
    /// A partition has too few copies.
    Copies {
        /// So many.
        found: usize,
        /// Instead of so many.
        needed: u16,
    },
    /// A setting has another value.
    Setting {
        /// As Kafka calls it.
        name: &'static str,
        /// Its value.
        found: String,
        /// Values that will do, for people.
        needed: String,
        /// What would go wrong.
        why: &'static str,
    },
}

impl What {
    /// A setting that does not do.
    pub(super) fn setting(need: &Need, found: &str) -> What {
        What::Setting { name: need.name, found: found.to_owned(), needed: need.spoken(), why: need.why }
    }
}

impl Flaw {
    /// Whether a topic can look like that just after it was created.
    pub(super) fn may_pass(&self) -> bool {
        match &self.what {
            What::Missing(_) | What::NotAllowedToSee | What::Partitions { found: 0, .. } => true,
            What::NotAllowedToCreate(_)
            | What::NotCreated(_)
            | What::Partitions { .. }
            | What::Copies { .. }
            | What::Setting { .. } => false,
        }
    }
}

impl Topic {
    /// That something is wrong with it.
    pub(super) fn flaw(&self, what: What) -> Flaw {
        Flaw { topic: self.name.clone(), what }
    }

    /// What it is to be created with, as arguments of Kafka's own `kafka-topics`.
    pub(super) fn order(&self) -> String {
        let begin = format!("--partitions {} --replication-factor {}", self.partitions, self.copies);
        let settings = self.needs.iter().map(|need| format!(" --config {}={}", need.name, need.initial()));
        std::iter::once(begin).chain(settings).collect()
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Flaw { topic, what } = self;
        match what {
            What::Missing(order) => {
                write!(
                    f,
                    "the topic {topic} is missing; create it with {order}, or let tidegate create topics"
                )
            }
            What::NotAllowedToCreate(order) => write!(
                f,
                "the topic {topic} is missing, and this user may not create it; allow Create, or create it with {order}"
            ),
            What::NotCreated(reason) => write!(f, "the topic {topic} could not be created: {reason}"),
            What::NotAllowedToSee => {
                write!(f, "this user may not see the topic {topic}; allow Describe and DescribeConfigs")
            }
            What::Partitions { found, needed } => write!(
                f,
                "the topic {topic} has {found} partitions and needs {needed}; their number is fixed when a lane begins"
            ),
            What::Copies { found, needed } => write!(
                f,
                "the topic {topic} has a partition with {found} of the {needed} copies that it needs; reassign it to \
                 more brokers"
            ),
            What::Setting { name, found, needed, why } => {
                write!(f, "the topic {topic} has {name}={found} and needs {needed}: {why}")
            }
        }
    }
}
