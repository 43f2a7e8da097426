//! The one place where rhai is told what a rule may call at run time, and how far it may go.
//!
//! What must hold: no function here can reach state, a clock, a file or the process's output; a value that may
//! be `()` fails nowhere; amounts of different currencies compare as unequal and unordered and are counted.

use model::{EventTime, Money, Text};
use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString, OptimizationLevel};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering as MemoryOrdering};

use crate::list::List;
use crate::tree::Operator;

/// Longest text that a rule may build, in bytes.
pub(crate) const STRING_BYTES_MAX: usize = 4_096;
/// Longest list that a rule may build or write.
pub(crate) const ARRAY_ENTRIES_MAX: usize = 256;
/// Most entries of a map.
pub(crate) const MAP_ENTRIES_MAX: usize = 256;
/// Deepest nesting while a rule runs.
const DEPTH_MAX: usize = 64;

/// The name of the function behind every verdict, and of the variable that collects them.
pub(crate) const VERDICT: &str = "verdict";
pub(crate) const SINK: &str = "#sink";

/// An amount as rules see it: a record's own, or a constant in one or several currencies.
#[derive(Debug, Clone)]
pub(crate) enum Amount {
    One(Money),
    Several(Arc<[Money]>),
}

impl Amount {
    pub(crate) fn of(amounts: &[Money]) -> Amount {
        match amounts {
            [one] => Amount::One(*one),
            several => Amount::Several(several.into()),
        }
    }

    /// Both amounts in the currency they share.
    fn pair(&self, other: &Amount) -> Option<(Money, Money)> {
        let found =
            |amounts: &[Money], of: Money| amounts.iter().find(|m| m.currency == of.currency).copied();
        match (self, other) {
            (Amount::One(a), Amount::One(b)) => (a.currency == b.currency).then_some((*a, *b)),
            (Amount::One(a), Amount::Several(b)) => found(b, *a).map(|b| (*a, b)),
            (Amount::Several(a), Amount::One(b)) => found(a, *b).map(|a| (a, *b)),
            (Amount::Several(_), Amount::Several(_)) => None,
        }
    }
}

impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Amount::One(money) => write!(f, "{money}"),
            Amount::Several(amounts) => {
                let texts: Vec<String> = amounts.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join(" | "))
            }
        }
    }
}

/// A list, and the time at which it is asked.
#[derive(Debug, Clone)]
pub(crate) struct ListAt {
    pub(crate) list: Arc<List>,
    pub(crate) at: EventTime,
}

/// What a rule has said so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sink {
    pub(crate) calls: Vec<Said>,
}

/// One verdict call: which one in the text, how many points, why.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) site: usize,
    pub(crate) points: Option<i64>,
    pub(crate) reason: Text,
}

type Failure = Box<EvalAltResult>;

/// An engine that runs rules and nothing else.
pub(crate) fn engine(mismatches: &Arc<AtomicU64>) -> Engine {
    let mut engine = Engine::new();
    engine
        .set_optimization_level(OptimizationLevel::Simple)
        .set_max_operations(model::limit::OPERATIONS_PER_RULE)
        .set_max_call_levels(4)
        .set_max_expr_depths(DEPTH_MAX, DEPTH_MAX)
        .set_max_string_size(STRING_BYTES_MAX)
        .set_max_array_size(ARRAY_ENTRIES_MAX)
        .set_max_map_size(MAP_ENTRIES_MAX)
        .disable_symbol("eval")
        .on_print(|_| {})
        .on_debug(|_, _, _| {});
    money(&mut engine, mismatches);
    missing(&mut engine);
    comparisons(&mut engine);
    lists(&mut engine);
    verdicts(&mut engine);
    engine
}

fn money(engine: &mut Engine, mismatches: &Arc<AtomicU64>) {
    engine.register_type_with_name::<Amount>("money");
    engine.register_fn("to_string", |a: &mut Amount| a.to_string());
    engine.register_fn("to_debug", |a: &mut Amount| a.to_string());
    for (symbol, operator) in Operator::ALL {
        let Some(comparison) = operator.comparison() else { continue };
        let mismatches = Arc::clone(mismatches);
        engine.register_fn(symbol, move |a: Amount, b: Amount| {
            let pair = a.pair(&b);
            if pair.is_none() {
                mismatches.fetch_add(1, MemoryOrdering::Relaxed);
            }
            comparison.holds(pair.map(|(a, b)| a.minor.cmp(&b.minor)))
        });
    }
    engine.register_fn("+", |a: Amount, b: Amount| combined(&a, &b, i64::checked_add));
    engine.register_fn("-", |a: Amount, b: Amount| combined(&a, &b, i64::checked_sub));
    engine.register_fn("*", |a: Amount, times: i64| multiplied(&a, times));
    engine.register_fn("*", |times: i64, a: Amount| multiplied(&a, times));
}

/// A sum or difference; `()` between currencies and beyond the range of amounts.
fn combined(a: &Amount, b: &Amount, operation: fn(i64, i64) -> Option<i64>) -> Dynamic {
    let minor = a.pair(b).and_then(|(a, b)| Some((a.currency, operation(a.minor.0, b.minor.0)?)));
    minor.map_or(Dynamic::UNIT, |(currency, minor)| {
        Dynamic::from(Amount::One(Money { currency, minor: model::Minor(minor) }))
    })
}

fn multiplied(a: &Amount, times: i64) -> Dynamic {
    let times = |m: &Money| {
        let minor = m.minor.0.checked_mul(times)?;
        Some(Money { currency: m.currency, minor: model::Minor(minor) })
    };
    let products: Option<Vec<Money>> = match a {
        Amount::One(one) => times(one).map(|m| vec![m]),
        Amount::Several(several) => several.iter().map(times).collect(),
    };
    products.map_or(Dynamic::UNIT, |m| Dynamic::from(Amount::of(&m)))
}

