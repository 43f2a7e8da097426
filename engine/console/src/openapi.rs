//! The contract as an OpenAPI 3.1 document, made from the table of routes and the types that they answer.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use crate::problem::Code;
use crate::route::{Needs, Presence, Route, SchemaOf, Verb};
use crate::routes;

const ABOUT: &str = "The HTTP API of a running lane. An answer that is not good is always one shape, \
    `application/problem+json`, with a `code` that stays the same for ever. Beside what each path lists: \
    `route.unknown` (404), `method.unknown` (405), and `connections.too_many` (503); a request line and headers \
    that are too large are answered with a bare 431. Bodies may be compressed with gzip or zstd.";

/// The contract.
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().for_serialize().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut schemas = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in routes::all() {
        let verb = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
        };
        paths.entry(route.path).or_default().insert(verb.to_owned(), operation(&route, &mut schemas));
    }
    let mut definitions = schemas.take_definitions(true);
    definitions.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Tidegate", "version": "1", "license": license(), "description": ABOUT},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "`tg_…`"}},
        },
    })
}

fn license() -> Value {
    json!({"name": "Apache-2.0", "identifier": "Apache-2.0"})
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.about,
        "security": security(route.needs),
        "parameters": parameters(route, schemas),
        "responses": responses(route, schemas),
    });
    if !route.takes.is_empty() {
        let required = route.body == Presence::Required;
        let body = json!({"required": required, "content": content(&route.takes, schemas)});
        put(&mut operation, "requestBody", body);
    }
    operation
}

/// `post_v1_rulesets_check`.
fn operation_id(route: &Route) -> String {
    let verb = match route.verb {
        Verb::Get => "get",
        Verb::Post => "post",
    };
    let words = route.path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    [verb].into_iter().chain(words).collect::<Vec<_>>().join("_")
}

fn security(needs: Needs) -> Value {
    match needs {
        Needs::Nothing => json!([]),
        Needs::AnyKind => json!([{"token": []}]),
        Needs::The(scope) => json!([{"token": [scope.name()]}]),
    }
}

fn parameters(route: &Route, schemas: &mut SchemaGenerator) -> Vec<Value> {
    let in_path = route
        .path
        .contains("{id}")
        .then(|| json!({"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}));
    let mut parameters: Vec<Value> = in_path.into_iter().collect();
    for asked in &route.asks {
        let schema = asked(schemas).to_value();
        let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        parameters.extend(properties.into_iter().map(|(name, schema)| query_parameter(&name, schema)));
    }
    parameters
}

fn query_parameter(name: &str, mut schema: Value) -> Value {
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    json!({"name": name, "in": "query", "description": description, "schema": schema})
}

fn responses(route: &Route, schemas: &mut SchemaGenerator) -> Map<String, Value> {
    let good = json!({"description": "Done.", "content": content(&route.answers, schemas)});
    let mut responses = Map::from_iter([(route.status.to_string(), good)]);
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in route.all_problems() {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    let bad = by_status.into_iter().map(|(status, codes)| (status.to_string(), refusal(&codes)));
    responses.extend(bad);
    responses
}

fn content(types: &[(&'static str, SchemaOf)], schemas: &mut SchemaGenerator) -> Map<String, Value> {
    types.iter().map(|(name, schema)| ((*name).to_owned(), json!({"schema": schema(schemas)}))).collect()
}

fn refusal(codes: &[Code]) -> Value {
    let meanings: Vec<String> =
        codes.iter().map(|code| format!("`{}`: {}", code.name(), code.meaning())).collect();
    let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
    let schema = json!({
        "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"code": {"enum": names}}}],
    });
    let mut refusal = json!({
        "description": meanings.join(" "),
        "content": {"application/problem+json": {"schema": schema}},
    });
    if codes.iter().any(|code| code.retry_after_s().is_some()) {
        let schema = json!({"type": "integer", "description": "Seconds."});
        let headers = json!({"Retry-After": {"schema": schema}});
        put(&mut refusal, "headers", headers);
    }
    refusal
}

fn put(object: &mut Value, name: &str, member: Value) {
    object.as_object_mut().and_then(|members| members.insert(name.to_owned(), member));
}

fn problem() -> Value {
    json!({
        "description": "What was not done, and why (RFC 9457). Some have more: `errors`, `reasons`, `diagnostics`, `refusal`.",
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string", "description": "`urn:tidegate:problem:` and the code."},
            "title": {"type": "string", "description": "What the code means."},
            "status": {"type": "integer"},
            "code": {"enum": Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>()},
            "detail": {"type": "string", "description": "This time, for a person."},
            "parameter": {
                "type": "string",
                "description": "The parameter of path, query or header that is wrong, where one is.",
            },
            "pointer": {
                "type": "string",
                "description": "JSON pointer of what is wrong in the body, where something is; empty for all of it.",
            },
        },
    })
}
