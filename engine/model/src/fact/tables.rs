//! The tables of facts: what each record tells, under which path, of which type.

use serde::{Deserialize, Serialize};

use super::Type;

/// A row of a table of facts.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The fact.
    pub fact: Fact,
    /// Its path from the record's variable: `order.` + `click.age_s`.
    pub path: &'static str,
    /// Its type.
    pub fact_type: Type,
    /// Whether it may be `()`.
    pub optional: bool,
    /// Whether each line has its own.
    pub per_line: bool,
    /// What it is.
    pub meaning: &'static str,
}

/// The row of that path.
pub(super) fn find(table: &'static [Row], path: &str) -> Option<&'static Row> {
    table.iter().find(|row| row.path == path)
}

/// A fact. The same name in two tables is the same fact, read from each record in its own way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the tables say what each one is")]
pub enum Fact {
    Kind,
    Market,
    ProgramId,
    Source,
    HourUtc,
    OrderId,
    Type,
    ShopId,
    BuyerId,
    Ip,
    Network,
    Country,
    Device,
    Payment,
    PaymentMethod,
    Address,
    Phone,
    Currency,
    Amount,
    Commission,
    Units,
    LineCount,
    ProductId,
    Sku,
    Category,
    ContentType,
    ContentId,
    CouponCode,
    CouponAmount,
    Subsidy,
    BuyerAge,
    BuyerOrderNo,
    CartToOrder,
    CheckoutToOrder,
    CreatorId,
    AgencyId,
    HasClick,
    ClickId,
    ClickAge,
    ClickAgeMs,
    ClickIp,
    ClickCountry,
    ClickDevice,
    ClickReferrer,
    ClickContentType,
    ClickTouch,
    SameIp,
    SameDevice,
    BeforeCheckout,
    AttributionKind,
    Directness,
    Mismatch,
    AmountMismatch,
    Candidates,
    NextCreator,
    NextAge,
    NewestClickCreator,
    CreatorTier,
    CreatorFollowers,
    CreatorAge,
    CreatorAgency,
    CreatorLabels,
    PayoutAccount,
    AccountSharers,
    SharesPayment,
    SharesAddress,
    SharesDevice,
    SharesIp,
    SharesPhone,
    SharesBuyer,
    RefundId,
    Reason,
    Fault,
    SharePpm,
    SinceOrder,
    SinceRelease,
    SessionId,
    ReferrerHost,
    UserAgent,
    Touch,
    LinkId,
    UtmSource,
    CommissionId,
    Component,
    HeldBefore,
    Age,
    RefundedSharePpm,
}

macro_rules! tables {
    (@optional optional) => { true };
    (@optional $($other:ident)?) => { false };
    (@per_line per_line) => { true };
    (@per_line $($other:ident)?) => { false };
    (
        $($(#[$doc:meta])* $table:ident {
            $($fact:ident $path:literal $type:ident $(@ $flag:ident)? $(+ $line:ident)? : $meaning:literal,)*
        })*
    ) => {
        $($(#[$doc])* pub const $table: &[Row] = &[$(Row {
            fact: Fact::$fact,
            path: $path,
            fact_type: Type::$type,
            optional: tables!(@optional $($flag)?),
            per_line: tables!(@per_line $($line)?),
            meaning: $meaning,
        }),*];)*
    };
}

