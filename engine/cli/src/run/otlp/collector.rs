//! The collector, and what is told of it: when spans begin to be lost, and when they arrive again; not each time.

use async_trait::async_trait;
use console::Courier;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use runtime::{Stopwatch, telemetry};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tracing::{info, warn};

use crate::run::otlp::queue::Depth;

/// So long no span may be lost until it is believed that they arrive again.
const CALM: Duration = Duration::from_secs(60);

/// Where spans are sent.
#[derive(Debug)]
pub(super) struct Collector {
    url: String,
    courier: Courier,
    standing: Mutex<Standing>,
}

/// How it stands with the collector.
#[derive(Debug, Default)]
struct Standing {
    /// What went wrong last, in words.
    wrong: String,
    /// Spans that were lost since it was told of.
    lost: usize,
    /// When the last ones were lost; never, where all arrive.
    last_lost: Option<Stopwatch>,
}

impl Collector {
    /// At a URL; it may take so long for a batch.
    pub(super) fn at(url: &str, wait: Duration) -> Collector {
        Collector { url: url.to_owned(), courier: Courier::new(wait), standing: Mutex::default() }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let answer = self.courier.send(request);
        let wrong = match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(error.to_string()),
        };
        if let Some(wrong) = wrong {
            self.standing().wrong = wrong;
        }
        Ok(answer?)
    }

    /// So many spans arrived.
    fn took(&self, count: usize) {
        count_as("sent", count);
        let mut standing = self.standing();
        if standing.last_lost.is_some_and(|last| last.elapsed() >= CALM) {
            info!(collector = %self.url, lost = standing.lost, "spans arrive at the collector again");
            *standing = Standing::default();
        }
    }

    /// So many spans were lost.
    fn lost(&self, count: usize) {
        count_as("lost", count);
        let mut standing = self.standing();
        if standing.last_lost.is_none() {
            let reason = if standing.wrong.is_empty() { "it is too slow" } else { &standing.wrong };
            warn!(collector = %self.url, reason, "spans do not arrive at the collector and are lost; nothing else is");
        }
        standing.lost += count;
        standing.last_lost = Some(Stopwatch::start());
    }
}

fn count_as(outcome: &str, count: usize) {
    telemetry::SPANS.counter(&[outcome]).increment(u64::try_from(count).unwrap_or(u64::MAX));
}

/// Posts to the collector. It blocks, on the thread that has nothing else to do.
#[derive(Debug)]
pub(super) struct Post(pub(super) Arc<Collector>);

#[async_trait]
impl HttpClient for Post {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        self.0.send(request)
    }
}

/// Exports, and tells what becomes of it.
#[derive(Debug)]
pub(super) struct Telling<E> {
    pub(super) exporter: E,
    pub(super) collector: Arc<Collector>,
    pub(super) depth: Arc<Depth>,
}

impl<E: SpanExporter> SpanExporter for Telling<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let turned_away = self.depth.leave(count);
        let outcome = self.exporter.export(batch).await;
        let (sent, lost) = if outcome.is_ok() { (count, turned_away) } else { (0, count + turned_away) };
        if lost > 0 {
            self.collector.lost(lost);
        }
        if sent > 0 {
            self.collector.took(sent);
        }
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn shutdown(&self) -> OTelSdkResult {
        self.exporter.shutdown()
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