/// Everything that could be asked of a value that is missing: arithmetic gives `()`, questions give `false`.
fn missing(engine: &mut Engine) {
    for symbol in ["+", "-", "*", "/", "%", "**"] {
        engine.register_fn(symbol, |(): (), (): ()| {});
        engine.register_fn(symbol, |(): (), _: i64| {});
        engine.register_fn(symbol, |_: i64, (): ()| {});
        engine.register_fn(symbol, |(): (), _: f64| {});
        engine.register_fn(symbol, |_: f64, (): ()| {});
        engine.register_fn(symbol, |(): (), _: Amount| {});
        engine.register_fn(symbol, |_: Amount, (): ()| {});
    }
    for name in ["-", "abs", "len", "to_float", "to_int", "round", "floor", "ceiling", "to_upper", "to_lower"]
    {
        engine.register_fn(name, |(): ()| {});
    }
    for name in ["min", "max"] {
        engine.register_fn(name, |(): (), _: Dynamic| {});
        engine.register_fn(name, |_: Dynamic, (): ()| {});
        engine.register_fn(name, |(): (), (): ()| {});
    }
    engine.register_fn("is_empty", |(): ()| true);
    for name in ["contains", "starts_with", "ends_with"] {
        engine.register_fn(name, |(): (), _: Dynamic| false);
        engine.register_fn(name, |_: ImmutableString, (): ()| false);
    }
}

fn comparisons(engine: &mut Engine) {
    engine.register_fn("same", |a: Dynamic, b: Dynamic| same(&a, &b));
    engine.register_fn("ratio", |a: Dynamic, b: Dynamic, at_least: Dynamic| ratio(&a, &b, &at_least));
}

/// Whether both are there and equal.
fn same(a: &Dynamic, b: &Dynamic) -> bool {
    if let (Some(a), Some(b)) = (a.read_lock::<Amount>(), b.read_lock::<Amount>()) {
        return a.pair(&b).is_some_and(|(a, b)| a == b);
    }
    if let (Some(a), Some(b)) = (a.read_lock::<ImmutableString>(), b.read_lock::<ImmutableString>()) {
        return *a == *b;
    }
    match (a.as_bool(), b.as_bool()) {
        (Ok(a), Ok(b)) => return a == b,
        (Err(_), Err(_)) => {}
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => return false,
    }
    match (a.as_int(), b.as_int()) {
        (Ok(a), Ok(b)) => a == b,
        _ => number(a).zip(number(b)).is_some_and(|(a, b)| a == b),
    }
}

/// A number of either kind, or an amount's minor units.
fn number(value: &Dynamic) -> Option<f64> {
    if let Ok(number) = value.as_int() {
        return Some(number as f64);
    }
    value.as_float().ok()
}

/// `a / b`, or `()` when either is missing, `b` is below the minimum, or nothing.
#[expect(clippy::float_arithmetic, reason = "a rule's ratios are floats; no money is computed from them")]
fn ratio(a: &Dynamic, b: &Dynamic, at_least: &Dynamic) -> Dynamic {
    let amounts = a.read_lock::<Amount>().zip(b.read_lock::<Amount>()).and_then(|(a, b)| a.pair(&b));
    let (a, b) = match amounts {
        Some((a, b)) => (Some(a.minor.0 as f64), Some(b.minor.0 as f64)),
        None => (number(a), number(b)),
    };
    match (a, b, number(at_least)) {
        (Some(a), Some(b), Some(least)) if b >= least && b > 0.0 => Dynamic::from_float(a / b),
        _ => Dynamic::UNIT,
    }
}

fn lists(engine: &mut Engine) {
    engine.register_type_with_name::<ListAt>("list");
    engine.register_fn("contains", |list: &mut ListAt, value: ImmutableString| {
        list.list.contains(&value, list.at)
    });
    engine.register_fn("contains", |list: &mut ListAt, value: i64| {
        list.list.contains(&value.to_string(), list.at)
    });
    engine.register_fn("contains", |_: &mut ListAt, (): ()| false);
}

fn verdicts(engine: &mut Engine) {
    engine.register_type_with_name::<Sink>("verdicts");
    engine.register_fn(VERDICT, |sink: &mut Sink, site: i64, reason: Dynamic| -> Result<(), Failure> {
        say(sink, site, None, &reason)
    });
    engine.register_fn(
        VERDICT,
        |sink: &mut Sink, site: i64, points: Dynamic, reason: Dynamic| -> Result<(), Failure> {
            if points.is_unit() {
                return Ok(());
            }
            let points = points.as_int().map_err(|found| -> Failure {
                format!("a score is a whole number of points, not {found}").into()
            })?;
            say(sink, site, Some(points), &reason)
        },
    );
}

fn say(sink: &mut Sink, site: i64, points: Option<i64>, reason: &Dynamic) -> Result<(), Failure> {
    let site = usize::try_from(site).map_err(|_| Failure::from("no such verdict"))?;
    // One effect of a kind counts: a call in a loop says nothing new.
    if !sink.calls.iter().any(|said| said.site == site) {
        let text = match reason.read_lock::<ImmutableString>() {
            Some(text) => cut(&text),
            None => cut(&reason.to_string()),
        };
        sink.calls.push(Said { site, points, reason: text });
    }
    Ok(())
}

/// At most as many bytes as a reason may have, cut at a character.
pub(crate) fn cut(text: &str) -> Text {
    let end = text.floor_char_boundary(model::limit::REASON_BYTES_MAX);
    Text::new(text.get(..end).unwrap_or(""))
}
