//! What a service does, as spans, in one list: names, attributes, and how each ends. Whoever does it takes the span
//! from the list; whoever exports spans takes those of [`TARGET`].
//!
//! Nothing here is read by a decision. Where nobody exports, a span is never made and no attribute is worked out.
//! Whole numbers are signed: that is what exporters understand.

use model::{Position, Record};
use ruleset::Sources;
use std::fmt;
use tracing::field::Empty;
use tracing::{Span, info_span};

use crate::journal::Decided;

/// What marks a span as one of these.
pub const TARGET: &str = "tidegate::span";
/// Spans that wait to be exported, at most. More are lost: nothing waits for whoever collects them.
pub const WAITING_SPANS_MAX: usize = 2_048;

/// A request, until its answer begins. The method and the route name it.
pub fn request(method: &str, route: &str) -> Span {
    info_span!(
        target: TARGET,
        "request",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        otel.status_code = Empty,
        http.request.method = method,
        http.route = route,
        http.response.status_code = Empty,
        tidegate.identity = Empty,
        tidegate.first_position = Empty,
        tidegate.records = Empty,
    )
}

/// The request that is being served is that of an identity.
pub fn asked_by(identity: &str) {
    Span::current().record("tidegate.identity", identity);
}

/// The request that is being served put down so many records.
pub fn put_down(first: Position, count: usize) {
    let span = Span::current();
    span.record("tidegate.first_position", place(first));
    span.record("tidegate.records", whole(count));
}

/// A request was answered: the service failed where the status says so.
pub fn answered(span: &Span, status: u16) {
    span.record("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.record("otel.status_code", "ERROR");
    }
}

/// A group is made durable: records, and what was decided of earlier ones.
pub(crate) fn commit(records: &[Record], decided: &[Decided]) -> Span {
    info_span!(
        target: TARGET,
        "commit",
        otel.status_code = Empty,
        otel.status_description = Empty,
        tidegate.first_position = records.first().map(|record| place(record.position)),
        tidegate.records = whole(records.len()),
        tidegate.bytes = whole(records.iter().map(|record| record.raw.len()).sum()),
        tidegate.verdicts = whole(decided.iter().map(|decided| decided.verdicts.len()).sum()),
        tidegate.decided_through = decided.last().map(|decided| place(decided.through)),
    )
}

/// A chunk is decided.
pub(crate) fn decide(records: &[Record]) -> Span {
    info_span!(
        target: TARGET,
        "decide",
        tidegate.first_position = records.first().map(|record| place(record.position)),
        tidegate.records = whole(records.len()),
        tidegate.verdicts = Empty,
    )
}

/// A chunk was decided, with so many verdicts.
pub(crate) fn decided(span: &Span, verdicts: usize) {
    span.record("tidegate.verdicts", whole(verdicts));
}

/// A snapshot is taken at a position, with following the log up to it.
pub(crate) fn snapshot(at: Position) -> Span {
    info_span!(
        target: TARGET,
        "snapshot",
        otel.status_code = Empty,
        otel.status_description = Empty,
        tidegate.position = place(at),
        tidegate.bytes = Empty,
    )
}

/// A snapshot of so many bytes was taken.
pub(crate) fn snapped(span: &Span, bytes: usize) {
    span.record("tidegate.bytes", whole(bytes));
}

/// A ruleset is asked to be loaded.
pub(crate) fn load(sources: &Sources) -> Span {
    info_span!(
        target: TARGET,
        "load ruleset",
        otel.status_code = Empty,
        otel.status_description = Empty,
        tidegate.ruleset = sources.hash(),
        tidegate.outcome = Empty,
        tidegate.position = Empty,
    )
}

/// What became of a ruleset, in a word, and from where it takes effect.
pub(crate) fn loaded(span: &Span, outcome: &str, from: Option<Position>) {
    span.record("tidegate.outcome", outcome);
    span.record("tidegate.position", from.map(place));
}

/// It failed.
pub(crate) fn failed(span: &Span, what: &dyn fmt::Display) {
    if !span.is_disabled() {
        span.record("otel.status_code", "ERROR");
        span.record("otel.status_description", what.to_string());
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn place(position: Position) -> i64 {
    i64::try_from(position.0).unwrap_or(i64::MAX)
}
