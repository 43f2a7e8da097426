//! Built-in reasons: what the ledger itself gives as a cause, beside the rules. Their names are never those of
//! rules that a ruleset may have, and stay the same for ever.

use model::hit::{Evidence, EvidenceValue};
use model::verdict::Reason;
use model::{RuleId, Text};

macro_rules! causes {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal, $public:literal;)*) => {
        /// A built-in cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause {
            $($(#[doc = $doc])* $variant,)*
        }

        impl Cause {
            /// All of them.
            pub const ALL: &'static [Cause] = &[$(Cause::$variant),*];

            /// Its name in the place of a rule.
            pub const fn name(self) -> &'static str {
                match self { $(Cause::$variant => $name),* }
            }

            /// What creators are told.
            pub const fn public_code(self) -> &'static str {
                match self { $(Cause::$variant => $public),* }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Cause::$variant => concat!($($doc),*).trim_ascii()),* }
            }
        }
    };
}

causes! {
    /// The order was credited to its beneficiary.
    Attributed = "attributed", "commission_earned";
    /// A click that would have earned it was invalidated: the next candidate earns it.
    Reattributed = "reattributed", "commission_earned";
    /// A higher revision of the order changed its lines or amounts.
    Amended = "amended", "order_changed";
    /// A plan came for lines that had none.
    Planned = "planned", "commission_earned";
    /// Money owed that no rate computes.
    Obligation = "obligation", "payment_agreed";
    /// No plan covers a line: it accrues nothing until one does, and is held.
    NoPlan = "no_plan", "terms_missing";
    /// A refund of the order had been given up before the order came: a person must look.
    OrphanRefund = "orphan_refund", "refund_unclear";
    /// A refund, or the undoing of one.
    Refund = "refund", "order_refunded";
    /// More was refunded than was paid: the excess takes nothing.
    OverRefund = "over_refund", "refund_unclear";
    /// The order's status changed.
    Status = "status", "order_status";
    /// The scores of several rules add up to the threshold.
    Score = "score", "under_review";
    /// A rule failed, and its policy is to hold.
    CheckFailed = "check_failed", "check_failed";
    /// The last hold lapsed by itself.
    Lapsed = "lapsed", "check_ended";
    /// A hold has lasted as long as the market allows: it waits for a person.
    Escalated = "escalated", "under_review";
    /// A person decided.
    Review = "review", "reviewed";
    /// A person froze it.
    Freeze = "freeze", "under_review";
    /// A person proposed a decision; nothing moves.
    Proposal = "proposal", "under_review";
    /// A rule invalidated the click: it earns nothing at orders that come later.
    Invalidated = "invalidated", "click_invalid";
    /// Its date has passed and nothing holds it.
    Settled = "settled", "settled";
    /// A payout run took it, paid it or gave it back.
    PayoutRun = "payout_run", "payout";
    /// A run paid more than it had scheduled.
    PaidBeyond = "paid_beyond", "overpaid";
    /// A run that was already paid spoke again: nothing moves.
    RunRepeated = "run_repeated", "payout";
    /// A hold came for money that a run has scheduled or paid: it only asks and marks.
    TooLate = "too_late", "under_review";
}

impl Cause {
    /// Its name, where a rule's would stand.
    pub fn rule(self) -> RuleId {
        RuleId::new(self.name()).expect("built-in names are valid ids")
    }

    /// A reason with its evidence.
    pub(crate) fn because<const N: usize>(self, evidence: [(&'static str, EvidenceValue); N]) -> Reason {
        let evidence = evidence.into_iter().map(|(name, value)| (Text::const_new(name), value)).collect();
        Reason { rule: self.rule(), public_code: Text::const_new(self.public_code()), evidence }
    }

    /// A reason that needs no evidence.
    pub(crate) fn bare(self) -> Reason {
        self.because([])
    }
}

/// Adds a reason to those of a verdict: one per rule, sorted by rule.
pub(crate) fn add(reasons: &mut Vec<Reason>, reason: Reason) {
    match reasons.binary_search_by(|known| known.rule.cmp(&reason.rule)) {
        Ok(place) => {
            let known = reasons.get_mut(place).expect("it was just found");
            merge(&mut known.evidence, reason.evidence);
        }
        Err(place) => reasons.insert(place, reason),
    }
}

/// What is known first stays.
fn merge(known: &mut Evidence, more: Evidence) {
    for (name, value) in more {
        if known.len() < model::limit::EVIDENCE_ENTRIES_MAX {
            known.entry(name).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_causes_share_a_name() {
        let mut names: Vec<_> = Cause::ALL.iter().map(|cause| cause.name()).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(
            Cause::ALL
                .iter()
                .all(|cause| !cause.meaning().is_empty() && cause.rule().as_str() == cause.name())
        );
    }

    #[test]
    fn reasons_are_sorted_and_one_per_rule() {
        let mut reasons = Vec::new();
        for cause in [Cause::Settled, Cause::Refund, Cause::Settled] {
            add(&mut reasons, cause.bare());
        }
        assert_eq!(reasons.iter().map(|r| r.rule.as_str()).collect::<Vec<_>>(), ["refund", "settled"]);
    }
}
