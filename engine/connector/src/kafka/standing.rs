//! Makes the topics of a lane stand as they must.

use futures_executor::block_on;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::types::RDKafkaErrorCode as Code;
use std::fmt;
use std::time::Duration;

use super::brokers::{Brokers, Seen, Unreachable};
use super::flaw::{Flaw, What};
use super::layout::{Layout, Topic};
use super::need::Need;

/// What another instance creates is looked for so often, after so long each time.
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

type Admin = AdminClient<DefaultClientContext>;

/// What to do about topics that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Create them.
    Create,
    /// Say so.
    Refuse,
}

/// Why the topics of a lane do not stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StandError {
    /// The cluster does not answer: the same may work later.
    Unreachable(Unreachable),
    /// Something is wrong with topics: all of it, by topic.
    Flawed(Vec<Flaw>),
}

impl fmt::Display for StandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StandError::Unreachable(unreachable) => unreachable.fmt(f),
            StandError::Flawed(flaws) => {
                let lines: Vec<String> = flaws.iter().map(Flaw::to_string).collect();
                f.write_str(&lines.join("\n"))
            }
        }
    }
}

impl std::error::Error for StandError {}

impl From<Unreachable> for StandError {
    fn from(unreachable: Unreachable) -> StandError {
        StandError::Unreachable(unreachable)
    }
}

/// Sees to it that every topic of a lane is there and is as it must be. Gives the names of those that it created; what
/// is there already is never changed. Nothing is created while something else is wrong.
///
/// # Errors
/// When the cluster does not answer, or with all that is wrong.
pub fn stand(brokers: &Brokers, layout: &Layout, missing: Missing) -> Result<Vec<String>, StandError> {
    let topics = layout.topics();
    let seen = brokers.look(topics.iter().map(|topic| topic.name.as_str()))?;
    let admin = brokers.admin()?;
    let (absent, present): (Vec<_>, Vec<_>) =
        topics.iter().zip(seen).partition(|(_, seen)| matches!(seen, Seen::Nothing));
    let absent: Vec<&Topic> = absent.into_iter().map(|(topic, _)| topic).collect();
    let flaws = flaws(brokers, &admin, &present)?;
    match missing {
        Missing::Refuse => {
            let absent = absent.iter().map(|topic| topic.flaw(What::Missing(topic.order())));
            whole(flaws.into_iter().chain(absent).collect()).map(|()| Vec::new())
        }
        Missing::Create => {
            whole(flaws)?;
            let (created, others) = create(brokers, &admin, &absent)?;
            match others {
                Others::CreatedSome => settled(brokers, layout).map(|()| created),
                Others::Idle => Ok(created),
            }
        }
    }
}

/// Another instance was quicker with some topics: it wants the same, or it does not. Brokers hear of them in time.
fn settled(brokers: &Brokers, layout: &Layout) -> Result<(), StandError> {
    let mut stands = stand(brokers, layout, Missing::Refuse);
    for _ in 0..TRIES {
        match &stands {
            Err(StandError::Flawed(flaws)) if flaws.iter().any(Flaw::may_pass) => {
                std::thread::sleep(PAUSE);
                stands = stand(brokers, layout, Missing::Refuse);
            }
            Ok(_) | Err(StandError::Flawed(_) | StandError::Unreachable(_)) => break,
        }
    }
    stands.map(drop)
}

fn whole(flaws: Vec<Flaw>) -> Result<(), StandError> {
    if flaws.is_empty() { Ok(()) } else { Err(StandError::Flawed(flaws)) }
}

