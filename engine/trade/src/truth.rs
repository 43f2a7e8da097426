//! What really happened: the label of every event, which no engine sees.

use model::{Event, RuleId};

/// An event and the truth about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// What the engine is told.
    pub event: Event,
    /// What it is not told.
    pub truth: Truth,
}

/// What an event is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Truth {
    /// Everyday trade, also that of an attacker before the attack.
    Normal,
    /// An honest day that looks odd: holding it is a false alarm.
    Benign(BenignDay),
    /// Fraud: the creators, clicks and orders of an attack, and what follows from them.
    Planted(Attack),
}

macro_rules! named {
    ($($(#[$doc:meta])* $type:ident { $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $type {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The name on the command line and in tables.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }

            /// The one of that name.
            pub fn from_name(name: &str) -> Option<$type> {
                $type::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    )*};
}

named! {
    /// Honest days that look odd.
    BenignDay {
        /// A live sale: 800 orders of one product in five minutes.
        LiveSale = "live_sale",
        /// 300 buyers behind one address of a mobile carrier watch one creator.
        CarrierAddress = "carrier_address",
        /// A dormitory: one network and one delivery address for everybody.
        Dormitory = "dormitory",
        /// A freight forwarder's one address receives the parcels of 200 buyers.
        FreightForwarder = "freight_forwarder",
        /// A launch with a voucher for new customers: 70 % of the buyers are new.
        LaunchVoucher = "launch_voucher",
        /// Customers who order the same again every month.
        MonthlyReplenishment = "monthly_replenishment",
        /// A seller runs out of stock and refunds a third of the creator's orders.
        StockOut = "stock_out",
        /// A small creator's first day of fame.
        ViralDay = "viral_day",
    }
    /// Fraud, named after the shipped rule that is meant to catch it.
    Attack {
        /// Two accounts order through one creator's link, over and over, from one address.
        SameIpBurst = "same_ip_burst",
        /// Nine accounts opened for the purpose order from one address to one door.
        SameIpRing = "same_ip_ring",
        /// Five accounts take turns on one device.
        SameDevice = "same_device",
        /// A program orders the same product at even intervals.
        ClusteredOrders = "clustered_orders",
        /// A creator's friends buy, let the commission ripen, and send everything back.
        RefundSpike = "refund_spike",
        /// Links that are opened by the checkout itself, seconds before the order.
        ClickTooFast = "click_too_fast",
        /// Thousands of clicks laid out like nets, for orders that would come anyway.
        ClickFlooding = "click_flooding",
        /// A creator buys through their own link.
        SelfPurchase = "self_purchase",
        /// One account makes up half of a creator's sales.
        BuyerConcentration = "buyer_concentration",
        /// A coupon site takes over at the checkout what another creator earned.
        CouponPoaching = "coupon_poaching",
        /// Dozens of accounts opened today buy from one creator.
        NewAccountBurst = "new_account_burst",
        /// Seven creators are paid to one account.
        PayoutAccountRing = "payout_account_ring",
    }
}

impl Attack {
    /// The shipped rule that is meant to catch it.
    pub fn rule(self) -> RuleId {
        RuleId::new(self.name()).expect("the names are rule ids")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_names_one_attack_or_day() {
        assert_eq!((Attack::ALL.len(), BenignDay::ALL.len()), (12, 8));
        for attack in Attack::ALL {
            assert_eq!(Attack::from_name(attack.name()), Some(*attack));
            assert_eq!(attack.rule().as_str(), attack.name());
        }
        for day in BenignDay::ALL {
            assert_eq!(BenignDay::from_name(day.name()), Some(*day));
        }
        assert_eq!(Attack::from_name("live_sale"), None);
    }
}
