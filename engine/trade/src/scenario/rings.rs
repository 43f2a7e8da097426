//! Attacks by several accounts that are one person, or one team.

use model::event::ContentType;
use model::{EventTime, Span};

use super::{Manner, Stage, flagship};
use crate::journey::popular;
use crate::shopper::Shopper;

impl Stage<'_> {
    /// Two accounts, one address, nine orders in seven minutes.
    pub(super) fn same_ip_burst(&mut self) {
        let creator = self.creator("thief", |_| ());
        self.history(&creator, 2, 6);
        self.begins();
        let accounts = self.accounts(2, Span::from_days(50));
        let mut at = self.at.plus(Span::from_hours(54));
        for number in 0..9 {
            let product = self.dice.pick(&creator.assortment).clone();
            let account = accounts.get(number % 2).expect("two accounts").clone();
            let manner = Manner::usual(creator.favourite).after(Span::from_secs(20));
            self.sale(at, &creator, &account, &product, manner);
            at = at.plus(self.dice.span(Span::from_secs(25), Span::from_secs(70)));
        }
    }

    /// Nine accounts of the same day, one address, one door, within eight minutes, through links that the checkout
    /// opened itself: several weak signs at once.
    pub(super) fn same_ip_ring(&mut self) {
        let creator = self.creator("thief", |c| c.favourite = ContentType::Link);
        self.history(&creator, 2, 6);
        self.begins();
        let door = self.name("door");
        let mut at = self.at.plus(Span::from_hours(54));
        for mut account in self.accounts(9, Span::from_hours(40)) {
            account.address = door.clone();
            account.since = at.minus(self.dice.span(Span::from_hours(1), Span::from_hours(20)));
            let thinking = self.dice.span(Span::from_secs(1), Span::from_secs(4));
            let product = self.dice.pick(&creator.assortment).clone();
            let manner = Manner::usual(ContentType::Link).after(thinking);
            self.sale(at, &creator, &account, &product, manner);
            at = at.plus(self.dice.span(Span::from_secs(20), Span::from_secs(60)));
        }
    }

    /// Five accounts that take turns on one telephone, hours apart, on different networks.
    pub(super) fn same_device(&mut self) {
        let creator = self.creator("thief", |_| ());
        self.history(&creator, 2, 6);
        self.begins();
        let telephone = self.name("phone");
        for number in 0..7_i64 {
            let mut account = self.stranger(&format!("account{}", number % 5), self.at, Span::from_days(40));
            account.device = telephone.clone();
            let from = Span::from_hours(54 + number * 3);
            let at = self.between(from, Span::from_ms(from.as_ms() + 3_600_000));
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, &creator, &account, &product, Manner::usual(creator.favourite));
        }
    }

    /// A program orders one product every half minute, for accounts that share one door.
    pub(super) fn clustered_orders(&mut self) {
        let creator = self.creator("thief", |c| c.favourite = ContentType::Video);
        self.history(&creator, 14, 3);
        self.begins();
        let (door, product) = (self.name("door"), flagship(&creator));
        let mut at = self.at.plus(Span::from_hours(14 * 24 + 10));
        for number in 0..16 {
            let mut account = self.stranger(&format!("account{number}"), at, Span::from_days(45));
            account.address = door.clone();
            let thinking = self.dice.span(Span::from_secs(20), Span::from_secs(25));
            let manner = Manner::usual(ContentType::Video).after(thinking);
            self.sale(at, &creator, &account, &product, manner);
            at = at.plus(self.dice.span(Span::from_secs(32), Span::from_secs(34)));
        }
    }

    /// Thirty-two orders in a day, all but two from accounts opened that day, in a shop whose other customers are
    /// old ones.
    pub(super) fn new_account_burst(&mut self) {
        let creator = self.creator("thief", |c| c.favourite = ContentType::Video);
        let product = flagship(&creator);
        for _ in 0..150 {
            let other = popular(self.world, self.place, &mut self.dice);
            let at = self.between(Span::from_hours(1), Span::from_days(9));
            let shopper = self.resident();
            self.sale(at, other, &shopper, &product, Manner::usual(other.favourite));
        }
        self.begins();
        for number in 0..32 {
            let at = self.between(Span::from_hours(9 * 24 + 2), Span::from_hours(9 * 24 + 22));
            let age = self.dice.span(Span::from_mins(5), Span::from_hours(20));
            let shopper = if number % 16 == 0 {
                self.resident()
            } else {
                self.stranger(&format!("account{number}"), at, age)
            };
            self.sale(at, &creator, &shopper, &product, Manner::usual(ContentType::Video));
        }
    }

    /// Seven creators nobody manages, all paid to one account.
    pub(super) fn payout_account_ring(&mut self) {
        self.begins();
        let account = self.name("pay");
        let paid_there = |n: i32| (format!("thief{n}"), account.clone());
        let creators: Vec<_> = (0..7)
            .map(paid_there)
            .map(|(role, account)| self.creator(&role, |c| c.profile.payout_account_h = Some(account)))
            .collect();
        for creator in creators.iter().cycle().take(21) {
            let at = self.between(Span::from_hours(2), Span::from_days(3));
            let shopper = self.resident();
            let product = self.dice.pick(&creator.assortment).clone();
            self.sale(at, creator, &shopper, &product, Manner::usual(creator.favourite));
        }
    }

    /// Accounts of one team: opened `age` before the scenario, behind one network address.
    fn accounts(&mut self, count: usize, age: Span) -> Vec<Shopper> {
        let opened: EventTime = self.at;
        let mut accounts: Vec<_> =
            (0..count).map(|n| self.stranger(&format!("account{n}"), opened, age)).collect();
        let shared = accounts.first().map(|first| first.ip);
        for account in &mut accounts {
            account.ip = shared.unwrap_or(account.ip);
        }
        accounts
    }
}
