//! Printing results: tables for people, JSON and CSV for programs.

use ruleset::{Diagnostic, Sources};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};

use crate::args::OutputForm;
use crate::failure::Failure;
use crate::percent;
use crate::plain;
use crate::summary::{AccountSummary, LogSummary, RuleSummary, Summary, amount, group};
use crate::table::table;

/// Beneficiaries in the table for people; the JSON has all of them.
const BENEFICIARIES_SHOWN: usize = 10;

/// Whether anybody still reads what is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// As far as we know.
    There,
    /// It closed the pipe: it has seen enough.
    Gone,
}

/// Writes text to standard output. A reader that went away is not an error.
pub(crate) fn out(text: &str) -> Result<(), Failure> {
    offer(text).map(|_| ())
}

/// Writes text to standard output, and says whether it is worth going on.
pub(crate) fn offer(text: &str) -> Result<Reader, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::output(&"standard output", &error)),
    }
}

/// Writes text for a person to standard output: nothing in it is obeyed by a terminal.
pub(crate) fn tell(text: &str) -> Result<(), Failure> {
    out(&plain::styled(text))
}

/// Writes a line for a person to standard error. That nobody can be told changes nothing of how a command ends.
pub(crate) fn note(text: &str) {
    aside(&plain::styled(text));
}

/// Writes a line to standard error, as it is.
fn aside(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}

/// A document as indented JSON.
pub(crate) fn json(document: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(document).map_err(|e| Failure::output(&"JSON", &e))?;
    Ok(text + "\n")
}

