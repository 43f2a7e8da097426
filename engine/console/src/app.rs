//! What handlers are given.

use bytes::Bytes;
use runtime::JournalError;
use runtime::books::Books;
use runtime::letters::Clerk;
use runtime::service::{Arrived, Lane};
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};
use tracing::Span;

use crate::intake::Intake;
use crate::limit::Limits;
use crate::openapi;
use crate::problem::Problem;
use crate::token::Tokens;
use crate::workers::Workers;

/// Reads a record that an identity posted. It never fails: what cannot be read says why.
pub type Decode = fn(raw: Bytes, identity: &str) -> Arrived;

/// The metrics, in Prometheus' text format.
pub type Metrics = Arc<dyn Fn() -> String + Send + Sync>;

/// Gives a clerk, for one thing that is done about a dead letter.
pub type Clerks = Arc<dyn Fn() -> Result<Box<dyn Clerk>, JournalError> + Send + Sync>;

/// Makes a request's span part of the trace that its caller named by the header `traceparent`.
pub type Adopt = fn(span: &Span, traceparent: &str);

/// What is served.
#[derive(Clone)]
pub struct Given {
    /// Takes records and rulesets.
    pub lane: Arc<dyn Lane>,
    /// Answers questions.
    pub books: Arc<dyn Books>,
    /// Deals with dead letters.
    pub clerk: Clerks,
    /// Reads records.
    pub decode: Decode,
    /// Gives the metrics.
    pub metrics: Metrics,
    /// Continues traces of callers.
    pub adopt: Adopt,
}

/// What handlers share.
pub(crate) struct App {
    pub(crate) given: Given,
    pub(crate) limits: Limits,
    pub(crate) tokens: Tokens,
    /// Read the store.
    pub(crate) readers: Workers,
    /// Decompress, decode and check.
    pub(crate) decoders: Workers,
    /// Deal with dead letters, and wait for what is decided of them.
    pub(crate) clerks: Workers,
    /// Bodies in memory.
    pub(crate) intake: Intake,
    /// Clients that wait for verdicts.
    pub(crate) followers: Arc<Semaphore>,
    /// One ruleset is loaded at a time.
    pub(crate) loading: Arc<Semaphore>,
    /// Whether it is time to end.
    pub(crate) stopping: watch::Receiver<bool>,
    /// The contract, as it is served.
    pub(crate) contract: Bytes,
}

impl App {
    pub(crate) fn new(given: Given, limits: Limits, stopping: watch::Receiver<bool>) -> App {
        App {
            tokens: Tokens::new(Arc::clone(&given.books), &limits),
            readers: Workers::new(limits.readers_max, limits.turn_wait),
            decoders: Workers::new(limits.readers_max, limits.turn_wait),
            clerks: Workers::new(limits.readers_max, limits.turn_wait),
            intake: Intake::new(limits.intake_bytes_max),
            followers: Arc::new(Semaphore::new(limits.followers_max)),
            loading: Arc::new(Semaphore::new(1)),
            contract: openapi::document().to_string().into(),
            given,
            limits,
            stopping,
        }
    }

    /// Asks the books.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&dyn Books) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, Problem> {
        let books = Arc::clone(&self.given.books);
        Ok(self.readers.run(move || question(&*books)).await??)
    }
}

/// Waits until it is time to end.
pub(crate) async fn told(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stopping| *stopping).await);
}
