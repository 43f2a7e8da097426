//! What a review did, or would do.

use model::hit::EvidenceValue;
use model::verdict::Account;
use model::{Position, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

use crate::review::subject::Meant;
use crate::review::words::Decided;
use crate::summary::{amount, group};
use crate::table::table;
use crate::verdicts::{about, movements};

/// Verdicts in the table for people; the other forms have all.
const SHOWN: usize = 40;

/// Whether it has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum When {
    /// It was decided.
    Did,
    /// It would be.
    Would,
}

/// What a review did, or would do.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    /// The review.
    pub review_id: String,
    /// Whether it has happened: `did` or `would`.
    pub when: When,
    /// Its position in the log.
    pub position: u64,
    /// How many commissions it decided about.
    pub commissions: usize,
    /// What it moved.
    pub moved: Vec<Moved>,
    /// The verdicts that name it.
    pub verdicts: Vec<Verdict>,
    /// Verdicts that came with it because time had passed: releases that were due, holds that lapsed.
    pub others: usize,
}

/// Money between two accounts.
#[derive(Debug, Serialize)]
pub(crate) struct Moved {
    /// Out of.
    pub from: &'static str,
    /// Into.
    pub to: &'static str,
    /// ISO 4217.
    pub currency: String,
    /// How much, in minor units.
    pub amount: i64,
}

impl Outcome {
    /// Sorts the verdicts at its position.
    pub(crate) fn of(verdicts: Vec<Verdict>, review_id: &str, position: Position, when: When) -> Outcome {
        let (verdicts, others): (Vec<_>, Vec<_>) =
            verdicts.into_iter().partition(|verdict| names(verdict, review_id));
        let commissions: BTreeSet<_> = verdicts.iter().filter_map(|verdict| verdict.commission_id).collect();
        Outcome {
            review_id: review_id.to_owned(),
            when,
            position: position.0,
            commissions: commissions.len(),
            moved: moved(&verdicts),
            verdicts,
            others: others.len(),
        }
    }

    /// For people.
    pub(crate) fn text(&self, decided: Decided, meant: &Meant) -> String {
        let mut text = format!("{} {}: {}\n", decided.decision.name(), meant.words, self.changes(decided));
        for moved in &self.moved {
            let money = amount(moved.amount, &moved.currency);
            text += &format!("  {} → {} {money} {}\n", moved.from, moved.to, moved.currency);
        }
        text += &self.rows(decided);
        if self.verdicts.is_empty() {
            text += &format!("  {}\n", decided.why_nothing(meant.field));
        }
        if self.others > 0 {
            let others = group(&self.others.to_string());
            text += &format!("  time passes with it: {others} other verdict(s) that were due come first\n");
        }
        text
    }

    /// How many commissions are changed, and what is kept of it.
    fn changes(&self, decided: Decided) -> String {
        let changed = self.verdicts.iter().filter(|verdict| decided.changes(verdict));
        let changed: BTreeSet<_> = changed.filter_map(|verdict| verdict.commission_id).collect();
        let count = group(&changed.len().to_string());
        let review = &self.review_id;
        match (self.when, changed.is_empty()) {
            (When::Did, false) => format!("changed {count} commission(s), as {review}"),
            (When::Did, true) => format!("no commission changed; it is recorded, as {review}"),
            (When::Would, false) => format!("would change {count} commission(s); nothing was changed"),
            (When::Would, true) => "no commission would change".to_owned(),
        }
    }

    fn rows(&self, decided: Decided) -> String {
        if self.verdicts.is_empty() {
            return String::new();
        }
        let mut table = table(&["commission", "order", "beneficiary", "outcome", "money", "held by"]);
        for verdict in self.verdicts.iter().take(SHOWN) {
            let holds: Vec<&str> = verdict.holds.iter().map(|hold| hold.rule.as_str()).collect();
            table.add_row([
                verdict.commission_id.map(|id| id.to_string()).unwrap_or_default(),
                about(verdict),
                verdict.beneficiary.as_deref().unwrap_or_default().to_owned(),
                decided.outcome(verdict).to_owned(),
                movements(verdict),
                holds.join(", "),
            ]);
        }
        let hidden = self.verdicts.len().saturating_sub(SHOWN);
        let more =
            if hidden > 0 { format!("and {hidden} more: --output json has all\n") } else { String::new() };
        format!("\n{table}\n{more}")
    }
}

/// Whether a verdict gives a review among its reasons.
fn names(verdict: &Verdict, review_id: &str) -> bool {
    let said = verdict.reasons.iter().filter_map(|reason| reason.evidence.get("review"));
    said.into_iter().any(|value| match value {
        EvidenceValue::Id(id) => id.as_str() == review_id,
        EvidenceValue::Int(_) | EvidenceValue::Ratio { .. } => false,
    })
}

fn moved(verdicts: &[Verdict]) -> Vec<Moved> {
    let mut sums: BTreeMap<(Account, Account, String), i64> = BTreeMap::new();
    for verdict in verdicts {
        let currency = verdict.currency.map(|currency| currency.to_string()).unwrap_or_default();
        for posting in &verdict.postings {
            let sum = sums.entry((posting.from, posting.to, currency.clone())).or_default();
            *sum = sum.saturating_add(posting.amount.0);
        }
    }
    let told = |((from, to, currency), amount): ((Account, Account, String), i64)| Moved {
        from: from.name(),
        to: to.name(),
        currency,
        amount,
    };
    sums.into_iter().map(told).collect()
}
