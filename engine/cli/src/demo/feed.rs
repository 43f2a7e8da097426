//! The last verdicts worth a look, with their reasons in words.

use decider::Effects;
use model::verdict::{Account, Decision};
use model::{EventTime, Position, RuleId, Span, Verdict};
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

use crate::summary::amount;
use crate::verdicts::{about, reasons};

/// How many are kept.
const KEPT: usize = 200;

/// A verdict as it is shown.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// When, in made-up time.
    pub at: EventTime,
    /// What was decided, as a person would say it.
    pub what: &'static str,
    /// About which order, click or creator.
    pub about: String,
    /// Whose money.
    pub whose: String,
    /// How much.
    pub money: String,
    /// Why, in the rule's words.
    pub why: String,
}

/// The last verdicts worth a look. Ordinary accruals and releases only count.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    entries: VecDeque<Entry>,
    /// The hour of each rule's last flag.
    flagged: BTreeMap<RuleId, EventTime>,
    /// Entries ever taken.
    pub taken: u64,
    /// Releases that nobody doubted.
    pub quiet_releases: u64,
}

impl Feed {
    /// Takes the effects of a chunk.
    pub(crate) fn take(&mut self, effects: &Effects) {
        let mut words: BTreeMap<(Position, &RuleId), &str> = BTreeMap::new();
        for said in &effects.explanations {
            words.insert((said.position, &said.hit.rule), &said.hit.reason);
        }
        for verdict in &effects.verdicts {
            let Some(what) = worth_a_look(verdict).filter(|what| self.is_news(what, verdict)) else {
                self.quiet_releases += u64::from(verdict.decision == Decision::Release);
                continue;
            };
            let said = verdict
                .reasons
                .iter()
                .filter_map(|r| words.get(&(verdict.position, &r.rule)).map(|w| (r, *w)));
            let said: Vec<String> = said.map(|(r, words)| format!("{}: {words}", r.rule)).collect();
            self.push(Entry {
                at: verdict.occurred_at,
                what,
                about: about(verdict),
                whose: verdict.beneficiary.as_deref().unwrap_or_default().to_owned(),
                money: money(verdict),
                why: if said.is_empty() { reasons(verdict) } else { said.join("; ") },
            });
        }
    }

    /// Flags of one rule come in crowds: one an hour is news.
    fn is_news(&mut self, what: &str, verdict: &Verdict) -> bool {
        let Some(reason) = verdict.reasons.first().filter(|_| what == "FLAG") else { return true };
        let hour = verdict.occurred_at.grid_floor(Span::from_hours(1));
        self.flagged.insert(reason.rule.clone(), hour) != Some(hour)
    }

    fn push(&mut self, entry: Entry) {
        self.taken += 1;
        self.entries.push_back(entry);
        if self.entries.len() > KEPT {
            self.entries.pop_front();
        }
    }

    /// The newest `count`, newest first.
    pub(crate) fn newest(&self, count: usize) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev().take(count)
    }

    /// Those taken after the first `seen`, oldest first, as far as they are kept.
    pub(crate) fn since(&self, seen: u64) -> impl Iterator<Item = &Entry> {
        let new = usize::try_from(self.taken - seen).unwrap_or(KEPT).min(self.entries.len());
        self.entries.iter().skip(self.entries.len() - new)
    }
}

/// What a person would call it; `None` for the everyday.
fn worth_a_look(verdict: &Verdict) -> Option<&'static str> {
    let was_doubted = verdict.postings.iter().any(|p| p.from == Account::Held);
    let by_status = verdict.reasons.iter().all(|r| r.rule.as_str() == "status");
    match verdict.decision {
        Decision::Accrue if verdict.holds.is_empty() => None,
        Decision::Accrue | Decision::Hold => Some("HOLD"),
        Decision::Recall => Some("RECALL"),
        Decision::Flag => Some("FLAG"),
        Decision::Void if !by_status => Some("VOID"),
        Decision::ClawBack => Some("CLAW BACK"),
        Decision::Release if was_doubted => Some("RELEASE"),
        Decision::Void
        | Decision::Release
        | Decision::Reduce
        | Decision::Restore
        | Decision::Schedule
        | Decision::Pay => None,
    }
}

/// The money that a verdict is about: what it moves, else what is held.
fn money(verdict: &Verdict) -> String {
    let Some(currency) = verdict.currency else { return String::new() };
    let moved: i64 = verdict.postings.iter().map(|p| p.amount.0).sum();
    let held = verdict.balance.get(&Account::Held).map_or(0, |m| m.0);
    match if moved == 0 { held } else { moved } {
        0 => String::new(),
        minor => format!("{} {currency}", amount(minor, currency.code())),
    }
}
