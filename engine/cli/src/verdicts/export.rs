//! `tidegate verdicts export`: a lane's verdicts as they were published, in a file that is there whole or not at all, with
//! another beside it that says how far it goes.

use std::io::Write;
use std::path::Path;

use crate::args::VerdictsExport;
use crate::failure::Failure;
use crate::output_file::{OutputFile, only_new};
use crate::summary::group;
use crate::verdict_source::each_published;
use crate::verdicts::manifest::{self, Counted};
use crate::{print, progress};

/// Runs the command.
pub(crate) fn run(args: &VerdictsExport) -> Result<(), Failure> {
    let reader = args.data.read()?;
    let total = args.data.answered(reader.head())?.verdicts;
    if args.after > total {
        return Err(Failure::usage(format!(
            "the last verdict has sequence {total}, and {} is after it",
            args.after
        )));
    }
    if !args.force {
        only_new(&args.file)?;
    }
    let unwritten = |error: std::io::Error| Failure::output(&args.file.display(), &error);
    let mut file = OutputFile::open(&args.file).map_err(unwritten)?;
    let bar = progress::writing(total - args.after);
    let (mut last, mut counted) = (args.after, Counted::default());
    each_published(&args.data, &reader, args.after, |verdict| {
        last = verdict.sequence;
        counted.line(verdict.json.as_bytes());
        bar.inc(1);
        writeln!(file, "{}", verdict.json).map_err(unwritten)
    })?;
    bar.finish_and_clear();
    if args.file.is_file() {
        manifest::withdraw(&args.file).map_err(unwritten)?;
    }
    file.finish().map_err(unwritten)?;
    if args.file.is_file() {
        counted.manifest(args.after).write(&args.file)?;
    }
    tell(&args.file, args.after, last);
    Ok(())
}

fn tell(file: &Path, after: u64, last: u64) {
    let count = group(&(last - after).to_string());
    print::note(&format!("{count} verdicts are in {}; go on with --after {last}", file.display()));
}
