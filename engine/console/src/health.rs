//! Whether it lives, whether it can work, how it is doing, and what the API is.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use runtime::service::Status;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

use crate::app::App;
use crate::problem::{Code, Problem};

/// It runs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Alive {
    /// Always.
    alive: bool,
}

/// It takes records and decides them.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Ready {
    /// Always: otherwise the answer is the problem `not_ready`, with its reasons.
    ready: bool,
}

/// Why it cannot work at the moment.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Reason {
    /// A stable code.
    code: &'static str,
    /// For a person.
    detail: String,
}

/// How the lane is doing.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LaneStatus {
    /// The position that the next record gets.
    next_position: u64,
    /// Decided, and what was decided is permanent, up to this position.
    decided_position: Option<u64>,
    /// Records that are permanent and not decided yet.
    undecided: u64,
    /// The log clock: milliseconds since the epoch.
    clock_at: Option<i64>,
    /// The position of the newest snapshot.
    snapshot_position: Option<u64>,
    /// Verdicts so far, which is the sequence of the last one.
    verdicts: u64,
    /// The hash of the ruleset in force.
    ruleset: String,
}

pub(crate) async fn livez() -> Json<Alive> {
    Json(Alive { alive: true })
}

pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<Json<Ready>, Problem> {
    let reasons = reasons(app.given.lane.status(), *app.stopping.borrow());
    if reasons.is_empty() {
        return Ok(Json(Ready { ready: true }));
    }
    Err(Problem::new(Code::NotReady, "records may be refused at the moment").with("reasons", json!(reasons)))
}

fn reasons(status: &Status, stopping: bool) -> Vec<Reason> {
    let fault = status.fault().map(|fault| Reason { code: "store.unavailable", detail: fault.to_string() });
    let undecided = status.undecided();
    let behind = status
        .is_behind()
        .then(|| Reason { code: "lane.busy", detail: format!("{undecided} records wait to be decided") });
    let ending = stopping.then(|| Reason { code: "lane.stopping", detail: "it is stopping".to_owned() });
    [fault, behind, ending].into_iter().flatten().collect()
}

pub(crate) async fn status(State(app): State<Arc<App>>) -> Json<LaneStatus> {
    let status = app.given.lane.status();
    Json(LaneStatus {
        next_position: status.next().0,
        decided_position: status.decided().map(|position| position.0),
        undecided: status.undecided(),
        clock_at: status.clock().map(|clock| clock.as_ms()),
        snapshot_position: status.snapshot().map(|position| position.0),
        verdicts: *status.verdicts().borrow(),
        ruleset: status.ruleset().to_string(),
    })
}

pub(crate) async fn metrics(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    let metrics = Arc::clone(&app.given.metrics);
    let text = app.readers.run(move || metrics()).await?;
    let content = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, content)], text))
}

pub(crate) async fn contract(State(app): State<Arc<App>>) -> impl IntoResponse {
    let content = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, content)], app.contract.clone())
}
