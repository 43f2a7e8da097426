//! Amounts: always recomputed from cumulative facts, and posted as differences.
//!
//! A commission's lines say how much was earned (gross), how much of that refunds took (reduced) and how much
//! fraud or cancellation took (void). What was taken lies in `reduced` and `void`, or, if it had been paid, in
//! `owed_back`, or, if a run had it, is *owing*: recorded, and posted when the run is decided.

use model::Minor;
use model::hit::EvidenceValue;
use model::verdict::{Account, Decision, Reason};

use crate::arena::CommissionIx;
use crate::commission::{Commission, OwingWhy, Share, Side, Taken};
use crate::credit::{candidate_of, earned};
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::Stage;

/// Where money is taken from, first to last; scheduled money only owes.
const TAKEN_FROM: [Account; 3] = [Account::Pending, Account::Held, Account::Released];
/// Where money that had been paid comes back from.
const PAID_BACK_FROM: [Account; 3] = [Account::OwedBack, Account::WrittenOff, Account::Recovered];

impl Ledger {
    /// Brings a commission's accounts to what its shares now come to. `reduced` of the shares given is what
    /// refunds had taken before.
    pub(crate) fn resettle(
        &mut self,
        ix: CommissionIx,
        mut shares: Vec<Share>,
        why: &Reason,
        stage: &mut Stage,
    ) {
        shares.iter_mut().for_each(|share| self.assess(ix, share));
        let commission = &mut self.commissions[ix];
        let gross: Minor = shares.iter().map(|share| share.gross).sum::<Minor>().plus(commission.fixed);
        let accrued = commission.balance.get(Account::Accrued);
        let grown = gross.minus(accrued).max(Minor::ZERO);
        let target = target(commission, &shares, accrued.plus(grown).minus(gross));
        let before = std::mem::replace(&mut commission.taken, target);
        commission.shares = shares;
        stage.touch(ix);
        self.settle_no_plan(ix, why, stage);
        if grown.is_zero() && before == target {
            return;
        }
        // Before anything comes back: what a person said of a hold was about another amount.
        self.forget_disagreement(ix);
        self.accrue(ix, grown, why, stage);
        for side in Side::BOTH {
            self.give_back(ix, side, before.get(side).minus(target.get(side)).max(Minor::ZERO), why, stage);
        }
        for side in Side::BOTH {
            self.take(ix, side, target.get(side).minus(before.get(side)).max(Minor::ZERO), why, stage);
        }
    }

    /// What refunds and statuses make of one line.
    fn assess(&self, ix: CommissionIx, share: &mut Share) {
        let commission = &self.commissions[ix];
        let Some(order) = commission.order().map(|order| &self.orders[order]) else { return };
        let Some(line) = order.record.order.lines.get(share.line as usize) else { return };
        let voided = order.status(&line.line_id).is_some_and(|status| status.voids());
        share.void = commission.rejected || voided;
        if share.void {
            return;
        }
        let refunded = order.refunded(&line.line_id, line.paid);
        let net = candidate_of(&order.record, share)
            .map_or(Minor::ZERO, |candidate| earned(line, refunded, candidate, commission.component));
        share.reduced = share.gross.minus(net);
    }

    fn accrue(&mut self, ix: CommissionIx, amount: Minor, why: &Reason, stage: &mut Stage) {
        if amount.is_zero() {
            return;
        }
        let holds = self.enlist(ix, stage);
        let entry = self.commissions[ix].entry();
        self.post(ix, Decision::Accrue, (Account::Accrued, entry), amount, stage);
        stage.decide(ix, Decision::Accrue, why);
        stage.explain(ix, &[Decision::Accrue], &holds);
    }

    /// A refund was undone, or an order restored.
    fn give_back(&mut self, ix: CommissionIx, side: Side, amount: Minor, why: &Reason, stage: &mut Stage) {
        if amount.is_zero() {
            return;
        }
        let holds = self.enlist(ix, stage);
        let mut left = amount.minus(self.owe_less(ix, side, amount, why, stage));
        let entry = self.commissions[ix].entry();
        let own = (side.account(), entry);
        let paid = PAID_BACK_FROM.map(|account| (account, Account::Paid));
        for (from, to) in [own].into_iter().chain(paid) {
            let part = left.min(self.commissions[ix].balance.get(from));
            self.post(ix, Decision::Restore, (from, to), part, stage);
            left = left.minus(part);
        }
        assert!(left.is_zero(), "what is given back had been taken");
        stage.explain(ix, &[Decision::Restore], std::slice::from_ref(why));
        stage.explain(ix, &[Decision::Restore], &holds);
    }

