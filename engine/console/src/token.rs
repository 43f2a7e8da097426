//! Who asks. A token is looked up by the store, which keeps only hashes, and believed for a moment: a revoked one
//! dies when the moment is over. Here, too, only hashes are kept and compared, so that neither how long a comparison
//! takes nor a copy of memory tells a token.

use runtime::books::{Bearer, Books};
use runtime::{SteadyClock, Stopwatch};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::limit::{LOOKUPS_MAX, Limits, TOKEN_BYTES_MAX, TOKENS_MAX};
use crate::problem::{Code, Problem};
use crate::scope::Scopes;
use crate::workers::Workers;

/// Who asks, and what for they may.
#[derive(Debug)]
pub(crate) struct Caller {
    /// The actor of what is posted.
    pub(crate) identity: String,
    pub(crate) scopes: Scopes,
}

/// What the store says of a token.
#[derive(Clone)]
struct Good {
    bearer: Arc<Bearer>,
    caller: Arc<Caller>,
}

/// A token as a request brought it. It is never shown.
#[derive(Clone)]
pub(crate) struct Token(Arc<str>);

impl Token {
    /// What cannot be a token costs no look-up.
    pub(crate) fn new(text: &str) -> Option<Token> {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let fits = text.len() <= TOKEN_BYTES_MAX && text.starts_with("tg_") && text.bytes().all(letters);
        fits.then(|| Token(text.into()))
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

struct Known {
    since: Stopwatch,
    /// Nobody, when the token is unknown or revoked.
    good: Option<Good>,
}

/// The tokens that were looked up lately.
pub(crate) struct Tokens {
    books: Arc<dyn Books>,
    lookups: Workers,
    trust: Duration,
    known: Mutex<BTreeMap<[u8; 32], Known>>,
}

impl Tokens {
    pub(crate) fn new(books: Arc<dyn Books>, limits: &Limits) -> Tokens {
        let lookups = Workers::new(LOOKUPS_MAX, limits.turn_wait);
        Tokens { books, lookups, trust: limits.token_trust, known: Mutex::default() }
    }

    /// Who holds a token.
    pub(crate) async fn caller(&self, token: &Token) -> Result<Arc<Caller>, Problem> {
        let hash = token.hash();
        let good = match self.remembered(&hash) {
            Some(good) => good,
            None => self.look_up(token.clone(), hash).await?,
        };
        let good = good.filter(|good| !good.bearer.has_expired(SteadyClock::start().now()));
        let not_in_force =
            || Problem::new(Code::AuthUnknown, "ask the operator for a token that is in force");
        good.map(|good| good.caller).ok_or_else(not_in_force)
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<Option<Good>> {
        let known = self.lock();
        let known = known.get(hash).filter(|known| known.since.elapsed() < self.trust)?;
        Some(known.good.clone())
    }

    async fn look_up(&self, token: Token, hash: [u8; 32]) -> Result<Option<Good>, Problem> {
        let books = Arc::clone(&self.books);
        // Before the look-up: what is revoked during it is believed no longer.
        let since = Stopwatch::start();
        let bearer = self.lookups.run(move || books.bearer(&token.0)).await??;
        let good = bearer.map(|bearer| Good {
            caller: Arc::new(Caller {
                scopes: Scopes::of(&bearer.scopes),
                identity: bearer.identity.clone(),
            }),
            bearer: Arc::new(bearer),
        });
        self.remember(hash, Known { since, good: good.clone() });
        Ok(good)
    }

    fn remember(&self, hash: [u8; 32], now_known: Known) {
        let mut known = self.lock();
        if known.len() >= TOKENS_MAX {
            known.retain(|_, known| known.since.elapsed() < self.trust);
        }
        if known.len() >= TOKENS_MAX {
            known.clear();
        }
        known.insert(hash, now_known);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<[u8; 32], Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
