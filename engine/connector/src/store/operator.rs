//! What an operator changes beside the log: tokens, and how far dead letters have been dealt with. No verdict depends
//! on any of it, so it needs no lock and can be done while a service runs: each change is a transaction of its own,
//! and whoever comes second waits a moment.

use model::EventTime;
use runtime::JournalError;
use runtime::books::DeadLetterState;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use std::path::Path;

use super::connection;
use super::fault::{OpenError, unwritable};
use super::queries::dead_letters::state;
use super::token::NewToken;

/// How often a dead letter may be replayed.
pub const REPLAY_ATTEMPTS_MAX: u32 = 5;

/// Bytes of an identity, at most.
pub const IDENTITY_BYTES_MAX: usize = 128;

/// Changes what no verdict depends on.
#[derive(Debug)]
pub struct Operator {
    connection: Connection,
}

/// Whether a dead letter may be replayed.
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
    Closed(DeadLetterState),
    /// There is no such dead letter.
    Unknown,
}

impl Operator {
    /// Opens the store in a folder. It does not migrate: a service of the version before may be running.
    ///
    /// # Errors
    /// When there is none, another version has written it, or it cannot be written.
    pub fn open(folder: &Path) -> Result<Operator, OpenError> {
        if !folder.join(connection::DATABASE).exists() {
            return Err(OpenError::Missing(folder.to_path_buf()));
        }
        Ok(Operator { connection: connection::to_write_beside(folder)? })
    }

    /// Makes a token for an identity of 1 to [`IDENTITY_BYTES_MAX`] bytes, good for what `scopes` names. What is
    /// returned is the only time that it is seen.
    ///
    /// # Errors
    /// When it cannot be written, the identity is empty or too long, or the machine has no random bytes.
    pub fn create_token(
        &mut self,
        identity: &str,
        scopes: &[String],
        now: EventTime,
    ) -> Result<NewToken, JournalError> {
        if !(1..=IDENTITY_BYTES_MAX).contains(&identity.len()) || identity.chars().any(char::is_control) {
            let what = format!(
                "an identity has 1 to {IDENTITY_BYTES_MAX} bytes, no control characters among them: it is the actor of \
                 what it posts"
            );
            return Err(JournalError::Unanswerable { parameter: "identity", what });
        }
        let token = NewToken::random()?;
        let scopes = serde_json::to_string(scopes).expect("texts are plain data");
        let values = params![token.token_id, identity, scopes, token.hash().0, now.as_ms()];
        self.connection
            .execute("INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, NULL)", values)
            .map_err(unwritable)?;
        Ok(token)
    }

    /// Revokes a token, for good. Says whether there was one that was still good.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn revoke_token(&mut self, token_id: &str, now: EventTime) -> Result<bool, JournalError> {
        let update = "UPDATE tokens SET revoked_at = ?2 WHERE token_id = ?1 AND revoked_at IS NULL";
        let changed = self.connection.execute(update, params![token_id, now.as_ms()]).map_err(unwritable)?;
        Ok(changed > 0)
    }

    /// Begins to replay a dead letter: counts the attempt, or says why there can be none.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn attempt(&mut self, number: u64) -> Result<Attempt, JournalError> {
        self.counted(number).map_err(unwritable)
    }

    fn counted(&mut self, number: u64) -> rusqlite::Result<Attempt> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let select = "SELECT attempts, state, raw FROM dead_letters WHERE number = ?1";
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, state(row, "state")?, row.get(2)?));
        let found: Option<(u32, DeadLetterState, Vec<u8>)> =
            transaction.query_row(select, [number], row).optional()?;
        let attempt = match found {
            None => return Ok(Attempt::Unknown),
            Some((_, state @ (DeadLetterState::Replayed | DeadLetterState::GivenUp), _)) => {
                Attempt::Closed(state)
            }
            Some((REPLAY_ATTEMPTS_MAX.., DeadLetterState::Open, _)) => {
                set_state(&transaction, number, DeadLetterState::GivenUp)?;
                Attempt::TooOften
            }
            Some((before, DeadLetterState::Open, raw)) => {
                let attempts = before + 1;
                let update = "UPDATE dead_letters SET attempts = ?2 WHERE number = ?1";
                transaction.execute(update, params![number, attempts])?;
                Attempt::Replay { attempts, raw }
            }
        };
        transaction.commit()?;
        Ok(attempt)
    }

    /// Says what has become of a dead letter.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn set_dead_letter(&mut self, number: u64, state: DeadLetterState) -> Result<(), JournalError> {
        set_state(&self.connection, number, state).map_err(unwritable)
    }
}

fn set_state(connection: &Connection, number: u64, state: DeadLetterState) -> rusqlite::Result<()> {
    connection
        .execute("UPDATE dead_letters SET state = ?2 WHERE number = ?1", params![number, state.name()])?;
    Ok(())
}
