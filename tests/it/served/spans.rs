//! Spans: what a collector is sent of a service, and that a service does not need one.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use prost::Message as _;
use runtime::Stopwatch;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{BUSY, Served, batches, rules_in, tidegate, token};

/// A collector that keeps what it is sent.
struct Collector {
    url: String,
    kept: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

impl Collector {
    fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let kept = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&kept);
        let take =
            move || listener.incoming().for_each(|socket| keep.lock().unwrap().push(taken(socket.unwrap())));
        std::thread::Builder::new().spawn(take).unwrap();
        Collector { url, kept }
    }

    fn spans(&self) -> Vec<Span> {
        let kept = self.kept.lock().unwrap();
        let resources = kept.iter().flat_map(|request| &request.resource_spans);
        resources.flat_map(|spans| &spans.scope_spans).flat_map(|spans| spans.spans.clone()).collect()
    }
}

/// One request to a collector, answered.
fn taken(mut socket: TcpStream) -> ExportTraceServiceRequest {
    let mut reader = BufReader::new(socket.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let head = head.to_lowercase();
    assert!(head.starts_with("post /v1/traces http/1.1\r\n"), "{head}");
    assert!(head.contains("\r\ncontent-type: application/x-protobuf\r\n"), "{head}");
    assert!(head.contains("\r\nx-tenant: shop\r\n"), "what the environment adds is sent: {head}");
    let (_, length) = head.split_once("content-length: ").unwrap();
    let mut body = vec![0; length.split_once('\r').unwrap().0.parse().unwrap()];
    reader.read_exact(&mut body).unwrap();
    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
    ExportTraceServiceRequest::decode(&*body).unwrap()
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref().and_then(|AnyValue { value }| value.as_ref())
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key} is {other:?}"),
    }
}

fn whole(span: &Span, key: &str) -> i64 {
    match value(&span.attributes, key) {
        Some(Value::IntValue(whole)) => *whole,
        other => panic!("{key} of {} is {other:?}", span.name),
    }
}

fn named<'s>(spans: &'s [Span], name: &str) -> Vec<&'s Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn sum(spans: &[&Span], key: &str) -> i64 {
    spans.iter().map(|span| whole(span, key)).sum()
}

