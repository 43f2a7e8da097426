//! Money by program and market, by beneficiary and by rule, kept from the verdicts as they pass.

use ledger::Ledger;
use model::refusal::DeadLetter;
use model::verdict::{Account, CommissionId, Decision};
use model::{Currency, Market, Minor, ProgramId, RuleId, Text, Verdict};
use runtime::Sink;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// The balance of each account; what is missing is zero.
pub(crate) type Accounts = BTreeMap<Account, Minor>;

/// Everything that a summary says of money.
#[derive(Debug, Default)]
pub(crate) struct Books {
    /// By program, market and currency.
    pub totals: BTreeMap<(ProgramId, Market, Currency), Accounts>,
    /// By beneficiary and currency.
    pub beneficiaries: BTreeMap<(Text, Currency), Accounts>,
    /// Due, and waiting for a feed, by program, market and currency: part of what is pending.
    pub awaiting_feed: BTreeMap<(ProgramId, Market, Currency), Minor>,
    /// By rule and currency.
    pub rules: BTreeMap<(RuleId, Currency), RuleMoney>,
    /// Verdicts by decision.
    pub decisions: BTreeMap<Decision, u64>,
    /// Flags by rule.
    pub flags: BTreeMap<RuleId, u64>,
    /// Dead letters seen.
    pub dead_letters: u64,
    held: BTreeMap<CommissionId, Held>,
}

/// What one rule did to money of one currency.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RuleMoney {
    /// Held at some time on its account. Money held by two rules counts for both.
    pub held_ever: Minor,
    /// Held now, with a hold of this rule standing.
    pub held_now: Minor,
    /// Commissions with a hold of this rule standing.
    pub commissions_now: u64,
    /// Voided on its account.
    pub voided: Minor,
}

#[derive(Debug)]
struct Held {
    amount: Minor,
    rules: BTreeSet<RuleId>,
}

impl Books {
    /// Reads the next verdict.
    pub(crate) fn read(&mut self, verdict: &Verdict) {
        *self.decisions.entry(verdict.decision).or_default() += 1;
        if verdict.decision == Decision::Flag {
            for reason in &verdict.reasons {
                *self.flags.entry(reason.rule.clone()).or_default() += 1;
            }
        }
        let Some(currency) = verdict.currency else { return };
        let total =
            self.totals.entry((verdict.program_id.clone(), verdict.market.clone(), currency)).or_default();
        post(total, verdict);
        if let Some(beneficiary) = &verdict.beneficiary {
            post(self.beneficiaries.entry((beneficiary.clone(), currency)).or_default(), verdict);
        }
        self.charge_rules(verdict, currency);
        self.remember_held(verdict, currency);
    }

    fn charge_rules(&mut self, verdict: &Verdict, currency: Currency) {
        if verdict.decision != Decision::Void {
            return;
        }
        let to_void = verdict.postings.iter().filter(|posting| posting.to == Account::Void);
        let voided: Minor = to_void.map(|posting| posting.amount).sum();
        for reason in &verdict.reasons {
            let money = self.rules.entry((reason.rule.clone(), currency)).or_default();
            money.voided = money.voided.plus(voided);
        }
    }

    fn remember_held(&mut self, verdict: &Verdict, currency: Currency) {
        let Some(id) = verdict.commission_id else { return };
        let amount = verdict.balance.get(&Account::Held).copied().unwrap_or_default();
        // A rule that joins a hold moves nothing, and yet holds all that is held.
        for hold in &verdict.holds {
            let before = self.held.get(&id).filter(|held| held.rules.contains(&hold.rule));
            let more = amount.minus(before.map_or(Minor::ZERO, |held| held.amount)).max(Minor::ZERO);
            let money = self.rules.entry((hold.rule.clone(), currency)).or_default();
            money.held_ever = money.held_ever.plus(more);
        }
        if amount.is_zero() {
            self.held.remove(&id);
        } else {
            let rules = verdict.holds.iter().map(|hold| hold.rule.clone()).collect();
            self.held.insert(id, Held { amount, rules });
        }
    }

