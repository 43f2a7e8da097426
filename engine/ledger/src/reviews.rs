//! Reviews: what people decide, about a commission, one hold, a creator or a group.

use model::admitted::Admitted;
use model::event::{Review, ReviewDecision, ReviewStage, ReviewSubject};
use model::verdict::{Account, Decision, Reason, Subject};
use model::{CreatorId, ProgramId, RuleId};
use serde::{Deserialize, Serialize};

use crate::arena::{CommissionIx, CreatorIx, WideIx};
use crate::holds::{Ask, By, Hold, Placed};
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::{Stage, id};
use crate::wide::{ByWhom, Over};

/// What a hold's id names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum HoldPlace {
    /// A hold of one commission.
    Own(CommissionIx, RuleId),
    /// A hold of a group or creator.
    Wide(WideIx),
}

/// What a review is about, looked up.
struct Target {
    commissions: Vec<CommissionIx>,
    /// The creator, when everything of theirs is meant, with the program.
    creator: Option<(ProgramId, CreatorId)>,
    /// Group and creator holds that are meant.
    wide: Vec<WideIx>,
    which: Which,
}

/// Which holds of a commission are meant.
enum Which {
    /// All of them.
    All,
    /// This rule's.
    Of(RuleId),
    /// Those that a wide hold of the target placed or renews.
    Wide,
}

impl Target {
    fn means(&self, hold: &Hold) -> bool {
        match &self.which {
            Which::All => true,
            Which::Of(rule) => hold.rule == *rule,
            Which::Wide => hold.is_of(&self.wide),
        }
    }
}

impl Ledger {
    pub(crate) fn settle_review(&mut self, admitted: &Admitted, review: &Review, stage: &mut Stage) {
        let Some(target) = self.target(&admitted.context.program, &review.subject) else {
            self.counters.unmatched_reviews += 1;
            return;
        };
        let why = Cause::Review
            .because([("decision", id(review.decision.name())), ("review", id(review.review_id.as_str()))]);
        match review.stage {
            ReviewStage::Proposal => self.propose(&target, review, why, stage),
            ReviewStage::Approval => self.decide(&target, review, &why, stage),
        }
        for ix in &target.commissions {
            stage.sign(*ix, review.actor.as_ref());
        }
    }

    fn target(&self, program: &ProgramId, subject: &ReviewSubject) -> Option<Target> {
        match subject {
            ReviewSubject::Commission(id) => {
                let commissions = vec![*self.commission_index.get(id)?];
                Some(Target { commissions, creator: None, wide: Vec::new(), which: Which::All })
            }
            ReviewSubject::Hold(id) => match self.hold_index.get(id)? {
                HoldPlace::Own(ix, rule) => Some(Target {
                    commissions: vec![*ix],
                    creator: None,
                    wide: Vec::new(),
                    which: Which::Of(rule.clone()),
                }),
                HoldPlace::Wide(wide) => Some(self.target_of_wide(*wide)),
            },
            ReviewSubject::Group { rule, key } => Some(self.target_of_wide(self.groups.hold(rule, key)?)),
            ReviewSubject::Creator(creator) => {
                let known = self.creators.find(program, creator);
                let book = known.map(|ix| self.creators.book(ix));
                Some(Target {
                    commissions: book.map(|book| book.commissions.clone()).unwrap_or_default(),
                    creator: Some((program.clone(), creator.clone())),
                    wide: book.map(|book| book.holds.clone()).unwrap_or_default(),
                    which: Which::All,
                })
            }
        }
    }

