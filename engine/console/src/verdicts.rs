//! `GET /v1/verdicts`: what comes after a sequence, at once or as soon as there is something.

use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use runtime::books::PublishedVerdict;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::app::{App, told};
use crate::problem::{Code, Problem};
use crate::query;
use crate::stream;
use crate::token::Token;

/// Which verdicts, and how long to wait for one.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct VerdictQuery {
    /// Those after this sequence; all when missing. An event stream goes on after its `Last-Event-ID`.
    after: Option<u64>,
    /// How many at most; 100 when missing.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// For how many seconds to wait when there are none; not at all when missing.
    wait: Option<u64>,
}

/// Verdicts in their order.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct VerdictPage {
    verdicts: Vec<Numbered>,
    /// What to ask for next: `after`.
    next_after: u64,
}

/// A verdict and its place.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Numbered {
    /// Its place among all verdicts of the lane, from 1 without gaps.
    sequence: u64,
    /// As `verdict.schema.json` says.
    #[schemars(with = "Map<String, Value>")]
    verdict: Box<RawValue>,
}

/// How verdicts are wanted.
enum Wanted {
    Page,
    Lines,
    Stream,
}

pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(token): Extension<Token>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked: VerdictQuery = query::of(&uri)?;
    let (after, rows) = (asked.after.unwrap_or_default(), query::rows(asked.limit)?);
    let wait = wait(&app, asked.wait)?;
    match wanted(&headers) {
        Wanted::Stream => {
            let after = last_event(&headers)?.unwrap_or(after);
            Ok(stream::answer(Arc::clone(&app), token, after, follow(&app)?))
        }
        Wanted::Page => {
            let verdicts = page(&app, after, rows, wait).await?;
            let next_after = verdicts.last().map_or(after, |last| last.sequence);
            Ok(Json(VerdictPage { verdicts, next_after }).into_response())
        }
        Wanted::Lines => lines(&page(&app, after, rows, wait).await?),
    }
}

/// A place among those who wait for verdicts.
fn follow(app: &App) -> Result<OwnedSemaphorePermit, Problem> {
    let place = Arc::clone(&app.followers).try_acquire_owned();
    place.map_err(|_| Problem::new(Code::FollowersTooMany, "too many wait for verdicts already"))
}

async fn page(app: &App, after: u64, rows: u32, wait: Duration) -> Result<Vec<Numbered>, Problem> {
    if !wait.is_zero() {
        let place = follow(app)?;
        // Nothing came: the page is empty, which is no error.
        drop(timeout(wait, come(app, after)).await);
        drop(place);
    }
    let verdicts = app.ask(move |books| books.verdicts(after, rows)).await?;
    verdicts.into_iter().map(numbered).collect()
}

/// Waits until there is a verdict after this one, or the service stops.
pub(crate) async fn come(app: &App, after: u64) {
    let mut count = app.given.lane.status().verdicts();
    let mut stopping = app.stopping.clone();
    let counted = async { drop(count.wait_for(|count| *count > after).await) };
    tokio::select! {
        () = counted => {}
        () = told(&mut stopping) => {}
    }
}

fn numbered(verdict: PublishedVerdict) -> Result<Numbered, Problem> {
    Ok(Numbered { sequence: verdict.sequence, verdict: as_json(verdict.json)? })
}

/// What was published, which is JSON.
pub(crate) fn as_json(text: String) -> Result<Box<RawValue>, Problem> {
    RawValue::from_string(text)
        .map_err(|error| Problem::new(Code::StoreDamaged, format!("a verdict is not JSON: {error}")))
}

fn lines(verdicts: &[Numbered]) -> Result<Response, Problem> {
    let mut body = Vec::new();
    for verdict in verdicts {
        serde_json::to_writer(&mut body, verdict)
            .map_err(|error| Problem::new(Code::StoreDamaged, error.to_string()))?;
        body.push(b'\n');
    }
    let content = HeaderValue::from_static("application/x-ndjson");
    Ok(([(header::CONTENT_TYPE, content)], body).into_response())
}

fn wait(app: &App, wait_s: Option<u64>) -> Result<Duration, Problem> {
    let wait = Duration::from_secs(wait_s.unwrap_or_default());
    if wait > app.limits.follow_wait_max {
        let detail = format!("wait is at most {} s", app.limits.follow_wait_max.as_secs());
        return Err(query::invalid("wait", detail));
    }
    Ok(wait)
}

fn wanted(headers: &HeaderMap) -> Wanted {
    let accepted =
        headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok()).unwrap_or_default();
    if accepted.contains("text/event-stream") {
        return Wanted::Stream;
    }
    let lines = ["application/x-ndjson", "application/ndjson", "application/jsonl"];
    if lines.iter().any(|lines| accepted.contains(lines)) { Wanted::Lines } else { Wanted::Page }
}

fn last_event(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(last) = headers.get("last-event-id") else { return Ok(None) };
    let sequence = last.to_str().ok().and_then(|last| last.parse().ok());
    sequence
        .map(Some)
        .ok_or_else(|| query::invalid("Last-Event-ID", "Last-Event-ID is the sequence of a verdict"))
}
