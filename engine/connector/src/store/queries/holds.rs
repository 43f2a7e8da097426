//! Holds on commissions.

use runtime::JournalError;
use runtime::books::{HoldFilter, HoldSort, HoldView, Page, PageOf};
use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};
use serde::Serialize;

use super::filter::Conditions;
use super::page::{Cursor, page, rows_to_read};
use crate::store::reader::Reader;

/// A hold on one commission, from when it was placed until it ended. Of one that has ended, the amount is what it
/// held last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldEpisode {
    /// The hold.
    #[serde(flatten)]
    pub hold: HoldView,
    /// What creators are told; none where the verdict that first showed it gave no reason of that rule.
    pub public_code: Option<String>,
    /// The position of the verdict that first showed it.
    pub since_position: u64,
    /// The time of the first verdict without it, milliseconds since the epoch. It stands, where missing.
    pub ended_at: Option<i64>,
    /// The position of that verdict.
    pub ended_position: Option<u64>,
}

/// A list's key, its order, and what comes after a place in it. Only standing holds are indexed by these.
fn sorted(sort: HoldSort) -> (&'static str, &'static str, &'static str) {
    match sort {
        HoldSort::Age => ("since_at", "since_at, number", "(since_at, number) > (?, ?)"),
        HoldSort::Amount => ("amount", "amount DESC, number DESC", "(amount, number) < (?, ?)"),
        HoldSort::Expiry => (
            "ifnull(until_at, 9223372036854775807)",
            "ifnull(until_at, 9223372036854775807), number",
            "(ifnull(until_at, 9223372036854775807), number) > (?, ?)",
        ),
    }
}

fn query(filter: &HoldFilter, asked: &PageOf) -> Result<(String, Vec<Value>), JournalError> {
    let (key, order, after) = sorted(filter.sort);
    let mut conditions = Conditions::default();
    conditions.always("ended_at IS NULL");
    conditions.equal("market", filter.market.as_ref());
    conditions.equal("shop_id", filter.shop_id.as_ref());
    conditions.equal("beneficiary", filter.beneficiary.as_ref());
    conditions.equal("rule", filter.rule.as_ref());
    conditions.given("since_at <= ?", filter.since_at_max);
    conditions.given("until_at <= ?", filter.until_at_max);
    conditions.given("amount >= ?", filter.amount_min);
    if let Some(cursor) = Cursor::of(asked)? {
        conditions.all(after, [cursor.key, cursor.number]);
    }
    Ok(conditions.query(&format!("SELECT *, {key} AS key FROM holds"), order, rows_to_read(asked)))
}

fn read(row: &Row<'_>) -> rusqlite::Result<HoldView> {
    Ok(HoldView {
        hold_id: row.get("hold_id")?,
        rule: row.get("rule")?,
        commission_id: row.get("commission_id")?,
        order_id: row.get("order_id")?,
        market: row.get("market")?,
        shop_id: row.get("shop_id")?,
        beneficiary: row.get("beneficiary")?,
        currency: row.get("currency")?,
        amount: row.get("amount")?,
        since_at: row.get("since_at")?,
        until_at: row.get("until_at")?,
    })
}

fn episode(row: &Row<'_>) -> rusqlite::Result<HoldEpisode> {
    Ok(HoldEpisode {
        hold: read(row)?,
        public_code: row.get("public_code")?,
        since_position: row.get("since_position")?,
        ended_at: row.get("ended_at")?,
        ended_position: row.get("ended_position")?,
    })
}

impl Reader {
    /// Holds that stand, sorted.
    ///
    /// # Errors
    /// When they cannot be read, or the page is none.
    pub fn holds(&self, filter: &HoldFilter, asked: &PageOf) -> Result<Page<HoldView>, JournalError> {
        let (select, values) = query(filter, asked)?;
        let row =
            |row: &Row<'_>| Ok((read(row)?, Cursor { key: row.get("key")?, number: row.get("number")? }));
        Ok(page(asked, self.all(&select, params_from_iter(values), row)?))
    }

    /// The ids of holds that begin so, of those that stand and those that have ended, at most `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn holds_named(&self, beginning: &str, rows: u32) -> Result<Vec<String>, JournalError> {
        let select = "SELECT DISTINCT hold_id FROM holds WHERE hold_id >= ?1 AND hold_id < ?1 || 'g' \
                      ORDER BY hold_id LIMIT ?2";
        self.all(select, rusqlite::params![beginning, rows], |row| row.get(0))
    }

    /// One hold on all commissions that it is or was on, in order, at most `rows`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn hold(&self, hold_id: &str, rows: u32) -> Result<Vec<HoldEpisode>, JournalError> {
        let select = "SELECT * FROM holds WHERE hold_id = ?1 ORDER BY number LIMIT ?2";
        self.all(select, rusqlite::params![hold_id, rows], episode)
    }
}
