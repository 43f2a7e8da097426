//! The eleven accounts of a commission, and what must always hold between them.

use model::Minor;
use model::verdict::{Account, Posting};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is in every account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Balance([Minor; Account::ALL.len()]);

impl Balance {
    /// What is in one account.
    pub fn get(&self, account: Account) -> Minor {
        self.0.get(account as usize).copied().unwrap_or_default()
    }

    /// Moves money. What is accrued comes from nowhere: that account counts what ever came.
    pub(crate) fn post(&mut self, posting: Posting) {
        self.add(
            posting.from,
            if posting.from == Account::Accrued { posting.amount } else { negated(posting.amount) },
        );
        self.add(posting.to, posting.amount);
    }

    /// Takes a movement back, to know what was before it.
    pub(crate) fn unpost(&mut self, posting: Posting) {
        self.post(Posting { amount: negated(posting.amount), ..posting });
    }

    fn add(&mut self, account: Account, amount: Minor) {
        let slot = self.0.get_mut(account as usize).expect("every account has a slot");
        *slot = slot.plus(amount);
    }

    /// Not yet released: pending or held.
    pub fn unreleased(&self) -> Minor {
        self.get(Account::Pending).plus(self.get(Account::Held))
    }

    /// Not yet with finance: pending, held or released.
    pub fn open(&self) -> Minor {
        self.unreleased().plus(self.get(Account::Released))
    }

    /// All accounts, as a verdict shows them.
    pub fn to_map(&self) -> BTreeMap<Account, Minor> {
        Account::ALL.into_iter().map(|account| (account, self.get(account))).collect()
    }

    /// Whether what accrued is the sum of all other accounts and none is negative.
    pub fn is_sound(&self) -> bool {
        let accrued = self.get(Account::Accrued);
        let all: Minor = self.0.iter().copied().sum();
        self.0.iter().all(|amount| amount.0 >= 0) && all == accrued.plus(accrued)
    }
}

fn negated(amount: Minor) -> Minor {
    Minor::ZERO.minus(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posting(from: Account, to: Account, amount: i64) -> Posting {
        Posting { from, to, amount: Minor(amount) }
    }

    #[test]
    fn what_accrued_is_the_sum_of_all_others() {
        let mut balance = Balance::default();
        balance.post(posting(Account::Accrued, Account::Pending, 10));
        balance.post(posting(Account::Pending, Account::Held, 4));
        assert!(balance.is_sound());
        assert_eq!(balance.get(Account::Accrued), Minor(10));
        assert_eq!(balance.open(), Minor(10));
        balance.unpost(posting(Account::Pending, Account::Held, 4));
        assert_eq!(balance.get(Account::Pending), Minor(10));
    }

    #[test]
    fn a_negative_account_is_not_sound() {
        let mut balance = Balance::default();
        balance.post(posting(Account::Pending, Account::Held, 4));
        assert!(!balance.is_sound());
    }
}
