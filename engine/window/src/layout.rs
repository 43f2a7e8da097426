//! What a series keeps for each group, as the features that share it need it, and where.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use model::feature::Aggregate;
use model::{Field, Span};

use crate::extremes::End;
use crate::values::ValueCells;

/// What a feature asks of its series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ask {
    /// The window, by its place among the series' windows.
    pub(crate) window: usize,
    pub(crate) what: What,
}

/// How rows are aggregated, and where the sums lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    Count,
    Sum(NumberCells),
    Mean(NumberCells),
    Deviation(NumberCells),
    /// Of a number column.
    Extreme(usize, End),
    Distinct(ValueCells),
    TopShare(ValueCells),
    GapMean,
    /// Where the sum of the squared gaps lies.
    GapDeviation(usize),
    SecondsSinceFirst,
    SecondsSinceLast,
}

/// Where a group's record keeps what a window knows of the numbers of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NumberCells {
    pub(crate) column: usize,
    /// How many there are.
    pub(crate) count: usize,
    pub(crate) sum: usize,
    pub(crate) squares: Option<SquareCells>,
}

/// Where the sum of squares lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SquareCells {
    pub(crate) sum: usize,
    /// How many numbers are too great for their squares to be summed, see [`SQUARED_MAX`].
    pub(crate) beyond: usize,
}

/// Squares of greater numbers could leave the range of a wide sum: while a window has one, its deviation is
/// missing. Fifteen times the largest amount.
pub(crate) const SQUARED_MAX: u64 = 1 << 47;

/// What a group's record keeps for a window.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct WindowCells {
    /// How many rows there are.
    pub(crate) rows: usize,
    pub(crate) numbers: Vec<NumberCells>,
    pub(crate) values: Vec<ValueCells>,
    /// The sum of the squared gaps.
    pub(crate) gap_squares: Option<usize>,
}

/// Everything that the features of a series need.
#[derive(Debug, Clone, Default)]
pub(crate) struct Needs {
    pub(crate) windows: BTreeSet<Span>,
    /// Number columns with the windows that need their sums.
    pub(crate) sums: BTreeMap<Field, BTreeSet<Span>>,
    pub(crate) squares: BTreeMap<Field, BTreeSet<Span>>,
    pub(crate) ends: BTreeMap<(Field, End), Span>,
    pub(crate) distinct: BTreeMap<Field, BTreeSet<Span>>,
    pub(crate) frequent: BTreeMap<Field, BTreeSet<Span>>,
    pub(crate) gap_squares: BTreeSet<Span>,
    /// The longest window that needs the rows' times in order.
    pub(crate) times: Option<Span>,
}

impl Needs {
    /// Adds what an aggregate over a window needs.
    pub(crate) fn add(&mut self, aggregate: &Aggregate, window: Span) {
        self.windows.insert(window);
        let sums =
            |needs: &mut Needs, field: &Field| needs.sums.entry(field.clone()).or_default().insert(window);
        match aggregate {
            Aggregate::Count | Aggregate::SecondsSinceLast | Aggregate::RefundRatio { .. } => {}
            Aggregate::Sum(field) | Aggregate::Mean(field) => {
                sums(self, field);
            }
            Aggregate::Deviation(field) => {
                sums(self, field);
                self.squares.entry(field.clone()).or_default().insert(window);
            }
            Aggregate::Min(field) => self.end(field, End::Least, window),
            Aggregate::Max(field) => self.end(field, End::Greatest, window),
            Aggregate::Distinct(field) => {
                self.distinct.entry(field.clone()).or_default().insert(window);
            }
            Aggregate::TopShare(field) => {
                self.frequent.entry(field.clone()).or_default().insert(window);
            }
            Aggregate::GapMean | Aggregate::SecondsSinceFirst => self.times = self.times.max(Some(window)),
            Aggregate::GapDeviation => {
                self.times = self.times.max(Some(window));
                self.gap_squares.insert(window);
            }
        }
    }

    fn end(&mut self, field: &Field, end: End, window: Span) {
        let longest = self.ends.entry((field.clone(), end)).or_insert(window);
        *longest = window.max(*longest);
    }

