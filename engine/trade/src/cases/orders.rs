//! Orders and refunds of a case.

use model::event::{
    Body, ContentType, Coupon, Declared, Fault, Funder, Line, Order, OrderType, Refund, RefundLine,
    RefundState, RefundTarget, RefundType,
};
use model::{
    AgencyId, BuyerId, ClickId, CreatorId, Currency, Fingerprint, LineId, Minor, OrderId, ProductId,
    RefundId, ShopId, Text,
};
use std::collections::BTreeMap;

use super::Problem;
use super::fields::{Fields, parse_amount};
use super::line::Word;

/// What later lines must know of the orders of a case.
pub(crate) type Known = BTreeMap<String, (Currency, Minor)>;

const DEFAULT_PAID: Minor = Minor(10_000);

/// US dollars, where nothing else is said.
pub(crate) fn dollars() -> Currency {
    Currency::new("USD").expect("a currency")
}

/// An order; one line of product `p1` for 100.00 unless the line says otherwise.
pub(crate) fn order(id: OrderId, fields: &Fields, known: &mut Known) -> Result<Body, Problem> {
    let currency = fields.currency()?.unwrap_or_else(dollars);
    let lines = lines(fields, currency)?;
    known.insert(id.to_string(), (currency, lines.iter().map(|line| line.paid).sum()));
    let revision = fields.number("revision")?.unwrap_or(0);
    Ok(Body::Order(Box::new(Order {
        order_id: id,
        revision: u32::try_from(revision)
            .map_err(|_| fields.problem("`revision` is out of range", "write a small whole number"))?,
        order_type: fields.choice("type", &OrderType::ALL, OrderType::name)?.unwrap_or(OrderType::Normal),
        currency,
        lines,
        shop_id: fields.id("shop", ShopId::new)?,
        buyer_id: fields.id("buyer", BuyerId::new)?,
        buyer_since_at: fields.before("age")?,
        buyer_order_no: fields.number("buyer_order_no")?,
        click_id: fields.id("click", ClickId::new)?,
        device_h: fields.id("device", Fingerprint::new)?,
        ip: fields.ip("ip")?,
        country: fields.text("country"),
        payment_method: fields.text("method"),
        payment_h: fields.id("payment", Fingerprint::new)?,
        address_h: fields.id("address", Fingerprint::new)?,
        phone_h: fields.id("phone", Fingerprint::new)?,
        cart_at: fields.before("cart")?,
        checkout_at: fields.before("checkout")?,
        coupons: coupon(fields, currency)?.into_iter().collect(),
    })))
}

fn coupon(fields: &Fields, currency: Currency) -> Result<Option<Coupon>, Problem> {
    let code = fields.text("coupon");
    let owner_creator_id = fields.id("coupon_owner", CreatorId::new)?;
    let amount = fields.amount("coupon_amount", currency)?;
    let funder = fields.choice("coupon_funder", &Funder::ALL, Funder::name)?;
    Ok(code.map(|code| Coupon { code, owner_creator_id, funder, amount: amount.unwrap_or(Minor::ZERO) }))
}

/// `lines=p1:60.00,p2:40.00`, or one line from `product`, `paid` and the like.
fn lines(fields: &Fields, currency: Currency) -> Result<Vec<Line>, Problem> {
    let line = Line {
        line_id: line_id(1),
        product_id: fields.id("product", ProductId::new)?.unwrap_or_else(first_product),
        quantity: fields.number("quantity")?.unwrap_or(1),
        paid: fields.amount("paid", currency)?.unwrap_or(DEFAULT_PAID),
        sku: fields.text("sku"),
        category: fields.text("category"),
        list_price: fields.amount("list_price", currency)?,
        seller_discount: fields.amount("seller_discount", currency)?.unwrap_or(Minor::ZERO),
        platform_discount: fields.amount("platform_discount", currency)?.unwrap_or(Minor::ZERO),
        tax: fields.amount("tax", currency)?.unwrap_or(Minor::ZERO),
        shipping: fields.amount("shipping", currency)?.unwrap_or(Minor::ZERO),
        gift: fields.truth("gift")?,
        declared: declared(fields, currency)?,
    };
    let Some(several) = fields.word("lines") else { return Ok(vec![line]) };
    let parts = several.text.split(',').zip(1..);
    parts.map(|(part, number)| one_of_several(&line, part, number, several, currency)).collect()
}

