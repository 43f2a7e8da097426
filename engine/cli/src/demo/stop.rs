//! When a live demo ends: its time is up, or somebody asks for it.

use runtime::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::failure::Failure;

/// Says when to stop.
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    watch: Stopwatch,
    after: Option<Duration>,
}

impl Stop {
    /// Listens for Ctrl-C, SIGTERM and SIGHUP from now on, and counts the seconds.
    pub(crate) fn listen(after_s: Option<u64>) -> Result<Stop, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&asked);
        ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
            .map_err(|e| Failure::usage(format!("cannot listen for Ctrl-C: {e}")))?;
        Ok(Stop { asked, watch: Stopwatch::start(), after: after_s.map(Duration::from_secs) })
    }

    /// Whether it is time.
    pub(crate) fn is_due(&self) -> bool {
        self.asked.load(Ordering::Relaxed) || self.after.is_some_and(|after| self.watch.elapsed() >= after)
    }
}
