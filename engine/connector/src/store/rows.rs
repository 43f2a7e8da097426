//! Rows of what was measured, by the stretch that was decided at once.

use model::Position;
use runtime::{Decided, RowBlock};
use rusqlite::{CachedStatement, Connection, params};

/// Writes rows.
pub(crate) struct Rows<'c> {
    rows: CachedStatement<'c>,
    order: CachedStatement<'c>,
}

impl<'c> Rows<'c> {
    pub(crate) fn prepared(connection: &'c Connection) -> rusqlite::Result<Rows<'c>> {
        Ok(Rows {
            rows: connection.prepare_cached("INSERT INTO rows VALUES (?1, ?2, ?3, ?4, ?5)")?,
            order: connection.prepare_cached("INSERT INTO row_orders VALUES (?1, ?2)")?,
        })
    }

    /// Writes the rows of a stretch that begins at `first`.
    pub(crate) fn put(&mut self, first: Position, stretch: &Decided) -> rusqlite::Result<()> {
        let Some(RowBlock { clock, orders, body, checksum }) = &stretch.rows else { return Ok(()) };
        let clock = stretch.clock.map_or(*clock, |at| at.max(*clock));
        let through = stretch.through.0;
        self.rows.execute(params![through, first.0, clock.as_ms(), checksum.0, body])?;
        for order in orders {
            self.order.execute(params![order, through])?;
        }
        Ok(())
    }
}
