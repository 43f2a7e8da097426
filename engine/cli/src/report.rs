//! `tidegate report`: what a period brought, from the verdicts of that period alone: money by account and market, and
//! what each rule did.

mod period;
mod print;

use model::{EventTime, Span};
use runtime::books::PAGE_ROWS_MAX;
use serde::Serialize;

use crate::args::{OutputForm, Report};
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
    let before = args.compare.then(|| read(args, since.minus(length), since)).transpose()?;
    let told = Told { period: read(args, since, until)?, before };
    match config.output {
        OutputForm::Json => crate::print::out(&crate::print::json(&told)?),
        OutputForm::Csv => crate::print::out(&print::csv(&told)?),
        OutputForm::Table => crate::print::out(&print::text(&told)),
    }
}

/// From when to before when; until all that is decided, where nothing is said.
fn bounds(args: &Report) -> Result<(EventTime, EventTime), Failure> {
    let until = match &args.until {
        Some(until) => input::time(until)?,
        None => {
            let clock = args.data.answered(args.data.read()?.status())?.clock_at;
            let clock = clock.and_then(EventTime::from_ms);
            let clock = clock.ok_or_else(|| Failure::unreadable("nothing is decided yet".into()))?;
            clock.plus(Span::from_ms(1))
        }
    };
    let since = match Span::parse(&args.since) {
        Some(length) => until.minus(length),
        None => input::time(&args.since)?,
    };
    if since < until {
        return Ok((since, until));
    }
    Err(Failure::usage(format!("the period ends on {until}, before it begins on {since}")))
}

fn read(args: &Report, since: EventTime, until: EventTime) -> Result<Period, Failure> {
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
            period.read(&parsed(&args.data, verdict.json.as_bytes())?);
        }
        bar.inc(verdicts.len() as u64);
    }
    bar.finish_and_clear();
    Ok(period)
}