fn one_of_several(
    like: &Line,
    part: &str,
    number: usize,
    word: &Word,
    currency: Currency,
) -> Result<Line, Problem> {
    let wrong =
        || word.problem_with_help(format!("`{part}` is not a line"), "write `lines=p1:60.00,p2:40.00`");
    let (product, paid) = part.split_once(':').ok_or_else(wrong)?;
    let product_id = ProductId::new(product).map_err(|error| word.problem(error.to_string()))?;
    let paid = parse_amount(paid, currency).ok_or_else(wrong)?;
    Ok(Line { line_id: line_id(number), product_id, paid, ..like.clone() })
}

fn line_id(number: usize) -> LineId {
    LineId::new(&number.to_string()).expect("a number is an id")
}

fn first_product() -> ProductId {
    ProductId::new("p1").expect("a valid id")
}

/// What the producer declares; there is nothing without a creator.
fn declared(fields: &Fields, currency: Currency) -> Result<Option<Declared>, Problem> {
    let creator = fields.id("creator", CreatorId::new)?;
    let agency_id = fields.id("agency", AgencyId::new)?;
    let content_type = fields.choice("content", &ContentType::ALL, ContentType::name)?;
    let content_id = fields.text("content_id");
    let rate_bp = fields.rate("rate")?;
    let commission = fields.amount("commission", currency)?;
    let campaign_id: Option<Text> = fields.text("campaign");
    Ok(creator.map(|creator_id| Declared {
        creator_id,
        agency_id,
        content_type,
        content_id,
        campaign_id,
        rate_bp,
        ads_rate_bp: None,
        commission,
    }))
}

/// A refund; completed, and of all that was paid, unless the line says otherwise.
pub(crate) fn refund(id: RefundId, fields: &Fields, known: &Known) -> Result<Body, Problem> {
    let order_id = fields.id("order", OrderId::new)?;
    let order_id = fields.required("order", order_id)?;
    let of_order = known.get(order_id.as_str()).copied();
    let currency = fields.currency()?.or(of_order.map(|(currency, _)| currency)).unwrap_or_else(dollars);
    let lines = refund_lines(fields, currency)?;
    let whole = match lines.as_slice() {
        [] => of_order.map(|(_, paid)| paid),
        some => Some(some.iter().map(|line| line.amount).sum()),
    };
    let amount = fields.amount("amount", currency)?.or(whole);
    Ok(Body::Refund(Box::new(Refund {
        refund_id: id,
        target: RefundTarget::Order(order_id),
        state: fields
            .choice("state", &RefundState::ALL, RefundState::name)?
            .unwrap_or(RefundState::Completed),
        currency,
        amount: fields.required("amount", amount)?,
        lines,
        refund_type: fields.choice("type", &RefundType::ALL, RefundType::name)?,
        reason: fields.text("reason"),
        fault: fields.choice("fault", &Fault::ALL, Fault::name)?,
    })))
}

/// `lines=1:20.00,2:5.00`
fn refund_lines(fields: &Fields, currency: Currency) -> Result<Vec<RefundLine>, Problem> {
    let Some(word) = fields.word("lines") else { return Ok(Vec::new()) };
    let part = |part: &str| {
        let (line, amount) = part.split_once(':')?;
        let line_id = LineId::new(line).ok()?;
        Some(RefundLine { line_id, quantity: None, amount: parse_amount(amount, currency)? })
    };
    let wrong = || word.problem_with_help("these are no lines of a refund", "write `lines=1:20.00,2:5.00`");
    word.text.split(',').map(|text| part(text).ok_or_else(wrong)).collect()
}
