//! `tidegate holds`: what is held, by which rule, since when and until when.

use model::{Currency, EventTime, Minor, Money, Span};
use runtime::books::{HoldFilter, HoldSort, HoldView};

use crate::args::{Holds, HoldsList, HoldsSort};
use crate::config::Config;
use crate::failure::Failure;
use crate::pages::{List, or_empty, short};

/// Standing holds as a list.
pub(crate) const HOLDS: List<HoldView> = List {
    rows: "holds",
    columns: &[
        "hold",
        "rule",
        "commission",
        "order",
        "market",
        "shop",
        "beneficiary",
        ">held",
        "since",
        "until",
    ],
    cells,
    fields: &[
        "hold_id",
        "rule",
        "commission_id",
        "order_id",
        "market",
        "shop_id",
        "beneficiary",
        "currency",
        "amount",
        "since_at",
        "until_at",
    ],
    values,
};

/// Runs the command.
pub(crate) fn run(command: &Holds, config: &Config) -> Result<(), Failure> {
    let Holds::List(args) = command;
    let reader = args.data.read()?;
    let clock = args.data.answered(reader.status())?.clock_at.and_then(EventTime::from_ms);
    let at_least = args.at_least.as_deref().map(money).transpose()?;
    let filter = filter(args, clock, at_least)?;
    let wanted = |hold: &HoldView| {
        at_least.is_none_or(|money| hold.currency.as_deref() == Some(money.currency.code()))
    };
    HOLDS.print(config.output, args.limit, wanted, |page| args.data.answered(reader.holds(&filter, page)))
}

fn filter(
    args: &HoldsList,
    clock: Option<EventTime>,
    at_least: Option<Money>,
) -> Result<HoldFilter, Failure> {
    let clock = clock.unwrap_or(EventTime::MIN);
    let older = args.older_than.as_deref().map(span).transpose()?;
    let within = args.expiring_within.as_deref().map(span).transpose()?;
    Ok(HoldFilter {
        market: args.in_market.clone(),
        shop_id: args.shop.clone(),
        beneficiary: args.creator.as_ref().map(|creator| format!("creator:{creator}")),
        rule: args.rule.clone(),
        until_at_max: within.map(|within| clock.plus(within).as_ms()),
        since_at_max: older.map(|older| clock.minus(older).as_ms()),
        amount_min: at_least.map(|money| money.minor.0),
        sort: match args.sort {
            HoldsSort::Age => HoldSort::Age,
            HoldsSort::Amount => HoldSort::Amount,
            HoldsSort::Expiry => HoldSort::Expiry,
        },
    })
}

/// A length of time as people type it.
pub(crate) fn span(text: &str) -> Result<Span, Failure> {
    Span::parse(text).ok_or_else(|| {
        Failure::usage(format!(
            "`{text}` is no length of time; write a whole number and ms, s, m, h or d: 6h, 2d"
        ))
    })
}

/// An amount as people type it: `100.50 USD`.
fn money(text: &str) -> Result<Money, Failure> {
    let wrong = || Failure::usage(format!("`{text}` is no amount; write it like \"100.50 USD\""));
    let (number, code) =
        text.trim().split_at_checked(text.trim().len().saturating_sub(3)).ok_or_else(wrong)?;
    let currency = Currency::new(code).ok_or_else(wrong)?;
    Money::parse(number.trim(), currency).ok_or_else(wrong)
}

fn cells(hold: &HoldView) -> Vec<String> {
    vec![
        short(&hold.hold_id),
        hold.rule.clone(),
        short(&hold.commission_id),
        or_empty(hold.order_id.as_ref()),
        hold.market.clone(),
        or_empty(hold.shop_id.as_ref()),
        or_empty(hold.beneficiary.as_ref()),
        held(hold),
        time(hold.since_at),
        hold.until_at.map_or("reviewed".into(), time),
    ]
}

fn held(hold: &HoldView) -> String {
    match hold.currency.as_deref().and_then(Currency::new) {
        Some(currency) => Money { currency, minor: Minor(hold.amount) }.to_string(),
        None => hold.amount.to_string(),
    }
}

/// A time of the store, as people read it.
pub(crate) fn time(at: i64) -> String {
    EventTime::from_ms(at).map_or_else(|| at.to_string(), |at| at.to_string())
}

fn values(hold: &HoldView) -> Vec<String> {
    vec![
        hold.hold_id.clone(),
        hold.rule.clone(),
        hold.commission_id.clone(),
        or_empty(hold.order_id.as_ref()),
        hold.market.clone(),
        or_empty(hold.shop_id.as_ref()),
        or_empty(hold.beneficiary.as_ref()),
        or_empty(hold.currency.as_ref()),
        hold.amount.to_string(),
        hold.since_at.to_string(),
        hold.until_at.map(|until| until.to_string()).unwrap_or_default(),
    ]
}
