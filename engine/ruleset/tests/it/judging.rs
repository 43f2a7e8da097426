use model::Span;
use model::fact::Subject;
use model::feature::{Aggregate, Counted, Measure, Slot};
use model::hit::{Effect, EvidenceValue, Failure, Until};

use crate::record::*;
use ruleset::{RuleSeverity, Ruleset};

const SAME_IP_BURST: &str = r#"//! Same-IP burst
//! Many orders for one creator from one address within minutes, by few buyers.
//! Typical cause: the creator, or an agency, ordering through their own link.

const ON = "order";
const SEVERITY = "high";
const PUBLIC_CODE = "unusual_order_pattern";   // all that the creator is told

const WITHIN = "10m";                          // upper-case constants are the rule's dials
const MIN_ORDERS = 5;
const MAX_BUYERS = 2;

let orders = count("order").by("ip", "creator_id").within(WITHIN);
let buyers = distinct("order", "buyer_id").by("ip", "creator_id").within(WITHIN);

if orders >= MIN_ORDERS && buyers <= MAX_BUYERS {
    hold_all_of(orders, `${orders} orders by ${buyers} buyers from ${order.ip} within ${WITHIN}`).until_reviewed();
}
"#;

fn burst() -> Ruleset {
    let loaded = Ruleset::load(&sources(&[("same_ip_burst.rhai", SAME_IP_BURST)])).unwrap();
    assert_eq!(loaded.warnings, []);
    loaded.ruleset
}

/// Both measures of the burst rule, each in its feature's slot.
fn burst_measures(ruleset: &Ruleset, orders: Measure, buyers: Measure) -> model::feature::Measures {
    let values = ruleset.features().iter().map(|planned| match planned.feature.aggregate {
        Aggregate::Count => orders,
        _ => buyers,
    });
    measures(&values.collect::<Vec<_>>())
}

#[test]
fn the_same_ip_burst_holds_all_orders_that_it_counted() {
    let ruleset = burst();
    let record = Fake::order().text("ip", "192.0.2.7");
    let judge = |orders, buyers| ruleset.judge(&record, &burst_measures(&ruleset, orders, buyers));
    let hits = judge(Measure::Int(5), Measure::Int(2));
    let [hit] = hits.as_slice() else { panic!("{hits:?}") };
    let count = ruleset.features().iter().position(|f| f.feature.aggregate == Aggregate::Count).unwrap();
    assert_eq!(hit.effect, Effect::HoldAllOf(Slot(u32::try_from(count).unwrap()), Until::Reviewed));
    assert_eq!(hit.reason, "5 orders by 2 buyers from 192.0.2.7 within 10m");
    insta::assert_json_snapshot!(hit.evidence);
    assert_eq!(judge(Measure::Int(4), Measure::Int(1)), []);
    assert_eq!(judge(Measure::Int(5), Measure::Int(3)), []);
    assert_eq!(judge(Measure::Missing, Measure::Missing), []);
}

#[test]
fn a_ruleset_says_what_it_measures_and_what_it_needs() {
    let ruleset = burst();
    insta::assert_debug_snapshot!(ruleset.features());
    let info = &ruleset.rules()[0];
    assert_eq!((info.title.as_str(), info.severity), ("Same-IP burst", RuleSeverity::High));
    assert!(info.description.starts_with("Many orders"), "{}", info.description);
    assert_eq!(info.fields.iter().map(String::as_str).collect::<Vec<_>>(), ["order.creator_id", "order.ip"]);
    assert_eq!(info.subjects.iter().collect::<Vec<_>>(), [&Subject::Order]);
    assert_eq!(ruleset.longest_window(), Span::from_days(180));
    assert_eq!(ruleset.hash().len(), 64);
}

#[test]
fn rules_of_other_subjects_are_not_run() {
    assert_eq!(said("flag(\"always\");", &Fake::on(Subject::Refund)), []);
    assert_eq!(said("flag(\"always\");", &Fake::order()), [Effect::Flag]);
}

