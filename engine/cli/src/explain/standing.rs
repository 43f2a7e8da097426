//! Where commissions stand at the end, as the ledger knows it: a hold that ends while others stand makes no verdict.

use ledger::{Cause, Commission, Hold, Ledger, Origin};
use model::fact::Subject;
use model::policy::Mode;
use model::verdict::{Account, CommissionId, Decision};
use model::{Money, Verdict};
use ruleset::Ruleset;
use serde::Serialize;

use crate::explain::Seen;
use crate::explain::scenes::Scene;

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
    /// When it is due by its dates alone, RFC 3339, as long as there is something to release.
    pub due_by_dates: Option<String>,
    /// What could keep it from being released then.
    pub unless: Vec<String>,
    /// A refund of its order was requested and not answered: that stops its release.
    pub refund_requested: bool,
    /// Its date has passed, and it waits for a feed that its program requires to be complete.
    pub awaiting_feed: bool,
    /// What keeps it.
    pub holds: Vec<HoldStory>,
}

/// A hold that stands.
#[derive(Debug, Serialize)]
pub(crate) struct HoldStory {
    /// Whose.
    pub rule: String,
    /// When it was first placed, RFC 3339.
    pub since: String,
    /// When it ends by itself, RFC 3339; it waits for a person when missing.
    pub until: Option<String>,
    /// It has lasted as long as its market allows.
    pub escalated: bool,
    /// The numbers with which its rule last held it.
    pub why: Option<String>,
    /// What set it off, where that was not the order itself.
    pub set_off_by: Option<String>,
}

/// The commissions that verdicts are about, by their first verdict.
pub(super) fn commissions(seen: &Seen, scenes: &[Scene]) -> Vec<CommissionStory> {
    let mut ids: Vec<CommissionId> = Vec::new();
    for id in seen.verdicts.iter().filter_map(|verdict| verdict.commission_id) {
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let ledger = seen.decider.ledger();
    let known = ids.iter().filter_map(|id| ledger.commission(id));
    known.map(|commission| story(commission, ledger, seen.decider.ruleset(), scenes)).collect()
}

fn story(commission: &Commission, ledger: &Ledger, ruleset: &Ruleset, scenes: &[Scene]) -> CommissionStory {
    let (_, _, currency) = ledger.totals_key(commission);
    let amount = |account| commission.balance().get(account);
    let stands =
        Account::ALL.into_iter().filter(|account| *account != Account::Accrued).filter_map(|account| {
            let minor = amount(account);
            (!minor.is_zero()).then(|| format!("{} {}", account.name(), Money { currency, minor }))
        });
    let unreleased = !amount(Account::Pending).is_zero() || !amount(Account::Held).is_zero();
    let standing = || commission.holds().iter().filter(|hold| hold.stands());
    CommissionStory {
        commission_id: commission.id().to_string(),
        beneficiary: commission.beneficiary().to_string(),
        component: commission.component().name().to_owned(),
        stands: stands.collect(),
        due: ledger.would_be_released(commission).map(|due| due.to_string()),
        due_by_dates: commission.due().filter(|_| unreleased).map(|due| due.to_string()),
        unless: if unreleased { unless(commission, ruleset) } else { Vec::new() },
        refund_requested: ledger.awaits_refund(commission),
        awaiting_feed: commission.is_awaiting_feed(),
        holds: standing().map(|hold| held(hold, commission.id(), scenes)).collect(),
    }
}

/// What may come before the release: the rules that hold it firing again, those that look at everything that is
/// due, and what always may.
fn unless(commission: &Commission, ruleset: &Ruleset) -> Vec<String> {
    match commission.origin() {
        Origin::Order(_) => {}
        Origin::Obligation { .. } | Origin::Run(_) => return vec!["a person holds it".into()],
    }
    let lapsing = commission.holds().iter().filter(|hold| hold.stands() && hold.until.is_some());
    let again = lapsing.map(|hold| format!("{} fires again", hold.rule));
    let acts = |mode| match mode {
        Mode::Live | Mode::Canary(_) => true,
        Mode::Draft | Mode::Shadow | Mode::Retired => false,
    };
    let at_maturity = ruleset.rules().iter().filter(|rule| rule.subjects.contains(&Subject::Maturity));
    let objects =
        at_maturity.filter(|rule| acts(rule.mode)).map(|rule| format!("{} objects at its date", rule.id));
    let always = ["a refund, a cancellation or a person comes first".to_owned()];
    again.chain(objects).chain(always).collect()
}

fn held(hold: &Hold, commission: CommissionId, scenes: &[Scene]) -> HoldStory {
    let names = |verdict: &Verdict| {
        let holds = matches!(verdict.decision, Decision::Accrue | Decision::Hold | Decision::Recall);
        holds && verdict.commission_id == Some(commission)
    };
    let of_it =
        |verdict: &&Verdict| names(verdict) && verdict.holds.iter().any(|view| view.rule == hold.rule);
    let mut placed = None;
    for scene in scenes {
        for verdict in scene.verdicts.iter().filter(of_it) {
            let reason = reason_of(verdict, hold);
            placed =
                reason.map(|reason| (scene, crate::verdicts::reason(reason, verdict.currency))).or(placed);
        }
    }
    HoldStory {
        rule: hold.rule.to_string(),
        since: hold.since.to_string(),
        until: hold.until.map(|until| until.to_string()),
        escalated: hold.escalated,
        why: placed.as_ref().map(|(_, why)| why.clone()),
        set_off_by: placed.filter(|(scene, _)| scene.elsewhere).map(|(scene, _)| scene.what.clone()),
    }
}

/// The rule's own reason; a freeze and a hold by a person give the review's.
fn reason_of<'v>(verdict: &'v Verdict, hold: &Hold) -> Option<&'v model::verdict::Reason> {
    let named = |name: &str| verdict.reasons.iter().find(|reason| reason.rule.as_str() == name);
    named(hold.rule.as_str()).or_else(|| {
        let by_person = hold.rule.as_str() == Cause::Freeze.name();
        by_person.then(|| named(Cause::Review.name())).flatten()
    })
}
