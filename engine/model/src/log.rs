//! The log: everything that can change a verdict, one record after another.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;
use crate::{Event, EventTime, Market, ProgramId, Span, Text};

/// A record's place in its lane's log, counted from 0 without gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One record of the log.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its place.
    pub position: Position,
    /// When the log received it (`ingested_at`, append time, receipt); foreign files have none.
    pub stamp: Option<EventTime>,
    /// The bytes as they arrived: what a dead letter keeps.
    pub raw: Bytes,
    /// What it says.
    pub body: RecordBody,
}

/// What a record says.
#[derive(Debug, Clone)]
pub enum RecordBody {
    /// Something happened in the world.
    Event(Box<Event>),
    /// The bytes are not an event: they go to the dead letters.
    Undecodable(Refusal),
    /// Something happened to the engine.
    Control(Control),
}

/// A record that steers the engine. It takes effect at its position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Control {
    /// The first record of every log.
    Genesis(Box<Genesis>),
    /// Time has passed without events.
    Tick(EventTime),
    /// Another ruleset applies from here; its sources are in the archive under this hash.
    Ruleset(Text),
    /// Another `semantics` number applies from here.
    Upgrade(u32),
}

/// What is fixed for the life of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Genesis {
    /// The program of events that name none.
    pub default_program: ProgramId,
    /// The market of events that name none.
    pub default_market: Market,
    /// Timers fire on this grid of the log clock.
    pub sweep_grid: Span,
    /// How far ahead of its stamp an event may be.
    pub allowed_skew: Span,
    /// How long clicks are remembered for deduplication; an older one is refused.
    pub dedup_horizon: Span,
    /// How long a record waits for what it refers to.
    pub park_for: Span,
    /// Buckets creators into canaries, and keys the ids of group holds: a secret of the lane.
    pub canary_key: u64,
    /// How completeness of feeds is known.
    pub feeds: Feeds,
    /// See [`crate::SEMANTICS`].
    pub semantics: u32,
    /// The hash of the first ruleset.
    pub ruleset: Text,
}

impl Genesis {
    /// The defaults of DESIGN: one-minute sweeps, 5 minutes of skew, 7 days of memory.
    pub fn standard(ruleset: Text) -> Genesis {
        Genesis {
            default_program: ProgramId::new("main").expect("a valid id"),
            default_market: Market::new("main").expect("a valid id"),
            sweep_grid: Span::from_mins(1),
            allowed_skew: Span::from_mins(5),
            dedup_horizon: Span::from_days(7),
            park_for: Span::from_days(7),
            canary_key: 0,
            feeds: Feeds::CompleteToClock,
            semantics: crate::SEMANTICS,
            ruleset,
        }
    }
}

/// How the engine knows that a feed has told everything up to a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Feeds {
    /// A replay of files sorted by time: complete up to the log clock.
    CompleteToClock,
    /// Live feeds: complete up to their feed marks.
    Marked,
}
