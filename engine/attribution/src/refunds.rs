//! Refunds: the states each was said to be in, and the parts it falls into.
//!
//! A part is what a refund takes of one order. A refund that names its order is one part; one that does not is
//! matched (see [`crate::matching`]) and may be several, `ID/1`, `ID/2`, … Parts never change once made, so that
//! every state of the refund resolves to the same ones.
//!
//! Of what was said the greatest (time, position) counts: for the money among the states other than requested,
//! for the units that are spoken for among all of them.

use model::event::{MatchKey, Refund, RefundLine, RefundState, RefundTarget};
use model::{Currency, EventTime, LineId, Minor, OrderId, Position, RefundId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::orders::Units;
use crate::table::{In, Program, Scoped, Table};

/// The refunds of all programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Refunds {
    entries: Table<Scoped<RefundId>, Entry>,
}

/// A refund and what was said of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) target: RefundTarget,
    pub(crate) currency: Currency,
    /// When the state happened that came first: later purchases are not what is refunded.
    pub(crate) occurred_at: EventTime,
    said: BTreeMap<RefundState, Said>,
    /// When it was last turned down, even if that record was given up since: what was said before it is over.
    off: Option<When>,
    pub(crate) parts: Vec<Part>,
    /// For each match key, how many of its units are found.
    pub(crate) found: Vec<i64>,
}

/// A state as it came.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Said {
    content: u128,
    when: When,
}

/// Time, then position: the greatest counts.
type When = (EventTime, Position);

/// What a refund takes of one order.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) order: OrderId,
    /// What was matched; empty for a refund that names its order.
    slices: Vec<Slice>,
    /// A state that moves money was applied.
    moved: bool,
    money: Option<(When, Minor)>,
    held: Option<When>,
    /// Units that are spoken for.
    units: Vec<Units>,
}

/// Units `from..to` of a match key, found on a line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub(crate) key: usize,
    pub(crate) line: LineId,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

/// What a state of a part changes.
pub(crate) struct Change {
    pub(crate) moved_minor: i128,
    pub(crate) back: Vec<Units>,
    pub(crate) taken: Vec<Units>,
    pub(crate) first_move: bool,
}

impl Refunds {
    pub(crate) fn get(&self, program: Program, refund: &RefundId) -> Option<&Entry> {
        self.entries.get(&In(program, refund))
    }

    pub(crate) fn get_mut(&mut self, program: Program, refund: &RefundId) -> Option<&mut Entry> {
        self.entries.get_mut(&In(program, refund))
    }

    /// Remembers that a state was admitted.
    pub(crate) fn remember(
        &mut self,
        program: Program,
        refund: &Refund,
        content: u128,
        when: When,
    ) -> Remembered {
        let said = Said { content, when };
        if let Some(entry) = self.entries.get_mut(&In(program, &refund.refund_id)) {
            entry.remember(refund.state, said);
            return Remembered::Again;
        }
        let mut entry = Entry::new(refund, when.0);
        entry.remember(refund.state, said);
        self.entries.insert(Scoped::new(program, refund.refund_id.clone()), entry);
        Remembered::New
    }

    /// Forgets a state that took no effect, so that it may be sent again.
    pub(crate) fn forget(&mut self, program: Program, refund: &Refund) {
        let key = In(program, &refund.refund_id);
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.said.remove(&refund.state);
            if entry.said.is_empty() {
                self.entries.remove(&key);
            }
        }
    }
}

/// Whether a refund was known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remembered {
    New,
    Again,
}

impl Entry {
    fn new(refund: &Refund, occurred_at: EventTime) -> Entry {
        let (parts, found) = match &refund.target {
            RefundTarget::Order(order) => (vec![Part::whole(order.clone())], Vec::new()),
            RefundTarget::Match(keys) => (Vec::new(), vec![0; keys.len()]),
        };
        Entry {
            target: refund.target.clone(),
            currency: refund.currency,
            occurred_at,
            said: BTreeMap::new(),
            off: None,
            parts,
            found,
        }
    }

    /// The content with which a state was admitted.
    pub(crate) fn content(&self, state: RefundState) -> Option<u128> {
        self.said.get(&state).map(|said| said.content)
    }

    fn remember(&mut self, state: RefundState, said: Said) {
        if takes_nothing(state) {
            self.off = self.off.max(Some(said.when));
        }
        self.said.insert(state, said);
    }

    /// Whether the last word is that nothing is refunded.
    pub(crate) fn is_off(&self) -> bool {
        let on =
            self.said.iter().filter(|(state, _)| !takes_nothing(**state)).map(|(_, said)| said.when).max();
        self.off > on
    }

    /// The match keys; none for a refund that names its order.
    pub(crate) fn keys(&self) -> &[MatchKey] {
        keys(&self.target)
    }

    /// The first match key with units that were not found, and how many.
    pub(crate) fn missing(&self) -> Option<(usize, i64)> {
        let missing = self.keys().iter().zip(&self.found).map(|(key, found)| key.quantity - found);
        missing.enumerate().find(|(_, units)| *units > 0)
    }

