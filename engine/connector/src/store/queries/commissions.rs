//! Commissions.

use model::verdict::Account;
use runtime::JournalError;
use runtime::books::{CommissionFilter, CommissionView, Page, PageOf};
use rusqlite::types::Value;
use rusqlite::{Row, params, params_from_iter};
use std::collections::BTreeMap;

use super::filter::Conditions;
use super::page::{Cursor, page, rows_to_read};
use crate::store::reader::Reader;

/// Every account of a row, by its name.
pub(crate) fn balance(row: &Row<'_>) -> rusqlite::Result<BTreeMap<String, i64>> {
    let account = |account: &Account| Ok((account.name().to_owned(), row.get(account.name())?));
    Account::ALL.iter().map(account).collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<CommissionView> {
    Ok(CommissionView {
        commission_id: row.get("commission_id")?,
        program_id: row.get("program_id")?,
        market: row.get("market")?,
        order_id: row.get("order_id")?,
        shop_id: row.get("shop_id")?,
        beneficiary: row.get("beneficiary")?,
        component: row.get("component")?,
        currency: row.get("currency")?,
        balance: balance(row)?,
        due_at: row.get("due_at")?,
        sequence: row.get("sequence")?,
    })
}

fn query(filter: &CommissionFilter, asked: &PageOf) -> Result<(String, Vec<Value>), JournalError> {
    let mut conditions = Conditions::default();
    conditions.equal("program_id", filter.program_id.as_ref());
    conditions.equal("market", filter.market.as_ref());
    conditions.equal("shop_id", filter.shop_id.as_ref());
    conditions.equal("beneficiary", filter.beneficiary.as_ref());
    conditions.equal("order_id", filter.order_id.as_ref());
    if let Some(name) = &filter.account {
        let account = Account::ALL.into_iter().find(|account| account.name() == name);
        let wrong = || JournalError::Unanswerable {
            parameter: "account",
            what: format!("there is no account `{name}`"),
        };
        conditions.always(&format!("{} > 0", account.ok_or_else(wrong)?.name()));
    }
    conditions.given("number > ?", Cursor::of(asked)?.map(|cursor| cursor.number));
    Ok(conditions.query("SELECT * FROM commissions", "number", rows_to_read(asked)))
}

impl Reader {
    /// Commissions in the order in which they first accrued.
    ///
    /// # Errors
    /// When they cannot be read, or the page or the account is none.
    pub fn commissions(
        &self,
        filter: &CommissionFilter,
        asked: &PageOf,
    ) -> Result<Page<CommissionView>, JournalError> {
        let (select, values) = query(filter, asked)?;
        let row = |row: &Row<'_>| Ok((read(row)?, Cursor::at(row.get("number")?)));
        Ok(page(asked, self.all(&select, params_from_iter(values), row)?))
    }

    /// Commissions whose id begins so, at most `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn commissions_named(&self, beginning: &str, rows: u32) -> Result<Vec<CommissionView>, JournalError> {
        let select = "SELECT * FROM commissions WHERE commission_id >= ?1 AND commission_id < ?1 || 'g' \
                      ORDER BY commission_id LIMIT ?2";
        self.all(select, params![beginning, rows], read)
    }

    /// Commissions that no order brought, in the order in which they first accrued.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn commissions_without_order(&self) -> Result<Vec<CommissionView>, JournalError> {
        self.all("SELECT * FROM commissions WHERE order_id IS NULL ORDER BY number", [], read)
    }

    /// One commission, by its id. Its verdicts are those [about](Reader::verdicts_about) that id.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn commission(&self, commission_id: &str) -> Result<Option<CommissionView>, JournalError> {
        self.one("SELECT * FROM commissions WHERE commission_id = ?1", [commission_id], read)
    }
}
