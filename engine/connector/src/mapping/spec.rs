//! What a field of an event is made of: a template, a constant, a converted cell, or objects and lists of those.

use serde_json::{Map, Value};
use toml::de::DeValue;

use model::Currency;
use model::refusal::{Code, Refusal};

use super::author::{Author, Placed};
use super::convert::{Conversion, Figure, convert, currency};
use super::decimal::{Decimal, Rounding};
use super::reading::read_conversion;
use super::row::Scope;
use super::template::{Columns, Template};

/// See the module.
#[derive(Debug)]
pub(crate) enum Spec {
    /// A text.
    Text(Template),
    /// A whole number or a truth value, the same for every row.
    Constant(Value),
    /// An object.
    Object(Fields),
    /// A list.
    List(Vec<Spec>),
    /// A cell, converted.
    Converted(Box<Converted>),
}

/// Fields by name.
pub(crate) type Fields = Vec<(String, Spec)>;

/// A text and how it becomes a value.
#[derive(Debug)]
pub(crate) struct Converted {
    pub(crate) from: Template,
    pub(crate) conversion: Conversion,
    /// Multiplies a figure.
    pub(crate) times: Option<Template>,
    /// Turns a figure's sign.
    pub(crate) sign: Sign,
    /// Over which rows of the group a figure is summed.
    pub(crate) over: Over,
    /// What stands in for a missing value.
    pub(crate) default: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    AsWritten,
    Turned,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The row at hand.
    Row,
    /// All rows of the group.
    Group,
}

/// What evaluation knows besides the rows.
pub(crate) struct Making<'m> {
    /// The event's currency, which says how many decimals money has.
    pub(crate) currency: Option<Currency>,
    /// Where in the event the value goes, as a JSON pointer.
    pub(crate) pointer: &'m mut String,
}

impl Spec {
    /// Reads a field. `schema` is that of the field, so that mistyped names within it are found.
    pub(crate) fn read(
        value: &Placed<'_>,
        schema: &Value,
        columns: &mut Columns,
        author: &mut Author<'_>,
        zone: &str,
    ) -> Option<Spec> {
        match value.get_ref() {
            DeValue::String(text) => match Template::parse(text, columns) {
                Ok(template) => Some(Spec::Text(template)),
                Err(message) => {
                    author.fault(value.span(), message);
                    None
                }
            },
            DeValue::Integer(integer) => {
                let number = integer.to_string().parse::<i64>();
                if number.is_err() {
                    author.expected(value, "a whole number within 64 bits");
                }
                number.ok().map(|number| Spec::Constant(number.into()))
            }
            DeValue::Boolean(flag) => Some(Spec::Constant((*flag).into())),
            DeValue::Array(list) => {
                let entry = schema.get("items").unwrap_or(&Value::Null);
                Some(Spec::List(
                    list.iter().filter_map(|v| Spec::read(v, entry, columns, author, zone)).collect(),
                ))
            }
            DeValue::Table(table) if table.contains_key("from") => {
                read_conversion(table, columns, author, zone)
                    .map(|converted| Spec::Converted(Box::new(converted)))
            }
            DeValue::Table(_) => Some(Spec::Object(read_fields(value, schema, columns, author, zone))),
            DeValue::Float(_) | DeValue::Datetime(_) => {
                author.expected(value, "a string, a whole number, true, false, a list or a table");
                None
            }
        }
    }

    /// The value for the rows at hand; `None` when it is missing there.
    pub(crate) fn make(&self, scope: &Scope<'_>, making: &mut Making<'_>) -> Result<Option<Value>, Refusal> {
        match self {
            Spec::Text(template) => Ok(template.fill(scope).map(|text| text.as_str().into())),
            Spec::Constant(value) => Ok(Some(value.clone())),
            Spec::Object(fields) => make_fields(fields, scope, making).map(|fields| {
                let is_empty = fields.is_empty();
                (!is_empty).then_some(Value::Object(fields))
            }),
            Spec::List(entries) => {
                let values: Result<Vec<_>, _> =
                    entries.iter().map(|entry| entry.make(scope, making)).collect();
                values.map(|values| Some(values.into_iter().flatten().collect()))
            }
            Spec::Converted(converted) => converted.make(scope, making),
        }
    }
}

