//! Which groups a record belongs to.

use serde::{Deserialize, Serialize};

use model::Text;

use crate::hashes::{Hashes, join};
use crate::index::Index;
use crate::seen::{Line, Reading, Seen, Source, Visit};
use crate::text;

/// The fields that a series groups by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grouping {
    by: Vec<Source>,
    currency: GroupCurrency,
    reading: Reading,
}

/// Whether rows of different currencies are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GroupCurrency {
    /// All together.
    Any,
    /// Each record is measured against its own currency; one without is not measured.
    Own,
}

/// A group that a record belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) key: u128,
    /// A line that puts the record there.
    pub(crate) line: Line,
    /// The group's slot, if it has rows.
    pub(crate) slot: Option<u32>,
    /// Whether the record itself is a row there; no longer once there is no room for it.
    pub(crate) own: bool,
}

impl Grouping {
    pub(crate) fn new(by: Vec<Source>, currency: GroupCurrency) -> Grouping {
        let reading = by.iter().map(Source::reading).fold(Reading::Whole, Reading::or);
        Grouping { by, currency, reading }
    }

    /// Whether the group may differ from line to line.
    pub(crate) fn reading(&self) -> Reading {
        self.reading
    }

    /// The key of a line's group; `None` where a field is missing.
    pub(crate) fn key(&self, seen: Seen<'_>, line: Line, hashes: &mut Hashes) -> Option<u128> {
        let mut key = 0;
        for source in &self.by {
            key = join(key, hashes.of(source, seen, line)?);
        }
        match self.currency {
            GroupCurrency::Any => Some(key),
            GroupCurrency::Own => Some(join(key, hashes.of_currency(seen.currency()?)?)),
        }
    }

    /// The key in words.
    pub(crate) fn text(&self, seen: Seen<'_>, line: Line) -> Text {
        text::array(self.by.iter().map(|source| source.value(seen, line)))
    }

    /// The key in words; `None` where a field is missing.
    pub(crate) fn complete_text(&self, seen: Seen<'_>, line: Line) -> Option<Text> {
        let is_complete = self.by.iter().all(|source| !source.value(seen, line).is_missing());
        is_complete.then(|| self.text(seen, line))
    }

    /// The groups of a record. `own` says whether a line makes it a row.
    pub(crate) fn places(
        &self,
        visit: &Visit<'_>,
        reading: Reading,
        hashes: &mut Hashes,
        own: impl Fn(Line) -> bool,
        places: &mut Places,
    ) {
        places.lines.clear();
        for line in visit.seen.lines(reading) {
            if let Some(key) = self.key(visit.seen, line, hashes) {
                places.lines.push(Place { key, line, slot: None, own: own(line) });
            }
        }
        places.unite();
    }
}

/// The groups that one record belongs to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    /// For every line that has all fields: its group.
    lines: Vec<Place>,
    /// Each group once.
    groups: Vec<Place>,
}

impl Places {
    fn unite(&mut self) {
        self.groups.clone_from(&self.lines);
        if self.groups.len() > 1 {
            self.groups.sort_unstable_by_key(|place| (place.key, place.line));
            self.groups.dedup_by(|again, first| {
                let same = again.key == first.key;
                first.own |= same && again.own;
                same
            });
        }
    }

    /// Looks the groups up.
    pub(crate) fn locate(&mut self, groups: &Index) {
        for place in &mut self.groups {
            place.slot = groups.find(place.key);
        }
    }

    /// Refuses to make rows of new groups if there is no room for all of them: which of them were kept would
    /// depend on the order of hashes. Returns how many rows are lost.
    pub(crate) fn refuse_new(&mut self, groups: &Index) -> u64 {
        if groups.has_room(self.groups.len()) {
            return 0;
        }
        let new = || self.groups.iter().filter(|place| place.own && place.slot.is_none());
        if groups.has_room(new().count()) {
            return 0;
        }
        let lost = new().count() as u64;
        self.groups.iter_mut().filter(|place| place.slot.is_none()).for_each(|place| place.own = false);
        lost
    }

    /// Each group once, in no order that may be seen.
    pub(crate) fn groups(&self) -> &[Place] {
        &self.groups
    }

    /// The lines that make the record a row, each with its group's place in [`Places::groups`].
    pub(crate) fn own_lines(&self) -> impl Iterator<Item = (usize, Line)> {
        let own = self.lines.iter().filter(|place| place.own);
        own.filter_map(|place| {
            let group = self.groups.binary_search_by_key(&place.key, |group| group.key);
            Some((group.ok()?, place.line))
        })
    }

    /// The group with most rows; among equals the one whose text is smallest.
    pub(crate) fn fullest(
        &self,
        rows: impl Fn(&Place) -> u32,
        text: impl Fn(&Place) -> Text,
    ) -> Option<usize> {
        let most = self.groups.iter().map(&rows).max()?;
        let mut fullest = (0..self.groups.len()).filter(|i| self.groups.get(*i).map(&rows) == Some(most));
        let first = fullest.next()?;
        let mut rest = fullest.peekable();
        if rest.peek().is_none() {
            return Some(first);
        }
        std::iter::once(first).chain(rest).min_by_key(|i| self.groups.get(*i).map(&text))
    }
}
