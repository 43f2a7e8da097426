//! Rows of one kind, grouping and filter, and what every feature over them needs.
//!
//! For each record that concerns it a series is told to [`Series::prepare`], may then be asked by
//! [`Series::measure`] any number of times, and is told to [`Series::add`] if the record makes rows.

use serde::{Deserialize, Serialize};

use model::feature::{Counted, Filter};
use model::policy::WindowLimits;
use model::{EventTime, Fact, Field, Span, Text, Value};

use crate::extremes::{End, Extremes};
use crate::grouping::{GroupCurrency, Grouping, Place, Places};
use crate::hashes::Hashes;
use crate::index::Index;
use crate::layout::{Layout, Needs, NumberCells, SQUARED_MAX, WindowCells};
use crate::log::Log;
use crate::losses::Losses;
use crate::run::Run;
use crate::seen::{self, Line, Reading, Seen, Source, Visit};
use crate::times::Times;
use crate::values::{Gone, OwnValue, Pair, ValueColumn};
use crate::windows::Usage;
use crate::words;

pub(crate) mod ahead;
mod reading;

/// In the log of groups: the entry carries one more value of the row that follows it, and is no row itself.
const MORE: u32 = Index::SLOTS_MAX;

/// In the log of numbers: the row has none. The one number that is taken as missing.
const NO_NUMBER: i64 = i64::MIN;

/// What tells one series from another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) counted: Counted,
    pub(crate) by: Vec<Field>,
    pub(crate) filter: Option<Filter>,
    /// Whether money is aggregated: rows of each currency are then apart.
    pub(crate) money: bool,
}

/// The rows of one kind, grouping and filter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Series {
    counted: Counted,
    filter: Option<Filter>,
    /// Whether orders of other types than normal are rows too.
    any_type: bool,
    money: bool,
    reading: Reading,
    grouping: Grouping,
    layout: Layout,

    log: Log,
    /// By row: its group's slot.
    groups_of: Run<u32>,
    groups: Index,
    numbers: Vec<NumberColumn>,
    values: Vec<ValueColumn>,
    times: Option<Times>,
    lost: Losses,

    #[serde(skip)]
    at_hand: AtHand,
    #[serde(skip)]
    ahead: ahead::Ahead,
}

/// A field that is summed or compared.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct NumberColumn {
    source: Source,
    rows: Run<i64>,
    least: Option<Extremes>,
    greatest: Option<Extremes>,
}

/// What is known of the record at hand: nothing that outlives it.
#[derive(Debug, Clone, Default)]
struct AtHand {
    places: Places,
    /// By number column.
    numbers: Vec<Option<i64>>,
    /// Sorted, each once.
    values: Vec<OwnValue>,
}

impl Series {
    /// An empty series. `source` gives each field its place among all that are read.
    pub(crate) fn new(
        identity: Identity,
        needs: &Needs,
        limits: WindowLimits,
        mut source: impl FnMut(&Field) -> Source,
    ) -> Series {
        let Identity { counted, by, filter, money } = identity;
        let currency = if money { GroupCurrency::Own } else { GroupCurrency::Any };
        let grouping = Grouping::new(by.iter().map(&mut source).collect(), currency);
        let place =
            |span: Span| needs.windows.iter().position(|window| *window == span).expect("a window of it");
        let ends = |field: &Field, end| {
            let until = needs.ends.get(&(field.clone(), end)).copied();
            until.map(|span| Extremes::new(end, place(span)))
        };
        let number = |field: &Field, source| NumberColumn {
            source,
            rows: Run::default(),
            least: ends(field, End::Least),
            greatest: ends(field, End::Greatest),
        };
        let numbers = needs.numbers().iter().map(|field| number(field, source(field))).collect();
        let value = |(field, until): &(Field, Span), source| {
            let frequent = needs.frequent.get(field).into_iter().flatten().map(|span| place(*span)).collect();
            ValueColumn::new(source, place(*until), frequent, limits.pairs)
        };
        let values: Vec<_> = needs.values().iter().map(|column| value(column, source(&column.0))).collect();
        let of_values = values.iter().map(|column| column.source.reading());
        let reading = of_values.fold(grouping.reading(), Reading::or).or(seen::reading_of(filter.as_ref()));
        let layout = Layout::of(needs);
        Series {
            counted,
            any_type: counted == Counted::Order && names_type(filter.as_ref()),
            filter,
            money,
            reading,
            grouping,
            log: Log::new(needs.windows.iter().copied()),
            groups_of: Run::default(),
            groups: Index::new(layout.words, limits.keys),
            layout,
            numbers,
            values,
            times: needs.times.map(|span| Times::new(place(span))),
            lost: Losses::default(),
            at_hand: AtHand::default(),
            ahead: ahead::Ahead::default(),
        }
    }

