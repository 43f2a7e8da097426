//! One mistake is one problem: what a slip of the pen makes wrong is said once, where it stands.

use ruleset::{Diagnostic, Ruleset, Sources};
use std::ops::Range;

use crate::record::*;

/// A rule that uses whatever the language has.
const RULE: &str = r#"//! Everything that a rule can say
const ON = "order";
const SEVERITY = "medium";
const PUBLIC_CODE = "unusual_order_pattern";

const WITHIN = "10m";
const LASTING = "95d";
const LEAST = 5;
const ENOUGH = LEAST * 4;
const SMALL = "5.00";
const FROM = money(SMALL, "USD");
const PLACES = ["US", "ID"];
const NETWORKS = "offices";

let orders = count("order").by("ip", "creator_id").within(WITHIN);
let buyers = distinct("order", "buyer_id").by("ip", "creator_id").where(|e| e.amount > FROM && e.units >= LEAST).within(WITHIN);
let spent = sum("order", "amount").by("creator_id").within("200d");
let refunds = refund_ratio().by("creator_id").over("30d").at_least(ENOUGH);
let share = ratio(buyers, orders, LEAST);
let points = 0;
if "vip" in order.creator.labels { points += 10; }
for place in PLACES { if order.country == place { points += 5; } }
for step in 0..LEAST { points += step; }
switch order.payment_method { "card" => points += 1, _ => points += 2 }
let known = list(NETWORKS).contains(order.ip) || order.creator.shares("payment", "address");
if orders >= LEAST && share < 0.5 && !known && spent > FROM && refunds > 0.2 {
    hold_all_of(orders, `${orders} orders by ${buyers} buyers within ${WITHIN}`).lasting(LASTING);
    hold_creator(`${points} points`).until_reviewed();
}
if order.country.starts_with("U") && order.click.age_s > max(points, 3) { score(points, "near"); }
"#;

const SETTINGS: &str = r#"longest_window = "300d"
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
longest_hold = "100d"

[rules.r]
mode = "live"
may_reject = true
dials = { LEAST = 6, FROM = { USD = "6.00" } }
markets.US = { SMALL = "7.00" }
"#;

const PROGRAMS: &str = r#"[default]
attribution_window = "14d"
requires = ["refund", "order_status"]
sources.refund = ["shop"]
sources.order_status = ["shop"]

[programs.vip]
requires = ["refund"]
settlement_delay = "30d"
"#;

const FILES: [(&str, &str); 4] = [
    ("r.rhai", RULE),
    ("ruleset.toml", SETTINGS),
    ("programs.toml", PROGRAMS),
    ("lists/offices.txt", "192.0.2.0/24\n"),
];

/// The words of a text, by their bytes.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c == '_' || c.is_ascii_alphanumeric(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    words
}

/// A word with its last letter left out, doubled and changed.
fn slips(word: &str) -> [String; 3] {
    let (start, last) = word.split_at(word.len() - 1);
    let other = if word.chars().any(char::is_lowercase) { "x" } else { "X" };
    [start.to_owned(), format!("{word}{last}"), format!("{start}{other}")]
}

fn found(all: &Sources) -> Vec<Diagnostic> {
    match Ruleset::load(all) {
        Ok(loaded) => loaded.warnings,
        Err(problems) => problems,
    }
}

#[test]
fn a_slip_of_the_pen_is_one_problem() {
    let good = sources(&FILES);
    assert_eq!(rendered(&good, &found(&good)), "");
    let mut noticed = 0;
    for (file, text) in FILES {
        for at in words(text) {
            for slip in slips(&text[at.clone()]) {
                let mut all = good.clone();
                all.put(file, format!("{}{slip}{}", &text[..at.start], &text[at.end..]));
                let problems = found(&all);
                let said = rendered(&all, &problems);
                assert!(problems.len() <= 1, "{file}: `{}` as `{slip}`:\n{said}", &text[at]);
                noticed += problems.len();
            }
        }
    }
    // Not noticed are slips in what is free: numbers, reasons, names of programs.
    assert!(noticed > 450, "{noticed} slips were noticed");
}

/// What one rule on orders is told, by code.
fn codes(body: &str, others: &[(&str, &str)]) -> Vec<&'static str> {
    let text = rule(body);
    let files = [&[("r.rhai", text.as_str())], others].concat();
    found(&sources(&files)).iter().map(|problem| problem.code).collect()
}

