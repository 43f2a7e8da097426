//! Reading a mapping file: from TOML to tables, or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use model::Kind;

use super::author::{Author, MappingError, Placed};
use super::condition::Condition;
use super::convert::{Conversion, TimeFormat};
use super::decimal::Rounding;
use super::spec::{Converted, Over, Sign, Spec, read_fields};
use super::template::{Columns, Template};
use super::{EventSpec, Format, Mapping, Skip, Table};
use crate::wire;

const TABLE_KEYS: [&str; 7] = ["files", "format", "delimiter", "zone", "optional", "skip", "event"];
const SKIP_KEYS: [&str; 2] = ["reason", "when"];
const EVENT_KEYS: [&str; 5] = ["kind", "when", "group", "fields", "rows"];
const CONVERSION_KEYS: [&str; 11] =
    ["from", "as", "format", "zone", "map", "true_when", "times", "negate", "sum", "round", "default"];

/// Reads a mapping.
pub(crate) fn read(text: &str) -> Result<Mapping, MappingError> {
    let mut author = Author::new(text);
    let document = DeTable::parse(text);
    let mut tables = Vec::new();
    match &document {
        Ok(document) => {
            let root = document.get_ref();
            author.only(root, &["table"]);
            match root.get("table") {
                Some(list) => tables = read_tables(list, &mut author),
                None => author.fault(0..0, "there is no [[table]]; a mapping has at least one"),
            }
        }
        Err(error) => author.fault(error.span().unwrap_or_default(), error.message()),
    }
    author.verdict().map(|()| Mapping { tables })
}

fn read_tables(list: &Placed<'_>, author: &mut Author<'_>) -> Vec<Table> {
    let tables = author.tables(list, "[[table]]");
    tables.into_iter().map(|(at, table)| read_table(at, table, author)).collect()
}

fn read_table(at: Range<usize>, table: &DeTable<'_>, author: &mut Author<'_>) -> Table {
    author.only(table, &TABLE_KEYS);
    let mut columns = Columns::default();
    let zone = table
        .get("zone")
        .and_then(|zone| author.string(zone, "a zone such as \"Europe/London\""))
        .unwrap_or("UTC");
    if let Some(value) = table.get("zone") {
        time_zone(zone, value.span(), author);
    }
    let skips = table.get("skip").map(|list| author.tables(list, "[[table.skip]]")).unwrap_or_default();
    let skips = skips.into_iter().map(|(at, skip)| read_skip(at, skip, &mut columns, author)).collect();
    let events = table.get("event").map(|list| author.tables(list, "[[table.event]]")).unwrap_or_default();
    if events.is_empty() {
        author.fault(at, "this table makes no events; write a [[table.event]]");
    }
    let events = events
        .into_iter()
        .filter_map(|(at, event)| read_event(at, event, zone, &mut columns, author))
        .collect();
    let format = table
        .get("format")
        .and_then(|v| author.choice(v, &[("csv", Format::Csv), ("ndjson", Format::Ndjson)]));
    let optional = table.get("optional").map(|v| author.strings(v, "a list of columns")).unwrap_or_default();
    Table {
        patterns: table.get("files").map(|v| author.strings(v, "a list of file names")).unwrap_or_default(),
        format,
        delimiter: table.get("delimiter").and_then(|v| delimiter(v, author)).unwrap_or(b','),
        optional: optional.into_iter().collect::<BTreeSet<String>>(),
        columns,
        skips,
        events,
    }
}

fn delimiter(value: &Placed<'_>, author: &mut Author<'_>) -> Option<u8> {
    let text = author.string(value, "one character, such as \";\"")?;
    let [byte] = text.as_bytes() else {
        author.fault(value.span(), "a delimiter is one ASCII character, such as \";\" or \"\\t\"");
        return None;
    };
    Some(*byte)
}

fn read_skip(at: Range<usize>, skip: &DeTable<'_>, columns: &mut Columns, author: &mut Author<'_>) -> Skip {
    author.only(skip, &SKIP_KEYS);
    let reason = skip.get("reason").and_then(|v| author.string(v, "a string")).unwrap_or_default().to_owned();
    if reason.is_empty() {
        author.fault(at.clone(), "a skip needs a `reason`, under which its rows are counted");
    }
    let Some(when) = skip.get("when") else {
        author.fault(at, "a skip needs a `when`, or it would skip everything");
        return Skip { reason, when: Condition::default() };
    };
    Skip { reason, when: Condition::read(when, columns, author) }
}

