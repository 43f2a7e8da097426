//! Network addresses as rules see them: one subscriber is one IPv4 address or one IPv6 /64, and its network is
//! the IPv4 /24 or the IPv6 /48.

use std::net::{IpAddr, Ipv6Addr};

use crate::Text;

/// The subscriber: `192.0.2.7`, or `2001:db8:1:2::/64`. An IPv4 address mapped into IPv6 is the IPv4 address.
pub fn subscriber(ip: IpAddr) -> Text {
    match ip.to_canonical() {
        IpAddr::V4(v4) => compact_str::format_compact!("{v4}"),
        IpAddr::V6(v6) => compact_str::format_compact!("{}/64", prefix(v6, 64)),
    }
}

/// The network around it: `192.0.2.0/24`, or `2001:db8:1::/48`.
pub fn network(ip: IpAddr) -> Text {
    match ip.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            compact_str::format_compact!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => compact_str::format_compact!("{}/48", prefix(v6, 48)),
    }
}

fn prefix(ip: Ipv6Addr, bits: u32) -> Ipv6Addr {
    Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << (128 - bits)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_subscriber_is_a_64() {
        let of = |text: &str| (subscriber(text.parse().unwrap()), network(text.parse().unwrap()));
        assert_eq!(of("192.0.2.7"), ("192.0.2.7".into(), "192.0.2.0/24".into()));
        assert_eq!(of("::ffff:192.0.2.7"), ("192.0.2.7".into(), "192.0.2.0/24".into()));
        assert_eq!(of("2001:db8:1:2:3::4"), ("2001:db8:1:2::/64".into(), "2001:db8:1::/48".into()));
    }
}
