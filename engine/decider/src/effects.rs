//! What a chunk brought about.

use model::hit::Hit;
use model::refusal::DeadLetter;
use model::{ClickId, OrderKey, Position, Verdict};

use crate::row::Row;
use crate::trace::Trace;

/// Everything that leaves the decider, in order.
#[derive(Debug, Default)]
pub struct Effects {
    /// Decisions, in the order in which they were taken.
    pub verdicts: Vec<Verdict>,
    /// Records that were refused, with their bytes.
    pub dead_letters: Vec<DeadLetter>,
    /// Every effect of every rule, shadow rules included, with its reason in words. They may hold personal data.
    pub explanations: Vec<Explanation>,
    /// What was seen of the watched order, if one is watched.
    pub traces: Vec<Trace>,
    /// What was measured, if rows are kept.
    pub rows: Vec<Row>,
}

impl Effects {
    pub(crate) fn explain(&mut self, position: Position, about: &About, hits: &[Hit]) {
        let said = |hit: &Hit| Explanation { position, about: about.clone(), hit: hit.clone() };
        self.explanations.extend(hits.iter().map(said));
    }

    /// Forgets all effects and keeps the memory.
    pub fn clear(&mut self) {
        self.verdicts.clear();
        self.dead_letters.clear();
        self.explanations.clear();
        self.traces.clear();
        self.rows.clear();
    }
}

/// What a rule said, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The record at which it spoke.
    pub position: Position,
    /// About what.
    pub about: About,
    /// What it said.
    pub hit: Hit,
}

/// What a rule spoke about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A click.
    Click(ClickId),
    /// An order, one of its refunds, or one of its commissions.
    Order(OrderKey),
}
