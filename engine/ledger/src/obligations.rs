//! Obligations: money owed that no rate computes, into the same ledger, each on its own commission.

use model::admitted::{Admitted, Context};
use model::event::{Beneficiary, Obligation};
use model::verdict::CommissionId;
use std::sync::Arc;

use crate::commission::{Commission, Origin};
use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::{Stage, id};

impl Ledger {
    pub(crate) fn settle_obligation(&mut self, admitted: &Admitted, owed: &Obligation, stage: &mut Stage) {
        let context: &Arc<Context> = &admitted.context;
        let name = owed.obligation_id.as_str();
        let commission =
            CommissionId::named(context.program.as_str(), name, &owed.beneficiary, owed.component);
        let ix = self.commission_index.get(&commission).copied().unwrap_or_else(|| {
            let book = self.totals.open(&context.program, &context.market, owed.currency);
            let origin = Origin::Obligation {
                id: owed.obligation_id.clone(),
                order: owed.order_id.clone(),
                due: owed.due.unwrap_or(admitted.occurred_at),
            };
            let creator = match &owed.beneficiary {
                Beneficiary::Creator(creator) => Some(creator.clone()),
                Beneficiary::Agency(_) => None,
            };
            let earns = (owed.beneficiary.clone(), owed.component);
            self.add_commission(Commission { creator, ..Commission::new(commission, origin, earns, book) })
        });
        let book = self.totals.book(self.commissions[ix].book);
        assert_eq!(book.currency, owed.currency, "admission refuses an obligation in another currency");
        // The same obligation again amends it: paying it twice would be worse than anything.
        self.commissions[ix].fixed = owed.amount;
        if let Origin::Obligation { due, .. } = &mut self.commissions[ix].origin {
            *due = owed.due.unwrap_or(admitted.occurred_at);
        }
        self.resettle(ix, Vec::new(), &Cause::Obligation.because([("obligation", id(name))]), stage);
    }
}