fn read_event(
    at: Range<usize>,
    event: &DeTable<'_>,
    zone: &str,
    columns: &mut Columns,
    author: &mut Author<'_>,
) -> Option<EventSpec> {
    author.only(event, &EVENT_KEYS);
    let Some(kind) = event.get("kind") else {
        author.fault(at, "an event needs a `kind`");
        return None;
    };
    let kind = author.choice(kind, &Kind::ALL.map(|kind| (kind.name(), kind)))?;
    let schema = wire::kind_schema(kind);
    let when = event.get("when").map(|when| Condition::read(when, columns, author)).unwrap_or_default();
    let group = event.get("group").and_then(|value| template(value, columns, author));
    let fields =
        event.get("fields").map(|v| read_fields(v, &schema, columns, author, zone)).unwrap_or_default();
    let rows = event.get("rows").map(|v| read_rows(v, &schema, zone, columns, author)).unwrap_or_default();
    let is_given =
        |part: &str, name: &str| event.get(part).and_then(|fields| fields.get_ref().get(name)).is_some();
    for name in required(&schema).into_iter().filter(|name| *name != "kind") {
        if !is_given("fields", name) && !is_given("rows", name) {
            author.fault(at.clone(), format!("every {} needs `{name}`; add it to `fields`", kind.name()));
        }
    }
    Some(EventSpec { kind, when, group, fields, rows })
}

