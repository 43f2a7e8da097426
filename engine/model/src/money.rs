//! Money: integer minor units beside a currency. No floats, no implicit conversion.

use serde::{Deserialize, Serialize};
use std::fmt;

/// An ISO 4217 currency that is in use.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// Active ISO 4217 codes with two decimals.
const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD \
    CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR \
    MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD \
    SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR \
    ZMW ZWG";
/// Active ISO 4217 codes without decimals.
const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Active ISO 4217 codes with three decimals.
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";

impl Currency {
    /// Looks a code up; `None` when it is not an active ISO 4217 currency in capitals.
    pub fn new(code: &str) -> Option<Currency> {
        let bytes: [u8; 3] = code.as_bytes().try_into().ok()?;
        [TWO, NONE, THREE].iter().any(|set| listed(set, bytes)).then_some(Currency(bytes))
    }

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// Digits after the decimal point: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn decimals(&self) -> u32 {
        if listed(NONE, self.0) {
            0
        } else if listed(THREE, self.0) {
            3
        } else {
            2
        }
    }
}

/// Whether a list of codes in alphabetical order, four bytes each with the space after it, has this one.
fn listed(set: &str, code: [u8; 3]) -> bool {
    let (codes, last) = set.as_bytes().as_chunks::<4>();
    codes.binary_search_by_key(&code, |[a, b, c, _]| [*a, *b, *c]).is_ok() || last == code
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let code = crate::Text::deserialize(d)?;
        Currency::new(&code).ok_or_else(|| serde::de::Error::custom("not an ISO 4217 currency"))
    }
}

/// An amount in minor units (cents, yen, fils) of a currency known from beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Minor(pub i64);

impl Minor {
    /// Nothing.
    pub const ZERO: Minor = Minor(0);

    /// The sum; a bug if it leaves `i64`, which [`AMOUNT_MINOR_MAX`](crate::limit::AMOUNT_MINOR_MAX) excludes.
    #[must_use]
    pub fn plus(self, other: Minor) -> Minor {
        Minor(self.0.checked_add(other.0).expect("amounts are bounded at the edge"))
    }

    /// The difference.
    #[must_use]
    pub fn minus(self, other: Minor) -> Minor {
        Minor(self.0.checked_sub(other.0).expect("amounts are bounded at the edge"))
    }

    /// Whether it is exactly nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl std::iter::Sum for Minor {
    fn sum<I: Iterator<Item = Minor>>(amounts: I) -> Minor {
        amounts.fold(Minor::ZERO, Minor::plus)
    }
}

/// An amount with its currency. Ordered only within one currency, by whoever checks that first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Money {
    /// The currency of `minor`.
    pub currency: Currency,
    /// The amount in its minor units.
    pub minor: Minor,
}

impl Money {
    /// Parses a decimal as people write it (`500`, `-12.30`), exactly; `None` when it has more decimals than
    /// the currency or leaves the range of amounts.
    pub fn parse(text: &str, currency: Currency) -> Option<Money> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let decimals = currency.decimals() as usize;
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let padded = fraction.trim_end_matches('0');
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || padded.len() > decimals {
            return None;
        }
        let scale = 10_i64.checked_pow(currency.decimals())?;
        let part: i64 = if padded.is_empty() { 0 } else { format!("{padded:0<decimals$}").parse().ok()? };
        let minor = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(part)?;
        let signed = if negative { -minor } else { minor };
        (minor <= crate::limit::AMOUNT_MINOR_MAX).then_some(Money { currency, minor: Minor(signed) })
    }
}

/// `12.30 USD`, with the currency's own number of decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals();
        let scale = 10_u64.pow(decimals);
        let magnitude = self.minor.0.unsigned_abs();
        let sign = if self.minor.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}", magnitude / scale)?;
        if decimals > 0 {
            write!(f, ".{:0width$}", magnitude % scale, width = decimals as usize)?;
        }
        write!(f, " {}", self.currency)
    }
}

/// A rate in basis points: 1,000 is 10 %. At most 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(u16);

impl BasisPoints {
    /// A rate of at most 10,000 basis points.
    pub fn new(bp: i64) -> Option<BasisPoints> {
        u16::try_from(bp).ok().filter(|bp| *bp <= 10_000).map(BasisPoints)
    }

    /// Basis points, 0..=10,000.
    pub const fn get(self) -> i64 {
        self.0 as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_parsed_exactly_or_not_at_all() {
        let minor = |text, code| Money::parse(text, Currency::new(code).unwrap()).map(|m| m.minor.0);
        assert_eq!(minor("500", "USD"), Some(50_000));
        assert_eq!(minor("-12.3", "USD"), Some(-1_230));
        assert_eq!(minor("1.250", "KWD"), Some(1_250));
        assert_eq!(minor("2.000", "JPY"), Some(2));
        assert_eq!(minor("0.001", "USD"), None);
        assert_eq!(minor("1e3", "USD"), None);
        assert_eq!(minor("", "USD"), None);
        assert_eq!(minor("1.", "USD"), Some(100));
        assert_eq!(minor("99999999999999999", "USD"), None);
    }

    #[test]
    fn money_prints_with_its_own_decimals() {
        let money = |minor, code| Money { currency: Currency::new(code).unwrap(), minor: Minor(minor) };
        assert_eq!(money(-5, "USD").to_string(), "-0.05 USD");
        assert_eq!(money(1500, "JPY").to_string(), "1500 JPY");
        assert_eq!(money(1500, "KWD").to_string(), "1.500 KWD");
    }

    #[test]
    fn every_listed_currency_is_found() {
        for code in [TWO, NONE, THREE].iter().flat_map(|set| set.split_ascii_whitespace()) {
            let currency = Currency::new(code).unwrap_or_else(|| panic!("{code} is listed"));
            assert_eq!(currency.decimals() == 2, TWO.contains(code), "{code}");
        }
    }

    #[test]
    fn a_currency_is_known_or_refused() {
        assert!(Currency::new("USD").is_some());
        for unknown in ["usd", "XXX", "US", "USDT", ""] {
            assert!(Currency::new(unknown).is_none(), "{unknown}");
        }
    }
}
