//! Which rules act: live ones, and canaries for the creators in their bucket. Everybody else only watches.

use model::hit::{Effect, Evidence, Failure, Hit, Judged, Until};
use model::policy::{Mode, OnFailure, RulePolicy};
use model::verdict::Reason;
use model::{CreatorId, EventTime, Market, Position, RuleId, Text};
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::Hasher;

use crate::holds::Hold;
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::Moment;

/// How often a rule failed, and since when it is ignored for it.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Failures {
    pub(crate) count: u64,
    /// The position of the last failure that was tolerated: the rule is ignored after it.
    pub(crate) exhausted_at: Option<Position>,
}

/// Failures by rule.
pub(crate) type FailureCounts = BTreeMap<RuleId, Failures>;

impl Ledger {
    pub(crate) fn rule(&self, rule: &RuleId) -> Option<&RulePolicy> {
        self.terms.policy.rules.get(rule)
    }

    /// Whether what a rule wants happens to money of this creator.
    pub(crate) fn acts(&self, rule: &RuleId, creator: Option<&CreatorId>, at: Position) -> bool {
        if self.is_exhausted(rule, at) {
            return false;
        }
        match self.rule(rule).map(|policy| policy.mode) {
            Some(Mode::Live) => true,
            Some(Mode::Canary(percent)) => {
                creator.is_some_and(|creator| self.bucket(creator) < u64::from(percent))
            }
            Some(Mode::Draft | Mode::Shadow | Mode::Retired) | None => false,
        }
    }

    /// Whether a rule has failed so often that it is ignored.
    pub(crate) fn is_exhausted(&self, rule: &RuleId, at: Position) -> bool {
        let exhausted = self.failures.get(rule).and_then(|failures| failures.exhausted_at);
        exhausted.is_some_and(|last| at > last)
    }

    /// The creator's bucket, 0..100: the same for every rule, so that a canary can be widened.
    fn bucket(&self, creator: &CreatorId) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.canary_key, 0);
        hasher.write(creator.as_str().as_bytes());
        hasher.finish() % 100
    }

    /// A failure counts wherever the rule is evaluated, and silences it from the next position on. What a rule
    /// could not be told is not its fault, and an attacker who chooses the keys would choose to silence it.
    pub(crate) fn count_failures(&mut self, judged: &Judged, at: Position) {
        let erred = |hit: &&Hit| hit.effect == Effect::Failed(Failure::Error);
        for hit in judged.hits.iter().filter(erred) {
            let max = self.rule(&hit.rule).map_or(u64::MAX, |policy| policy.failures_max);
            let failures = self.failures.entry(hit.rule.clone()).or_default();
            failures.count += 1;
            if failures.count >= max {
                failures.exhausted_at.get_or_insert(at);
            }
        }
    }

    /// A failing rule holds if that is its policy; never in a canary.
    pub(crate) fn failure_holds(&self, rule: &RuleId) -> bool {
        self.rule(rule).is_some_and(|rule| rule.mode == Mode::Live && rule.on_failure == OnFailure::Hold)
    }

    /// Until when a hold lasts; `None` waits for a person.
    pub(crate) fn hold_until(&self, rule: &RuleId, until: Until, moment: Moment) -> Option<EventTime> {
        let span = match until {
            Until::Lasting(span) => Some(span),
            Until::Reviewed => None,
            Until::Default => self.rule(rule).and_then(|policy| policy.default_hold),
        };
        span.map(|span| moment.clock.plus(span))
    }

    /// The time past which a hold of a market must be escalated.
    pub(crate) fn escalation(&self, market: &Market, since: EventTime) -> EventTime {
        since.plus(self.terms.policy.market(market).longest_hold)
    }

    /// Why a hold that stands takes money that comes back to it.
    pub(crate) fn reason_to_hold(&self, hold: &Hold) -> Reason {
        let code = self.rule(&hold.rule).map(|policy| policy.public_code.clone());
        let public_code = code.unwrap_or(Text::const_new("under_review"));
        Reason { rule: hold.rule.clone(), public_code, evidence: Evidence::new() }
    }

    /// What a hit publishes.
    pub(crate) fn reason_of(&self, hit: &Hit) -> Reason {
        if let Effect::Failed(failure) = hit.effect {
            let evidence = match failure {
                Failure::Error => Evidence::new(),
                Failure::Unknown => hit.evidence.clone(),
            };
            return Reason { rule: hit.rule.clone(), evidence, ..Cause::CheckFailed.bare() };
        }
        let code = self.rule(&hit.rule).map(|policy| policy.public_code.clone());
        Reason {
            rule: hit.rule.clone(),
            public_code: code.unwrap_or(Text::const_new("under_review")),
            evidence: hit.evidence.clone(),
        }
    }
}
