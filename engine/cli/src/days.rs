//! The benign days that must not trip the rules, and the attacks that must: each decided alone, from its own
//! empty engine, under whatever rules are given.

use decider::{Decider, Effects};
use model::event::Body;
use model::log::{Control, Genesis, RecordBody};
use model::verdict::{Account, CommissionId};
use model::{Currency, EventTime, HashKey, Position, Record, RuleId, Span};
use ruleset::Ruleset;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use trade::{Attack, BenignDay, Happening};

use crate::failure::Failure;
use crate::percent::hundredths;
use crate::score::{AttackScore, Score};
use crate::table::table;

/// All live rules together may hold so much of honest commission, parts per million.
pub const HELD_TOGETHER_PPM_MAX: u64 = 5_000;
/// One live rule may hold so much of honest commission, parts per million.
pub const HELD_BY_ONE_PPM_MAX: u64 = 2_000;

/// Of an attack's orders, one in so many must be doubted at least: a rule that counts to its dial, or waits for a
/// share, speaks only from then on.
pub const CAUGHT_ONE_IN: u64 = 3;

/// 2026-01-01T00:00:00Z, when each day and attack begins.
const START_MS: i64 = 1_767_225_600_000;

/// How long time goes on after the last event, so that everything lapses and matures.
const AFTERMATH: Span = Span::from_days(45);

/// What the rules did to honest commission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Honest {
    /// The benign day; `all` for the sum of all of them.
    pub day: String,
    /// Orders in it.
    pub orders: u64,
    /// Share of its commission that was ever held, parts per million, in the worst currency.
    pub held_ppm: u64,
    /// The same by rule, for rules that held any.
    pub by_rule: BTreeMap<String, u64>,
}

/// What the rule that is meant to catch an attack did to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caught {
    /// The attack, and its rule.
    pub attack: String,
    /// Orders planted.
    pub planted: u64,
    /// Of those, doubted on the rule's account: held, flagged, scored, or, in shadow, fired upon.
    pub caught: u64,
    /// The rule pointed at a click of the attack.
    pub pointed_beside: bool,
}

impl Caught {
    /// The rule caught the attack.
    pub fn is_caught(&self) -> bool {
        self.caught * CAUGHT_ONE_IN >= self.planted || self.pointed_beside
    }
}

/// Decides every benign day; the last row sums all of them up.
pub fn benign(ruleset: &Arc<Ruleset>, seed: u64) -> Vec<Honest> {
    let mut all = Money::default();
    let mut rows = Vec::new();
    for day in BenignDay::ALL {
        let money = honest_money(ruleset, trade::benign_day(*day, seed, start()));
        rows.push(money.row(day.name()));
        all.add(money);
    }
    rows.push(all.row("all"));
    rows
}

/// Decides every attack.
pub fn attacks(ruleset: &Arc<Ruleset>, seed: u64) -> Vec<Caught> {
    Attack::ALL.iter().map(|attack| caught(ruleset, *attack, trade::attack(*attack, seed, start()))).collect()
}

fn start() -> EventTime {
    EventTime::from_ms(START_MS).expect("a time in 2026")
}

fn record(position: usize, body: RecordBody) -> Record {
    Record { position: Position(position as u64), stamp: None, raw: bytes::Bytes::new(), body }
}

/// Decides happenings from an empty engine, and the time after them.
fn decide(ruleset: &Arc<Ruleset>, happenings: Vec<Happening>) -> Effects {
    let genesis = Genesis::standard(ruleset.hash().into());
    let mut records = vec![record(0, RecordBody::Control(Control::Genesis(Box::new(genesis.clone()))))];
    let last = happenings.last().map_or(start(), |h| h.event.occurred_at);
    for happening in happenings {
        records.push(record(records.len(), RecordBody::Event(Box::new(happening.event))));
    }
    records.push(record(records.len(), RecordBody::Control(Control::Tick(last.plus(AFTERMATH)))));
    let mut effects = Effects::default();
    Decider::new(genesis, Arc::clone(ruleset), HashKey::public()).decide(&records, &mut effects);
    effects
}

/// Honest commission: what accrued, and what of it was ever held and by whom.
#[derive(Default)]
struct Money {
    orders: u64,
    accrued: BTreeMap<Currency, i128>,
    held: BTreeMap<Currency, i128>,
    by_rule: BTreeMap<(RuleId, Currency), i128>,
}

fn honest_money(ruleset: &Arc<Ruleset>, happenings: Vec<Happening>) -> Money {
    let orders = happenings.iter().filter(|h| matches!(h.event.body, Body::Order(_))).count() as u64;
    let mut money = Money { orders, ..Money::default() };
    let mut seen: BTreeSet<(CommissionId, Option<RuleId>)> = BTreeSet::new();
    for verdict in &decide(ruleset, happenings).verdicts {
        let (Some(id), Some(currency)) = (verdict.commission_id, verdict.currency) else { continue };
        let accrued =
            verdict.postings.iter().filter(|p| p.from == Account::Accrued).map(|p| i128::from(p.amount.0));
        *money.accrued.entry(currency).or_default() += accrued.sum::<i128>();
        let held = i128::from(verdict.balance.get(&Account::Held).map_or(0, |m| m.0));
        if held == 0 {
            continue;
        }
        if seen.insert((id, None)) {
            *money.held.entry(currency).or_default() += held;
        }
        for hold in &verdict.holds {
            if seen.insert((id, Some(hold.rule.clone()))) {
                *money.by_rule.entry((hold.rule.clone(), currency)).or_default() += held;
            }
        }
    }
    money
}

