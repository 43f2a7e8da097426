//! Payout runs: what finance takes, pays and gives back. A payout is a fact: what was paid beyond what was
//! scheduled is accrued, paid, and owed back.

use model::admitted::Admitted;
use model::event::{Beneficiary, Component, PayoutRun, RunState};
use model::hit::EvidenceValue;
use model::verdict::{Account, CommissionId, Decision, Reason, Subject};
use model::{Minor, ProgramId, RunId, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

use crate::arena::{Arena, CommissionIx, RunIx};
use crate::commission::{Commission, Origin, Side};
use crate::ledger::Ledger;
use crate::parcels::Payee;
use crate::reasons::Cause;
use crate::verdicts::{Stage, id};

/// All runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Runs {
    books: Arena<RunIx, RunBook>,
    index: BTreeMap<(ProgramId, RunId), RunIx>,
}

/// A run and the parcels it has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct RunBook {
    paid: bool,
    scheduled: BTreeMap<Payee, BTreeSet<(u64, CommissionIx)>>,
}

impl Runs {
    fn open(&mut self, program: &ProgramId, run: &RunId) -> RunIx {
        let books = &mut self.books;
        *self.index.entry((program.clone(), run.clone())).or_insert_with(|| books.push(RunBook::default()))
    }
}

impl Ledger {
    pub(crate) fn settle_run(
        &mut self,
        admitted: &Admitted,
        run: &PayoutRun,
        stage: &mut Stage,
        out: &mut Vec<Verdict>,
    ) {
        let program = &admitted.context.program;
        let ix = self.runs.open(program, &run.run_id);
        let why =
            Cause::PayoutRun.because([("run", id(run.run_id.as_str())), ("state", id(run.state.name()))]);
        let moved = match run.state {
            RunState::Opened => BTreeSet::new(),
            _ if self.runs.books[ix].paid => return self.repeated(admitted, run, stage),
            RunState::Locked => return self.schedule(ix, program, run, &why, stage),
            RunState::Paid => self.pay(ix, admitted, run, &why, stage, out),
            RunState::Failed | RunState::Cancelled => self.give_all_back(ix, &why, stage),
        };
        self.publish(stage, out);
        for commission in moved {
            self.after_run(commission, stage);
        }
    }

    /// What waited for the run's end is posted, and what comes back into a hold is recalled.
    fn after_run(&mut self, ix: CommissionIx, stage: &mut Stage) {
        self.settle_owing(ix, stage);
        let released = self.commissions[ix].balance.get(Account::Released);
        if self.commissions[ix].is_held() && !released.is_zero() {
            self.recall(ix, stage);
            let rules: Vec<_> = self.commissions[ix].holds.iter().filter(|h| h.stands()).cloned().collect();
            for hold in rules {
                stage.decide(ix, Decision::Recall, &self.reason_to_hold(&hold));
            }
        }
    }

    fn schedule(
        &mut self,
        run: RunIx,
        program: &ProgramId,
        event: &PayoutRun,
        why: &Reason,
        stage: &mut Stage,
    ) {
        let payees: BTreeSet<Payee> = if event.lines.is_empty() {
            self.payable.payees(program).into_iter().collect()
        } else {
            event.lines.iter().map(|line| (line.beneficiary.clone(), line.currency)).collect()
        };
        for payee in payees {
            for (number, ix) in self.payable.of(program, &payee) {
                let in_time =
                    self.parcel(ix, number).is_some_and(|parcel| parcel.released_at <= event.cutoff);
                if in_time {
                    let amount = self.hand_parcel(ix, number, Some(run));
                    self.post(ix, Decision::Schedule, (Account::Released, Account::Scheduled), amount, stage);
                    stage.decide(ix, Decision::Schedule, why);
                    self.runs.books[run].scheduled.entry(payee.clone()).or_default().insert((number, ix));
                }
            }
        }
    }

    /// Pays each line's gross in release order (everyone in full when there are no lines); the rest goes back.
    fn pay(
        &mut self,
        run: RunIx,
        admitted: &Admitted,
        event: &PayoutRun,
        why: &Reason,
        stage: &mut Stage,
        out: &mut Vec<Verdict>,
    ) -> BTreeSet<CommissionIx> {
        self.runs.books[run].paid = true;
        let scheduled = std::mem::take(&mut self.runs.books[run].scheduled);
        let moved = scheduled.values().flatten().map(|(_, ix)| *ix).collect();
        let mut gross: BTreeMap<Payee, Minor> = BTreeMap::new();
        for line in &event.lines {
            let sum = gross.entry((line.beneficiary.clone(), line.currency)).or_default();
            *sum = sum.plus(line.gross);
        }
        for (payee, parcels) in scheduled {
            let in_full = event.lines.is_empty().then_some(Minor(i64::MAX));
            let mut left = in_full.or(gross.remove(&payee)).unwrap_or_default();
            for (number, ix) in parcels {
                left = left.minus(self.pay_one(ix, number, left, why, stage));
            }
            if in_full.is_none() {
                gross.insert(payee, left);
            }
        }
        self.publish(stage, out);
        for (payee, beyond) in gross.into_iter().filter(|(_, beyond)| beyond.0 > 0) {
            self.pay_beyond(admitted, event, payee, beyond, stage, out);
        }
        moved
    }

