//! What an operator changes beside the log: tokens, and how far dead letters have been dealt with. No verdict depends
//! on any of it, so it needs no lock and can be done while a service runs: each change is a transaction of its own,
//! and whoever comes second waits a moment.

use model::EventTime;
use runtime::JournalError;
use runtime::books::DeadLetterState;
use runtime::letters::{Attempt, Clerk, Closing, End, Hand, NOTE_BYTES_MAX, REPLAY_ATTEMPTS_MAX};
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};
use std::path::Path;

use super::connection;
use super::fault::{OpenError, unwritable};
use super::queries::dead_letters::state;
use super::token::NewToken;

/// Bytes of an identity, at most.
pub const IDENTITY_BYTES_MAX: usize = 128;

/// Changes what no verdict depends on.
#[derive(Debug)]
pub struct Operator {
    connection: Connection,
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

    /// Makes a token for an identity of 1 to [`IDENTITY_BYTES_MAX`] bytes, good for what `scopes` names, until it expires. What is
    /// returned is the only time that it is seen.
    ///
    /// # Errors
    /// When it cannot be written, the identity is empty or too long, or the machine has no random bytes.
    pub fn create_token(
        &mut self,
        identity: &str,
        scopes: &[String],
        now: EventTime,
        expires: Option<EventTime>,
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
        let expires = expires.map(EventTime::as_ms);
        let insert = "INSERT INTO tokens (token_id, identity, scopes, hash, created_at, expires_at) \
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let values = params![token.token_id, identity, scopes, token.hash().0, now.as_ms(), expires];
        self.connection.execute(insert, values).map_err(unwritable)?;
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
}

impl Clerk for Operator {
    fn attempt(&mut self, number: u64) -> Result<Attempt, JournalError> {
        self.counted(number).map_err(unwritable)
    }

    fn end(&mut self, number: u64, end: End, hand: &Hand<'_>) -> Result<(), JournalError> {
        let became = end.became().map(|position| position.0);
        let ending = Ending { state: end.state(), became, note: None };
        ending.write(&self.connection, number, hand).map_err(unwritable)
    }

    fn close(&mut self, number: u64, note: &str, hand: &Hand<'_>) -> Result<Closing, JournalError> {
        if !(1..=NOTE_BYTES_MAX).contains(&note.trim().len()) || note.chars().any(char::is_control) {
            let what = format!("a note has 1 to {NOTE_BYTES_MAX} bytes, no control characters among them");
            return Err(JournalError::Unanswerable { parameter: "note", what });
        }
        self.closed(number, note.trim(), hand).map_err(unwritable)
    }
}

impl Operator {
    fn counted(&mut self, number: u64) -> rusqlite::Result<Attempt> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let select = "SELECT attempts, state, raw FROM dead_letters WHERE number = ?1";
        let row = |row: &Row<'_>| Ok((row.get(0)?, state(row, "state")?, row.get(2)?));
        let found: Option<(u32, DeadLetterState, Vec<u8>)> =
            transaction.query_row(select, [number], row).optional()?;
        let attempt = match found {
            None => return Ok(Attempt::Unknown),
            Some((
                _,
                state @ (DeadLetterState::Replayed
                | DeadLetterState::Mended
                | DeadLetterState::Closed
                | DeadLetterState::GivenUp),
                _,
            )) => Attempt::Ended(state),
            Some((REPLAY_ATTEMPTS_MAX.., DeadLetterState::Open, _)) => {
                let update = "UPDATE dead_letters SET state = ?2 WHERE number = ?1";
                transaction.execute(update, params![number, DeadLetterState::GivenUp.name()])?;
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

    fn closed(&mut self, number: u64, note: &str, hand: &Hand<'_>) -> rusqlite::Result<Closing> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let select = "SELECT state FROM dead_letters WHERE number = ?1";
        let found = transaction.query_row(select, [number], |row| state(row, "state")).optional()?;
        match found {
            None => Ok(Closing::Unknown),
            Some(ended @ (DeadLetterState::Replayed | DeadLetterState::Mended | DeadLetterState::Closed)) => {
                Ok(Closing::Ended(ended))
            }
            Some(DeadLetterState::Open | DeadLetterState::GivenUp) => {
                let ending = Ending { state: DeadLetterState::Closed, became: None, note: Some(note) };
                ending.write(&transaction, number, hand)?;
                transaction.commit()?;
                Ok(Closing::Closed)
            }
        }
    }
}

/// What is kept of how a dead letter was dealt with.
struct Ending<'n> {
    state: DeadLetterState,
    became: Option<u64>,
    note: Option<&'n str>,
}

impl Ending<'_> {
    fn write(&self, connection: &Connection, number: u64, hand: &Hand<'_>) -> rusqlite::Result<()> {
        let update = "UPDATE dead_letters SET state = ?2, became_position = ?3, note = ?4, ended_by = ?5, \
                      ended_at = ?6 WHERE number = ?1";
        let Ending { state, became, note } = self;
        let values = params![number, state.name(), became, note, hand.by, hand.at.as_ms()];
        connection.execute(update, values).map(drop)
    }
}
