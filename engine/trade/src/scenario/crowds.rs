//! Benign days: crowds that do for good reasons what fraud does for bad ones.

use model::event::{ContentType, Coupon, Fault, Funder, RefundState, RefundType};
use model::{Minor, Span, Text};
use std::net::{IpAddr, Ipv4Addr};

use super::{Manner, Stage, flagship};
use crate::basket::{Purchase, Visit};
use crate::journey::aftermath;
use crate::script::Return;

impl Stage<'_> {
    /// Shows every evening for ten days; then the big one, 800 orders of one product in five minutes.
    pub(super) fn live_sale(&mut self) {
        let creator = self.creator("host", |c| c.favourite = ContentType::Live);
        let manner = Manner::usual(ContentType::Live);
        for day in 0..10 {
            for _ in 0..40 {
                let (from, to) = (Span::from_hours(day * 24 + 19), Span::from_hours(day * 24 + 20));
                let at = self.between(from, to);
                let (shopper, product) = (self.resident(), self.dice.pick(&creator.assortment).clone());
                self.sale(at, &creator, &shopper, &product, manner);
            }
        }
        self.begins();
        let product = flagship(&creator);
        let show = Span::from_hours(10 * 24 + 19);
        for shopper in self.residents(800) {
            let at = self.between(show, Span::from_ms(show.as_ms() + 300_000));
            self.sale(at, &creator, &shopper, &product, manner);
        }
    }

    /// Three hundred customers of one mobile carrier, three hours, one creator.
    pub(super) fn carrier_address(&mut self) {
        let creator = self.creator("host", |c| c.favourite = ContentType::Live);
        self.history(&creator, 3, 30);
        self.begins();
        let carrier = shared_ip(self.place.first_octet, 1);
        let from = Span::from_hours(3 * 24 + 18);
        for mut shopper in self.residents(300) {
            shopper.ip = carrier;
            let at = self.between(from, Span::from_hours(3 * 24 + 21));
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &shopper, &product, Manner::usual(ContentType::Live));
        }
    }

    /// Sixty students, one network, one front desk that takes their parcels. One evening twelve of them watch the
    /// same show.
    pub(super) fn dormitory(&mut self) {
        let creators: Vec<_> = (0..4).map(|n| self.creator(&format!("host{n}"), |_| ())).collect();
        creators.iter().for_each(|creator| self.history(creator, 3, 8));
        self.begins();
        let (network, desk) = (shared_ip(self.place.first_octet, 2), self.name("desk"));
        let mut students = self.residents(60);
        for student in &mut students {
            (student.ip, student.address) = (network, desk.clone());
        }
        let show = creators.first().expect("four creators").clone();
        for student in students.iter().take(12) {
            let at = self.between(Span::from_mins(72 * 60 + 1_200), Span::from_mins(72 * 60 + 1_209));
            let product = self.dice.pick(&show.assortment).clone();
            self.sale(at, &show, student, &product, Manner::usual(ContentType::Live));
        }
        for student in students.iter().chain(&students) {
            let at = self.between(Span::from_days(3), Span::from_days(6));
            let creator = self.dice.pick(&creators).clone();
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, student, &product, Manner::usual(creator.favourite));
        }
    }

    /// Two hundred customers abroad who all have their parcels sent to one forwarder.
    pub(super) fn freight_forwarder(&mut self) {
        let creators: Vec<_> = (0..15).map(|n| self.creator(&format!("host{n}"), |_| ())).collect();
        creators.iter().for_each(|creator| self.history(creator, 2, 5));
        self.begins();
        let warehouse = self.name("warehouse");
        for mut shopper in self.residents(200) {
            shopper.address = warehouse.clone();
            let at = self.between(Span::from_days(2), Span::from_days(12));
            let creator = self.dice.pick(&creators).clone();
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &shopper, &product, Manner::usual(creator.favourite));
        }
    }

    /// A launch: 240 orders in a day with a voucher for new customers, 70 % of them from accounts a few hours old.
    pub(super) fn launch_voucher(&mut self) {
        let creator = self.creator("host", |c| c.favourite = ContentType::Video);
        self.history(&creator, 14, 6);
        self.begins();
        let product = flagship(&creator);
        let launch = Span::from_days(14);
        for (number, resident) in self.residents(240).into_iter().enumerate() {
            let at = self.between(Span::from_hours(14 * 24 + 2), Span::from_hours(14 * 24 + 22));
            let new = number % 10 < 7;
            let age = self.dice.span(Span::from_mins(4), Span::from_hours(2));
            let shopper = if new { self.stranger(&format!("guest{number}"), at, age) } else { resident };
            let thinking = self.dice.span(Span::from_mins(1), Span::from_mins(70));
            let clicked = at.minus(thinking).max(self.at.plus(launch));
            let visit = Visit::of(&creator, &shopper, &product);
            let click = self.script.click(clicked, &visit);
            let mut purchase = Purchase::of(&shopper, &product).after(click);
            if new {
                purchase = purchase.with(welcome_voucher(product.price));
            }
            let placed = self.script.order(at, &purchase);
            aftermath(&mut self.dice, &placed, 7, &mut self.script);
        }
    }

    /// Fourteen customers of a small creator who order the same again every month, for half a year.
    pub(super) fn monthly_replenishment(&mut self) {
        let creator = self.creator("host", |c| c.favourite = ContentType::Showcase);
        self.begins();
        let product = flagship(&creator);
        for (number, shopper) in self.residents(14).into_iter().enumerate() {
            let payday = i64::try_from(number * 2 + 1).expect("a day of the month");
            for month in 0..6 {
                let from = Span::from_hours((payday + month * 30) * 24 + 8);
                let at = self.between(from, Span::from_ms(from.as_ms() + 40_000_000));
                self.sale(at, &creator, &shopper, &product, Manner::usual(ContentType::Showcase));
            }
        }
    }

    /// A seller runs out: of 120 orders in two days, 84 are cancelled and paid back, by the seller's fault.
    pub(super) fn stock_out(&mut self) {
        let creator = self.creator("host", |_| ());
        self.history(&creator, 60, 3);
        self.begins();
        let product = flagship(&creator);
        for (number, shopper) in self.residents(120).into_iter().enumerate() {
            let at = self.between(Span::from_days(60), Span::from_days(62));
            let short = number % 10 < 7;
            let manner =
                Manner { refund_percent: if short { 0 } else { 7 }, ..Manner::usual(creator.favourite) };
            let placed = self.sale(at, &creator, &shopper, &product, manner);
            if short {
                let back = Return {
                    sort: RefundType::Cancel,
                    reason: "out_of_stock",
                    fault: Fault::Seller,
                    lines: Vec::new(),
                };
                let told = at.plus(self.dice.span(Span::from_days(2), Span::from_days(4)));
                self.script.refund(told, &placed, &back, RefundState::Completed);
            }
        }
    }

    /// A small creator, three orders a day, and then a day with 1,200 orders and eight times as many clicks.
    pub(super) fn viral_day(&mut self) {
        let creator = self.creator("host", |c| c.favourite = ContentType::Video);
        self.history(&creator, 20, 3);
        self.begins();
        let (from, to) = (Span::from_hours(20 * 24 + 1), Span::from_hours(21 * 24));
        for number in 0..9_600 {
            let fresh = self.dice.percent(25);
            let at = self.between(from, to);
            let shopper = if fresh {
                let age = self.dice.span(Span::from_mins(3), Span::from_hours(30));
                self.stranger(&format!("fan{number}"), at, age)
            } else {
                self.resident()
            };
            let product = self.dice.pick(&creator.assortment).clone();
            if number % 8 == 0 {
                self.sale(at, &creator, &shopper, &product, Manner::usual(ContentType::Video));
            } else {
                self.script.click(at, &Visit::of(&creator, &shopper, &product));
            }
        }
    }
}

/// A public address behind which many people are.
fn shared_ip(first_octet: u8, number: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(first_octet, 255, 255, number))
}

fn welcome_voucher(price: Minor) -> Coupon {
    Coupon {
        code: Text::new("WELCOME"),
        owner_creator_id: None,
        funder: Some(Funder::Platform),
        amount: Minor(price.0 / 5),
    }
}
