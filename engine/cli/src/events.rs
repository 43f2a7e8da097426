//! `tidegate events check`: decode files and report every event that would be refused.

use model::log::RecordBody;
use model::refusal::Refusal;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::args::{Events, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::summary::{PassedOver, group};
use crate::table::table;
use crate::{input, print};

/// Problems in the table for people; JSON and CSV have all of them.
const SHOWN: usize = 50;

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    /// Records read.
    records: u64,
    /// Events that decode, by kind.
    events: BTreeMap<&'static str, u64>,
    /// What was passed over.
    passed_over: PassedOver,
    /// Those that do not decode.
    refused: Vec<Problem>,
}

/// One record that would be refused.
#[derive(Debug, Serialize)]
struct Problem {
    /// The file that it is in, as it was named on the command line.
    file: String,
    /// The line of the file on which it begins, from 1; of a compressed file, a line of what is in it.
    line: u64,
    /// The stable code.
    code: &'static str,
    /// Where in the record.
    pointer: String,
    /// What is wrong and how to mend it.
    detail: String,
    /// The record as it arrived.
    raw: String,
}

/// Runs the command.
pub(crate) fn run(command: &Events, config: &Config) -> Result<(), Failure> {
    let Events::Check { files, mapping } = command;
    let report = check(files, mapping.as_deref())?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&report)?)?,
        OutputForm::Csv => print::out(&csv(&report)?)?,
        OutputForm::Table => print::tell(&text(&report))?,
    }
    match report.refused.len() {
        0 => Ok(()),
        count => Err(Failure::found(format!("{count} of {} records would be refused", report.records))),
    }
}

/// Reads the files, and tells of each record in the order in which the files have them.
fn check(files: &[PathBuf], mapping: Option<&Path>) -> Result<Report, Failure> {
    let (input, places) = input::open_placed(files, mapping)?;
    let mut placed: Vec<_> = places.into_iter().zip(&input.records).collect();
    placed.sort_by_key(|(place, _)| *place);
    let passed_over = PassedOver::of(&input.counts);
    let mut report = Report { records: 0, events: BTreeMap::new(), passed_over, refused: Vec::new() };
    for (place, record) in placed {
        report.records += 1;
        match &record.body {
            RecordBody::Event(event) => *report.events.entry(event.kind().name()).or_default() += 1,
            RecordBody::Control(_) => {}
            RecordBody::Undecodable(refusal) => {
                let file = files.get(place.file).map(|path| path.display().to_string()).unwrap_or_default();
                report.refused.push(problem(file, place.line, refusal, &record.raw));
            }
        }
    }
    Ok(report)
}

fn problem(file: String, line: u64, refusal: &Refusal, raw: &[u8]) -> Problem {
    Problem {
        file,
        line,
        code: refusal.code.name(),
        pointer: refusal.pointer.clone(),
        detail: refusal.detail.clone(),
        raw: String::from_utf8_lossy(raw).into_owned(),
    }
}

fn csv(report: &Report) -> Result<String, Failure> {
    print::csv_text(|csv| {
        csv.write_record(["file", "line", "code", "pointer", "detail", "raw"])?;
        for p in &report.refused {
            csv.write_record([&p.file, &p.line.to_string(), p.code, &p.pointer, &p.detail, &p.raw])?;
        }
        Ok(())
    })
}

fn text(report: &Report) -> String {
    let counts: Vec<String> =
        report.events.iter().map(|(k, n)| format!("{k} {}", group(&n.to_string()))).collect();
    let counts = if counts.is_empty() { "no event among them decodes".into() } else { counts.join(", ") };
    let mut text = format!("{} records: {counts}\n", group(&report.records.to_string()));
    text += &print::line("passed over", &report.passed_over.counts());
    if report.records == 0 {
        return text + "There is nothing in it to send.\n";
    }
    if report.refused.is_empty() {
        return text
            + "Every one of them decodes. Repeats, conflicts and references are only seen by a replay.\n";
    }
    let mut table = table(&["file", ">line", "code", "where", "what is wrong"]);
    for p in report.refused.iter().take(SHOWN) {
        table.add_row([&p.file, &p.line.to_string(), p.code, &p.pointer, &p.detail]);
    }
    text += &format!("\n{table}\n");
    if report.refused.len() > SHOWN {
        text += &format!("and {} more: --output json has all\n", report.refused.len() - SHOWN);
    }
    text
}
