//! What is known of those who earn.

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

use crate::{AgencyId, BuyerId, CreatorId, EventTime, Fingerprint, Text};

/// What is known of a creator. Each event replaces what was known before.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Creator {
    /// Who.
    pub creator_id: CreatorId,
    /// The platform's own word for their standing.
    pub status: Option<Text>,
    /// Their agency.
    pub agency_id: Option<AgencyId>,
    /// Where they are paid.
    pub payout_account_h: Option<Fingerprint>,
    /// Their own payment instruments.
    pub payment_h: Vec<Fingerprint>,
    /// Their own devices.
    pub device_h: Vec<Fingerprint>,
    /// Their own addresses on the network.
    pub ip: Vec<IpAddr>,
    /// Their own delivery addresses.
    pub address_h: Vec<Fingerprint>,
    /// Their phone.
    pub phone_h: Option<Fingerprint>,
    /// Their own buyer accounts.
    pub buyer_ids: Vec<BuyerId>,
    /// Their tier.
    pub tier: Option<Text>,
    /// How many follow them.
    pub followers: Option<i64>,
    /// When their account was created.
    pub created_at: Option<EventTime>,
    /// The platform's labels.
    pub labels: Vec<Text>,
}
