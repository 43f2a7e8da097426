//! The topics of a lane and what each must be: a pure function of its layout.

use model::Span;
use model::event::Kind;
use model::limit::EVENT_BYTES_MAX;
use std::fmt;

use super::need::{Need, Value};

/// Longest name of a lane, in bytes: the names of its topics have to fit Kafka's 249.
pub const LANE_NAME_BYTES_MAX: usize = 200;
/// Largest record that a topic must take, in bytes: an event, or what was made of one, with its key and headers.
pub const RECORD_BYTES_MAX: u64 = EVENT_BYTES_MAX as u64 + (128 << 10);
/// Largest archive of a ruleset, in bytes.
pub const RULESET_BYTES_MAX: u64 = 8 << 20;

/// What a lane is called: letters, digits, `.`, `_` and `-`, as Kafka wants it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneName(String);

impl LaneName {
    /// A name, if it can be the beginning of a topic's.
    pub fn parse(name: &str) -> Option<LaneName> {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
        let is_one = (1..=LANE_NAME_BYTES_MAX).contains(&name.len()) && name.chars().all(allowed);
        is_one.then(|| LaneName(name.to_owned()))
    }
}

impl fmt::Display for LaneName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a lane lies on Kafka. Partition counts are fixed when it begins.
#[derive(Debug, Clone)]
pub struct Layout {
    /// What the names of its topics begin with.
    pub lane: LaneName,
    /// Partitions of each topic of clicks, orders, their status and refunds.
    pub event_partitions: u16,
    /// Partitions of verdicts, and of explanations.
    pub verdict_partitions: u16,
    /// Copies of each partition; a record is acknowledged when most of them have it.
    pub copies: u16,
    /// For how long inputs and outputs must be there at least: ten snapshot intervals or more.
    pub retention: Span,
}

/// What a topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Events of a kind. Each kind has its own, so that who may write it can be said.
    Input(Kind),
    /// Records of an input that were refused.
    DeadLetters(Kind),
    /// The log: which records of the inputs, in which order.
    Manifests,
    /// What was decided.
    Verdicts,
    /// What rules said, in their words: for fewer eyes than verdicts.
    Explanations,
    /// Archives of rulesets by their hash.
    Rulesets,
}

/// A topic of a lane, and what it must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// What it is for.
    pub role: Role,
    /// As Kafka knows it.
    pub name: String,
    /// So many, neither fewer nor more.
    pub partitions: u16,
    /// Copies of each partition, at least.
    pub copies: u16,
    pub(crate) needs: Vec<Need>,
}

impl Layout {
    /// All topics of the lane, by role.
    pub fn topics(&self) -> Vec<Topic> {
        let inputs = Kind::ALL.iter().map(|kind| Role::Input(*kind));
        let dead_letters = Kind::ALL.iter().map(|kind| Role::DeadLetters(*kind));
        let others = [Role::Manifests, Role::Verdicts, Role::Explanations, Role::Rulesets];
        inputs.chain(dead_letters).chain(others).map(|role| self.topic(role)).collect()
    }

    /// What the topic for something is called.
    pub(super) fn name(&self, role: Role) -> String {
        format!("{}.{}", self.lane, role.name())
    }

    /// The topic for something.
    pub fn topic(&self, role: Role) -> Topic {
        let in_sync = u64::from(self.copies / 2 + 1);
        let needs = ALWAYS.iter().cloned().chain([
            Need {
                name: "min.insync.replicas",
                value: Value::AtLeast(in_sync),
                why: "a record that fewer have can be lost",
            },
            Need {
                name: "max.message.bytes",
                value: Value::AtLeast(role.record_bytes_max()),
                why: "a record may be as large as that",
            },
        ]);
        Topic {
            role,
            name: self.name(role),
            partitions: self.partitions(role),
            copies: self.copies,
            needs: needs.chain(self.keeping(role)).collect(),
        }
    }

    fn partitions(&self, role: Role) -> u16 {
        match role {
            Role::Input(Kind::Click | Kind::Order | Kind::OrderStatus | Kind::Refund) => {
                self.event_partitions
            }
            Role::Verdicts | Role::Explanations => self.verdict_partitions,
            // Few, or one after the other by their nature.
            Role::Input(
                Kind::Plan
                | Kind::Creator
                | Kind::PayoutRun
                | Kind::Review
                | Kind::Obligation
                | Kind::FeedMark,
            )
            | Role::DeadLetters(_)
            | Role::Manifests
            | Role::Rulesets => 1,
        }
    }

