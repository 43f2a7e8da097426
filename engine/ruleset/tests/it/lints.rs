//! Every message that an analyst may get, as it is shown: a change of product, reviewed as one.

use crate::record::*;

/// One snapshot a problem: a rule's text below the usual header.
fn shown(name: &str, body: &str) {
    insta::assert_snapshot!(name, problems(body));
}

fn shown_on(name: &str, subject: &str, body: &str) {
    let text = rule(body).replace("\"order\";", &format!("{subject};"));
    insta::assert_snapshot!(name, problems_of(&[("r.rhai", &text)]));
}

#[test]
fn names_that_are_not_known() {
    shown("field_unknown", "if order.amout > money(\"5\", \"USD\") || order.click.age > 3 { flag(\"f\"); }");
    shown(
        "field_of_a_part",
        "if order.referrer_host == \"x\" || order.attributes.vip == true { flag(\"f\"); }",
    );
    shown("field_alone", "if order == 3 { flag(\"f\"); }");
    shown_on("root_unknown", "\"click\"", "if order.units > 3 { flag(\"f\"); }");
    shown_on(
        "field_not_in_common",
        "[\"order\", \"click\"]",
        "if event.session_id == \"x\" { flag(\"f\"); }",
    );
    shown(
        "variable_unknown",
        "let buyers = order.units; if buyer > 3 || PUBLIC_CODE == \"x\" { flag(`${buyers}`); }",
    );
    shown(
        "function_unknown",
        "if rato(order.units, 3, 1) > 0.5 || order.country.start_with(\"U\") { flag(\"f\"); } print(\"x\");",
    );
    shown("property_unknown", "let n = order.units; if n.seconds > 3 { flag(\"f\"); }");
    shown("shares_unknown", "if order.creator.shares(\"payments\") { flag(\"f\"); }");
    shown("list_unknown", "if list(\"offices\").contains(order.ip) { flag(\"f\"); }");
}

#[test]
fn features_that_are_not_features() {
    shown("kind_unknown", "if count(\"orders\").by(\"ip\").within(\"1d\") > 3 { flag(\"f\"); }");
    shown(
        "feature_field_unknown",
        "if sum(\"order\", \"amont\").by(\"creater_id\").within(\"1d\") > money(\"1\", \"USD\") { flag(\"f\"); }",
    );
    shown(
        "feature_by_not_judged",
        "if count(\"click\").by(\"session_id\").within(\"1d\") > 3 { flag(\"f\"); }",
    );
    shown(
        "feature_not_constant",
        "let w = \"10m\"; if count(\"order\").by(order.ip).within(w) > 3 { flag(\"f\"); }",
    );
    shown(
        "feature_incomplete",
        "if count(\"order\").by(\"ip\") > 3 || count(\"order\").within(\"1d\") > 3 { flag(\"f\"); }",
    );
    shown("feature_step", "if count(\"order\").by(\"ip\").witin(\"1d\") > 3 { flag(\"f\"); }");
    shown("feature_type", "if mean(\"order\", \"country\").by(\"ip\").within(\"1d\") > 3 { flag(\"f\"); }");
    shown("feature_arguments", "if count(\"order\", \"ip\").by().within(\"1d\") > 3 { flag(\"f\"); }");
    shown("window_invalid", "if count(\"order\").by(\"ip\").within(\"10 minutes\") > 3 { flag(\"f\"); }");
    shown("window_too_long", "if count(\"order\").by(\"ip\").within(\"200d\") > 3 { flag(\"f\"); }");
    shown(
        "where_capture",
        "let c = order.country; if count(\"order\").by(\"ip\").where(|e| e.country == c).within(\"1d\") > 3 { flag(\"f\"); }",
    );
    shown(
        "where_form",
        "if count(\"order\").by(\"ip\").where(|e| e.country.len() > 2).within(\"1d\") > 3 { flag(\"f\"); }",
    );
    shown(
        "where_type",
        "if count(\"order\").by(\"ip\").where(|e| e.units == \"two\" && e.contry == \"US\").within(\"1d\") > 3 { flag(\"f\"); }",
    );
    shown("cohort_incomplete", "if refund_ratio().by(\"creator_id\").within(\"30d\") > 0.5 { flag(\"f\"); }");
}

