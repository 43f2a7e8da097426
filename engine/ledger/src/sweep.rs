//! Sweeps: unfinished group and creator holds, then lapses, then (after judging all that is due) all effects
//! with the holds that they begin, then releases; each by (due time, creation).

use model::admitted::MaturityRecord;
use model::hit::{EvidenceValue, Judged};
use model::verdict::{Account, Decision};
use model::{EventTime, Minor, Money, Position, Verdict};

use crate::arena::CommissionIx;
use crate::effects::Occasion;
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::{Moment, Stage};

impl Ledger {
    /// Earliest time at which something is due in a sweep, if anything is.
    pub fn next_due(&self) -> Option<EventTime> {
        let release = self.timers.releases.first().map(|(at, _)| *at);
        let lapse = self.timers.lapses.first().map(|(at, _)| *at);
        let end = self.timers.ends.first().map(|(at, _)| *at);
        let unfinished = self.backlog.iter().map(|batch| batch.since).min();
        [release, lapse, end, unfinished].into_iter().flatten().min()
    }

    /// First half of a sweep at a grid point: completes unfinished holds, ends lapsed ones, and returns what is
    /// due for release and must be judged, by (due time, creation).
    pub fn open_sweep(
        &mut self,
        at: EventTime,
        position: Position,
        out: &mut Vec<Verdict>,
    ) -> Vec<MaturityRecord> {
        let mut stage = Stage::new(Moment { position, clock: at, occurred_at: at });
        self.finish_backlog(&mut stage);
        self.publish(&mut stage, out);
        for (_, ix) in self.lapsing(at) {
            self.lapse(ix, &mut stage);
            self.publish(&mut stage, out);
        }
        while self.timers.ends.first().is_some_and(|(end, _)| *end <= at) {
            self.timers.ends.pop_first();
        }
        let mut due = Vec::new();
        for (date, ix) in self.releasing(at) {
            let (program, market) = self.place_of(ix);
            if self.feeds_are_complete(&program, &market, date) {
                due.extend(self.maturity(ix, at));
            } else {
                self.await_feed(ix, date);
            }
        }
        due
    }

    /// Second half: the effects of all judgements, then the releases.
    pub fn close_sweep(
        &mut self,
        at: EventTime,
        position: Position,
        judged: &[(MaturityRecord, Judged)],
        out: &mut Vec<Verdict>,
    ) {
        let mut stage = Stage::new(Moment { position, clock: at, occurred_at: at });
        for (record, judged) in judged {
            if let Some(ix) = self.commission_index.get(&record.commission_id).copied() {
                self.act(&Occasion::Maturity(ix), judged, &mut stage);
                self.publish(&mut stage, out);
            }
        }
        // What a hold of this sweep has still to touch must not be released before it.
        self.finish_backlog(&mut stage);
        self.publish(&mut stage, out);
        for (date, ix) in self.releasing(at) {
            self.release(ix, date, &mut stage);
            self.publish(&mut stage, out);
        }
    }

    fn lapsing(&self, at: EventTime) -> Vec<(EventTime, CommissionIx)> {
        self.timers.lapses.iter().take_while(|(time, _)| *time <= at).copied().collect()
    }

    fn releasing(&self, at: EventTime) -> Vec<(EventTime, CommissionIx)> {
        self.timers.releases.iter().take_while(|(time, _)| *time <= at).copied().collect()
    }

    fn release(&mut self, ix: CommissionIx, due: EventTime, stage: &mut Stage) {
        let pending = self.commissions[ix].balance.get(Account::Pending);
        self.add_parcel(ix, pending, stage.moment.clock);
        self.post(ix, Decision::Release, (Account::Pending, Account::Released), pending, stage);
        let settled = Cause::Settled.because([("due_at", EvidenceValue::Int(due.as_ms()))]);
        stage.decide(ix, Decision::Release, &settled);
    }

    /// What rules on maturity see; `None` for what no order brought, which they are not about.
    fn maturity(&self, ix: CommissionIx, at: EventTime) -> Option<MaturityRecord> {
        let commission = &self.commissions[ix];
        let order = &self.orders[commission.order()?];
        let minor = commission.balance.get(Account::Pending);
        let currency = self.totals.book(commission.book).currency;
        let accrued = commission.balance.get(Account::Accrued);
        Some(MaturityRecord {
            commission_id: commission.id,
            commission_hex: crate::verdicts::text(&commission.id),
            component: commission.component,
            amount: Money { currency, minor },
            held_before: commission.held_before,
            age_s: at.seconds_since(order.placed_at),
            refunded_share_ppm: ppm(commission.taken.reduced, accrued),
            at,
            order: order.record.clone(),
        })
    }
}

fn ppm(part: Minor, whole: Minor) -> i64 {
    let ppm = i128::from(part.0) * 1_000_000 / i128::from(whole.0).max(1);
    i64::try_from(ppm).expect("a part is at most the whole")
}
