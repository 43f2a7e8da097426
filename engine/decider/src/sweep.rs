//! Sweeps: what time brings about. They run on a grid of the log clock, before the first record that takes it to
//! or past a grid point at which something is due.

use model::fact::Subject;
use model::hit::Judged;
use model::{EventTime, Position, Record, Span};

use crate::decider::{Decider, Rows};
use crate::effects::{About, Effects};
use crate::row::Row;
use crate::trace::Trace;

impl Decider {
    /// The grid point of the next sweep, if anything is due at all. Each point is swept once: what becomes due
    /// at a point that has passed waits for the next.
    pub(crate) fn next_sweep(&self) -> Option<EventTime> {
        let due = [self.ledger.next_due(), self.attribution.next_expiry()].into_iter().flatten().min()?;
        let passed = self.attribution.clock().max(self.swept);
        let earliest = passed.map_or(due, |passed| due.max(passed.plus(Span::from_ms(1))));
        Some(earliest.grid_ceiling(self.genesis.sweep_grid))
    }

    /// Runs every sweep whose grid point this record takes the log clock to or past, in order.
    pub(crate) fn sweep_before(&mut self, record: &Record, effects: &mut Effects) {
        while let Some(at) = self.next_sweep().filter(|at| self.attribution.reaches(record, *at)) {
            self.sweep(at, record.position, effects);
        }
    }

    fn sweep(&mut self, at: EventTime, position: Position, effects: &mut Effects) {
        self.swept_at(at);
        let expired = effects.dead_letters.len();
        let due = self.ledger.open_sweep(at, position, &mut effects.verdicts);
        self.attribution.expire(at, position, &mut effects.dead_letters);
        self.tally.expired(effects.dead_letters.get(expired..).unwrap_or_default());
        // Every judgement sees the features as at the start of the sweep; effects follow all of them.
        let mut judged = Vec::with_capacity(due.len());
        for maturity in due {
            let outcome = if self.judges(Subject::Maturity) {
                let measures = self.windows.read(at, &maturity);
                if self.watch.as_ref().is_some_and(|watch| watch.is(&maturity.order.key)) {
                    let rules = self.ruleset.trace(&maturity, &measures);
                    effects.traces.push(Trace::matured(position, &maturity, measures.clone(), rules));
                }
                if self.rows == Rows::Kept {
                    effects.rows.push(Row::of_maturity(position, &maturity, &measures));
                }
                let hits = self.ruleset.judge(&maturity, &measures);
                let outcome = Judged { hits, groups: measures.groups, memberships: measures.memberships };
                effects.explain(position, &About::Order(maturity.order.key.clone()), &outcome.hits);
                self.tally.judged(&self.ruleset, &maturity, &outcome);
                outcome
            } else {
                Judged::default()
            };
            judged.push((maturity, outcome));
        }
        self.ledger.close_sweep(at, position, &judged, &mut effects.verdicts);
    }
}