#[test]
fn values_that_cannot_mean_what_they_say() {
    shown("money_number", "if order.amount > 500.0 || 3 < order.amount { flag(\"f\"); }");
    shown(
        "money_invalid",
        "if order.amount > money(\"5.001\", \"USD\") || order.amount > money(\"5\", \"XYZ\") || order.amount > money(order.country, \"USD\") { flag(\"f\"); }",
    );
    shown("money_arithmetic", "if order.amount / 2 > order.coupon_amount { flag(\"f\"); }");
    shown("type_arithmetic", "if order.country - 1 > 2 { flag(\"f\"); }");
    shown("comparison_types", "if order.country > 3 { flag(\"f\"); }");
    shown("comparison_missing", "if order.country == order.click.country { flag(\"f\"); }");
    shown("not_missing", "if !(order.click.age_s > 5) { flag(\"f\"); }");
    shown("division_integer", "if order.units / order.line_count > 2 { flag(\"f\"); }");
    shown("condition_missing", "if order.click.same_ip && order.units > 3 { flag(\"f\"); }");
    shown("condition_attribute", "if order.attributes.vip { flag(\"f\"); }");
    shown("condition_type", "if order.units { flag(\"f\"); }");
    shown(
        "condition_never",
        "const LEAST = 5; const MOST = 3; if order.units >= LEAST && order.units < MOST { flag(\"f\"); }",
    );
    shown("function_arguments", "if ratio(order.units, 3) > 0.5 && same(order.ip) { flag(\"f\"); }");
    shown("function_type", "if order.units.starts_with(\"U\") { flag(\"f\"); }");
}

#[test]
fn names_that_serve_nothing_or_twice() {
    shown("const_unused", "const LEAST = 5; flag(\"f\");");
    shown("let_unused", "let n = order.units; flag(\"f\");");
    shown("const_value", "const LEAST = order.units; if order.units > LEAST { flag(\"f\"); }");
    shown("const_twice", "const LEAST = 5; const LEAST = 6; if order.units > LEAST { flag(\"f\"); }");
    shown("const_place", "if order.units > 3 { const LEAST = 5; flag(`${LEAST}`); }");
    shown("name_taken", "const LEAST = 5; let order = 3; let LEAST = 4; if order > LEAST { flag(\"f\"); }");
    shown("assignment", "order.units = 3; total += 1; flag(\"f\");");
    shown("rule_no_effect", "let n = order.units; if n > 3 { }");
}

#[test]
fn verdicts_out_of_place() {
    shown("verdict_in_value", "let x = hold(\"a\"); if flag(\"f\") { } print(x);");
    shown("verdict_arguments", "score(\"why\"); hold(); flag(3);");
    shown("score_points", "score(0.5, \"half\");");
    shown(
        "hold_all_of",
        "let n = distinct(\"order\", \"buyer_id\").by(\"ip\").within(\"1d\"); hold_all_of(n, \"a\"); hold_all_of(count(\"order\").by(\"ip\").within(\"1d\"), \"b\");",
    );
    shown("invalidate_on_order", "invalidate(\"robot\");");
    shown_on("score_on_click", "\"click\"", "score(30, \"fast\"); hold(\"h\");");
    shown("reject_forbidden", "reject(\"fraud\");");
    shown(
        "lasting",
        "hold(\"a\").lasting(\"soon\"); hold_creator(\"b\").lasting(\"400d\"); flag(\"c\").lasting(\"1d\"); hold(\"d\").lasting(order.units); hold(\"e\").longer(\"1d\");",
    );
    shown("lasting_twice", "hold(\"a\").lasting(\"1d\").until_reviewed();");
}

#[test]
fn what_a_rule_may_not_do() {
    shown(
        "loops",
        "let n = 0; while n < 3 { n += 1; } loop { break; } do { n += 1; } while n < 9; for x in order.creator.labels { n += 1; } for i in 0..1000 { n += 1; } flag(`${n}`);",
    );
    shown(
        "loop_budget",
        "const MOST = 200; let n = 0; if order.units > 3 { for i in 0..200 { for j in 0..MOST { n += 1; } } } flag(`${n}`);",
    );
    shown("functions", "fn f(x) { x + 1 } if f(3) > 2 { flag(\"f\"); }");
    shown(
        "others",
        "try { flag(\"a\"); } catch { } import \"a\" as b; let x = order.creator.labels[0]; throw `${x}`;",
    );
    shown("eval", "eval(\"flag(1)\");");
    shown("raise", "if order.units > 3 { flag(\"f\"); } else { this.x = 3; a::b(); }");
    shown("not_in_where", "let f = |x| x > 3; flag(`${f}`);");
}