    /// Fills in what only the ledger knows, because it makes no verdict: what waits for a feed, and what is held
    /// now, by rule. A hold may end while others stand.
    pub(crate) fn close(&mut self, ledger: &Ledger) {
        for commission in ledger.commissions() {
            if commission.is_awaiting_feed() {
                let waiting = self.awaiting_feed.entry(ledger.totals_key(commission)).or_default();
                *waiting = waiting.plus(commission.balance().get(Account::Pending));
            }
            let amount = commission.balance().get(Account::Held);
            if amount.is_zero() {
                continue;
            }
            let (_, _, currency) = ledger.totals_key(commission);
            for hold in commission.holds().iter().filter(|hold| hold.stands()) {
                let money = self.rules.entry((hold.rule.clone(), currency)).or_default();
                money.held_now = money.held_now.plus(amount);
                money.commissions_now += 1;
            }
        }
    }
}

impl Sink for Books {
    fn take(&mut self, verdicts: &[Verdict], dead_letters: &[DeadLetter]) -> io::Result<()> {
        verdicts.iter().for_each(|verdict| self.read(verdict));
        self.dead_letters += dead_letters.len() as u64;
        Ok(())
    }
}

/// Applies a verdict's postings. What is accrued comes from nowhere: that account counts what ever came.
fn post(accounts: &mut Accounts, verdict: &Verdict) {
    for posting in &verdict.postings {
        let from = accounts.entry(posting.from).or_default();
        *from = if posting.from == Account::Accrued {
            from.plus(posting.amount)
        } else {
            from.minus(posting.amount)
        };
        let to = accounts.entry(posting.to).or_default();
        *to = to.plus(posting.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::event::Beneficiary;
    use model::verdict::{HoldId, HoldView, Posting, Subject, VerdictId};
    use model::{CreatorId, EventTime, Position};

    /// A verdict on one commission that leaves `held` of it held by `rules`.
    fn verdict(sequence: u64, decision: Decision, posted: i64, held: i64, rules: &[&str]) -> Verdict {
        let maria = Beneficiary::Creator(CreatorId::new("maria").unwrap());
        let commission = CommissionId::named("main", "o1", &maria, model::event::Component::Cps);
        let hold = |rule: &&str| {
            let rule = RuleId::new(rule).unwrap();
            HoldView { hold_id: HoldId::of_scope("commission:o1", &rule), rule, until: None }
        };
        let posting = Posting { from: Account::Pending, to: Account::Held, amount: Minor(posted) };
        Verdict {
            verdict_id: VerdictId::of_subject(&Subject::Commission(commission), sequence),
            commission_id: Some(commission),
            subject: None,
            sequence,
            position: Position(sequence),
            occurred_at: EventTime::MIN,
            decision,
            postings: Some(posting).filter(|posting| !posting.amount.is_zero()).into_iter().collect(),
            currency: Currency::new("USD"),
            balance: BTreeMap::from([(Account::Held, Minor(held))]),
            beneficiary: Some(maria.to_string().into()),
            component: None,
            order_id: None,
            shop_id: None,
            market: Market::new("main").unwrap(),
            program_id: ProgramId::new("main").unwrap(),
            due: None,
            holds: rules.iter().map(hold).collect(),
            reasons: Vec::new(),
            actors: Vec::new(),
            reattributed_from: None,
            ruleset: Text::default(),
            semantics: model::SEMANTICS,
        }
    }

    #[test]
    fn a_rule_that_joins_a_hold_has_held_all_that_it_holds() {
        let mut books = Books::default();
        books.read(&verdict(1, Decision::Hold, 100, 100, &["first"]));
        books.read(&verdict(2, Decision::Hold, 0, 100, &["first", "second"]));
        books.read(&verdict(3, Decision::Hold, 30, 130, &["first", "second"]));
        for rule in ["first", "second"] {
            let money = books.rules[&(RuleId::new(rule).unwrap(), Currency::new("USD").unwrap())];
            assert_eq!(money.held_ever, Minor(130), "{rule}");
        }
    }
}
