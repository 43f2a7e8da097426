//! Where records come from.

use model::Record;
use std::io;

/// A log, read from front to back. Positions are consecutive.
pub trait Source {
    /// The next records, at most `max` of them; none at the end.
    ///
    /// # Errors
    /// What kept the source from reading on; the same call may be tried again.
    fn next(&mut self, max: usize) -> io::Result<Vec<Record>>;
}

/// Records that are already in memory.
pub struct Records(std::vec::IntoIter<Record>);

impl Records {
    /// Takes the records in their order.
    pub fn new(records: Vec<Record>) -> Records {
        Records(records.into_iter())
    }
}

impl Source for Records {
    fn next(&mut self, max: usize) -> io::Result<Vec<Record>> {
        Ok(self.0.by_ref().take(max).collect())
    }
}
