//! Foreign files: producers' events in lines, and tables through a mapping, in log order.

use model::log::RecordBody;
use model::{EventTime, Kind, Position, Record};

use super::read::{Loaded, lines};
use super::{FileCounts, FileError, Input, Place};
use crate::mapping::{Applied, Format, Made, Mapping, Table, split_csv, split_ndjson};
use crate::wire::{Trust, decode_from};

/// Where a record stands in the log: event time, kind rank, file and line, event of the row.
type Order = (EventTime, Kind, Place, usize);

/// The records of all files, in log order.
pub(super) fn records(
    files: &[Loaded],
    mapping: Option<&Mapping>,
    placed: &mut dyn FnMut(Place),
) -> Result<Input, FileError> {
    let mut ordered = Vec::new();
    let mut counts = Vec::new();
    for (index, file) in files.iter().enumerate() {
        let mut found = FileCounts::of(&file.name);
        let mut made = events(file, mapping, &mut found)?;
        made.sort_by_key(|made| (made.line, made.which));
        made.iter().for_each(|made| found.add(made));
        in_order(index, made, &mut ordered);
        counts.push(found);
    }
    ordered.sort_by_key(|(order, _)| *order);
    ordered.iter().for_each(|((_, _, place, _), _)| placed(*place));
    let records = (1..).zip(ordered).map(|(position, (_, made))| record(Position(position), made));
    Ok(Input { genesis: None, records: records.collect(), counts, origins: Vec::new() })
}

/// What is no event has no time: it stays behind the last good one before it.
fn in_order(file: usize, made: Vec<Made>, ordered: &mut Vec<(Order, Made)>) {
    let (mut time, mut kind) = (EventTime::MIN, Kind::Plan);
    for made in made {
        if let Ok(event) = &made.outcome {
            (time, kind) = (event.occurred_at, event.kind());
        }
        ordered.push(((time, kind, Place { file, line: made.line }, made.which), made));
    }
}

fn record(position: Position, made: Made) -> Record {
    let body = match made.outcome {
        Ok(event) => RecordBody::Event(event),
        Err(refusal) => RecordBody::Undecodable(refusal),
    };
    Record { position, stamp: None, raw: made.raw, body }
}

/// The events of a file, by the mapping's table for it, or as producers write them.
fn events(file: &Loaded, mapping: Option<&Mapping>, counts: &mut FileCounts) -> Result<Vec<Made>, FileError> {
    let is_csv = [".csv", ".tsv"].iter().any(|end| file.stem().ends_with(end));
    match mapping.and_then(|mapping| mapping.table(&file.name)) {
        Some(table) => mapped(
            file,
            table,
            table.format.unwrap_or(if is_csv { Format::Csv } else { Format::Ndjson }),
            counts,
        ),
        None if is_csv => Err(no_table(file, mapping)),
        None => producers_own(file, counts),
    }
}

fn no_table(file: &Loaded, mapping: Option<&Mapping>) -> FileError {
    let file = file.name.clone();
    match mapping {
        Some(mapping) => FileError::NoTable { file, patterns: mapping.patterns().join(", ") },
        None => FileError::NeedsMapping { file },
    }
}

fn mapped(
    file: &Loaded,
    table: &Table,
    format: Format,
    counts: &mut FileCounts,
) -> Result<Vec<Made>, FileError> {
    let sheet = match format {
        Format::Csv => split_csv(table, &file.name, &file.bytes)?,
        Format::Ndjson => split_ndjson(table, &file.name, &file.bytes),
    };
    counts.rows = sheet.rows.len() as u64 + sheet.refused.len() as u64;
    let Applied { made, skipped } = table.apply(&file.name, &sheet.rows, sheet.refused);
    counts.skipped = skipped;
    Ok(made)
}

/// A file on the operator's disk is the operator's word: reviews keep their actors.
fn producers_own(file: &Loaded, counts: &mut FileCounts) -> Result<Vec<Made>, FileError> {
    let mut made = Vec::new();
    for (line, raw) in lines(&file.bytes) {
        if made.is_empty() && (raw.starts_with(b"[") || raw.as_ref() == b"{") {
            return Err(FileError::NotLines { file: file.name.clone(), line });
        }
        let outcome = decode_from(&raw, Trust::Log).map(|decoded| {
            counts.unknown_fields += u64::from(decoded.unknown_fields);
            Box::new(decoded.event)
        });
        made.push(Made { line, which: 0, raw, kind: None, outcome });
    }
    counts.rows = made.len() as u64;
    Ok(made)
}
