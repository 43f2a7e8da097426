//! Creators and the plans that pay them.

use model::event::{Base, ContentType, Creator, Plan, PlanScope, SettlementFrom};
use model::limit::{COUNT_MAX, LIST_ENTRIES_MAX};
use model::refusal::Code;
use model::{AgencyId, BuyerId, CreatorId, Fingerprint, PlanId, ProductId, ShopId};

use crate::wire::choice::Choice;
use crate::wire::codec::List;
use crate::wire::context::Problem;
use crate::wire::id::Id;
use crate::wire::money::Rate;
use crate::wire::object::{Obj, object};
use crate::wire::scalar::{Ip, Whole, Words};
use crate::wire::time::{Length, Time};

/// A list of keyed hashes.
type Fingerprints = List<Id<Fingerprint>, 0, LIST_ENTRIES_MAX>;

/// Seconds in a day.
const DAY_S: i64 = 86_400;

object! {
    Creator / CreatorDraft: "What is known of a creator. Each event replaces what was known before."
    {
        creator_id = "creator_id": required Id<CreatorId>, "Who.";
        status = "status": optional Words, "The platform's own word for their standing.";
        agency_id = "agency_id": optional Id<AgencyId>, "Their agency.";
        payout_account_h = "payout_account_h": optional Id<Fingerprint>, "Where they are paid, as a keyed hash.";
        payment_h = "payment_h": default {Vec::new()} Fingerprints, "Their own payment instruments, as keyed hashes.";
        device_h = "device_h": default {Vec::new()} Fingerprints, "Their own devices, as keyed hashes.";
        ip = "ip": default {Vec::new()} List<Ip, 0, LIST_ENTRIES_MAX>, "Their own addresses, IPv4 or IPv6.";
        address_h = "address_h": default {Vec::new()} Fingerprints, "Their own delivery addresses, as keyed hashes.";
        phone_h = "phone_h": optional Id<Fingerprint>, "Their phone, as a keyed hash.";
        buyer_ids = "buyer_ids": default {Vec::new()} List<Id<BuyerId>, 0, LIST_ENTRIES_MAX>, "Their own buyer accounts.";
        tier = "tier": optional Words, "Their tier.";
        followers = "followers": optional Whole<0, COUNT_MAX>, "How many follow them.";
        created_at = "created_at": optional Time, "When their account was created, in milliseconds since the epoch.";
        labels = "labels": default {Vec::new()} List<Words, 0, LIST_ENTRIES_MAX>, "The platform's labels.";
    }
}

object! {
    Plan / PlanDraft: "A version of a commission plan."
    {
        plan_id = "plan_id": required Id<PlanId>, "Which plan.";
        version = "version": required Whole<0, COUNT_MAX>, "Which version of it.";
        scope = "scope": default {PlanScope::default()} Obj<PlanScope>, "What it covers; everything when empty. The most specific plan wins.";
        rate_bp = "rate_bp": required Rate, "The creator's rate, in basis points: 1000 is 10 %.";
        valid_from = "valid_from_at": required Time, "From when, inclusive, in milliseconds since the epoch.";
        valid_to = "valid_to_at": optional Time, "Until when, exclusive, in milliseconds since the epoch; for ever when missing.";
        ads_rate_bp = "ads_rate_bp": optional Rate, "The rate on clicks that belong to an advertisement, in basis points.";
        agency_bp = "agency_bp": optional Rate, "The agency's rate, on top of the creator's, in basis points.";
        base = "base": default {Base::PaidLessTaxAndShipping} Choice<Base>, "What the rates are taken of.";
        attribution_window = "attribution_window": optional Length<DAY_S, { 30 * DAY_S }>, "How long a click may earn, from 1d to 30d; the program's when missing.";
        settlement_delay = "settlement_delay": optional Length<0, { 36_525 * DAY_S }>, "How long until release, such as 14d; the program's when missing.";
        settlement_from = "settlement_from": optional Choice<SettlementFrom>, "From when the delay counts; the program's when missing.";
    }
    check plan_ends_after_it_begins;
}

object! {
    PlanScope / PlanScopeDraft: "Which sales a plan covers: every field that is there must match."
    {
        creator_id = "creator_id": optional Id<CreatorId>, "This creator only.";
        product_id = "product_id": optional Id<ProductId>, "This product only.";
        category = "category": optional Words, "This category only.";
        shop_id = "shop_id": optional Id<ShopId>, "This shop only.";
        tier = "tier": optional Words, "Creators of this tier only.";
        content_type = "content_type": optional Choice<ContentType>, "This content type only.";
    }
}

fn plan_ends_after_it_begins(plan: &Plan) -> Result<(), Problem> {
    if plan.valid_to.is_some_and(|to| to <= plan.valid_from) {
        let detail = "`valid_to_at` is not after `valid_from_at`, so the plan would never be valid";
        return Err(Problem::new(Code::FieldValue, detail).at("valid_to_at"));
    }
    Ok(())
}
