//! How each record answers for its facts: its own table first, the rest by its order.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "each function answers for its own facts and hands the rest on"
)]

use crate::admitted::{ClickRecord, Context, MaturityRecord, OrderRecord, RefundRecord};
use crate::event::Attribute;
use crate::fact::{Fact, Facts, Field, Subject, Value};
use crate::{EventTime, Money};

fn of_context<'a>(subject: Subject, at: EventTime, context: &'a Context, fact: Fact) -> Option<Value<'a>> {
    match fact {
        Fact::Kind => Some(Value::Text(subject.name())),
        Fact::Market => Some(Value::Text(context.market.as_str())),
        Fact::ProgramId => Some(Value::Text(context.program.as_str())),
        Fact::Source => Some(Value::text(context.source.as_ref().map(|s| s.as_str()))),
        Fact::HourUtc => Some(Value::Int(at.hour_utc())),
        _ => None,
    }
}

fn attribute<'a>(context: &'a Context, name: &str) -> Value<'a> {
    match context.attributes.get(name) {
        None => Value::Missing,
        Some(Attribute::Bool(truth)) => Value::Bool(*truth),
        Some(Attribute::Int(number)) => Value::Int(*number),
        Some(Attribute::Text(text)) => Value::Text(text),
    }
}

impl Facts for ClickRecord {
    fn subject(&self) -> Subject {
        Subject::Click
    }

    fn get(&self, field: &Field) -> Value<'_> {
        match field {
            Field::Fact(fact) => of_context(Subject::Click, self.occurred_at, &self.context, *fact)
                .unwrap_or_else(|| click_fact(self, *fact)),
            Field::Order(_) => Value::Missing,
            Field::Attribute(name) => attribute(&self.context, name),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.occurred_at
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

fn click_fact(record: &ClickRecord, fact: Fact) -> Value<'_> {
    let click = &record.click;
    match fact {
        Fact::ClickId => Value::Text(click.click_id.as_str()),
        Fact::CreatorId => Value::Text(click.creator_id.as_str()),
        Fact::ShopId => Value::text(click.shop_id.as_ref().map(|id| id.as_str())),
        Fact::ProductId => Value::text(click.product_id.as_ref().map(|id| id.as_str())),
        Fact::BuyerId => Value::text(click.buyer_id.as_ref().map(|id| id.as_str())),
        Fact::Device => Value::text(click.device_h.as_ref().map(|id| id.as_str())),
        Fact::SessionId => Value::text(click.session_id.as_ref().map(|id| id.as_str())),
        Fact::Ip => Value::text(record.ip.as_deref()),
        Fact::Network => Value::text(record.network.as_deref()),
        Fact::Country => Value::text(click.country.as_deref()),
        Fact::ReferrerHost => Value::text(click.referrer_host.as_deref()),
        Fact::UserAgent => Value::text(click.ua_h.as_ref().map(|id| id.as_str())),
        Fact::Touch => Value::text(click.touch.map(|t| t.name())),
        Fact::ContentType => Value::text(click.content_type.map(|t| t.name())),
        Fact::ContentId => Value::text(click.content_id.as_deref()),
        Fact::LinkId => Value::text(click.link_id.as_deref()),
        Fact::UtmSource => Value::text(click.utm.get("utm_source").map(|s| s.as_str())),
        _ => Value::Missing,
    }
}

impl Facts for OrderRecord {
    fn subject(&self) -> Subject {
        Subject::Order
    }

    fn get(&self, field: &Field) -> Value<'_> {
        self.get_on_line(self.lead, field)
    }

    fn lines(&self) -> usize {
        self.order.lines.len()
    }

