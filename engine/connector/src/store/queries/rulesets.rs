//! Rulesets that are kept.

use runtime::JournalError;
use runtime::books::RulesetView;

use crate::store::reader::Reader;

impl Reader {
    /// All rulesets that are kept, the newest first. The archive of one is read by
    /// [`JournalReader::ruleset`](runtime::JournalReader::ruleset).
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn rulesets(&self) -> Result<Vec<RulesetView>, JournalError> {
        let select = "SELECT hash, kept_at FROM rulesets ORDER BY rowid DESC";
        let kept = self.all(select, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        kept.into_iter().map(|(hash, kept_at)| self.loaded(hash, kept_at)).collect()
    }

    fn loaded(&self, hash: String, kept_at: i64) -> Result<RulesetView, JournalError> {
        let select = "SELECT position FROM controls WHERE ruleset = ?1 ORDER BY position";
        let loaded_at_positions = self.all(select, [&hash], |row| row.get(0))?;
        Ok(RulesetView { hash, kept_at, loaded_at_positions })
    }
}
