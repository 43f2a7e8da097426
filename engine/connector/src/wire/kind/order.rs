//! Orders and their status.

use model::event::{ContentType, Coupon, Declared, Funder, Line, Order, OrderStatus, OrderType, Status};
use model::limit::{AMOUNT_MINOR_MAX, LIST_ENTRIES_MAX, ORDER_LINES_MAX};
use model::refusal::Code;
use model::{AgencyId, BuyerId, ClickId, CreatorId, Fingerprint, LineId, Minor, OrderId, ProductId, ShopId};

use super::unique;
use crate::wire::choice::Choice;
use crate::wire::codec::List;
use crate::wire::context::Problem;
use crate::wire::id::Id;
use crate::wire::map::Count;
use crate::wire::money::{Amount, CurrencyCode, Rate};
use crate::wire::object::{Obj, object};
use crate::wire::scalar::{Counter, Flag, Ip, Words};
use crate::wire::time::Time;

object! {
    Order / OrderDraft: "A purchase."
    {
        order_id = "order_id": required Id<OrderId>, "The order; unique per program, and its dedup key.";
        revision = "revision": default {0} Counter<u32, 0>, "A higher revision amends a lower one.";
        order_type = "type": default {OrderType::Normal} Choice<OrderType>, "What it is for; only normal orders earn and are judged.";
        currency = "currency": required CurrencyCode, "The ISO 4217 currency of every amount in it.";
        lines = "lines": required List<Obj<Line>, 1, ORDER_LINES_MAX>, "What was bought.";
        shop_id = "shop_id": optional Id<ShopId>, "The shop.";
        buyer_id = "buyer_id": optional Id<BuyerId>, "Who bought.";
        buyer_since_at = "buyer_since_at": optional Time, "When the buyer's account was created, in milliseconds since the epoch.";
        buyer_order_no = "buyer_order_no": optional Count<1>, "1 for the buyer's first order.";
        click_id = "click_id": optional Id<ClickId>, "The click that led here, when the producer knows it.";
        device_h = "device_h": optional Id<Fingerprint>, "The device, as a keyed hash.";
        ip = "ip": optional Ip, "The address, IPv4 or IPv6.";
        country = "country": optional Words, "The country.";
        payment_method = "payment_method": optional Words, "How it was paid.";
        payment_h = "payment_h": optional Id<Fingerprint>, "The payment instrument, as a keyed hash.";
        address_h = "address_h": optional Id<Fingerprint>, "The delivery address, as a keyed hash.";
        phone_h = "phone_h": optional Id<Fingerprint>, "The phone, as a keyed hash.";
        cart_at = "cart_at": optional Time, "When it was put into the cart, in milliseconds since the epoch.";
        checkout_at = "checkout_at": optional Time, "When checkout began, in milliseconds since the epoch.";
        coupons = "coupons": default {Vec::new()} List<Obj<Coupon>, 0, LIST_ENTRIES_MAX>, "Coupons used.";
    }
    check whole_order;
}

fn whole_order(order: &Order) -> Result<(), Problem> {
    lines_are_unique(order)?;
    total_is_bounded(order)
}

/// Each amount is bounded, and so are their sums: totals of a million orders fit the ledger's integers.
fn total_is_bounded(order: &Order) -> Result<(), Problem> {
    let declared = |line: &Line| line.declared.as_ref().and_then(|d| d.commission).unwrap_or_default();
    let sum =
        |of: &dyn Fn(&Line) -> Minor| order.lines.iter().map(|line| i128::from(of(line).0)).sum::<i128>();
    let listed = |line: &Line| line.list_price.unwrap_or_default();
    let largest = sum(&|line| line.paid).max(sum(&listed)).max(sum(&declared));
    if largest <= i128::from(AMOUNT_MINOR_MAX) {
        return Ok(());
    }
    let detail = format!("the lines sum to {largest}; an order has at most {AMOUNT_MINOR_MAX} minor units");
    Err(Problem::new(Code::AmountTooLarge, detail).at("lines"))
}

fn lines_are_unique(order: &Order) -> Result<(), Problem> {
    match order.lines.as_slice() {
        [_] => Ok(()),
        lines => unique("lines", "line_id", lines.iter().map(|line| line.line_id.as_str())),
    }
}

object! {
    Line / LineDraft: "One line of an order. Amounts are for the whole line, not per unit, and never negative."
    {
        line_id = "line_id": required Id<LineId>, "The line; unique within the order.";
        product_id = "product_id": required Id<ProductId>, "What is sold.";
        quantity = "quantity": required Count<1>, "How many.";
        paid = "paid": required Amount, "What the buyer paid for the line, tax and shipping included, in minor units.";
        sku = "sku": optional Words, "The stock keeping unit.";
        category = "category": optional Words, "The category.";
        list_price = "list_price": optional Amount, "Before discounts, in minor units.";
        seller_discount = "seller_discount": default {Minor::ZERO} Amount, "Discount paid by the seller, in minor units.";
        platform_discount = "platform_discount": default {Minor::ZERO} Amount, "Discount paid by the platform, in minor units.";
        tax = "tax": default {Minor::ZERO} Amount, "Tax within paid, in minor units.";
        shipping = "shipping": default {Minor::ZERO} Amount, "Shipping within paid, in minor units.";
        gift = "gift": default {false} Flag, "A gift with purchase: earns nothing.";
        declared = "declared": optional Obj<Declared>, "What the producer believes is owed, and to whom.";
    }
}

object! {
    Declared / DeclaredDraft: "What the producer declares about a line."
    {
        creator_id = "creator_id": required Id<CreatorId>, "Who earns.";
        agency_id = "agency_id": optional Id<AgencyId>, "The creator's agency.";
        content_type = "content_type": optional Choice<ContentType>, "What sort of content sold it.";
        content_id = "content_id": optional Words, "Which content.";
        campaign_id = "campaign_id": optional Words, "The campaign.";
        rate_bp = "rate_bp": optional Rate, "The rate, in basis points: 1000 is 10 %.";
        ads_rate_bp = "ads_rate_bp": optional Rate, "The rate on advertised clicks, in basis points.";
        commission = "commission": optional Amount, "The commission itself, in minor units of the order's currency.";
    }
}

object! {
    Coupon / CouponDraft: "A coupon used on an order."
    {
        code = "code": required Words, "The code.";
        owner_creator_id = "owner_creator_id": optional Id<CreatorId>, "The creator whom it belongs to: the strongest evidence there is.";
        funder = "funder": optional Choice<Funder>, "Who pays for it.";
        amount = "amount": required Amount, "The discount, in minor units.";
    }
}

object! {
    OrderStatus / OrderStatusDraft: "A change of an order's status. Statuses may go back and forth: the greatest time counts."
    {
        order_id = "order_id": required Id<OrderId>, "Which order.";
        status = "status": required Choice<Status>, "The new status; cancelled, failed, refused, returned and lost void.";
        line_ids = "line_ids": default {Vec::new()} List<Id<LineId>, 0, ORDER_LINES_MAX>, "Which lines; all of them when empty.";
        reason = "reason": optional Words, "Why.";
        tracking_h = "tracking_h": optional Id<Fingerprint>, "The parcel, as a keyed hash.";
    }
}
