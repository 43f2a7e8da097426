//! How long records wait: from their receipt until they are durable, decided, and what was decided is permanent. One
//! observation for each group commit, of the records in it that waited longest: an event waits no longer.

use metrics::Histogram;
use model::Position;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::clock::Stopwatch;
use crate::service::limit::TIMED_GROUPS_MAX;
use crate::telemetry;

/// A group of records on its way.
#[derive(Debug, Clone, Copy)]
struct Group {
    last: Position,
    received: Stopwatch,
}

/// Groups on their way, in order.
#[derive(Default)]
struct OnTheirWay {
    undecided: VecDeque<Group>,
    unpublished: VecDeque<Group>,
}

/// Groups of records on their way.
pub(crate) struct Arrivals {
    on_their_way: Mutex<OnTheirWay>,
    durable: Histogram,
    decided: Histogram,
    published: Histogram,
}

impl Arrivals {
    pub(crate) fn new() -> Arrivals {
        let stage = |name: &str| telemetry::LATENCY.histogram(&[name]);
        Arrivals {
            on_their_way: Mutex::default(),
            durable: stage("durable"),
            decided: stage("decided"),
            published: stage("published"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, OnTheirWay> {
        self.on_their_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group is durable, up to this position; the first of its records was received then. Of more groups than
    /// may be timed at once the latest are not.
    pub(crate) fn durable(&self, last: Position, received: Stopwatch) {
        self.durable.record(received.elapsed().as_secs_f64());
        let mut groups = self.lock();
        if groups.undecided.len() < TIMED_GROUPS_MAX {
            groups.undecided.push_back(Group { last, received });
        }
    }

    /// Everything up to this position is decided.
    pub(crate) fn decided(&self, through: Position) {
        let mut groups = self.lock();
        while let Some(group) = groups.undecided.pop_front_if(|group| group.last <= through) {
            self.decided.record(group.received.elapsed().as_secs_f64());
            groups.unpublished.push_back(group);
        }
    }

    /// What was decided up to this position is permanent.
    pub(crate) fn published(&self, through: Position) {
        let mut groups = self.lock();
        while let Some(group) = groups.unpublished.pop_front_if(|group| group.last <= through) {
            self.published.record(group.received.elapsed().as_secs_f64());
        }
    }
}