/// Reads the fields of an object.
pub(crate) fn read_fields(
    value: &Placed<'_>,
    schema: &Value,
    columns: &mut Columns,
    author: &mut Author<'_>,
    zone: &str,
) -> Fields {
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut fields = Vec::new();
    for (name, value) in author.table(value, "a table of fields").into_iter().flatten() {
        let field = properties.map(|known| known.get(name.get_ref().as_ref()));
        if field == Some(None) {
            let known: Vec<&str> = properties.into_iter().flat_map(Map::keys).map(String::as_str).collect();
            author.unknown(name.span(), name.get_ref(), &known);
        }
        let schema = field.flatten().unwrap_or(&Value::Null);
        if let Some(spec) = Spec::read(value, schema, columns, author, zone) {
            fields.push((name.get_ref().to_string(), spec));
        }
    }
    fields
}

/// The fields of an object that are not missing.
pub(crate) fn make_fields(
    fields: &Fields,
    scope: &Scope<'_>,
    making: &mut Making<'_>,
) -> Result<Map<String, Value>, Refusal> {
    let mut object = Map::new();
    for (name, spec) in fields {
        let depth = making.pointer.len();
        making.pointer.push('/');
        making.pointer.push_str(name);
        if let Some(value) = spec.make(scope, making)? {
            object.insert(name.clone(), value);
        }
        making.pointer.truncate(depth);
    }
    Ok(object)
}

impl Converted {
    fn make(&self, scope: &Scope<'_>, making: &mut Making<'_>) -> Result<Option<Value>, Refusal> {
        let made = match &self.conversion {
            Conversion::Money(rounding) => self.figures(scope, *rounding, money_decimals(making)?),
            Conversion::Whole(rounding) => self.figures(scope, *rounding, 0),
            Conversion::Text(_)
            | Conversion::Id
            | Conversion::Time(..)
            | Conversion::Flag(_)
            | Conversion::Ip => {
                let text = self.from.fill(scope);
                let value = text
                    .map(|text| convert(&self.conversion, &text).map_err(|wrong| self.wrong(&text, &wrong)));
                value.transpose()
            }
        };
        let made =
            made.map_err(|detail| Refusal::new(Code::MappingValue, making.pointer.as_str(), detail))?;
        Ok(made.or_else(|| self.default.clone()))
    }

    fn wrong(&self, text: &str, what: &str) -> String {
        format!("`{text}`, from `{}`, {what}", self.from.source())
    }

    fn figures(&self, scope: &Scope<'_>, rounding: Rounding, decimals: u32) -> Result<Option<Value>, String> {
        if self.over == Over::Row {
            return Ok(self.figure(scope, rounding, decimals)?.map(Value::from));
        }
        let mut sum = None;
        for line in 0..scope.rows.len() {
            if let Some(figure) = self.figure(&scope.at(line), rounding, decimals)? {
                let so_far: i64 = sum.unwrap_or_default();
                sum = Some(so_far.checked_add(figure).ok_or("the sum over the group is too large")?);
            }
        }
        Ok(sum.map(Value::from))
    }

    fn figure(&self, scope: &Scope<'_>, rounding: Rounding, decimals: u32) -> Result<Option<i64>, String> {
        let Some(mut number) = self.decimal(&self.from, scope)? else { return Ok(None) };
        if let Some(times) = &self.times {
            let Some(factor) = self.decimal(times, scope)? else { return Ok(None) };
            number = number.times(factor);
        }
        if self.sign == Sign::Turned {
            number = number.negated();
        }
        let text = self.from.fill(scope).unwrap_or_default();
        Figure { number, rounding }.in_units(decimals).map(Some).map_err(|wrong| self.wrong(&text, &wrong))
    }

    fn decimal(&self, template: &Template, scope: &Scope<'_>) -> Result<Option<Decimal>, String> {
        let Some(text) = template.fill(scope) else { return Ok(None) };
        let number = Decimal::parse(&text);
        let wrong = || format!("`{text}`, from `{}`, is not a decimal number", template.source());
        number.map(Some).ok_or_else(wrong)
    }
}

fn money_decimals(making: &Making<'_>) -> Result<u32, Refusal> {
    making.currency.map(|currency| currency.decimals()).ok_or_else(|| {
        Refusal::new(Code::FieldMissing, "/currency", "money needs the event's `currency`, and it is missing")
    })
}

/// The event's currency, if it says one. An unknown one is refused here: without it no money can be read.
pub(crate) fn event_currency(fields: &Fields, scope: &Scope<'_>) -> Result<Option<Currency>, Refusal> {
    let spec = fields.iter().find(|(name, _)| name == "currency").map(|(_, spec)| spec);
    let mut pointer = "/currency".to_owned();
    let value = spec
        .map(|spec| spec.make(scope, &mut Making { currency: None, pointer: &mut pointer }))
        .transpose()?;
    let code = value.flatten();
    let code = code.as_ref().and_then(Value::as_str);
    code.map(currency).transpose().map_err(|detail| Refusal::new(Code::CurrencyUnknown, "/currency", detail))
}
