//! Finance's payout runs.

use serde::{Deserialize, Serialize};

use super::Beneficiary;
use crate::names::names;
use crate::{Currency, EventTime, Minor, RunId, Text};

/// A step of a payout run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PayoutRun {
    /// Which run.
    pub run_id: RunId,
    /// The step.
    pub state: RunState,
    /// Releases up to then are paid.
    pub cutoff: EventTime,
    /// The zone the cutoff was chosen in, an IANA name.
    pub time_zone: Text,
    /// Who is paid what; everyone, in full, when empty.
    pub lines: Vec<PayoutLine>,
}

/// One beneficiary's payment of a run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PayoutLine {
    /// Who.
    pub beneficiary: Beneficiary,
    /// In which currency the commissions are.
    pub currency: Currency,
    /// Commissions consumed, before fees and tax.
    pub gross: Minor,
    /// Fee taken off.
    pub fee: Option<Minor>,
    /// Tax taken off.
    pub tax_withheld: Option<Minor>,
    /// Exchange rate, as text: it computes nothing here.
    pub fx_rate: Option<Text>,
    /// What reached the beneficiary.
    pub net: Minor,
    /// The bank's reference.
    pub bank_ref: Option<Text>,
}

/// How far a payout run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RunState {
    /// Announced.
    Opened,
    /// Schedules what was released by the cutoff.
    Locked,
    /// The money has gone.
    Paid,
    /// It has not.
    Failed,
    /// It will not.
    Cancelled,
}

names! {
    RunState {
        Opened = "opened", Locked = "locked", Paid = "paid", Failed = "failed", Cancelled = "cancelled",
    }
}
