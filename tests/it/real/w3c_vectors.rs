//! The W3C's Attribution Level 1 vectors: timelines of impressions and conversions with the credit that each
//! conversion must give.
//!
//! The engine's part of a vector is *who is a candidate, in which order*. What is done with the credit differs on
//! purpose: the W3C spreads it over several touches, Tidegate gives it to the first. So the test reads the ranked
//! candidates of each order, spreads the credit over them as the vector asks, and compares.
//!
//! How a timeline is said in Tidegate's words:
//!
//! | W3C | Tidegate |
//! |---|---|
//! | impression | click, by a creator of its own |
//! | conversion | order |
//! | conversion site, `conversionSites` | shop: a click that leads to another shop is no candidate |
//! | caller (intermediary, else the site), `conversionCallers` | program: nothing is shared between programs |
//! | `impressionSites`, `impressionCallers`, `matchValues` | the buyer: an identity is an equality of keys, so each impression is sent under every key by which it may be asked for, `*` standing for "whichever" |
//! | several values of a filter | as many orders ("legs") as there are combinations |
//! | `lifetimeDays` and `lookbackDays` | the window of a plan for (creator, product): the shorter of the two, at most 30 days |
//!
//! Vectors that are not portable, with the reason of each, are listed in [`NOT_PORTABLE`].

use model::admitted::Candidate;
use model::event::{Body, Kind};
use model::verdict::Decision;
use model::{Currency, Event, Money, OrderId, OrderKey, ProgramId};
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::engine;
use crate::real::{Run, data};

/// Timelines whose candidates Tidegate must rank as the W3C does.
const PORTABLE: &[&str] = &[
    "basic",
    "conversion-callers",
    "conversion-sites",
    "credit-longer-than-impressions",
    "expiry",
    "expiry-clamping",
    "impression-callers",
    "impression-sites",
    "lookback",
    "match-values",
    "multi-touch-divides-evenly",
    "multi-touch-divides-evenly-unordered-credit",
    "multi-touch-same-histogram-index",
    "no-matching-impression",
    "simulate-multiple-buckets",
];

/// The others, and why.
const NOT_PORTABLE: &[(&str, &str)] = &[
    ("api-disabled", "a switch of the browser: who may be tracked is decided before a click is sent"),
    ("clear-site-data", "the browser forgets; what a platform has paid for is not forgotten"),
    ("clear-site-state", "a privacy budget, spent by forgetting"),
    ("forget-one-site-conversions", "a privacy budget, spent by forgetting"),
    ("measure-conversion-errors", "the arguments of a browser's function"),
    ("measure-conversion-localhost", "the arguments of a browser's function"),
    ("multi-epoch-budgeting", "privacy budgets and epochs: Tidegate reports every order"),
    ("priority", "advertisers rank their impressions; here evidence, directness and time do"),
    ("save-impression-errors", "the arguments of a browser's function"),
    ("save-impression-localhost", "the arguments of a browser's function"),
    ("single-epoch-budgeting", "privacy budgets and epochs: Tidegate reports every order"),
];

const FOLDER: &str = "w3c-attribution-vectors/impl/e2e-tests";

/// 2021-01-01, from which the seconds of a timeline count.
const ORIGIN_MS: i64 = 1_609_459_200_000;
/// The longest lifetime and lookback, `maxLookbackDays` of the vectors' CONFIG.json.
const DAYS_MAX: i64 = 30;
const ANY: &str = "*";

#[test]
fn every_vector_is_portable_or_has_a_reason() {
    let Some(folder) = data(FOLDER) else { return };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found: BTreeSet<String> = files
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|n| n != "CONFIG")
        .collect();
    let listed =
        PORTABLE.iter().chain(NOT_PORTABLE.iter().map(|(name, _)| name)).map(|name| (*name).to_owned());
    assert_eq!(found, listed.collect());
}

#[test]
fn the_ranked_candidates_give_the_credit_that_the_vectors_expect() {
    let Some(folder) = data(FOLDER) else { return };
    let conversions: usize = PORTABLE.iter().map(|name| assert_vector(&folder, name)).sum();
    assert_eq!(conversions, 38, "nothing is skipped");
}

