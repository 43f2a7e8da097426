//! A request, measured: by route, method and status, as the table of metrics says, and as a span where it is one of the
//! API.

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, Method, StatusCode};
use runtime::{Stopwatch, telemetry, trace};
use tracing::Span;

use crate::app::Adopt;

/// What has no label of its own: clients must not make series by asking for what is not there.
const OTHER: &str = "other";
/// What the paths of the API begin with: health, metrics and the contract are asked for over and over.
const API: &str = "/v1/";
/// By which a caller names its trace.
const TRACEPARENT: &str = "traceparent";

/// A request that has not been answered.
pub(crate) struct Timed {
    route: String,
    method: &'static str,
    since: Stopwatch,
    span: Span,
}

impl Timed {
    /// A request has come.
    pub(crate) fn start(request: &Request, adopt: Adopt) -> Timed {
        let path = request.extensions().get::<MatchedPath>();
        let route = path.map_or(OTHER, |path| path.as_str()).to_owned();
        let method = match *request.method() {
            Method::GET => "GET",
            Method::POST => "POST",
            _ => OTHER,
        };
        let span = span(method, &route, request.headers(), adopt);
        Timed { route, method, since: Stopwatch::start(), span }
    }

    /// What belongs to it.
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// Its answer begins.
    pub(crate) fn answered(self, status: StatusCode) {
        let took = self.since.elapsed();
        trace::answered(&self.span, status.as_u16());
        telemetry::HTTP_REQUESTS.counter(&[&self.route, self.method, status.as_str()]).increment(1);
        telemetry::HTTP_TIME.histogram(&[&self.route, self.method]).record(took.as_secs_f64());
    }
}

fn span(method: &str, route: &str, headers: &HeaderMap, adopt: Adopt) -> Span {
    if !route.starts_with(API) {
        return Span::none();
    }
    let span = trace::request(method, route);
    let named = headers.get(TRACEPARENT).filter(|_| !span.is_disabled());
    if let Some(named) = named.and_then(|named| named.to_str().ok()) {
        adopt(&span, named);
    }
    span
}
