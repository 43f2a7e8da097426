//! The real clock. It paces and times work; it never reaches a verdict.

#![expect(clippy::disallowed_methods, reason = "the one place where the real clock is read")]

use model::EventTime;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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

/// The wall clock may differ from steady time by this before it is no longer believed.
const STEP_MAX_MS: i64 = 10_000;

/// The wall clock, as far as it can be believed: it goes on at the pace of the machine's steady clock. Small
/// corrections are followed; a jump is not, until a restart, since a wall clock that jumps ahead would release money
/// early.
#[derive(Debug, Clone)]
pub struct SteadyClock {
    started: Instant,
    /// Wall time at the start, corrected since; milliseconds since the epoch.
    started_ms: i64,
    /// How far the wall clock has jumped and is not followed, in milliseconds.
    jumped_ms: i64,
    source: fn() -> i64,
}

impl SteadyClock {
    /// Believes what the wall clock says now.
    pub fn start() -> SteadyClock {
        SteadyClock::reading(wall_ms)
    }

    fn reading(source: fn() -> i64) -> SteadyClock {
        SteadyClock { started: Instant::now(), started_ms: source(), jumped_ms: 0, source }
    }

    /// The time.
    pub fn now(&mut self) -> EventTime {
        let elapsed = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let steady = self.started_ms.saturating_add(elapsed);
        let ahead = (self.source)().saturating_sub(steady);
        self.jumped_ms = if ahead.abs() > STEP_MAX_MS { ahead } else { 0 };
        let now = if self.jumped_ms == 0 { steady.saturating_add(ahead) } else { steady };
        self.started_ms = now.saturating_sub(elapsed);
        let bounded = now.clamp(EventTime::MIN.as_ms(), EventTime::MAX.as_ms());
        EventTime::from_ms(bounded).expect("it is within the bounds")
    }

    /// How far the wall clock is from the time that is believed, if it has jumped: milliseconds, positive ahead.
    pub fn jump_ms(&self) -> Option<i64> {
        Some(self.jumped_ms).filter(|jump| *jump != 0)
    }
}

fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};

    static WALL_MS: AtomicI64 = AtomicI64::new(1_767_225_600_000);

    #[test]
    fn small_corrections_are_followed_and_jumps_are_not() {
        let mut clock = SteadyClock::reading(|| WALL_MS.load(Ordering::Relaxed));
        let near = |clock: &mut SteadyClock, ms: i64| (clock.now().as_ms() - ms).abs() < 5_000;
        assert!(near(&mut clock, 1_767_225_600_000));
        WALL_MS.store(1_767_225_604_000, Ordering::Relaxed);
        assert!(near(&mut clock, 1_767_225_604_000) && clock.jump_ms().is_none());
        for jumped in [1_767_229_200_000, 1_767_139_200_000] {
            WALL_MS.store(jumped, Ordering::Relaxed);
            assert!(near(&mut clock, 1_767_225_604_000), "a jump to {jumped} is not followed");
            assert!(clock.jump_ms().is_some());
        }
        WALL_MS.store(1_767_225_606_000, Ordering::Relaxed);
        assert!(near(&mut clock, 1_767_225_606_000) && clock.jump_ms().is_none(), "it came back");
    }
}
