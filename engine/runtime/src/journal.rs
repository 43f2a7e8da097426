//! The permanent memory of a lane: what a service is given, and what it gives back after a crash.
//!
//! One writer commits groups: records that were appended to the log, with their manifest, and what was decided of
//! earlier ones. A group is there whole or not at all. Any number of readers see what was committed.

use decider::{Effects, Explanation, Row};
use model::log::Control;
use model::refusal::DeadLetter;
use model::{EventTime, Position, Record, Text, Verdict};
use std::fmt;

use crate::manifest::Manifest;
use crate::row_block::RowBlock;

/// Where the permanent memory ends.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The last manifest; none before the first record.
    pub manifest: Option<Manifest>,
    /// The latest stamp: no later record has an earlier one.
    pub stamp: Option<EventTime>,
    /// Outputs are committed through this position.
    pub decided: Option<Position>,
    /// Verdicts committed, which is the sequence of the last one.
    pub verdicts: u64,
}

impl Head {
    /// The position of the next record.
    pub fn next(&self) -> Position {
        Manifest::next(self.manifest.as_ref())
    }

    /// Records that are permanent and not yet decided.
    pub fn undecided(&self) -> u64 {
        undecided(self.next(), self.decided)
    }
}

/// Records before `next` that are not decided. There is nothing to decide about genesis.
pub(crate) fn undecided(next: Position, decided: Option<Position>) -> u64 {
    next.0.saturating_sub(decided.map_or(1, |decided| decided.0 + 1))
}

/// What was decided of a stretch of the log.
#[derive(Debug)]
pub struct Decided {
    /// Everything up to here has been decided.
    pub through: Position,
    /// The log clock there.
    pub clock: Option<EventTime>,
    /// In the order in which they were taken.
    pub verdicts: Vec<Verdict>,
    /// Records that were refused.
    pub dead_letters: Vec<DeadLetter>,
    /// What rules said, in their words.
    pub explanations: Vec<Explanation>,
    /// What was measured; nothing may have been.
    pub rows: Option<RowBlock>,
}

impl Decided {
    /// What left the decider, as it is committed.
    pub fn of(through: Position, clock: Option<EventTime>, effects: Effects) -> Decided {
        Decided {
            through,
            clock,
            verdicts: effects.verdicts,
            dead_letters: effects.dead_letters,
            explanations: effects.explanations,
            rows: RowBlock::pack(&effects.rows),
        }
    }
}

/// Why the permanent memory could not be written or read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalError {
    /// It cannot be written now (no room, no permission, a failing disk): the same may work later.
    Unwritable(String),
    /// It cannot be read now: the same may work later.
    Unreadable(String),
    /// What is stored is not what was written: nothing may be decided on it.
    Damaged(String),
    /// Another one writes it now, or it cannot be told whether what was being written is there: whoever starts again
    /// finds out.
    Deposed(String),
    /// The question makes no sense: another one will be answered.
    Unanswerable {
        /// Of what was asked, the part that is wrong.
        parameter: &'static str,
        /// What is wrong with it.
        what: String,
    },
}

impl JournalError {
    /// Whether nothing more may be decided or written by this instance: trying again does not help, or does harm.
    pub fn is_final(&self) -> bool {
        match self {
            JournalError::Damaged(_) | JournalError::Deposed(_) => true,
            JournalError::Unwritable(_) | JournalError::Unreadable(_) | JournalError::Unanswerable { .. } => {
                false
            }
        }
    }
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JournalError::Unwritable(what) => write!(f, "the store cannot be written: {what}"),
            JournalError::Unreadable(what) => write!(f, "the store cannot be read: {what}"),
            JournalError::Damaged(what) => write!(f, "the store is damaged: {what}"),
            JournalError::Deposed(what) => write!(f, "this instance does not lead the lane any more: {what}"),
            JournalError::Unanswerable { what, .. } => f.write_str(what),
        }
    }
}

impl std::error::Error for JournalError {}

/// Where an event comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// It was decoded from its bytes and changed in nothing: they say all of it.
    Bytes,
    /// It was read from an input of the lane, where it can be read again.
    Input(InputPlace),
    /// It was read from elsewhere, or changed since.
    Elsewhere,
}

/// Where a record lies in the inputs of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct InputPlace {
    /// Which of them, counted from 0: their order is fixed for the life of the lane.
    pub input: u32,
    /// Its offset there. Offsets grow, and may have gaps.
    pub offset: u64,
}

