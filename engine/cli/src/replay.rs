//! `tidegate replay`: decide files of events and print what became of the money.

use connector::file::{Input, Origin};
use connector::folder::{Draft, Folder, InputFile, Run};
use decider::Decider;
use model::log::{Control, Genesis, RecordBody};
use model::{EventTime, Position, Record};
use ruleset::Sources;
use runtime::{Drive, Records, Sink, Store};
use std::io;
use std::path::{Path, PathBuf};

use crate::args::Replay;
use crate::books::Books;
use crate::config::Config;
use crate::data::now;
use crate::failure::Failure;
use crate::input;
use crate::print::Stdout;
use crate::progress;
use crate::rules_folder;
use crate::rulesets::Rulesets;
use crate::summary::{PassedOver, Summary};
use crate::verdict_copy::VerdictCopy;

/// Runs the command.
pub(crate) fn run(args: &Replay, config: &Config) -> Result<(), Failure> {
    let until = args.until.as_deref().map(|until| input::time(until, || Ok(now()))).transpose()?;
    not_in_the_state_folder(args, config)?;
    not_over_what_it_reads(args, config)?;
    let mapping = args.mapping.as_deref().map(input::mapping_text).transpose()?;
    let (input, genesis, rulesets) = open(args, mapping.as_deref(), config)?;
    can_be_honoured(&genesis, &input.records)?;

    let written = |e: io::Error| Failure::output(&config.state.display(), &e);
    let mut draft = Draft::begin(&config.state, "replay").map_err(written)?;
    let mut recorder = draft.recorder().map_err(written)?;
    let mut books = Books::default();
    let mut copy = VerdictCopy::open(args.verdicts.as_deref())?;
    let mut decider = rulesets.decider(&genesis);
    let passed_over = PassedOver::of(&input.counts);
    let mut sink = ((&mut recorder, &mut books), &mut copy);
    decide(
        &mut decider,
        input.records,
        &mut sink,
        Drive { chunk: config.chunk, threads: config.threads, until },
    )?;
    let verdicts = recorder.finish().map_err(written)?;
    draft.put_snapshot(&runtime::seal(&decider.snapshot())).map_err(written)?;
    let (inputs, passing) = sorted(input.origins);
    let place = args.mapping.as_ref().map(|path| path.canonicalize().unwrap_or_else(|_| path.clone()));
    let run = Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs,
        passing,
        mapping: place.zip(mapping),
        genesis,
        rulesets: rulesets.into_sources().into_iter().map(Sources::into_texts).collect(),
        until_at: until.map(EventTime::as_ms),
        verdicts,
    };
    copy.finish()?;
    draft.end(&run).map_err(written)?;
    let stdout =
        if args.verdicts.as_deref() == Some(Path::new("-")) { Stdout::CarriesVerdicts } else { Stdout::Free };
    crate::print::summary(&Summary::new(&decider, books, passed_over), config.output, stdout)
}

/// Decides every record, and shows how far it has come.
fn decide(
    decider: &mut Decider,
    records: Vec<Record>,
    sink: &mut (impl Sink + Send),
    drive: Drive,
) -> Result<(), Failure> {
    let bar = progress::deciding(records.len() as u64);
    drive
        .run(decider, &mut Records::new(records), sink, &mut |so_far| progress::show(&bar, so_far))
        .map_err(|e| Failure::output(&"the results", &e))?;
    bar.finish_and_clear();
    Ok(())
}