/// What is wrong with topics of which something is seen.
fn flaws(brokers: &Brokers, admin: &Admin, present: &[(&Topic, Seen)]) -> Result<Vec<Flaw>, Unreachable> {
    let settings = settings(brokers, admin, present.iter().map(|(topic, _)| topic.name.as_str()))?;
    let flaws = present.iter().zip(&settings).flat_map(|((topic, seen), settings)| {
        let wrong = match *seen {
            // Whoever may not see the settings gets none.
            Seen::Topic { .. } if settings.entries.is_empty() => vec![What::NotAllowedToSee],
            Seen::Topic { partitions, copies } => {
                [shape(topic, partitions, copies), unmet(topic, settings)].concat()
            }
            Seen::Hidden => vec![What::NotAllowedToSee],
            Seen::Nothing => Vec::new(),
        };
        wrong.into_iter().map(|what| topic.flaw(what))
    });
    Ok(flaws.collect())
}

/// The settings of topics, in their order.
fn settings<'t>(
    brokers: &Brokers,
    admin: &Admin,
    topics: impl Iterator<Item = &'t str>,
) -> Result<Vec<ConfigResource>, Unreachable> {
    let asked: Vec<ResourceSpecifier<'_>> = topics.map(ResourceSpecifier::Topic).collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let answers = block_on(admin.describe_configs(&asked, &options(brokers)));
    let answers = answers.map_err(|error| brokers.unreachable(error))?;
    answers.into_iter().map(|answer| answer.map_err(|code| brokers.unreachable(code))).collect()
}

fn shape(topic: &Topic, partitions: usize, copies: usize) -> Vec<What> {
    let wrong_partitions = (partitions != usize::from(topic.partitions))
        .then_some(What::Partitions { found: partitions, needed: topic.partitions });
    let wrong_copies =
        (copies < usize::from(topic.copies)).then_some(What::Copies { found: copies, needed: topic.copies });
    wrong_partitions.into_iter().chain(wrong_copies).collect()
}

fn unmet(topic: &Topic, settings: &ConfigResource) -> Vec<What> {
    let unmet = topic.needs.iter().filter_map(|need| {
        let value = settings.get(need.name).and_then(|entry| entry.value.as_deref()).unwrap_or_default();
        (!need.is_met_by(value)).then(|| What::setting(need, value))
    });
    unmet.collect()
}

/// Whether another instance creates topics of the lane at the same time.
enum Others {
    Idle,
    CreatedSome,
}

fn create(brokers: &Brokers, admin: &Admin, absent: &[&Topic]) -> Result<(Vec<String>, Others), StandError> {
    let values: Vec<Vec<String>> = absent.iter().map(|topic| initial(topic)).collect();
    let orders: Vec<NewTopic<'_>> =
        absent.iter().zip(&values).map(|(topic, values)| order(topic, values)).collect();
    if orders.is_empty() {
        return Ok((Vec::new(), Others::Idle));
    }
    let answers = block_on(admin.create_topics(&orders, &options(brokers)));
    let answers = answers.map_err(|error| brokers.unreachable(error))?;
    let (mut created, mut flaws, mut others) = (Vec::new(), Vec::new(), Others::Idle);
    for (topic, answer) in absent.iter().zip(answers) {
        match answer {
            Ok(name) => created.push(name),
            Err((_, Code::TopicAlreadyExists)) => others = Others::CreatedSome,
            Err((_, Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed)) => {
                flaws.push(topic.flaw(What::NotAllowedToCreate(topic.order())));
            }
            Err((_, code)) => flaws.push(topic.flaw(What::NotCreated(code.to_string()))),
        }
    }
    whole(flaws).map(|()| (created, others))
}

fn initial(topic: &Topic) -> Vec<String> {
    topic.needs.iter().map(Need::initial).collect()
}

fn order<'t>(topic: &'t Topic, values: &'t [String]) -> NewTopic<'t> {
    let copies = TopicReplication::Fixed(i32::from(topic.copies));
    let order = NewTopic::new(&topic.name, i32::from(topic.partitions), copies);
    topic.needs.iter().zip(values).fold(order, |order, (need, value)| order.set(need.name, value))
}

fn options(brokers: &Brokers) -> AdminOptions {
    let patience = Some(brokers.patience);
    AdminOptions::new().request_timeout(patience).operation_timeout(patience)
}
