//! `tidegate export`: a lane's log as `replay` reads it, with the rulesets that it names.

use model::log::{Control, RecordBody};
use model::{Position, Record};
use ruleset::Sources;
use runtime::JournalReader;
use std::io::Write;
use std::path::Path;

use crate::args::Export;
use crate::failure::Failure;
use crate::output_file::{OutputFile, only_new};
use crate::print;
use crate::rulesets;

/// Records read at once.
const RECORDS: usize = 10_000;

/// Runs the command.
pub(crate) fn run(args: &Export) -> Result<(), Failure> {
    let mut reader = args.data.read()?;
    if !args.force {
        only_new(&args.log)?;
    }
    let mut out = OutputFile::open(&args.log).map_err(|e| Failure::output(&args.log.display(), &e))?;
    let (mut next, mut line) = (Position(0), Vec::new());
    loop {
        let records = args.data.answered(reader.records(next, RECORDS))?;
        let Some(last) = records.last() else { break };
        next = Position(last.position.0 + 1);
        for record in &records {
            keep_ruleset(record, args.archive.as_deref(), &mut reader)?;
            line.clear();
            connector::wire::write_record(record, &mut line);
            out.write_all(&line).map_err(|e| Failure::output(&args.log.display(), &e))?;
        }
    }
    out.finish().map_err(|e| Failure::output(&args.log.display(), &e))?;
    print::note(&format!("{next} records are in {}", args.log.display()));
    Ok(())
}

/// Puts a ruleset that a record names into the archive.
fn keep_ruleset(
    record: &Record,
    archive: Option<&Path>,
    reader: &mut impl JournalReader,
) -> Result<(), Failure> {
    let hash = match &record.body {
        RecordBody::Control(Control::Genesis(genesis)) => &genesis.ruleset,
        RecordBody::Control(Control::Ruleset(hash)) => hash,
        RecordBody::Control(Control::Tick(_) | Control::Upgrade(_))
        | RecordBody::Event(_)
        | RecordBody::Undecodable(_) => return Ok(()),
    };
    let Some(archive) = archive else { return Ok(()) };
    let kept = reader.ruleset(hash).map_err(|error| Failure::unreadable(error.to_string()))?;
    let sources = kept.as_deref().and_then(Sources::from_archive);
    let sources = sources.ok_or_else(|| Failure::unreadable(format!("the store has no ruleset {hash}")))?;
    rulesets::write(archive, &sources).map(drop)
}
