//! What was seen and said at a position or about an order: what an explanation is told from.

use decider::Row;
use model::{OrderKey, Position};
use runtime::{JournalError, order_hash};
use serde::Serialize;

use crate::store::reader::Reader;

/// What a rule said, in its own words. May hold personal data: not for publishing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplanationView {
    /// The record at which it spoke.
    pub position: u64,
    /// The program of the order.
    pub program_id: Option<String>,
    /// The order that it spoke about.
    pub order_id: Option<String>,
    /// The click that it spoke about, where it is no order.
    pub click_id: Option<String>,
    /// The rule.
    pub rule: String,
    /// What it wants: hold, hold_all_of, hold_creator, flag, score, invalidate, reject, or failed.
    pub effect: String,
    /// For how long it holds: a length of time (24h), `reviewed`, or `default`.
    pub until: Option<String>,
    /// What it adds to the score.
    pub score: Option<i64>,
    /// Why.
    pub reason: String,
    /// The numbers behind it, as a JSON object.
    pub evidence: String,
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<ExplanationView> {
    Ok(ExplanationView {
        position: row.get("position")?,
        program_id: row.get("program_id")?,
        order_id: row.get("order_id")?,
        click_id: row.get("click_id")?,
        rule: row.get("rule")?,
        effect: row.get("effect")?,
        until: row.get("until")?,
        score: row.get("score")?,
        reason: row.get("reason")?,
        evidence: row.get("evidence")?,
    })
}

impl Reader {
    /// What rules said at a position, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn explanations(&self, position: Position) -> Result<Vec<ExplanationView>, JournalError> {
        self.all("SELECT * FROM explanations WHERE position = ?1 ORDER BY number", [position.0], read)
    }

    /// Everything that was measured about an order, in log order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn order_rows(&self, order: &OrderKey) -> Result<Vec<Row>, JournalError> {
        let select = "SELECT rows FROM row_orders WHERE order_hash = ?1 ORDER BY rows";
        let stretches = self.all(select, [order_hash(order)], |row| row.get(0).map(Position))?;
        let mut rows = Vec::new();
        for last in stretches {
            let stretch = self.row_block(last)?.into_iter();
            rows.extend(stretch.filter(|row| row.order() == Some(order)));
        }
        Ok(rows)
    }
}
