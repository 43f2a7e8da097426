//! Spans on their way to an OpenTelemetry collector, over OTLP/HTTP as protobuf. Off unless an endpoint is named.
//!
//! ```text
//!  span ends ─▶ queue ─▶ batches, on a thread of their own ─▶ collector
//!               so many
//! ```
//!
//! What must hold: whoever makes a span never waits. Where the collector is slow or gone, spans are lost, counted, and
//! told of once; nothing else is.

mod collector;
mod queue;

use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TracerProvider;
use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider};
use runtime::trace::{TARGET, WAITING_SPANS_MAX};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tracing::{Metadata, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::{Layer, Registry};

use crate::failure::Failure;
use crate::run::otlp::collector::{Collector, Telling};
use crate::run::otlp::queue::{Depth, Queue};

/// How long the collector may take for a batch, tries included.
const SEND_WAIT: Duration = Duration::from_secs(5);
/// How long a stop waits for the spans that are left.
const FLUSH_WAIT: Duration = Duration::from_secs(5);

/// Exports spans until it is dropped: then those that are left are sent, as far as the time goes.
pub(crate) struct Export(SdkTracerProvider);

impl Export {
    /// Begins to export what happens to the lane in a folder.
    pub(crate) fn begin(endpoint: &str, folder: &Path) -> Result<Export, Failure> {
        let url = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
        let (collector, depth) = (Arc::new(Collector::at(&url, SEND_WAIT)), Arc::new(Depth::default()));
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector::Post(Arc::clone(&collector)))
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(url)
            .with_timeout(SEND_WAIT)
            .build()
            .map_err(|error| Failure::usage(format!("`otlp_endpoint` cannot be exported to: {error}")))?;
        let exporter = Telling { exporter, collector, depth: Arc::clone(&depth) };
        let batches = BatchSpanProcessor::builder(exporter)
            .with_batch_config(BatchConfigBuilder::default().with_max_queue_size(WAITING_SPANS_MAX).build())
            .build();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource(folder))
            .with_span_processor(Queue { batches, depth });
        Ok(Export(provider.build()))
    }

    /// What takes the spans, of those that are made.
    pub(crate) fn layer(&self) -> Box<dyn Layer<Registry> + Send + Sync> {
        let ours = |metadata: &Metadata<'_>| metadata.is_span() && metadata.target() == TARGET;
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("tidegate"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_filter(filter_fn(ours).with_max_level_hint(LevelFilter::INFO))
            .boxed()
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // Whatever was not sent by then is lost, which has been told where the collector is gone.
        drop(self.0.shutdown_with_timeout(FLUSH_WAIT));
    }
}

/// Makes a span part of the trace of whoever asked. What is no `traceparent` begins a trace.
pub(crate) fn adopt(span: &Span, traceparent: &str) {
    let caller = TraceContextPropagator::new().extract(&Caller(traceparent));
    // A span that is not exported has no parent either.
    drop(span.set_parent(caller));
}

struct Caller<'c>(&'c str);

impl Extractor for Caller<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == "traceparent").then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

/// Who exports. The name can be another by `OTEL_SERVICE_NAME`, and `OTEL_RESOURCE_ATTRIBUTES` can add to it.
fn resource(folder: &Path) -> Resource {
    let lane = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let named = Resource::builder().build().get(&Key::from_static_str("service.name"));
    let named = named.filter(|name| !name.as_str().starts_with("unknown_service"));
    Resource::builder()
        .with_service_name(named.unwrap_or_else(|| Value::from("tidegate")))
        .with_attributes([
            KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
            KeyValue::new("tidegate.lane", lane.display().to_string()),
        ])
        .build()
}
