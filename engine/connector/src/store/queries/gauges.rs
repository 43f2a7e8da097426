//! Figures that are shown again and again: how long holds have stood, what nobody has dealt with, how large it is.

use model::{EventTime, Span};
use runtime::JournalError;

use crate::store::reader::Reader;

impl Reader {
    /// How many holds stand, each counted on each of its commissions, by how long they have stood at `now`: as many
    /// numbers as there are `bounds`, which rise, and one for those that have stood as long as the last or longer.
    /// Reads the index of standing holds, once.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn hold_ages(&self, now: EventTime, bounds: &[Span]) -> Result<Vec<u64>, JournalError> {
        let mut ages = Vec::with_capacity(bounds.len() + 1);
        let mut before = i64::MAX;
        for bound in bounds {
            let since = now.minus(*bound).as_ms();
            ages.push(self.standing(since, before)?);
            before = since;
        }
        ages.push(self.standing(i64::MIN, before)?);
        Ok(ages)
    }

    /// Holds that have stood since after one time, up to another.
    fn standing(&self, after: i64, through: i64) -> Result<u64, JournalError> {
        let select = "SELECT count(*) FROM holds WHERE ended_at IS NULL AND since_at > ?1 AND since_at <= ?2";
        Ok(self.one(select, [after, through], |row| row.get(0))?.unwrap_or_default())
    }

    /// Dead letters that nobody has dealt with.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn open_dead_letters(&self) -> Result<u64, JournalError> {
        let select = "SELECT count(*) FROM dead_letters WHERE state = 'open'";
        Ok(self.one(select, [], |row| row.get(0))?.unwrap_or_default())
    }

    /// Bytes of the database, with changes that are not in it yet.
    pub fn size_bytes(&self) -> u64 {
        crate::store::connection::size_bytes(&self.folder)
    }
}
