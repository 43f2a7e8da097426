//! What a line says, by kind: every kind but orders and refunds.

use model::event::{
    Base, Beneficiary, Body, Click, Component, ContentType, Creator, FeedMark, Kind, Obligation, OrderStatus,
    PayoutRun, Plan, PlanScope, Review, ReviewDecision, ReviewStage, ReviewSubject, RunState, SettlementFrom,
    Status, Touch,
};
use model::verdict::{CommissionId, HoldId};
use model::{
    AgencyId, BasisPoints, BuyerId, ClickId, CreatorId, Fingerprint, LineId, Market, ObligationId, OrderId,
    PlanId, ProductId, RefundId, ReviewId, RuleId, RunId, ShopId, SourceId, Text,
};
use std::collections::BTreeMap;

use super::Problem;
use super::fields::Fields;
use super::line::Word;
use super::orders::{self, Known, dollars};

/// The program of every case, as the lane's default is named.
const PROGRAM: &str = "main";

/// The body of an event of that kind with that id. `words` are the bare words after the id.
pub(crate) fn body(
    kind: Kind,
    id: &Word,
    words: &[Word],
    fields: &Fields,
    known: &mut Known,
) -> Result<Body, Problem> {
    if let (Some(word), false) = (words.first(), kind == Kind::OrderStatus) {
        let help = "everything after the id is `key=value`";
        return Err(word.problem_with_help(format!("`{}` has no meaning here", word.text), help));
    }
    match kind {
        Kind::Plan => plan(named(id, PlanId::new)?, fields),
        Kind::Creator => creator(named(id, CreatorId::new)?, fields),
        Kind::Click => click(named(id, ClickId::new)?, fields),
        Kind::Order => orders::order(named(id, OrderId::new)?, fields, known),
        Kind::OrderStatus => status(named(id, OrderId::new)?, id, words, fields),
        Kind::Refund => orders::refund(named(id, RefundId::new)?, fields, known),
        Kind::PayoutRun => payout_run(named(id, RunId::new)?, fields),
        Kind::Review => review(named(id, ReviewId::new)?, fields),
        Kind::Obligation => obligation(named(id, ObligationId::new)?, fields),
        Kind::FeedMark => feed_mark(named(id, SourceId::new)?, fields),
    }
}

