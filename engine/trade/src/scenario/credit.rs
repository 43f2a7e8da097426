//! Attacks on the credit itself: earning what somebody else earned, or what nobody should.

use model::event::{ContentType, Coupon, Fault, Funder, RefundState, RefundType};
use model::{Minor, Span, Text};

use super::{Manner, Stage, flagship};
use crate::basket::{Purchase, Visit};
use crate::journey::{aftermath, popular};
use crate::script::Return;

impl Stage<'_> {
    /// Three months of honest trade; then a month in which friends buy and send two thirds back.
    pub(super) fn refund_spike(&mut self) {
        let creator = self.creator("thief", |_| ());
        self.history(&creator, 90, 2);
        self.begins();
        for (number, friend) in self.residents(42).into_iter().enumerate() {
            let at = self.between(Span::from_days(97), Span::from_days(117));
            let product = self.dice.pick(&creator.assortment).clone();
            let manner = Manner { refund_percent: 0, ..Manner::usual(creator.favourite) };
            let placed = self.sale(at, &creator, &friend, &product, manner);
            if number % 3 < 2 {
                let back = Return {
                    sort: RefundType::Return,
                    reason: "changed_mind",
                    fault: Fault::Buyer,
                    lines: Vec::new(),
                };
                let sent_back = at.plus(self.dice.span(Span::from_days(3), Span::from_days(11)));
                self.script.refund(sent_back, &placed, &back, RefundState::Completed);
            }
        }
    }

    /// A browser extension opens the creator's link while the buyer is paying.
    pub(super) fn click_too_fast(&mut self) {
        let creator = self.creator("thief", |c| c.favourite = ContentType::Link);
        self.begins();
        for shopper in self.residents(30) {
            let at = self.between(Span::from_hours(1), Span::from_hours(25));
            let thinking = self.dice.span(Span::from_ms(400), Span::from_ms(4_500));
            let product = self.dice.pick(&creator.assortment).clone();
            let visit = Visit::of(&creator, &shopper, &product).by(ContentType::Link);
            let click = self.script.click(at.minus(thinking), &visit);
            let mut purchase = Purchase::of(&shopper, &product).after(click);
            purchase.checkout = Some(Span::from_secs(25));
            purchase.cart = Some(Span::from_secs(90));
            let placed = self.script.order(at, &purchase);
            aftermath(&mut self.dice, &placed, 7, &mut self.script);
        }
    }

    /// Clicks laid out like nets for three days, 1,400 a day; the few orders that swim into them come when they
    /// would have come anyway, mostly more than a day later.
    pub(super) fn click_flooding(&mut self) {
        let creator = self.creator("thief", |c| c.favourite = ContentType::Link);
        self.begins();
        for _ in 0..4_200 {
            let at = self.between(Span::from_hours(1), Span::from_hours(73));
            let (shopper, product) = (self.resident(), self.dice.pick(&creator.assortment).clone());
            self.script.click(at, &Visit::of(&creator, &shopper, &product).by(ContentType::Link));
        }
        for (number, shopper) in self.residents(12).into_iter().enumerate() {
            let at = self.between(Span::from_hours(42), Span::from_hours(72));
            let thinking = if number % 4 == 3 {
                self.dice.span(Span::from_mins(5), Span::from_hours(2))
            } else {
                self.dice.span(Span::from_hours(25), Span::from_hours(40))
            };
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &shopper, &product, Manner::usual(ContentType::Link).after(thinking));
        }
    }

    /// A creator buys through their own link: from their own account, for their own door, from their own sofa.
    pub(super) fn self_purchase(&mut self) {
        let creator = self.creator("thief", |_| ());
        self.history(&creator, 2, 6);
        self.begins();
        let own = &creator.profile;
        for number in 0..6 {
            let mut buyer = self.resident();
            match number % 3 {
                0 => {
                    buyer.buyer = own.buyer_ids.first().expect("an own account").clone();
                    buyer.payment = own.payment_h.first().expect("an own card").clone();
                    buyer.payment_method = "card";
                }
                1 => buyer.address = own.address_h.first().expect("an own door").clone(),
                _ => buyer.ip = *own.ip.first().expect("an own network"),
            }
            let at = self.between(Span::from_days(3), Span::from_days(6));
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &buyer, &product, Manner::usual(creator.favourite));
        }
    }

    /// A small creator, one order a day; then one account orders every other day.
    pub(super) fn buyer_concentration(&mut self) {
        let creator = self.creator("thief", |_| ());
        self.history(&creator, 8, 1);
        self.begins();
        let friend = self.resident();
        for number in 0..9 {
            let from = Span::from_hours((8 + number * 2) * 24 + 9);
            let at = self.between(from, Span::from_ms(from.as_ms() + 36_000_000));
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &friend, &product, Manner::usual(creator.favourite));
        }
    }

    /// Buyers come by an honest creator's video. At the checkout a coupon site takes over: with its own code, or
    /// with a click of its own.
    pub(super) fn coupon_poaching(&mut self) {
        let site = self.creator("site", |c| c.favourite = ContentType::Link);
        for (number, shopper) in self.residents(24).into_iter().enumerate() {
            self.script.turns(crate::truth::Truth::Normal);
            let honest = popular(self.world, self.place, &mut self.dice).clone();
            let product = flagship(&honest);
            let at = self.between(Span::from_days(3), Span::from_days(5));
            let earned = at.minus(self.dice.wait(Span::from_mins(5), Span::from_days(2)));
            self.script.click(earned, &Visit::of(&honest, &shopper, &product));
            self.begins();
            let mut purchase = Purchase::of(&shopper, &product);
            purchase.checkout = Some(self.dice.span(Span::from_secs(20), Span::from_secs(40)));
            if number % 2 == 0 {
                purchase = purchase.with(Coupon {
                    code: Text::new("SAVE5"),
                    owner_creator_id: Some(site.id().clone()),
                    funder: Some(Funder::Seller),
                    amount: Minor(product.price.0 / 20),
                });
            } else {
                let before = self.dice.span(Span::from_secs(50), Span::from_secs(110));
                let visit = Visit::of(&site, &shopper, &product).by(ContentType::Link);
                self.script.click(at.minus(before), &visit);
            }
            let placed = self.script.order(at, &purchase);
            aftermath(&mut self.dice, &placed, 7, &mut self.script);
        }
    }
}
