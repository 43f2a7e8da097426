//! Templates: text with columns in braces, such as `order-{InvoiceNo}` or `{ip}|{device}|{os}`.

use std::collections::BTreeMap;
use std::fmt::Write;

use model::Text;

use super::row::Scope;

/// The columns that a table's templates and conditions name.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: Vec<String>,
    indices: BTreeMap<String, usize>,
}

impl Columns {
    /// The index of a column, which is known from now on.
    pub(crate) fn index(&mut self, name: &str) -> usize {
        if let Some(index) = self.indices.get(name) {
            return *index;
        }
        let index = self.names.len();
        self.names.push(name.to_owned());
        self.indices.insert(name.to_owned(), index);
        index
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }
}

#[derive(Debug)]
enum Part {
    Literal(String),
    Column(usize),
    /// `{#row}`: the row of the file, from 1, headings not counted.
    Row,
    /// `{#line}`: the row within its group, from 1.
    Line,
    /// `{#file}`: the name of the file.
    File,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Template {
    source: String,
    parts: Vec<Part>,
}

impl Template {
    /// Parses a template; `{{` and `}}` are braces that stand for themselves.
    pub(crate) fn parse(source: &str, columns: &mut Columns) -> Result<Template, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or(from.strip_prefix("}}")) {
                literal.extend(from.chars().next());
                rest = after;
                continue;
            }
            let inner = from.strip_prefix('{').and_then(|inner| inner.split_once('}'));
            let (name, after) = inner.ok_or("a brace stands alone; write {Column}, or {{ for a brace")?;
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(part(name, columns)?);
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() || parts.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Template { source: source.to_owned(), parts })
    }

    /// The template as it was written, for messages.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The text for the row at hand; `None` when a column that it names is empty there.
    pub(crate) fn fill(&self, scope: &Scope<'_>) -> Option<Text> {
        if let [Part::Column(column)] = self.parts.as_slice() {
            return scope.cell(*column).cloned();
        }
        let mut text = Text::default();
        for part in &self.parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Column(column) => text.push_str(scope.cell(*column)?),
                Part::Row => write!(text, "{}", scope.row().number).expect("a text takes all"),
                Part::Line => write!(text, "{}", scope.line + 1).expect("a text takes all"),
                Part::File => text.push_str(scope.file),
            }
        }
        Some(text).filter(|text| !text.is_empty())
    }
}

fn part(name: &str, columns: &mut Columns) -> Result<Part, String> {
    match name {
        "" => Err("the braces are empty; name a column".to_owned()),
        "#row" => Ok(Part::Row),
        "#line" => Ok(Part::Line),
        "#file" => Ok(Part::File),
        unknown if unknown.starts_with('#') => {
            Err(format!("`{{{unknown}}}` is not known; there are {{#row}}, {{#line}} and {{#file}}"))
        }
        column => Ok(Part::Column(columns.index(column))),
    }
}