/// Records to be appended.
#[derive(Debug, Clone, Copy)]
pub struct Appended<'a> {
    /// They begin at the head's next position and have none missing.
    pub records: &'a [Record],
    /// Where the event of each comes from; `None` where that is not known, and has to be found out.
    pub origins: Option<&'a [Origin]>,
}

impl<'a> From<&'a [Record]> for Appended<'a> {
    fn from(records: &'a [Record]) -> Appended<'a> {
        Appended { records, origins: None }
    }
}

impl<'a> From<&'a Vec<Record>> for Appended<'a> {
    fn from(records: &'a Vec<Record>) -> Appended<'a> {
        records.as_slice().into()
    }
}

impl<'a, const N: usize> From<&'a [Record; N]> for Appended<'a> {
    fn from(records: &'a [Record; N]) -> Appended<'a> {
        records.as_slice().into()
    }
}

/// The writing side. There is one in the world.
pub trait Journal: Send + 'static {
    /// The reading side.
    type Reader: JournalReader;

    /// Where it ends.
    fn head(&self) -> &Head;

    /// Makes a group permanent, whole or not at all. `ruleset` is in force after the last of what is appended.
    /// `decided` follow one another.
    ///
    /// # Errors
    /// Nothing of the group is there then.
    fn commit<'a>(
        &mut self,
        appended: impl Into<Appended<'a>>,
        ruleset: &Text,
        decided: &[Decided],
    ) -> Result<(), JournalError>;

    /// Whether records come from inputs that somebody reads on: until that one says that they are read, more may wait.
    fn has_inputs(&self) -> bool {
        false
    }

    /// Called between commits, when everybody has been told of the last one: time for work that nobody waits for.
    fn tidy(&mut self) {}

    /// Keeps the archive of a ruleset under its hash, for good.
    ///
    /// # Errors
    /// It is not kept then.
    fn put_ruleset(&mut self, hash: &str, archive: &[u8]) -> Result<(), JournalError>;

    /// A reader of its own.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn reader(&self) -> Result<Self::Reader, JournalError>;
}

/// The reading side: everything that was committed before the call.
pub trait JournalReader: Send + 'static {
    /// Records from a position on, at most `max`; none at the end. Blocks are checked against their manifests.
    ///
    /// # Errors
    /// When they cannot be read, or are not what was written.
    fn records(&mut self, from: Position, max: usize) -> Result<Vec<Record>, JournalError>;

    /// The control records from a position on.
    ///
    /// # Errors
    /// When they cannot be read.
    fn controls(&mut self, from: Position) -> Result<Vec<(Position, Control)>, JournalError>;

    /// The bytes of verdicts at positions after `after`, through `through`, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    fn verdicts(&mut self, after: Position, through: Position) -> Result<Vec<Vec<u8>>, JournalError>;

    /// Whether these bytes are what a verdict is published as.
    fn says(&self, published: &[u8], verdict: &Verdict) -> bool;

    /// Rows at positions after `after`, through `through`, in order: a batch of them, and the last position that it
    /// is complete for. Batches in which the log clock was before `since` may be left out.
    ///
    /// # Errors
    /// When they cannot be read.
    fn rows(
        &mut self,
        after: Position,
        through: Position,
        since: EventTime,
    ) -> Result<(Vec<Row>, Position), JournalError>;

    /// The archive of a ruleset.
    ///
    /// # Errors
    /// When it cannot be read.
    fn ruleset(&mut self, hash: &str) -> Result<Option<Vec<u8>>, JournalError>;
}

/// Sealed snapshots by the position that they follow. Writing one leaves the others as they are.
pub trait Snapshots: Send + Sync + 'static {
    /// Keeps a sealed snapshot, whole or not at all, and drops those that are no longer needed.
    ///
    /// # Errors
    /// What kept it from being durable.
    fn put(&self, at: Position, sealed: &[u8]) -> std::io::Result<()>;

    /// The positions of all snapshots, newest first.
    ///
    /// # Errors
    /// What kept them from being listed.
    fn list(&self) -> std::io::Result<Vec<Position>>;

    /// A snapshot, still sealed.
    ///
    /// # Errors
    /// What kept it from being read.
    fn get(&self, at: Position) -> std::io::Result<Vec<u8>>;
}
