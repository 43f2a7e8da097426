//! Event time and spans of it. Nothing here can read a clock.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Milliseconds since the Unix epoch, UTC, as an event or a tick states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventTime(i64);

impl EventTime {
    /// 2000-01-01T00:00:00Z: nothing earlier is accepted.
    pub const MIN: EventTime = EventTime(946_684_800_000);
    /// 2200-01-01T00:00:00Z: nothing later is accepted.
    pub const MAX: EventTime = EventTime(7_258_118_400_000);

    /// A time within [`EventTime::MIN`]..=[`EventTime::MAX`], from milliseconds since the epoch.
    pub fn from_ms(ms: i64) -> Option<EventTime> {
        (EventTime::MIN.0..=EventTime::MAX.0).contains(&ms).then_some(EventTime(ms))
    }

    /// 2400-01-01T00:00:00Z: no date that follows from an event (a due date, the end of a hold) is later.
    pub const LATEST: EventTime = EventTime(13_569_465_600_000);

    /// A date that follows from an event: within [`EventTime::MIN`]..=[`EventTime::LATEST`].
    pub fn following_from_ms(ms: i64) -> Option<EventTime> {
        (EventTime::MIN.0..=EventTime::LATEST.0).contains(&ms).then_some(EventTime(ms))
    }

    /// Milliseconds since the epoch.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The time `span` later; at most a few centuries past [`EventTime::MAX`], so it never overflows.
    #[must_use]
    pub const fn plus(self, span: Span) -> EventTime {
        EventTime(self.0.saturating_add(span.0))
    }

    /// The time `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> EventTime {
        EventTime(self.0.saturating_sub(span.0))
    }

    /// Milliseconds from `earlier` to `self`; negative when `earlier` is in fact later.
    pub const fn ms_since(self, earlier: EventTime) -> i64 {
        self.0 - earlier.0
    }

    /// Whole seconds from `earlier` to `self`, rounded towards the past (-1 ms is -1 s).
    pub const fn seconds_since(self, earlier: EventTime) -> i64 {
        (self.0 - earlier.0).div_euclid(1000)
    }

    /// The hour of the day in UTC, 0..=23.
    pub const fn hour_utc(self) -> i64 {
        self.0.div_euclid(3_600_000).rem_euclid(24)
    }

    /// The first point of a grid of `step` that is at or after this time.
    #[must_use]
    pub const fn grid_ceiling(self, step: Span) -> EventTime {
        let below = self.0.div_euclid(step.0) * step.0;
        EventTime(if below == self.0 { below } else { below + step.0 })
    }

    /// The last point of a grid of `step` that is at or before this time.
    #[must_use]
    pub const fn grid_floor(self, step: Span) -> EventTime {
        EventTime(self.0.div_euclid(step.0) * step.0)
    }
}

/// RFC 3339 in UTC with milliseconds, for people.
impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let ms = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}")?;
        match ms % 1000 {
            0 => f.write_str("Z"),
            fraction => write!(f, ".{fraction:03}Z"),
        }
    }
}

/// Proleptic Gregorian date of a day count since 1970-01-01
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// A length of event time, in milliseconds, never negative. A day is 86,400 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of `ms` milliseconds; negative is taken as zero.
    pub const fn from_ms(ms: i64) -> Span {
        Span(if ms < 0 { 0 } else { ms })
    }

    /// A span of whole seconds.
    pub const fn from_secs(s: i64) -> Span {
        Span::from_ms(s * 1000)
    }

    /// A span of whole minutes.
    pub const fn from_mins(m: i64) -> Span {
        Span::from_secs(m * 60)
    }

    /// A span of whole hours.
    pub const fn from_hours(h: i64) -> Span {
        Span::from_mins(h * 60)
    }

    /// A span of days of 86,400 s.
    pub const fn from_days(d: i64) -> Span {
        Span::from_hours(d * 24)
    }

    /// Milliseconds.
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// Parses `90s`, `10m`, `24h`, `180d` or `250ms`: a whole number and one unit, at most 100 years.
    pub fn parse(text: &str) -> Option<Span> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits)?;
        let unit_ms = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        let ms = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
        (ms <= 36_525 * 86_400_000).then_some(Span(ms))
    }
}

/// The largest unit that states the span exactly: `10m`, `36h`, `7d`; the inverse of [`Span::parse`].
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
        let (size, unit) = units.into_iter().find(|(size, _)| self.0 % size == 0).unwrap_or((1, "ms"));
        if self.0 == 0 { f.write_str("0s") } else { write!(f, "{}{unit}", self.0 / size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_prints_as_rfc_3339() {
        let at = |ms| EventTime::from_ms(ms).unwrap().to_string();
        assert_eq!(at(946_684_800_000), "2000-01-01T00:00:00Z");
        assert_eq!(at(1_709_164_799_999), "2024-02-28T23:59:59.999Z");
        assert_eq!(at(1_709_164_800_000), "2024-02-29T00:00:00Z");
    }

    #[test]
    fn a_span_prints_as_it_is_parsed() {
        for text in ["90s", "10m", "24d", "250ms", "36h"] {
            assert_eq!(Span::parse(text).unwrap().to_string(), text);
        }
        for nonsense in ["", "m", "10", "10 m", "-1s", "1.5h", "10M", "99999999999d"] {
            assert_eq!(Span::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_grid_point_belongs_to_itself() {
        let step = Span::from_mins(1);
        let at = EventTime::from_ms(1_700_000_040_000).unwrap();
        assert_eq!(at.grid_ceiling(step), at);
        assert_eq!(at.plus(Span::from_ms(1)).grid_ceiling(step), at.plus(step));
        assert_eq!(at.plus(Span::from_ms(1)).grid_floor(step), at);
    }
}
