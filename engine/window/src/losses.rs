//! What there was no room for, and which answers that leaves unknown.
//!
//! A table that is full refuses a row whose group it does not have. The row is gone, its group's key with it; what
//! stays is a time for the whole table, and one for each group that was founded while lost rows could still count.
//! That says of every group and window exactly what can be said:
//!
//! * A row is lost only while its group has no record. So a group that was founded after `n` rows had been lost,
//!   and has had a record ever since, lost none but among those `n`; one that has no record now may have lost any.
//! * A window from `cut` on misses a row of a group only if one lost among those is not before `cut`. It is
//!   enough to know the latest of them: as it was when the group was founded, or as it is now.
//! * No less will do. Were the latest of them not before `cut`, the state would be the same, had that row been one
//!   of this very group: then its answer would be too small.
//!
//! Times that are lost only grow later, and cuts only move up: a group's answer is complete again at the latest
//! when its window has passed since its founding, or since the last loss, and then stays so while the group lives.
//! A value that could not be kept is known by its group, so it leaves no other group's answers in doubt.

use serde::{Deserialize, Serialize};

/// Before every time.
const NEVER: i64 = i64::MIN;
/// Groups to a page. A page is made when the first of its groups is in doubt.
const PAGE: usize = 4_096;

/// Rows, or values of rows, that were not kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Losses {
    count: u64,
    /// The latest time of a lost row.
    latest: i64,
    /// By group's slot: the latest time of a row that it may have lost. A time that no window covers any more
    /// says nothing, whichever group had the slot when it was written.
    doubts: Vec<Vec<i64>>,
}

impl Default for Losses {
    fn default() -> Losses {
        Losses { count: 0, latest: NEVER, doubts: Vec::new() }
    }
}

impl Losses {
    /// Rows of this time are lost, of groups that have no record.
    pub(crate) fn lose(&mut self, rows: u64, time: i64) {
        self.count += rows;
        self.latest = self.latest.max(time);
    }

    /// A value of a row of this time is lost, of a group that has a record.
    pub(crate) fn lose_of(&mut self, group: u32, time: i64) {
        self.lose(1, time);
        let doubt = self.doubt_mut(group);
        *doubt = time.max(*doubt);
    }

    /// A group gets a record. Its longest window covers times from `cut` on.
    pub(crate) fn found(&mut self, group: u32, cut: i64) {
        if self.reach(cut) {
            *self.doubt_mut(group) = self.latest;
        }
    }

    /// Whether anything was lost that a window from `cut` on would cover.
    pub(crate) fn reach(&self, cut: i64) -> bool {
        self.latest != NEVER && self.latest >= cut
    }

    /// Whether a group, if it has a record, may have lost something that a window from `cut` on would cover.
    pub(crate) fn may_reach(&self, group: Option<u32>, cut: i64) -> bool {
        self.reach(cut) && group.is_none_or(|group| self.doubt(group) >= cut)
    }

    /// Lets go of doubts once no window covers what was lost.
    pub(crate) fn release(&mut self, cut: i64) {
        if !self.doubts.is_empty() && !self.reach(cut) {
            self.doubts = Vec::new();
        }
    }

    /// How many were lost since the log began.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let times: usize = self.doubts.iter().map(Vec::capacity).sum();
        times * size_of::<i64>() + self.doubts.capacity() * size_of::<Vec<i64>>()
    }

    fn doubt(&self, group: u32) -> i64 {
        let page = self.doubts.get(group as usize / PAGE);
        page.and_then(|page| page.get(group as usize % PAGE)).copied().unwrap_or(NEVER)
    }

    fn doubt_mut(&mut self, group: u32) -> &mut i64 {
        let (page, at) = (group as usize / PAGE, group as usize % PAGE);
        if self.doubts.len() <= page {
            self.doubts.resize_with(page + 1, Vec::new);
        }
        let page = self.doubts.get_mut(page).expect("just made, or there before");
        if page.is_empty() {
            page.resize(PAGE, NEVER);
        }
        page.get_mut(at).expect("a page has a place for each of its groups")
    }
}
