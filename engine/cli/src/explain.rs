//! `tidegate explain`: the whole history of an order's commissions, by deciding the same log again and looking on.

mod standing;
mod story;
mod text;

use connector::folder::{Folder, Run};
use decider::{Decider, Trace, Watch};
use model::{EventTime, OrderKey, Verdict};
use runtime::{Drive, Records, Sink};
use std::io;
use std::path::PathBuf;

use crate::args::{Explain, OutputForm};
use crate::config::Config;
use crate::failure::Failure;
use crate::reconcile::each_verdict;
use crate::rulesets::Rulesets;
use crate::{input, print, progress};

/// Runs the command.
pub(crate) fn run(args: &Explain, config: &Config) -> Result<(), Failure> {
    let folder = Folder::open(&config.state).map_err(|e| Failure::unreadable(e.to_string()))?;
    let order = find(&args.subject, &folder)?;
    let run = folder.run().map_err(|e| Failure::input(&config.state, &e))?;
    let seen = again(&run, &order, config)?;
    let story = story::Story::new(&order, &seen);
    match config.output {
        OutputForm::Json => print::out(&print::json(&story)?),
        OutputForm::Table => print::out(&text::tell(&story)),
        OutputForm::Csv => Err(Failure::usage("a history is told as text or as JSON, not as CSV".into())),
    }
}

/// The order that is meant: by its id, or by (the beginning of) the id of one of its commissions.
fn find(subject: &str, folder: &Folder) -> Result<OrderKey, Failure> {
    let mut found: Vec<OrderKey> = Vec::new();
    each_verdict(&folder.verdicts_path(), |verdict| {
        let commission = verdict.commission_id.map(|id| id.to_string()).unwrap_or_default();
        let order = verdict.order_id.as_ref().map(|id| id.as_str());
        let meant = order == Some(subject) || subject.len() >= 6 && commission.starts_with(subject);
        if let (true, Some(order)) = (meant, verdict.order_id) {
            let key = OrderKey { program: verdict.program_id, order };
            if !found.contains(&key) {
                found.push(key);
            }
        }
    })?;
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Failure::unreadable(format!(
            "no verdict of the last run is about `{subject}`; give an order id or at least six characters of a \
             commission id, as `tidegate verdicts` shows them"
        ))),
        several => {
            let names: Vec<String> =
                several.iter().map(|key| format!("{}/{}", key.program, key.order)).collect();
            Err(Failure::usage(format!("`{subject}` could be any of {}", names.join(", "))))
        }
    }
}

/// What there was to see of one order.
struct Seen {
    /// What the stations made of it, in log order.
    traces: Vec<Trace>,
    /// What was decided about it.
    verdicts: Vec<Verdict>,
    /// The engine at the end.
    decider: Decider,
}

/// Decides the run's log again, looking on at one order.
fn again(run: &Run, order: &OrderKey, config: &Config) -> Result<Seen, Failure> {
    for file in &run.inputs {
        let unchanged = file.is_unchanged().map_err(|e| Failure::input(&file.path, &e))?;
        if !unchanged {
            let what = format!("{} has changed since that run; replay it again", file.path.display());
            return Err(Failure::unreadable(what));
        }
    }
    if run.standard_input {
        return Err(Failure::unreadable("that run read standard input, which cannot be read again".into()));
    }
    let paths: Vec<PathBuf> = run.inputs.iter().map(|file| file.path.clone()).collect();
    let mapping = match &run.mapping {
        Some((path, text)) => Some(input::parse_mapping(path, text)?),
        None => None,
    };
    let mut input = input::open_with(&paths, mapping.as_ref())?;
    let rulesets = Rulesets::remembered(&run.rulesets, &mut input.records)?;
    let mut decider = rulesets.decider(&run.genesis);
    decider.watch(Some(Watch::order(order.clone())));
    let mut about = About { order, verdicts: Vec::new() };
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
    Ok(Seen { traces, verdicts: about.verdicts, decider })
}

/// Keeps the verdicts about one order.
struct About<'a> {
    order: &'a OrderKey,
    verdicts: Vec<Verdict>,
}

impl Sink for About<'_> {
    fn take(&mut self, verdicts: &[Verdict], _: &[model::refusal::DeadLetter]) -> io::Result<()> {
        let about = |v: &&Verdict| {
            v.order_id.as_ref() == Some(&self.order.order) && v.program_id == self.order.program
        };
        self.verdicts.extend(verdicts.iter().filter(about).cloned());
        Ok(())
    }
}
