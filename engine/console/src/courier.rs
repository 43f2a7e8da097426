//! Sending a request to somebody else's service, and waiting for the answer: bounded in time and size, and never to
//! another place than the one that was named.

use bytes::Bytes;
use std::time::Duration;
use ureq::Agent;
use ureq::http::{Request, Response};

/// Bytes of an answer that are read: more is no answer.
const ANSWER_BYTES_MAX: u64 = 1 << 16;

/// Nothing came back, or not in time.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Undelivered(String);

/// Whoever sends.
#[derive(Debug)]
pub struct Courier {
    agent: Agent,
}

impl Courier {
    /// Gives up on an answer after so long.
    pub fn new(wait: Duration) -> Courier {
        let config = Agent::config_builder()
            .timeout_global(Some(wait))
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None);
        Courier { agent: config.build().into() }
    }

    /// Sends, and blocks until the answer is there, whatever its status.
    ///
    /// # Errors
    /// When there is none.
    pub fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Undelivered> {
        let undelivered = |error: ureq::Error| Undelivered(error.to_string());
        let answer = self.agent.run(request.map(Vec::from)).map_err(undelivered)?;
        let (head, mut body) = answer.into_parts();
        let body = body.with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(undelivered)?;
        Ok(Response::from_parts(head, body.into()))
    }
}
