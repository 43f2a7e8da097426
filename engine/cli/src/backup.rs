//! `tidegate backup`: a copy of a lane's store as it is at one moment, while the lane runs. The copy is made beside its
//! place, proved, and put there at the end: a folder of that name is whole.

use connector::store::{Reader, SnapshotFolder, Store};
use runtime::Snapshots;
use serde::Serialize;
use std::path::Path;

use crate::args::{Backup, OutputForm};
use crate::config::Config;
use crate::data::unusable;
use crate::failure::Failure;
use crate::print;
use crate::progress;
use crate::summary::group;

/// What a copy holds.
#[derive(Debug, Serialize)]
struct Copy {
    /// Records of the log.
    records: u64,
    /// Verdicts.
    verdicts: u64,
    /// The position of the snapshot in it.
    snapshot_position: Option<u64>,
    /// Bytes of the database.
    database_bytes: u64,
}

/// Runs the command.
pub(crate) fn run(args: &Backup, config: &Config) -> Result<(), Failure> {
    let mut reader = args.data.read()?;
    let place = &args.copy;
    if place.exists() {
        return Err(Failure::usage(format!(
            "{} is there already; name a folder that is not",
            place.display()
        )));
    }
    let written = |error: &dyn std::fmt::Display| Failure::output(&place.display(), error);
    let name = place.file_name().ok_or_else(|| Failure::usage("name a folder for the copy".into()))?;
    let beside = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(beside).map_err(|error| written(&error))?;
    let draft = tempfile::Builder::new()
        .prefix(name)
        .suffix(".draft")
        .tempdir_in(beside)
        .map_err(|error| written(&error))?;
    copy(&mut reader, draft.path()).map_err(|error| written(&error))?;
    let proved = prove(draft.path())?;
    std::fs::rename(draft.keep(), place).map_err(|error| written(&error))?;
    tell(&proved, place, config)
}

fn copy(reader: &mut Reader, to: &Path) -> Result<(), runtime::JournalError> {
    let bar = progress::copying();
    let copied = reader.backup(to, &mut |left, all| {
        let [left, all] = [left, all].map(|pages| u64::try_from(pages).unwrap_or_default());
        bar.set_length(all);
        bar.set_position(all.saturating_sub(left));
    });
    bar.finish_and_clear();
    copied
}

/// Reads the copy to its end: every block against its manifest, and the snapshot against its seal.
fn prove(folder: &Path) -> Result<Copy, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::found(format!("the copy does not hold: {error}"));
    let mut copy = Store::read(folder).map_err(unusable)?;
    let status = copy.status().map_err(|error| wrong(&error))?;
    let bar = progress::proving(status.records);
    copy.prove(&mut |last| bar.set_position(last.0)).map_err(|error| wrong(&error))?;
    bar.finish_and_clear();
    let snapshots = SnapshotFolder::in_store(folder);
    for at in snapshots.list().map_err(|error| wrong(&error))? {
        let sealed = snapshots.get(at).map_err(|error| wrong(&error))?;
        runtime::open(&sealed).map_err(|error| wrong(&error))?;
    }
    Ok(Copy {
        records: status.records,
        verdicts: status.verdicts,
        snapshot_position: status.snapshot_position,
        database_bytes: status.database_bytes,
    })
}

fn tell(copy: &Copy, place: &Path, config: &Config) -> Result<(), Failure> {
    let snapshot = copy.snapshot_position.map(|position| position.to_string());
    match config.output {
        OutputForm::Json => print::out(&print::json(copy)?),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(["records", "verdicts", "snapshot_position", "database_bytes"])?;
            csv.write_record([
                copy.records.to_string(),
                copy.verdicts.to_string(),
                snapshot.unwrap_or_default(),
                copy.database_bytes.to_string(),
            ])
        })?),
        OutputForm::Table => {
            let [records, verdicts] = [copy.records, copy.verdicts].map(|count| group(&count.to_string()));
            let snapshot = snapshot.map_or(String::new(), |at| format!(", the snapshot after position {at}"));
            print::tell(&format!(
                "{} holds {records} records, {verdicts} verdicts{snapshot}, and was read back whole\n",
                place.display()
            ))
        }
    }
}
