//! What was caught of what was planted.

use decider::{About, Effects};
use model::event::Body;
use model::verdict::{Account, Decision};
use model::{ClickId, Minor, OrderId, RuleId, Verdict};
use ruleset::Ruleset;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use trade::{Attack, Happening, Truth};

use crate::percent::tenths;
use crate::summary::{Summary, mode_name};
use crate::table::table;

/// Keeps the truth of what was planted beside what the engine said.
pub(crate) struct Score {
    modes: BTreeMap<RuleId, String>,
    orders: BTreeMap<OrderId, Attack>,
    clicks: BTreeMap<ClickId, Attack>,
    /// Attacks of which anything was pointed at by their rule, and orders that each rule pointed at.
    pointed: BTreeMap<RuleId, BTreeSet<OrderId>>,
    /// Attacks whose clicks their rule pointed at.
    pointed_beside: BTreeSet<Attack>,
    /// Orders held at some time, and orders flagged.
    held: BTreeSet<OrderId>,
    flagged: BTreeSet<OrderId>,
    benign_accrued: i128,
    benign_held: i128,
}

/// The document behind `demo --once --output json`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "Summary of a demo", extend("$id" = "demo.schema.json"))]
pub(crate) struct DemoSummary {
    /// As of a replay.
    #[serde(flatten)]
    pub summary: Summary,
    /// What was caught of what was planted.
    pub score: ScoreReport,
}

/// What was caught of what was planted. An order is caught when a rule holds, flags, scores or voids it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ScoreReport {
    /// Orders planted as fraud.
    pub planted: u64,
    /// Of those, held or flagged by any rule that is live.
    pub caught: u64,
    /// Orders held that were not planted.
    pub false_alarms: u64,
    /// Share of the orders held that were planted, parts per million.
    pub precision_ppm: Option<u64>,
    /// caught / planted, parts per million.
    pub recall_ppm: Option<u64>,
    /// Share of honest commission that was ever held, parts per million.
    pub benign_held_ppm: u64,
    /// By attack.
    pub attacks: Vec<AttackScore>,
}

/// What one rule caught of the attack that it is for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AttackScore {
    /// The attack, and the rule that is meant to catch it.
    pub rule: String,
    /// The rule's mode.
    pub mode: String,
    /// Orders planted.
    pub planted: u64,
    /// Of those, pointed at by the rule, in whatever mode.
    pub caught: u64,
    /// Honest orders that the rule pointed at.
    pub false_alarms: u64,
    /// The rule pointed at a click of the attack.
    pub pointed_beside: bool,
}

impl Score {
    /// Nothing planted yet.
    pub(crate) fn new(ruleset: &Ruleset) -> Score {
        let modes = ruleset.rules().iter().map(|rule| (rule.id.clone(), mode_name(rule.mode)));
        Score {
            modes: modes.collect(),
            orders: BTreeMap::new(),
            clicks: BTreeMap::new(),
            pointed: BTreeMap::new(),
            pointed_beside: BTreeSet::new(),
            held: BTreeSet::new(),
            flagged: BTreeSet::new(),
            benign_accrued: 0,
            benign_held: 0,
        }
    }

    /// Remembers the truth about an event.
    pub(crate) fn plant(&mut self, happening: &Happening) {
        let Truth::Planted(attack) = happening.truth else { return };
        match &happening.event.body {
            Body::Order(order) => drop(self.orders.insert(order.order_id.clone(), attack)),
            Body::Click(click) => drop(self.clicks.insert(click.click_id.clone(), attack)),
            Body::Plan(_)
            | Body::Creator(_)
            | Body::OrderStatus(_)
            | Body::Refund(_)
            | Body::PayoutRun(_)
            | Body::Review(_)
            | Body::Obligation(_)
            | Body::FeedMark(_) => {}
        }
    }

    /// Compares what the engine said with the truth.
    pub(crate) fn judge(&mut self, effects: &Effects) {
        for said in &effects.explanations {
            match &said.about {
                About::Order(key) => self.point(&said.hit.rule, &key.order),
                About::Click(id) => {
                    if let Some(attack) = self.clicks.get(id).filter(|attack| attack.rule() == said.hit.rule)
                    {
                        self.pointed_beside.insert(*attack);
                    }
                }
            }
        }
        for verdict in &effects.verdicts {
            self.weigh(verdict);
            let Some(order) = &verdict.order_id else { continue };
            if let Some(doubt) = doubt(verdict) {
                let orders = match doubt {
                    Doubt::Held => &mut self.held,
                    Doubt::Flagged => &mut self.flagged,
                };
                orders.insert(order.clone());
                for reason in &verdict.reasons {
                    self.point(&reason.rule, order);
                }
            }
        }
    }

