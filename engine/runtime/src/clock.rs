//! The real clock. It paces and times work; it never reaches a verdict.

#![expect(clippy::disallowed_methods, reason = "the one place where the real clock is read")]

use std::time::{Duration, Instant};

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    pub fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    /// Time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Lets event time pass a number of times faster than real time.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    started: Instant,
    /// Milliseconds of event time in one second of real time.
    ms_per_s: u64,
}

impl Pace {
    /// Starts now: one real second is `ms_per_s` milliseconds of event time.
    pub fn start(ms_per_s: u64) -> Pace {
        Pace { started: Instant::now(), ms_per_s }
    }

    /// Event time that has passed since the start, in milliseconds.
    pub fn event_ms(&self) -> u64 {
        let real_us = self.started.elapsed().as_micros();
        u64::try_from(real_us * u128::from(self.ms_per_s) / 1_000_000).unwrap_or(u64::MAX)
    }
}