/// Rows as CSV.
pub(crate) fn csv_text(
    write: impl FnOnce(&mut csv::Writer<Vec<u8>>) -> Result<(), csv::Error>,
) -> Result<String, Failure> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    write(&mut csv).map_err(|e| Failure::output(&"CSV", &e))?;
    let bytes = csv.into_inner().map_err(|e| Failure::output(&"CSV", &e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A document as one line of JSON.
pub(crate) fn json_line(document: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(document).map_err(|e| Failure::output(&"JSON", &e))?;
    Ok(text + "\n")
}

/// Prints a summary; to standard error where standard output carries the verdicts.
pub(crate) fn summary(summary: &Summary, form: OutputForm, stdout: Stdout) -> Result<(), Failure> {
    let text = match form {
        OutputForm::Json => json(summary)?,
        OutputForm::Csv => crate::sheet::summary(summary)?,
        OutputForm::Table => plain::styled(&summary_table(summary)).into_owned(),
    };
    match stdout {
        Stdout::Free => out(&text),
        Stdout::CarriesVerdicts => {
            aside(text.trim_end());
            Ok(())
        }
    }
}

/// What standard output is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdout {
    /// Nothing else.
    Free,
    /// The verdicts themselves.
    CarriesVerdicts,
}

/// A heading, and what stands under it.
type Column = (&'static str, fn(&AccountSummary) -> i64);

/// The columns that are always shown, then those that have something in them somewhere.
fn account_columns(rows: &[&AccountSummary]) -> Vec<Column> {
    let always: [Column; 7] = [
        ("accrued", |a| a.accrued),
        ("pending", |a| a.pending),
        ("held", |a| a.held),
        ("released", |a| a.released),
        ("reduced", |a| a.reduced),
        ("void", |a| a.void),
        ("owed back", |a| a.owed_back),
    ];
    let sometimes: [Column; 4] = [
        ("scheduled", |a| a.scheduled),
        ("paid", |a| a.paid),
        ("recovered", |a| a.recovered),
        ("written off", |a| a.written_off),
    ];
    let used = sometimes.into_iter().filter(|(_, of)| rows.iter().any(|row| of(row) != 0));
    always.into_iter().chain(used).collect()
}

fn summary_table(summary: &Summary) -> String {
    let mut text = String::new();
    let log = &summary.log;
    let counts = [
        ("applied", log.applied),
        ("waited", log.parked),
        ("repeated", log.duplicates),
        ("refused", log.refused),
        ("given up after waiting", log.given_up),
    ];
    let counts = counts.map(|(name, n)| format!("{} {name}", group(&n.to_string())));
    let clock =
        log.clock_at.and_then(model::EventTime::from_ms).map_or(String::new(), |c| format!(" up to {c}"));
    text +=
        &format!("{} events{clock}: {}\n", group(&(log.read - log.controls).to_string()), counts.join(", "));
    let short = summary.ruleset.get(..12).unwrap_or(&summary.ruleset);
    text += &format!("ruleset {short}, semantics {}\n", summary.semantics);
    text += &line("events", &summary.events);
    text += &line("credited by", &summary.attribution);
    text += &line("verdicts", &summary.verdicts);
    text += &line("dead letters", &summary.dead_letters);
    text += &line("refunds without an order", &summary.refund_lines.counts());
    text += &line("passed over", &summary.passed_over.counts());
    text += &line("worth a look", &worth_a_look(log));
    text += &no_room(summary);
    text += &money_table(summary);
    text += &awaiting_feeds(summary);
    text += &rules_table(&summary.rules);
    text += &ignored_rules(&summary.rules);
    text += &beneficiaries_table(summary);
    text
}

/// What was taken in and did not do all that it said.
fn worth_a_look(log: &LogSummary) -> BTreeMap<String, u64> {
    let counts = [
        ("reviews of something unknown", log.unmatched_reviews),
        ("refunds of more than was left", log.over_refunds),
    ];
    counts.into_iter().filter(|(_, n)| *n > 0).map(|(name, n)| (name.to_owned(), n)).collect()
}

pub(crate) fn line(name: &str, counts: &BTreeMap<String, u64>) -> String {
    if counts.is_empty() {
        return String::new();
    }
    let counts: Vec<String> = counts.iter().map(|(k, n)| format!("{k} {}", group(&n.to_string()))).collect();
    format!("{name}: {}\n", counts.join(", "))
}

/// Nothing, while there was room for everything.
fn no_room(summary: &Summary) -> String {
    let (rows, values) = (summary.windows.lost_rows, summary.windows.lost_values);
    if rows + values == 0 {
        return String::new();
    }
    let failures: u64 = summary.rules.iter().map(|rule| rule.unknown).sum();
    let [rows, values, failures] = [rows, values, failures].map(|n| group(&n.to_string()));
    format!(
        "too many keys: {rows} rows and {values} values found no room in the windows, and rules failed {failures} \
         times for it; see [limits] in ruleset.toml\n"
    )
}

fn money_table(summary: &Summary) -> String {
    let rows: Vec<&AccountSummary> = summary.money.iter().map(|m| &m.accounts).collect();
    let columns = account_columns(&rows);
    let headings: Vec<String> = columns.iter().map(|(name, _)| format!(">{name}")).collect();
    let mut all = vec!["money of", "market", "currency"];
    all.extend(headings.iter().map(String::as_str));
    let mut table = table(&all);
    for m in &summary.money {
        let amounts = columns.iter().map(|(_, of)| amount(of(&m.accounts), &m.currency));
        let head = [m.program_id.clone(), m.market.clone(), m.currency.clone()];
        table.add_row(head.into_iter().chain(amounts));
    }
    format!("\n{table}\n")
}

/// What is due and is not released because a feed is behind.
fn awaiting_feeds(summary: &Summary) -> String {
    let waiting = summary.money.iter().filter(|m| m.awaiting_feed != 0);
    let told = waiting.map(|m| {
        format!(
            "{} {} of what is pending for {} in {} is due and awaits a feed\n",
            amount(m.awaiting_feed, &m.currency),
            m.currency,
            m.program_id,
            m.market
        )
    });
    told.collect()
}

fn rules_table(rules: &[RuleSummary]) -> String {
    let mut table =
        table(&["rule", "mode", ">fired", ">flags", ">held now", ">held ever", ">voided", ">failed", "sees"]);
    for rule in rules {
        let per_currency = |of: fn(&crate::summary::RuleMoneySummary) -> i64| {
            let some = rule.money.iter().filter(|m| of(m) != 0);
            let texts: Vec<String> =
                some.map(|m| format!("{} {}", amount(of(m), &m.currency), m.currency)).collect();
            if texts.is_empty() { "–".into() } else { texts.join("\n") }
        };
        let fired = if rule.mode == "built-in" { "–".into() } else { group(&rule.fired.to_string()) };
        table.add_row([
            rule.rule.clone(),
            rule.mode.clone(),
            fired,
            group(&rule.flags.to_string()),
            per_currency(|m| m.held_now),
            per_currency(|m| m.held_ever),
            per_currency(|m| m.voided),
            group(&rule.failed.to_string()),
            sees(rule),
        ]);
    }
    format!("\n{table}\n")
}

/// The rules that fell silent because they failed too often.
fn ignored_rules(rules: &[RuleSummary]) -> String {
    let told = rules.iter().filter_map(|rule| {
        let since = rule.ignored_after? + 1;
        let failures = group(&rule.failed.to_string());
        Some(format!("{} has failed {failures} times and is ignored since position {since}\n", rule.rule))
    });
    told.collect()
}

/// `all`, `64 %`, or `blind in DE, FR`.
pub(crate) fn sees(rule: &RuleSummary) -> String {
    let (judged, carried) = rule.sight.iter().fold((0, 0), |(j, c), s| (j + s.judged, c + s.carried));
    let share = percent::whole(carried, judged).unwrap_or(0);
    let blind: Vec<&str> = rule.sight.iter().filter(|s| s.blind).map(|s| s.market.as_str()).collect();
    match (blind.as_slice(), judged) {
        ([], 0) => "–".into(),
        ([], _) if judged == carried => "all".into(),
        ([], _) => format!("{share} %"),
        (markets, _) if markets.len() == rule.sight.len() => format!("blind ({share} %)"),
        (markets, _) => format!("blind in {}", markets.join(", ")),
    }
}

fn beneficiaries_table(summary: &Summary) -> String {
    let shown: Vec<_> = summary.beneficiaries.iter().take(BENEFICIARIES_SHOWN).collect();
    if shown.is_empty() {
        return String::new();
    }
    let rows: Vec<&AccountSummary> = shown.iter().map(|b| &b.accounts).collect();
    let columns = account_columns(&rows);
    let headings: Vec<String> = columns.iter().map(|(name, _)| format!(">{name}")).collect();
    let mut all = vec!["largest share held", "currency"];
    all.extend(headings.iter().map(String::as_str));
    let mut table = table(&all);
    for b in &shown {
        let amounts = columns.iter().map(|(_, of)| amount(of(&b.accounts), &b.currency));
        table.add_row([b.beneficiary.clone(), b.currency.clone()].into_iter().chain(amounts));
    }
    let hidden = summary.beneficiaries.len() - shown.len();
    let more = if hidden > 0 {
        format!("and {} more: --output json has all\n", group(&hidden.to_string()))
    } else {
        String::new()
    };
    format!("\n{table}\n{more}")
}

/// Prints every problem of a ruleset, with its place, to standard error.
pub(crate) fn diagnostics(diagnostics: &[Diagnostic], sources: &Sources) {
    for diagnostic in diagnostics {
        let source = sources.text(&diagnostic.file).unwrap_or_default();
        note(&paint(&diagnostic.render(&source), diagnostic));
    }
}

/// Colours the first word of a problem on a terminal; the words say the same without colour.
fn paint(rendered: &str, diagnostic: &Diagnostic) -> String {
    let plain = !io::stderr().is_terminal() || no_color();
    match (plain, rendered.split_once(':')) {
        (false, Some((head, rest))) => {
            let colour = if diagnostic.severity == ruleset::Severity::Error { 31 } else { 33 };
            format!("\x1b[1;{colour}m{head}\x1b[0m:{rest}")
        }
        (true, _) | (false, None) => rendered.to_owned(),
    }
}

/// Whether the environment asks for no colour (<https://no-color.org>).
#[expect(clippy::disallowed_methods, reason = "only `cli` reads the environment, and here it does")]
pub(crate) fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
