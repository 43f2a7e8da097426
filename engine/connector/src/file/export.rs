//! Exported logs, in their own order.

use model::log::{Control, Genesis, RecordBody};
use model::{Position, Record};

use super::read::{Loaded, lines};
use super::{FileCounts, FileError, Input, Place};
use crate::log::{is_log, read_counted};

/// Whether a file begins an exported log.
pub(super) fn is_export(file: &Loaded) -> bool {
    lines(&file.bytes).next().is_some_and(|(_, line)| is_log(&line))
}

/// The records of a log: the first file begins it, the others go on.
pub(super) fn records(files: &[Loaded], placed: &mut dyn FnMut(Place)) -> Result<Input, FileError> {
    let mut genesis = None;
    let mut records: Vec<Record> = Vec::new();
    let mut counts = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let mut found = FileCounts::of(&file.name);
        for (line, bytes) in lines(&file.bytes) {
            let corrupt = |detail: String| FileError::Corrupt { file: file.name.clone(), line, detail };
            let (record, unknown_fields) = read_counted(&bytes).map_err(corrupt)?;
            found.unknown_fields += u64::from(unknown_fields);
            let expected = if genesis.is_none() { 0 } else { records.len() as u64 + 1 };
            if record.position != Position(expected) {
                return Err(corrupt(format!("position {} stands where {expected} must", record.position)));
            }
            count(&record, &mut found);
            match into_genesis(record) {
                Ok(first) if genesis.is_none() => genesis = Some(first),
                Ok(_) => return Err(corrupt("a second genesis".to_owned())),
                Err(_) if genesis.is_none() => {
                    return Err(corrupt("the first record is no genesis".to_owned()));
                }
                Err(record) => {
                    placed(Place { file: index, line });
                    records.push(record);
                }
            }
        }
        counts.push(found);
    }
    Ok(Input { genesis, records, counts, origins: Vec::new() })
}

fn into_genesis(record: Record) -> Result<Genesis, Record> {
    match record.body {
        RecordBody::Control(Control::Genesis(genesis)) => Ok(*genesis),
        body @ (RecordBody::Event(_) | RecordBody::Undecodable(_) | RecordBody::Control(_)) => {
            Err(Record { body, ..record })
        }
    }
}

fn count(record: &Record, counts: &mut FileCounts) {
    counts.rows += 1;
    match &record.body {
        RecordBody::Event(event) => *counts.events.entry(event.kind()).or_default() += 1,
        RecordBody::Undecodable(_) => *counts.refused.entry(None).or_default() += 1,
        RecordBody::Control(_) => counts.controls += 1,
    }
}
