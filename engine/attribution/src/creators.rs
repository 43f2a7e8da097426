//! What is known of creators, and how many of them are paid to one account.
//!
//! Of two profiles the one that happened later counts, and of two at the same time the one that came later.

use model::admitted::{CreatorFacts, Shares};
use model::event::{Creator, Order};
use model::{CreatorId, EventTime, Fingerprint, Text, address};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::table::{In, Program, Scoped, Table};

/// The creators of all programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Creators {
    profiles: Table<Scoped<CreatorId>, Profile>,
    /// How many creators are paid to each account.
    sharers: Table<Scoped<Fingerprint>, i64>,
}

/// A creator as last known.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Profile {
    occurred_at: EventTime,
    creator: Arc<Creator>,
    /// Their own network addresses as subscribers.
    ips: Vec<Text>,
}

impl Creators {
    pub(crate) fn add(&mut self, program: Program, occurred_at: EventTime, creator: &Arc<Creator>) {
        let key = Scoped::new(program, creator.creator_id.clone());
        let old = self.profiles.get(&key);
        if old.is_some_and(|old| old.occurred_at > occurred_at) {
            return;
        }
        if let Some(account) = old.and_then(|old| old.creator.payout_account_h.clone()) {
            self.leave(program, &account);
        }
        if let Some(account) = &creator.payout_account_h {
            *self.sharers.at(Scoped::new(program, account.clone())) += 1;
        }
        let ips = creator.ip.iter().map(|ip| address::subscriber(*ip)).collect();
        self.profiles.insert(key, Profile { occurred_at, creator: Arc::clone(creator), ips });
    }

    /// What is known of a creator.
    pub(crate) fn get(&self, program: Program, creator: &CreatorId) -> Option<&Arc<Creator>> {
        self.profiles.get(&In(program, creator)).map(|profile| &profile.creator)
    }

    /// What rules see of a creator at an order.
    pub(crate) fn facts(&self, program: Program, creator: &CreatorId, at: EventTime) -> Option<CreatorFacts> {
        let creator = self.get(program, creator)?;
        let account = creator.payout_account_h.as_ref();
        let sharers = account.and_then(|account| self.sharers.get(&In(program, account)));
        Some(CreatorFacts {
            tier: creator.tier.clone(),
            followers: creator.followers,
            age_s: creator.created_at.map(|created| at.seconds_since(created)),
            agency: creator.agency_id.clone(),
            payout_account: account.cloned(),
            labels: creator.labels.clone(),
            account_sharers: sharers.copied().unwrap_or(1),
        })
    }

    /// Which of the order's identifiers are the creator's own. Missing never equals missing.
    pub(crate) fn shares(
        &self,
        program: Program,
        creator: &CreatorId,
        order: &Order,
        ip: Option<&Text>,
    ) -> Shares {
        let Some(profile) = self.profiles.get(&In(program, creator)) else { return Shares::default() };
        let own = &profile.creator;
        Shares {
            payment: is_among(order.payment_h.as_ref(), &own.payment_h),
            address: is_among(order.address_h.as_ref(), &own.address_h),
            device: is_among(order.device_h.as_ref(), &own.device_h),
            ip: is_among(ip, &profile.ips),
            phone: order.phone_h.is_some() && order.phone_h == own.phone_h,
            buyer: is_among(order.buyer_id.as_ref(), &own.buyer_ids),
        }
    }

    fn leave(&mut self, program: Program, account: &Fingerprint) {
        let key = In(program, account);
        if let Some(sharers) = self.sharers.get_mut(&key) {
            *sharers -= 1;
            if *sharers == 0 {
                self.sharers.remove(&key);
            }
        }
    }
}

fn is_among<T: PartialEq>(value: Option<&T>, own: &[T]) -> bool {
    value.is_some_and(|value| own.contains(value))
}