fn required(schema: &Value) -> Vec<&str> {
    let names = schema.get("required").and_then(Value::as_array);
    names.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// Lists with an object per row of the group: `[table.event.rows.lines]`.
fn read_rows(
    value: &Placed<'_>,
    schema: &Value,
    zone: &str,
    columns: &mut Columns,
    author: &mut Author<'_>,
) -> Vec<(String, Spec)> {
    let properties = schema.get("properties");
    let is_list = |name: &str| properties.and_then(|all| all.get(name)).and_then(|field| field.get("items"));
    let known = properties.and_then(Value::as_object).into_iter().flat_map(|all| all.keys());
    let known: Vec<&str> = known.map(String::as_str).filter(|name| is_list(name).is_some()).collect();
    let mut rows = Vec::new();
    for (name, value) in
        author.table(value, "a table of lists, such as [table.event.rows.lines]").into_iter().flatten()
    {
        match is_list(name.get_ref()) {
            Some(entry) => {
                let spec = Spec::read(value, entry, columns, author, zone);
                rows.extend(spec.map(|spec| (name.get_ref().to_string(), spec)));
            }
            None => author.unknown(name.span(), name.get_ref(), &known),
        }
    }
    rows
}

fn template(value: &Placed<'_>, columns: &mut Columns, author: &mut Author<'_>) -> Option<Template> {
    let text = author.string(value, "a string such as \"{Column}\"")?;
    Template::parse(text, columns).map_err(|message| author.fault(value.span(), message)).ok()
}

fn time_zone(name: &str, at: Range<usize>, author: &mut Author<'_>) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name);
    zone.map_err(|_| {
        author.fault(at, format!("`{name}` is not a time zone; write an IANA name such as Europe/London"))
    })
    .ok()
}

/// Reads `{ from = "…", as = "…", … }`.
pub(crate) fn read_conversion(
    table: &DeTable<'_>,
    columns: &mut Columns,
    author: &mut Author<'_>,
    zone: &str,
) -> Option<Converted> {
    author.only(table, &CONVERSION_KEYS);
    let from = template(table.get("from")?, columns, author)?;
    let sort = match table.get("as") {
        Some(value) => author.choice(value, &SORTS)?,
        None => Sort::Text,
    };
    suits(table, sort, author);
    let flag = |name: &str, author: &mut Author<'_>| table.get(name).is_some_and(|value| author.flag(value));
    Some(Converted {
        from,
        conversion: read_sort(sort, table, author, zone)?,
        times: table.get("times").and_then(|value| template(value, columns, author)),
        sign: if flag("negate", author) { Sign::Turned } else { Sign::AsWritten },
        over: if flag("sum", author) { Over::Group } else { Over::Row },
        default: table.get("default").and_then(|value| constant(value, author)),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    Text,
    Id,
    Time,
    Money,
    Whole,
    Flag,
    Ip,
}

const SORTS: [(&str, Sort); 7] = [
    ("text", Sort::Text),
    ("id", Sort::Id),
    ("time", Sort::Time),
    ("money", Sort::Money),
    ("whole", Sort::Whole),
    ("flag", Sort::Flag),
    ("ip", Sort::Ip),
];

/// Refuses keys that say nothing about this sort.
fn suits(table: &DeTable<'_>, sort: Sort, author: &mut Author<'_>) {
    let own: &[&str] = match sort {
        Sort::Text => &["map"],
        Sort::Id | Sort::Ip => &[],
        Sort::Time => &["format", "zone"],
        Sort::Money | Sort::Whole => &["times", "negate", "sum", "round"],
        Sort::Flag => &["true_when"],
    };
    let name = SORTS.iter().find(|(_, s)| *s == sort).map_or("", |(name, _)| *name);
    for key in table.keys().filter(|key| CONVERSION_KEYS.contains(&key.get_ref().as_ref())) {
        if !["from", "as", "default"].contains(&key.get_ref().as_ref())
            && !own.contains(&key.get_ref().as_ref())
        {
            author.fault(key.span(), format!("`{}` says nothing about as = \"{name}\"", key.get_ref()));
        }
    }
}

fn read_sort(sort: Sort, table: &DeTable<'_>, author: &mut Author<'_>, zone: &str) -> Option<Conversion> {
    Some(match sort {
        Sort::Text => {
            Conversion::Text(table.get("map").map(|value| replaced(value, author)).unwrap_or_default())
        }
        Sort::Id => Conversion::Id,
        Sort::Ip => Conversion::Ip,
        Sort::Time => read_time(table, author, zone)?,
        Sort::Money => Conversion::Money(rounding(table, author)),
        Sort::Whole => Conversion::Whole(rounding(table, author)),
        Sort::Flag => {
            let texts = table.get("true_when").map(|value| author.strings(value, "a list of strings"));
            Conversion::Flag(texts.unwrap_or_else(|| ["1", "true", "TRUE", "True"].map(str::to_owned).into()))
        }
    })
}

fn read_time(table: &DeTable<'_>, author: &mut Author<'_>, zone: &str) -> Option<Conversion> {
    let at = |name: &str| table.get(name).map(Spanned::span).unwrap_or_default();
    let written = table.get("format").map(|value| author.strings(value, "a time format, or a list of them"));
    let mut formats = Vec::new();
    for format in written.unwrap_or_else(|| vec!["iso".to_owned()]) {
        match TimeFormat::parse(&format) {
            Ok(format) => formats.push(format),
            Err(message) => author.fault(at("format"), message),
        }
    }
    let name = table
        .get("zone")
        .and_then(|value| author.string(value, "a zone such as \"Europe/London\""))
        .unwrap_or(zone);
    Some(Conversion::Time(formats, time_zone(name, at("zone"), author)?))
}

fn rounding(table: &DeTable<'_>, author: &mut Author<'_>) -> Rounding {
    let choices =
        [("refuse", Rounding::Refuse), ("half_even", Rounding::HalfEven), ("truncate", Rounding::Truncate)];
    table.get("round").and_then(|value| author.choice(value, &choices)).unwrap_or(Rounding::Refuse)
}

fn replaced(value: &Placed<'_>, author: &mut Author<'_>) -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for (from, to) in author.table(value, "a table such as { FALSE = \"no\" }").into_iter().flatten() {
        if let Some(to) = author.string(to, "a string") {
            texts.insert(from.get_ref().to_string(), to.to_owned());
        }
    }
    texts
}

fn constant(value: &Placed<'_>, author: &mut Author<'_>) -> Option<Value> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.as_ref().into()),
        DeValue::Boolean(flag) => Some((*flag).into()),
        DeValue::Integer(integer) => integer.to_string().parse::<i64>().ok().map(Value::from),
        DeValue::Float(_) | DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
            author.expected(value, "a string, a whole number, true or false");
            None
        }
    }
}
