//! What a stop leaves behind for the next start.

use std::io;

/// Keeps sealed snapshots. Writing one replaces the one before it, whole or not at all.
pub trait Store {
    /// Keeps a sealed snapshot.
    ///
    /// # Errors
    /// What kept it from being durable; the one before it still stands.
    fn put_snapshot(&mut self, sealed: &[u8]) -> io::Result<()>;

    /// The newest snapshot, still sealed; `None` where there is none.
    ///
    /// # Errors
    /// What kept it from being read.
    fn snapshot(&self) -> io::Result<Option<Vec<u8>>>;
}
