//! A report as people and spreadsheets read it.

use std::collections::BTreeSet;

use crate::failure::Failure;
use crate::holds::time;
use crate::report::Told;
use crate::report::period::{Done, Flow, Period, Place, RuleIn};
use crate::summary::{amount, group};
use crate::table::{Table, table};

/// For people.
pub(super) fn text(told: &Told) -> String {
    let period = &told.period;
    let mut text =
        format!("{} to {}: {} verdicts", time(period.since_at), time(period.until_at), count(period));
    if let Some(before) = &told.before {
        text += &format!(", and {} in as long before", count(before));
    }
    if period.money.is_empty() && period.rules.is_empty() && told.before.is_none() {
        return text + "\nNothing was decided.\n";
    }
    format!("{text}\n\n{}\n\n{}\n", money(told), rules(told))
}

fn count(period: &Period) -> String {
    group(&period.verdicts.to_string())
}

/// The headings, with those of the comparison where there is one.
fn started(plain: &[&str], compared: &[&str], told: &Told) -> Table {
    let compared = compared.iter().filter(|_| told.before.is_some());
    table(&plain.iter().chain(compared).copied().collect::<Vec<_>>())
}

fn money(told: &Told) -> Table {
    let plain = ["program", "market", "currency", "account", ">came", ">went", ">net"];
    let mut table = started(&plain, &[">net before", ">change"], told);
    for place in keys(told, |period| period.money.keys().cloned().collect()) {
        let flow = told.period.money.get(&place).copied().unwrap_or_default();
        let shown = |minor| amount(minor, &place.currency);
        let mut cells = vec![
            place.program_id.clone(),
            place.market.clone(),
            place.currency.clone(),
            place.account.name().to_owned(),
            shown(flow.came),
            shown(flow.went),
            shown(flow.net()),
        ];
        if let Some(before) = &told.before {
            let before = before.money.get(&place).copied().unwrap_or_default().net();
            cells.extend([shown(before), shown(flow.net().saturating_sub(before))]);
        }
        table.add_row(cells);
    }
    table
}

fn rules(told: &Told) -> Table {
    let plain = ["rule", "market", "currency", ">verdicts", ">flags", ">held", ">voided"];
    let mut table = started(&plain, &[">verdicts before", ">held before"], told);
    for rule in keys(told, |period| period.rules.keys().cloned().collect()) {
        let done = told.period.rules.get(&rule).copied().unwrap_or_default();
        let shown = |minor| amount(minor, &rule.currency);
        let number = |count: u64| group(&count.to_string());
        let mut cells = vec![
            rule.rule.clone(),
            rule.market.clone(),
            rule.currency.clone(),
            number(done.verdicts),
            number(done.flags),
            shown(done.held),
            shown(done.voided),
        ];
        if let Some(before) = &told.before {
            let before = before.rules.get(&rule).copied().unwrap_or_default();
            cells.extend([number(before.verdicts), shown(before.held)]);
        }
        table.add_row(cells);
    }
    table
}

/// What either period has.
fn keys<K: Ord>(told: &Told, of: impl Fn(&Period) -> BTreeSet<K>) -> BTreeSet<K> {
    let mut keys = of(&told.period);
    keys.extend(told.before.iter().flat_map(of));
    keys
}

/// For spreadsheets: a row for each account and each rule of each period.
pub(super) fn csv(told: &Told) -> Result<String, Failure> {
    crate::print::csv_text(|csv| {
        csv.write_record([
            "since_at",
            "until_at",
            "of",
            "program_id",
            "market",
            "currency",
            "name",
            "came",
            "went",
            "verdicts",
            "flags",
            "held",
            "voided",
        ])?;
        for period in std::iter::once(&told.period).chain(&told.before) {
            let bounds = [period.since_at.to_string(), period.until_at.to_string()];
            for (place, flow) in &period.money {
                csv.write_record(bounds.iter().cloned().chain(account_row(place, *flow)))?;
            }
            for (rule, done) in &period.rules {
                csv.write_record(bounds.iter().cloned().chain(rule_row(rule, *done)))?;
            }
        }
        Ok(())
    })
}

fn account_row(place: &Place, flow: Flow) -> Vec<String> {
    let Place { program_id, market, currency, account } = place.clone();
    let mut row = vec!["account".to_owned(), program_id, market, currency, account.name().to_owned()];
    row.extend([flow.came.to_string(), flow.went.to_string()]);
    row.resize(11, String::new());
    row
}

fn rule_row(rule: &RuleIn, done: Done) -> Vec<String> {
    let RuleIn { rule, market, currency } = rule.clone();
    let mut row =
        vec!["rule".to_owned(), String::new(), market, currency, rule, String::new(), String::new()];
    row.extend([done.verdicts, done.flags].map(|count| count.to_string()));
    row.extend([done.held, done.voided].map(|minor| minor.to_string()));
    row
}
