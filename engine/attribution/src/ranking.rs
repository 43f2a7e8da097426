//! The ranked candidates of one line, bounded.
//!
//! Candidates are offered best first. When there are more than [`CANDIDATES_MAX`], those of a creator who has
//! [`CANDIDATES_PER_CREATOR_MAX`] already give way: many clicks of one creator, who may turn out to have bought
//! them, must not push everybody else out.

use model::CreatorId;
use model::admitted::Candidate;
use model::limit::CANDIDATES_MAX;

use crate::limit::CANDIDATES_PER_CREATOR_MAX;
use crate::terms::Claim;

/// Candidates in the order in which they were offered.
#[derive(Default)]
pub(crate) struct Ranking {
    offered: usize,
    kept: Vec<(usize, Candidate)>,
    /// Further ones of creators with enough: used if there is room in the end.
    spare: Vec<(usize, Candidate)>,
}

impl Ranking {
    /// Nobody offered from now on can get in.
    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() == CANDIDATES_MAX
    }

    /// Whether the same creator is in already by the same click, or equally without one: by stronger evidence.
    pub(crate) fn has(&self, claim: &Claim<'_>) -> bool {
        let click = claim.click.map(|click| click.position);
        let is_same = |candidate: &Candidate| {
            candidate.click.as_ref().map(|click| click.position) == click
                && candidate.creator == *claim.creator
        };
        self.kept.iter().chain(&self.spare).any(|(_, candidate)| is_same(candidate))
    }

    /// Adds the next best one, if there is room.
    pub(crate) fn offer(&mut self, candidate: Candidate) {
        let rank = self.offered;
        self.offered += 1;
        if self.count(&candidate.creator) < CANDIDATES_PER_CREATOR_MAX {
            if !self.is_full() {
                self.kept.push((rank, candidate));
            }
        } else if self.spare.len() < CANDIDATES_MAX {
            self.spare.push((rank, candidate));
        }
    }

    /// The candidates, best first.
    pub(crate) fn finish(mut self) -> Vec<Candidate> {
        let room = CANDIDATES_MAX - self.kept.len();
        self.kept.extend(self.spare.into_iter().take(room));
        self.kept.sort_by_key(|(rank, _)| *rank);
        self.kept.into_iter().map(|(_, candidate)| candidate).collect()
    }

    fn count(&self, creator: &CreatorId) -> usize {
        self.kept.iter().filter(|(_, candidate)| candidate.creator == *creator).count()
    }
}