    /// Whether a record makes rows here, if it passes the filter.
    pub(crate) fn counts(&self, visit: &Visit<'_>) -> bool {
        visit.counted == Some(self.counted) && (self.any_type || !visit.seen.is_unusual_order())
    }

    /// Turns to a record at its clock: lets go of the rows that have left, and finds the record's groups.
    pub(crate) fn prepare(&mut self, visit: &Visit<'_>, hashes: &mut Hashes) {
        self.advance(visit.clock);
        let counts = self.counts(visit);
        let reading = if counts { self.reading } else { self.grouping.reading() };
        let own = |line| counts && seen::passes(self.filter.as_ref(), visit.seen, line);
        self.grouping.places(visit, reading, hashes, own, &mut self.at_hand.places);
        self.at_hand.places.locate(&self.groups);
        self.at_hand.values.clear();
        if self.at_hand.places.groups().iter().any(|place| place.own) {
            self.read_numbers(visit);
            self.read_values(visit, hashes);
        }
    }

    fn read_numbers(&mut self, visit: &Visit<'_>) {
        let read = |column: &NumberColumn| number(&column.source, visit.seen);
        self.at_hand.numbers.clear();
        self.at_hand.numbers.extend(self.numbers.iter().map(read));
    }

    fn read_values(&mut self, visit: &Visit<'_>, hashes: &mut Hashes) {
        let AtHand { places, values, .. } = &mut self.at_hand;
        for (column, of) in self.values.iter().enumerate() {
            for (group, line) in places.own_lines() {
                let slot = places.groups().get(group).and_then(|place| place.slot);
                let mut push = |hash| {
                    let pair = slot.map_or(Pair::New, |slot| of.find(slot, hash));
                    values.push(OwnValue { group, column, hash, pair });
                };
                if let Value::Texts(texts) = of.source.value(visit.seen, line) {
                    texts.iter().filter_map(|text| hashes.of_value(Value::Text(text))).for_each(push);
                } else if let Some(hash) = hashes.of(&of.source, visit.seen, line) {
                    push(hash);
                }
            }
        }
        if values.len() > 1 {
            values.sort_unstable();
            values.dedup();
        }
    }

    /// Lets go of what has left the windows at this clock, shortest window first: a group is forgotten when its
    /// last row leaves the longest.
    pub(crate) fn advance(&mut self, clock: EventTime) {
        for window in 0..self.log.windows() {
            self.log.advance(window, clock);
            while let Some(row) = self.log.leave(window) {
                self.subtract(window, row);
            }
        }
        let done = self.log.release();
        self.groups_of.release(done);
        self.numbers.iter_mut().for_each(|column| column.rows.release(done));
        self.values.iter_mut().for_each(|column| column.release(done, &self.log));
        self.lost.release(self.log.oldest());
    }

    fn subtract(&mut self, window: usize, row: u64) {
        let entry = self.groups_of.get(row);
        let (group, is_row) = (entry & !MORE, entry & MORE == 0);
        let cells = self.layout.windows.get(window).expect("a window of it");
        let words = self.groups.words_mut(group);
        for value in &cells.values {
            let column = self.values.get_mut(value.column).expect("a column of it");
            let gone = column.leave(group, row, window);
            if gone == Some(Gone::Value) {
                words::lower(words, value.distinct);
            }
            if let (Some((having, _)), Some(_), true) = (value.frequent, gone, is_row) {
                words::lower(words, having);
            }
        }
        if is_row {
            self.subtract_row(window, row, group);
        }
    }

    fn subtract_row(&mut self, window: usize, row: u64, group: u32) {
        let cells = self.layout.windows.get(window).expect("a window of it");
        let words = self.groups.words_mut(group);
        for number in &cells.numbers {
            let column = self.numbers.get(number.column).expect("a column of it");
            take_number(words, number, column.rows.get(row));
        }
        if let (Some(at), Some(times)) = (cells.gap_squares, &self.times) {
            let tail = times.tail(Some(group), words::count(words, cells.rows));
            words::add_wide(words, at, -tail.first_gap_squared());
        }
        let left = words::lower(words, cells.rows);
        self.trim(window, group);
        if left == 0 && window + 1 == self.log.windows() {
            self.groups.remove(group);
        }
    }

    /// Shortens a group's lists, which last as long as the longest window that asks for them.
    fn trim(&mut self, window: usize, group: u32) {
        if let Some(times) = self.times.as_mut().filter(|times| times.until == window) {
            times.drop_first(group);
        }
        let ends = self.numbers.iter_mut().flat_map(|column| [&mut column.least, &mut column.greatest]);
        for end in ends.flatten().filter(|end| end.until == window) {
            end.trim(group, self.log.cut(window));
        }
    }

