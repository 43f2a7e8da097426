//! Buyers, each with an account, a device, a home and a way to pay.

use model::{BuyerId, EventTime, Fingerprint, Span};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::dice::Dice;
use crate::place::Place;

/// A buyer as events show them. Scenarios change what makes their buyers special.
#[derive(Debug, Clone)]
pub(crate) struct Shopper {
    pub(crate) place: &'static Place,
    pub(crate) buyer: BuyerId,
    pub(crate) since: EventTime,
    pub(crate) device: Fingerprint,
    pub(crate) ip: IpAddr,
    pub(crate) payment: Fingerprint,
    pub(crate) payment_method: &'static str,
    pub(crate) address: Fingerprint,
    pub(crate) phone: Fingerprint,
}

/// How many buyers a market has; their accounts are older than the trade.
pub(crate) const BUYERS_PER_PLACE: u64 = 60_000;

const PAYMENT_METHODS: [(&str, u64); 4] =
    [("card", 62), ("wallet", 25), ("cash_on_delivery", 8), ("bank", 5)];

/// The buyer of that number in that market: always the same person. Every fifth pair of neighbouring numbers is a
/// couple that shares a home and its network.
pub(crate) fn resident(seed: u64, place: &'static Place, number: u64, start: EventTime) -> Shopper {
    let home = if (number / 2).is_multiple_of(5) { number / 2 * 2 } else { number };
    let name = format!("{}-{number}", place.market.to_ascii_lowercase());
    let home_name = format!("{}-{home}", place.market.to_ascii_lowercase());
    let mut dice = Dice::new(seed ^ u64::from(place.first_octet), "resident", number);
    let age = dice.wait(Span::from_days(30), Span::from_days(2_000));
    Shopper {
        place,
        buyer: BuyerId::new(&format!("b-{name}")).expect("a valid id"),
        since: start.minus(age),
        device: fingerprint("dev", &name),
        ip: home_ip(seed, place, home),
        payment: fingerprint("card", &name),
        payment_method: dice.weighted::<&str>(&PAYMENT_METHODS),
        address: fingerprint("home", &home_name),
        phone: fingerprint("tel", &name),
    }
}

impl Shopper {
    /// Somebody of a scenario's own, whose account was opened at `since`.
    pub(crate) fn named(seed: u64, place: &'static Place, name: &str, since: EventTime) -> Shopper {
        let number = name.bytes().fold(seed, |sum, byte| sum.wrapping_mul(257).wrapping_add(u64::from(byte)));
        Shopper {
            place,
            buyer: BuyerId::new(&format!("b-{name}")).expect("a valid id"),
            since,
            device: fingerprint("dev", name),
            ip: home_ip(seed, place, number),
            payment: fingerprint("card", name),
            payment_method: "card",
            address: fingerprint("home", name),
            phone: fingerprint("tel", name),
        }
    }
}

/// A keyed hash as a producer would send it, here with a readable name in place of the hash.
pub(crate) fn fingerprint(sort: &str, name: &str) -> Fingerprint {
    Fingerprint::new(&format!("{sort}-{name}")).expect("a valid id")
}

/// An address of that number in that market: three in ten are IPv6, from the range kept for documentation
/// (RFC 3849).
fn home_ip(seed: u64, place: &'static Place, number: u64) -> IpAddr {
    let mut dice = Dice::new(seed ^ u64::from(place.first_octet), "home ip", number);
    let [a, b, c, d, e, f, ..] = dice.bits().to_le_bytes();
    if dice.percent(30) {
        let pair = |high, low| u16::from_be_bytes([high, low]);
        let site = pair(place.first_octet, a);
        IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, site, pair(b, c), 0, 0, pair(d, e), pair(0, f)))
    } else {
        IpAddr::V4(Ipv4Addr::new(place.first_octet, a, b, c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::PLACES;

    #[test]
    fn a_couple_shares_a_home_and_nothing_else() {
        let start = EventTime::from_ms(1_700_000_000_000).unwrap();
        let of = |number| resident(1, &PLACES[0].0, number, start);
        let (a, b, stranger) = (of(10), of(11), of(12));
        assert_eq!((a.ip, &a.address), (b.ip, &b.address));
        assert!(a.device != b.device && a.payment != b.payment && a.buyer != b.buyer);
        assert!(a.address != stranger.address);
    }
}
