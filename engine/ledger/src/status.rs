//! Changes of status: the greatest (occurred_at, position) wins; some void a line, any other restores it.

use model::admitted::StatusChange;
use model::hit::EvidenceValue;

use crate::ledger::Ledger;
use crate::reasons::Cause;
use crate::verdicts::Stage;

impl Ledger {
    pub(crate) fn settle_status(&mut self, change: &StatusChange, stage: &mut Stage) {
        let order = self.order_of(&change.order);
        self.orders[order].note_status(change, stage.moment.occurred_at, stage.moment.position);
        let status = EvidenceValue::Id(model::Text::new(change.status.name()));
        self.resettle_order(order, &Cause::Status.because([("status", status)]), stage);
    }
}
