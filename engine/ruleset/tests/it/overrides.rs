use model::feature::Measures;
use model::policy::{Mode, OnFailure};
use model::{ProgramId, RuleId, Span};

use crate::record::*;

const BODY: &str = "const LEAST = 5;\nif order.units >= LEAST { flag(`at least ${LEAST}`); }";

fn reason(settings: &str, record: &Fake) -> Option<String> {
    let loaded = load_with(BODY, &[("ruleset.toml", settings)]);
    let hits = loaded.ruleset.judge(&record.clone().int("units", 100), &Measures::default());
    hits.first().map(|hit| hit.reason.to_string())
}

#[test]
fn a_dial_is_set_by_program_before_market_before_everywhere() {
    let settings = "[rules.r]\nmode = \"live\"\ndials = { LEAST = 6 }\nmarkets.ID = { LEAST = 7 }\nprograms.vip = { LEAST = 8 }";
    assert_eq!(reason(settings, &Fake::order()).unwrap(), "at least 6");
    assert_eq!(reason(settings, &Fake::order().in_market("ID")).unwrap(), "at least 7");
    assert_eq!(reason(settings, &Fake::order().in_program("vip")).unwrap(), "at least 8");
    assert_eq!(reason(settings, &Fake::order().in_program("vip").in_market("ID")).unwrap(), "at least 8");
    assert_eq!(reason("[rules.r]\nmode = \"live\"", &Fake::order()).unwrap(), "at least 5");
}

#[test]
fn evidence_shows_the_dial_that_counted() {
    let settings = "[rules.r]\nmode = \"live\"\nmarkets.ID = { LEAST = 7 }";
    let ruleset = load_with(BODY, &[("ruleset.toml", settings)]).ruleset;
    let hits = ruleset.judge(&Fake::order().in_market("ID").int("units", 9), &Measures::default());
    assert_eq!(hits[0].evidence["LEAST"], model::hit::EvidenceValue::Int(7));
}

#[test]
fn drafts_and_retired_rules_are_checked_and_not_run() {
    for mode in ["draft", "retired"] {
        let settings = format!("[rules.r]\nmode = \"{mode}\"");
        assert_eq!(reason(&settings, &Fake::order()), None, "{mode}");
    }
    for mode in ["shadow", "canary 10%", "live"] {
        let settings = format!("[rules.r]\nmode = \"{mode}\"");
        assert!(reason(&settings, &Fake::order()).is_some(), "{mode}");
    }
}

#[test]
fn a_rule_that_the_ruleset_does_not_name_is_a_draft() {
    let loaded = load_with(BODY, &[("ruleset.toml", "")]);
    assert_eq!(loaded.warnings[0].code, "rule.draft");
    assert_eq!(loaded.ruleset.rules()[0].mode, Mode::Draft);
    assert_eq!(load(BODY).rules()[0].mode, Mode::Live);
}

#[test]
fn a_dial_that_a_feature_needs_is_the_same_everywhere() {
    let body =
        "const W = \"10m\";\nlet n = count(\"order\").by(\"ip\").within(W);\nif n > 3 { flag(\"n\"); }";
    let text = rule(body);
    let all = problems_of(&[
        ("r.rhai", &text),
        ("ruleset.toml", "[rules.r]\nmode = \"live\"\ndials.W = \"20m\"\nmarkets.ID = { W = \"5m\" }\n"),
    ]);
    insta::assert_snapshot!(all);
    let settings = "[rules.r]\nmode = \"live\"\ndials = { W = \"20m\" }";
    let ruleset = load_with(body, &[("ruleset.toml", settings)]).ruleset;
    assert_eq!(ruleset.features()[0].feature.window, Span::from_mins(20));
}

#[test]
fn an_amount_is_set_otherwise_by_currency() {
    let body = "const LIMIT = money(\"5\", \"USD\");\nif order.amount > LIMIT { flag(`over ${LIMIT}`); }";
    let settings = "[rules.r]\nmode = \"live\"\nmarkets.JP.LIMIT = { JPY = \"700\", USD = \"6.50\" }";
    let ruleset = load_with(body, &[("ruleset.toml", settings)]).ruleset;
    let judge = |record: &Fake| ruleset.judge(record, &Measures::default()).len();
    assert_eq!(judge(&Fake::order().money("amount", money(600, "USD"))), 1);
    assert_eq!(judge(&Fake::order().in_market("JP").money("amount", money(600, "USD"))), 0);
    assert_eq!(judge(&Fake::order().in_market("JP").money("amount", money(701, "JPY"))), 1);
}

#[test]
fn the_policy_says_what_rules_and_programs_may() {
    let settings = r#"
        longest_hold = "60d"
        [score]
        threshold = 70
        hold = "5d"
        [holds]
        medium = "10d"
        [failures]
        policy = "ignore"
        max = 7
        [markets.ID]
        longest_hold = "30d"
        [rules.r]
        mode = "canary 25%"
        may_reject = true
        on_failure = "hold"
    "#;
    let programs = "[default]\nattribution_window = \"14d\"\n[programs.vip]\npick = \"first\"\nrequires = [\"refund\"]\nsources.refund = [\"shop\"]";
    let loaded = load_with("reject(\"x\");", &[("ruleset.toml", settings), ("programs.toml", programs)]);
    let policy = loaded.ruleset.policy();
    let rule = &policy.rules[&RuleId::new("r").unwrap()];
    assert_eq!(rule.mode, Mode::Canary(25));
    assert_eq!(rule.default_hold, Some(Span::from_days(10)));
    assert_eq!((rule.may_reject, rule.on_failure, rule.failures_max), (true, OnFailure::Hold, 7));
    assert_eq!((policy.score_threshold, policy.score_hold), (70, Some(Span::from_days(5))));
    assert_eq!(policy.market(&model::Market::new("ID").unwrap()).longest_hold, Span::from_days(30));
    assert_eq!(policy.market(&model::Market::new("US").unwrap()).longest_hold, Span::from_days(60));
    let vip = policy.program(&ProgramId::new("vip").unwrap());
    assert_eq!(vip.attribution_window, Span::from_days(14));
    assert_eq!(vip.pick, model::policy::Pick::First);
    assert_eq!(vip.requires.len(), 1);
    assert_eq!(loaded.ruleset.shortest_span(), Some(Span::from_days(5)));
}
