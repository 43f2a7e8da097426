//! `tidegate status`: how a lane is doing, as its store says; it need not run.

use connector::store::Holder;
use connector::store::queries::{MarketTotal, StoreStatus};
use model::verdict::Account;
use serde::Serialize;
use std::path::Path;

use crate::args::{Data, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::holds::time;
use crate::print;
use crate::summary::{amount, group};
use crate::table::table;

/// How a lane is doing.
#[derive(Debug, Serialize)]
struct Status {
    /// Who writes the folder; nobody where it is missing.
    running: Option<Holder>,
    /// The position of the next record.
    next_position: u64,
    /// Records that are durable and not decided.
    undecided: u64,
    /// What the store counts.
    #[serde(flatten)]
    store: StoreStatus,
    /// The number of semantics that decides.
    semantics: Option<u32>,
    /// Bytes of the folder: the database and the snapshots.
    folder_bytes: u64,
    /// Money by program, market and currency.
    money: Vec<MarketTotal>,
}

/// Runs the command.
pub(crate) fn run(data: &Data, config: &Config) -> Result<(), Failure> {
    let status = read(data)?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&status)?),
        OutputForm::Csv => print::out(&csv(&status)?),
        OutputForm::Table => print::tell(&text(&status)),
    }
}

fn read(data: &Data) -> Result<Status, Failure> {
    let reader = data.read()?;
    let running = Holder::of(data.folder()).map_err(|error| Failure::input(data.folder(), &error))?;
    let store = data.answered(reader.status())?;
    let head = data.answered(reader.head())?;
    Ok(Status {
        running,
        next_position: store.records,
        undecided: head.undecided(),
        semantics: head.manifest.map(|manifest| manifest.semantics),
        folder_bytes: store.database_bytes + bytes_of(&data.folder().join("snapshots")),
        money: data.answered(reader.totals())?,
        store,
    })
}

/// Bytes of the files in a folder; none where there is no folder.
fn bytes_of(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

fn text(status: &Status) -> String {
    let mut text = match &status.running {
        Some(holder) => format!("running: {holder}\n"),
        None => "not running: nobody writes the folder\n".to_owned(),
    };
    for (name, value) in lines(status) {
        text += &format!("{name:<16} {value}\n");
    }
    text + money(&status.money).as_str()
}

fn lines(status: &Status) -> Vec<(&'static str, String)> {
    let store = &status.store;
    let count = |number: u64| group(&number.to_string());
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "none yet".into());
    let oldest = store.oldest_hold_since_at.map(|at| format!(", the oldest since {}", time(at)));
    let snapshot = store.snapshot_position.map(|position| format!("after position {position}"));
    let [bytes, database] = [status.folder_bytes, store.database_bytes].map(mebibytes);
    vec![
        (
            "next position",
            format!("{}, of which {} not decided", status.next_position, count(status.undecided)),
        ),
        ("log clock", or_none(store.clock_at.map(time))),
        ("last receipt", or_none(store.stamp_at.map(time))),
        ("ruleset", or_none(store.ruleset.clone())),
        ("semantics", or_none(status.semantics.map(|semantics| semantics.to_string()))),
        ("verdicts", count(store.verdicts)),
        ("commissions", count(store.commissions)),
        ("holds", format!("{} stand{}", count(store.holds), oldest.unwrap_or_default())),
        (
            "dead letters",
            format!("{} open, of {}", count(store.dead_letters_open), count(store.dead_letters)),
        ),
        ("snapshot", or_none(snapshot)),
        (
            "on disk",
            format!("{bytes} MiB, of which {database} MiB database (schema {})", store.schema_version),
        ),
    ]
}

/// Whole mebibytes, rounded up.
fn mebibytes(bytes: u64) -> String {
    group(&bytes.div_ceil(1 << 20).to_string())
}

fn money(totals: &[MarketTotal]) -> String {
    let mut text = String::new();
    for total in totals {
        let mut table = table(&["account", ">amount"]);
        let in_order = Account::ALL.iter().filter_map(|account| total.balance.get_key_value(account.name()));
        for (account, minor) in in_order.filter(|(_, minor)| **minor != 0) {
            table.add_row([account.clone(), amount(*minor, &total.currency)]);
        }
        text += &format!("\n{} · {} · {}\n{table}\n", total.program_id, total.market, total.currency);
    }
    text
}

/// One row a figure: what is counted first, then money.
fn csv(status: &Status) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record(["figure", "program_id", "market", "currency", "value"])?;
        for (name, value) in figures(status) {
            csv.write_record([name, "", "", "", &value])?;
        }
        for total in &status.money {
            for (account, minor) in &total.balance {
                let place = [&total.program_id, &total.market, &total.currency].map(String::as_str);
                let [program, market, currency] = place;
                csv.write_record([account, program, market, currency, &minor.to_string()])?;
            }
        }
        Ok(())
    })
}

fn figures(status: &Status) -> Vec<(&'static str, String)> {
    let store = &status.store;
    let maybe = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    vec![
        ("running_pid", status.running.as_ref().map(|holder| holder.pid.to_string()).unwrap_or_default()),
        ("next_position", status.next_position.to_string()),
        ("undecided", status.undecided.to_string()),
        ("clock_at", maybe(store.clock_at)),
        ("stamp_at", maybe(store.stamp_at)),
        ("ruleset", store.ruleset.clone().unwrap_or_default()),
        ("verdicts", store.verdicts.to_string()),
        ("commissions", store.commissions.to_string()),
        ("holds", store.holds.to_string()),
        ("oldest_hold_since_at", maybe(store.oldest_hold_since_at)),
        ("dead_letters", store.dead_letters.to_string()),
        ("dead_letters_open", store.dead_letters_open.to_string()),
        ("snapshot_position", maybe(store.snapshot_position.map(u64::cast_signed))),
        ("folder_bytes", status.folder_bytes.to_string()),
    ]
}