#[test]
fn a_mistake_is_not_complained_of_where_its_consequences_are() {
    let live = "[rules.r]\nmode = \"live\"\n";
    for (body, code) in [
        (
            "let n = conut(\"order\").by(\"ip\").where(|e| e.units > 3).within(\"1d\"); if n > 3 { hold_all_of(n, `${n}`); }",
            "function.unknown",
        ),
        (
            "let n = count(\"ordr\").by(\"ip\").within(\"1d\"); if n > 3 { hold_all_of(n, `${n}`); }",
            "kind.unknown",
        ),
        ("let n = order.amout; if n > 3 && n.len > 5 && -n < 2 { flag(n); }", "field.unknown"),
        (
            "if total > 3 { flag(`${total}`); } if total.len() > 5 { score(total, \"t\"); }",
            "variable.unknown",
        ),
        ("let n = order.country - 1; if n > 2 && n == \"x\" { flag(\"f\"); }", "type.arithmetic"),
        ("let n = order.amount / 2; if n > 3 { flag(\"f\"); }", "money.arithmetic"),
        ("let n = abs(order.country); if n > 3 { flag(\"f\"); }", "function.type"),
        ("let n = order.country; if n.seconds > 3 { flag(\"f\"); }", "property.unknown"),
        ("let n = hold(\"a\"); if n { flag(\"f\"); }", "verdict.place"),
        ("hodl(\"a\").until_reviewed();", "function.unknown"),
        (
            "let w = \"1d\"; if count(\"order\").by(\"ip\").within(w) > 3 { flag(\"f\"); }",
            "feature.not_constant",
        ),
        (
            "const W = \"1\" + \"d\"; if count(\"order\").by(\"ip\").within(W) > 3 { hold(\"f\").lasting(W); }",
            "const.value",
        ),
        (
            "const N = order.units; const M = N + 1; for i in 0..M { if order.units > N { flag(`${i}`); } }",
            "const.value",
        ),
        (
            "const W = \"1 day\"; let a = count(\"order\").by(\"ip\").within(W); let b = count(\"click\").by(\"ip\").within(W); if a > b { flag(\"f\"); }",
            "window.invalid",
        ),
        (
            "const N = 5; const N = 1; const M = 3; if order.units >= N && order.units < M { flag(\"f\"); }",
            "const.twice",
        ),
        (
            "const LIMIT = 500; if order.amount > LIMIT || order.coupon_amount > LIMIT { flag(\"f\"); }",
            "money.number",
        ),
        (
            "const P = \"five\"; if order.amount > money(P, \"USD\") || order.coupon_amount > money(P, \"USD\") { flag(\"f\"); }",
            "money.invalid",
        ),
        ("const W = \"1d\"; if count(\"order\").by(\"ip\").during(W) > 3 { flag(\"f\"); }", "feature.step"),
        ("const W = \"1d\"; flag(\"f\").lasting(W);", "verdict.step"),
        (
            "const N = 3; if count(\"order\").by(\"ip\").where(|e| e.country.len() > N).within(\"1d\") > 3 { flag(\"f\"); }",
            "where.form",
        ),
        (
            "const LEAST = 3; if count(\"order\").by(\"ip\").where(|e| e.units > LEST).within(\"1d\") > 3 { flag(\"f\"); }",
            "variable.unknown",
        ),
        ("const N = 3; let n = 0; while n < N { n += 1; flag(\"f\"); }", "loop.forbidden"),
        ("const N = 3; fn f(x) { x > N } if f(order.units) { flag(\"f\"); }", "function.forbidden"),
        ("let i = 3; let x = order.creator.labels[i]; if x == \"vip\" { flag(\"f\"); }", "index.forbidden"),
        ("if click.session_id == \"x\" || click.touch == \"view\" { flag(\"f\"); }", "field.unknown"),
        ("let click = order.click.age_s; if click.age_s > 3 { flag(\"f\"); }", "name.taken"),
        ("if order.amount() > money(\"5\", \"USD\") { flag(\"f\"); }", "field.call"),
        ("if order.creatr.shares(\"payment\", \"address\") { flag(\"f\"); }", "field.unknown"),
        (
            "let a = list(\"offices\"); if a.contains(order.ip) || list(\"offices\").contains(order.country) { flag(\"f\"); }",
            "list.unknown",
        ),
        ("const L = 3; const M = 5; if order.units > M && order.units < L { flag(\"f\"); }", "rule.never"),
    ] {
        assert_eq!(codes(body, &[("ruleset.toml", live)]), [code], "{body}\n{}", problems(body));
    }
}