#[test]
fn the_window_is_open_at_exactly_its_length_and_closed_a_second_later() {
    let Some(folder) = data(FOLDER) else { return };
    let timeline = Timeline::read(&folder.join("lookback.json"));
    let run = timeline.decide();
    // Impressions at 1 s and 2 s, one day of lookback: at 86,402 s only the second is in time, a second later none.
    let touched = |conversion: usize| {
        let touches = timeline.touches(&run, &timeline.conversions[conversion]);
        touches.iter().map(|touch| touch.creator.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(touched(0), ["impression-1"]);
    assert_eq!(touched(1), Vec::<String>::new());
}

/// Decides one timeline and compares the credit of each conversion; returns how many there were.
fn assert_vector(folder: &Path, name: &str) -> usize {
    let timeline = Timeline::read(&folder.join(name).with_extension("json"));
    let run = timeline.decide();
    assert_eq!(run.dead_letters, [], "{name}");
    for conversion in &timeline.conversions {
        let touches = timeline.touches(&run, conversion);
        assert_eq!(
            timeline.credit(conversion, &touches),
            conversion.expected,
            "{name} at {} s",
            conversion.at_s
        );
    }
    assert_first_touch_accrues(&timeline, &run, name);
    timeline.conversions.len()
}

/// The money goes to the best candidate of each order, and to nobody where there is none.
fn assert_first_touch_accrues(timeline: &Timeline, run: &Run, name: &str) {
    let mut accrued: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for verdict in run.verdicts.iter().filter(|verdict| verdict.decision == Decision::Accrue) {
        let order = (verdict.program_id.as_str(), verdict.order_id.as_ref().unwrap().as_str());
        accrued.insert(order, verdict.beneficiary.as_deref().unwrap());
    }
    for conversion in &timeline.conversions {
        for leg in &conversion.legs {
            let first =
                candidates(run, conversion, leg).first().map(|first| format!("creator:{}", first.creator));
            let got = accrued.get(&(conversion.caller.as_str(), leg.order.as_str())).copied();
            assert_eq!(got, first.as_deref(), "{name}: {}", leg.order);
        }
    }
}

/// A vector, with its events in Tidegate's words.
struct Timeline {
    impressions: Vec<Impression>,
    conversions: Vec<Conversion>,
    /// Every caller of a conversion: an impression that names none may be claimed by any of them.
    callers: BTreeSet<String>,
}

struct Impression {
    at_s: i64,
    site: String,
    caller: String,
    index: usize,
    lifetime_days: i64,
    match_value: String,
    conversion_sites: Vec<String>,
    conversion_callers: Vec<String>,
}

struct Conversion {
    at_s: i64,
    site: String,
    caller: String,
    lookback_days: i64,
    value: i64,
    /// Weights, in hundredths.
    weights: Vec<i64>,
    /// The histogram, in hundredths.
    expected: Vec<i64>,
    legs: Vec<Leg>,
}

/// One order of a conversion: all that it asks for is one key.
struct Leg {
    order: String,
    buyer: String,
}

impl Timeline {
    fn read(path: &Path) -> Timeline {
        let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let mut timeline =
            Timeline { impressions: Vec::new(), conversions: Vec::new(), callers: BTreeSet::new() };
        for event in vector["events"].as_array().unwrap() {
            match event["event"].as_str().unwrap() {
                "saveImpression" => timeline.impressions.push(Impression::read(event)),
                "measureConversion" => {
                    let conversion = Conversion::read(event, timeline.conversions.len());
                    timeline.callers.insert(conversion.caller.clone());
                    timeline.conversions.push(conversion);
                }
                other => panic!("{other} is not in a portable vector"),
            }
        }
        timeline
    }

    fn decide(&self) -> Run {
        let ruleset = engine::rules(&engine::root().join("tests/real/w3c-attribution-vectors"));
        let records = engine::log(&ruleset, self.events());
        let mut run = Run::new(engine::decider(&ruleset));
        run.decide(&records);
        run
    }

    /// Everything that happened, in the order of the log: by time, plans before clicks before orders.
    fn events(&self) -> Vec<Event> {
        let mut events = self.plans();
        events.extend(
            self.impressions
                .iter()
                .enumerate()
                .flat_map(|(n, impression)| impression.clicks(n, &self.callers)),
        );
        events.extend(self.conversions.iter().flat_map(Conversion::orders));
        events.sort_by_key(|event| (event.occurred_at, event.kind()));
        assert!(events.iter().any(|event| event.kind() == Kind::Order));
        events
    }

    /// How long an impression may earn a conversion: a plan for each pair of lifetime and lookback, in each program.
    fn plans(&self) -> Vec<Event> {
        let lookbacks: BTreeSet<i64> =
            self.conversions.iter().map(|conversion| conversion.lookback_days).collect();
        let mut plans = Vec::new();
        for program in &self.callers {
            for (number, impression) in self.impressions.iter().enumerate() {
                for lookback_days in &lookbacks {
                    let days = impression.lifetime_days.min(*lookback_days).min(DAYS_MAX);
                    let id = format!("{program}-{number}-{lookback_days}");
                    plans.push(event(json!({
                        "event_id": format!("plan-{id}"), "kind": "plan", "occurred_at": ORIGIN_MS,
                        "program_id": program, "plan_id": id, "version": 1, "rate_bp": 1000,
                        "scope": {"creator_id": creator(number), "product_id": product(*lookback_days)},
                        "valid_from_at": ORIGIN_MS, "attribution_window": format!("{days}d"),
                    })));
                }
            }
        }
        plans
    }

    /// The impressions that a conversion may credit, best first. Legs are interleaved by time, as one order's
    /// candidates would be.
    fn touches<'r>(&self, run: &'r Run, conversion: &Conversion) -> Vec<&'r Candidate> {
        let mut touches = Vec::new();
        for leg in &conversion.legs {
            let found = candidates(run, conversion, leg);
            let times: Vec<_> = found.iter().map(clicked_at).collect();
            assert!(times.is_sorted_by_key(|time| Reverse(*time)), "the last touch comes first: {times:?}");
            touches.extend(found);
        }
        touches.sort_by_key(|touch| Reverse(clicked_at(touch)));
        touches
    }

    /// Spreads a conversion's value over its touches by its weights: exact, or the vector is not what it seems.
    fn credit(&self, conversion: &Conversion, touches: &[&Candidate]) -> Vec<i64> {
        let mut histogram = vec![0; conversion.expected.len()];
        let earning: Vec<_> = touches.iter().zip(&conversion.weights).collect();
        let total: i64 = earning.iter().map(|(_, weight)| **weight).sum();
        for (touch, weight) in earning {
            let number: usize = touch.creator.as_str().strip_prefix("impression-").unwrap().parse().unwrap();
            assert_eq!(conversion.value * weight * 100 % total, 0, "the credit is whole");
            histogram[self.impressions[number].index] += conversion.value * weight * 100 / total;
        }
        histogram
    }
}