#[test]
fn rules_that_ask_for_the_same_share_the_feature() {
    let one = rule("let n = count(\"order\").by(\"ip\").within(\"10m\"); if n > 3 { flag(\"n\"); }");
    let other = rule("const W = \"600s\"; if count(\"order\").by(\"ip\").within(W) > 9 { hold(\"n\"); }");
    let both = Ruleset::load(&sources(&[("a.rhai", &one), ("b.rhai", &other)])).unwrap().ruleset;
    assert_eq!(both.features().len(), 1);
    assert_eq!(both.features()[0].feature.counted, Counted::Order);
    let hits = both.judge(&Fake::order(), &measures(&[Measure::Int(10)]));
    assert_eq!(hits.iter().map(|h| h.rule.as_str()).collect::<Vec<_>>(), ["a", "b"]);
}

#[test]
fn the_first_effect_of_a_kind_counts() {
    let body = "hold(\"one\").lasting(\"2d\"); flag(\"f\"); hold(\"two\"); score(3, \"s\"); score(4, \"t\");";
    let hits = load(body).judge(&Fake::order(), &measures(&[]));
    let said: Vec<_> = hits.iter().map(|h| (h.effect.clone(), h.reason.as_str())).collect();
    let lasting = Effect::Hold(Until::Lasting(Span::from_days(2)));
    assert_eq!(said, [(lasting, "one"), (Effect::Flag, "f"), (Effect::Score(3), "s")]);
}

#[test]
fn a_failing_rule_says_only_that_it_failed() {
    let body = "hold(\"before\"); let a = order.units / order.line_count; if a > 1 { flag(\"after\"); }";
    let record = Fake::order().int("units", 3).int("line_count", 0);
    let hits = load(body).judge(&record, &measures(&[]));
    assert_eq!(effects(&hits), [Effect::Failed(Failure::Error)]);
    assert!(hits[0].reason.contains("Division by zero"), "{}", hits[0].reason);
    assert!(hits[0].reason.contains("line 5"), "{}", hits[0].reason);
}

#[test]
fn a_rule_that_reads_what_is_unknown_fails_and_says_why() {
    let body =
        "let n = count(\"order\").by(\"ip\").within(\"1d\"); if order.units > 1 || n > 5 { hold(\"n\"); }";
    let ruleset = load(body);
    let unknown = measures(&[Measure::Unknown]);
    let hits = ruleset.judge(&Fake::order().int("units", 5), &unknown);
    assert_eq!(effects(&hits), [Effect::Failed(Failure::Unknown)]);
    assert_eq!(hits[0].reason, "too many keys: count(\"order\").by(\"ip\").within(\"1d\") is unknown here");
    let evidence: Vec<_> =
        hits[0].evidence.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(evidence, [("unknown_features", EvidenceValue::Int(1))]);
    let trace = ruleset.trace(&Fake::order(), &unknown).remove(0);
    assert_eq!(trace.failure.as_deref(), Some(hits[0].reason.as_str()));
}

#[test]
fn a_rule_that_does_not_come_to_read_what_is_unknown_says_what_it_says() {
    let body =
        "if order.units > 1 && count(\"order\").by(\"ip\").within(\"1d\") > 5 { hold(\"n\"); } flag(\"f\");";
    let said = |units| {
        effects(&load(body).judge(&Fake::order().int("units", units), &measures(&[Measure::Unknown])))
    };
    assert_eq!(said(1), [Effect::Flag]);
    assert_eq!(said(2), [Effect::Failed(Failure::Unknown)]);
}

