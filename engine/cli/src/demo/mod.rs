//! `tidegate demo`: made-up trade with planted fraud, decided before one's eyes.

mod feed;
mod lines;
mod screen;
mod simulation;
mod stop;

use connector::folder::{Draft, Folder, Run};
use model::Span;
use ruleset::Sources;
use runtime::Store;
use std::io::IsTerminal;
use std::path::Path;

use crate::args::{Demo, OutputForm};
use crate::config::Config;
use crate::demo::simulation::Simulation;
use crate::failure::Failure;
use crate::print;
use crate::rules_folder;
use crate::score::DemoSummary;
use crate::summary::{PassedOver, Summary};

/// Runs the command.
pub(crate) fn run(args: &Demo, config: &Config) -> Result<(), Failure> {
    if !args.once && config.output == OutputForm::Csv {
        return Err(Failure::usage("the live demo has no CSV; add --once, or ask for JSON".into()));
    }
    let rules = rules_folder::load(&config.rules)?;
    let sources = rules.sources.clone();
    args.events.as_deref().map_or(Ok(()), |path| is_free(path, config))?;
    let draft =
        Draft::begin(&config.state, "demo").map_err(|e| Failure::output(&config.state.display(), &e))?;
    let mut simulation = Simulation::start(args, config, rules, &draft)?;
    if args.once {
        simulation.run_for(Span::from_days(i64::from(args.days)))?;
    } else if std::io::stdout().is_terminal() && config.output == OutputForm::Table {
        screen::show(&mut simulation, args)?;
    } else {
        lines::show(&mut simulation, args, config)?;
    }
    finish(simulation, sources, draft, args, config)
}

/// The events go where nothing else does.
fn is_free(events: &Path, config: &Config) -> Result<(), Failure> {
    if events == Path::new("-") {
        return Err(Failure::usage(
            "standard output is for what the demo tells; name a file for its events".into(),
        ));
    }
    if Folder::writes(&config.state, events) {
        let what =
            format!("{} is what a run leaves in the state folder; name another file", events.display());
        return Err(Failure::usage(what));
    }
    Ok(())
}

/// Leaves the state folder as a replay would, and prints what it came to.
fn finish(
    simulation: Simulation,
    sources: Sources,
    mut draft: Draft,
    args: &Demo,
    config: &Config,
) -> Result<(), Failure> {
    let ended = simulation.end()?;
    let written = |e: std::io::Error| Failure::output(&config.state.display(), &e);
    draft.put_snapshot(&runtime::seal(&ended.decider.snapshot())).map_err(written)?;
    let run = Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: vec![draft.log().map_err(written)?],
        passing: Vec::new(),
        mapping: None,
        genesis: ended.decider.genesis().clone(),
        rulesets: vec![sources.into_texts()],
        until_at: None,
        verdicts: ended.verdicts,
    };
    draft.end(&run).map_err(written)?;
    let summary = Summary::new(&ended.decider, ended.books, PassedOver::default());
    if config.output == OutputForm::Json {
        let summary = DemoSummary { summary, score: ended.score.report() };
        // What is told line by line ends with a line.
        return print::out(&if args.once { print::json(&summary)? } else { print::json_line(&summary)? });
    }
    print::summary(&summary, config.output, print::Stdout::Free)?;
    if config.output == OutputForm::Table {
        print::tell(&ended.score.report().table())?;
        print::note(
            "`tidegate explain ORDER` tells the history of any order above; `tidegate reconcile` checks the books.",
        );
    }
    Ok(())
}
