//! `POST /v1/events`: the records of a request are put down together and in their order, and answered when they are
//! durable. One that cannot be read is put down too, to become a dead letter; one of a kind that the token may not
//! post is not.

use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use runtime::service::{Arrived, Receipt};
use runtime::trace;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;
use tokio::time::timeout;

use crate::app::App;
use crate::batch::{Batch, Form, Poster, RecordError};
use crate::body;
use crate::problem::{Code, Problem};
use crate::token::Caller;

/// Where records were put. They are durable; what they mean is decided later.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Accepted {
    /// The first one's position; the others follow without gaps.
    first_position: u64,
    /// How many were put down.
    count: usize,
    /// What is wrong with which.
    errors: Vec<RecordError>,
}

pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Arc<Caller>>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Accepted>), Problem> {
    let form = Form::of(&headers)?;
    let received = body::receive(&app, &headers, body).await?;
    let mut batch = read(&app, caller, received.bytes, form).await?;
    let arrived = std::mem::take(&mut batch.arrived);
    if arrived.is_empty() {
        let errors = json!(batch.errors());
        return Err(Problem::new(Code::AuthKind, "nothing was kept").with("errors", errors));
    }
    let receipt = submit(&app, arrived).await?;
    drop(received.share);
    trace::put_down(receipt.first, receipt.count);
    let errors = batch.errors_from(receipt.first);
    let accepted = Accepted { first_position: receipt.first.0, count: receipt.count, errors };
    Ok((StatusCode::ACCEPTED, Json(accepted)))
}

async fn read(app: &App, caller: Arc<Caller>, bytes: Bytes, form: Form) -> Result<Batch, Problem> {
    let (decode, records_max) = (app.given.decode, app.limits.records_max);
    let reading = move || Poster { caller: &caller, decode, records_max }.read(&bytes, form);
    app.decoders.run(reading).await?
}

/// Puts records down, and waits until they are durable.
pub(crate) async fn submit(app: &App, arrived: Vec<Arrived>) -> Result<Receipt, Problem> {
    let answer = app.given.lane.submit(arrived)?;
    let answer = timeout(app.limits.durable_wait, answer).await.map_err(|_| {
        Problem::new(Code::LaneSlow, format!("not durable after {:?}", app.limits.durable_wait))
    })?;
    Ok(answer.map_err(|_| Problem::new(Code::LaneStopping, "the lane has ended"))??)
}
