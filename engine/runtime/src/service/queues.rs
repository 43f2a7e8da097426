//! What waits in a service, as whoever asks for the metrics sees it at that moment.

use crate::service::desk::Desk;
use crate::service::limit::{TAIL_BYTES_MAX, WAITING_BYTES_MAX, WAITING_RECORDS_MAX};
use crate::service::status::Status;
use crate::service::tail::Tail;
use crate::telemetry;

/// How much waits somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Depth {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

/// Publishes how much waits where, and how the service is doing.
pub(crate) fn publish(desk: &Desk, tail: &Tail, status: &Status) {
    depth("desk", desk.depth());
    depth("tail", tail.depth());
    telemetry::QUEUE_RECORDS.set(&["undecided"], status.undecided());
    telemetry::QUEUE_RECORDS_MAX.set(&["desk"], WAITING_RECORDS_MAX);
    telemetry::QUEUE_RECORDS_MAX.set(&["undecided"], status.undecided_max());
    telemetry::QUEUE_BYTES_MAX.set(&["desk"], WAITING_BYTES_MAX);
    telemetry::QUEUE_BYTES_MAX.set(&["tail"], TAIL_BYTES_MAX);
    telemetry::NEXT_POSITION.set(&[], status.next().0);
    telemetry::STORE_FAULT.set(&[], u8::from(status.fault().is_some()));
    snapshot(status);
}

fn depth(queue: &str, depth: Depth) {
    telemetry::QUEUE_RECORDS.set(&[queue], depth.records);
    telemetry::QUEUE_BYTES.set(&[queue], depth.bytes);
}

fn snapshot(status: &Status) {
    let at = status.snapshot().map_or(0, |position| position.0);
    let decided = status.decided().map_or(0, |position| position.0);
    telemetry::SNAPSHOT_POSITION.set(&[], at);
    telemetry::SNAPSHOT_LAG.set(&[], decided.saturating_sub(at));
    telemetry::SNAPSHOT_AGE.gauge(&[]).set(status.snapshot_age().as_secs_f64());
}