/// The log, and the rulesets that decide it.
fn open(
    args: &Replay,
    mapping: Option<&str>,
    config: &Config,
) -> Result<(Input, Genesis, Rulesets), Failure> {
    let mapping = args.mapping.as_deref().zip(mapping);
    let Some(archive) = &args.archive else {
        let rules = rules_folder::load(&config.rules)?;
        let mut input = input::open_as_mapped(&args.files, mapping)?;
        let (rulesets, passed_over) = Rulesets::throughout(rules, &mut input.records);
        if passed_over > 0 {
            crate::print::note(&format!(
                "the log loads another ruleset {passed_over} time(s); all of it is decided under {}. To decide it as \
                 it was, name the --archive with its rulesets",
                config.rules.display()
            ));
        }
        let genesis = input.genesis.clone();
        let genesis = genesis.unwrap_or_else(|| input::genesis(config, rulesets.first_hash()));
        return Ok((input, genesis, rulesets));
    };
    let input = input::open_as_mapped(&args.files, mapping)?;
    let Some(genesis) = input.genesis.clone() else {
        return Err(Failure::usage(
            "--archive is for exported logs, which name their rulesets; these files name none".into(),
        ));
    };
    let rulesets = Rulesets::recorded(archive, &genesis, &input.records)?;
    Ok((input, genesis, rulesets))
}

/// A replay replaces what the state folder holds, except the log that it reads there.
fn not_in_the_state_folder(args: &Replay, config: &Config) -> Result<(), Failure> {
    let log = Folder::log_path(&config.state);
    let is_log =
        |path: &Path| path.canonicalize().is_ok_and(|path| log.canonicalize().is_ok_and(|l| l == path));
    let read = args.files.iter().filter(|path| !is_log(path));
    match read.chain(&args.verdicts).find(|path| Folder::writes(&config.state, path)) {
        None => Ok(()),
        Some(path) => Err(Failure::usage(format!(
            "{} is what a run leaves in the state folder, and this replay replaces it; copy it elsewhere, or name \
             another folder with --state",
            path.display()
        ))),
    }
}

/// A replay leaves everything that it reads as it was.
fn not_over_what_it_reads(args: &Replay, config: &Config) -> Result<(), Failure> {
    let written = args.verdicts.as_deref().and_then(|path| path.canonicalize().ok());
    let Some(place) = written.filter(|place| place.is_file()) else { return Ok(()) };
    let is_it = |path: &PathBuf| path.canonicalize().is_ok_and(|path| path == place);
    let mut read = args.files.iter().chain(&args.mapping).chain(&config.file);
    let is_of = |folder: &PathBuf| folder.canonicalize().is_ok_and(|folder| place.starts_with(folder));
    let kind = place.extension().and_then(|kind| kind.to_str()).unwrap_or_default();
    let is_of_rules = matches!(kind, "rhai" | "toml" | "txt" | "cases" | "ruleset")
        && (is_of(&config.rules) || args.archive.as_ref().is_some_and(is_of));
    if !is_of_rules && !read.any(is_it) {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "this replay reads {}; write the verdicts elsewhere, or the file would be lost",
        place.display()
    )))
}

/// A build decides under one number of semantics.
fn can_be_honoured(genesis: &Genesis, records: &[Record]) -> Result<(), Failure> {
    let upgrades = records.iter().filter_map(|record| match &record.body {
        RecordBody::Control(Control::Upgrade(semantics)) => Some((record.position, *semantics)),
        RecordBody::Control(_) | RecordBody::Event(_) | RecordBody::Undecodable(_) => None,
    });
    let mut stretches = std::iter::once((Position(0), genesis.semantics)).chain(upgrades);
    match stretches.find(|(_, semantics)| *semantics != model::SEMANTICS) {
        None => Ok(()),
        Some((position, semantics)) => Err(Failure::unreadable(format!(
            "from position {position} on the log was decided under semantics {semantics}, and this build decides under \
             {}; replay it with a build of that number",
            model::SEMANTICS
        ))),
    }
}

/// The files, and the names of what only passed by, which is said.
fn sorted(origins: Vec<Origin>) -> (Vec<InputFile>, Vec<String>) {
    let (mut inputs, mut passing) = (Vec::new(), Vec::new());
    for origin in origins {
        match origin {
            Origin::File(file) => inputs.push(file),
            Origin::Passing(name) => passing.push(name),
        }
    }
    if !passing.is_empty() {
        let passing = passing.join(" and ");
        crate::print::note(&format!("{passing} cannot be read again: nothing of this run can be explained"));
    }
    (inputs, passing)
}
