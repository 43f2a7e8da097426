//! `tidegate replay`: decide files of events and print what became of the money.

use connector::file::Input;
use connector::folder::{Draft, InputFile, Run, VerdictFile};
use model::log::{Control, Genesis, RecordBody};
use model::{EventTime, Position, Record};
use runtime::{Drive, Records, Store};
use std::io;
use std::path::{Path, PathBuf};

use crate::args::Replay;
use crate::books::Books;
use crate::config::Config;
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
    let until = args.until.as_deref().map(input::time).transpose()?;
    not_in_the_state_folder(args, config)?;
    not_over_what_it_reads(args, config)?;
    let (input, genesis, rulesets) = open(args, config)?;
    can_be_honoured(&genesis, &input.records)?;

    let written = |e: io::Error| Failure::output(&config.state.display(), &e);
    let mut draft = Draft::begin(&config.state, "replay").map_err(written)?;
    let mut recorder = draft.recorder().map_err(written)?;
    let mut books = Books::default();
    let mut copy = VerdictCopy::open(args.verdicts.as_deref())?;
    let mut decider = rulesets.decider(&genesis);
    let passed_over = PassedOver::of(&input.counts);
    let total = input.records.len() as u64;
    let bar = progress::deciding(total);
    {
        let mut sink = ((&mut recorder, &mut books), &mut copy);
        let drive = Drive { chunk: config.chunk, threads: config.threads, until };
        let mut source = Records::new(input.records);
        let mut show = |so_far: runtime::Progress| progress::show(&bar, so_far);
        drive
            .run(&mut decider, &mut source, &mut sink, &mut show)
            .map_err(|e| Failure::output(&"the results", &e))?;
    }
    bar.finish_and_clear();
    let verdicts = recorder.finish().map_err(written)?;
    draft.put_snapshot(&runtime::seal(&decider.snapshot())).map_err(written)?;
    let run = described(args, genesis, rulesets, until, verdicts)?;
    copy.finish()?;
    draft.end(&run).map_err(written)?;
    let stdout =
        if args.verdicts.as_deref() == Some(Path::new("-")) { Stdout::CarriesVerdicts } else { Stdout::Free };
    crate::print::summary(&Summary::new(&decider, books, passed_over), config.output, stdout)
}

/// The log, and the rulesets that decide it.
fn open(args: &Replay, config: &Config) -> Result<(Input, Genesis, Rulesets), Failure> {
    let Some(archive) = &args.archive else {
        let rules = rules_folder::load(&config.rules)?;
        let mut input = input::open(&args.files, args.mapping.as_deref())?;
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
    let input = input::open(&args.files, args.mapping.as_deref())?;
    let Some(genesis) = input.genesis.clone() else {
        return Err(Failure::usage(
            "--archive is for exported logs, which name their rulesets; these files name none".into(),
        ));
    };
    let rulesets = Rulesets::recorded(archive, &genesis, &input.records)?;
    Ok((input, genesis, rulesets))
}

/// A replay replaces what the state folder holds: nothing that it reads or writes may lie there.
fn not_in_the_state_folder(args: &Replay, config: &Config) -> Result<(), Failure> {
    let Ok(state) = config.state.canonicalize() else { return Ok(()) };
    let lies_there = |path: &&PathBuf| {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        folder.canonicalize().is_ok_and(|folder| folder == state)
    };
    match args.files.iter().chain(&args.verdicts).find(lies_there) {
        None => Ok(()),
        Some(path) => Err(Failure::usage(format!(
            "{} lies in the state folder, which this replay replaces; copy it elsewhere, or name another folder \
             with --state",
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

fn described(
    args: &Replay,
    genesis: Genesis,
    rulesets: Rulesets,
    until: Option<EventTime>,
    verdicts: VerdictFile,
) -> Result<Run, Failure> {
    let measure = |path: &PathBuf| InputFile::measure(path).map_err(|e| Failure::input(path, &e));
    let files = args.files.iter().filter(|path| path.as_os_str() != "-");
    let mapping = match &args.mapping {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|e| Failure::input(path, &e))?;
            Some((path.canonicalize().unwrap_or_else(|_| path.clone()), text))
        }
        None => None,
    };
    Ok(Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        inputs: files.map(measure).collect::<Result<_, _>>()?,
        standard_input: args.files.iter().any(|path| path.as_os_str() == "-"),
        mapping,
        genesis,
        rulesets: rulesets.into_sources().into_iter().map(|sources| sources.0).collect(),
        until_at: until.map(EventTime::as_ms),
        verdicts,
    })
}
