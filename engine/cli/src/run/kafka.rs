//! A lane on Kafka: it waits until the brokers answer, takes the lead, and is fed from the inputs.

use connector::kafka::{Brokers, Feed, KafkaJournal, StandError, stand};
use connector::store::Store;
use runtime::JournalError;
use runtime::service::Lane;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::{error, info, warn};

use super::log;
use crate::config::Kafka;
use crate::failure::Failure;

/// How long to wait before the brokers are asked again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(500);
const RETRY_MAX: Duration = Duration::from_secs(15);
/// How long they may be silent at first before that is told.
const SILENCE: Duration = Duration::from_secs(5);

/// Waits until the topics stand; nothing if it was asked to stop meanwhile.
pub(super) fn wait_for_topics(kafka: &Kafka, stop: &AtomicBool) -> Result<Option<()>, Failure> {
    let mut wait = RETRY_FIRST;
    let brokers = Brokers { patience: SILENCE, ..kafka.brokers.clone() };
    while !stop.load(Ordering::Relaxed) {
        match stand(&brokers, &kafka.layout, kafka.missing) {
            Ok(created) => {
                created.iter().for_each(|topic| info!(topic, "created"));
                return Ok(Some(()));
            }
            Err(flawed @ StandError::Flawed(_)) => return Err(Failure::usage(flawed.to_string())),
            Err(StandError::Unreachable(unreachable)) => {
                warn!(again_in_ms = wait.as_millis(), "{unreachable}");
                std::thread::sleep(wait);
                wait = (wait * 2).min(RETRY_MAX);
            }
        }
    }
    Ok(None)
}

/// Takes the lead, and brings the store to where the log ends.
pub(super) fn lead(store: Store, kafka: &Kafka) -> Result<KafkaJournal, Failure> {
    info!(lane = %kafka.layout.lane, servers = kafka.brokers.servers, "taking the lead");
    KafkaJournal::lead(store, &kafka.brokers, &kafka.layout, &mut log::progress).map_err(unusable)
}

/// What is to go into the lane.
pub(super) fn feed(journal: &KafkaJournal, kafka: &Kafka) -> Result<Feed, Failure> {
    Feed::open(&kafka.brokers, journal.sources()).map_err(unusable)
}

/// Feeds on a thread of its own until it is told to stop. Where it cannot go on, everything stops.
pub(super) fn start(
    feed: Feed,
    lane: Arc<dyn Lane>,
    stop: Arc<AtomicBool>,
) -> Result<JoinHandle<Result<(), JournalError>>, Failure> {
    let thread = std::thread::Builder::new().name("tidegate-feed".to_owned());
    let started = thread.spawn(move || {
        // However it ends: a lane that nobody feeds must not look as if nothing came.
        let _ends = StopsAll(Arc::clone(&stop));
        let mut last = String::new();
        let fed = feed.run(&lane, &stop, &mut |what| {
            if what != last {
                warn!("the inputs: {what}");
                what.clone_into(&mut last);
            }
        });
        if let Err(why) = &fed {
            error!("the inputs: {why}");
        }
        fed
    });
    started.map_err(|error| Failure::usage(format!("a thread cannot be started: {error}")))
}

/// Stops everything when it is dropped.
struct StopsAll(Arc<AtomicBool>);

impl Drop for StopsAll {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Waits until it has ended.
pub(super) fn join(feed: JoinHandle<Result<(), JournalError>>) -> Result<(), Failure> {
    let panicked = || Err(JournalError::Damaged("the thread that feeds the lane has panicked".into()));
    feed.join().unwrap_or_else(|_| panicked()).map_err(unusable)
}

fn unusable(error: JournalError) -> Failure {
    Failure::unreadable(error.to_string())
}
