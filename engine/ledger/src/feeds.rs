//! No release on a blind feed: a program may name kinds of events that must be complete up to a commission's
//! date before it is released.

use model::event::{FeedMark, Kind};
use model::log::Feeds;
use model::{EventTime, Market, ProgramId, SourceId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::arena::CommissionIx;
use crate::ledger::Ledger;
use crate::timers::Timer;

/// What feeds have said, and who waits for them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct FeedMarks {
    /// By source, kind and market (all markets when missing): complete through.
    marks: BTreeMap<(SourceId, Kind, Option<Market>), EventTime>,
    /// Commissions whose date has passed.
    waiting: BTreeMap<(ProgramId, Market), BTreeSet<(EventTime, CommissionIx)>>,
}

impl FeedMarks {
    fn through(&self, source: &SourceId, kind: Kind, market: &Market) -> Option<EventTime> {
        let of = |market| self.marks.get(&(source.clone(), kind, market)).copied();
        of(None).max(of(Some(market.clone())))
    }
}

impl Ledger {
    /// Remembers a mark, and lets those go on to their release who waited for it.
    pub(crate) fn settle_feed_mark(&mut self, mark: &FeedMark) {
        for kind in &mark.kinds {
            let entry = self.feeds.marks.entry((mark.source.clone(), *kind, mark.market.clone()));
            let through = entry.or_insert(mark.complete_through);
            *through = mark.complete_through.max(*through);
        }
        self.wake_awaiting();
    }

    /// Up to when each source says that it has sent everything of a kind, for a market or for all of them.
    pub fn feeds(&self) -> impl Iterator<Item = (&SourceId, Kind, Option<&Market>, EventTime)> {
        let marks = self.feeds.marks.iter();
        marks.map(|((source, kind, market), through)| (source, *kind, market.as_ref(), *through))
    }

    /// How many commissions have passed their date and wait for a feed.
    pub fn awaiting_feeds(&self) -> usize {
        self.feeds.waiting.values().map(BTreeSet::len).sum()
    }

    /// Whether every declared source of the required kinds is complete up to `due`.
    pub(crate) fn feeds_are_complete(&self, program: &ProgramId, market: &Market, due: EventTime) -> bool {
        if self.feed_rule == Feeds::CompleteToClock {
            return true;
        }
        let policy = self.terms.policy.program(program);
        let sources = |kind: &Kind| policy.sources.get(kind).into_iter().flatten();
        let complete = |kind: &Kind| {
            sources(kind)
                .all(|source| self.feeds.through(source, *kind, market).is_some_and(|through| through >= due))
        };
        policy.requires.iter().all(complete)
    }

    /// Moves a commission whose date has passed to those who wait for a feed.
    pub(crate) fn await_feed(&mut self, ix: CommissionIx, due: EventTime) {
        self.timers.releases.remove(&(due, ix));
        self.commissions[ix].timer = Timer::Awaiting(due);
        let place = self.place_of(ix);
        self.feeds.waiting.entry(place).or_default().insert((due, ix));
    }

    pub(crate) fn stop_awaiting(&mut self, ix: CommissionIx, due: EventTime) {
        let place = self.place_of(ix);
        if let Some(waiting) = self.feeds.waiting.get_mut(&place) {
            waiting.remove(&(due, ix));
            if waiting.is_empty() {
                self.feeds.waiting.remove(&place);
            }
        }
    }

    /// Sends everybody whose feeds are complete now back to the timers: the next sweep releases them.
    pub(crate) fn wake_awaiting(&mut self) {
        let places: Vec<(ProgramId, Market)> = self.feeds.waiting.keys().cloned().collect();
        for (program, market) in places {
            while let Some((due, ix)) = self.first_awaiting(&program, &market) {
                if !self.feeds_are_complete(&program, &market, due) {
                    break;
                }
                self.stop_awaiting(ix, due);
                self.commissions[ix].timer = Timer::Set(due);
                self.timers.releases.insert((due, ix));
            }
        }
    }

    fn first_awaiting(&self, program: &ProgramId, market: &Market) -> Option<(EventTime, CommissionIx)> {
        self.feeds.waiting.get(&(program.clone(), market.clone()))?.first().copied()
    }

    pub(crate) fn place_of(&self, ix: CommissionIx) -> (ProgramId, Market) {
        let book = self.totals.book(self.commissions[ix].book);
        (book.program.clone(), book.market.clone())
    }
}