    fn target_of_wide(&self, ix: WideIx) -> Target {
        let commissions = match &self.wide[ix].over {
            Over::Creator(creator) => self.commissions_of(*creator),
            Over::Group(_) => {
                let orders = self.wide[ix].members.iter();
                let mut all: Vec<_> =
                    orders.flat_map(|order| self.orders[*order].commissions.iter().copied()).collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        };
        Target { commissions, creator: None, wide: vec![ix], which: Which::Wide }
    }

    fn commissions_of(&self, creator: CreatorIx) -> Vec<CommissionIx> {
        self.creators.book(creator).commissions.clone()
    }

    /// A proposal is told and moves nothing.
    fn propose(&mut self, target: &Target, review: &Review, why: Reason, stage: &mut Stage) {
        let proposal = Reason { rule: Cause::Proposal.rule(), ..why };
        if let Some(first) = target.commissions.first() {
            return stage.decide(*first, Decision::Flag, &proposal);
        }
        if let Some((program, creator)) = &target.creator {
            let place = (program, &self.default_market);
            let subject = Subject::Creator(program.clone(), creator.clone());
            stage.flag_subject(subject, place, None, vec![proposal], review.actor.as_ref());
        }
    }

    fn decide(&mut self, target: &Target, review: &Review, why: &Reason, stage: &mut Stage) {
        match review.decision {
            ReviewDecision::Hold => self.hold_by_person(Cause::Review, target, review, why, stage),
            ReviewDecision::Freeze => self.hold_by_person(Cause::Freeze, target, review, why, stage),
            ReviewDecision::Keep => self.keep(target, why, stage),
            ReviewDecision::Lift => self.lift_by_person(target, why, stage),
            ReviewDecision::Release => self.release_by_person(target, why, stage),
            ReviewDecision::Unfreeze => self.unfreeze(target, why, stage),
            ReviewDecision::Void => {
                for ix in &target.commissions {
                    self.reject(*ix, why, stage);
                }
            }
            ReviewDecision::WriteOff => self.write_off(target, why, stage),
        }
    }

    fn hold_by_person(
        &mut self,
        cause: Cause,
        target: &Target,
        review: &Review,
        why: &Reason,
        stage: &mut Stage,
    ) {
        let rule = cause.rule();
        if let Some((program, creator)) = &target.creator {
            let by = ByWhom::Person(review.actor.clone());
            self.hold_creator((program, creator), (&rule, None), (by, why.clone()), stage);
            return self.work_backlog(stage);
        }
        let ask = Ask { rule, until: None, wide: None, by: By::Own };
        for ix in &target.commissions {
            let placed = self.place_hold(*ix, &ask, why, stage);
            if placed == Placed::Nothing && !self.commissions[*ix].balance.get(Account::Paid).is_zero() {
                self.mark(*ix, why, stage);
            }
        }
    }

    /// What would lapse waits for a person instead.
    fn keep(&mut self, target: &Target, why: &Reason, stage: &mut Stage) {
        for wide in &target.wide {
            if self.wide[*wide].stands_at(stage.moment.clock) {
                self.forget_end(*wide);
                self.wide[*wide].until = None;
            }
        }
        for ix in &target.commissions {
            let mut kept = false;
            for hold in self.commissions[*ix].holds.iter_mut().filter(|h| h.stands() && target.means(h)) {
                hold.since = stage.moment.clock;
                hold.escalated = false;
                kept |= hold.until.take().is_some();
            }
            stage.touch(*ix);
            if kept {
                stage.decide(*ix, Decision::Hold, why);
            }
        }
    }

    /// Ends one hold: the one that is named, the creator's, or the only one that stands.
    fn lift_by_person(&mut self, target: &Target, why: &Reason, stage: &mut Stage) {
        self.end_wide(&target.wide);
        for ix in &target.commissions {
            let standing = self.commissions[*ix].holds.iter().filter(|hold| hold.stands()).count();
            if target.creator.is_some() || matches!(target.which, Which::Wide) {
                self.lift_wide(*ix, &target.wide, why, stage);
            } else if matches!(target.which, Which::All) && standing > 1 {
                // Which one is meant? Nobody said: a person should say it again.
                stage.decide(*ix, Decision::Flag, why);
            } else {
                self.lift(*ix, |hold| target.means(hold), why, stage);
            }
        }
    }

    /// Ends all holds on the subject; it is paid at its date, never earlier.
    fn release_by_person(&mut self, target: &Target, why: &Reason, stage: &mut Stage) {
        self.end_wide(&target.wide);
        for ix in &target.commissions {
            match target.which {
                Which::Wide => self.lift_wide(*ix, &target.wide, why, stage),
                Which::All | Which::Of(_) => _ = self.lift(*ix, |hold| target.means(hold), why, stage),
            }
            if self.commissions[*ix].is_open() {
                self.commissions[*ix].trusted = true;
            }
        }
    }

    fn unfreeze(&mut self, target: &Target, why: &Reason, stage: &mut Stage) {
        let freeze = Cause::Freeze.rule();
        let frozen = |wide: &&WideIx| self.wide[**wide].rule == freeze;
        let wide: Vec<WideIx> = target.wide.iter().filter(frozen).copied().collect();
        self.end_wide(&wide);
        for ix in &target.commissions {
            self.lift(*ix, |hold| hold.rule == freeze && target.means(hold), why, stage);
        }
    }

    fn end_wide(&mut self, wide: &[WideIx]) {
        for ix in wide {
            self.forget_end(*ix);
            self.wide[*ix].lifted = true;
        }
    }

    /// Gives up what is owed back.
    fn write_off(&mut self, target: &Target, why: &Reason, stage: &mut Stage) {
        for ix in &target.commissions {
            let owed = self.commissions[*ix].balance.get(Account::OwedBack);
            self.post(*ix, Decision::ClawBack, (Account::OwedBack, Account::WrittenOff), owed, stage);
            stage.explain(*ix, &[Decision::ClawBack], std::slice::from_ref(why));
        }
    }
}
