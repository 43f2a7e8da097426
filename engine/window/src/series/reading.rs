//! What a series says of the record at hand: its live rows and the record's own.

use model::feature::Measure;
use model::{Currency, Minor, Money};

use super::{Series, square};
use crate::extremes::End;
use crate::grouping::Place;
use crate::layout::{Ask, NumberCells, SquareCells, What};
use crate::seen::Visit;
use crate::values::{OwnValue, ValueCells, ValueColumn};
use crate::words;

/// A group of the record at hand, seen through a window.
struct View<'a> {
    series: &'a Series,
    visit: &'a Visit<'a>,
    window: usize,
    /// The group's place among the record's.
    group: usize,
    place: &'a Place,
    /// What the group's record says; none of a group without rows.
    words: Option<&'a [u32]>,
}

impl Series {
    /// Whether a window has all rows of all groups of the record: had one of them lost some, another might be the
    /// fullest.
    pub(crate) fn is_complete(&self, window: usize) -> bool {
        let cut = self.log.cut(window);
        let may_lack = |place: &Place| self.lost.may_reach(place.slot, cut);
        !self.lost.reach(cut) || !self.at_hand.places.groups().iter().any(may_lack)
    }

    /// Which of the record's groups a window is asked of: the one with most rows.
    pub(crate) fn fullest(&self, visit: &Visit<'_>, window: usize) -> Option<usize> {
        let text = |place: &Place| self.text(visit.seen, place);
        let rows = |place: &Place| self.rows(place, window);
        self.at_hand.places.fullest(rows, text)
    }

    /// What a feature comes to in one of the record's groups.
    pub(crate) fn measure(&self, ask: Ask, visit: &Visit<'_>, group: usize) -> Measure {
        let Some(place) = self.at_hand.places.groups().get(group) else { return Measure::Missing };
        let words = place.slot.map(|slot| self.groups.words(slot));
        let view = View { series: self, visit, window: ask.window, group, place, words };
        view.measure(ask.what)
    }

    /// The rows of a group, the record's own included.
    fn rows(&self, place: &Place, window: usize) -> u32 {
        let cells = self.layout.windows.get(window).expect("a window of it");
        let others = place.slot.map_or(0, |slot| words::count(self.groups.words(slot), cells.rows));
        others + u32::from(place.own)
    }
}

