//! The touches that may earn an order.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::names::names;
use crate::{BuyerId, ClickId, CreatorId, Fingerprint, ProductId, ShopId, Text};

/// A touch that may earn a later order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Click {
    /// Unique per program.
    pub click_id: ClickId,
    /// Who earns.
    pub creator_id: CreatorId,
    /// Who clicked; at least one of buyer, device and session is present.
    pub buyer_id: Option<BuyerId>,
    /// The device.
    pub device_h: Option<Fingerprint>,
    /// The session.
    pub session_id: Option<Fingerprint>,
    /// The shop the link leads to.
    pub shop_id: Option<ShopId>,
    /// The product the link leads to.
    pub product_id: Option<ProductId>,
    /// How the buyer was touched.
    pub touch: Option<Touch>,
    /// What sort of content it was.
    pub content_type: Option<ContentType>,
    /// Which content.
    pub content_id: Option<Text>,
    /// The paid advertisement it belongs to; such clicks earn the ads rate.
    pub ad_id: Option<Text>,
    /// The link.
    pub link_id: Option<Text>,
    /// `utm_*` parameters.
    pub utm: BTreeMap<Text, Text>,
    /// The host that referred.
    pub referrer_host: Option<Text>,
    /// The address, canonical text form of IPv4 or IPv6.
    pub ip: Option<IpAddr>,
    /// The user agent.
    pub ua_h: Option<Fingerprint>,
    /// The country.
    pub country: Option<Text>,
    /// Upstream has already judged it invalid: never a candidate.
    pub invalid: bool,
}

impl Click {
    /// A valid click that tells nothing else. Somebody has to be added who clicked.
    pub fn new(click_id: ClickId, creator_id: CreatorId) -> Click {
        Click {
            click_id,
            creator_id,
            buyer_id: None,
            device_h: None,
            session_id: None,
            shop_id: None,
            product_id: None,
            touch: None,
            content_type: None,
            content_id: None,
            ad_id: None,
            link_id: None,
            utm: BTreeMap::new(),
            referrer_host: None,
            ip: None,
            ua_h: None,
            country: None,
            invalid: false,
        }
    }
}

/// How a click touched the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Touch {
    /// A link was followed.
    Click,
    /// Content was watched.
    View,
    /// A code was entered.
    Code,
}

/// The sort of content that sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ContentType {
    /// A live show.
    Live,
    /// A recorded video.
    Video,
    /// The creator's showcase.
    Showcase,
    /// A shop page.
    Shop,
    /// A plain link.
    Link,
}

names! {
    Touch { Click = "click", View = "view", Code = "code" }
    ContentType { Live = "live", Video = "video", Showcase = "showcase", Shop = "shop", Link = "link" }
}
