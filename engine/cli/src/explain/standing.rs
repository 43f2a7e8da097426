//! Where commissions stand at the end, as the ledger knows it: a hold that ends while others stand makes no verdict.

use ledger::{Commission, Hold, Ledger};
use model::verdict::{Account, CommissionId};
use model::{Money, Verdict};
use serde::Serialize;

/// A commission as it stands.
#[derive(Debug, Serialize)]
pub(crate) struct CommissionStory {
    /// Which.
    pub commission_id: String,
    /// Whose.
    pub beneficiary: String,
    /// What for.
    pub component: String,
    /// What it stands at: `held 12.30 USD`.
    pub stands: Vec<String>,
    /// When it would be released as things stand, RFC 3339.
    pub due: Option<String>,
    /// Its date has passed, and it waits for a feed that its program requires to be complete.
    pub awaiting_feed: bool,
    /// What keeps it.
    pub holds: Vec<String>,
}

/// The commissions that verdicts are about, by creation.
pub(super) fn commissions(verdicts: &[Verdict], ledger: &Ledger) -> Vec<CommissionStory> {
    let mut ids: Vec<CommissionId> = Vec::new();
    for id in verdicts.iter().filter_map(|verdict| verdict.commission_id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids.iter().filter_map(|id| ledger.commission(id)).map(|known| story(known, ledger)).collect()
}

fn story(commission: &Commission, ledger: &Ledger) -> CommissionStory {
    let (_, _, currency) = ledger.totals_key(commission);
    let stands =
        Account::ALL.into_iter().filter(|account| *account != Account::Accrued).filter_map(|account| {
            let minor = commission.balance().get(account);
            (!minor.is_zero()).then(|| format!("{} {}", account.name(), Money { currency, minor }))
        });
    CommissionStory {
        commission_id: commission.id().to_string(),
        beneficiary: commission.beneficiary().to_string(),
        component: commission.component().name().to_owned(),
        stands: stands.collect(),
        due: ledger.would_be_released(commission).map(|due| due.to_string()),
        awaiting_feed: commission.is_awaiting_feed(),
        holds: commission.holds().iter().filter(|hold| hold.stands()).map(held).collect(),
    }
}

fn held(hold: &Hold) -> String {
    match hold.until {
        Some(until) => format!("{} until {until}", hold.rule),
        None => format!("{} until reviewed", hold.rule),
    }
}