impl Impression {
    fn read(event: &Value) -> Impression {
        let options = &event["options"];
        let site = site(&event["site"]);
        Impression {
            at_s: event["seconds"].as_i64().unwrap(),
            caller: caller(event),
            site,
            index: usize::try_from(options["histogramIndex"].as_u64().unwrap()).unwrap(),
            lifetime_days: options["lifetimeDays"].as_i64().unwrap_or(DAYS_MAX),
            match_value: options["matchValue"].as_i64().unwrap_or(0).to_string(),
            conversion_sites: sites(&options["conversionSites"]),
            conversion_callers: sites(&options["conversionCallers"]),
        }
    }

    /// The impression as clicks: in each program that may claim it, to each shop that it leads to, under each key
    /// by which it may be asked for.
    fn clicks(&self, number: usize, callers: &BTreeSet<String>) -> Vec<Event> {
        let programs = if self.conversion_callers.is_empty() {
            callers.iter().cloned().collect()
        } else {
            self.conversion_callers.clone()
        };
        let shops = alternatives(&self.conversion_sites);
        let mut clicks = Vec::new();
        for program in &programs {
            for shop in &shops {
                for buyer in self.keys() {
                    let id = format!("{number}/{}", clicks.len());
                    let mut click = json!({
                        "event_id": format!("click-{id}"), "kind": "click", "occurred_at": at_ms(self.at_s),
                        "program_id": program, "click_id": id, "creator_id": creator(number), "buyer_id": buyer,
                    });
                    if shop != ANY {
                        click["shop_id"] = json!(shop);
                    }
                    clicks.push(event(click));
                }
            }
        }
        clicks
    }

    /// Every key by which a conversion may ask for it: each part named, or left open.
    fn keys(&self) -> Vec<String> {
        let either = |value: &String| vec![ANY.to_owned(), value.clone()];
        combine([either(&self.site), either(&self.caller), either(&self.match_value)])
    }
}