    /// The name of a part.
    pub(crate) fn part_id(&self, refund: &RefundId, index: usize) -> RefundId {
        let is_whole = self.parts.len() == 1 && self.missing().is_none();
        if is_whole {
            return refund.clone();
        }
        RefundId::new(&format!("{refund}/{}", index + 1)).expect("matched refunds have short ids")
    }

    /// What a state of the refund says about one part.
    pub(crate) fn part_of(&self, refund: &Refund, index: usize) -> Refund {
        let part = self.parts.get(index).expect("the index is of a part");
        let keys = keys(&refund.target);
        if keys.is_empty() {
            return refund.clone();
        }
        let lines = part.lines(keys);
        Refund {
            target: RefundTarget::Order(part.order.clone()),
            amount: lines.iter().map(|line| line.amount).sum(),
            lines,
            ..refund.clone()
        }
    }
}

impl Part {
    /// A refund that names its order.
    fn whole(order: OrderId) -> Part {
        Part { order, slices: Vec::new(), moved: false, money: None, held: None, units: Vec::new() }
    }

    /// What was matched of one order. Its units are taken.
    pub(crate) fn matched(order: OrderId, slices: Vec<Slice>) -> Part {
        let mut units: Vec<Units> = Vec::new();
        for slice in &slices {
            let count = slice.to - slice.from;
            match units.iter_mut().find(|units| units.line == slice.line) {
                Some(units) => units.count += count,
                None => units.push(Units { line: slice.line.clone(), count }),
            }
        }
        Part { order, slices, moved: false, money: None, held: None, units }
    }

    /// Takes in what a state says about this part.
    pub(crate) fn say(&mut self, refund: &Refund, when: When) -> Change {
        let moved_minor = self.say_money(refund, when);
        let (back, taken) = self.say_units(refund, when);
        let first_move = moves_money(refund.state) && !self.moved;
        self.moved |= first_move;
        Change { moved_minor, back, taken, first_move }
    }

    fn say_money(&mut self, refund: &Refund, when: When) -> i128 {
        let last = self.money;
        if refund.state == RefundState::Requested || last.is_some_and(|(last, _)| last > when) {
            return 0;
        }
        let amount = if moves_money(refund.state) { refund.amount } else { Minor::ZERO };
        self.money = Some((when, amount));
        i128::from(amount.0) - last.map_or(0, |(_, last)| i128::from(last.0))
    }

    fn say_units(&mut self, refund: &Refund, when: When) -> (Vec<Units>, Vec<Units>) {
        if self.held.is_some_and(|last| last > when) {
            return (Vec::new(), Vec::new());
        }
        self.held = Some(when);
        let units = if takes_nothing(refund.state) { Vec::new() } else { units(&refund.lines) };
        if units == self.units {
            return (Vec::new(), Vec::new());
        }
        (std::mem::replace(&mut self.units, units.clone()), units)
    }

    /// The part's lines with their share of each key's amount. Shares are differences of cumulative amounts, so
    /// those of all slices of a key sum to exactly its amount.
    fn lines(&self, keys: &[MatchKey]) -> Vec<RefundLine> {
        let mut lines: Vec<RefundLine> = Vec::new();
        for slice in &self.slices {
            let amount = keys.get(slice.key).map_or(Minor::ZERO, |key| slice.amount(key));
            let units = slice.to - slice.from;
            match lines.iter_mut().find(|line| line.line_id == slice.line) {
                Some(line) => {
                    line.amount = line.amount.plus(amount);
                    line.quantity = line.quantity.map(|quantity| quantity + units);
                }
                None => {
                    lines.push(RefundLine { line_id: slice.line.clone(), quantity: Some(units), amount });
                }
            }
        }
        lines
    }
}

impl Slice {
    fn amount(&self, key: &MatchKey) -> Minor {
        let up_to =
            |units: i64| i128::from(key.amount.0) * i128::from(units) / i128::from(key.quantity.max(1));
        let amount = up_to(self.to) - up_to(self.from);
        Minor(i64::try_from(amount).expect("a share is at most the amount"))
    }
}

/// The match keys of a target; none if it names its order.
pub(crate) fn keys(target: &RefundTarget) -> &[MatchKey] {
    match target {
        RefundTarget::Order(_) => &[],
        RefundTarget::Match(keys) => keys,
    }
}

/// Whether a state moves money.
const fn moves_money(state: RefundState) -> bool {
    match state {
        RefundState::Approved | RefundState::Completed => true,
        RefundState::Requested | RefundState::Rejected | RefundState::Reversed => false,
    }
}

/// Whether a state says that nothing is refunded.
pub(crate) const fn takes_nothing(state: RefundState) -> bool {
    match state {
        RefundState::Rejected | RefundState::Reversed => true,
        RefundState::Requested | RefundState::Approved | RefundState::Completed => false,
    }
}

fn units(lines: &[RefundLine]) -> Vec<Units> {
    let counted = lines.iter().filter_map(|line| Some((line, line.quantity?)));
    counted.map(|(line, count)| Units { line: line.line_id.clone(), count }).collect()
}