    /// Fields read as numbers.
    pub(crate) fn numbers(&self) -> Vec<Field> {
        let fields = self.sums.keys().chain(self.ends.keys().map(|(field, _)| field));
        fields.cloned().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Fields read as values, with the longest window that asks.
    pub(crate) fn values(&self) -> Vec<(Field, Span)> {
        let mut longest = BTreeMap::new();
        for (field, windows) in self.distinct.iter().chain(&self.frequent) {
            let window = windows.last().copied();
            let known = longest.entry(field.clone()).or_insert(window);
            *known = window.max(*known);
        }
        longest.into_iter().filter_map(|(field, window)| Some((field, window?))).collect()
    }
}

/// The layout of a group's record.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Layout {
    /// Words of a record.
    pub(crate) words: usize,
    /// The time of the group's last row.
    pub(crate) last: usize,
    /// By window, shortest first.
    pub(crate) windows: Vec<WindowCells>,
}

impl Layout {
    /// Lays out what is needed.
    pub(crate) fn of(needs: &Needs) -> Layout {
        let mut layout = Layout { words: 2, last: 0, windows: Vec::new() };
        for window in &needs.windows {
            let cells = layout.window(needs, *window);
            layout.windows.push(cells);
        }
        layout
    }

    fn window(&mut self, needs: &Needs, window: Span) -> WindowCells {
        let asks = |map: &BTreeMap<Field, BTreeSet<Span>>, field: &Field| {
            map.get(field).is_some_and(|windows| windows.contains(&window))
        };
        let mut cells = WindowCells { rows: self.take(1), ..WindowCells::default() };
        for (column, field) in needs.numbers().iter().enumerate() {
            if asks(&needs.sums, field) {
                let squares = asks(&needs.squares, field)
                    .then(|| SquareCells { sum: self.take(4), beyond: self.take(1) });
                cells.numbers.push(NumberCells { column, count: self.take(1), sum: self.take(4), squares });
            }
        }
        for (column, (field, _)) in needs.values().iter().enumerate() {
            let frequent = needs.frequent.get(field).and_then(|all| all.iter().position(|w| *w == window));
            if asks(&needs.distinct, field) || frequent.is_some() {
                let frequent = frequent.map(|place| (self.take(1), place));
                cells.values.push(ValueCells { column, distinct: self.take(1), frequent });
            }
        }
        cells.gap_squares = needs.gap_squares.contains(&window).then(|| self.take(4));
        cells
    }

    fn take(&mut self, words: usize) -> usize {
        let at = self.words;
        self.words += words;
        at
    }
}

/// What a feature asks, once the layout is known; `None` for what no series measures.
pub(crate) fn ask(needs: &Needs, layout: &Layout, aggregate: &Aggregate, span: Span) -> Option<Ask> {
    let window = needs.windows.iter().position(|other| *other == span)?;
    let cells = layout.windows.get(window)?;
    let numbers = needs.numbers();
    let column = |field: &Field| numbers.iter().position(|other| other == field);
    let number = |field: &Field| cells.numbers.iter().copied().find(|c| Some(c.column) == column(field));
    let values = needs.values();
    let value = |field: &Field| {
        let column = values.iter().position(|(other, _)| other == field);
        cells.values.iter().copied().find(|c| Some(c.column) == column)
    };
    let what = match aggregate {
        Aggregate::Count => What::Count,
        Aggregate::Sum(field) => What::Sum(number(field)?),
        Aggregate::Mean(field) => What::Mean(number(field)?),
        Aggregate::Deviation(field) => What::Deviation(number(field)?),
        Aggregate::Min(field) => What::Extreme(column(field)?, End::Least),
        Aggregate::Max(field) => What::Extreme(column(field)?, End::Greatest),
        Aggregate::Distinct(field) => What::Distinct(value(field)?),
        Aggregate::TopShare(field) => What::TopShare(value(field)?),
        Aggregate::GapMean => What::GapMean,
        Aggregate::GapDeviation => What::GapDeviation(cells.gap_squares?),
        Aggregate::SecondsSinceFirst => What::SecondsSinceFirst,
        Aggregate::SecondsSinceLast => What::SecondsSinceLast,
        Aggregate::RefundRatio { .. } => return None,
    };
    Some(Ask { window, what })
}
