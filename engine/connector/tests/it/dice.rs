//! Random events from a seed, every field of every kind among them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use model::event::*;
use model::verdict::{CommissionId, HoldId};
use model::*;

/// A die with a seed (SplitMix64, Steele, Lea and Flood 2014).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: usize) -> usize {
        (self.roll() % bound as u64) as usize
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Dice) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn some<T>(&mut self, least: usize, most: usize, mut make: impl FnMut(&mut Dice) -> T) -> Vec<T> {
        (0..least + self.below(most - least + 1)).map(|_| make(self)).collect()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn letters(&mut self, most: usize) -> String {
        const LETTERS: [&str; 12] = ["a", "Z", "7", "-", " ", "\"", "\\", "é", "漢", "🦀", "/", "~"];
        (0..1 + self.below(most)).map(|_| self.one(&LETTERS)).collect()
    }

    fn text(&mut self) -> Text {
        let control = self.one(&["", "", "\n", "\u{0}", "\u{2028}"]);
        Text::from(self.letters(9) + control)
    }

    fn time(&mut self) -> EventTime {
        let range = (EventTime::MAX.as_ms() - EventTime::MIN.as_ms()) as u64;
        EventTime::from_ms(EventTime::MIN.as_ms() + (self.roll() % (range + 1)) as i64).unwrap()
    }

    fn amount(&mut self) -> Minor {
        let bound = self.one(&[1, 100, 10_000_000, limit::AMOUNT_MINOR_MAX as usize + 1]);
        Minor(self.below(bound) as i64)
    }

    fn count(&mut self) -> i64 {
        1 + self.below(1_000) as i64
    }

    fn rate(&mut self) -> BasisPoints {
        BasisPoints::new(self.below(10_001) as i64).unwrap()
    }

    fn currency(&mut self) -> Currency {
        Currency::new(self.one(&["USD", "JPY", "KWD", "IDR"])).unwrap()
    }

    fn ip(&mut self) -> IpAddr {
        match self.below(2) {
            0 => Ipv4Addr::from_bits(self.roll() as u32).into(),
            _ => Ipv6Addr::from_bits(u128::from(self.roll()) << 64 | u128::from(self.roll())).into(),
        }
    }

    fn beneficiary(&mut self) -> Beneficiary {
        match self.below(2) {
            0 => Beneficiary::Creator(self.id()),
            _ => Beneficiary::Agency(self.id()),
        }
    }

    fn id<T: Id>(&mut self) -> T {
        let text = self.letters(20);
        T::named(&text)
    }

    pub(crate) fn event(&mut self) -> Event {
        let kind = self.one(&Kind::ALL);
        self.event_of(kind)
    }

    pub(crate) fn event_of(&mut self, kind: Kind) -> Event {
        let mut event = Event {
            event_id: self.id(),
            occurred_at: self.time(),
            program: self.maybe(Dice::id),
            market: self.maybe(Dice::id),
            source: self.maybe(Dice::id),
            attributes: self.attributes(),
            body: self.body(kind),
        };
        if let Body::FeedMark(mark) = &mut event.body {
            event.source = Some(mark.source.clone());
            mark.market = event.market.clone();
        }
        event
    }

    fn attributes(&mut self) -> BTreeMap<Text, Attribute> {
        let named = |dice: &mut Dice| {
            let value = match dice.below(3) {
                0 => Attribute::Bool(dice.below(2) == 0),
                1 => Attribute::Int(dice.roll() as i64),
                _ => Attribute::Text(dice.text()),
            };
            (dice.text(), value)
        };
        self.some(0, 3, named).into_iter().collect()
    }

    fn body(&mut self, kind: Kind) -> Body {
        match kind {
            Kind::Plan => Body::Plan(Box::new(self.plan())),
            Kind::Creator => Body::Creator(Box::new(self.creator())),
            Kind::Click => Body::Click(Box::new(self.click())),
            Kind::Order => Body::Order(Box::new(self.order())),
            Kind::OrderStatus => Body::OrderStatus(Box::new(OrderStatus {
                order_id: self.id(),
                status: self.one(&Status::ALL),
                line_ids: self.some(0, 3, Dice::id),
                reason: self.maybe(Dice::text),
                tracking_h: self.maybe(Dice::id),
            })),
            Kind::Refund => Body::Refund(Box::new(self.refund())),
            Kind::PayoutRun => Body::PayoutRun(Box::new(PayoutRun {
                run_id: self.id(),
                state: self.one(&RunState::ALL),
                cutoff: self.time(),
                time_zone: self.text(),
                lines: self.some(0, 3, Dice::payout_line),
            })),
            Kind::Review => Body::Review(Box::new(self.review())),
            Kind::Obligation => Body::Obligation(Box::new(Obligation {
                obligation_id: self.id(),
                beneficiary: self.beneficiary(),
                component: self.one(&[Component::Bonus, Component::Deposit, Component::Adjustment]),
                currency: self.currency(),
                amount: self.amount(),
                order_id: self.maybe(Dice::id),
                due: self.maybe(Dice::time),
                contract_ref: self.maybe(Dice::text),
            })),
            Kind::FeedMark => Body::FeedMark(Box::new(FeedMark {
                source: self.id(),
                kinds: self.some(1, 4, |dice| dice.one(&Kind::ALL)),
                market: None,
                complete_through: self.time(),
            })),
        }
    }

    fn plan(&mut self) -> Plan {
        let valid_from = self.time();
        Plan {
            plan_id: self.id(),
            version: self.count(),
            scope: PlanScope {
                creator_id: self.maybe(Dice::id),
                product_id: self.maybe(Dice::id),
                category: self.maybe(Dice::text),
                shop_id: self.maybe(Dice::id),
                tier: self.maybe(Dice::text),
                content_type: self.maybe(|dice| dice.one(&ContentType::ALL)),
            },
            rate_bp: self.rate(),
            valid_from,
            valid_to: self.maybe(Dice::time).filter(|to| *to > valid_from),
            ads_rate_bp: self.maybe(Dice::rate),
            agency_bp: self.maybe(Dice::rate),
            base: self.one(&Base::ALL),
            attribution_window: self.maybe(|dice| Span::from_hours(24 + dice.below(29 * 24) as i64)),
            settlement_delay: self.maybe(|dice| Span::from_ms(dice.below(1_000_000_000) as i64)),
            settlement_from: self.maybe(|dice| dice.one(&SettlementFrom::ALL)),
        }
    }

    fn creator(&mut self) -> Creator {
        Creator {
            creator_id: self.id(),
            status: self.maybe(Dice::text),
            agency_id: self.maybe(Dice::id),
            payout_account_h: self.maybe(Dice::id),
            payment_h: self.some(0, 2, Dice::id),
            device_h: self.some(0, 2, Dice::id),
            ip: self.some(0, 2, Dice::ip),
            address_h: self.some(0, 2, Dice::id),
            phone_h: self.maybe(Dice::id),
            buyer_ids: self.some(0, 2, Dice::id),
            tier: self.maybe(Dice::text),
            followers: self.maybe(Dice::count),
            created_at: self.maybe(Dice::time),
            labels: self.some(0, 2, Dice::text),
        }
    }

    fn click(&mut self) -> Click {
        Click {
            click_id: self.id(),
            creator_id: self.id(),
            buyer_id: Some(self.id()),
            device_h: self.maybe(Dice::id),
            session_id: self.maybe(Dice::id),
            shop_id: self.maybe(Dice::id),
            product_id: self.maybe(Dice::id),
            touch: self.maybe(|dice| dice.one(&Touch::ALL)),
            content_type: self.maybe(|dice| dice.one(&ContentType::ALL)),
            content_id: self.maybe(Dice::text),
            ad_id: self.maybe(Dice::text),
            link_id: self.maybe(Dice::text),
            utm: self.some(0, 2, |dice| (dice.text(), dice.text())).into_iter().collect(),
            referrer_host: self.maybe(Dice::text),
            ip: self.maybe(Dice::ip),
            ua_h: self.maybe(Dice::id),
            country: self.maybe(Dice::text),
            invalid: self.below(2) == 0,
        }
    }

    fn order(&mut self) -> Order {
        let mut lines = self.some(1, 3, Dice::line);
        for (index, line) in lines.iter_mut().enumerate() {
            line.line_id = LineId::new(&format!("{index}{}", line.line_id.as_str())).unwrap();
        }
        let declared = |line: &Line| line.declared.as_ref().and_then(|d| d.commission).unwrap_or_default();
        let sums: [Minor; 3] = [
            lines.iter().map(|line| line.paid).sum(),
            lines.iter().map(|line| line.list_price.unwrap_or_default()).sum(),
            lines.iter().map(declared).sum(),
        ];
        if sums.iter().any(|sum| sum.0 > limit::AMOUNT_MINOR_MAX) {
            return self.order();
        }
        Order {
            order_id: self.id(),
            revision: self.below(3) as u32,
            order_type: self.one(&OrderType::ALL),
            currency: self.currency(),
            lines,
            shop_id: self.maybe(Dice::id),
            buyer_id: self.maybe(Dice::id),
            buyer_since_at: self.maybe(Dice::time),
            buyer_order_no: self.maybe(Dice::count),
            click_id: self.maybe(Dice::id),
            device_h: self.maybe(Dice::id),
            ip: self.maybe(Dice::ip),
            country: self.maybe(Dice::text),
            payment_method: self.maybe(Dice::text),
            payment_h: self.maybe(Dice::id),
            address_h: self.maybe(Dice::id),
            phone_h: self.maybe(Dice::id),
            cart_at: self.maybe(Dice::time),
            checkout_at: self.maybe(Dice::time),
            coupons: self.some(0, 2, |dice| Coupon {
                code: dice.text(),
                owner_creator_id: dice.maybe(Dice::id),
                funder: dice.maybe(|dice| dice.one(&Funder::ALL)),
                amount: dice.amount(),
            }),
        }
    }

    fn line(&mut self) -> Line {
        Line {
            line_id: self.id(),
            product_id: self.id(),
            quantity: self.count(),
            paid: self.amount(),
            sku: self.maybe(Dice::text),
            category: self.maybe(Dice::text),
            list_price: self.maybe(Dice::amount),
            seller_discount: self.amount(),
            platform_discount: self.amount(),
            tax: self.amount(),
            shipping: self.amount(),
            gift: self.below(2) == 0,
            declared: self.maybe(|dice| Declared {
                creator_id: dice.id(),
                agency_id: dice.maybe(Dice::id),
                content_type: dice.maybe(|dice| dice.one(&ContentType::ALL)),
                content_id: dice.maybe(Dice::text),
                campaign_id: dice.maybe(Dice::text),
                rate_bp: dice.maybe(Dice::rate),
                ads_rate_bp: dice.maybe(Dice::rate),
                commission: dice.maybe(Dice::amount),
            }),
        }
    }

    fn refund(&mut self) -> Refund {
        let keys = self.some(1, 3, |dice| MatchKey {
            buyer_id: dice.id(),
            sku: dice.text(),
            quantity: dice.count(),
            amount: dice.amount(),
        });
        let mut lines = self.some(0, 2, |dice| RefundLine {
            line_id: dice.id(),
            quantity: dice.maybe(Dice::count),
            amount: dice.amount(),
        });
        lines.dedup_by(|a, b| a.line_id == b.line_id);
        let matched = self.below(2) == 0;
        let amount = match (matched, lines.is_empty()) {
            (true, _) => keys.iter().map(|key| key.amount).sum(),
            (false, false) => lines.iter().map(|line| line.amount).sum(),
            (false, true) => self.amount(),
        };
        let most = Minor(limit::AMOUNT_MINOR_MAX);
        if amount > most {
            return self.refund();
        }
        Refund {
            refund_id: self.id(),
            target: if matched { RefundTarget::Match(keys) } else { RefundTarget::Order(self.id()) },
            state: self.one(&RefundState::ALL),
            currency: self.currency(),
            amount,
            lines: if matched { Vec::new() } else { lines },
            refund_type: self.maybe(|dice| dice.one(&RefundType::ALL)),
            reason: self.maybe(Dice::text),
            fault: self.maybe(|dice| dice.one(&Fault::ALL)),
        }
    }

    fn payout_line(&mut self) -> PayoutLine {
        PayoutLine {
            beneficiary: self.beneficiary(),
            currency: self.currency(),
            gross: self.amount(),
            fee: self.maybe(Dice::amount),
            tax_withheld: self.maybe(Dice::amount),
            fx_rate: self.maybe(Dice::text),
            net: self.amount(),
            bank_ref: self.maybe(Dice::text),
        }
    }

    fn review(&mut self) -> Review {
        let hex = format!("{:016x}{:016x}", self.roll(), self.roll());
        let subject = match self.below(4) {
            0 => ReviewSubject::Commission(CommissionId::parse(&hex).unwrap()),
            1 => ReviewSubject::Hold(HoldId::parse(&hex).unwrap()),
            2 => ReviewSubject::Creator(self.id()),
            _ => ReviewSubject::Group { rule: self.id(), key: self.text() },
        };
        Review {
            review_id: self.id(),
            subject,
            decision: self.one(&ReviewDecision::ALL),
            stage: self.one(&ReviewStage::ALL),
            actor: self.maybe(Dice::text),
            note: self.maybe(Dice::text),
            evidence: self.some(0, 2, |dice| EvidenceLink {
                uri: dice.text(),
                sha256: Text::from("0123456789abcdefABCDEF0123456789".repeat(2)),
            }),
        }
    }
}

trait Id {
    fn named(text: &str) -> Self;
}

macro_rules! ids {
    ($($id:ident)*) => {$(
        impl Id for $id {
            fn named(text: &str) -> $id {
                $id::new(text).unwrap()
            }
        }
    )*};
}

ids! {
    EventId ClickId OrderId LineId RefundId CreatorId AgencyId BuyerId ShopId ProductId PlanId ReviewId RunId
    ObligationId ProgramId Market SourceId RuleId Fingerprint
}
