//! Dealing with dead letters: sending one again, as it was or mended, and closing it. No verdict depends on what is
//! remembered of that; what is sent again is a record like any other.

use model::{EventTime, Position};
use schemars::JsonSchema;
use serde::Serialize;

use crate::books::{DeadLetterState, DeadLetterView};
use crate::journal::JournalError;

/// How often a dead letter may be sent again.
pub const REPLAY_ATTEMPTS_MAX: u32 = 5;

/// Bytes of a note, at most.
pub const NOTE_BYTES_MAX: usize = 1_024;

/// Whether a dead letter may be sent again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// It may, with these bytes; the attempt is counted.
    Replay {
        /// Attempts so far, this one included.
        attempts: u32,
        /// The bytes as they arrived.
        raw: Vec<u8>,
    },
    /// It has been tried [`REPLAY_ATTEMPTS_MAX`] times, and is given up.
    TooOften,
    /// It is not open any more.
    Ended(DeadLetterState),
    /// There is no such dead letter.
    Unknown,
}

/// What has become of a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its bytes were accepted, as the record at this position.
    Replayed(Position),
    /// A mended record was accepted in its place, at this position.
    Mended(Position),
    /// It is a copy of one that was sent again, which stands for its bytes and counts the attempts.
    GivenUp,
}

impl End {
    /// The state that it is in then.
    pub const fn state(self) -> DeadLetterState {
        match self {
            End::Replayed(_) => DeadLetterState::Replayed,
            End::Mended(_) => DeadLetterState::Mended,
            End::GivenUp => DeadLetterState::GivenUp,
        }
    }

    /// The record that it became.
    pub const fn became(self) -> Option<Position> {
        match self {
            End::Replayed(position) | End::Mended(position) => Some(position),
            End::GivenUp => None,
        }
    }
}

/// Whether a dead letter was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It is.
    Closed,
    /// It had become a record, or was closed before.
    Ended(DeadLetterState),
    /// There is no such dead letter.
    Unknown,
}

/// Who deals with a dead letter, and when.
#[derive(Debug, Clone, Copy)]
pub struct Hand<'h> {
    /// The identity.
    pub by: &'h str,
    /// The time.
    pub at: EventTime,
}

/// Remembers what is done about dead letters.
pub trait Clerk {
    /// Begins to send one again: counts the attempt, or says why there can be none.
    ///
    /// # Errors
    /// When it cannot be written; so for all others.
    fn attempt(&mut self, number: u64) -> Result<Attempt, JournalError>;
    /// Says what has become of one.
    fn end(&mut self, number: u64, end: End, hand: &Hand<'_>) -> Result<(), JournalError>;
    /// Closes one that is open or given up: nobody has to deal with it any more, for a reason that is kept. The note has 1
    /// to [`NOTE_BYTES_MAX`] bytes, no control characters among them.
    fn close(&mut self, number: u64, note: &str, hand: &Hand<'_>) -> Result<Closing, JournalError>;
}

/// What became of a record.
#[derive(Debug)]
pub enum Put {
    /// It was accepted.
    Taken(Position),
    /// It is durable, and a dead letter again.
    Dead(Box<DeadLetterView>),
    /// It was not kept: why.
    Refused(String),
}

/// What became of a dead letter that was to be sent again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SentAgain {
    /// Which.
    pub number: u64,
    /// What became of it.
    pub outcome: Outcome,
    /// The position of the new record, if there is one.
    pub position: Option<u64>,
    /// How often it has been tried, this time included.
    pub attempts: Option<u32>,
    /// Why it was refused or skipped.
    pub why: Option<String>,
}

/// What became of a dead letter that was to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Its bytes were accepted.
    Replayed,
    /// The mended record was accepted in its place.
    Mended,
    /// It was refused once more.
    Refused,
    /// It was not sent: it has ended, or was tried too often.
    Skipped,
}

impl Outcome {
    /// The name in lists.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Replayed => "replayed",
            Outcome::Mended => "mended",
            Outcome::Refused => "refused",
            Outcome::Skipped => "skipped",
        }
    }

    /// Whether it is a dead letter no longer.
    pub const fn is_alive(self) -> bool {
        match self {
            Outcome::Replayed | Outcome::Mended => true,
            Outcome::Refused | Outcome::Skipped => false,
        }
    }
}

/// Sends a dead letter again: a mended record where one is given, else its own bytes; a record that is byte for byte the
/// dead letter mends nothing, and is its own bytes. `put` puts a record down, and
/// says what was decided of it. Nothing for a dead letter that there is not.
///
/// # Errors
/// When what is done cannot be remembered, or as `put` has them.
pub fn send_again<E: From<JournalError>>(
    number: u64,
    mended: Option<&[u8]>,
    hand: &Hand<'_>,
    clerk: &mut dyn Clerk,
    put: impl FnOnce(&[u8]) -> Result<Put, E>,
) -> Result<Option<SentAgain>, E> {
    let (attempts, raw) = match clerk.attempt(number)? {
        Attempt::Replay { attempts, raw } => (attempts, raw),
        Attempt::TooOften => {
            let why = format!("it was sent again {REPLAY_ATTEMPTS_MAX} times, and is given up");
            return Ok(Some(skipped(number, why)));
        }
        Attempt::Ended(state) => return Ok(Some(skipped(number, format!("it is {}", state.words())))),
        Attempt::Unknown => return Ok(None),
    };
    let mended = mended.filter(|mended| mended.trim_ascii() != raw.trim_ascii());
    let tried = |outcome, position: Option<Position>, why| SentAgain {
        number,
        outcome,
        position: position.map(|position| position.0),
        attempts: Some(attempts),
        why,
    };
    Ok(Some(match put(mended.unwrap_or(&raw))? {
        Put::Taken(at) => {
            let (end, outcome) = match mended {
                Some(_) => (End::Mended(at), Outcome::Mended),
                None => (End::Replayed(at), Outcome::Replayed),
            };
            clerk.end(number, end, hand)?;
            tried(outcome, Some(at), None)
        }
        Put::Dead(again) => {
            // The one that was there stands for its bytes, with all attempts: the other would begin to count anew.
            clerk.end(again.number, End::GivenUp, hand)?;
            let why = format!("{}: {}", again.code, again.detail);
            tried(Outcome::Refused, Some(Position(again.position)), Some(why))
        }
        Put::Refused(why) => tried(Outcome::Refused, None, Some(why)),
    }))
}

fn skipped(number: u64, why: String) -> SentAgain {
    SentAgain { number, outcome: Outcome::Skipped, position: None, attempts: None, why: Some(why) }
}