    fn point(&mut self, rule: &RuleId, order: &OrderId) {
        if self.modes.contains_key(rule) {
            self.pointed.entry(rule.clone()).or_default().insert(order.clone());
        }
    }

    fn weigh(&mut self, verdict: &Verdict) {
        if verdict.order_id.as_ref().is_none_or(|order| self.orders.contains_key(order)) {
            return;
        }
        let moved = |to: Account| {
            verdict.postings.iter().filter(move |p| p.to == to).map(|p| p.amount).sum::<Minor>()
        };
        let accrued: Minor =
            verdict.postings.iter().filter(|p| p.from == Account::Accrued).map(|p| p.amount).sum();
        self.benign_accrued += i128::from(accrued.0);
        self.benign_held += i128::from(moved(Account::Held).0);
    }

    /// What came of it so far.
    pub(crate) fn report(&self) -> ScoreReport {
        let doubted = |order: &&OrderId| self.held.contains(*order) || self.flagged.contains(*order);
        let caught = self.orders.keys().filter(doubted).count() as u64;
        let held_rightly = self.held.iter().filter(|order| self.orders.contains_key(*order)).count() as u64;
        let false_alarms = self.held.len() as u64 - held_rightly;
        let planted = self.orders.len() as u64;
        let ppm = |part: u64, whole: u64| (part * 1_000_000).checked_div(whole);
        let benign = (self.benign_held * 1_000_000).checked_div(self.benign_accrued).unwrap_or(0);
        ScoreReport {
            planted,
            caught,
            false_alarms,
            precision_ppm: ppm(held_rightly, self.held.len() as u64),
            recall_ppm: ppm(caught, planted),
            benign_held_ppm: u64::try_from(benign).unwrap_or(0),
            attacks: Attack::ALL.iter().map(|attack| self.attack(*attack)).collect(),
        }
    }

    /// What its rule caught of one attack.
    pub(crate) fn attack(&self, attack: Attack) -> AttackScore {
        let rule = attack.rule();
        let pointed = self.pointed.get(&rule);
        let planted = self.orders.values().filter(|a| **a == attack).count() as u64;
        let (mut caught, mut false_alarms) = (0, 0);
        for order in pointed.into_iter().flatten() {
            match self.orders.get(order) {
                Some(a) if *a == attack => caught += 1,
                // Another attack is no honest order.
                Some(_) => {}
                None => false_alarms += 1,
            }
        }
        AttackScore {
            mode: self.modes.get(&rule).cloned().unwrap_or_else(|| "not loaded".into()),
            rule: rule.to_string(),
            planted,
            caught,
            false_alarms,
            pointed_beside: self.pointed_beside.contains(&attack),
        }
    }
}

/// How a verdict doubts an order.
enum Doubt {
    Held,
    Flagged,
}

fn doubt(verdict: &Verdict) -> Option<Doubt> {
    match verdict.decision {
        Decision::Accrue | Decision::Hold | Decision::Recall => {
            (!verdict.holds.is_empty()).then_some(Doubt::Held)
        }
        Decision::Flag => Some(Doubt::Flagged),
        Decision::Void
        | Decision::Restore
        | Decision::Reduce
        | Decision::ClawBack
        | Decision::Schedule
        | Decision::Release
        | Decision::Pay => None,
    }
}

/// Parts per million as a percentage for people.
pub(crate) fn percent(ppm: Option<u64>) -> String {
    ppm.map_or("–".into(), tenths)
}

impl ScoreReport {
    /// The table for people.
    pub(crate) fn table(&self) -> String {
        let mut table = table(&[
            "planted attack",
            "mode of its rule",
            ">orders",
            ">its rule saw",
            ">share",
            ">honest orders it saw",
        ]);
        for attack in &self.attacks {
            let beside = if attack.pointed_beside { " + clicks" } else { "" };
            table.add_row([
                attack.rule.clone(),
                attack.mode.clone(),
                attack.planted.to_string(),
                format!("{}{beside}", attack.caught),
                percent((attack.caught * 1_000_000).checked_div(attack.planted)),
                attack.false_alarms.to_string(),
            ]);
        }
        format!(
            "\n{table}\nof the orders held {} were planted · of the orders planted {} were held or flagged · honest commission ever held {}\n",
            percent(self.precision_ppm),
            percent(self.recall_ppm),
            percent(Some(self.benign_held_ppm)),
        )
    }
}