#[test]
fn headers() {
    let of = |text: &str| problems_of(&[("r.rhai", text)]);
    insta::assert_snapshot!("header_missing", of("flag(\"f\");"));
    insta::assert_snapshot!(
        "header_wrong",
        of(
            "//! x\nconst ON = \"ordr\";\nconst SEVERITY = \"huge\";\nconst PUBLIC_CODE = \"Bad Code\";\nflag(\"f\");"
        )
    );
    insta::assert_snapshot!("rule_name", problems_of(&[("Same-IP.rhai", &rule("flag(\"f\");"))]));
}

#[test]
fn syntax_errors() {
    shown("syntax_missing_semicolon", "let n = order.units\nif n > 3 { flag(\"f\"); }");
    shown("syntax_unclosed", "if order.units > 3 {\n    flag(\"f\");\n");
    shown("syntax_unclosed_text", "flag(\"f);\n");
    shown("syntax_number", "let n = 10m; flag(`${n}`);");
    shown("syntax_constant", "const LEAST = 5;\nLEAST = 6;\nflag(`${LEAST}`);");
    shown("syntax_reserved", "let new = 3; flag(\"f\");");
    shown("syntax_too_long", &format!("let n = {}1; flag(`${{n}}`);", "1 + ".repeat(300)));
}

#[test]
fn one_mistake_is_said_once() {
    shown(
        "once_feature",
        "let orders = conut(\"order\").by(\"ip\").where(|e| e.units > 3).within(\"1d\");\nif orders >= 5 && orders.len > 3 {\n    hold_all_of(orders, `${orders} orders`).lasting(\"7d\");\n}",
    );
    shown(
        "once_constant",
        "const WITHIN = \"10 minutes\";\nlet a = count(\"order\").by(\"ip\").within(WITHIN);\nlet b = count(\"click\").by(\"ip\").within(WITHIN);\nif a > b { flag(`${WITHIN}`); }",
    );
    shown(
        "once_variable",
        "const LEAST = 5;\nif orders >= LEST { flag(`${orders}`); }\nif orders > 9 { score(orders, \"many\"); }",
    );
    shown(
        "once_call",
        "if order.amount() > money(\"5\", \"USD\") || order.creator.share(\"payment\") { flag(\"f\"); }",
    );
    shown("once_refused", "const N = 3; let n = 0; while n < N { n += 1; hold(\"x\"); }");
    let clicks = rule("if click.touch == \"view\" { invalidate(\"f\"); }");
    for (name, header) in [("once_on", "const ON = \"clik\";"), ("once_header", "const ONN = \"click\";")] {
        let text = clicks.replace("const ON = \"order\";", header);
        insta::assert_snapshot!(name, problems_of(&[("r.rhai", &text)]));
    }
    let broken = [
        ("r.rhai", rule("reject(\"x\");")),
        ("ruleset.toml", "[rules.r]\nmode = \"live\"\nmay_rejct = true\n".to_owned()),
    ];
    insta::assert_snapshot!(
        "once_setting",
        problems_of(&broken.each_ref().map(|(path, text)| (*path, text.as_str())))
    );
}

#[test]
fn all_problems_of_a_rule_are_found_at_once() {
    shown(
        "all_at_once",
        "const LEAST = 5;\nlet n = cont(\"order\");\nif order.amout > 3 && n > LEST {\n    hold(\"a\").lasting(\"x\");\n}\nlet unused = 1;",
    );
}

#[test]
fn a_good_rule_is_left_alone() {
    let body = r#"
        const LEAST = 20;
        const SHARE = 0.5;
        const FROM = money(#{USD: "5.00", JPY: "750"});
        let orders = count("order").by("creator_id").where(|e| e.amount > FROM && !(e.country == "US")).within("30d");
        let refunds = count("refund").by("creator_id").where(|r| r.fault != "seller" || r.fault == ()).within("30d");
        let cohort = refund_ratio().by("creator_id").where(|r| r.fault != "carrier").over("30d").at_least(LEAST);
        let spread = gap_deviation("order").by("creator_id", "content_type").within("10m");
        let mean = gap_mean("order").by("creator_id", "content_type").within("10m");
        if ratio(refunds, orders, LEAST) > SHARE || cohort > SHARE || spread < mean * 0.2 {
            hold_creator(`${refunds} of ${orders}`).lasting("14d");
        }
        let n = 0;
        for i in 0..200 { for j in 0..200 { if i + j > order.units { break; } n += 1; } }
        for i in 0..90 { for j in 0..90 { n += 1; } }
        if n > 3 { flag("n"); }
        if order.has_click && order.click.same_device == true && max(order.units, 3) > 5 && "vip" in order.creator.labels {
            flag("f");
        }
    "#;
    assert_eq!(problems(body), "");
}