tables! {
    /// Facts of every record.
    RECORD {
        Kind "kind" Text: "kind of the record: click, order, refund or maturity",
        Market "market" Text: "the event's market, else the lane's default",
        ProgramId "program_id" Text: "the event's program, else the lane's default",
        Source "source" Text @optional: "the system the event came from",
        HourUtc "hour_utc" Int: "hour of the day of the event's time, UTC, 0..23",
    }
    /// Facts of an order.
    ORDER {
        OrderId "order_id" Text: "the order's id",
        Type "type" Text: "normal, sample, gift, exchange or test; rules run for normal orders only",
        ShopId "shop_id" Text @optional: "the shop",
        BuyerId "buyer_id" Text @optional: "the buyer's account",
        Ip "ip" Text @optional: "the buyer's address; of an IPv6 address its /64",
        Network "network" Text @optional: "the address's network: IPv4 /24, IPv6 /48",
        Country "country" Text @optional: "the buyer's country",
        Device "device_h" Text @optional: "the buyer's device",
        Payment "payment_h" Text @optional: "the payment instrument",
        PaymentMethod "payment_method" Text @optional: "how it was paid",
        Address "address_h" Text @optional: "the delivery address",
        Phone "phone_h" Text @optional: "the phone",
        Currency "currency" Text: "ISO 4217 code of every amount of the order",
        Amount "amount" Money: "sum of `paid` of the lines that can earn",
        Commission "commission" Money: "sum of what would accrue to creators",
        Units "units" Int: "sum of the lines' quantities",
        LineCount "line_count" Int: "how many lines",
        ProductId "product_id" Text +per_line: "the lead line's product; each line's own in features",
        Sku "sku" Text @optional +per_line: "the lead line's stock keeping unit; each line's own in features",
        Category "category" Text @optional +per_line: "the lead line's category; each line's own in features",
        ContentType "content_type" Text @optional: "content type of the credited click, else the declared one",
        ContentId "content_id" Text @optional: "content of the credited click, else the declared one",
        CouponCode "coupon_code" Text @optional: "the coupon with the largest amount, then the first code",
        CouponAmount "coupon_amount" Money @optional: "that coupon's amount",
        Subsidy "subsidy" Money: "discounts funded by the platform: lines' and coupons'",
        BuyerAge "buyer_age_s" Int @optional: "age of the buyer's account at the order, seconds",
        BuyerOrderNo "buyer_order_no" Int @optional: "1 for the buyer's first order",
        CartToOrder "cart_to_order_s" Int @optional: "from cart to order, seconds",
        CheckoutToOrder "checkout_to_order_s" Int @optional: "from checkout to order, seconds",
        CreatorId "creator_id" Text @optional +per_line: "the lead line's creator as first given; each line's own in features",
        AgencyId "agency_id" Text @optional: "the agency that shares in the lead line",
        HasClick "has_click" Bool: "whether a click earned the lead line",
        ClickId "click.click_id" Text @optional: "the credited click",
        ClickAge "click.age_s" Int @optional: "from click to order, whole seconds",
        ClickAgeMs "click.age_ms" Int @optional: "from click to order, milliseconds",
        ClickIp "click.ip" Text @optional: "the click's address",
        ClickCountry "click.country" Text @optional: "the click's country",
        ClickDevice "click.device_h" Text @optional: "the click's device",
        ClickReferrer "click.referrer_host" Text @optional: "the host that referred the click",
        ClickContentType "click.content_type" Text @optional: "the click's content type",
        ClickTouch "click.touch" Text @optional: "click, view or code",
        SameIp "click.same_ip" Bool @optional: "click and order have the same address (IPv6: /64); missing if either has none",
        SameDevice "click.same_device" Bool @optional: "click and order have the same device; missing if either has none",
        BeforeCheckout "click.before_checkout_s" Int @optional: "from click to checkout, seconds",
        AttributionKind "attribution.kind" Text: "coupon, click_id, buyer, device, declared or none",
        Directness "attribution.directness" Text @optional: "direct (same product), shop, or neither",
        Mismatch "attribution.mismatch" Bool: "the producer declared another creator",
        AmountMismatch "attribution.amount_mismatch" Bool: "the producer declared another commission",
        Candidates "attribution.candidates" Int: "how many candidates the lead line has",
        NextCreator "attribution.next_creator_id" Text @optional: "the best candidate of another creator",
        NextAge "attribution.next_age_s" Int @optional: "from that candidate's click to the order, seconds",
        NewestClickCreator "attribution.newest_click_creator_id" Text @optional: "whose click is the newest among the candidates'",
        CreatorTier "creator.tier" Text @optional: "the creator's tier",
        CreatorFollowers "creator.followers" Int @optional: "how many follow the creator",
        CreatorAge "creator.age_s" Int @optional: "age of the creator's account at the order, seconds",
        CreatorAgency "creator.agency_id" Text @optional: "the creator's agency now",
        CreatorLabels "creator.labels" Texts: "the platform's labels of the creator",
        PayoutAccount "creator.payout_account_h" Text @optional: "where the creator is paid",
        AccountSharers "creator.account_sharers" Int @optional: "creators with the same payout account, this one included; missing without a known account",
        SharesPayment "creator.shares_payment" Bool: "the payment instrument is the creator's own",
        SharesAddress "creator.shares_address" Bool: "the delivery address is the creator's own",
        SharesDevice "creator.shares_device" Bool: "the device is the creator's own",
        SharesIp "creator.shares_ip" Bool: "the address on the network is the creator's own",
        SharesPhone "creator.shares_phone" Bool: "the phone is the creator's own",
        SharesBuyer "creator.shares_buyer" Bool: "the buyer's account is the creator's own",
    }
    /// Facts of a refund, beside its order's.
    REFUND {
        RefundId "refund_id" Text: "the refund's id; ID/1, ID/2 for parts of one matched to several orders",
        Amount "amount" Money: "how much goes back",
        Type "type" Text @optional: "cancel, refund_only, return or chargeback",
        Reason "reason" Text @optional: "the producer's reason",
        Fault "fault" Text @optional: "buyer, seller, carrier, platform, creator or unknown",
        SharePpm "share_ppm" Int: "share of the order's paid amount refunded so far, this one included, parts per million",
        SinceOrder "since_order_s" Int: "from order to refund, seconds",
        SinceRelease "since_release_s" Int @optional: "from the day the lead line was due for release by the dates alone; missing before it",
    }
    /// Facts of a click.
    CLICK {
        ClickId "click_id" Text: "the click's id",
        CreatorId "creator_id" Text: "who would earn",
        ShopId "shop_id" Text @optional: "the shop the link leads to",
        ProductId "product_id" Text @optional: "the product the link leads to",
        BuyerId "buyer_id" Text @optional: "who clicked",
        Device "device_h" Text @optional: "the device",
        SessionId "session_id" Text @optional: "the session",
        Ip "ip" Text @optional: "the address; of an IPv6 address its /64",
        Network "network" Text @optional: "the address's network: IPv4 /24, IPv6 /48",
        Country "country" Text @optional: "the country",
        ReferrerHost "referrer_host" Text @optional: "the host that referred",
        UserAgent "ua_h" Text @optional: "the user agent",
        Touch "touch" Text @optional: "click, view or code",
        ContentType "content_type" Text @optional: "live, video, showcase, shop or link",
        ContentId "content_id" Text @optional: "the content",
        LinkId "link_id" Text @optional: "the link",
        UtmSource "utm_source" Text @optional: "utm_source of the link",
    }
    /// Facts of a commission just before its release, beside its order's.
    MATURITY {
        CommissionId "commission_id" Text: "the commission's id",
        Component "component" Text: "cps, ads_cps, agency_share, …",
        Amount "amount" Money: "what would be released",
        HeldBefore "held_before" Bool: "whether it was ever held",
        Age "age_s" Int: "since its order, seconds",
        RefundedSharePpm "refunded_share_ppm" Int: "share of what accrued that refunds reduced, parts per million",
    }
}