    /// Takes money off, wherever it is.
    pub(crate) fn take(
        &mut self,
        ix: CommissionIx,
        side: Side,
        amount: Minor,
        why: &Reason,
        stage: &mut Stage,
    ) {
        if amount.is_zero() {
            return;
        }
        let decision = side.decision();
        let mut left = amount;
        for from in TAKEN_FROM {
            let part = left.min(self.commissions[ix].balance.get(from));
            if from == Account::Released {
                self.drop_parcels(ix, part);
            }
            self.post(ix, decision, (from, side.account()), part, stage);
            left = left.minus(part);
        }
        let paid = left.min(self.commissions[ix].balance.get(Account::Paid));
        self.post(ix, Decision::ClawBack, (Account::Paid, Account::OwedBack), paid, stage);
        stage.explain(ix, &[decision, Decision::ClawBack], std::slice::from_ref(why));
        self.owe(ix, side, left.minus(paid), why, stage);
    }

    /// Scheduled money is not touched: what it owes is recorded, and finance is told.
    fn owe(&mut self, ix: CommissionIx, side: Side, amount: Minor, why: &Reason, stage: &mut Stage) {
        if amount.is_zero() {
            return;
        }
        let commission = &mut self.commissions[ix];
        let owing = commission.owing.get_mut(side);
        *owing = owing.plus(amount);
        commission.owing_why.retain(|known| known.side != side || known.reason.rule != why.rule);
        commission.owing_why.push(OwingWhy { side, reason: why.clone() });
        let sum = commission.owing.sum();
        assert!(sum <= commission.balance.get(Account::Scheduled), "nothing is taken twice");
        self.tell_owing(ix, why, stage);
    }

    fn owe_less(
        &mut self,
        ix: CommissionIx,
        side: Side,
        amount: Minor,
        why: &Reason,
        stage: &mut Stage,
    ) -> Minor {
        let owing = self.commissions[ix].owing.get_mut(side);
        let less = amount.min(*owing);
        if !less.is_zero() {
            *owing = owing.minus(less);
            self.tell_owing(ix, why, stage);
        }
        less
    }

    fn tell_owing(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        stage.decide(ix, Decision::Flag, why);
        let owing = EvidenceValue::Int(self.commissions[ix].owing.sum().0);
        let scheduled = EvidenceValue::Int(self.commissions[ix].balance.get(Account::Scheduled).0);
        let asks = Cause::TooLate.because([("owing", owing), ("scheduled", scheduled)]);
        stage.decide(ix, Decision::Flag, &asks);
    }

    /// Posts what was owing, after its run is decided, with the reasons that it was owed for.
    pub(crate) fn settle_owing(&mut self, ix: CommissionIx, stage: &mut Stage) {
        let owing = std::mem::take(&mut self.commissions[ix].owing);
        let why = std::mem::take(&mut self.commissions[ix].owing_why);
        for side in Side::BOTH {
            let reasons: Vec<Reason> =
                why.iter().filter(|why| why.side == side).map(|why| why.reason.clone()).collect();
            let Some(latest) = reasons.last() else { continue };
            self.take(ix, side, owing.get(side), latest, stage);
            stage.explain(ix, &[side.decision(), Decision::ClawBack], &reasons);
        }
    }

    /// Voids a commission for good.
    pub(crate) fn reject(&mut self, ix: CommissionIx, why: &Reason, stage: &mut Stage) {
        if !self.commissions[ix].rejected {
            self.commissions[ix].rejected = true;
            let shares = self.commissions[ix].shares.clone();
            self.resettle(ix, shares, why, stage);
        }
    }

    /// Checks what must hold of a commission after every stage.
    pub(crate) fn assert_sound(&self, ix: CommissionIx) {
        let commission = &self.commissions[ix];
        let of = |account| commission.balance.get(account);
        assert!(commission.balance.is_sound(), "{} balances: {:?}", commission.id, commission.balance);
        let taken =
            [Account::Reduced, Account::Void].into_iter().chain(PAID_BACK_FROM).map(of).sum::<Minor>();
        assert_eq!(
            taken.plus(commission.owing.sum()),
            commission.taken.sum(),
            "{}: what was taken",
            commission.id
        );
        let idle = if commission.is_held() { Account::Pending } else { Account::Held };
        assert!(of(idle).is_zero(), "{}: held if and only if a hold stands", commission.id);
        self.assert_parcels(commission);
        self.totals.assert_sound(commission.book);
    }
}

/// What shares and rejection come to; `gone` is what earlier revisions accrued and the latest no longer earns.
fn target(commission: &Commission, shares: &[Share], gone: Minor) -> Taken {
    let void = |share: &Share| if share.void { share.gross.minus(share.reduced) } else { Minor::ZERO };
    let fixed = if commission.rejected { commission.fixed } else { Minor::ZERO };
    Taken {
        reduced: shares.iter().map(|share| share.reduced).sum(),
        void: shares.iter().map(void).sum::<Minor>().plus(gone).plus(fixed),
    }
}