impl View<'_> {
    fn measure(&self, what: What) -> Measure {
        match what {
            What::Count => Measure::Int(i64::from(self.rows())),
            What::Sum(cells) => self.sum(&cells),
            What::Mean(cells) => Measure::mean(self.total(&cells), self.count(&cells), self.currency()),
            What::Deviation(cells) => self.deviation(&cells),
            What::Extreme(column, end) => self.extreme(column, end),
            What::Distinct(cells) => self.distinct(&cells),
            What::TopShare(cells) => self.top_share(&cells),
            What::GapMean => self.gap_mean(),
            What::GapDeviation(at) => self.gap_deviation(at),
            What::SecondsSinceFirst => self.seconds_since_first(),
            What::SecondsSinceLast => self.seconds_since_last(),
        }
    }

    fn rows(&self) -> u32 {
        self.series.rows(self.place, self.window)
    }

    /// Rows before the record's own.
    fn others(&self) -> u32 {
        self.rows() - u32::from(self.place.own)
    }

    fn cut(&self) -> i64 {
        self.series.log.cut(self.window)
    }

    fn stored(&self, at: usize) -> u32 {
        self.words.map_or(0, |words| words::count(words, at))
    }

    fn stored_wide(&self, at: usize) -> i128 {
        self.words.map_or(0, |words| words::wide(words, at))
    }

    fn currency(&self) -> Option<Currency> {
        self.visit.seen.currency().filter(|_| self.series.money)
    }

    fn amount(&self, number: i64) -> Measure {
        match self.currency() {
            Some(currency) => Measure::Money(Money { currency, minor: Minor(number) }),
            None => Measure::Int(number),
        }
    }

    fn own_number(&self, column: usize) -> Option<i64> {
        self.series.at_hand.numbers.get(column).copied().flatten().filter(|_| self.place.own)
    }

    fn own_values(&self, column: usize) -> impl Iterator<Item = &OwnValue> {
        let values = self.series.at_hand.values.iter();
        values.filter(move |value| value.group == self.group && value.column == column)
    }

    fn count(&self, cells: &NumberCells) -> i64 {
        i64::from(self.stored(cells.count)) + i64::from(self.own_number(cells.column).is_some())
    }

    fn total(&self, cells: &NumberCells) -> i128 {
        self.stored_wide(cells.sum) + i128::from(self.own_number(cells.column).unwrap_or(0))
    }

    /// A sum that no `i64` holds is the greatest or least that it holds: thresholds keep their meaning.
    fn sum(&self, cells: &NumberCells) -> Measure {
        let total = self.total(cells);
        let bound = if total < 0 { i64::MIN } else { i64::MAX };
        self.amount(i64::try_from(total).unwrap_or(bound))
    }

    /// Missing where it leaves the integers in which it is stated.
    fn deviation(&self, cells: &NumberCells) -> Measure {
        let Some((squares, count)) = cells.squares.and_then(|at| self.squares(cells, at)) else {
            return Measure::Missing;
        };
        let sum = self.total(cells);
        let fits = i128::from(count).checked_mul(squares).is_some() && sum.checked_mul(sum).is_some();
        if fits { Measure::deviation(sum, squares, count, self.currency()) } else { Measure::Missing }
    }

    fn squares(&self, cells: &NumberCells, at: SquareCells) -> Option<(i128, i64)> {
        let own = self.own_number(cells.column).map_or(Some(0), square)?;
        (self.stored(at.beyond) == 0).then(|| (self.stored_wide(at.sum) + own, self.count(cells)))
    }

    fn extreme(&self, column: usize, end: End) -> Measure {
        let number = self.series.numbers.get(column).expect("a column of it");
        let extremes = match end {
            End::Least => &number.least,
            End::Greatest => &number.greatest,
        };
        let slot = self.place.slot.zip(extremes.as_ref());
        let others = slot.and_then(|(slot, extremes)| extremes.get(slot, self.cut()));
        let extreme = match (others, self.own_number(column)) {
            (Some(a), Some(b)) => Some(end.of(a, b)),
            (one, other) => one.or(other),
        };
        extreme.map_or(Measure::Missing, |extreme| self.amount(extreme))
    }

    /// Whether rows of the group may have had values that there was no room for.
    fn may_lack_values(&self, column: &ValueColumn) -> bool {
        self.place.slot.is_some_and(|group| column.may_have_lost(group, self.cut()))
    }

    fn distinct(&self, cells: &ValueCells) -> Measure {
        let column = self.series.values.get(cells.column).expect("a column of it");
        if self.may_lack_values(column) {
            return Measure::Unknown;
        }
        let is_live = |pair| column.is_live(pair, self.cut());
        let is_new = |value: &&OwnValue| !value.pair.slot().is_some_and(is_live);
        let new = self.own_values(cells.column).filter(is_new).fold(0, |count, _| count + 1);
        Measure::Int(i64::from(self.stored(cells.distinct)) + new)
    }

    fn top_share(&self, cells: &ValueCells) -> Measure {
        let column = self.series.values.get(cells.column).expect("a column of it");
        if self.may_lack_values(column) {
            return Measure::Unknown;
        }
        let (having, place) = cells.frequent.expect("asked for");
        let others = self.place.slot.map_or(0, |slot| column.highest(slot, place));
        let frequency = |pair| column.frequency(pair, place);
        let of_own = |value: &OwnValue| value.pair.slot().map_or(0, frequency) + 1;
        let own = self.own_values(cells.column).map(of_own).max();
        let rows = i64::from(self.stored(having)) + i64::from(own.is_some());
        let top = i64::from(own.unwrap_or(0).max(others));
        if rows == 0 { Measure::Missing } else { Measure::Ratio { numerator: top, denominator: rows } }
    }

    /// The first and last row, the record's own included.
    fn ends(&self) -> Option<(i64, i64)> {
        let times = self.series.times.as_ref().expect("asked for");
        let tail = times.tail(self.place.slot, self.others());
        let own = self.place.own.then(|| self.visit.at.as_ms());
        match (tail.first().zip(tail.last()), own) {
            (Some((first, last)), Some(own)) => Some((first.min(own), last.max(own))),
            (ends, own) => ends.or(own.map(|own| (own, own))),
        }
    }

    fn gap_mean(&self) -> Measure {
        match (self.ends(), self.rows()) {
            (None, _) | (_, 0 | 1) => Measure::Missing,
            (Some((first, last)), rows) => {
                Measure::Ratio { numerator: last - first, denominator: i64::from(rows) - 1 }
            }
        }
    }

    fn gap_deviation(&self, at: usize) -> Measure {
        let times = self.series.times.as_ref().expect("asked for");
        let tail = times.tail(self.place.slot, self.others());
        let own = if self.place.own { tail.squares_added_by(self.visit.at.as_ms()) } else { 0 };
        match (self.ends(), self.rows()) {
            (None, _) | (_, 0 | 1) => Measure::Missing,
            (Some((first, last)), rows) => {
                let (sum, squares) = (i128::from(last - first), self.stored_wide(at) + own);
                Measure::deviation(sum, squares, i64::from(rows) - 1, None)
            }
        }
    }

    fn seconds_since_first(&self) -> Measure {
        self.ends().map_or(Measure::Missing, |(first, _)| self.seconds_since(first))
    }

    fn seconds_since_last(&self) -> Measure {
        let last = self.words.map(|words| words::time(words, self.series.layout.last));
        let live = last.filter(|last| *last >= self.cut());
        live.map_or(Measure::Missing, |last| self.seconds_since(last))
    }

    /// Whole seconds before the judged event, at least 0.
    fn seconds_since(&self, time: i64) -> Measure {
        Measure::Int((self.visit.at.as_ms() - time).max(0) / 1_000)
    }
}
