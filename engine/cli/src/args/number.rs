//! Whole numbers as people type them: what is wrong with one is said in the words of whoever typed it.

use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

/// A whole number.
pub(crate) fn whole<T: FromStr<Err = ParseIntError>>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|error: ParseIntError| {
        if *error.kind() == IntErrorKind::PosOverflow {
            "that is more than there can be"
        } else if *error.kind() == IntErrorKind::Zero {
            "write a whole number, at least 1"
        } else {
            "write a whole number, in digits"
        }
    })
}

/// A whole number within bounds, which are part of it.
pub(crate) fn within<const LEAST: u32, const MOST: u32>(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (LEAST..=MOST).contains(number));
    number.ok_or_else(|| format!("write a whole number from {LEAST} to {MOST}"))
}
