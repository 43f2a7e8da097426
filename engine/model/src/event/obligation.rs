//! Money owed that no rate computes, and what any money is owed for.

use serde::{Deserialize, Serialize};

use super::Beneficiary;
use crate::names::names;
use crate::{Currency, EventTime, Minor, ObligationId, OrderId, Text};

/// Money owed that no rate computes. Its component is one of [`Component::OWED`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Obligation {
    /// Unique per program.
    pub obligation_id: ObligationId,
    /// Who is owed.
    pub beneficiary: Beneficiary,
    /// What for.
    pub component: Component,
    /// The currency.
    pub currency: Currency,
    /// How much.
    pub amount: Minor,
    /// The order it belongs to, if any.
    pub order_id: Option<OrderId>,
    /// When it is due; at its own time when missing.
    pub due: Option<EventTime>,
    /// The contract.
    pub contract_ref: Option<Text>,
}

/// What a commission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Component {
    /// Cost per sale: the creator's commission.
    Cps,
    /// The creator's commission on an advertised click, in place of `Cps`.
    AdsCps,
    /// The agency's share, on top of the creator's.
    AgencyShare,
    /// An obligation: a bonus.
    Bonus,
    /// An obligation: a fixed fee.
    FixedFee,
    /// An obligation: a deposit.
    Deposit,
    /// An obligation: a final payment.
    FinalPayment,
    /// An obligation, or a payment beyond what was scheduled.
    Adjustment,
}

impl Component {
    /// The components that an obligation may have.
    pub const OWED: [Component; 5] = [
        Component::Bonus,
        Component::FixedFee,
        Component::Deposit,
        Component::FinalPayment,
        Component::Adjustment,
    ];
}

names! {
    Component {
        Cps = "cps", AdsCps = "ads_cps", AgencyShare = "agency_share", Bonus = "bonus",
        FixedFee = "fixed_fee", Deposit = "deposit", FinalPayment = "final_payment",
        Adjustment = "adjustment",
    }
}