    /// Adds the rows of the record that was prepared, as far as there is room.
    pub(crate) fn add(&mut self, time: EventTime) {
        let time = time.as_ms();
        if !self.log.covers(time) {
            return;
        }
        let mut at_hand = std::mem::take(&mut self.at_hand);
        let rows = at_hand.places.refuse_new(&self.groups);
        if rows > 0 {
            self.lost.lose(rows, time);
        }
        self.refuse_values(&mut at_hand, time);
        let mut values = at_hand.values.as_slice();
        for (i, place) in at_hand.places.groups().iter().enumerate() {
            let (own, rest) = values.split_at(values.partition_point(|value| value.group == i));
            values = rest;
            if place.own {
                self.add_to(place, time, &at_hand.numbers, own);
            }
        }
        self.at_hand = at_hand;
    }

    /// Refuses new values of a field if there is no room for all of them, as new groups are refused.
    fn refuse_values(&self, AtHand { places, values, .. }: &mut AtHand, time: i64) {
        for (column, of) in self.values.iter().enumerate() {
            if of.has_room(values.len()) || time < self.log.cut(of.until) {
                continue;
            }
            let is_row = |group: usize| places.groups().get(group).is_some_and(|place| place.own);
            let is_new =
                |value: &OwnValue| value.column == column && value.pair == Pair::New && is_row(value.group);
            if !of.has_room(values.iter().filter(|value| is_new(value)).count()) {
                let new = values.iter_mut().filter(|value| is_new(value));
                new.for_each(|value| value.pair = Pair::Refused);
            }
        }
    }

    fn add_to(&mut self, place: &Place, time: i64, numbers: &[Option<i64>], values: &[OwnValue]) {
        let group = place.slot.unwrap_or_else(|| self.found(place.key));
        let per_column = |column| values.iter().filter(move |value| value.column == column);
        let entries =
            (0..self.values.len()).map(|column| per_column(column).count()).max().unwrap_or(0).max(1);
        // The row comes last, so that its group outlives what else it carries.
        for entry in (0..entries).rev() {
            let address = self.log.append(time);
            self.groups_of.push(if entry == 0 { group } else { group | MORE });
            for column in 0..self.values.len() {
                let value = per_column(column).nth(entry);
                self.add_value(group, column, value, (time, address));
                if entry == 0 && value.is_some_and(|value| value.pair != Pair::Refused) {
                    self.count_having(group, column, time);
                }
            }
            for (column, number) in self.numbers.iter_mut().zip(numbers) {
                column.rows.push(number.filter(|_| entry == 0).unwrap_or(NO_NUMBER));
            }
        }
        self.add_row(group, time, numbers);
    }

    /// A group that has no rows yet.
    fn found(&mut self, key: u128) -> u32 {
        let group = self.groups.insert(key);
        self.lost.found(group, self.log.oldest());
        self.values.iter_mut().for_each(|column| column.admit(group));
        self.times.iter_mut().for_each(|times| times.admit(group));
        let ends = self.numbers.iter_mut().flat_map(|column| [&mut column.least, &mut column.greatest]);
        ends.flatten().for_each(|end| end.admit(group));
        group
    }

    fn add_value(&mut self, group: u32, column: usize, value: Option<&OwnValue>, row: (i64, u64)) {
        let of = self.values.get_mut(column).expect("a column of it");
        let Some(value) = value else { return of.add_none() };
        let Some(last) = of.add(group, value, row, &self.log) else { return };
        let words = self.groups.words_mut(group);
        for (window, cells) in self.layout.windows.iter().enumerate() {
            let cut = self.log.cut(window);
            for cells in cells.values.iter().filter(|cells| cells.column == column) {
                if last < cut && row.0 >= cut {
                    words::raise(words, cells.distinct);
                }
            }
        }
    }

    /// Counts a row that has a value of a column.
    fn count_having(&mut self, group: u32, column: usize, time: i64) {
        let words = self.groups.words_mut(group);
        for (window, cells) in self.layout.windows.iter().enumerate() {
            let covers = time >= self.log.cut(window);
            for cells in cells.values.iter().filter(|cells| covers && cells.column == column) {
                if let Some((having, _)) = cells.frequent {
                    words::raise(words, having);
                }
            }
        }
    }

