//! Rules that cannot finish: they are outcomes, by their policy, and the stream goes on.

use model::verdict::Decision;
use model::{Record, RuleId};
use ruleset::Ruleset;
use std::sync::Arc;

use crate::engine;

/// After so many failures a rule is ignored.
const FAILURES_MAX: usize = 3;

/// A rule that works and one that does not, whose body is given.
fn rules(body: &str, policy: &str) -> Arc<Ruleset> {
    let header = "const ON = \"order\";\nconst SEVERITY = \"high\";\nconst PUBLIC_CODE = \"x\";\n";
    let good = format!("//! Good\n//! It flags every order.\n{header}flag(\"seen\");\n");
    let bad = format!("//! Bad\n//! It never gets to an end.\n{header}{body}\n");
    let settings = format!(
        "[failures]\npolicy = \"{policy}\"\nmax = {FAILURES_MAX}\n[rules.bad]\nmode = \"live\"\n[rules.good]\nmode = \"live\"\n"
    );
    let files = [("bad.rhai", bad), ("good.rhai", good), ("ruleset.toml", settings)];
    engine::load(&files.map(|(name, text)| (name.to_owned(), text)).into_iter().collect())
}

fn orders(ruleset: &Ruleset, count: i64) -> Vec<Record> {
    let order = |number: i64| {
        let line = format!(
            "{{\"event_id\":\"e{number}\",\"kind\":\"order\",\"occurred_at\":{},\"order_id\":\"o{number}\",\
             \"currency\":\"USD\",\"ip\":\"192.0.2.7\",\"lines\":[{{\"line_id\":\"1\",\"product_id\":\"p\",\
             \"quantity\":1,\"paid\":1000,\"declared\":{{\"creator_id\":\"maria\",\"rate_bp\":1000}}}}]}}",
            1_767_268_800_000 + number * 60_000
        );
        connector::wire::decode(line.as_bytes()).unwrap().event
    };
    engine::log(ruleset, (0..count).map(order))
}

/// More operations than a rule may spend, on any event.
const ENDLESS: &str =
    "let n = 0;\nfor a in 0..90 { for b in 0..90 { n += a * b; } }\nif n > 0 { hold(\"never said\"); }";
/// A text that doubles until it is longer than a text may be.
const HUGE: &str =
    "let text = order.order_id;\nfor a in 0..40 { text += text; }\nif text != \"\" { hold(text); }";

#[test]
fn a_rule_that_cannot_finish_holds_what_it_could_not_judge_until_it_is_ignored() {
    for body in [ENDLESS, HUGE] {
        let ruleset = rules(body, "hold");
        let records = orders(&ruleset, 10);
        let mut decider = engine::decider(&ruleset);
        let output = engine::decide(&mut decider, &records, 1000);
        let verdicts = output.parsed();
        let held: Vec<&str> = verdicts
            .iter()
            .filter(|verdict| verdict.holds.iter().any(|hold| hold.rule.as_str() == "bad"))
            .filter_map(|verdict| verdict.order_id.as_ref().map(|id| id.as_str()))
            .collect();
        let mut orders = held.clone();
        orders.dedup();
        assert_eq!(orders, ["o0", "o1", "o2"], "held until it is ignored:\n{body}");
        let codes = verdicts.iter().flat_map(|v| &v.reasons).filter(|reason| reason.rule.as_str() == "bad");
        let codes: Vec<&str> = codes.map(|reason| reason.public_code.as_str()).collect();
        assert!(!codes.is_empty() && codes.iter().all(|code| *code == "check_failed"), "{codes:?}");
        let accrued = verdicts.iter().filter(|verdict| verdict.decision == Decision::Accrue).count();
        assert_eq!(accrued, 10, "every order is decided");
        let seen = decider.tally().rules[&RuleId::new("good").unwrap()].fired;
        assert_eq!(seen, 10, "the other rule runs on");
    }
}

#[test]
fn a_rule_that_may_be_ignored_when_it_fails_moves_nothing() {
    let ruleset = rules(ENDLESS, "ignore");
    let mut decider = engine::decider(&ruleset);
    let output = engine::decide(&mut decider, &orders(&ruleset, 10), 7);
    assert!(output.parsed().iter().all(|verdict| verdict.holds.is_empty()));
    assert_eq!(decider.tally().rules[&RuleId::new("bad").unwrap()].failed, 10, "and is counted");
}

#[test]
fn how_the_log_is_cut_never_shows_where_a_rule_is_ignored() {
    let ruleset = rules(ENDLESS, "hold");
    let records = orders(&ruleset, 10);
    let expected = engine::decide(&mut engine::decider(&ruleset), &records, 1);
    for chunk in [3, 4, 1000] {
        assert!(engine::decide(&mut engine::decider(&ruleset), &records, chunk) == expected, "{chunk}");
    }
}
