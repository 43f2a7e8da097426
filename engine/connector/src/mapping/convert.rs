//! From what a cell says to what an event says: times, money, whole numbers, ids, truth values, addresses.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};
use serde_json::Value;

use model::Currency;

use super::decimal::{Decimal, Inexact, Rounding};

/// How a text becomes a value.
#[derive(Debug)]
pub(crate) enum Conversion {
    /// It stays a text; some texts are replaced.
    Text(BTreeMap<String, String>),
    /// An id: a number that a spreadsheet wrote as `17850.0` is `17850`.
    Id,
    /// A time.
    Time(Vec<TimeFormat>, TimeZone),
    /// An amount in minor units of the event's currency.
    Money(Rounding),
    /// A whole number.
    Whole(Rounding),
    /// True for these texts, false for all others.
    Flag(Vec<String>),
    /// An address, or an IPv4 address written as a decimal number, whatever its fraction.
    Ip,
}

/// How times are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// RFC 3339 or ISO 8601, with or without an offset, `T` or a space between date and time.
    Iso,
    /// A count since the epoch; this many of them make a second.
    Epoch(i64),
    /// By strftime's directives.
    Pattern(String),
}

impl TimeFormat {
    /// `iso`, `epoch_s`, `epoch_ms`, `epoch_us`, or a pattern.
    pub(crate) fn parse(text: &str) -> Result<TimeFormat, String> {
        match text {
            "iso" => Ok(TimeFormat::Iso),
            "epoch_s" => Ok(TimeFormat::Epoch(1)),
            "epoch_ms" => Ok(TimeFormat::Epoch(1_000)),
            "epoch_us" => Ok(TimeFormat::Epoch(1_000_000)),
            pattern if pattern.contains('%') => {
                strtime::format(pattern, &jiff::Zoned::default())
                    .map_err(|error| format!("`{pattern}` is not a time format: {error}"))?;
                Ok(TimeFormat::Pattern(pattern.to_owned()))
            }
            other => Err(format!(
                "`{other}` is not a time format; write iso, epoch_s, epoch_ms, epoch_us, or one such as %Y-%m-%d %H:%M:%S"
            )),
        }
    }

    /// Milliseconds since the epoch; parts of one are cut off.
    fn read(&self, text: &str, zone: &TimeZone) -> Option<i64> {
        match self {
            TimeFormat::Iso => match text.parse::<Timestamp>() {
                Ok(timestamp) => Some(floor_ms(timestamp)),
                Err(_) => in_zone(text.parse().ok()?, zone),
            },
            TimeFormat::Epoch(per_second) => {
                let count = Decimal::parse(text)?.times(Decimal::parse("1000")?);
                let scaled = count.in_units(0, Rounding::Truncate).ok()?;
                Some(scaled.div_euclid(*per_second))
            }
            TimeFormat::Pattern(pattern) => {
                let parts = strtime::parse(pattern, text).ok()?;
                match parts.offset() {
                    Some(_) => Some(floor_ms(parts.to_timestamp().ok()?)),
                    None => in_zone(parts.to_datetime().ok()?, zone),
                }
            }
        }
    }
}

fn in_zone(time: DateTime, zone: &TimeZone) -> Option<i64> {
    Some(floor_ms(zone.to_ambiguous_timestamp(time).compatible().ok()?))
}

fn floor_ms(timestamp: Timestamp) -> i64 {
    let floor = jiff::TimestampRound::new().smallest(Unit::Millisecond).mode(jiff::RoundMode::Floor);
    timestamp.round(floor).unwrap_or(timestamp).as_millisecond()
}

/// A number of a cell, times that of another, perhaps with the other sign.
pub(crate) struct Figure {
    pub(crate) number: Decimal,
    pub(crate) rounding: Rounding,
}

