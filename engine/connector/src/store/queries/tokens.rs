//! Tokens, and whose they are.

use runtime::books::Bearer;
use runtime::{Digest, JournalError};
use rusqlite::types::Type;
use rusqlite::{Row, params};
use serde::Serialize;

use crate::store::reader::Reader;
use crate::store::token;

/// A token as it is listed: never the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenView {
    /// The name by which it is revoked.
    pub token_id: String,
    /// Whose it is.
    pub identity: String,
    /// What it may do: names of kinds, and `read`, `ruleset`.
    pub scopes: Vec<String>,
    /// When it was made, milliseconds since the epoch.
    pub created_at: i64,
    /// When it was revoked, milliseconds since the epoch.
    pub revoked_at: Option<i64>,
    /// From when on it is not good any more, milliseconds since the epoch.
    pub expires_at: Option<i64>,
}

fn scopes(row: &Row<'_>) -> rusqlite::Result<Vec<String>> {
    let text: String = row.get("scopes")?;
    let wrong = |error| rusqlite::Error::FromSqlConversionFailure(0, Type::Text, Box::new(error));
    serde_json::from_str(&text).map_err(wrong)
}

impl Reader {
    /// All tokens, the oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn tokens(&self) -> Result<Vec<TokenView>, JournalError> {
        self.all("SELECT * FROM tokens ORDER BY created_at, token_id", [], |row| {
            Ok(TokenView {
                token_id: row.get("token_id")?,
                identity: row.get("identity")?,
                scopes: scopes(row)?,
                created_at: row.get("created_at")?,
                revoked_at: row.get("revoked_at")?,
                expires_at: row.get("expires_at")?,
            })
        })
    }

    /// Who holds a token; nobody where it is not one of ours, or was revoked; when it
    /// expires is for the caller to look at, who knows the time. What is compared are hashes, so that how
    /// long it takes tells nothing of the token.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn bearer(&self, token: &str) -> Result<Option<Bearer>, JournalError> {
        let Some(token_id) = token::id_of(token) else { return Ok(None) };
        let select = "SELECT * FROM tokens WHERE token_id = ?1 AND hash = ?2 AND revoked_at IS NULL";
        let hash = Digest::of(token.as_bytes()).0;
        self.one(select, params![token_id, hash], |row| {
            Ok(Bearer {
                token_id: row.get("token_id")?,
                identity: row.get("identity")?,
                scopes: scopes(row)?,
                expires_at: row.get("expires_at")?,
            })
        })
    }
}
