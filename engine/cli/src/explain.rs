//! `tidegate explain`: the whole history of an order or of a commission, by deciding the same log again and looking
//! on. Of a lane, how a creator or a hold stands, too.

mod beneficiary;
mod hold;
mod lane;
mod scenes;
mod standing;
mod story;
mod text;

use connector::folder::{Folder, Run};
use decider::{Decider, Trace, Watch};
use ledger::Cause;
use model::hit::EvidenceValue;
use model::{EventTime, OrderKey, Verdict};
use runtime::{Drive, Records, Sink};
use std::io;
use std::path::PathBuf;

use crate::args::{Explain, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::rulesets::Rulesets;
use crate::verdict_source::VerdictSource;
use crate::{input, print, progress};

/// Runs the command.
pub(crate) fn run(args: &Explain, config: &Config) -> Result<(), Failure> {
    if let Some(data) = args.data.lane() {
        return lane::run(&args.subject, &data, config);
    }
    let folder = Folder::open(&config.state).map_err(|e| Failure::unreadable(e.to_string()))?;
    let watch = find(&args.subject, &folder)?;
    tell(&again(folder.run(), watch, config)?, config)
}

/// Tells what was seen.
fn tell(seen: &Seen, config: &Config) -> Result<(), Failure> {
    let story = story::Story::new(seen);
    match config.output {
        OutputForm::Json => print::out(&print::json(&story)?),
        OutputForm::Table => print::tell(&text::tell(&story)),
        OutputForm::Csv => Err(Failure::usage("a history is told as text or as JSON, not as CSV".into())),
    }
}

/// What is meant: an order by its id, a commission by (the beginning of) its id or by the obligation or payout run
/// that brought it. A commission of an order is told with all of that order.
fn find(subject: &str, folder: &Folder) -> Result<Watch, Failure> {
    let mut found: Vec<(Watch, String)> = Vec::new();
    VerdictSource::File(folder.verdicts_path()).each(|verdict| {
        let commission = verdict.commission_id.map(|id| id.to_string()).unwrap_or_default();
        let order = verdict.order_id.as_ref().map(|id| id.as_str());
        let meant = order == Some(subject)
            || subject.len() >= 6 && commission.starts_with(subject)
            || brought_by(&verdict) == Some(subject);
        if let (true, Some(watch)) = (meant, watch(&verdict))
            && !found.iter().any(|(known, _)| *known == watch)
        {
            found.push((watch, name(&verdict)));
        }
    })?;
    match found.as_slice() {
        [(one, _)] => Ok(one.clone()),
        [] => Err(Failure::unreadable(format!(
            "no verdict of the last run is about `{subject}`; give the id of an order or an obligation, or at least \
             six characters of a commission id, as `tidegate verdicts` shows them"
        ))),
        several => {
            let names: Vec<&str> = several.iter().map(|(_, name)| name.as_str()).collect();
            Err(Failure::usage(format!("`{subject}` could be any of {}", names.join(", "))))
        }
    }
}

fn watch(verdict: &Verdict) -> Option<Watch> {
    match (&verdict.order_id, verdict.commission_id) {
        (Some(order), _) => {
            Some(Watch::Order(OrderKey { program: verdict.program_id.clone(), order: order.clone() }))
        }
        (None, commission) => commission.map(Watch::Commission),
    }
}

/// What tells it from others that are meant alike.
fn name(verdict: &Verdict) -> String {
    match (&verdict.order_id, verdict.commission_id) {
        (Some(order), _) => format!("{}/{order}", verdict.program_id),
        (None, commission) => {
            let whose = verdict.beneficiary.as_deref().unwrap_or_default();
            format!("{} ({whose})", commission.map(|id| id.to_string()).unwrap_or_default())
        }
    }
}

/// The obligation, or the payout run, that brought a commission which no order brought.
fn brought_by(verdict: &Verdict) -> Option<&str> {
    let ids = [(Cause::Obligation, "obligation"), (Cause::PaidBeyond, "run")];
    ids.into_iter().find_map(|(cause, entry)| {
        let reason = verdict.reasons.iter().find(|reason| reason.rule.as_str() == cause.name())?;
        match reason.evidence.get(entry)? {
            EvidenceValue::Id(id) => Some(id.as_str()),
            EvidenceValue::Int(_) | EvidenceValue::Ratio { .. } => None,
        }
    })
}

/// What there was to see of an order or a commission.
struct Seen {
    /// Which.
    watch: Watch,
    /// What the stations made of it, in log order.
    traces: Vec<Trace>,
    /// What was decided about it.
    verdicts: Vec<Verdict>,
    /// The engine at the end.
    decider: Decider,
}

/// Decides the run's log again, looking on.
fn again(run: &Run, watch: Watch, config: &Config) -> Result<Seen, Failure> {
    for file in &run.inputs {
        let unchanged = file.is_unchanged().map_err(|e| Failure::input(&file.path, &e))?;
        if !unchanged {
            let what = format!("{} has changed since that run; replay it again", file.path.display());
            return Err(Failure::unreadable(what));
        }
    }
    if !run.passing.is_empty() {
        let what = format!("that run read {}, which cannot be read again", run.passing.join(" and "));
        return Err(Failure::unreadable(what));
    }
    let paths: Vec<PathBuf> = run.inputs.iter().map(|file| file.path.clone()).collect();
    let mapping = match &run.mapping {
        Some((path, text)) => Some(input::parse_mapping(path, text)?),
        None => None,
    };
    let mut input = input::open_with(&paths, mapping.as_ref())?;
    let rulesets = Rulesets::remembered(&run.rulesets, &mut input.records)?;
    let mut decider = rulesets.decider(&run.genesis);
    decider.watch(Some(watch.clone()));
    let mut about = About { watch: &watch, verdicts: Vec::new() };
    let bar = progress::deciding(input.records.len() as u64);
    let drive = Drive {
        chunk: config.chunk,
        threads: config.threads,
        until: run.until_at.and_then(EventTime::from_ms),
    };
    let traces = drive
        .run(&mut decider, &mut Records::new(input.records), &mut about, &mut |so_far| {
            progress::show(&bar, so_far)
        })
        .map_err(|e| Failure::unreadable(e.to_string()))?;
    bar.finish_and_clear();
    let verdicts = about.verdicts;
    Ok(Seen { watch, traces, verdicts, decider })
}

/// Keeps the verdicts about what is watched.
struct About<'a> {
    watch: &'a Watch,
    verdicts: Vec<Verdict>,
}

impl Sink for About<'_> {
    fn take(&mut self, verdicts: &[Verdict], _: &[model::refusal::DeadLetter]) -> io::Result<()> {
        self.verdicts.extend(verdicts.iter().filter(|verdict| self.watch.concerns(verdict)).cloned());
        Ok(())
    }
}
