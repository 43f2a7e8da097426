//! The accounts of each (program, market, currency), kept as the sum of their commissions.

use model::verdict::{Account, Posting};
use model::{Currency, Market, Minor, ProgramId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::account::Balance;
use crate::arena::{Arena, BookIx};

/// One (program, market, currency).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Book {
    pub(crate) program: ProgramId,
    pub(crate) market: Market,
    pub(crate) currency: Currency,
    balance: Balance,
}

/// All of them. There are few: they are found by walking.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Totals {
    books: Arena<BookIx, Book>,
}

impl Totals {
    pub(crate) fn open(&mut self, program: &ProgramId, market: &Market, currency: Currency) -> BookIx {
        let same =
            |book: &Book| book.currency == currency && book.program == *program && book.market == *market;
        if let Some(found) = self.books.names().find(|ix| same(&self.books[*ix])) {
            return found;
        }
        let (program, market) = (program.clone(), market.clone());
        self.books.push(Book { program, market, currency, balance: Balance::default() })
    }

    pub(crate) fn book(&self, ix: BookIx) -> &Book {
        &self.books[ix]
    }

    pub(crate) fn post(&mut self, ix: BookIx, posting: Posting) {
        self.books[ix].balance.post(posting);
    }

    pub(crate) fn assert_sound(&self, ix: BookIx) {
        let book = &self.books[ix];
        assert!(
            book.balance.is_sound(),
            "totals of {}/{}/{} balance",
            book.program,
            book.market,
            book.currency
        );
    }

    pub(crate) fn to_map(&self) -> BTreeMap<(ProgramId, Market, Currency), BTreeMap<Account, Minor>> {
        let entry =
            |book: &Book| ((book.program.clone(), book.market.clone(), book.currency), book.balance.to_map());
        self.books.iter().map(entry).collect()
    }
}
