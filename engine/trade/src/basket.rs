//! What a buyer looks at and what a buyer takes: the choices behind one click and one order.

use model::event::{ContentType, Coupon, Declared, Line};
use model::{ClickId, EventTime, LineId, Minor, Span, Text};

use crate::shopper::Shopper;
use crate::world::{Creator, Product};

/// How a visitor is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Identity {
    /// Logged in.
    Account,
    /// Only the device is known.
    Device,
}

impl Identity {
    pub(crate) const fn shows_buyer(self) -> bool {
        match self {
            Identity::Account => true,
            Identity::Device => false,
        }
    }
}

/// Somebody looks at a product that a creator shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit<'a> {
    pub(crate) creator: &'a Creator,
    pub(crate) shopper: &'a Shopper,
    pub(crate) product: &'a Product,
    pub(crate) content: ContentType,
    pub(crate) identity: Identity,
    /// The advertisement that led here.
    pub(crate) ad: Option<u64>,
}

impl<'a> Visit<'a> {
    /// A visit of somebody logged in, by the creator's favourite content.
    pub(crate) fn of(creator: &'a Creator, shopper: &'a Shopper, product: &'a Product) -> Visit<'a> {
        let (content, identity) = (creator.favourite, Identity::Account);
        Visit { creator, shopper, product, content, identity, ad: None }
    }

    pub(crate) fn by(self, content: ContentType) -> Visit<'a> {
        Visit { content, ..self }
    }

    /// Shows are one a day, links one a creator, videos one a week.
    pub(crate) fn content_id(&self, at: EventTime) -> Text {
        const DAY_MS: i64 = 86_400_000;
        let number = match self.content {
            ContentType::Live => at.as_ms() / DAY_MS,
            ContentType::Video => at.as_ms() / (7 * DAY_MS),
            ContentType::Showcase | ContentType::Shop | ContentType::Link => 0,
        };
        Text::new(format!("{}-{}-{number}", self.content.name(), self.creator.id()))
    }

    pub(crate) fn advertised(&self) -> Option<Text> {
        self.ad.map(|number| Text::new(format!("ad-{number}")))
    }

    pub(crate) const fn referrer(&self) -> Option<&'static str> {
        match self.content {
            ContentType::Link => Some("blog.example"),
            ContentType::Live | ContentType::Video => Some("app.example"),
            ContentType::Showcase | ContentType::Shop => None,
        }
    }
}

/// How much a shop tells about its orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// What shop exports usually have: no network address, no device, no age of the account.
    Export,
}

/// Somebody buys.
#[derive(Debug, Clone)]
pub(crate) struct Purchase<'a> {
    pub(crate) shopper: &'a Shopper,
    pub(crate) product: &'a Product,
    pub(crate) quantity: i64,
    /// A second product of the same shop.
    pub(crate) also: Option<&'a Product>,
    pub(crate) click: Option<ClickId>,
    pub(crate) coupon: Option<Coupon>,
    /// From cart to order.
    pub(crate) cart: Option<Span>,
    /// From checkout to order.
    pub(crate) checkout: Option<Span>,
    /// Whom the shop believes it owes.
    pub(crate) declared: Option<&'a Creator>,
    pub(crate) detail: Detail,
}

impl<'a> Purchase<'a> {
    /// One piece, no coupon, everything told.
    pub(crate) fn of(shopper: &'a Shopper, product: &'a Product) -> Purchase<'a> {
        Purchase {
            shopper,
            product,
            quantity: 1,
            also: None,
            click: None,
            coupon: None,
            cart: None,
            checkout: None,
            declared: None,
            detail: Detail::Full,
        }
    }

    /// After that click.
    pub(crate) fn after(self, click: ClickId) -> Purchase<'a> {
        Purchase { click: Some(click), ..self }
    }

    /// With that coupon.
    pub(crate) fn with(self, coupon: Coupon) -> Purchase<'a> {
        Purchase { coupon: Some(coupon), ..self }
    }

    /// The order's lines. The coupon's discount is taken off the first.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let discount = self.coupon.as_ref().map_or(Minor::ZERO, |coupon| coupon.amount);
        let first = self.line("1", self.product, self.quantity, discount);
        let second = self.also.map(|product| self.line("2", product, 1, Minor::ZERO));
        std::iter::once(first).chain(second).collect()
    }

    fn line(&self, name: &str, product: &Product, quantity: i64, discount: Minor) -> Line {
        let list = Minor(product.price.0 * quantity);
        let paid = list.minus(discount).max(Minor::ZERO);
        Line {
            quantity,
            sku: Some(product.sku.clone()),
            category: Some(Text::new(product.category)),
            list_price: Some(list),
            tax: Minor(paid.0 / 11),
            declared: self.declared.map(|creator| Declared::creator(creator.id().clone())),
            ..Line::new(LineId::new(name).expect("a valid id"), product.product_id.clone(), paid)
        }
    }
}
