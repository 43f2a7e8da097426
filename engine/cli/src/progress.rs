//! Progress on a terminal: how far, how fast, how long still. Nothing where nobody looks.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::fmt;
use std::io::IsTerminal;

use crate::summary::group;

fn bar(total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let tell_rate = |state: &ProgressState, out: &mut dyn fmt::Write| {
        // What cannot be written is not seen either.
        let _ = out.write_str(&rate(state.per_sec()));
    };
    bar.with_style(style.with_key("rate", tell_rate).progress_chars("━╸─"))
}

/// Whole records a second: `2,046/s`.
fn rate(per_second: f64) -> String {
    format!("{}/s", group(&format!("{per_second:.0}")))
}

/// For reading files.
pub(crate) fn reading(total_bytes: u64) -> ProgressBar {
    bar(total_bytes, "Reading   {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} · {eta} left")
}

/// For deciding records.
pub(crate) fn deciding(total: u64) -> ProgressBar {
    bar(total, "Deciding  {wide_bar} {human_pos}/{human_len} {rate} · {eta} left {msg}")
}

/// Moves the bar of [`deciding`].
pub(crate) fn show(bar: &ProgressBar, so_far: runtime::Progress) {
    bar.set_position(so_far.records);
    if let Some(clock) = so_far.clock {
        bar.set_message(format!("· {clock} · {} verdicts", so_far.verdicts));
    }
}

/// For the days of a demo.
pub(crate) fn days(total: u64) -> ProgressBar {
    bar(total, "Trading   {wide_bar} day {pos} of {len} · {eta} left")
}

/// For copying a store; pages.
pub(crate) fn copying() -> ProgressBar {
    bar(0, "Copying   {wide_bar} {percent} % · {eta} left")
}

/// For proving a log.
pub(crate) fn proving(total: u64) -> ProgressBar {
    bar(total, "Proving   {wide_bar} {human_pos}/{human_len} {rate} · {eta} left")
}

/// For writing verdicts.
pub(crate) fn writing(total: u64) -> ProgressBar {
    bar(total, "Writing   {wide_bar} {human_pos}/{human_len} {rate} · {eta} left")
}

/// For reading verdicts whose number nobody knows.
pub(crate) fn summing() -> ProgressBar {
    bar(0, "Summing   {human_pos} verdicts {rate}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_no_fractions_of_records() {
        assert_eq!(rate(2046.5282), "2,047/s");
    }
}