    fn get_on_line(&self, line: usize, field: &Field) -> Value<'_> {
        match field {
            Field::Fact(fact) | Field::Order(fact) => {
                of_context(Subject::Order, self.occurred_at, &self.context, *fact)
                    .unwrap_or_else(|| order_fact(self, line, *fact))
            }
            Field::Attribute(name) => attribute(&self.context, name),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.occurred_at
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

fn order_fact(record: &OrderRecord, line_index: usize, fact: Fact) -> Value<'_> {
    let order = &record.order;
    let currency = order.currency;
    let line = order.lines.get(line_index);
    let at = record.occurred_at;
    match fact {
        Fact::OrderId => Value::Text(order.order_id.as_str()),
        Fact::Type => Value::Text(order.order_type.name()),
        Fact::ShopId => Value::text(order.shop_id.as_ref().map(|id| id.as_str())),
        Fact::BuyerId => Value::text(order.buyer_id.as_ref().map(|id| id.as_str())),
        Fact::Ip => Value::text(record.ip.as_deref()),
        Fact::Network => Value::text(record.network.as_deref()),
        Fact::Country => Value::text(order.country.as_deref()),
        Fact::Device => Value::text(order.device_h.as_ref().map(|id| id.as_str())),
        Fact::Payment => Value::text(order.payment_h.as_ref().map(|id| id.as_str())),
        Fact::PaymentMethod => Value::text(order.payment_method.as_deref()),
        Fact::Address => Value::text(order.address_h.as_ref().map(|id| id.as_str())),
        Fact::Phone => Value::text(order.phone_h.as_ref().map(|id| id.as_str())),
        Fact::Currency => Value::Text(record.order.currency.code()),
        Fact::Amount => Value::Money(record.amount()),
        Fact::Commission => Value::Money(record.commission()),
        Fact::Units => Value::Int(order.lines.iter().map(|l| l.quantity).fold(0, i64::saturating_add)),
        Fact::LineCount => Value::int(i64::try_from(order.lines.len()).ok()),
        Fact::ProductId => Value::text(line.map(|l| l.product_id.as_str())),
        Fact::Sku => Value::text(line.and_then(|l| l.sku.as_deref())),
        Fact::Category => Value::text(line.and_then(|l| l.category.as_deref())),
        Fact::CouponCode => Value::text(record.coupon().map(|c| c.code.as_str())),
        Fact::CouponAmount => match record.coupon() {
            Some(coupon) => Value::Money(Money { currency, minor: coupon.amount }),
            None => Value::Missing,
        },
        Fact::Subsidy => Value::Money(record.subsidy()),
        Fact::BuyerAge => Value::int(order.buyer_since_at.map(|since| at.seconds_since(since))),
        Fact::BuyerOrderNo => Value::int(order.buyer_order_no),
        Fact::CartToOrder => Value::int(order.cart_at.map(|cart| at.seconds_since(cart))),
        Fact::CheckoutToOrder => Value::int(order.checkout_at.map(|checkout| at.seconds_since(checkout))),
        Fact::CreatorId => {
            let candidate = record.candidates.get(line_index).and_then(|c| c.first());
            Value::text(candidate.map(|c| c.creator.as_str()))
        }
        _ => credit_fact(record, fact),
    }
}

/// Facts that follow from who is credited with the lead line.
fn credit_fact(record: &OrderRecord, fact: Fact) -> Value<'_> {
    let credit = record.credit();
    let click = credit.and_then(|c| c.click.as_deref());
    let declared = record.order.lines.get(record.lead).and_then(|line| line.declared.as_ref());
    let at = record.occurred_at;
    match fact {
        Fact::ContentType => {
            let clicked = click.and_then(|c| c.click.content_type);
            Value::text(clicked.or(declared.and_then(|d| d.content_type)).map(|t| t.name()))
        }
        Fact::ContentId => {
            let clicked = click.and_then(|c| c.click.content_id.as_deref());
            Value::text(clicked.or(declared.and_then(|d| d.content_id.as_deref())))
        }
        Fact::AgencyId => {
            Value::text(credit.and_then(|c| c.terms.agency.as_ref()).map(|a| a.agency.as_str()))
        }
        Fact::HasClick => Value::Bool(click.is_some()),
        Fact::ClickId => Value::text(click.map(|c| c.click.click_id.as_str())),
        Fact::ClickAge => Value::int(click.map(|c| at.seconds_since(c.occurred_at))),
        Fact::ClickAgeMs => Value::int(click.map(|c| at.ms_since(c.occurred_at))),
        Fact::ClickIp => Value::text(click.and_then(|c| c.ip.as_deref())),
        Fact::ClickCountry => Value::text(click.and_then(|c| c.click.country.as_deref())),
        Fact::ClickDevice => Value::text(click.and_then(|c| c.click.device_h.as_ref()).map(|d| d.as_str())),
        Fact::ClickReferrer => Value::text(click.and_then(|c| c.click.referrer_host.as_deref())),
        Fact::ClickContentType => Value::text(click.and_then(|c| c.click.content_type).map(|t| t.name())),
        Fact::ClickTouch => Value::text(click.and_then(|c| c.click.touch).map(|t| t.name())),
        Fact::SameIp => {
            Value::of_bool(click.and_then(|c| c.ip.as_ref()).zip(record.ip.as_ref()).map(|(a, b)| a == b))
        }
        Fact::SameDevice => {
            let clicked = click.and_then(|c| c.click.device_h.as_ref());
            Value::of_bool(clicked.zip(record.order.device_h.as_ref()).map(|(a, b)| a == b))
        }
        Fact::BeforeCheckout => {
            let checkout = record.order.checkout_at;
            Value::int(click.zip(checkout).map(|(c, checkout)| checkout.seconds_since(c.occurred_at)))
        }
        Fact::AttributionKind => Value::Text(credit.map_or("none", |c| c.evidence.name())),
        Fact::Directness => Value::text(credit.and_then(|c| c.directness).map(|d| d.name())),
        Fact::Mismatch => Value::Bool(record.mismatch),
        Fact::AmountMismatch => Value::Bool(record.amount_mismatch),
        Fact::Candidates => {
            Value::int(record.candidates.get(record.lead).and_then(|c| i64::try_from(c.len()).ok()))
        }
        Fact::NextCreator => Value::text(record.runner_up().map(|c| c.creator.as_str())),
        Fact::NewestClickCreator => Value::text(record.newest_click().map(|c| c.click.creator_id.as_str())),
        Fact::NextAge => {
            let next = record.runner_up().and_then(|c| c.click.as_deref());
            Value::int(next.map(|c| at.seconds_since(c.occurred_at)))
        }
        _ => creator_fact(record, fact),
    }
}

