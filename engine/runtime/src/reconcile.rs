//! Proof of the balances from the verdicts alone: no state, no rules, only what finance was told.

use model::verdict::{Account, Decision, Posting, VerdictId};
use model::{Currency, Market, Minor, ProgramId, Text, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// Reads verdicts in the order in which they were emitted and keeps the books itself.
#[derive(Debug, Default)]
pub struct Reconciler {
    books: BTreeMap<Text, Book>,
    totals: BTreeMap<(ProgramId, Market, Currency), Balance>,
    verdicts: u64,
    findings: Vec<Finding>,
}

/// Wide: a tampered file may hold any amount, and is to be found out, not to stop the proof.
type Balance = BTreeMap<Account, i128>;

#[derive(Debug, Default)]
struct Book {
    sequence: u64,
    balance: Balance,
    /// Currency and beneficiary of the first verdict: a commission has one of each.
    whose: Option<(Option<Currency>, Option<Text>)>,
}

/// Something that does not add up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The verdict at which it showed.
    pub verdict_id: VerdictId,
    /// The commission or other subject.
    pub subject: Text,
    /// What is wrong.
    pub what: String,
}

/// What the verdicts add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Verdicts read.
    pub verdicts: u64,
    /// Commissions and other subjects among them.
    pub subjects: u64,
    /// Totals by program, market and currency.
    pub totals: Vec<Total>,
    /// Everything that does not add up; empty when the books balance.
    pub findings: Vec<Finding>,
}

/// The accounts of one program, market and currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Total {
    /// The program.
    pub program_id: ProgramId,
    /// The market.
    pub market: Market,
    /// The currency.
    pub currency: Currency,
    /// Every account, in minor units.
    pub balance: BTreeMap<Account, i128>,
}

impl Reconciler {
    /// Reads the next verdict.
    pub fn read(&mut self, verdict: &Verdict) {
        self.verdicts += 1;
        let subject = match (&verdict.commission_id, &verdict.subject) {
            (Some(id), _) => Text::new(id.to_string()),
            (None, Some(subject)) => subject.clone(),
            (None, None) => return self.find(verdict, Text::default(), "it is about nothing".into()),
        };
        let book = self.books.entry(subject.clone()).or_default();
        let mut wrong = Vec::new();
        if verdict.sequence != book.sequence + 1 {
            wrong.push(format!("sequence {} follows {}", verdict.sequence, book.sequence));
        }
        if verdict.commission_id.is_some() && verdict.sequence == 1 && verdict.decision != Decision::Accrue {
            wrong.push("a commission begins with another decision than accrue".into());
        }
        book.sequence = verdict.sequence;
        let whose = (verdict.currency, verdict.beneficiary.clone());
        if *book.whose.get_or_insert_with(|| whose.clone()) != whose {
            wrong.push("its currency or beneficiary is not that of its first verdict".into());
        }
        wrong.extend(contradiction(verdict));
        for posting in &verdict.postings {
            if posting.amount.0 <= 0 {
                wrong.push(format!("a posting of {} is not positive", posting.amount.0));
            }
            post(&mut book.balance, posting);
        }
        wrong.extend(check(&book.balance, &verdict.balance));
        if let Some(currency) = verdict.currency {
            let key = (verdict.program_id.clone(), verdict.market.clone(), currency);
            let total = self.totals.entry(key).or_default();
            verdict.postings.iter().for_each(|posting| post(total, posting));
        }
        for what in wrong {
            self.find(verdict, subject.clone(), what);
        }
    }

    /// Everything that does not add up so far.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    fn find(&mut self, verdict: &Verdict, subject: Text, what: String) {
        self.findings.push(Finding { verdict_id: verdict.verdict_id, subject, what });
    }

    /// What everything read so far adds up to.
    pub fn finish(self) -> Reconciliation {
        let totals = self.totals.into_iter().map(|((program_id, market, currency), balance)| {
            let of = |account: &Account| (*account, balance.get(account).copied().unwrap_or_default());
            Total { program_id, market, currency, balance: Account::ALL.iter().map(of).collect() }
        });
        Reconciliation {
            verdicts: self.verdicts,
            subjects: self.books.len() as u64,
            totals: totals.collect(),
            findings: self.findings,
        }
    }
}

/// A decision that its postings contradict.
fn contradiction(verdict: &Verdict) -> Option<String> {
    let into: &[Account] = match verdict.decision {
        Decision::Accrue => &[Account::Pending, Account::Held],
        Decision::Reduce => &[Account::Reduced, Account::OwedBack],
        Decision::Void => &[Account::Void, Account::OwedBack],
        Decision::Hold | Decision::Recall => &[Account::Held],
        Decision::Release => &[Account::Released],
        Decision::Schedule => &[Account::Scheduled],
        // What was paid beyond its run goes the whole way at once.
        Decision::Pay => &[Account::Released, Account::Scheduled, Account::Paid],
        Decision::Restore | Decision::ClawBack => return None,
        Decision::Flag => &[],
    };
    let other = verdict.postings.iter().find(|posting| !into.contains(&posting.to))?;
    Some(format!("a decision to {} posts into `{}`", verdict.decision.name(), other.to.name()))
}

/// What is accrued comes from nowhere: that account counts what ever came.
fn post(balance: &mut Balance, posting: &Posting) {
    let amount = i128::from(posting.amount.0);
    let from = if posting.from == Account::Accrued { amount } else { -amount };
    *balance.entry(posting.from).or_default() += from;
    *balance.entry(posting.to).or_default() += amount;
}

/// Compares what the postings add up to with what the verdict says, and the accounts with one another.
fn check(kept: &Balance, said: &BTreeMap<Account, Minor>) -> Vec<String> {
    let of = |balance: &Balance, account| balance.get(&account).copied().unwrap_or_default();
    let mut wrong = Vec::new();
    for account in Account::ALL {
        let said = said.get(&account).map_or(0, |minor| i128::from(minor.0));
        let kept = of(kept, account);
        if kept != said {
            let name = account.name();
            wrong.push(format!("`{name}` is said to be {}, its postings add up to {}", said, kept));
        }
        if kept < 0 {
            wrong.push(format!("`{}` is negative: {}", account.name(), kept));
        }
    }
    let accrued = of(kept, Account::Accrued);
    let others: i128 = Account::ALL.into_iter().filter(|a| *a != Account::Accrued).map(|a| of(kept, a)).sum();
    if accrued != others {
        wrong.push(format!("accrued {accrued} is not the sum of all others, {others}"));
    }
    wrong
}
