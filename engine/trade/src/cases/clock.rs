//! Times of a case: spans from its beginning, read and written as `1d2h30m`.

use model::{EventTime, Span};

use super::epoch;

const UNITS: [(&str, i64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Parses `90s`, `1d2h30m`: whole numbers with units, largest first, each unit at most once.
pub(crate) fn parse_span(text: &str) -> Option<Span> {
    let (mut rest, mut total_ms, mut units) = (text, 0_i64, UNITS.as_slice());
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at_checked(digits)?;
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at_checked(letters)?;
        let at = units.iter().position(|(name, _)| *name == unit)?;
        let (_, unit_ms) = units.get(at)?;
        total_ms = number.parse::<i64>().ok()?.checked_mul(*unit_ms)?.checked_add(total_ms)?;
        units = units.get(at + 1..)?;
        rest = tail;
    }
    let centuries = 100 * 365 * 86_400_000;
    (!text.is_empty() && total_ms <= centuries).then(|| Span::from_ms(total_ms))
}

/// Writes a time as the span since the beginning of the case; times before it, and times long after, in full.
pub(crate) fn since_epoch(time: EventTime) -> String {
    let mut rest_ms = time.ms_since(epoch());
    if rest_ms < 0 {
        return time.to_string();
    }
    let mut text = String::new();
    for (unit, unit_ms) in UNITS {
        if rest_ms >= unit_ms {
            text.push_str(&format!("{}{unit}", rest_ms / unit_ms));
            rest_ms %= unit_ms;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for text in ["0s", "90ms", "1m30s", "14d1m", "2d3h4m5s6ms"] {
            let span = parse_span(text).unwrap();
            assert_eq!(since_epoch(epoch().plus(span)), text);
        }
        assert_eq!(parse_span("90s"), Some(Span::from_secs(90)));
        for nonsense in ["", "1", "m", "1m1h", "1s1s", "-1s", "1.5h", "1 m", "99999999d"] {
            assert_eq!(parse_span(nonsense), None, "{nonsense}");
        }
    }
}
