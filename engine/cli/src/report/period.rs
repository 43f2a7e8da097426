//! What a period brought.

use model::verdict::{Account, Decision};
use model::{EventTime, RuleId, Verdict};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// What a period brought.
#[derive(Debug, Serialize)]
pub(crate) struct Period {
    /// From when, milliseconds since the epoch.
    pub since_at: i64,
    /// To before when, milliseconds since the epoch.
    pub until_at: i64,
    /// Verdicts.
    pub verdicts: u64,
    /// Money into and out of each account.
    #[serde(serialize_with = "rows")]
    pub money: BTreeMap<Place, Flow>,
    /// What rules did, built-in reasons included.
    #[serde(serialize_with = "rows")]
    pub rules: BTreeMap<RuleIn, Done>,
}

/// An account of a market.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// The program.
    pub program_id: String,
    /// The market.
    pub market: String,
    /// ISO 4217.
    pub currency: String,
    /// The account.
    #[serde(serialize_with = "account_name")]
    pub account: Account,
}

/// Money of an account, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Flow {
    /// What came into it.
    pub came: i64,
    /// What left it.
    pub went: i64,
}

impl Flow {
    /// What it has more at the end than at the beginning.
    pub(crate) fn net(self) -> i64 {
        self.came.saturating_sub(self.went)
    }
}

/// A rule in a market.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct RuleIn {
    /// The rule.
    pub rule: String,
    /// The market.
    pub market: String,
    /// ISO 4217; empty where a verdict has none.
    pub currency: String,
}

/// What a rule did. Money that two rules hold counts for both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Done {
    /// Verdicts that give it as a reason.
    pub verdicts: u64,
    /// Flags among them.
    pub flags: u64,
    /// What these moved into `held` with a hold of the rule, in minor units.
    pub held: i64,
    /// What they moved into `void`.
    pub voided: i64,
}

impl Period {
    /// Nothing yet.
    pub(crate) fn new(since: EventTime, until: EventTime) -> Period {
        let (money, rules) = (BTreeMap::new(), BTreeMap::new());
        Period { since_at: since.as_ms(), until_at: until.as_ms(), verdicts: 0, money, rules }
    }

    /// Reads a verdict of the period. What is void is charged to the rules that gave it as their reason, but not to those
    /// that may not reject: they have only flagged what another one voided.
    pub(crate) fn read(&mut self, verdict: &Verdict, may_not_reject: &BTreeSet<RuleId>) {
        self.verdicts += 1;
        let currency = verdict.currency.map(|currency| currency.to_string()).unwrap_or_default();
        for posting in &verdict.postings {
            let place = |account| Place {
                program_id: verdict.program_id.to_string(),
                market: verdict.market.to_string(),
                currency: currency.clone(),
                account,
            };
            let to = self.money.entry(place(posting.to)).or_default();
            to.came = to.came.saturating_add(posting.amount.0);
            // What is accrued comes from nowhere: that account counts what ever came.
            let from = self.money.entry(place(posting.from)).or_default();
            let side = if posting.from == Account::Accrued { &mut from.came } else { &mut from.went };
            *side = side.saturating_add(posting.amount.0);
        }
        self.charge(verdict, &currency, may_not_reject);
    }

    fn charge(&mut self, verdict: &Verdict, currency: &str, may_not_reject: &BTreeSet<RuleId>) {
        let into = |account| {
            let postings = verdict.postings.iter().filter(|posting| posting.to == account);
            postings.fold(0_i64, |sum, posting| sum.saturating_add(posting.amount.0))
        };
        let (held, voided) = (into(Account::Held), into(Account::Void));
        for reason in &verdict.reasons {
            let rule = reason.rule.to_string();
            let key = RuleIn { rule, market: verdict.market.to_string(), currency: currency.to_owned() };
            let done = self.rules.entry(key).or_default();
            done.verdicts += 1;
            done.flags += u64::from(verdict.decision == Decision::Flag);
            if verdict.holds.iter().any(|hold| hold.rule == reason.rule) {
                done.held = done.held.saturating_add(held);
            }
            if verdict.decision == Decision::Void && !may_not_reject.contains(&reason.rule) {
                done.voided = done.voided.saturating_add(voided);
            }
        }
    }
}

/// A row for each key, with what it says.
fn rows<K: Serialize, V: Serialize, S: Serializer>(map: &BTreeMap<K, V>, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Line<'l, K, V> {
        #[serde(flatten)]
        key: &'l K,
        #[serde(flatten)]
        value: &'l V,
    }
    to.collect_seq(map.iter().map(|(key, value)| Line { key, value }))
}

fn account_name<S: Serializer>(account: &Account, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(account.name())
}