#[test]
fn however_a_rule_reads_what_is_unknown_it_fails() {
    let reads = [
        "let b = n == (); if b { flag(\"f\"); }",
        "if n in [1, 2] { flag(\"f\"); }",
        "if same(n, 3) { flag(\"f\"); }",
        "if n ?? 0 > 1 { flag(\"f\"); }",
        "flag(`${n}`);",
        "score(n, \"f\");",
        "let s = \"\"; switch n { 1 => { s = \"one\"; } _ => { s = \"more\"; } } flag(s);",
        "let a = ratio(1, n, 1) ?? 1.0; if a > 0.5 { flag(\"f\"); }",
        "hold_all_of(n, \"f\");",
    ];
    for read in reads {
        let body = format!("let n = count(\"order\").by(\"ip\").within(\"1d\"); {read}");
        let hits = load(&body).judge(&Fake::order(), &measures(&[Measure::Unknown]));
        assert_eq!(effects(&hits), [Effect::Failed(Failure::Unknown)], "{read}");
    }
}

#[test]
fn a_rule_beyond_its_budget_fails_and_the_others_go_on() {
    // Fewer rounds than operations, so that only running it shows.
    let digits = (0..90).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    let body = format!(
        "let n = order.units; for a in [{digits}] {{ for b in [{digits}] {{ n += a * b; }} }} if n > 0 {{ hold(\"n\"); }}"
    );
    let (slow, fast) = (rule(&body), rule("flag(\"fast\");"));
    let ruleset = Ruleset::load(&sources(&[("a.rhai", &slow), ("b.rhai", &fast)])).unwrap().ruleset;
    let hits = ruleset.judge(&Fake::order().int("units", 1), &measures(&[]));
    assert_eq!(effects(&hits), [Effect::Failed(Failure::Error), Effect::Flag]);
}

#[test]
fn a_text_that_grows_without_bound_fails() {
    let body = "let s = \"aaaaaaaaaaaaaaaa\"; for i in 0..20 { s += s; } flag(s);";
    assert_eq!(said(body, &Fake::order()), [Effect::Failed(Failure::Error)]);
}

#[test]
fn a_reason_is_cut_at_a_character() {
    let body = "let s = \"é\"; for i in 0..9 { s += s; } flag(`x${s}`);";
    let hits = load(body).judge(&Fake::order(), &measures(&[]));
    assert_eq!(hits[0].reason.len(), 511);
    assert!(hits[0].reason.starts_with("xé"));
}

#[test]
fn evidence_is_integers_of_what_the_rule_names() {
    let body = r#"
        const LEAST = 3;
        const LABEL = "x";
        let n = count("order").by("ip").within("1d");
        let spread = deviation("order", "units").by("ip").within("1d");
        let paid = sum("order", "amount").by("ip").within("1d");
        let share = ratio(n, distinct("order", "buyer_id").by("ip").within("1d"), 1);
        let age = order.click.age_s;
        let country = order.country;
        if n > LEAST && spread > 0.5 && share > 0.0 && paid > money("1", "USD") && age > 0 && country != LABEL {
            flag("f");
        }
    "#;
    let ruleset = load(body);
    let values = ruleset.features().iter().map(|planned| match planned.feature.aggregate {
        Aggregate::Count => Measure::Int(7),
        Aggregate::Distinct(_) => Measure::Int(2),
        Aggregate::Sum(_) => Measure::Money(money(12_345, "USD")),
        _ => Measure::Deviation { square: 50, count: 7 },
    });
    let measures = measures(&values.collect::<Vec<_>>());
    let record = Fake::order().int("click.age_s", 12).text("country", "US");
    let hits = ruleset.judge(&record, &measures);
    let evidence = &hits[0].evidence;
    let expected = [
        ("LEAST", EvidenceValue::Int(3)),
        ("age", EvidenceValue::Int(12)),
        ("n", EvidenceValue::Int(7)),
        ("paid", EvidenceValue::Int(12_345)),
        ("share", EvidenceValue::Ratio { numerator: 7, denominator: 2 }),
        ("spread", EvidenceValue::Ratio { numerator: 7, denominator: 7 }),
    ];
    let found: Vec<_> = evidence.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_ruleset_is_shared_by_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&burst());
}
