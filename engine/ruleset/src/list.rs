//! Lists: values that a rule looks up, one a line. A line is
//!
//! ```text
//! VALUE [until=2026-12-31] [author=NAME] [reason=the rest of the line]
//! ```
//!
//! `#` begins a comment; a value with spaces stands in double quotes. An address or a network in CIDR form
//! matches every address inside it; of IPv6 nothing narrower than a /64. After its `until` an entry no longer
//! counts, by the time of the judged record: a date counts to its end, UTC.

use ipnet::IpNet;
use model::{EventTime, Text};
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::diagnostic::Problems;
use crate::source::Source;

/// A list, ready to be asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct List {
    values: BTreeMap<Text, Until>,
    /// By family and prefix length, then by the network's bits.
    networks: BTreeMap<(Family, u8), BTreeMap<u128, Until>>,
}

/// The last moment at which an entry counts; for ever when missing.
type Until = Option<EventTime>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Family {
    V4,
    V6,
}

impl List {
    /// Reads a list; bad lines become problems.
    pub(crate) fn parse(source: &Source<'_>, problems: &mut Problems) -> List {
        let mut list = List::default();
        let mut offset = 0;
        for line in source.text.split_inclusive('\n') {
            let range = source.range(offset, offset + line.trim_end().len());
            offset += line.len();
            let entry = match entry(line.trim()) {
                Ok(None) => continue,
                Ok(Some(entry)) => entry,
                Err(message) => {
                    let help = "VALUE until=2026-12-31 author=NAME reason=…".to_owned();
                    problems.error("list.entry", range, message, Some(help));
                    continue;
                }
            };
            if !list.insert(&entry) {
                let message = format!("`{}` is on the list twice", entry.value);
                problems.warning("list.duplicate", range, message, Some("keep one of the lines".to_owned()));
            }
        }
        list
    }

    /// Adds an entry; the later end wins. False when it was there.
    fn insert(&mut self, entry: &Entry) -> bool {
        let slot = match entry.network {
            None => self.values.entry(entry.value.clone()),
            Some(net) => {
                let (family, bits) = bits(net.network());
                let networks = self.networks.entry((family, net.prefix_len())).or_default();
                return merge(networks.entry(bits), entry.until);
            }
        };
        merge(slot, entry.until)
    }

    /// Whether it holds a text at a time.
    pub(crate) fn contains(&self, text: &str, at: EventTime) -> bool {
        let counts = |until: &Until| until.is_none_or(|last| at <= last);
        if self.values.get(text).is_some_and(counts) {
            return true;
        }
        if self.networks.is_empty() {
            return false;
        }
        let Some(asked) = network(text) else { return false };
        let (family, asked_bits) = bits(asked.network());
        let mut same_family = self.networks.iter().filter(|((of, _), _)| *of == family);
        same_family.any(|((_, length), entries)| {
            let masked = asked_bits & mask(family, *length);
            *length <= asked.prefix_len() && entries.get(&masked).is_some_and(counts)
        })
    }
}

fn merge<K: Ord>(slot: std::collections::btree_map::Entry<'_, K, Until>, until: Until) -> bool {
    use std::collections::btree_map::Entry as Slot;
    match slot {
        Slot::Vacant(slot) => {
            slot.insert(until);
            true
        }
        Slot::Occupied(mut slot) => {
            let longer = slot.get().zip(until).map(|(a, b)| a.max(b));
            slot.insert(longer);
            false
        }
    }
}

fn bits(ip: IpAddr) -> (Family, u128) {
    match ip {
        IpAddr::V4(v4) => (Family::V4, u128::from(v4.to_bits())),
        IpAddr::V6(v6) => (Family::V6, v6.to_bits()),
    }
}

fn mask(family: Family, length: u8) -> u128 {
    let (width, all) = match family {
        Family::V4 => (32, u128::from(u32::MAX)),
        Family::V6 => (128, u128::MAX),
    };
    all.checked_shl(width - u32::from(length)).unwrap_or(0) & all
}

/// The network that a text names: itself for an address, of IPv6 at least a /64.
fn network(text: &str) -> Option<IpNet> {
    let net = match text.parse::<IpNet>() {
        Ok(net) => net,
        Err(_) => IpNet::from(text.parse::<IpAddr>().ok()?.to_canonical()),
    };
    match net {
        IpNet::V6(v6) if v6.prefix_len() > 64 => {
            IpNet::new(IpAddr::V6(v6.addr()), 64).ok().map(|n| n.trunc())
        }
        IpNet::V4(_) | IpNet::V6(_) => Some(net.trunc()),
    }
}

