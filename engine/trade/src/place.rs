//! Markets: where people shop, in which currency, and when they are awake.

use model::Currency;

/// A market and what is usual there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its name in events, also the country's.
    pub(crate) market: &'static str,
    code: &'static str,
    /// What a dollar is worth in minor units, roughly.
    pub(crate) dollar_minor: i64,
    /// Prices are multiples of this many minor units.
    pub(crate) price_step_minor: i64,
    /// Its clock against UTC, in hours.
    pub(crate) utc_offset_h: i64,
    /// First byte of its IPv4 addresses: 240.0.0.0/4 is reserved (RFC 1112) and routed nowhere.
    pub(crate) first_octet: u8,
}

impl Place {
    /// Its currency.
    pub(crate) fn currency(&self) -> Currency {
        Currency::new(self.code).expect("the table holds active currencies")
    }

    /// An amount that feels like so many dollars, in minor units.
    pub(crate) fn about(&self, dollars: i64) -> i64 {
        let exact = dollars * self.dollar_minor;
        (exact / self.price_step_minor).max(1) * self.price_step_minor
    }
}

/// The markets, with the share of trade of each.
pub(crate) static PLACES: [(Place, u64); 6] = [
    (place("US", "USD", 100, 50, -6, 241), 38),
    (place("GB", "GBP", 80, 50, 0, 242), 17),
    (place("DE", "EUR", 92, 50, 1, 243), 14),
    (place("BR", "BRL", 540, 90, -3, 244), 12),
    (place("JP", "JPY", 150, 10, 9, 245), 9),
    (place("VN", "VND", 25_000, 1_000, 7, 246), 10),
];

const fn place(
    market: &'static str,
    code: &'static str,
    dollar_minor: i64,
    price_step_minor: i64,
    utc_offset_h: i64,
    first_octet: u8,
) -> Place {
    Place { market, code, dollar_minor, price_step_minor, utc_offset_h, first_octet }
}

/// How busy each local hour is; people shop in the evening.
pub(crate) const BUSY_BY_HOUR: [u64; 24] =
    [14, 8, 5, 4, 4, 6, 12, 22, 32, 38, 42, 46, 52, 48, 44, 44, 48, 56, 68, 84, 100, 96, 68, 34];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_a_currency_and_round_prices() {
        for (place, _) in &PLACES {
            assert!(place.currency().code().len() == 3);
            assert_eq!(place.about(37) % place.price_step_minor, 0, "{}", place.market);
        }
    }
}
