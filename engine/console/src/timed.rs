//! A request, measured: by route, method and status, as the table of metrics says.

use axum::extract::{MatchedPath, Request};
use axum::http::{Method, StatusCode};
use runtime::{Stopwatch, telemetry};

/// What has no label of its own: clients must not make series by asking for what is not there.
const OTHER: &str = "other";

/// A request that has not been answered.
pub(crate) struct Timed {
    route: String,
    method: &'static str,
    since: Stopwatch,
}

impl Timed {
    /// A request has come.
    pub(crate) fn start(request: &Request) -> Timed {
        let path = request.extensions().get::<MatchedPath>();
        Timed {
            route: path.map_or(OTHER, |path| path.as_str()).to_owned(),
            method: match *request.method() {
                Method::GET => "GET",
                Method::POST => "POST",
                _ => OTHER,
            },
            since: Stopwatch::start(),
        }
    }

    /// Its answer begins.
    pub(crate) fn answered(self, status: StatusCode) {
        let took = self.since.elapsed();
        telemetry::HTTP_REQUESTS.counter(&[&self.route, self.method, status.as_str()]).increment(1);
        telemetry::HTTP_TIME.histogram(&[&self.route, self.method]).record(took.as_secs_f64());
    }
}
