//! When a live demo ends: its time is up, or somebody asks for it.

use runtime::Stopwatch;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::failure::Failure;

/// The exit code of a process that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// How long a demo may take to hear that it is to stop. A terminal that has gone can keep the reading of its keys
/// from ever coming back.
const HEARING: Duration = Duration::from_secs(3);

/// Somebody asked, and the demo has heard.
#[derive(Default)]
struct Request {
    asked: AtomicBool,
    heard: AtomicBool,
}

/// Says when to stop.
pub(crate) struct Stop {
    request: Arc<Request>,
    watch: Stopwatch,
    after: Option<Duration>,
}

impl Stop {
    /// Listens for Ctrl-C, SIGTERM and SIGHUP from now on, and counts the seconds.
    pub(crate) fn listen(after_s: Option<u64>) -> Result<Stop, Failure> {
        let request = Arc::new(Request::default());
        let asked = Arc::clone(&request);
        ctrlc::set_handler(move || asked.insist())
            .map_err(|e| Failure::usage(format!("cannot listen for Ctrl-C: {e}")))?;
        Ok(Stop { request, watch: Stopwatch::start(), after: after_s.map(Duration::from_secs) })
    }

    /// Whether it is time.
    pub(crate) fn is_due(&self) -> bool {
        let asked = self.request.asked.load(Ordering::Relaxed);
        self.request.heard.fetch_or(asked, Ordering::Relaxed);
        asked || self.after.is_some_and(|after| self.watch.elapsed() >= after)
    }
}

impl Request {
    /// Asks the demo to stop, and ends the process if it does not hear. The state folder is as it was then.
    fn insist(&self) {
        self.asked.store(true, Ordering::Relaxed);
        std::thread::sleep(HEARING);
        if !self.heard.load(Ordering::Relaxed) {
            ratatui::restore();
            std::process::exit(INTERRUPTED);
        }
    }
}