/// A service that exports soon, as it is told more.
fn exporting(folder: &Path, endpoint: &str, rules: &Path) -> Served {
    let mut command = tidegate(&["run", "--listen", "127.0.0.1:0", "--snapshot-interval", "300"]);
    command.args(["--otlp-endpoint", endpoint]).arg("--data").arg(folder).arg("--rules").arg(rules);
    command.env("OTEL_BSP_SCHEDULE_DELAY", "100").env("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop");
    Served::running(command)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const UNSAMPLED: &str = "5bf92f3577b34da6a3ce929d0e0e4736";

/// Posts batches: one as part of a trace, one of a trace that nobody keeps, the others without. Gives what was posted,
/// in records and in bytes.
fn fed(served: &Served, token: &str) -> (i64, i64) {
    let batches = batches(12);
    for (index, batch) in batches.iter().enumerate() {
        let parent = match index {
            0 => format!("\r\ntraceparent: 00-{TRACE}-{CALLER}-01"),
            1 => format!("\r\ntraceparent: 00-{UNSAMPLED}-{CALLER}-00"),
            2 => "\r\ntraceparent: nonsense".to_owned(),
            _ => String::new(),
        };
        let content = format!("application/x-ndjson{parent}");
        assert_eq!(served.ask_as(&content, "POST /v1/events", token, batch).unwrap().0, 202);
    }
    let lines = || batches.iter().flat_map(|batch| batch.split_inclusive(|byte| *byte == b'\n'));
    let bytes: usize = lines().map(|line| line.len() - 1).sum();
    (i64::try_from(lines().count()).unwrap(), i64::try_from(bytes).unwrap())
}

#[test]
fn a_collector_is_sent_what_a_service_does() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    let collector = Collector::start();
    let served = exporting(&data, &collector.url, &rules);
    let token = token(&data);
    let (records, bytes) = fed(&served, &token);
    let other = serde_json::json!({ "busy.rhai": BUSY.replace("7d", "8d") }).to_string();
    let loaded = served.ask_as("application/json", "POST /v1/rulesets", &token, other.as_bytes()).unwrap();
    assert_eq!(loaded.0, 200, "{loaded:?}");
    assert_eq!(served.ask("GET /livez", "", b"").unwrap().0, 200);
    assert_eq!(served.ask("GET /v1/nowhere", &token, b"").unwrap().0, 404);
    served.stop();

    let spans = collector.spans();
    let kept = collector.kept.lock().unwrap();
    let resource = &kept[0].resource_spans[0].resource.as_ref().unwrap().attributes;
    assert_eq!(text(resource, "service.name"), "tidegate");
    assert_eq!(text(resource, "service.version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(text(resource, "tidegate.lane"), data.to_str().unwrap());

    let posts = named(&spans, "POST /v1/events");
    assert_eq!(posts.len(), 11, "all but the one that its caller does not keep");
    for post in &posts {
        assert_eq!(post.kind, i32::from(SpanKind::Server));
        assert_eq!(text(&post.attributes, "http.request.method"), "POST");
        assert_eq!(text(&post.attributes, "http.route"), "/v1/events");
        assert_eq!(whole(post, "http.response.status_code"), 202);
        assert_eq!(text(&post.attributes, "tidegate.identity"), "t");
        assert!(post.end_time_unix_nano > post.start_time_unix_nano);
    }
    let of_caller: Vec<_> = posts.iter().filter(|post| hex(&post.trace_id) == TRACE).collect();
    assert_eq!(of_caller.len(), 1);
    assert_eq!(hex(&of_caller[0].parent_span_id), CALLER);
    assert_eq!(whole(of_caller[0], "tidegate.first_position"), 1);
    assert!(
        posts.iter().filter(|post| hex(&post.trace_id) != TRACE).all(|post| post.parent_span_id.is_empty())
    );
    assert!(spans.iter().all(|span| hex(&span.trace_id) != UNSAMPLED));
    let served = spans.iter().filter(|span| span.kind == i32::from(SpanKind::Server));
    assert!(served.clone().all(|span| text(&span.attributes, "http.route").starts_with("/v1/")));

    let (commits, chunks) = (named(&spans, "commit"), named(&spans, "decide"));
    assert_eq!(sum(&commits, "tidegate.bytes"), bytes);
    assert!(sum(&commits, "tidegate.records") > records, "and a ruleset");
    assert_eq!(sum(&chunks, "tidegate.records"), sum(&commits, "tidegate.records"));
    assert!(sum(&chunks, "tidegate.verdicts") > 0);
    assert_eq!(sum(&chunks, "tidegate.verdicts"), sum(&commits, "tidegate.verdicts"));
    let snapshots = named(&spans, "snapshot");
    assert!(!snapshots.is_empty() && snapshots.iter().all(|snapshot| whole(snapshot, "tidegate.bytes") > 0));

    let asked = named(&spans, "POST /v1/rulesets")[0];
    let loads = named(&spans, "load ruleset");
    let load =
        loads.iter().find(|load| load.parent_span_id == asked.span_id).expect("it is within its request");
    assert_eq!(load.trace_id, asked.trace_id);
    assert_eq!(text(&load.attributes, "tidegate.outcome"), "loaded");
    assert!(loaded.1.contains(text(&load.attributes, "tidegate.ruleset")), "{loaded:?}");
    assert!(loaded.1.contains(&format!("\"position\":{}", whole(load, "tidegate.position"))), "{loaded:?}");
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_ruleset_that_does_not_check_is_a_span_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    let collector = Collector::start();
    let served = exporting(&data, &collector.url, &rules);
    let broken = serde_json::json!({ "busy.rhai": "hold(" }).to_string();
    let answer = served.ask_as("application/json", "POST /v1/rulesets", &token(&data), broken.as_bytes());
    assert_eq!(answer.unwrap().0, 422);
    served.stop();
    let spans = collector.spans();
    let asked = named(&spans, "POST /v1/rulesets")[0];
    let failed = |span: &Span| span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    assert!(!failed(asked), "it was answered as it should be");
    let load = spans.iter().find(|span| span.parent_span_id == asked.span_id).unwrap();
    assert!(failed(load), "{load:?}");
    assert_eq!(text(&load.attributes, "tidegate.outcome"), "problems");
}

/// Feeds a service whose collector takes nothing, until spans of several batches are lost; then stops it.
fn goes_on_without(endpoint: &str) {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    let served = exporting(&data, endpoint, &rules);
    let token = token(&data);
    let batch = batches(1).swap_remove(0);
    let lost = || {
        let metrics = served.ask("GET /metrics", &token, b"").unwrap().1;
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("tidegate_spans_total{outcome=\"lost\"} "));
        line.unwrap().parse::<u64>().unwrap()
    };
    let (mut losses, mut last) = (0, 0);
    let since = Stopwatch::start();
    while losses < 2 {
        let asked = Stopwatch::start();
        assert_eq!(served.ask("POST /v1/events", &token, &batch).unwrap().0, 202);
        assert!(asked.elapsed() < Duration::from_secs(4), "nobody waits for a collector");
        let now = lost();
        losses += usize::from(now > last);
        last = now;
        assert!(since.elapsed() < Duration::from_secs(120), "{last} spans were lost");
        std::thread::sleep(Duration::from_millis(50));
    }
    let said = Arc::clone(&served.said);
    let stopping = Stopwatch::start();
    served.stop();
    assert!(stopping.elapsed() < Duration::from_secs(30), "{:?}", stopping.elapsed());
    let said = said.lock().unwrap();
    assert_eq!(said.matches("spans do not arrive").count(), 1, "{said}");
    assert!(!said.contains("arrive at the collector again"), "{said}");
}

#[test]
fn a_service_goes_on_without_a_collector_that_is_not_there() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    goes_on_without(&format!("http://{gone}"));
}

#[test]
fn a_service_goes_on_without_a_collector_that_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    goes_on_without(&format!("http://{}", silent.local_addr().unwrap()));
}