    fn pay_one(
        &mut self,
        ix: CommissionIx,
        number: u64,
        limit: Minor,
        why: &Reason,
        stage: &mut Stage,
    ) -> Minor {
        let paid = self.pay_parcel(ix, number, limit);
        self.post(ix, Decision::Pay, (Account::Scheduled, Account::Paid), paid, stage);
        self.give_back_parcel(ix, number, stage);
        stage.explain(ix, &[Decision::Pay, Decision::Release], std::slice::from_ref(why));
        paid
    }

    fn give_back_parcel(&mut self, ix: CommissionIx, number: u64, stage: &mut Stage) {
        if self.parcel(ix, number).is_some() {
            let amount = self.hand_parcel(ix, number, None);
            self.post(ix, Decision::Release, (Account::Scheduled, Account::Released), amount, stage);
        }
    }

    fn give_all_back(&mut self, run: RunIx, why: &Reason, stage: &mut Stage) -> BTreeSet<CommissionIx> {
        let scheduled = std::mem::take(&mut self.runs.books[run].scheduled);
        for (number, ix) in scheduled.values().flatten() {
            self.give_back_parcel(*ix, *number, stage);
            stage.explain(*ix, &[Decision::Release], std::slice::from_ref(why));
        }
        scheduled.values().flatten().map(|(_, ix)| *ix).collect()
    }

    /// Each step rests on the one before it: it accrues, is paid, and is owed back.
    fn pay_beyond(
        &mut self,
        admitted: &Admitted,
        run: &PayoutRun,
        payee: Payee,
        amount: Minor,
        stage: &mut Stage,
        out: &mut Vec<Verdict>,
    ) {
        let why = Cause::PaidBeyond
            .because([("beyond", EvidenceValue::Int(amount.0)), ("run", id(run.run_id.as_str()))]);
        let ix = self.adjustment(admitted, run, payee);
        stage.decide(ix, Decision::Accrue, &why);
        self.post(ix, Decision::Accrue, (Account::Accrued, Account::Pending), amount, stage);
        self.commissions[ix].taken.void = self.commissions[ix].taken.void.plus(amount);
        self.commissions[ix].owing.void = self.commissions[ix].owing.void.plus(amount);
        self.publish(stage, out);
        let way = [Account::Pending, Account::Released, Account::Scheduled, Account::Paid];
        for (from, to) in way.into_iter().zip(way.into_iter().skip(1)) {
            self.post(ix, Decision::Pay, (from, to), amount, stage);
        }
        stage.decide(ix, Decision::Pay, &why);
        self.publish(stage, out);
        self.commissions[ix].owing.void = self.commissions[ix].owing.void.minus(amount);
        self.take(ix, Side::Void, amount, &why, stage);
        stage.decide(ix, Decision::Flag, &why);
        self.publish(stage, out);
    }

    fn adjustment(
        &mut self,
        admitted: &Admitted,
        run: &PayoutRun,
        (beneficiary, currency): Payee,
    ) -> CommissionIx {
        let context = &admitted.context;
        // No id has a control character: no obligation bears this name.
        let name = format!("{}\0{currency}", run.run_id);
        let component = Component::Adjustment;
        let id = CommissionId::named(context.program.as_str(), &name, &beneficiary, component);
        if let Some(known) = self.commission_index.get(&id) {
            return *known;
        }
        let book = self.totals.open(&context.program, &context.market, currency);
        let creator = match &beneficiary {
            Beneficiary::Creator(creator) => Some(creator.clone()),
            Beneficiary::Agency(_) => None,
        };
        let origin = Origin::Run(run.run_id.clone());
        self.add_commission(Commission {
            creator,
            ..Commission::new(id, origin, (beneficiary, component), book)
        })
    }

    /// A run that was paid is over: whatever it says again moves nothing, and somebody should look.
    fn repeated(&mut self, admitted: &Admitted, run: &PayoutRun, stage: &mut Stage) {
        let why = Cause::RunRepeated.because([("state", id(run.state.name()))]);
        let context = &admitted.context;
        let subject = Subject::Run(context.program.clone(), run.run_id.clone());
        stage.flag_subject(subject, (&context.program, &context.market), None, vec![why], None);
    }
}
