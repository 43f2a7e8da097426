//! Opening inputs: files, a mapping, a time on the command line.

use connector::file::{Files, Input, Place, Progress};
use connector::mapping::Mapping;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use model::log::Genesis;
use model::{EventTime, Span};
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::failure::Failure;
use crate::progress;

/// Reads, decodes and sorts the files with a mapping that is already read, and the path that it was read from.
pub(crate) fn open_as_mapped(files: &[PathBuf], mapping: Option<(&Path, &str)>) -> Result<Input, Failure> {
    let mapping = mapping.map(|(path, text)| parse_mapping(path, text)).transpose()?;
    open_with(files, mapping.as_ref())
}

/// Reads, decodes and sorts the files with a mapping that is already read.
pub(crate) fn open_with(files: &[PathBuf], mapping: Option<&Mapping>) -> Result<Input, Failure> {
    read(files, mapping, &mut |_| {})
}

/// Reads, decodes and sorts the files, and tells where each record stands, in the order of the records.
pub(crate) fn open_placed(files: &[PathBuf], mapping: Option<&Path>) -> Result<(Input, Vec<Place>), Failure> {
    let text = mapping.map(mapping_text).transpose()?;
    let mapping = mapping.zip(text.as_deref()).map(|(path, text)| parse_mapping(path, text)).transpose()?;
    let mut places = Vec::new();
    let input = read(files, mapping.as_ref(), &mut |place| places.push(place))?;
    Ok((input, places))
}

fn read(
    files: &[PathBuf],
    mapping: Option<&Mapping>,
    placed: &mut dyn FnMut(Place),
) -> Result<Input, Failure> {
    let bar = progress::reading(0);
    let mut show = |so_far: Progress| {
        bar.set_length(so_far.total_bytes);
        bar.set_position(so_far.read_bytes);
    };
    let input = Files::open_placed(files, mapping, &mut show, placed);
    bar.finish_and_clear();
    input.map_err(|e| Failure::unreadable(e.to_string()))
}

/// The text of a mapping file.
pub(crate) fn mapping_text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| Failure::input(path, &e))
}

/// The genesis of files that bring none.
pub(crate) fn genesis(config: &Config, ruleset: &str) -> Genesis {
    Genesis {
        default_program: config.program.clone(),
        default_market: config.market.clone(),
        ..config.lane.genesis(Genesis::standard(ruleset.into()))
    }
}

/// A time as people type it: RFC 3339; a date, whose midnight in UTC is meant; or an age, such as 7d, before `now`, which
/// is asked only then.
pub(crate) fn time(
    text: &str,
    now: impl FnOnce() -> Result<EventTime, Failure>,
) -> Result<EventTime, Failure> {
    if let Some(age) = Span::parse(text) {
        return Ok(now()?.minus(age));
    }
    let wrong = || {
        Failure::usage(format!(
            "`{text}` is not a time; write it like 2026-03-01T00:00:00Z, as a date, such as 2026-03-01, or as an age, \
             such as 7d"
        ))
    };
    let midnight = || Some(date(text)?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let time: Timestamp = text.parse().ok().or_else(midnight).ok_or_else(wrong)?;
    EventTime::from_ms(time.as_millisecond())
        .ok_or_else(|| Failure::usage(format!("`{text}` is outside the years 2000 to 2200")))
}

/// A date and nothing else: a time without an offset could mean any.
fn date(text: &str) -> Option<Date> {
    text.parse().ok().filter(|date: &Date| date.to_string() == text)
}

/// A mapping from its text; `path` is for messages.
pub(crate) fn parse_mapping(path: &Path, text: &str) -> Result<Mapping, Failure> {
    Mapping::parse(text).map_err(|e| Failure::unreadable(format!("{}: {e}", path.display())))
}
