//! Reading: everything that was committed before the call.

use decider::Row;
use model::log::Control;
use model::{EventTime, Position, Record, Verdict};
use runtime::{Digest, Head, JournalError, JournalReader, RowBlock};
use rusqlite::{Connection, OptionalExtension, Params, params};
use std::path::{Path, PathBuf};

use super::block::Block;
use super::fault::{OpenError, damaged, unreadable};
use super::{chain, connection, outputs, writer};
use crate::log::control_from;

/// Reads a store. It needs no lock and sees whatever was committed before each call.
#[derive(Debug)]
pub struct Reader {
    pub(crate) folder: PathBuf,
    pub(crate) connection: Connection,
    /// The block read last: those who read the log take it in smaller pieces.
    block: Option<Block>,
}

impl Reader {
    pub(crate) fn open(folder: &Path) -> Result<Reader, OpenError> {
        let connection = connection::to_read(folder)?;
        Ok(Reader { folder: folder.to_path_buf(), connection, block: None })
    }

    /// Another reader of a store that is open.
    pub(crate) fn another(folder: &Path) -> Result<Reader, JournalError> {
        Ok(Reader::open(folder)?)
    }

    /// Where the log ends.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn head(&self) -> Result<Head, JournalError> {
        writer::head(&self.connection)
    }

    /// Proves the chain of manifests and unpacks every block of the log; `progress` is told each block's last
    /// position.
    ///
    /// # Errors
    /// When something is not what was written.
    pub fn prove(&mut self, progress: &mut dyn FnMut(Position)) -> Result<(), JournalError> {
        chain::prove(&self.connection)?;
        let mut next = Position(0);
        while let Some(block) = chain::block(&self.connection, next)? {
            block.records(next, usize::MAX)?;
            let Some(last) = block.last() else { break };
            progress(last);
            next = Position(last.0 + 1);
        }
        Ok(())
    }

    /// All rows of a query.
    pub(crate) fn all<T>(
        &self,
        select: &str,
        values: impl Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, JournalError> {
        let mut statement = self.connection.prepare_cached(select).map_err(unreadable)?;
        let found = statement.query_map(values, read).map_err(unreadable)?;
        found.collect::<Result<_, _>>().map_err(unreadable)
    }

    /// The one row of a query, if there is one.
    pub(crate) fn one<T>(
        &self,
        select: &str,
        values: impl Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, JournalError> {
        let mut statement = self.connection.prepare_cached(select).map_err(unreadable)?;
        statement.query_row(values, read).optional().map_err(unreadable)
    }

    /// The rows that one stretch was kept with.
    pub(crate) fn row_block(&self, last: Position) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT checksum, body FROM rows WHERE last_position = ?1";
        let kept = self.one(select, [last.0], |row| Ok((Digest(row.get(0)?), row.get::<_, Vec<u8>>(1)?)))?;
        let (checksum, body) =
            kept.ok_or_else(|| damaged(format_args!("the rows through {last} are missing")))?;
        RowBlock::unpack(&body, checksum)
            .map_err(|what| damaged(format_args!("the rows through position {last} cannot be read: {what}")))
    }

    fn block_at(&mut self, position: Position) -> Result<Option<&Block>, JournalError> {
        if !self.block.as_ref().is_some_and(|block| block.holds(position)) {
            self.block = chain::block(&self.connection, position)?;
        }
        Ok(self.block.as_ref())
    }
}

impl JournalReader for Reader {
    fn records(&mut self, from: Position, max: usize) -> Result<Vec<Record>, JournalError> {
        let mut records: Vec<Record> = Vec::new();
        let mut next = from;
        while records.len() < max {
            let left = max - records.len();
            let Some(block) = self.block_at(next)? else { break };
            records.extend(block.records(next, left)?);
            let Some(last) = records.last() else { break };
            next = Position(last.position.0 + 1);
        }
        Ok(records)
    }

    fn controls(&mut self, from: Position) -> Result<Vec<(Position, Control)>, JournalError> {
        let select = "SELECT position, body FROM controls WHERE position >= ?1 ORDER BY position";
        let kept = self.all(select, [from.0], |row| Ok((Position(row.get(0)?), row.get::<_, String>(1)?)))?;
        let read = |(position, body): (Position, String)| {
            let wrong = |what| damaged(format_args!("the control record at position {position}: {what}"));
            control_from(&body).map(|control| (position, control)).map_err(wrong)
        };
        kept.into_iter().map(read).collect()
    }

    fn verdicts(&mut self, after: Position, through: Position) -> Result<Vec<Vec<u8>>, JournalError> {
        let select = "SELECT body FROM verdicts WHERE position > ?1 AND position <= ?2 ORDER BY sequence";
        self.all(select, [after.0, through.0], |row| row.get::<_, String>(0).map(String::into_bytes))
    }

    fn says(&self, published: &[u8], verdict: &Verdict) -> bool {
        let mut line = Vec::with_capacity(published.len());
        outputs::published(verdict, &mut line);
        line == published
    }

    fn rows(
        &mut self,
        after: Position,
        through: Position,
        since: EventTime,
    ) -> Result<(Vec<Row>, Position), JournalError> {
        // The log clock never goes back: from the first stretch that reaches `since`, all do.
        let select = "SELECT last_position FROM rows WHERE last_position > ?1 AND last_position >= \
                      (SELECT last_position FROM rows WHERE clock_at >= ?2 ORDER BY clock_at, last_position LIMIT 1) \
                      ORDER BY last_position LIMIT 1";
        let last = self.one(select, params![after.0, since.as_ms()], |row| row.get(0).map(Position))?;
        let Some(last) = last else { return Ok((Vec::new(), through)) };
        let mut rows = self.row_block(last)?;
        rows.retain(|row| after < row.position && row.position <= through);
        Ok((rows, last.min(through)))
    }

    fn ruleset(&mut self, hash: &str) -> Result<Option<Vec<u8>>, JournalError> {
        self.one("SELECT archive FROM rulesets WHERE hash = ?1", [hash], |row| row.get(0))
    }
}
