//! Released money in the order in which it was released: what a payout run takes, pays and gives back.

use model::event::Beneficiary;
use model::verdict::Account;
use model::{Currency, EventTime, Minor, ProgramId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::arena::{CommissionIx, RunIx};
use crate::commission::Commission;
use crate::ledger::Ledger;

/// Money of one release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    /// Counts releases: who was released first is paid first.
    pub(crate) number: u64,
    pub(crate) released_at: EventTime,
    pub(crate) amount: Minor,
    /// The run that has it.
    pub(crate) run: Option<RunIx>,
}

/// Who is paid, and in which currency.
pub(crate) type Payee = (Beneficiary, Currency);

/// What could be paid: parcels that no run has, by payee and in release order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Payable {
    releases: u64,
    programs: BTreeMap<ProgramId, BTreeMap<Payee, BTreeSet<(u64, CommissionIx)>>>,
}

impl Payable {
    fn queue(&mut self, program: &ProgramId, payee: Payee) -> &mut BTreeSet<(u64, CommissionIx)> {
        self.programs.entry(program.clone()).or_default().entry(payee).or_default()
    }

    pub(crate) fn insert(&mut self, program: &ProgramId, payee: Payee, entry: (u64, CommissionIx)) {
        self.queue(program, payee).insert(entry);
    }

    pub(crate) fn remove(&mut self, program: &ProgramId, payee: Payee, entry: (u64, CommissionIx)) {
        let queue = self.queue(program, payee.clone());
        queue.remove(&entry);
        if queue.is_empty() {
            self.programs.entry(program.clone()).or_default().remove(&payee);
        }
    }

    pub(crate) fn of(&self, program: &ProgramId, payee: &Payee) -> Vec<(u64, CommissionIx)> {
        let queue = self.programs.get(program).and_then(|payees| payees.get(payee));
        queue.into_iter().flatten().copied().collect()
    }

    pub(crate) fn payees(&self, program: &ProgramId) -> Vec<Payee> {
        self.programs.get(program).into_iter().flat_map(|payees| payees.keys().cloned()).collect()
    }
}

impl Ledger {
    pub(crate) fn payee(&self, ix: CommissionIx) -> (ProgramId, Payee) {
        let commission = &self.commissions[ix];
        let book = self.totals.book(commission.book);
        (book.program.clone(), (commission.beneficiary.clone(), book.currency))
    }

    /// Money was released.
    pub(crate) fn add_parcel(&mut self, ix: CommissionIx, amount: Minor, released_at: EventTime) {
        let number = self.payable.releases;
        self.payable.releases += 1;
        self.commissions[ix].parcels.push(Parcel { number, released_at, amount, run: None });
        let (program, payee) = self.payee(ix);
        self.payable.insert(&program, payee, (number, ix));
    }

    /// Released money was taken off or recalled: the latest release first.
    pub(crate) fn drop_parcels(&mut self, ix: CommissionIx, amount: Minor) {
        let mut left = amount;
        let mut gone = Vec::new();
        for parcel in self.commissions[ix].parcels.iter_mut().rev().filter(|parcel| parcel.run.is_none()) {
            let part = left.min(parcel.amount);
            parcel.amount = parcel.amount.minus(part);
            left = left.minus(part);
            if parcel.amount.is_zero() {
                gone.push(parcel.number);
            }
        }
        self.commissions[ix].parcels.retain(|parcel| !parcel.amount.is_zero());
        let (program, payee) = self.payee(ix);
        for number in gone {
            self.payable.remove(&program, payee.clone(), (number, ix));
        }
    }

    /// A run takes a parcel, or gives it back.
    pub(crate) fn hand_parcel(&mut self, ix: CommissionIx, number: u64, run: Option<RunIx>) -> Minor {
        let (program, payee) = self.payee(ix);
        match run {
            Some(_) => self.payable.remove(&program, payee, (number, ix)),
            None => self.payable.insert(&program, payee, (number, ix)),
        }
        let Some(parcel) = self.parcel_mut(ix, number) else { return Minor::ZERO };
        parcel.run = run;
        parcel.amount
    }

    /// A run pays part of a parcel, at most `amount`; returns how much.
    pub(crate) fn pay_parcel(&mut self, ix: CommissionIx, number: u64, amount: Minor) -> Minor {
        let Some(parcel) = self.parcel_mut(ix, number) else { return Minor::ZERO };
        let part = parcel.amount.min(amount);
        parcel.amount = parcel.amount.minus(part);
        self.commissions[ix].parcels.retain(|parcel| !parcel.amount.is_zero());
        part
    }

    pub(crate) fn parcel(&self, ix: CommissionIx, number: u64) -> Option<&Parcel> {
        self.commissions[ix].parcels.iter().find(|parcel| parcel.number == number)
    }

    fn parcel_mut(&mut self, ix: CommissionIx, number: u64) -> Option<&mut Parcel> {
        self.commissions[ix].parcels.iter_mut().find(|parcel| parcel.number == number)
    }

    pub(crate) fn assert_parcels(&self, commission: &Commission) {
        let sum = |scheduled: bool| -> Minor {
            let parcels = commission.parcels.iter();
            parcels.filter(|parcel| parcel.run.is_some() == scheduled).map(|parcel| parcel.amount).sum()
        };
        let of = |account| commission.balance.get(account);
        assert_eq!(sum(false), of(Account::Released), "{}: released parcels", commission.id);
        assert_eq!(sum(true), of(Account::Scheduled), "{}: scheduled parcels", commission.id);
    }
}