#[test]
fn what_a_setting_says_wrongly_is_not_missed_in_the_rules() {
    let body = "const LEAST = 3; const SOON = order.units; let n = count(\"order\").by(\"ip\").within(\"300d\"); if n > LEAST + SOON { reject(\"x\"); hold(\"y\").lasting(\"100d\"); }";
    let fine = "const LEAST = 3; let n = count(\"order\").by(\"ip\").within(\"300d\"); if n > LEAST { reject(\"x\"); hold(\"y\").lasting(\"100d\"); }";
    let settings = |window: &str, hold: &str, rule: &str| format!("{window}\n{hold}\n{rule}\n");
    let (window, hold) = ("longest_window = \"300d\"", "longest_hold = \"100d\"");
    let rules = "[rules.r]\nmode = \"live\"\nmay_reject = true\ndials.LEAST = 4";
    for (text, code) in [
        (settings("longest_windw = \"300d\"", hold, rules), "setting.unknown"),
        (settings("longest_window = \"300 days\"", hold, rules), "setting.value"),
        (settings(window, "longest_hold = 100", rules), "setting.value"),
        (settings(window, hold, &rules.replace("may_reject", "may_rejct")), "setting.unknown"),
        (settings(window, hold, &rules.replace("true", "\"yes\"")), "setting.value"),
        (settings(window, hold, &rules.replace("rules.r", "rules.rr")), "rule.unknown"),
        (settings(window, hold, &rules.replace("rules.r", "rule.r")), "setting.unknown"),
        (settings(window, hold, "rules.r = \"live\""), "setting.value"),
        (settings(window, "market.ID.longest_hold = \"100d\"", rules), "setting.unknown"),
        (settings(window, hold, &rules.replace("[rules", "rules")), "toml"),
    ] {
        assert_eq!(codes(fine, &[("ruleset.toml", &text)]), [code], "{text}");
    }
    let other_name = sources(&[
        ("R-1.rhai", &rule(fine)),
        ("ruleset.toml", &settings(window, hold, &rules.replace("rules.r", "rules.R-1"))),
    ]);
    assert_eq!(found(&other_name).iter().map(|p| p.code).collect::<Vec<_>>(), ["rule.name"]);
    let dials = settings(window, hold, &rules.replace("dials.LEAST", "dials.SOON"));
    assert_eq!(codes(body, &[("ruleset.toml", &dials)]), ["const.value"], "the dial is there, only wrong");
}

#[test]
fn without_a_header_the_rest_is_checked_as_far_as_it_can_be() {
    let of = |head: &str, body: &str| {
        let text = format!("//! x\n{head}\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n{body}");
        found(&sources(&[("r.rhai", &text)])).iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    let body = "if click.age_s > 3 && click.session_id == \"x\" { invalidate(\"f\"); }";
    assert_eq!(
        of("const ON = \"clik\";", "if click.session_id == \"x\" { invalidate(\"f\"); }"),
        ["header.on"]
    );
    assert_eq!(of("", "if click.session_id == \"x\" { invalidate(\"f\"); }"), ["header.missing"]);
    assert_eq!(of("const ON = 3;", body), ["header.on", "field.unknown"], "no click has an age");
}

#[test]
fn two_mistakes_are_two_problems() {
    for (body, both) in [
        ("let unused = 3; if order.amout > 3 { flag(\"f\"); }", ["let.unused", "field.unknown"]),
        (
            "let n = conut(\"ordr\").by(\"ip\").within(\"1d\"); if n > 3 { flag(\"f\"); }",
            ["function.unknown", "kind.unknown"],
        ),
        (
            "let n = conut(\"order\").by(\"ip\").within(\"1 day\"); if n > 3 { flag(\"f\"); }",
            ["function.unknown", "window.invalid"],
        ),
        (
            "let n = sum(\"order\", \"amont\").by(\"ipp\").within(\"1d\"); if n > 3 { flag(\"f\"); }",
            ["field.unknown", "field.unknown"],
        ),
        (
            "let n = refund_ratio().by(\"ip\").within(\"1d\"); if n > 3 { flag(\"f\"); }",
            ["feature.incomplete", "feature.step"],
        ),
        ("if order.amout > 3 && order.units { flag(\"f\"); }", ["field.unknown", "condition.type"]),
        ("if rato(order.untis, 3) > 3 { flag(\"f\"); }", ["function.unknown", "field.unknown"]),
    ] {
        assert_eq!(codes(body, &[]), both, "{body}");
    }
}

#[test]
fn a_constant_that_serves_another_one_is_used() {
    assert_eq!(
        problems("const A = 2; const B = A * 2; const C = B + 1; if order.units > C { flag(\"f\"); }"),
        ""
    );
}
