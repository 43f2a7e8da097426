//! What a review does to one commission, in the words of what was decided. A verdict says how its money stands now,
//! `restore` or `hold`, whoever moved it; a person who lifts a hold wants to hear that it is lifted.

use model::Verdict;
use model::event::{ReviewDecision, ReviewStage};
use model::verdict::Decision;

/// What was decided, and whether it takes effect.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided {
    pub decision: ReviewDecision,
    pub stage: ReviewStage,
}

impl Decided {
    /// What becomes of the commission of a verdict.
    pub(crate) fn outcome(self, verdict: &Verdict) -> &'static str {
        match (self.stage, verdict.decision) {
            (ReviewStage::Proposal, Decision::Flag) => "proposed",
            (_, Decision::Hold | Decision::Flag) => self.without_money(verdict),
            (_, Decision::Restore) => self.ended(),
            (_, Decision::Void) => "voided",
            (_, Decision::ClawBack) if self.decision == ReviewDecision::WriteOff => "written off",
            (_, Decision::ClawBack) => "owed back",
            (_, Decision::Recall) => "recalled, and held",
            (_, Decision::Accrue) => "accrued",
            (_, Decision::Reduce) => "reduced",
            (_, Decision::Schedule) => "scheduled",
            (_, Decision::Release) => "free to be paid",
            (_, Decision::Pay) => "paid",
        }
    }

    /// A hold that is placed moves money, or joins others; one that ends moves none while others stand.
    fn without_money(self, verdict: &Verdict) -> &'static str {
        let others = !verdict.holds.is_empty();
        match (self.decision, verdict.decision == Decision::Hold) {
            (ReviewDecision::Hold | ReviewDecision::Void | ReviewDecision::WriteOff, true) => "held",
            (ReviewDecision::Freeze, true) => "frozen",
            (ReviewDecision::Keep, true) => "kept until reviewed",
            (ReviewDecision::Lift, true) => "lifted; others still hold it",
            (ReviewDecision::Release, true) => "released; others still hold it",
            (ReviewDecision::Unfreeze, true) => "unfrozen; others still hold it",
            (ReviewDecision::Lift, false) if others => "not lifted: say which hold",
            (ReviewDecision::Lift, false) => "lifted; no money was held",
            (ReviewDecision::Release, false) => "released; no money was held",
            (ReviewDecision::Unfreeze, false) => "unfrozen; no money was held",
            // The creator's own verdict: they are about to earn.
            (ReviewDecision::Hold, false) if verdict.commission_id.is_none() => "held from now on",
            (ReviewDecision::Freeze, false) if verdict.commission_id.is_none() => "frozen from now on",
            (
                ReviewDecision::Hold
                | ReviewDecision::Freeze
                | ReviewDecision::Keep
                | ReviewDecision::Void
                | ReviewDecision::WriteOff,
                false,
            ) => "marked",
        }
    }

    const fn ended(self) -> &'static str {
        match self.decision {
            ReviewDecision::Lift => "lifted",
            ReviewDecision::Release => "released",
            ReviewDecision::Unfreeze => "unfrozen",
            ReviewDecision::Hold
            | ReviewDecision::Freeze
            | ReviewDecision::Keep
            | ReviewDecision::Void
            | ReviewDecision::WriteOff => "restored",
        }
    }

    /// Whether a verdict about a commission changes anything of it.
    pub(crate) fn changes(self, verdict: &Verdict) -> bool {
        let asks = self.decision == ReviewDecision::Lift && !verdict.holds.is_empty();
        verdict.decision != Decision::Flag || (self.stage == ReviewStage::Approval && !asks)
    }

    /// Why a review that no verdict names changes no commission, and what it does all the same. `field` is what it is
    /// about, as the event names it.
    pub(crate) fn why_nothing(self, field: &str) -> &'static str {
        if self.stage == ReviewStage::Proposal {
            return "nothing changes: a proposal moves nothing, and here is nothing to flag";
        }
        let is_of_creator = field == "creator_id";
        match self.decision {
            ReviewDecision::Hold | ReviewDecision::Freeze if is_of_creator => {
                "all that was earned is held so already, or there is nothing to hold; what is earned next is held"
            }
            ReviewDecision::Lift | ReviewDecision::Release | ReviewDecision::Unfreeze if is_of_creator => {
                "nothing that was earned is held so; nor is what is earned next"
            }
            ReviewDecision::Hold | ReviewDecision::Freeze => {
                "nothing changes: it is held so already, or there is nothing to hold"
            }
            ReviewDecision::Keep => "nothing changes: no hold stands that would end by itself",
            ReviewDecision::Lift => "nothing changes: no such hold stands",
            ReviewDecision::Release => {
                "no such hold stands; while it is open, rules only flag it, until its amount changes"
            }
            ReviewDecision::Unfreeze => "nothing changes: it is not frozen",
            ReviewDecision::Void => "nothing changes: there is nothing to void",
            ReviewDecision::WriteOff => "nothing changes: nothing is owed back",
        }
    }
}
