//! Measuring a ruleset over the past, from the rows that were kept.

use decider::{RowOf, Successor};
use model::{EventTime, Position, Span};

use crate::journal::{JournalError, JournalReader};

/// Shows a successor every row after `after`, through `through`, that its windows can still reach.
pub(crate) fn measure(
    reader: &mut impl JournalReader,
    successor: &mut Successor,
    after: Option<Position>,
    through: Position,
) -> Result<(), JournalError> {
    measure_since(reader, successor, after, through, EventTime::MIN)
}

/// As [`measure`], leaving out what was before `since` by the log clock.
pub(crate) fn measure_since(
    reader: &mut impl JournalReader,
    successor: &mut Successor,
    after: Option<Position>,
    through: Position,
    since: EventTime,
) -> Result<(), JournalError> {
    // Position 0 is genesis, which makes no row.
    let mut after = after.unwrap_or(Position(0));
    while after < through {
        let (rows, complete) = reader.rows(after, through, since)?;
        let admitted: Vec<_> = rows
            .into_iter()
            .filter_map(|row| match row.what {
                RowOf::Record(admitted) => Some(*admitted),
                RowOf::Maturity(_) => None,
            })
            .collect();
        successor.measure(&admitted);
        after = complete;
    }
    Ok(())
}

/// Since when rows matter to a ruleset at a clock: the longest of its windows.
pub(crate) fn since(successor: &Successor, clock: Option<EventTime>) -> EventTime {
    let windows = successor.ruleset().features().iter().map(|planned| planned.feature.window);
    let longest = windows.max().unwrap_or(Span::ZERO);
    clock.map_or(EventTime::MIN, |clock| clock.minus(longest))
}
