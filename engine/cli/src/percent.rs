//! Percentages for people, rounded half up to what is printed.

/// Parts per million with one decimal: `12.3 %`.
pub(crate) fn tenths(ppm: u64) -> String {
    let tenths = rounded(ppm, 1_000);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// Parts per million with two decimals: `12.34 %`.
pub(crate) fn hundredths(ppm: u64) -> String {
    let hundredths = rounded(ppm, 100);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

/// A part in whole percent; none of nothing.
pub(crate) fn whole(part: u64, all: u64) -> Option<u64> {
    (part * 100 + all / 2).checked_div(all)
}

fn rounded(ppm: u64, step: u64) -> u64 {
    (ppm + step / 2) / step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_rounded_to_whole_percent() {
        let parts = [(1, 8), (1, 200), (1, 201), (2, 3), (0, 0)];
        assert_eq!(parts.map(|(part, all)| whole(part, all)), [Some(13), Some(1), Some(0), Some(67), None]);
    }

    #[test]
    fn what_is_not_printed_is_rounded_half_up() {
        for (ppm, one, two) in [
            (0, "0.0 %", "0.00 %"),
            (49, "0.0 %", "0.00 %"),
            (50, "0.0 %", "0.01 %"),
            (500, "0.1 %", "0.05 %"),
            (62_500, "6.3 %", "6.25 %"),
            (99_949, "10.0 %", "9.99 %"),
            (999_950, "100.0 %", "100.00 %"),
        ] {
            assert_eq!((tenths(ppm).as_str(), hundredths(ppm).as_str()), (one, two), "{ppm}");
        }
    }
}