impl Figure {
    /// In units of `10^-decimals`.
    pub(crate) fn in_units(&self, decimals: u32) -> Result<i64, String> {
        self.number.in_units(decimals, self.rounding).map_err(|inexact| match (inexact, decimals) {
            (Inexact::TooLarge, _) => "is too large".to_owned(),
            (Inexact::Fraction, 0) => "is not a whole number".to_owned(),
            (Inexact::Fraction, decimals) => {
                format!("has more than {decimals} decimals; say round = \"half_even\" if it may be rounded")
            }
        })
    }
}

/// The value that a text becomes; the error says what is wrong with it. Money and whole numbers are figures,
/// which their caller converts.
pub(crate) fn convert(conversion: &Conversion, text: &str) -> Result<Value, String> {
    match conversion {
        Conversion::Text(replaced) => Ok(replaced.get(text).map_or(text, String::as_str).into()),
        Conversion::Id => Ok(id(text).into()),
        Conversion::Time(formats, zone) => {
            let time = formats.iter().find_map(|format| format.read(text, zone));
            time.map(Value::from).ok_or_else(|| "is not a time in the mapping's format".to_owned())
        }
        Conversion::Flag(texts) => Ok(texts.iter().any(|t| t == text).into()),
        Conversion::Ip => {
            ip(text).map(|ip| ip.to_string().into()).ok_or_else(|| "is not an address".to_owned())
        }
        Conversion::Money(rounding) | Conversion::Whole(rounding) => {
            let number = Decimal::parse(text).ok_or("is not a decimal number")?;
            Figure { number, rounding: *rounding }.in_units(0).map(Value::from)
        }
    }
}

/// A whole number written with decimals, without them.
fn id(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') && is_digits(whole) => {
            whole
        }
        _ => text,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn ip(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    let number = Decimal::parse(text)?.in_units(0, Rounding::Truncate).ok()?;
    u32::try_from(number).ok().map(|bits| Ipv4Addr::from_bits(bits).into())
}

/// The decimals of the currency named by a text.
pub(crate) fn currency(text: &str) -> Result<Currency, String> {
    Currency::new(text).ok_or_else(|| crate::wire::unknown_currency(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(format: &str, zone: &str, text: &str) -> Option<i64> {
        let zone = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        TimeFormat::parse(format).unwrap().read(text, &zone)
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        assert_eq!(time("%m/%d/%Y %H:%M", "UTC", "2/4/2015 2:05"), Some(1_423_015_500_000));
        assert_eq!(time("%Y-%m-%d %H:%M:%S", "UTC", "2020-02-04 4:30:21"), Some(1_580_790_621_000));
        assert_eq!(time("iso", "UTC", "2019-11-01T01:27:15.811098"), Some(1_572_571_635_811));
        assert_eq!(time("iso", "UTC", "2019-11-01 01:27:15+02:00"), Some(1_572_564_435_000));
        assert_eq!(time("epoch_s", "UTC", "1700000000.5"), Some(1_700_000_000_500));
        assert_eq!(time("epoch_us", "UTC", "1700000000000999"), Some(1_700_000_000_000));
        assert_eq!(time("iso", "UTC", "yesterday"), None);
    }

    #[test]
    fn a_zone_shifts_and_an_hour_that_comes_twice_is_the_first() {
        assert_eq!(time("iso", "Europe/London", "2011-07-01 12:00:00"), Some(1_309_518_000_000));
        assert_eq!(time("iso", "Europe/London", "2011-10-30 01:30:00"), Some(1_319_934_600_000));
    }

    #[test]
    fn ids_lose_the_decimals_that_a_spreadsheet_gave_them() {
        assert_eq!(
            ["17850.0", "17850", "12.5", "A.0", ".0", "1."].map(id),
            ["17850", "17850", "12.5", "A.0", ".0", "1."]
        );
    }

    #[test]
    fn an_address_may_be_a_number() {
        let text = |text| ip(text).map(|ip| ip.to_string());
        assert_eq!(text("732758368.8").as_deref(), Some("43.173.1.96"));
        assert_eq!(text("192.0.2.7").as_deref(), Some("192.0.2.7"));
        assert_eq!(text("4294967296"), None);
    }
}