    fn add_row(&mut self, group: u32, time: i64, numbers: &[Option<i64>]) {
        let words = self.groups.words_mut(group);
        for (window, cells) in self.layout.windows.iter().enumerate() {
            if time >= self.log.cut(window) {
                add_to_window(words, cells, time, numbers, self.times.as_ref().map(|times| (times, group)));
            }
        }
        let last = words::time(words, self.layout.last).max(time);
        words::put_time(words, self.layout.last, last);
        if let Some(times) = self.times.as_mut().filter(|times| time >= self.log.cut(times.until)) {
            times.add(group, time);
        }
        for (column, number) in self.numbers.iter_mut().zip(numbers) {
            let ends = [&mut column.least, &mut column.greatest].into_iter().flatten();
            for end in ends.filter(|end| time >= self.log.cut(end.until)) {
                if let Some(number) = number {
                    end.add(group, time, *number);
                }
            }
        }
    }

    /// What it occupies.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            rows: self.log.live(),
            keys: self.groups.len() as u64,
            pairs: self.values.iter().map(|column| column.len() as u64).sum(),
            bytes: self.bytes() as u64,
            lost_rows: self.lost.count(),
            lost_values: self.values.iter().map(ValueColumn::lost).sum(),
        }
    }

    fn bytes(&self) -> usize {
        let of_number = |column: &NumberColumn| {
            let ends = [&column.least, &column.greatest].into_iter().flatten();
            column.rows.bytes() + ends.map(Extremes::bytes).sum::<usize>()
        };
        self.log.bytes()
            + self.groups_of.bytes()
            + self.groups.bytes()
            + self.numbers.iter().map(of_number).sum::<usize>()
            + self.values.iter().map(ValueColumn::bytes).sum::<usize>()
            + self.times.as_ref().map_or(0, Times::bytes)
            + self.lost.bytes()
    }

    /// The key, in words, of a group of the record at hand.
    pub(crate) fn text(&self, seen: Seen<'_>, place: &Place) -> Text {
        self.grouping.text(seen, place.line)
    }

    /// The keys, in words, of the groups in which an order at hand would be a row, whatever revision it is.
    pub(crate) fn memberships(&self, seen: Seen<'_>) -> Vec<Text> {
        if self.counted != Counted::Order {
            return Vec::new();
        }
        let passing = seen.lines(self.reading).filter(|line| seen::passes(self.filter.as_ref(), seen, *line));
        let mut keys: Vec<Text> =
            passing.filter_map(|line| self.grouping.complete_text(seen, line)).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The groups of the record at hand.
    pub(crate) fn places(&self) -> &Places {
        &self.at_hand.places
    }
}

/// Whether a filter names the type of orders.
fn names_type(filter: Option<&Filter>) -> bool {
    let fields = [Field::Fact(Fact::Type), Field::Order(Fact::Type)];
    filter.is_some_and(|filter| fields.iter().any(|field| filter.names(field)))
}

/// The number that a record has in a field.
fn number(source: &Source, seen: Seen<'_>) -> Option<i64> {
    match source.value(seen, Line::Whole) {
        Value::Int(number) => Some(number).filter(|number| *number != NO_NUMBER),
        Value::Money(money) => Some(money.minor.0),
        Value::Missing | Value::Bool(_) | Value::Text(_) | Value::Texts(_) => None,
    }
}

fn add_to_window(
    words: &mut [u32],
    cells: &WindowCells,
    time: i64,
    numbers: &[Option<i64>],
    times: Option<(&Times, u32)>,
) {
    if let (Some(at), Some((times, group))) = (cells.gap_squares, times) {
        let tail = times.tail(Some(group), words::count(words, cells.rows));
        words::add_wide(words, at, tail.squares_added_by(time));
    }
    words::raise(words, cells.rows);
    for cells in &cells.numbers {
        if let Some(Some(number)) = numbers.get(cells.column) {
            words::raise(words, cells.count);
            words::add_wide(words, cells.sum, i128::from(*number));
            if let Some(squares) = cells.squares {
                match square(*number) {
                    Some(square) => words::add_wide(words, squares.sum, square),
                    None => drop(words::raise(words, squares.beyond)),
                }
            }
        }
    }
}

fn take_number(words: &mut [u32], cells: &NumberCells, number: i64) {
    if number == NO_NUMBER {
        return;
    }
    words::lower(words, cells.count);
    words::add_wide(words, cells.sum, -i128::from(number));
    if let Some(squares) = cells.squares {
        match square(number) {
            Some(square) => words::add_wide(words, squares.sum, -square),
            None => drop(words::lower(words, squares.beyond)),
        }
    }
}

/// The square of a number whose square can be summed.
fn square(number: i64) -> Option<i128> {
    (number.unsigned_abs() <= SQUARED_MAX).then(|| i128::from(number) * i128::from(number))
}
