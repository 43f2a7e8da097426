//! Reviews: what people decide.

use model::event::{Body, EvidenceLink, Review, ReviewDecision, ReviewStage, ReviewSubject};
use model::limit::LIST_ENTRIES_MAX;
use model::refusal::Code;
use model::verdict::{CommissionId, HoldId};
use model::{CreatorId, ReviewId, RuleId, Text};

use super::KindFields;
use crate::wire::choice::Choice;
use crate::wire::codec::List;
use crate::wire::context::Problem;
use crate::wire::event::Envelope;
use crate::wire::id::{Hex, Id};
use crate::wire::object::{Obj, object};
use crate::wire::scalar::{Sha256Hex, Words};

/// A review as it is written: the subject under the name of its sort.
pub(crate) struct ReviewFields {
    review_id: ReviewId,
    commission_id: Option<CommissionId>,
    hold_id: Option<HoldId>,
    creator_id: Option<CreatorId>,
    group: Option<Group>,
    decision: ReviewDecision,
    stage: ReviewStage,
    actor: Option<Text>,
    note: Option<Text>,
    evidence: Vec<EvidenceLink>,
}

/// A group of a rule.
pub(crate) struct Group {
    rule: RuleId,
    key: Text,
}

object! {
    ReviewFields / ReviewDraft: "A person's decision, about exactly one of commission_id, hold_id, creator_id and group. Its actor is the identity that posted it."
    {
        review_id = "review_id": required Id<ReviewId>, "The review; unique.";
        commission_id = "commission_id": optional Hex<CommissionId>, "About one commission: its id in hexadecimal, from a verdict.";
        hold_id = "hold_id": optional Hex<HoldId>, "About one hold: its id in hexadecimal, from a verdict.";
        creator_id = "creator_id": optional Id<CreatorId>, "About a creator.";
        group = "group": optional Obj<Group>, "About a group of a rule.";
        decision = "decision": required Choice<ReviewDecision>, "What is decided. lift ends one hold; release ends all on the subject, and it pays at its due date.";
        stage = "stage": required Choice<ReviewStage>, "Whether it only proposes, or takes effect.";
        actor = "actor": optional Words, "Who decided. Only read from logs that the engine wrote: a producer's own word is not taken.";
        note = "note": optional Words, "Why.";
        evidence = "evidence": default {Vec::new()} List<Obj<EvidenceLink>, 0, LIST_ENTRIES_MAX>, "Supporting documents.";
    }
    any_of "commission_id" "hold_id" "creator_id" "group";
    check review_has_one_subject;
}

object! {
    Group / GroupDraft: "A group that a rule holds."
    {
        rule = "rule": required Id<RuleId>, "The rule.";
        key = "key": required Words, "The group, as printed in the hold.";
    }
}

object! {
    EvidenceLink / EvidenceLinkDraft: "A supporting document."
    {
        uri = "uri": required Words, "Where it is.";
        sha256 = "sha256": required Sha256Hex, "Its SHA-256, 64 hexadecimal digits.";
    }
}

fn review_has_one_subject(review: &ReviewFields) -> Result<(), Problem> {
    let subjects = [
        ("commission_id", review.commission_id.is_some()),
        ("hold_id", review.hold_id.is_some()),
        ("creator_id", review.creator_id.is_some()),
        ("group", review.group.is_some()),
    ];
    let mut given = subjects.iter().filter(|(_, is_given)| *is_given).map(|(name, _)| *name);
    match (given.next(), given.next()) {
        (Some(_), None) => Ok(()),
        (Some(first), Some(second)) => {
            let detail = format!("a review is about one thing, and `{first}` is given too; send two reviews");
            Err(Problem::new(Code::FieldValue, detail).at(second))
        }
        (None, _) => {
            let detail = "a review needs one of `commission_id`, `hold_id`, `creator_id` and `group`";
            Err(Problem::new(Code::FieldMissing, detail).at("commission_id"))
        }
    }
}

impl KindFields for ReviewFields {
    fn into_body(self, _: &Envelope) -> Result<Body, Problem> {
        let commission = self.commission_id.map(ReviewSubject::Commission);
        let hold = self.hold_id.map(ReviewSubject::Hold);
        let creator = self.creator_id.map(ReviewSubject::Creator);
        let group = self.group.map(|group| ReviewSubject::Group { rule: group.rule, key: group.key });
        let subject = commission.or(hold).or(creator).or(group);
        Ok(Body::Review(Box::new(Review {
            review_id: self.review_id,
            subject: subject.ok_or_else(|| Problem::missing("commission_id"))?,
            decision: self.decision,
            stage: self.stage,
            actor: self.actor,
            note: self.note,
            evidence: self.evidence,
        })))
    }
}

impl From<&Review> for ReviewFields {
    fn from(review: &Review) -> ReviewFields {
        let mut fields = ReviewFields {
            review_id: review.review_id.clone(),
            commission_id: None,
            hold_id: None,
            creator_id: None,
            group: None,
            decision: review.decision,
            stage: review.stage,
            actor: review.actor.clone(),
            note: review.note.clone(),
            evidence: review.evidence.clone(),
        };
        match &review.subject {
            ReviewSubject::Commission(id) => fields.commission_id = Some(*id),
            ReviewSubject::Hold(id) => fields.hold_id = Some(*id),
            ReviewSubject::Creator(id) => fields.creator_id = Some(id.clone()),
            ReviewSubject::Group { rule, key } => {
                fields.group = Some(Group { rule: rule.clone(), key: key.clone() });
            }
        }
        fields
    }
}
