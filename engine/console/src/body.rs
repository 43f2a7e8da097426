//! Receiving a body: so large, so fast, and with its share of the memory that bodies may take.

use axum::body::{Body, HttpBody};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use tokio::time::timeout;

use crate::app::App;
use crate::encoding::Encoding;
use crate::intake::Share;
use crate::problem::{Code, Problem};

/// A body, decompressed.
pub(crate) struct Received {
    pub(crate) bytes: Bytes,
    /// To be kept for as long as the bytes are.
    pub(crate) share: Share,
}

/// Receives a body, whole.
pub(crate) async fn receive(app: &App, headers: &HeaderMap, body: Body) -> Result<Received, Problem> {
    let encoding = Encoding::of(headers)?;
    let bytes_max = app.limits.body_bytes_max;
    let announced = HttpBody::size_hint(&body).lower();
    if announced > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
        return Err(too_large(bytes_max));
    }
    let received = timeout(app.limits.body_wait, collect(body, bytes_max, app.intake.share())).await;
    let mut received = received.map_err(|_| {
        Problem::new(Code::BodySlow, format!("it was not there after {:?}", app.limits.body_wait))
    })??;
    if encoding == Encoding::Identity {
        return Ok(received);
    }
    let bytes_max = app.limits.decoded_bytes_max;
    let undone = app.decoders.run(move || {
        received.bytes = encoding.undo(&received.bytes, bytes_max, &mut received.share)?.into();
        Ok(received)
    });
    undone.await?
}

/// Receives a body that has to be JSON.
pub(crate) async fn json(app: &App, headers: &HeaderMap, body: Body) -> Result<Received, Problem> {
    let named = headers.get(header::CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
    if named.split(';').next().unwrap_or_default().trim() != "application/json" {
        return Err(Problem::new(Code::BodyType, "send one object as application/json"));
    }
    receive(app, headers, body).await
}

/// The same, where nothing may be sent.
pub(crate) async fn json_or_nothing(
    app: &App,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<Received>, Problem> {
    if HttpBody::is_end_stream(&body) {
        return Ok(None);
    }
    json(app, headers, body).await.map(Some)
}

/// What is wrong with the shape of a body, and the JSON pointer of where.
pub(crate) fn misshapen(pointer: &str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::BodyShape, detail).with("pointer", pointer.into())
}

async fn collect(mut body: Body, bytes_max: usize, mut share: Share) -> Result<Received, Problem> {
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Problem::new(Code::BodyBroken, format!("it ends early: {error}")))?;
        // Trailers say nothing that is asked for.
        let Ok(piece) = frame.into_data() else { continue };
        if whole.len() + piece.len() > bytes_max {
            return Err(too_large(bytes_max));
        }
        share.hold(whole.len() + piece.len())?;
        whole.extend_from_slice(&piece);
    }
    Ok(Received { bytes: whole.into(), share })
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(Code::BodyTooLarge, format!("it has more than {bytes_max} bytes; send it in parts"))
}
