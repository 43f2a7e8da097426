//! What it all comes to: by beneficiary, and by market.

use runtime::JournalError;
use runtime::books::BeneficiaryView;
use rusqlite::Row;
use serde::Serialize;
use std::collections::BTreeMap;

use super::commissions::balance;
use crate::store::reader::Reader;

/// The accounts of a program and market in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarketTotal {
    /// The program.
    pub program_id: String,
    /// The market.
    pub market: String,
    /// The ISO 4217 currency of all amounts.
    pub currency: String,
    /// How many commissions.
    pub commissions: u64,
    /// Every account, in minor units.
    pub balance: BTreeMap<String, i64>,
}

fn beneficiary(row: &Row<'_>) -> rusqlite::Result<BeneficiaryView> {
    Ok(BeneficiaryView {
        currency: row.get("currency")?,
        commissions: row.get("commissions")?,
        balance: balance(row)?,
    })
}

fn market(row: &Row<'_>) -> rusqlite::Result<MarketTotal> {
    Ok(MarketTotal {
        program_id: row.get("program_id")?,
        market: row.get("market")?,
        currency: row.get("currency")?,
        commissions: row.get("commissions")?,
        balance: balance(row)?,
    })
}

impl Reader {
    /// The accounts of one beneficiary (`creator:ID` or `agency:ID`), a total for each currency.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn beneficiary(&self, name: &str) -> Result<Vec<BeneficiaryView>, JournalError> {
        self.all("SELECT * FROM creators WHERE beneficiary = ?1 ORDER BY currency", [name], beneficiary)
    }

    /// The programs in which a beneficiary has earned, in order.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn programs_of(&self, name: &str) -> Result<Vec<String>, JournalError> {
        let select = "SELECT DISTINCT program_id FROM commissions WHERE beneficiary = ?1 ORDER BY program_id";
        self.all(select, [name], |row| row.get(0))
    }

    /// The ids of creators who have earned, in order, at most `rows`.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn creator_ids(&self, rows: u32) -> Result<Vec<String>, JournalError> {
        // From one to the next by the index, however much each has earned.
        let select = "WITH RECURSIVE met (name) AS (\
                        SELECT min(beneficiary) FROM commissions WHERE beneficiary >= 'creator:' \
                      UNION ALL \
                        SELECT (SELECT min(beneficiary) FROM commissions WHERE beneficiary > name) FROM met \
                        WHERE name < 'creator;') \
                      SELECT substr(name, 9) FROM met WHERE name < 'creator;' LIMIT ?1";
        self.all(select, [rows], |row| row.get(0))
    }

    /// The accounts of each program, market and currency.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn totals(&self) -> Result<Vec<MarketTotal>, JournalError> {
        self.all("SELECT * FROM totals ORDER BY program_id, market, currency", [], market)
    }
}