fn named<T, E: std::fmt::Display>(id: &Word, parse: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Problem> {
    parse(&id.text).map_err(|error| id.problem(error.to_string()))
}

fn plan(plan_id: PlanId, fields: &Fields) -> Result<Body, Problem> {
    let scope = PlanScope {
        creator_id: fields.id("creator", CreatorId::new)?,
        product_id: fields.id("product", ProductId::new)?,
        category: fields.text("category"),
        shop_id: fields.id("shop", ShopId::new)?,
        tier: fields.text("tier"),
        content_type: fields.choice("content", &ContentType::ALL, ContentType::name)?,
    };
    let rate_bp = fields.rate("rate")?;
    Ok(Body::Plan(Box::new(Plan {
        plan_id,
        version: fields.number("version")?.unwrap_or(1),
        scope,
        rate_bp: fields.required("rate", rate_bp)?,
        valid_from: fields.time("from")?.unwrap_or(fields.at()),
        valid_to: fields.time("to")?,
        ads_rate_bp: fields.rate("ads_rate")?,
        agency_bp: fields.rate("agency_rate")?,
        base: fields.choice("base", &Base::ALL, Base::name)?.unwrap_or(Base::Paid),
        attribution_window: fields.span("window")?,
        settlement_delay: fields.span("delay")?,
        settlement_from: fields.choice("delay_from", &SettlementFrom::ALL, SettlementFrom::name)?,
    })))
}

/// The plan of a case that has none: 1,000 bp of everything that is paid.
pub(crate) fn everyday_plan(at: model::EventTime) -> Body {
    let plan_id = PlanId::new("everyday").expect("a valid id");
    let rate = BasisPoints::new(1_000).expect("a rate");
    Body::Plan(Box::new(Plan { base: Base::Paid, ..Plan::new(plan_id, rate, at) }))
}

fn creator(creator_id: CreatorId, fields: &Fields) -> Result<Body, Problem> {
    Ok(Body::Creator(Box::new(Creator {
        creator_id,
        status: fields.text("status"),
        agency_id: fields.id("agency", AgencyId::new)?,
        payout_account_h: fields.id("payout", Fingerprint::new)?,
        payment_h: fields.ids("payment", Fingerprint::new)?,
        device_h: fields.ids("device", Fingerprint::new)?,
        ip: fields.ids("ip", str::parse::<std::net::IpAddr>)?,
        address_h: fields.ids("address", Fingerprint::new)?,
        phone_h: fields.id("phone", Fingerprint::new)?,
        buyer_ids: fields.ids("buyer", BuyerId::new)?,
        tier: fields.text("tier"),
        followers: fields.number("followers")?,
        created_at: fields.before("age")?,
        labels: fields.ids("labels", |label| Ok::<Text, std::convert::Infallible>(Text::new(label)))?,
    })))
}

/// A click; of the session named after it when nobody is named.
fn click(click_id: ClickId, fields: &Fields) -> Result<Body, Problem> {
    let buyer_id = fields.id("buyer", BuyerId::new)?;
    let device_h = fields.id("device", Fingerprint::new)?;
    let session_id = fields.id("session", Fingerprint::new)?;
    let nobody = buyer_id.is_none() && device_h.is_none() && session_id.is_none();
    let own_session = Fingerprint::new(click_id.as_str()).ok().filter(|_| nobody);
    let creator_id = fields.id("creator", CreatorId::new)?;
    let utm = fields.text("utm_source").map(|source| (Text::const_new("utm_source"), source));
    Ok(Body::Click(Box::new(Click {
        click_id,
        creator_id: fields.required("creator", creator_id)?,
        buyer_id,
        device_h,
        session_id: session_id.or(own_session),
        shop_id: fields.id("shop", ShopId::new)?,
        product_id: fields.id("product", ProductId::new)?,
        touch: fields.choice("touch", &Touch::ALL, Touch::name)?,
        content_type: fields.choice("content", &ContentType::ALL, ContentType::name)?,
        content_id: fields.text("content_id"),
        ad_id: fields.text("ad"),
        link_id: fields.text("link"),
        utm: utm.into_iter().collect::<BTreeMap<_, _>>(),
        referrer_host: fields.text("referrer"),
        ip: fields.ip("ip")?,
        ua_h: fields.id("ua", Fingerprint::new)?,
        country: fields.text("country"),
        invalid: fields.truth("invalid")?,
    })))
}

/// `order_status o1 delivered`
fn status(order_id: OrderId, id: &Word, words: &[Word], fields: &Fields) -> Result<Body, Problem> {
    let names: Vec<&str> = Status::ALL.iter().map(|status| status.name()).collect();
    let help = format!("write one of {} after the order", names.join(", "));
    let [word] = words else {
        return Err(id.problem_with_help("one status is wanted after the order", help));
    };
    let unknown = || word.problem_with_help(format!("`{}` is not a status", word.text), help.clone());
    Ok(Body::OrderStatus(Box::new(OrderStatus {
        order_id,
        status: Status::from_name(&word.text).ok_or_else(unknown)?,
        line_ids: fields.ids("lines", LineId::new)?,
        reason: fields.text("reason"),
        tracking_h: fields.id("tracking", Fingerprint::new)?,
    })))
}

fn payout_run(run_id: RunId, fields: &Fields) -> Result<Body, Problem> {
    let state = fields.choice("state", &RunState::ALL, RunState::name)?;
    Ok(Body::PayoutRun(Box::new(PayoutRun {
        run_id,
        state: fields.required("state", state)?,
        cutoff: fields.time("cutoff")?.unwrap_or(fields.at()),
        time_zone: fields.text("zone").unwrap_or(Text::const_new("UTC")),
        lines: Vec::new(),
    })))
}

fn review(review_id: ReviewId, fields: &Fields) -> Result<Body, Problem> {
    let decision = fields.choice("decision", &ReviewDecision::ALL, ReviewDecision::name)?;
    let stage = fields.choice("stage", &ReviewStage::ALL, ReviewStage::name)?;
    Ok(Body::Review(Box::new(Review {
        review_id,
        subject: review_subject(fields)?,
        decision: fields.required("decision", decision)?,
        stage: stage.unwrap_or(ReviewStage::Approval),
        actor: fields.text("actor"),
        note: fields.text("note"),
        evidence: Vec::new(),
    })))
}

/// `of=o1/maria` a commission, `of=o1/maria/RULE` a hold on it, `creator=maria`, or `group=KEY rule=RULE`.
fn review_subject(fields: &Fields) -> Result<ReviewSubject, Problem> {
    let (of, creator) = (fields.word("of"), fields.id("creator", CreatorId::new)?);
    let (rule, group) = (fields.id("rule", RuleId::new)?, fields.text("group"));
    match (of, creator, rule, group) {
        (Some(word), None, None, None) => commission_or_hold(word),
        (None, Some(creator), None, None) => Ok(ReviewSubject::Creator(creator)),
        (None, None, Some(rule), Some(key)) => Ok(ReviewSubject::Group { rule, key }),
        _ => Err(fields.problem(
            "a review is about one thing",
            "write `of=ORDER/CREATOR`, `of=ORDER/CREATOR/RULE`, `creator=ID`, or `rule=RULE group=KEY`",
        )),
    }
}

fn commission_or_hold(word: &Word) -> Result<ReviewSubject, Problem> {
    let wrong = || word.problem("this names no commission: write ORDER/CREATOR");
    let (order, rest) = word.text.split_once('/').ok_or_else(wrong)?;
    let (creator, rule) = match rest.split_once('/') {
        Some((creator, rule)) => (creator, Some(rule)),
        None => (rest, None),
    };
    let beneficiary = CreatorId::new(creator).map(Beneficiary::Creator).map_err(|_| wrong())?;
    let commission = CommissionId::named(PROGRAM, order, &beneficiary, Component::Cps);
    match rule {
        None => Ok(ReviewSubject::Commission(commission)),
        Some(rule) => {
            let rule = RuleId::new(rule).map_err(|error| word.problem(error.to_string()))?;
            Ok(ReviewSubject::Hold(HoldId::of_scope(&format!("commission:{commission}"), &rule)))
        }
    }
}

fn obligation(obligation_id: ObligationId, fields: &Fields) -> Result<Body, Problem> {
    let currency = fields.currency()?.unwrap_or_else(dollars);
    let creator = fields.id("creator", CreatorId::new)?.map(Beneficiary::Creator);
    let agency = fields.id("agency", AgencyId::new)?.map(Beneficiary::Agency);
    let amount = fields.amount("amount", currency)?;
    let component = fields.choice("component", &Component::OWED, Component::name)?;
    Ok(Body::Obligation(Box::new(Obligation {
        obligation_id,
        beneficiary: fields.required("creator", creator.or(agency))?,
        component: component.unwrap_or(Component::Bonus),
        currency,
        amount: fields.required("amount", amount)?,
        order_id: fields.id("order", OrderId::new)?,
        due: fields.time("due")?,
        contract_ref: fields.text("contract"),
    })))
}

fn feed_mark(source: SourceId, fields: &Fields) -> Result<Body, Problem> {
    let unknown = |name: &str| format!("there is no kind `{name}`");
    let kinds = fields.ids("kinds", |name| Kind::from_name(name).ok_or_else(|| unknown(name)))?;
    if kinds.is_empty() {
        return Err(fields.problem("`kinds` is missing", "add `kinds=refund,order_status`"));
    }
    Ok(Body::FeedMark(Box::new(FeedMark {
        source,
        kinds,
        market: fields.id("of_market", Market::new)?,
        complete_through: fields.time("through")?.unwrap_or(fields.at()),
    })))
}
