//! The contract with producers and consumers: a JSON Schema (2020-12) for each kind of event, for verdicts, dead
//! letters and exported logs, and the tables of `schemas/README.md`. All are made from the tables that read and
//! write, and kept as files in `schemas/`; a test compares the two.

use std::fmt::Write;

use serde_json::{Value, json};

use model::refusal::{Code, DeadLetter};
use model::{Kind, Verdict};

use crate::log;
use crate::wire::{self, Codec, DeadLetterLine, Obj, put};

/// A schema and the name of its file.
pub struct Document {
    /// Such as `click.schema.json`.
    pub file: String,
    /// The schema.
    pub schema: Value,
}

impl Document {
    fn new(name: &str, title: &str, mut schema: Value) -> Document {
        let file = format!("{name}.schema.json");
        put(&mut schema, "$schema", json!("https://json-schema.org/draft/2020-12/schema"));
        put(&mut schema, "$id", json!(format!("urn:tidegate:{name}")));
        put(&mut schema, "title", json!(title));
        Document { file, schema }
    }

    /// The bytes of its file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.schema)
    }
}

/// Every schema there is.
pub fn documents() -> Vec<Document> {
    let kinds =
        Kind::ALL.map(|kind| Document::new(kind.name(), &title(kind.name()), wire::kind_schema(kind)));
    let mut documents = Vec::from(kinds);
    documents.push(Document::new("verdict", "Verdict", Obj::<Verdict>::schema()));
    documents.push(Document::new("dead_letter", "Dead letter", Obj::<DeadLetterLine>::schema()));
    documents.push(Document::new("log", "Line of an exported log", log::line_schema()));
    documents
}

fn title(name: &str) -> String {
    let spaced = name.replace('_', " ");
    let mut letters = spaced.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// The fields of a kind, as tables of Markdown: its own, then those of the objects within it.
pub fn field_tables(kind: Kind) -> String {
    let schema = wire::kind_schema(kind);
    let mut text = String::new();
    table(&mut text, kind.name(), &schema, &wire::field_names(kind));
    text
}

fn table(text: &mut String, name: &str, schema: &Value, order: &[&str]) {
    let about = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    writeln!(text, "`{name}`: {about}\n\n| field | | type | |\n|---|---|---|---|")
        .expect("a string takes all");
    let mut within = Vec::new();
    for (field, value) in ordered(schema, order) {
        let needed = if is_required(schema, field) { "required" } else { "" };
        let about = value.get("description").and_then(Value::as_str).unwrap_or_default();
        writeln!(text, "| `{field}` | {needed} | {} | {about} |", sort(value)).expect("a string takes all");
        within.extend(inner_object(value).map(|inner| (format!("{name}.{field}"), inner.clone())));
    }
    for (name, mut inner) in within {
        text.push('\n');
        put_if_missing(&mut inner, "description", "");
        table(text, &name, &inner, &[]);
    }
}

fn put_if_missing(schema: &mut Value, keyword: &str, value: &str) {
    if schema.get(keyword).is_none() {
        put(schema, keyword, json!(value));
    }
}

/// The properties, those named in `order` first.
fn ordered<'s>(schema: &'s Value, order: &[&str]) -> Vec<(&'s String, &'s Value)> {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut fields: Vec<_> = properties.into_iter().flatten().collect();
    let rank = |name: &str| order.iter().position(|ordered| *ordered == name).unwrap_or(usize::MAX);
    fields.sort_by_key(|(name, _)| (rank(name), !is_required(schema, name)));
    fields
}

fn is_required(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == field))
}

/// The object within a field, or within the entries of its list.
fn inner_object(field: &Value) -> Option<&Value> {
    [Some(field), field.get("items")].into_iter().flatten().find(|schema| schema.get("properties").is_some())
}

/// The type of a field, in a few words.
fn sort(schema: &Value) -> String {
    if let Some(name) = schema.get("const").and_then(Value::as_str) {
        return format!("`\"{name}\"`");
    }
    if let Some(Value::Array(names)) = schema.get("enum") {
        let names: Vec<String> =
            names.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect();
        return names.join(", ");
    }
    let types = types(schema);
    match types.as_slice() {
        ["array"] => format!("list of {}", schema.get("items").map(sort).unwrap_or_default()),
        ["integer"] => format!("integer{}", range(schema)),
        ["string"] => format!("string{}", pattern(schema)),
        _ => types.join(" or "),
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::Array(types)) => {
            types.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect()
        }
        Some(single) => single.as_str().into_iter().collect(),
        None => Vec::new(),
    }
}

fn range(schema: &Value) -> String {
    match (schema.get("minimum"), schema.get("maximum")) {
        (Some(min), Some(max)) => format!(" from {min} to {max}"),
        _ => String::new(),
    }
}

/// Ids need no more than their length: control characters are nobody's wish.
fn pattern(schema: &Value) -> String {
    let longest = schema.get("maxLength").map(|max| format!(" up to {max}"));
    let pattern = schema.get("pattern").and_then(Value::as_str).filter(|pattern| !pattern.contains('\\'));
    match (pattern, longest) {
        (Some(pattern), _) => format!(" `{}`", pattern.replace('|', "\\|")),
        (None, longest) => longest.unwrap_or_default(),
    }
}

/// A README with the text between `<!-- NAME: generated -->` and `<!-- end -->` made anew: `codes`, and the
/// fields of each kind under the kind's name.
pub fn readme_with_tables(readme: &str) -> String {
    const BEGIN: &str = ": generated -->\n";
    const END: &str = "<!-- end -->";
    let mut text = String::new();
    let mut rest = readme;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let name = before.rsplit_once("<!-- ").map_or("", |(_, name)| name);
        let table =
            if name == "codes" { Some(code_table()) } else { Kind::from_name(name).map(field_tables) };
        let end = after.find(END).unwrap_or(after.len());
        let (kept, next) = after.split_at(end);
        write!(text, "{before}{BEGIN}{}", table.as_deref().unwrap_or(kept)).expect("a string takes all");
        rest = next;
    }
    text + rest
}

/// The codes of refusals, as a table of Markdown.
pub fn code_table() -> String {
    let mut text = "| code | meaning |\n|---|---|\n".to_owned();
    for code in Code::ALL {
        writeln!(text, "| `{}` | {} |", code.name(), code.meaning()).expect("a string takes all");
    }
    text
}

/// The dead letter that an event becomes as the first of a log; `None` if it can be read.
pub fn example_dead_letter(event: &[u8]) -> Option<Vec<u8>> {
    let refusal = wire::decode(event).err()?;
    let raw = bytes::Bytes::copy_from_slice(event);
    let first = model::Position(1);
    let mut line = Vec::new();
    wire::write_dead_letter(&DeadLetter { position: first, refused_at: first, refusal, raw }, &mut line);
    Some(line)
}
