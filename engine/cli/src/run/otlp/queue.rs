//! What waits to be exported: so many spans, and no more.

use opentelemetry::Context;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};
use runtime::trace::WAITING_SPANS_MAX;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How many wait, and how many found no room.
#[derive(Debug, Default)]
pub(super) struct Depth {
    waiting: AtomicUsize,
    turned_away: AtomicUsize,
}

impl Depth {
    /// Whether there is room for one more, which is then taken.
    fn enter(&self) -> bool {
        let room = |waiting| (waiting < WAITING_SPANS_MAX).then_some(waiting + 1);
        let entered = self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, room).is_ok();
        if !entered {
            self.turned_away.fetch_add(1, Ordering::Relaxed);
        }
        entered
    }

    /// So many are exported now. Gives how many found no room since it was asked last.
    pub(super) fn leave(&self, count: usize) -> usize {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        self.turned_away.swap(0, Ordering::Relaxed)
    }
}

/// Lets in what there is room for. The batches behind it have as much, so that they never drop one uncounted.
#[derive(Debug)]
pub(super) struct Queue<P> {
    pub(super) batches: P,
    pub(super) depth: Arc<Depth>,
}

impl<P: SpanProcessor> SpanProcessor for Queue<P> {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.depth.enter() {
            self.batches.on_end(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted_once() {
        let depth = Depth::default();
        let entered = (0..WAITING_SPANS_MAX + 3).filter(|_| depth.enter()).count();
        assert_eq!(entered, WAITING_SPANS_MAX);
        assert_eq!(depth.leave(2), 3);
        assert!(depth.enter() && depth.enter() && !depth.enter());
        assert_eq!(depth.leave(0), 1);
    }
}
