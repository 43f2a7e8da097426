//! Tokens: `tg_ID_SECRET`, the secret 256 random bits. Only the SHA-256 of the whole is kept: who reads the store
//! cannot use it, and a secret of that size needs no slow hash.

use data_encoding::HEXLOWER;
use runtime::{Digest, JournalError};
use serde::Serialize;

/// What every token begins with, so that scanners for leaked secrets can find it.
pub const TOKEN_PREFIX: &str = "tg_";

const ID_BYTES: usize = 8;
const SECRET_BYTES: usize = 32;

/// A token just made: the only time that it is seen.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct NewToken {
    /// The name by which it is listed and revoked.
    pub token_id: String,
    /// The token itself.
    pub token: String,
}

impl NewToken {
    /// A random one.
    pub(crate) fn random() -> Result<NewToken, JournalError> {
        let mut bytes = [0; ID_BYTES + SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| {
            JournalError::Unwritable(format!("the machine gives no random bytes: {error}"))
        })?;
        let (id, secret) = bytes.split_at(ID_BYTES);
        let token_id = HEXLOWER.encode(id);
        let token = format!("{TOKEN_PREFIX}{token_id}_{}", HEXLOWER.encode(secret));
        Ok(NewToken { token_id, token })
    }

    pub(crate) fn hash(&self) -> Digest {
        Digest::of(self.token.as_bytes())
    }
}

/// Nothing prints a secret by accident.
impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NewToken({})", self.token_id)
    }
}

/// The id within a token; none where it has not the form of one.
pub(crate) fn id_of(token: &str) -> Option<&str> {
    let (id, secret) = token.strip_prefix(TOKEN_PREFIX)?.split_once('_')?;
    let is_hex = |text: &str, bytes| text.len() == 2 * bytes && text.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hex(id, ID_BYTES) && is_hex(secret, SECRET_BYTES)).then_some(id)
}
