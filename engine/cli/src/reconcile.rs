//! `tidegate reconcile`: prove the balances from the verdicts alone.

use model::verdict::Account;
use runtime::{Reconciler, Reconciliation};

use crate::args::{OutputForm, Reconcile};
use crate::config::Config;
use crate::failure::Failure;
use crate::print;
use crate::summary::{amount, group};
use crate::table::table;
use crate::verdict_source::VerdictSource;
use crate::verdicts::manifest;

/// Runs the command.
pub(crate) fn run(args: &Reconcile, config: &Config) -> Result<(), Failure> {
    let source = VerdictSource::meant(args.file.as_deref(), &args.data, config)?;
    let published = published(args)?;
    let mut reconciler = Reconciler::default();
    source.each(|verdict| reconciler.read(&verdict))?;
    let result = reconciler.finish();
    match config.output {
        OutputForm::Json => print::out(&print::json(&result)?)?,
        OutputForm::Csv => print::out(&csv(&result)?)?,
        OutputForm::Table => print::tell(&text(&result))?,
    }
    let missing = missing(args, &result, published)?;
    match (result.findings.len(), missing) {
        (0, None) => Ok(()),
        (0, Some(missing)) => Err(Failure::found(format!("verdicts are missing: {missing}"))),
        (count, _) => Err(Failure::found(format!("the books do not balance: {count} finding(s)"))),
    }
}

/// How many verdicts the lane has published, where one is meant.
fn published(args: &Reconcile) -> Result<Option<u64>, Failure> {
    let Some(lane) = args.data.lane() else { return Ok(None) };
    Ok(Some(lane.answered(lane.read()?.head())?.verdicts))
}

/// What is not there of what was exported or published: books without their end balance, too.
fn missing(
    args: &Reconcile,
    read: &Reconciliation,
    published: Option<u64>,
) -> Result<Option<String>, Failure> {
    let Some(file) = &args.file else {
        // What was published meanwhile may have been read as well.
        let short = published.filter(|published| read.verdicts < *published);
        return Ok(
            short.map(|all| format!("{} are in the store, of {all} that were published", read.verdicts))
        );
    };
    if let Some(all) = published.filter(|all| read.verdicts < *all) {
        print::note(&format!(
            "the lane has published {all} verdicts, and {} are in {}",
            read.verdicts,
            file.display()
        ));
    }
    manifest::check(file)
}

/// One row a total, and one a finding.
fn csv(result: &Reconciliation) -> Result<String, Failure> {
    print::csv_text(|csv| {
        let places = ["of", "program_id", "market", "currency"];
        let found = ["verdict_id", "subject", "what"];
        csv.write_record(places.into_iter().chain(Account::ALL.map(Account::name)).chain(found))?;
        for total in &result.totals {
            let (program, market) = (total.program_id.to_string(), total.market.to_string());
            let head = ["total".to_owned(), program, market, total.currency.code().to_owned()];
            let amounts = total.balance.values().map(ToString::to_string);
            csv.write_record(head.into_iter().chain(amounts).chain(found.map(|_| String::new())))?;
        }
        for finding in &result.findings {
            let empty =
                places.iter().skip(1).map(|_| String::new()).chain(Account::ALL.map(|_| String::new()));
            let what = [finding.verdict_id.to_string(), finding.subject.to_string(), finding.what.clone()];
            csv.write_record(std::iter::once("finding".to_owned()).chain(empty).chain(what))?;
        }
        Ok(())
    })
}

fn text(result: &Reconciliation) -> String {
    let verdicts = group(&result.verdicts.to_string());
    let subjects = group(&result.subjects.to_string());
    let mut text = format!("{verdicts} verdicts about {subjects} commissions and other subjects\n");
    for total in &result.totals {
        let mut table = table(&["account", ">amount"]);
        for (account, minor) in total.balance.iter().filter(|(_, minor)| **minor != 0) {
            let minor = i64::try_from(*minor)
                .map_or_else(|_| minor.to_string(), |m| amount(m, total.currency.code()));
            table.add_row([account.name().to_owned(), minor]);
        }
        text += &format!("\n{} · {} · {}\n{table}\n", total.program_id, total.market, total.currency);
    }
    if result.verdicts == 0 {
        return text + "There is nothing to prove.\n";
    }
    if result.findings.is_empty() {
        text += "\nThe books balance: accrued is the sum of all other accounts, for every commission and in total.\n";
    }
    for finding in &result.findings {
        text += &format!("\n{} at verdict {}: {}", finding.subject, finding.verdict_id, finding.what);
    }
    text
}
