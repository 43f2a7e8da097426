//! Server-sent events: every verdict after a sequence, for as long as the client listens.
//!
//! A client pulls: what it does not take is not read for it, so that a slow one holds one page and nobody up. One
//! that takes nothing at all is dropped by the connection. Its token is looked at again before every page and at
//! every heartbeat.

use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use runtime::books::PublishedVerdict;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{sleep, timeout};

use crate::app::App;
use crate::limit::STREAM_ROWS;
use crate::problem::{Code, Problem};
use crate::scope::Scope;
use crate::token::Token;
use crate::verdicts::come;

/// How long a client should wait before it comes again.
const RETRY: Duration = Duration::from_secs(1);

/// Streams what comes after a sequence. The place is given back when the client is gone.
pub(crate) fn answer(app: Arc<App>, token: Token, after: u64, place: OwnedSemaphorePermit) -> Response {
    let page = VecDeque::new();
    let follower = Follower { app, token, after, page, next: Next::Greeting, _place: place };
    let events = futures_util::stream::unfold(follower, |mut follower| async move {
        let event = follower.event().await?;
        Some((Ok::<Event, Infallible>(event), follower))
    });
    Sse::new(events).into_response()
}

struct Follower {
    app: Arc<App>,
    token: Token,
    /// The last one that was sent.
    after: u64,
    /// Those to send.
    page: VecDeque<PublishedVerdict>,
    next: Next,
    _place: OwnedSemaphorePermit,
}

/// What is sent next.
enum Next {
    /// Something at once, so that the client knows that it is connected.
    Greeting,
    Verdicts,
    /// A problem was sent.
    End,
}

impl Follower {
    async fn event(&mut self) -> Option<Event> {
        match self.next {
            Next::Greeting => {
                self.next = Next::Verdicts;
                Some(Event::default().retry(RETRY).comment("verdicts follow"))
            }
            Next::Verdicts => match self.verdict().await {
                Ok(event) => event,
                Err(problem) => {
                    self.next = Next::End;
                    Some(Event::default().event("problem").data(problem.json().to_string()))
                }
            },
            Next::End => None,
        }
    }

    /// The next verdict, or a sign of life after a while without one; nothing when the service stops.
    async fn verdict(&mut self) -> Result<Option<Event>, Problem> {
        if self.page.is_empty() {
            let came = timeout(self.app.limits.heartbeat, come(&self.app, self.after)).await;
            if *self.app.stopping.borrow() {
                return Ok(None);
            }
            self.authorized().await?;
            if came.is_ok() {
                let after = self.after;
                self.page = self.app.ask(move |books| books.verdicts(after, STREAM_ROWS)).await?.into();
            }
            if came.is_ok() && self.page.is_empty() {
                // Counted, and not to be read yet: no reason to ask without a pause.
                sleep(RETRY).await;
            }
        }
        let Some(verdict) = self.page.pop_front() else {
            return Ok(Some(Event::default().comment("alive")));
        };
        self.after = verdict.sequence;
        let id = verdict.sequence.to_string();
        Ok(Some(Event::default().id(id).event("verdict").data(verdict.json)))
    }

    async fn authorized(&self) -> Result<(), Problem> {
        let caller = self.app.tokens.caller(&self.token).await?;
        if caller.scopes.allow(Scope::Read) {
            return Ok(());
        }
        Err(Problem::new(Code::AuthScope, "the token may no longer read"))
    }
}
