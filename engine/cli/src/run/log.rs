//! What the service tells its operator: lines for people on a terminal, otherwise one JSON object a line. Both go to
//! standard error.

use ruleset::{Diagnostic, Severity};
use runtime::service::Happening;
use std::io::{self, IsTerminal};
use tracing::{debug, error, info, warn};
use tracing_subscriber::filter::LevelFilter;

/// Begins to tell, from this level up. To be called once.
pub(crate) fn begin(level: LevelFilter) {
    let lines = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_target(false);
    if io::stderr().is_terminal() {
        lines.init();
    } else {
        lines.json().flatten_event(true).with_current_span(false).with_span_list(false).init();
    }
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
