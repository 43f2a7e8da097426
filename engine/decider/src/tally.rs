//! What was read, refused, attributed and judged: the figures of a summary. They are counted beside the
//! decisions and never read by them.

use attribution::Admission;
use model::admitted::{Admitted, What};
use model::event::Kind;
use model::hit::{Effect, Failure, Judged};
use model::log::RecordBody;
use model::refusal::{Code, DeadLetter};
use model::{EventTime, Facts, Market, Record, RuleId};
use ruleset::Ruleset;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts since the start of the log. read = applied + parked + duplicates + refused + controls; what was parked
/// and then given up counts as parked, and again in `expired`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Records read.
    pub read: u64,
    /// Records that took effect at their own position.
    pub applied: u64,
    /// Records that wait, or waited, for what they refer to.
    pub parked: u64,
    /// Records that were there before.
    pub duplicates: u64,
    /// Records that were refused, by code.
    pub refused: BTreeMap<Code, u64>,
    /// Parked records that gave up, by code.
    pub expired: BTreeMap<Code, u64>,
    /// Control records.
    pub controls: u64,
    /// Ticks among them.
    pub ticks: u64,
    /// Sweeps that ran.
    pub sweeps: u64,
    /// Events accepted, by kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Events that had been there before, by kind.
    pub repeated: BTreeMap<Kind, u64>,
    /// Events that were refused, by kind; what no event could be read from is not among them.
    pub turned_away: BTreeMap<Kind, u64>,
    /// Accepted events that came more than one step of the sweep grid behind the log clock: the sweep of their own
    /// time had run.
    pub late: BTreeMap<Kind, u64>,
    /// Orders by the kind of evidence that credited their lead line.
    pub credited: BTreeMap<String, u64>,
    /// What each rule did.
    pub rules: BTreeMap<RuleId, RuleTally>,
}

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleTally {
    /// Events on which it had an effect.
    pub fired: u64,
    /// Events on which it failed.
    pub failed: u64,
    /// Those on which it failed because a feature was unknown: there were too many keys.
    pub unknown: u64,
    /// How well it could see, by market.
    pub sight: BTreeMap<Market, Sight>,
}

/// How well a rule could see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Sight {
    /// Events that it was about.
    pub judged: u64,
    /// Those that carried every field it reads.
    pub carried: u64,
}

impl Sight {
    /// Share of events that carried the rule's fields, in percent, rounded half up; `None` before the first event.
    pub fn percent(&self) -> Option<u64> {
        (self.carried * 100 + self.judged / 2).checked_div(self.judged)
    }

    /// Under half of the events carried what the rule needs: it says nothing because it sees nothing.
    pub fn is_blind(&self) -> bool {
        self.carried * 2 < self.judged
    }
}

impl Tally {
    /// Records refused, for whatever reason.
    pub fn refused_total(&self) -> u64 {
        self.refused.values().sum()
    }

    /// Counts what became of a record; an accepted one from before `late_before` is late.
    pub(crate) fn admission(
        &mut self,
        record: &Record,
        admission: &Admission,
        late_before: Option<EventTime>,
    ) {
        self.read += 1;
        match admission {
            Admission::Applied => self.applied += 1,
            Admission::Parked => self.parked += 1,
            Admission::Duplicate => self.duplicates += 1,
            Admission::Refused(refusal) => *self.refused.entry(refusal.code).or_default() += 1,
            Admission::Control => self.controls += 1,
        }
        let RecordBody::Event(event) = &record.body else { return };
        let of_kind = match admission {
            Admission::Applied | Admission::Parked => &mut self.kinds,
            Admission::Duplicate => &mut self.repeated,
            Admission::Refused(_) => &mut self.turned_away,
            Admission::Control => return,
        };
        *of_kind.entry(event.kind()).or_default() += 1;
        let is_accepted = matches!(admission, Admission::Applied | Admission::Parked);
        if is_accepted && late_before.is_some_and(|before| event.occurred_at < before) {
            *self.late.entry(event.kind()).or_default() += 1;
        }
    }

    pub(crate) fn expired(&mut self, dead: &[DeadLetter]) {
        for letter in dead {
            *self.expired.entry(letter.refusal.code).or_default() += 1;
        }
    }

    pub(crate) fn attributed(&mut self, admitted: &Admitted) {
        if let What::Order(order) = &admitted.what {
            let evidence = order.credit().map_or("none", |credit| credit.evidence.name());
            match self.credited.get_mut(evidence) {
                Some(count) => *count += 1,
                None => drop(self.credited.insert(evidence.to_owned(), 1)),
            }
        }
    }

    pub(crate) fn judged(&mut self, ruleset: &Ruleset, facts: &dyn Facts, judged: &Judged) {
        let market = &facts.context().market;
        for rule in ruleset.rules() {
            let Some(needs) = rule.needs.get(&facts.subject()) else { continue };
            let tally = self.rules.entry(rule.id.clone()).or_default();
            let sight = match tally.sight.get_mut(market) {
                Some(sight) => sight,
                None => tally.sight.entry(market.clone()).or_default(),
            };
            sight.judged += 1;
            sight.carried += u64::from(needs.iter().all(|field| !facts.get(field).is_missing()));
        }
        let mut previous = None;
        for hit in &judged.hits {
            let tally = self.rules.entry(hit.rule.clone()).or_default();
            if let Effect::Failed(failure) = hit.effect {
                tally.failed += 1;
                tally.unknown += u64::from(failure == Failure::Unknown);
            } else if previous != Some(&hit.rule) {
                tally.fired += 1;
            }
            previous = Some(&hit.rule);
        }
    }
}
