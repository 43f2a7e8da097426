//! Splitting the bytes of a foreign file into rows and cells.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use csv::{ByteRecord, ReaderBuilder};
use serde_json::value::RawValue;

use model::Text;
use model::refusal::{Code, Refusal};

use super::Table;
use super::apply::{Made, located};
use super::row::Row;
use crate::file::FileError;
use crate::nearest;
use crate::wire::syntax;

/// A file split into rows, and what could not be split.
pub(crate) struct Sheet {
    pub(crate) rows: Vec<Row>,
    pub(crate) refused: Vec<Made>,
}

impl Sheet {
    fn refuse(&mut self, file: &str, line: u64, raw: Bytes, code: Code, detail: String) {
        let refusal = Refusal::new(code, "", located(detail, file, line));
        self.refused.push(Made { line, which: 0, raw, kind: None, outcome: Err(refusal) });
    }
}

/// Splits comma-separated values, whose first record is the headings.
pub(crate) fn split_csv(table: &Table, file: &str, bytes: &Bytes) -> Result<Sheet, FileError> {
    let mut reader =
        ReaderBuilder::new().delimiter(table.delimiter).flexible(true).from_reader(bytes.as_ref());
    let unreadable =
        |error: csv::Error| FileError::NotCsv { file: file.to_owned(), detail: error.to_string() };
    let headings = reader.byte_headers().map_err(unreadable)?.clone();
    let places = places(table, file, &headings)?;
    let mut sheet = Sheet { rows: Vec::new(), refused: Vec::new() };
    let mut record = ByteRecord::new();
    let mut number = 0;
    loop {
        let start = reader.position().clone();
        if !reader.read_byte_record(&mut record).map_err(unreadable)? {
            return Ok(sheet);
        }
        number += 1;
        let whole = slice(bytes, start.byte(), reader.position().byte());
        let raw = whole.slice_ref(whole.trim_ascii());
        let line = start.line() + line_ends_before(&whole);
        // Cells that are left out at the end are empty; too many mean that the row was split wrongly.
        if record.len() > headings.len() {
            let detail =
                format!("the row has {} cells and the headings are {}", record.len(), headings.len());
            sheet.refuse(file, line, raw, Code::MappingValue, detail);
            continue;
        }
        let cells: Option<Vec<Text>> = places.iter().map(|place| cell(&record, *place)).collect();
        match cells {
            Some(cells) => sheet.rows.push(Row { number, line, raw, cells }),
            None => sheet.refuse(file, line, raw, Code::JsonUtf8, "a cell is not UTF-8".to_owned()),
        }
    }
}

/// The bytes of a record, with the line ends around it.
fn slice(bytes: &Bytes, start: u64, end: u64) -> Bytes {
    let within = |at: u64| usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(within(start)..within(end))
}

/// How many lines end before a record begins: what is left of the record before it, and empty lines.
fn line_ends_before(record: &[u8]) -> u64 {
    record.iter().take_while(|byte| byte.is_ascii_whitespace()).map(|byte| u64::from(*byte == b'\n')).sum()
}

fn cell(record: &ByteRecord, place: Option<usize>) -> Option<Text> {
    let bytes = place.and_then(|place| record.get(place)).unwrap_or_default();
    std::str::from_utf8(bytes).ok().map(|text| Text::new(text.trim()))
}

/// Where each column that the mapping names stands.
fn places(table: &Table, file: &str, headings: &ByteRecord) -> Result<Vec<Option<usize>>, FileError> {
    let headings: Vec<Cow<'_, str>> =
        headings.iter().map(|heading| String::from_utf8_lossy(heading.trim_ascii())).collect();
    let mut places = Vec::new();
    for name in table.columns.names() {
        let place = headings.iter().position(|heading| heading == name);
        if place.is_none() && !table.optional.contains(name) {
            let near = nearest(name, headings.iter().map(|heading| heading.as_ref()));
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => {
                    format!("it has {}; if some files lack it, add it to `optional`", headings.join(", "))
                }
            };
            return Err(FileError::NoColumn { file: file.to_owned(), column: name.clone(), hint });
        }
        places.push(place);
    }
    Ok(places)
}

/// Splits lines of JSON, one object each; a column `a.b` is the field `b` of the object `a`.
pub(crate) fn split_ndjson(table: &Table, file: &str, bytes: &Bytes) -> Sheet {
    let mut sheet = Sheet { rows: Vec::new(), refused: Vec::new() };
    for (line, raw) in crate::file::lines(bytes) {
        let cells: Result<Vec<Text>, _> =
            table.columns.names().iter().map(|name| json_cell(&raw, name)).collect();
        match cells {
            Ok(cells) => sheet.rows.push(Row { number: line, line, raw, cells }),
            Err(error) => sheet.refuse(
                file,
                line,
                raw,
                Code::JsonSyntax,
                format!("not a JSON object: {}", syntax(&error)),
            ),
        }
    }
    sheet
}

fn json_cell(object: &[u8], name: &str) -> serde_json::Result<Text> {
    let fields: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_slice(object)?;
    if let Some(value) = fields.get(name) {
        return json_text(value.get());
    }
    let inner = name.split_once('.').and_then(|(outer, inner)| fields.get(outer).map(|value| (value, inner)));
    match inner {
        Some((value, inner)) if value.get().starts_with('{') => json_cell(value.get().as_bytes(), inner),
        Some(_) | None => Ok(Text::default()),
    }
}

/// A string as it is, a number as it is written, nothing for null.
fn json_text(value: &str) -> serde_json::Result<Text> {
    match value.as_bytes().first() {
        Some(b'"') => serde_json::from_str::<Cow<'_, str>>(value).map(|text| Text::new(text.trim())),
        _ if value == "null" => Ok(Text::default()),
        _ => Ok(Text::new(value)),
    }
}