/// Facts from the registry of creators.
fn creator_fact(record: &OrderRecord, fact: Fact) -> Value<'_> {
    let creator = record.creator.as_ref();
    match fact {
        Fact::CreatorTier => Value::text(creator.and_then(|c| c.tier.as_deref())),
        Fact::CreatorFollowers => Value::int(creator.and_then(|c| c.followers)),
        Fact::CreatorAge => Value::int(creator.and_then(|c| c.age_s)),
        Fact::CreatorAgency => Value::text(creator.and_then(|c| c.agency.as_ref()).map(|a| a.as_str())),
        Fact::CreatorLabels => Value::Texts(creator.map_or(&[], |c| c.labels.as_slice())),
        Fact::PayoutAccount => {
            Value::text(creator.and_then(|c| c.payout_account.as_ref()).map(|a| a.as_str()))
        }
        Fact::AccountSharers => {
            Value::int(creator.filter(|c| c.payout_account.is_some()).map(|c| c.account_sharers))
        }
        Fact::SharesPayment => Value::Bool(record.shares.payment),
        Fact::SharesAddress => Value::Bool(record.shares.address),
        Fact::SharesDevice => Value::Bool(record.shares.device),
        Fact::SharesIp => Value::Bool(record.shares.ip),
        Fact::SharesPhone => Value::Bool(record.shares.phone),
        Fact::SharesBuyer => Value::Bool(record.shares.buyer),
        _ => Value::Missing,
    }
}

impl Facts for RefundRecord {
    fn subject(&self) -> Subject {
        Subject::Refund
    }

    fn get(&self, field: &Field) -> Value<'_> {
        match field {
            Field::Fact(fact) => of_context(Subject::Refund, self.occurred_at, &self.context, *fact)
                .unwrap_or_else(|| refund_fact(self, *fact)),
            Field::Order(_) => self.order.get(field),
            Field::Attribute(name) => attribute(&self.context, name),
        }
    }

    fn lines(&self) -> usize {
        self.order.lines()
    }

    fn get_on_line(&self, line: usize, field: &Field) -> Value<'_> {
        match field {
            Field::Order(_) => self.order.get_on_line(line, field),
            Field::Fact(_) | Field::Attribute(_) => self.get(field),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.occurred_at
    }

    fn context(&self) -> &Context {
        &self.context
    }
}

fn refund_fact(record: &RefundRecord, fact: Fact) -> Value<'_> {
    let refund = &record.refund;
    match fact {
        Fact::RefundId => Value::Text(record.part.as_str()),
        Fact::Amount => Value::Money(Money { currency: refund.currency, minor: refund.amount }),
        Fact::Type => Value::text(refund.refund_type.map(|t| t.name())),
        Fact::Reason => Value::text(refund.reason.as_deref()),
        Fact::Fault => Value::text(refund.fault.map(|f| f.name())),
        Fact::SharePpm => Value::Int(record.share_ppm),
        Fact::SinceOrder => Value::Int(record.occurred_at.seconds_since(record.order.occurred_at)),
        Fact::SinceRelease => Value::int(record.due.map(|due| record.occurred_at.seconds_since(due))),
        _ => record.order.get(&Field::Order(fact)),
    }
}

impl Facts for MaturityRecord {
    fn subject(&self) -> Subject {
        Subject::Maturity
    }

    fn get(&self, field: &Field) -> Value<'_> {
        match field {
            Field::Fact(fact) => maturity_fact(self, *fact),
            Field::Order(_) | Field::Attribute(_) => self.order.get(field),
        }
    }

    fn lines(&self) -> usize {
        self.order.lines()
    }

    fn get_on_line(&self, line: usize, field: &Field) -> Value<'_> {
        match field {
            Field::Order(_) => self.order.get_on_line(line, field),
            Field::Fact(_) | Field::Attribute(_) => self.get(field),
        }
    }

    fn occurred_at(&self) -> EventTime {
        self.at
    }

    fn context(&self) -> &Context {
        &self.order.context
    }
}

fn maturity_fact(record: &MaturityRecord, fact: Fact) -> Value<'_> {
    match fact {
        Fact::CommissionId => Value::Text(&record.commission_hex),
        Fact::Component => Value::Text(record.component.name()),
        Fact::Amount => Value::Money(record.amount),
        Fact::HeldBefore => Value::Bool(record.held_before),
        Fact::Age => Value::Int(record.age_s),
        Fact::RefundedSharePpm => Value::Int(record.refunded_share_ppm),
        _ => of_context(Subject::Maturity, record.at, &record.order.context, fact)
            .unwrap_or_else(|| record.order.get(&Field::Order(fact))),
    }
}
