//! The parameters of a query, as the contract describes them: what is wrong with one is said in the contract's words.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// What a query may say: a schema for each parameter.
pub(crate) struct Parameters(Map<String, Value>);

impl Parameters {
    pub(crate) fn of<Q: JsonSchema>() -> Parameters {
        let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
        let mut schemas = settings.into_generator();
        let schema = Q::json_schema(&mut schemas).to_value();
        Parameters(schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default())
    }

    /// With others beside them.
    pub(crate) fn and(mut self, others: Parameters) -> Parameters {
        self.0.extend(others.0);
        self
    }

    /// What is wrong with a parameter that cannot be read.
    pub(crate) fn fault(&self, name: &str, value: &str) -> String {
        match self.0.get(name) {
            Some(schema) => format!("{name} is {}, not `{value}`", expected(schema)),
            None => {
                let known: Vec<&str> = self.0.keys().map(String::as_str).collect();
                format!("there is no parameter `{name}`; the parameters are {}", known.join(", "))
            }
        }
    }
}

/// What a value has to be.
fn expected(schema: &Value) -> String {
    let choices = choices(schema);
    if !choices.is_empty() {
        return format!("one of {}", choices.join(", "));
    }
    let is = |name: &str| match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        Some(one) => one == name,
        None => false,
    };
    match (is("integer"), is("boolean")) {
        (true, _) => whole(schema),
        (false, true) => "true or false".to_owned(),
        (false, false) => "a text".to_owned(),
    }
}

fn whole(schema: &Value) -> String {
    let bound = |name: &str| schema.get(name).and_then(Value::as_i64);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!("a whole number from {least} to {most}"),
        (Some(least), None) => format!("a whole number, at least {least}"),
        (None, Some(_) | None) => "a whole number".to_owned(),
    }
}

/// The texts that a schema names, in its order.
fn choices(schema: &Value) -> Vec<&str> {
    let below = ["anyOf", "oneOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
    let named = schema.get("enum").and_then(Value::as_array).into_iter().flatten().chain(schema.get("const"));
    named.filter_map(Value::as_str).chain(below.flat_map(choices)).collect()
}
