//! A summary as one sheet: a row says of what it is, and leaves empty what it has not.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::print::csv_text;
use crate::summary::{AccountSummary, RuleSummary, Summary};

/// The accounts, in the order of the columns. A rule's `held` is what it holds now, its `void` what it voided.
const ACCOUNTS: [&str; 11] = [
    "accrued",
    "pending",
    "held",
    "released",
    "scheduled",
    "paid",
    "owed_back",
    "recovered",
    "written_off",
    "reduced",
    "void",
];

/// The columns before the accounts, and after them.
const BEFORE: [&str; 6] = ["of", "name", "program_id", "market", "currency", "count"];
const AFTER: [&str; 4] = ["awaiting_feed", "held_ever", "flags", "failed"];

/// A row; what is empty is left out.
#[derive(Default)]
struct Row {
    of: &'static str,
    name: String,
    program_id: String,
    market: String,
    currency: String,
    count: Option<u64>,
    accounts: [Option<i64>; ACCOUNTS.len()],
    awaiting_feed: Option<i64>,
    held_ever: Option<i64>,
    flags: Option<u64>,
    failed: Option<u64>,
}

impl Row {
    fn cells(self) -> Vec<String> {
        let minor = |amount: Option<i64>| amount.map_or(String::new(), |minor| minor.to_string());
        let number = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
        let mut cells = vec![self.of.to_owned(), self.name, self.program_id, self.market, self.currency];
        cells.push(number(self.count));
        cells.extend(self.accounts.map(minor));
        cells.extend([
            minor(self.awaiting_feed),
            minor(self.held_ever),
            number(self.flags),
            number(self.failed),
        ]);
        cells
    }
}

/// The summary: totals, beneficiaries, rules, and every count.
pub(crate) fn summary(summary: &Summary) -> Result<String, Failure> {
    csv_text(|csv| {
        csv.write_record(BEFORE.iter().chain(&ACCOUNTS).chain(&AFTER))?;
        for row in rows(summary) {
            csv.write_record(row.cells())?;
        }
        Ok(())
    })
}

fn rows(summary: &Summary) -> Vec<Row> {
    let totals = summary.money.iter().map(|m| Row {
        of: "total",
        program_id: m.program_id.clone(),
        market: m.market.clone(),
        currency: m.currency.clone(),
        accounts: accounts(&m.accounts),
        awaiting_feed: Some(m.awaiting_feed),
        ..Row::default()
    });
    let beneficiaries = summary.beneficiaries.iter().map(|b| Row {
        of: "beneficiary",
        name: b.beneficiary.clone(),
        currency: b.currency.clone(),
        accounts: accounts(&b.accounts),
        ..Row::default()
    });
    let mut rows: Vec<Row> = totals.chain(beneficiaries).collect();
    rows.extend(summary.rules.iter().flat_map(of_rule));
    rows.extend(counts("event", &summary.events));
    rows.extend(counts("attribution", &summary.attribution));
    rows.extend(counts("verdict", &summary.verdicts));
    rows.extend(counts("dead_letter", &summary.dead_letters));
    rows.extend(counts("refund_lines", &summary.refund_lines.counts()));
    rows.extend(counts("passed_over", &summary.passed_over.counts()));
    rows
}

/// What a rule did, then what it did to the money of each currency.
fn of_rule(rule: &RuleSummary) -> Vec<Row> {
    let did = Row {
        of: "rule",
        name: rule.rule.clone(),
        count: Some(rule.fired),
        flags: Some(rule.flags),
        failed: Some(rule.failed),
        ..Row::default()
    };
    let money = rule.money.iter().map(|m| Row {
        of: "rule_money",
        name: rule.rule.clone(),
        currency: m.currency.clone(),
        count: Some(m.commissions_now),
        accounts: ACCOUNTS.map(|account| match account {
            "held" => Some(m.held_now),
            "void" => Some(m.voided),
            _ => None,
        }),
        held_ever: Some(m.held_ever),
        ..Row::default()
    });
    std::iter::once(did).chain(money).collect()
}

fn counts(of: &'static str, counts: &BTreeMap<String, u64>) -> impl Iterator<Item = Row> {
    counts.iter().map(move |(name, count)| Row {
        of,
        name: name.clone(),
        count: Some(*count),
        ..Row::default()
    })
}

fn accounts(a: &AccountSummary) -> [Option<i64>; ACCOUNTS.len()] {
    [
        a.accrued,
        a.pending,
        a.held,
        a.released,
        a.scheduled,
        a.paid,
        a.owed_back,
        a.recovered,
        a.written_off,
        a.reduced,
        a.void,
    ]
    .map(Some)
}
