//! What everything carries that a record brings about: where it came from, and where it takes effect.

use model::admitted::{Admitted, Context, What};
use model::{EventId, EventTime, Position};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::table::Program;

/// Where and when an event happened. A parked one keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) program: Program,
    pub(crate) context: Arc<Context>,
    pub(crate) event_id: EventId,
    pub(crate) occurred_at: EventTime,
}

/// Where in the log something takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) position: Position,
    /// The log clock, this record included.
    pub(crate) clock: EventTime,
}

impl Arrival {
    /// Something that this event brings about at a moment.
    pub(crate) fn brings(&self, moment: Moment, what: What) -> Admitted {
        Admitted {
            position: moment.position,
            clock: moment.clock,
            occurred_at: self.occurred_at,
            event_id: self.event_id.clone(),
            context: Arc::clone(&self.context),
            what,
        }
    }
}
