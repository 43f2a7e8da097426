//! Clicks.

use model::event::{Click, ContentType, Touch};
use model::limit::LIST_ENTRIES_MAX;
use model::refusal::Code;
use model::{BuyerId, ClickId, CreatorId, Fingerprint, ProductId, ShopId};
use std::collections::BTreeMap;

use crate::wire::choice::Choice;
use crate::wire::context::Problem;
use crate::wire::id::Id;
use crate::wire::map::Dictionary;
use crate::wire::object::object;
use crate::wire::scalar::{Flag, Ip, Words};

object! {
    Click / ClickDraft: "A touch that may earn a later order. At least one of buyer_id, device_h and session_id."
    {
        click_id = "click_id": required Id<ClickId>, "The click; unique per program, and its dedup key.";
        creator_id = "creator_id": required Id<CreatorId>, "Who earns.";
        buyer_id = "buyer_id": optional Id<BuyerId>, "Who clicked.";
        device_h = "device_h": optional Id<Fingerprint>, "The device, as a keyed hash.";
        session_id = "session_id": optional Id<Fingerprint>, "The session.";
        shop_id = "shop_id": optional Id<ShopId>, "The shop that the link leads to.";
        product_id = "product_id": optional Id<ProductId>, "The product that the link leads to.";
        touch = "touch": optional Choice<Touch>, "How the buyer was touched.";
        content_type = "content_type": optional Choice<ContentType>, "What sort of content it was.";
        content_id = "content_id": optional Words, "Which content.";
        ad_id = "ad_id": optional Words, "The paid advertisement that it belongs to; such clicks earn the ads rate.";
        link_id = "link_id": optional Words, "The link.";
        utm = "utm": default {BTreeMap::new()} Dictionary<LIST_ENTRIES_MAX>, "The utm_ parameters, by name without the prefix.";
        referrer_host = "referrer_host": optional Words, "The host that referred.";
        ip = "ip": optional Ip, "The address, IPv4 or IPv6.";
        ua_h = "ua_h": optional Id<Fingerprint>, "The user agent, as a keyed hash.";
        country = "country": optional Words, "The country.";
        invalid = "invalid": default {false} Flag, "Already judged invalid upstream: it never earns.";
    }
    any_of "buyer_id" "device_h" "session_id";
    check someone_clicked;
}

fn someone_clicked(click: &Click) -> Result<(), Problem> {
    if click.buyer_id.is_none() && click.device_h.is_none() && click.session_id.is_none() {
        let detail = "a click needs at least one of `buyer_id`, `device_h` and `session_id`, or no order can be joined to it";
        return Err(Problem::new(Code::FieldMissing, detail).at("buyer_id"));
    }
    Ok(())
}
