//! What the service tells its operator: lines for people on a terminal, otherwise one JSON object a line. Both go to
//! standard error.

use ruleset::{Diagnostic, Severity};
use runtime::service::Happening;
use std::io::{self, IsTerminal};
use tracing::{debug, error, info, warn};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry, fmt};

use crate::run::otlp::Export;

/// Begins to tell, from this level up, and to export, where there is somebody to export to. To be called once.
pub(crate) fn begin(level: LevelFilter, export: Option<&Export>) {
    let spans = export.map(Export::layer);
    let layers: Vec<_> = spans.into_iter().chain([lines(level)]).collect();
    tracing_subscriber::registry().with(layers).init();
}

/// Spans are exported, not told: where nobody exports, they are never made.
fn lines(level: LevelFilter) -> Box<dyn Layer<Registry> + Send + Sync> {
    let told = filter_fn(move |metadata| metadata.is_event() && *metadata.level() <= level);
    let told = told.with_max_level_hint(level);
    let lines = fmt::layer().with_writer(io::stderr).with_target(false);
    if io::stderr().is_terminal() {
        return lines.with_filter(told).boxed();
    }
    let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
    lines.with_filter(told).boxed()
}

/// Tells what happened to the service.
pub(crate) fn tell(happening: &Happening) {
    match happening {
        Happening::PassedOver(what) => warn!(reason = %what, "a snapshot is passed over"),
        Happening::Recovered { snapshot, records, next, took } => info!(
            snapshot_position = snapshot.map(|at| at.0),
            records,
            next_position = next.0,
            seconds = took.as_secs_f64(),
            "recovered and caught up"
        ),
        Happening::Snapped { at, bytes, took } => {
            info!(position = at.0, bytes, seconds = took.as_secs_f64(), "snapshot taken");
        }
        Happening::NotSnapped { at, what } => {
            error!(position = at.0, reason = %what, "no snapshot could be taken");
        }
        Happening::InForce { ruleset, from } => {
            info!(ruleset = %ruleset, position = from.0, "another ruleset is in force");
        }
        Happening::Faulty(fault) => error!(reason = %fault, "the store is at fault"),
        Happening::Mended => info!("the store is well again"),
    }
}

/// Tells how far recovery has come.
pub(crate) fn progress(next: model::Position) {
    debug!(next_position = next.0, "catching up");
}

/// Tells what is wrong with a ruleset, one event for each problem.
pub(crate) fn problems(problems: &[Diagnostic]) {
    for Diagnostic { file, severity, code, range, message, help } in problems {
        let (line, column, help) = (range.start.line, range.start.column, help.as_deref());
        match severity {
            Severity::Error => error!(%file, line, column, code, help, "{message}"),
            Severity::Warning => warn!(%file, line, column, code, help, "{message}"),
        }
    }
}
