//! Exact decimal numbers: what tables of figures hold. No floats, so `0.1` is a tenth.

use std::cmp::Ordering;

/// `units / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decimal {
    units: i128,
    scale: u32,
}

/// Digits that a number may have in all: products of two still fit.
const DIGITS_MAX: usize = 18;

/// Why a decimal cannot be had as a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inexact {
    /// It has more decimals than the unit.
    Fraction,
    /// It is beyond 64 bits.
    TooLarge,
}

/// What to do with more decimals than the unit has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Refuse the number.
    Refuse,
    /// To the nearest, ties to even.
    HalfEven,
    /// Towards zero.
    Truncate,
}

impl Decimal {
    /// Parses `12`, `-0.50`, `.5` or `12.`: at most 18 digits that matter, no exponent, no thousands separators.
    pub(crate) fn parse(text: &str) -> Option<Decimal> {
        let (is_negative, magnitude) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = magnitude.split_once('.').unwrap_or((magnitude, ""));
        let fraction_kept = fraction.trim_end_matches('0');
        let digits = whole.len() + fraction_kept.len();
        let is_plain = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !is_plain || whole.len() + fraction.len() == 0 || digits > DIGITS_MAX {
            return None;
        }
        let units = whole
            .bytes()
            .chain(fraction_kept.bytes())
            .fold(0, |sum: i128, digit| sum * 10 + i128::from(digit - b'0'));
        Some(Decimal {
            units: if is_negative { -units } else { units },
            scale: u32::try_from(fraction_kept.len()).ok()?,
        })
    }

    /// The product.
    pub(crate) fn times(self, other: Decimal) -> Decimal {
        Decimal { units: self.units * other.units, scale: self.scale + other.scale }
    }

    /// The same with the other sign.
    pub(crate) fn negated(self) -> Decimal {
        Decimal { units: -self.units, scale: self.scale }
    }

    /// How many units of `10^-decimals` it is.
    pub(crate) fn in_units(self, decimals: u32, rounding: Rounding) -> Result<i64, Inexact> {
        let whole = if decimals >= self.scale {
            self.units.checked_mul(10_i128.pow(decimals - self.scale)).ok_or(Inexact::TooLarge)?
        } else {
            rounded(self.units, 10_i128.pow(self.scale - decimals), rounding)?
        };
        i64::try_from(whole).map_err(|_| Inexact::TooLarge)
    }

    /// Which is larger.
    pub(crate) fn compare(self, other: Decimal) -> Ordering {
        let scale = self.scale.max(other.scale);
        let aligned = |d: Decimal| d.units.saturating_mul(10_i128.pow(scale - d.scale));
        aligned(self).cmp(&aligned(other))
    }
}

fn rounded(units: i128, divisor: i128, rounding: Rounding) -> Result<i128, Inexact> {
    match rounding {
        Rounding::Refuse if units % divisor != 0 => Err(Inexact::Fraction),
        Rounding::Refuse | Rounding::Truncate => Ok(units / divisor),
        Rounding::HalfEven => {
            let (below, rest) = (units.div_euclid(divisor), units.rem_euclid(divisor));
            Ok(match (rest * 2).cmp(&divisor) {
                Ordering::Less => below,
                Ordering::Equal => below + below.rem_euclid(2),
                Ordering::Greater => below + 1,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str, rounding: Rounding) -> Option<i64> {
        Decimal::parse(text).and_then(|decimal| decimal.in_units(2, rounding).ok())
    }

    #[test]
    fn a_decimal_is_exact_or_refused() {
        assert_eq!(cents("2416.7", Rounding::Refuse), Some(241_670));
        assert_eq!(cents("-0.5", Rounding::Refuse), Some(-50));
        assert_eq!(cents("1.2500", Rounding::Refuse), Some(125));
        assert_eq!(cents("0.001", Rounding::Refuse), None);
        for nonsense in
            ["", ".", "-", "1e3", "1,000", "0x1", "12 ", "NaN", "1.2.3", "--1", "1234567890123456789"]
        {
            assert!(Decimal::parse(nonsense).is_none(), "{nonsense}");
        }
    }

    #[test]
    fn rounding_is_to_even_or_towards_zero() {
        let half_even =
            ["0.005", "0.015", "0.0151", "-0.005", "-0.015"].map(|text| cents(text, Rounding::HalfEven));
        assert_eq!(half_even, [Some(0), Some(2), Some(2), Some(0), Some(-2)]);
        assert_eq!(["0.019", "-0.019"].map(|text| cents(text, Rounding::Truncate)), [Some(1), Some(-1)]);
    }

    #[test]
    fn products_are_exact() {
        let product = Decimal::parse("0.001").unwrap().times(Decimal::parse("-3000").unwrap());
        assert_eq!(product.in_units(2, Rounding::Refuse), Ok(-300));
        let largest = Decimal::parse("999999999999999999").unwrap();
        assert_eq!(largest.times(largest).in_units(3, Rounding::Refuse), Err(Inexact::TooLarge));
    }

    #[test]
    fn comparing_ignores_trailing_zeros() {
        let compare = |a, b| Decimal::parse(a).unwrap().compare(Decimal::parse(b).unwrap());
        assert_eq!(compare("0.0", "0"), Ordering::Equal);
        assert_eq!(compare("-0.01", "0"), Ordering::Less);
        assert_eq!(compare("10", "9.99"), Ordering::Greater);
    }
}