    /// How long it has to keep what.
    fn keeping(&self, role: Role) -> Vec<Need> {
        let least = Value::AtLeastOrUnlimited(self.retention.as_ms().unsigned_abs());
        match role {
            Role::Input(_) => kept(least, "a restart reads it again from the snapshot on"),
            Role::DeadLetters(_) | Role::Verdicts | Role::Explanations => {
                kept(least, "a restart reads back what it has written")
            }
            Role::Manifests => kept(Value::Unlimited, "it is the log"),
            Role::Rulesets => vec![Need {
                name: "cleanup.policy",
                value: Value::Exactly("compact"),
                why: "the log names rulesets for ever, and each has a key of its own",
            }],
        }
    }
}

/// Nothing goes before its time, by whatever policy.
fn kept(least: Value, why: &'static str) -> Vec<Need> {
    vec![
        Need {
            name: "cleanup.policy",
            value: Value::Exactly("delete"),
            why: "compaction would destroy history",
        },
        Need { name: "retention.ms", value: least, why },
        Need {
            name: "retention.bytes",
            value: Value::Unlimited,
            why: "a flood would push out what is still needed",
        },
    ]
}

const ALWAYS: [Need; 2] = [
    Need {
        name: "message.timestamp.type",
        value: Value::Exactly("LogAppendTime"),
        why: "inputs are merged by when their records were appended, whatever producers say",
    },
    Need {
        name: "unclean.leader.election.enable",
        value: Value::Exactly("false"),
        why: "a copy that is behind would lose what was acknowledged",
    },
];

/// The topic for records of another one that were refused.
pub(super) fn dead_letters_of(topic: &str) -> String {
    format!("{topic}.dlq")
}

impl Role {
    /// What the name of its topic ends with.
    fn name(self) -> String {
        match self {
            Role::Input(kind) => kind.name().to_owned(),
            Role::DeadLetters(kind) => dead_letters_of(kind.name()),
            Role::Manifests => "manifests".to_owned(),
            Role::Verdicts => "verdicts".to_owned(),
            Role::Explanations => "explanations".to_owned(),
            Role::Rulesets => "rulesets".to_owned(),
        }
    }

    fn record_bytes_max(self) -> u64 {
        match self {
            Role::Rulesets | Role::Manifests => RULESET_BYTES_MAX,
            // What came, and what is wrong with it.
            Role::DeadLetters(_) => 2 * RECORD_BYTES_MAX,
            Role::Input(_) | Role::Verdicts | Role::Explanations => RECORD_BYTES_MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn layout(copies: u16) -> Layout {
        let lane = LaneName::parse(&"x".repeat(LANE_NAME_BYTES_MAX)).unwrap();
        Layout { lane, event_partitions: 6, verdict_partitions: 3, copies, retention: Span::from_days(7) }
    }

    fn needed(topic: &Topic, name: &str) -> Option<Value> {
        topic.needs.iter().find(|need| need.name == name).map(|need| need.value)
    }

    #[test]
    fn every_topic_has_a_name_of_its_own_that_kafka_takes() {
        let topics = layout(3).topics();
        let names: BTreeSet<&str> = topics.iter().map(|topic| topic.name.as_str()).collect();
        assert_eq!(names.len(), topics.len());
        assert!(names.iter().all(|name| name.len() <= 249));
    }

    #[test]
    fn the_log_is_one_partition_and_is_kept_for_ever() {
        let manifests = layout(3).topic(Role::Manifests);
        assert_eq!(manifests.partitions, 1);
        assert_eq!(needed(&manifests, "retention.ms"), Some(Value::Unlimited));
    }

    #[test]
    fn nothing_but_rulesets_may_be_compacted() {
        for topic in layout(3).topics() {
            let policy = if topic.role == Role::Rulesets { "compact" } else { "delete" };
            assert_eq!(needed(&topic, "cleanup.policy"), Some(Value::Exactly(policy)), "{}", topic.name);
        }
    }

    #[test]
    fn most_copies_have_a_record_before_it_is_acknowledged() {
        for (copies, in_sync) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
            let verdicts = layout(copies).topic(Role::Verdicts);
            assert_eq!(needed(&verdicts, "min.insync.replicas"), Some(Value::AtLeast(in_sync)));
        }
    }

    #[test]
    fn a_lane_is_called_what_a_topic_may_be_called() {
        for good in ["a", "shop-eu.1_x"] {
            assert_eq!(LaneName::parse(good).unwrap().to_string(), good);
        }
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(LANE_NAME_BYTES_MAX + 1)] {
            assert_eq!(LaneName::parse(bad), None, "{bad}");
        }
    }
}
