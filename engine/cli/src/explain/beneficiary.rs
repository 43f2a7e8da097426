//! How a creator or an agency stands: money by currency, the holds on it, the commissions, and what was last decided.

use connector::store::Reader;
use model::Verdict;
use model::verdict::Account;
use runtime::books::{
    BeneficiaryView, CommissionFilter, CommissionView, HoldFilter, HoldView, PAGE_ROWS_MAX, PageOf,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::args::{Data, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::holds::{HOLDS, time};
use crate::pages::{Left, each_page, or_empty, short};
use crate::print;
use crate::summary::{amount, group};
use crate::table::table;
use crate::verdict_source::parsed;

/// Verdicts that are told, the last ones.
const VERDICTS_TOLD: u32 = 20;
/// Holds and commissions in the text for people; the JSON has up to a page of them.
const ROWS_TOLD: usize = 20;

/// How a beneficiary stands.
#[derive(Debug, Serialize)]
struct Standing {
    /// `creator:ID` or `agency:ID`.
    beneficiary: String,
    /// Money by currency.
    balances: Vec<BeneficiaryView>,
    /// Holds that stand, the oldest first.
    holds: Vec<HoldView>,
    /// Commissions with something pending, held or released, by creation.
    open: Vec<CommissionView>,
    /// Whether there are more holds or commissions than these.
    is_more: bool,
    /// What was decided about the creator, whatever they earn: freezes, proposals.
    about: Vec<Verdict>,
    /// The last verdicts about commissions.
    verdicts: Vec<Verdict>,
}

/// Tells it.
pub(super) fn tell(name: &str, reader: &Reader, data: &Data, config: &Config) -> Result<(), Failure> {
    let standing = read(name, reader, data)?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&standing)?),
        OutputForm::Table => print::tell(&text(&standing)),
        OutputForm::Csv => {
            Err(Failure::usage("a creator is told as text or as JSON; `holds list` lists as CSV".into()))
        }
    }
}

fn read(name: &str, reader: &Reader, data: &Data) -> Result<Standing, Failure> {
    let page = PageOf { after: None, rows: PAGE_ROWS_MAX };
    let beneficiary = Some(name.to_owned());
    let holds = HoldFilter { beneficiary: beneficiary.clone(), ..HoldFilter::default() };
    let holds = data.answered(reader.holds(&holds, &page))?;
    let (open, is_cut) =
        open(&CommissionFilter { beneficiary, ..CommissionFilter::default() }, reader, data)?;
    let about = data.answered(reader.verdicts_about(name))?;
    let verdicts = data.answered(reader.last_verdicts(name, VERDICTS_TOLD))?;
    let read = |published: Vec<runtime::books::PublishedVerdict>| {
        published.iter().map(|verdict| parsed(data, verdict.json.as_bytes())).collect::<Result<Vec<_>, _>>()
    };
    Ok(Standing {
        beneficiary: name.to_owned(),
        balances: data.answered(reader.beneficiary(name))?,
        is_more: holds.next.is_some() || is_cut,
        holds: holds.rows,
        open,
        about: read(about)?,
        verdicts: read(verdicts)?,
    })
}

/// The commissions with money that is still to be decided or paid, as many as one page has, and whether that is not all.
fn open(
    filter: &CommissionFilter,
    reader: &Reader,
    data: &Data,
) -> Result<(Vec<CommissionView>, bool), Failure> {
    let mut open = Vec::new();
    let left = each_page(
        |page| data.answered(reader.commissions(filter, page)),
        |found| {
            open.extend(found.into_iter().filter(is_open));
            let is_enough = open.len() >= PAGE_ROWS_MAX as usize;
            Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        },
    )?;
    Ok((open, left == Left::More))
}

fn is_open(commission: &CommissionView) -> bool {
    let of = |account: Account| commission.balance.get(account.name()).copied().unwrap_or_default();
    [Account::Pending, Account::Held, Account::Released].into_iter().any(|account| of(account) != 0)
}

fn text(standing: &Standing) -> String {
    let mut text = format!("{}\n", standing.beneficiary.replacen(':', " ", 1));
    for money in &standing.balances {
        let commissions = group(&money.commissions.to_string());
        text += &format!("  {commissions} commission(s): {}\n", stands(&money.balance, &money.currency));
    }
    if !standing.about.is_empty() {
        text += &format!("\nDecided about them\n{}", crate::verdicts::text(standing.about.iter()));
    }
    text += &section("Holds that stand", standing.holds.len(), &holds(&standing.holds));
    text += &section("Open commissions", standing.open.len(), &commissions(&standing.open));
    if standing.is_more {
        text +=
            "\nThere are more than were looked at: `holds list --creator` and the API page through all.\n";
    }
    if !standing.verdicts.is_empty() {
        text += &format!("\nThe last verdicts\n{}", crate::verdicts::text(standing.verdicts.iter()));
    }
    text
}

/// `accrued 30.00 USD, held 12.30 USD`.
fn stands(balance: &BTreeMap<String, i64>, currency: &str) -> String {
    let in_order = Account::ALL.iter().filter_map(|account| balance.get_key_value(account.name()));
    let some = in_order.filter(|(_, minor)| **minor != 0);
    let told: Vec<String> =
        some.map(|(account, minor)| format!("{account} {} {currency}", amount(*minor, currency))).collect();
    if told.is_empty() { "nothing".into() } else { told.join(", ") }
}

fn section(title: &str, count: usize, table: &str) -> String {
    if count == 0 {
        return String::new();
    }
    let more = if count > ROWS_TOLD { format!("and {} more\n", count - ROWS_TOLD) } else { String::new() };
    format!("\n{title}: {}\n{table}\n{more}", group(&count.to_string()))
}

fn holds(holds: &[HoldView]) -> String {
    let mut rows = table(HOLDS.columns);
    for hold in holds.iter().take(ROWS_TOLD) {
        rows.add_row((HOLDS.cells)(hold));
    }
    rows.to_string()
}

fn commissions(open: &[CommissionView]) -> String {
    let mut rows = table(&["commission", "order", "component", "stands at", "due"]);
    for commission in open.iter().take(ROWS_TOLD) {
        let currency = commission.currency.as_deref().unwrap_or_default();
        let mut balance = commission.balance.clone();
        balance.remove(Account::Accrued.name());
        rows.add_row([
            short(&commission.commission_id),
            or_empty(commission.order_id.as_ref()),
            or_empty(commission.component.as_ref()),
            stands(&balance, currency),
            commission.due_at.map(time).unwrap_or_default(),
        ]);
    }
    rows.to_string()
}