impl Conversion {
    fn read(event: &Value, number: usize) -> Conversion {
        let options = &event["options"];
        let match_values = options["matchValues"].as_array().map_or(&[][..], Vec::as_slice);
        let filters = [
            alternatives(&sites(&options["impressionSites"])),
            alternatives(&sites(&options["impressionCallers"])),
            alternatives(&match_values.iter().map(Value::to_string).collect::<Vec<_>>()),
        ];
        let legs = combine(filters).into_iter().enumerate();
        Conversion {
            at_s: event["seconds"].as_i64().unwrap(),
            site: site(&event["site"]),
            caller: caller(event),
            lookback_days: options["lookbackDays"].as_i64().unwrap_or(DAYS_MAX),
            value: options["value"].as_i64().unwrap_or(1),
            weights: options["credit"].as_array().map_or(vec![100], |weights| hundredths(weights)),
            expected: hundredths(event["expected"].as_array().unwrap()),
            legs: legs
                .map(|(leg, buyer)| Leg { order: format!("conversion-{number}/{leg}"), buyer })
                .collect(),
        }
    }

    fn orders(&self) -> Vec<Event> {
        let order = |leg: &Leg| {
            event(json!({
                "event_id": leg.order, "kind": "order", "occurred_at": at_ms(self.at_s), "program_id": self.caller,
                "order_id": leg.order, "currency": "USD", "shop_id": self.site, "buyer_id": leg.buyer,
                "lines": [{"line_id": "1", "product_id": product(self.lookback_days), "quantity": 1,
                           "paid": self.value * 100}],
            }))
        };
        self.legs.iter().map(order).collect()
    }
}

/// The ranked candidates of one order.
fn candidates<'r>(run: &'r Run, conversion: &Conversion, leg: &Leg) -> &'r [Candidate] {
    let program = ProgramId::new(&conversion.caller).unwrap();
    let key = OrderKey { program, order: OrderId::new(&leg.order).unwrap() };
    &run.decider.attribution().order(&key).unwrap().candidates[0]
}

fn clicked_at(candidate: &Candidate) -> i64 {
    candidate.click.as_ref().unwrap().occurred_at.as_ms()
}

/// An event from its JSON, as a producer would send it.
fn event(value: Value) -> Event {
    let event = connector::wire::decode(value.to_string().as_bytes()).unwrap().event;
    assert!(!matches!(event.body, Body::Refund(_)), "a timeline has no refunds");
    event
}

fn at_ms(at_s: i64) -> i64 {
    ORIGIN_MS + at_s * 1000
}

fn creator(number: usize) -> String {
    format!("impression-{number}")
}

fn product(lookback_days: i64) -> String {
    format!("lookback-{lookback_days}d")
}

/// Who calls: the intermediary, else the site itself.
fn caller(event: &Value) -> String {
    if event["intermediarySite"].is_null() { site(&event["site"]) } else { site(&event["intermediarySite"]) }
}

/// The site of a host: its registrable domain, which in these vectors has two labels.
fn site(host: &Value) -> String {
    let labels: Vec<&str> = host.as_str().unwrap().rsplit('.').take(2).collect();
    labels.into_iter().rev().collect::<Vec<_>>().join(".")
}

fn sites(list: &Value) -> Vec<String> {
    list.as_array().map_or(Vec::new(), |hosts| hosts.iter().map(site).collect())
}

/// The values of a filter, or "whichever".
fn alternatives(values: &[String]) -> Vec<String> {
    if values.is_empty() { vec![ANY.to_owned()] } else { values.to_vec() }
}

/// A key for each way to choose one value of each list.
fn combine([sites, callers, values]: [Vec<String>; 3]) -> Vec<String> {
    let mut keys = BTreeSet::new();
    for site in &sites {
        for caller in &callers {
            keys.extend(values.iter().map(|value| format!("{site}|{caller}|{value}")));
        }
    }
    keys.into_iter().collect()
}

/// Decimals of at most two places as whole hundredths.
fn hundredths(numbers: &[Value]) -> Vec<i64> {
    let usd = Currency::new("USD").unwrap();
    numbers.iter().map(|number| Money::parse(&number.to_string(), usd).unwrap().minor.0).collect()
}