struct Entry {
    value: Text,
    network: Option<IpNet>,
    until: Until,
}

fn entry(line: &str) -> Result<Option<Entry>, String> {
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (value, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').ok_or("the closing `\"` is missing")?,
        None => line.split_once(char::is_whitespace).unwrap_or((line, "")),
    };
    if value.is_empty() {
        return Err("the value is empty".to_owned());
    }
    let network = network(value);
    let address_before_slash = value.split_once('/').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok());
    if network.is_none() && address_before_slash {
        return Err(format!("`{value}` is not a network in CIDR form, such as 192.0.2.0/24"));
    }
    Ok(Some(Entry { value: Text::new(value), network, until: notes(rest.trim())? }))
}

/// Reads `until=… author=… reason=…` in any order, `reason` last.
fn notes(mut rest: &str) -> Result<Until, String> {
    let mut until = None;
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word.split_once('=') {
            Some(("reason", _)) => break,
            Some(("author", name)) if !name.is_empty() => {}
            Some(("until", date)) => {
                let moment = moment(date).ok_or_else(|| {
                    format!("`{date}` is not a date (2026-12-31) or a time (2026-12-31T18:00:00Z)")
                })?;
                until = Some(moment);
            }
            _ => return Err(format!("`{word}` is not one of until=, author=, reason=")),
        }
        rest = after.trim_start();
    }
    Ok(until)
}

/// The last millisecond of a date, or a time to the second, UTC.
fn moment(text: &str) -> Option<EventTime> {
    let (date, time) = match text.split_once('T') {
        None => (text, None),
        Some((date, time)) => (date, Some(time.strip_suffix('Z')?)),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let days = days_from_civil(year, month, day)?;
    let ms = match time {
        None => 86_399_999,
        Some(time) => {
            let [h, m, s] = numbers(time, ':', [2, 2, 2])?;
            if h > 23 || m > 59 || s > 59 {
                return None;
            }
            ((h * 60 + m) * 60 + s) * 1000
        }
    };
    EventTime::from_ms(days * 86_400_000 + ms)
}

fn numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<[i64; 3]> {
    let mut parts = text.split(separator);
    let mut number = |width: usize| {
        let part = parts.next()?;
        let digits = part.len() == width && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse().ok())?
    };
    let numbers = [number(widths[0])?, number(widths[1])?, number(widths[2])?];
    parts.next().is_none().then_some(numbers)
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day < 1 || day > longest {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y - era * 400;
    let shifted_month = (month + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> (List, Vec<String>) {
        let mut problems = Problems::of("lists/x.txt");
        let list = List::parse(&Source::new("lists/x.txt", text), &mut problems);
        (list, problems.into_sorted().into_iter().map(|d| d.message).collect())
    }

    fn at(text: &str) -> EventTime {
        moment(text).unwrap()
    }

    #[test]
    fn a_network_matches_the_addresses_inside_it() {
        let (list, problems) = list("192.0.2.0/24\n198.51.100.7\n2001:db8::/32 # lab\n2001:db9::5\n");
        assert_eq!(problems, Vec::<String>::new());
        let now = at("2026-01-01");
        for inside in ["192.0.2.200", "198.51.100.7", "2001:db8:1:2::/64", "2001:db8::9", "2001:db9::/64"] {
            assert!(list.contains(inside, now), "{inside}");
        }
        for outside in ["192.0.3.1", "198.51.100.8", "2001:dba::/64", "2001:db9:0:1::/64", "maria", ""] {
            assert!(!list.contains(outside, now), "{outside}");
        }
    }

    #[test]
    fn an_entry_counts_to_the_end_of_its_until() {
        let (list, _) =
            list("maria until=2026-02-28 author=ada reason=an agency, until it moved\n\"two words\"\n");
        assert!(list.contains("maria", at("2026-02-28T23:59:59Z")));
        assert!(!list.contains("maria", at("2026-03-01T00:00:00Z")));
        assert!(list.contains("two words", at("2100-01-01")));
    }

    #[test]
    fn a_bad_line_is_named_and_the_others_still_count() {
        let (list, problems) = list("10.0.0.0/40\nmaria til=2026\nana until=2026-02-30\n\"open\nok\nok\n");
        insta::assert_debug_snapshot!(problems);
        assert!(list.contains("ok", at("2026-01-01")));
    }
}