impl Money {
    fn add(&mut self, other: Money) {
        self.orders += other.orders;
        let sum = |into: &mut BTreeMap<Currency, i128>, from: BTreeMap<Currency, i128>| {
            from.into_iter().for_each(|(currency, minor)| *into.entry(currency).or_default() += minor);
        };
        sum(&mut self.accrued, other.accrued);
        sum(&mut self.held, other.held);
        other.by_rule.into_iter().for_each(|(key, minor)| *self.by_rule.entry(key).or_default() += minor);
    }

    /// Share of what accrued in that currency, parts per million.
    fn ppm(&self, currency: Currency, minor: i128) -> u64 {
        let accrued = self.accrued.get(&currency).copied().unwrap_or(0);
        (minor * 1_000_000).checked_div(accrued).and_then(|ppm| u64::try_from(ppm).ok()).unwrap_or(0)
    }

    fn row(&self, day: &str) -> Honest {
        let held = self.held.iter().map(|(currency, minor)| self.ppm(*currency, *minor)).max();
        let mut by_rule: BTreeMap<String, u64> = BTreeMap::new();
        for ((rule, currency), minor) in &self.by_rule {
            let worst = by_rule.entry(rule.to_string()).or_default();
            *worst = (*worst).max(self.ppm(*currency, *minor));
        }
        Honest { day: day.to_owned(), orders: self.orders, held_ppm: held.unwrap_or(0), by_rule }
    }
}

fn caught(ruleset: &Arc<Ruleset>, attack: Attack, happenings: Vec<Happening>) -> Caught {
    let mut score = Score::new(ruleset);
    happenings.iter().for_each(|happening| score.plant(happening));
    score.judge(&decide(ruleset, happenings));
    let AttackScore { rule, planted, caught, pointed_beside, .. } = score.attack(attack);
    Caught { attack: rule, planted, caught, pointed_beside }
}

/// The table of the benign days.
pub fn honest_table(rows: &[Honest]) -> String {
    let mut table = table(&["benign day", ">orders", ">ever held", "by rule"]);
    for row in rows {
        let by_rule = row.by_rule.iter().map(|(rule, ppm)| format!("{rule} {}", hundredths(*ppm)));
        let by_rule: Vec<String> = by_rule.collect();
        table.add_row([
            row.day.clone(),
            row.orders.to_string(),
            hundredths(row.held_ppm),
            by_rule.join(", "),
        ]);
    }
    let (together, one) = (hundredths(HELD_TOGETHER_PPM_MAX), hundredths(HELD_BY_ONE_PPM_MAX));
    format!("{table}\nLimits over all days: {together} by all live rules together, {one} by each.\n\n")
}

/// The table of the attacks.
pub fn attacks_table(rows: &[Caught]) -> String {
    let mut table =
        table(&["planted attack", ">orders", ">caught by its rule", "clicks or creators pointed at"]);
    for row in rows {
        let beside = if row.pointed_beside { "yes" } else { "–" };
        table.add_row([
            row.attack.clone(),
            row.planted.to_string(),
            row.caught.to_string(),
            beside.to_owned(),
        ]);
    }
    format!("{table}\n")
}

/// Both tables as one sheet; what a row has not is empty.
pub(crate) fn sheet(honest: &[Honest], attacks: &[Caught]) -> Result<String, Failure> {
    crate::print::csv_text(|csv| {
        csv.write_record([
            "of",
            "name",
            "orders",
            "held_ppm",
            "held_by_rule_ppm",
            "caught",
            "pointed_beside",
        ])?;
        for day in honest {
            let by_rule: Vec<String> =
                day.by_rule.iter().map(|(rule, ppm)| format!("{rule} {ppm}")).collect();
            let (orders, held) = (day.orders.to_string(), day.held_ppm.to_string());
            csv.write_record(["benign_day", &day.day, &orders, &held, &by_rule.join("\n"), "", ""])?;
        }
        for attack in attacks {
            let (planted, caught) = (attack.planted.to_string(), attack.caught.to_string());
            let beside = attack.pointed_beside.to_string();
            csv.write_record(["attack", &attack.attack, &planted, "", "", &caught, &beside])?;
        }
        Ok(())
    })
}

/// Everything that breaks a limit.
pub fn problems(honest: &[Honest], attacks: &[Caught]) -> Vec<String> {
    let mut problems = Vec::new();
    if let Some(all) = honest.last() {
        if all.held_ppm > HELD_TOGETHER_PPM_MAX {
            problems
                .push(format!("honest commission held by all rules together: {}", hundredths(all.held_ppm)));
        }
        let too_much = all.by_rule.iter().filter(|(_, ppm)| **ppm > HELD_BY_ONE_PPM_MAX);
        problems.extend(
            too_much.map(|(rule, ppm)| format!("honest commission held by {rule}: {}", hundredths(*ppm))),
        );
    }
    let missed = attacks.iter().filter(|attack| !attack.is_caught());
    problems.extend(missed.map(|attack| format!("the attack {} is not caught by its rule", attack.attack)));
    problems
}
