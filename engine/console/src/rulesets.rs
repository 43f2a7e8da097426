//! Rulesets: which were kept, whether one checks, and loading one. A ruleset that does not check never replaces one
//! that runs.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use ruleset::{Diagnostic, Ruleset, Sources};
use runtime::books::RulesetView;
use runtime::service::{Load, LoadError};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use tracing::Span;

use crate::app::App;
use crate::body::{self, misshapen};
use crate::problem::{Code, Problem};

/// The rulesets that were kept, newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Rulesets {
    rulesets: Vec<RulesetView>,
}

/// Whether a ruleset would load.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RulesetCheck {
    /// Whether it would.
    loads: bool,
    /// Its version, if it would.
    hash: Option<String>,
    /// Everything that is wrong or worth a look.
    diagnostics: Vec<Diagnostic>,
}

/// What became of a ruleset.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RulesetLoad {
    outcome: RulesetOutcome,
    /// Its version.
    hash: String,
    /// From where it takes effect; missing when it was in force before.
    position: Option<u64>,
    /// What is worth a look.
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum RulesetOutcome {
    /// It takes effect at `position`.
    Loaded,
    /// It was in force before.
    InForce,
}

pub(crate) async fn list(State(app): State<Arc<App>>) -> Result<Json<Rulesets>, Problem> {
    let rulesets = app.ask(|books| books.rulesets()).await?;
    Ok(Json(Rulesets { rulesets }))
}

pub(crate) async fn check(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RulesetCheck>, Problem> {
    let sources = sources(&app, &headers, body).await?;
    let check = match app.decoders.run(move || Ruleset::load(&sources)).await? {
        Ok(loaded) => RulesetCheck {
            loads: true,
            hash: Some(loaded.ruleset.hash().to_owned()),
            diagnostics: loaded.warnings,
        },
        Err(diagnostics) => RulesetCheck { loads: false, hash: None, diagnostics },
    };
    Ok(Json(check))
}

pub(crate) async fn load(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RulesetLoad>, Problem> {
    let loading = Arc::clone(&app.loading).try_acquire_owned();
    let loading = loading.map_err(|_| Problem::new(Code::RulesetLoading, "try again when it is in force"))?;
    let sources = sources(&app, &headers, body).await?;
    let hash = sources.hash();
    let lane = Arc::clone(&app.given.lane);
    // It may measure the past for minutes: it takes no turn of those who read.
    let span = Span::current();
    let loaded = tokio::task::spawn_blocking(move || {
        let loaded = span.in_scope(|| lane.load(&sources));
        drop(loading);
        loaded
    });
    match loaded.await.map_err(|_| Problem::new(Code::LaneStopping, "the load was broken off"))? {
        Ok(Load::InForce) => Ok(Json(in_force(hash))),
        Ok(Load::Loaded(position, diagnostics)) => Ok(Json(RulesetLoad {
            outcome: RulesetOutcome::Loaded,
            hash,
            position: Some(position.0),
            diagnostics,
        })),
        Err(error) => Err(not_loaded(error)),
    }
}

fn in_force(hash: String) -> RulesetLoad {
    RulesetLoad { outcome: RulesetOutcome::InForce, hash, position: None, diagnostics: Vec::new() }
}

fn not_loaded(error: LoadError) -> Problem {
    match error {
        LoadError::Problems(diagnostics) => {
            Problem::new(Code::RulesetProblems, format!("{} problem(s)", diagnostics.len()))
                .with("diagnostics", json!(diagnostics))
        }
        LoadError::Journal(error) => error.into(),
        LoadError::Refused(refused) => refused.into(),
    }
}

async fn sources(app: &App, headers: &HeaderMap, body: Body) -> Result<Sources, Problem> {
    let received = body::json(app, headers, body).await?;
    let body: Value = serde_json::from_slice(&received.bytes)
        .map_err(|error| misshapen("", format!("not an object of paths and texts: {error}")))?;
    let Value::Object(files) = body else {
        return Err(misshapen("", "not an object of paths and texts"));
    };
    let files: BTreeMap<String, String> = files.into_iter().map(file).collect::<Result<_, _>>()?;
    if !files.keys().any(|path| path.ends_with(".rhai")) {
        return Err(misshapen(
            "",
            "without a rule (NAME.rhai) nothing would be held any more; send all files of the folder",
        ));
    }
    Ok(Sources::from_iter(files))
}

fn file((path, text): (String, Value)) -> Result<(String, String), Problem> {
    match text {
        _ if !is_within_a_folder(&path) => {
            Err(misshapen(&pointer(&path), format!("`{path}` is not a path within a ruleset")))
        }
        Value::String(text) => Ok((path, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(misshapen(&pointer(&path), format!("`{path}` is no text")))
        }
    }
}

/// A member of the body (RFC 6901).
fn pointer(member: &str) -> String {
    format!("/{}", member.replace('~', "~0").replace('/', "~1"))
}

/// Whether a path names a file of the ruleset's folder or below it, in one way only.
fn is_within_a_folder(path: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part != "." && part != "..";
    !path.contains(|c: char| c.is_control() || c == '\\') && path.split('/').all(plain)
}
