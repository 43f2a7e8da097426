//! `tidegate report`: what a period brought, from the verdicts of that period alone: money by account and market, and
//! what each rule did.

mod period;
mod print;

use model::{EventTime, RuleId, Span};
use ruleset::{Ruleset, Sources};
use runtime::JournalReader as _;
use runtime::books::PAGE_ROWS_MAX;
use serde::Serialize;
use std::collections::BTreeSet;

use crate::args::{Data, OutputForm, Report};
use crate::config::Config;
use crate::failure::Failure;
use crate::report::period::Period;
use crate::verdict_source::parsed;
use crate::{input, progress};

/// What is reported.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// The period asked for.
    pub period: Period,
    /// The one before it, of the same length, if it was asked for.
    pub before: Option<Period>,
}

/// Runs the command.
pub(crate) fn run(args: &Report, config: &Config) -> Result<(), Failure> {
    let (since, until) = bounds(args)?;
    let length = Span::from_ms(until.as_ms() - since.as_ms());
    let may_not_reject = may_not_reject(&args.data)?;
    let read = |since, until| read(args, since, until, &may_not_reject);
    let before = args.compare.then(|| read(since.minus(length), since)).transpose()?;
    let told = Told { period: read(since, until)?, before };
    match config.output {
        OutputForm::Json => crate::print::out(&crate::print::json(&told)?),
        OutputForm::Csv => crate::print::out(&print::csv(&told)?),
        OutputForm::Table => crate::print::tell(&print::text(&told)),
    }
}

/// From when to before when; until all that is decided, where nothing is said.
fn bounds(args: &Report) -> Result<(EventTime, EventTime), Failure> {
    let clock = || log_clock(&args.data);
    let until = match &args.until {
        Some(until) => input::time(until, clock)?,
        None => clock()?.plus(Span::from_ms(1)),
    };
    let since = input::time(&args.since, || Ok(until))?;
    if since < until {
        return Ok((since, until));
    }
    Err(Failure::usage(format!("the period ends on {until}, before it begins on {since}")))
}

fn log_clock(data: &Data) -> Result<EventTime, Failure> {
    let clock = data.answered(data.read()?.status())?.clock_at.and_then(EventTime::from_ms);
    clock.ok_or_else(|| Failure::unreadable("nothing is decided yet".into()))
}

/// The rules in force that may not reject. A verdict tells its reasons, and not which of them rejected.
fn may_not_reject(data: &Data) -> Result<BTreeSet<RuleId>, Failure> {
    let mut reader = data.read()?;
    let Some(manifest) = data.answered(reader.head())?.manifest else { return Ok(BTreeSet::new()) };
    let archive = data.answered(reader.ruleset(&manifest.ruleset))?;
    let sources = archive.as_deref().and_then(Sources::from_archive).unwrap_or_default();
    let loaded = Ruleset::load(&sources).map_err(|_| {
        Failure::unreadable(format!("ruleset {} does not load in this version", manifest.ruleset))
    })?;
    let policy = loaded.ruleset.policy();
    let rules = policy.rules.iter().filter(|(_, policy)| !policy.may_reject);
    Ok(rules.map(|(rule, _)| rule.clone()).collect())
}

fn read(
    args: &Report,
    since: EventTime,
    until: EventTime,
    may_not_reject: &BTreeSet<RuleId>,
) -> Result<Period, Failure> {
    let reader = args.data.read()?;
    let mut period = Period::new(since, until);
    let bar = progress::summing();
    let mut after = 0;
    loop {
        let verdicts = reader.verdicts_within(since, until, after, PAGE_ROWS_MAX);
        let verdicts = args.data.answered(verdicts)?;
        let Some(last) = verdicts.last() else { break };
        after = last.sequence;
        for verdict in &verdicts {
            period.read(&parsed(&args.data, verdict.json.as_bytes())?, may_not_reject);
        }
        bar.inc(verdicts.len() as u64);
    }
    bar.finish_and_clear();
    Ok(period)
}
