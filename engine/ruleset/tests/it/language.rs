use model::fact::Subject;
use model::feature::{Measure, Measures};
use model::hit::Effect;

use crate::record::*;

#[test]
fn nothing_compares_with_a_missing_value() {
    let record = Fake::order().int("units", 3);
    for never in [
        "order.click.age_s < 5",
        "order.click.age_s >= 5",
        "5 > order.click.age_s",
        "order.buyer_age_s <= order.click.age_s",
    ] {
        assert!(!holds(never, &record), "{never}");
    }
    for always in [
        "order.click.age_s == ()",
        "order.click.age_s != 5",
        "order.units == 3",
        "order.click.age_s == order.buyer_age_s",
    ] {
        assert!(holds(always, &record), "{always}");
    }
    assert!(!holds("same(order.click.age_s, order.buyer_age_s)", &record));
    assert!(!holds("same(order.click.age_s, 5)", &record));
    assert!(holds("same(order.units, 3)", &record));
}

#[test]
fn arithmetic_with_a_missing_value_is_missing() {
    let record = Fake::order().int("units", 3).money("amount", money(500, "USD"));
    for missing in [
        "order.click.age_s + 1",
        "1 - order.click.age_s",
        "order.click.age_s * order.buyer_age_s",
        "order.click.age_s / 2.0",
        "2 % order.click.age_s",
        "-order.click.age_s",
        "abs(order.click.age_s)",
        "max(order.click.age_s, 3)",
        "min(3.0, order.click.age_s)",
        "ratio(order.click.age_s, 3, 1)",
        "ratio(3, order.click.age_s, 1)",
        "ratio(3, 4, 5)",
        "ratio(3, 0, 0)",
        "order.amount + order.coupon_amount",
        "order.coupon_amount * 2",
        "order.country.len()",
        "order.country.to_upper()",
    ] {
        assert!(holds(&format!("({missing}) == ()"), &record), "{missing}");
    }
    assert!(holds("ratio(3, 4, 4) == 0.75", &record));
}

#[test]
fn a_question_to_a_missing_value_is_answered_no() {
    let record = Fake::order();
    for never in [
        "order.country.starts_with(\"U\")",
        "order.country.contains(\"U\")",
        "order.country in [\"US\", \"GB\"]",
        "\"x\" in order.creator.labels",
        "order.creator.labels.contains(\"x\")",
        "\"text\".contains(order.country)",
    ] {
        assert!(!holds(never, &record), "{never}");
    }
}

#[test]
fn a_missing_score_adds_nothing() {
    assert_eq!(said("score(order.click.age_s, \"why\");", &Fake::order()), []);
    assert_eq!(said("score(0, \"why\");", &Fake::order()), []);
    assert_eq!(
        said("score(order.click.age_s, \"why\");", &Fake::order().int("click.age_s", 9)),
        [Effect::Score(9)]
    );
}

#[test]
fn amounts_compare_within_their_currency_only() {
    let dollars = Fake::order().money("amount", money(50_100, "USD"));
    let yen = Fake::order().money("amount", money(50_100, "JPY"));
    assert!(holds("order.amount > money(\"500.00\", \"USD\")", &dollars));
    assert!(!holds("order.amount > money(\"501.00\", \"USD\")", &dollars));
    assert!(!holds("order.amount > money(\"500.00\", \"USD\")", &yen));
    assert!(!holds("order.amount <= money(\"500.00\", \"USD\")", &yen));
    let either = "order.amount > money(#{USD: \"500.00\", JPY: \"75000\"})";
    assert!(holds(either, &dollars));
    assert!(!holds(either, &yen));
    assert!(holds(either, &Fake::order().money("amount", money(75_001, "JPY"))));
    assert!(holds("order.amount * 2 == money(\"1002\", \"USD\")", &dollars));
    assert!(holds("order.amount - money(\"1\", \"USD\") == money(\"500\", \"USD\")", &dollars));
    assert!(holds(
        "ratio(order.coupon_amount, order.amount, 1) > 0.4",
        &dollars.clone().money("coupon_amount", money(25_050, "USD"))
    ));
    assert!(!holds("order.amount > money(\"1\", \"USD\")", &Fake::order()));
}

#[test]
fn amounts_in_different_currencies_are_counted() {
    let ruleset = load("if order.amount > money(\"1\", \"USD\") { flag(\"f\"); }");
    ruleset.judge(&Fake::order().money("amount", money(5, "JPY")), &Measures::default());
    ruleset.judge(&Fake::order().money("amount", money(5, "USD")), &Measures::default());
    assert_eq!(ruleset.mismatched_currencies(), 1);
}

#[test]
fn amounts_are_written_in_reasons_as_people_write_them() {
    let record = Fake::order().money("amount", money(50_100, "USD"));
    let hits = load("flag(`paid ${order.amount}`);").judge(&record, &Measures::default());
    assert_eq!(hits[0].reason, "paid 501.00 USD");
}

#[test]
fn a_list_is_asked_by_method_and_by_in() {
    let others = [
        ("lists/networks.txt", "192.0.2.0/24\n2001:db8::/32\n"),
        ("lists/names.txt", "maria until=2025-12-31\nana\n"),
    ];
    let asked = |condition: &str, record: &Fake| {
        let loaded = load_with(&format!("if {condition} {{ flag(\"f\"); }}"), &others);
        !loaded.ruleset.judge(record, &Measures::default()).is_empty()
    };
    let record = Fake::order().text("ip", "192.0.2.9").text("creator_id", "maria");
    assert!(asked("list(\"networks\").contains(order.ip)", &record));
    assert!(asked("order.ip in list(\"networks\")", &record));
    assert!(asked("order.ip in list(\"networks\")", &Fake::order().text("ip", "2001:db8:1:2::/64")));
    assert!(!asked("order.ip in list(\"networks\")", &Fake::order()));
    // The record is of 2026: the entry no longer counts.
    assert!(!asked("list(\"names\").contains(order.creator_id)", &record));
    assert!(asked("order.creator_id !in list(\"names\")", &record));
}

#[test]
fn sharing_any_of_several_is_sharing() {
    let record = Fake::order()
        .truth("creator.shares_payment", false)
        .truth("creator.shares_address", true)
        .truth("creator.shares_ip", false);
    assert!(holds("order.creator.shares(\"payment\", \"address\")", &record));
    assert!(!holds("order.creator.shares(\"payment\")", &record));
    assert!(holds("creator.shares(\"ip\", \"address\") && !order.creator.shares(\"ip\")", &record));
}

#[test]
fn the_language_has_branches_cases_and_short_loops() {
    let body = r#"
        let points = 0;
        switch order.payment_method {
            "card" => points += 1,
            "crypto" | "voucher" => { points += 10; }
            "cash" if order.units > 5 => points += 5,
            _ => {}
        }
        for word in ["cheap", "bulk"] {
            if order.category == word { points += 100; }
        }
        if points == 0 { return; } else if points > 100 { flag("many"); }
        score(points, `points ${points}`);
    "#;
    let record = |method: &str, category: &str| {
        Fake::order().int("units", 1).text("payment_method", method).text("category", category)
    };
    assert_eq!(said(body, &record("card", "shoes")), [Effect::Score(1)]);
    assert_eq!(said(body, &record("voucher", "bulk")), [Effect::Flag, Effect::Score(110)]);
    assert_eq!(said(body, &record("cash", "shoes")), []);
    assert_eq!(said(body, &record("cash", "shoes").int("units", 6)), [Effect::Score(5)]);
}

#[test]
fn a_rule_on_several_subjects_sees_what_they_have_in_common() {
    let body = "//! x\nconst ON = [\"refund\", \"maturity\"];\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n\
        if order.amount > money(\"1\", \"USD\") && event.market == \"US\" { hold_creator(\"h\"); }";
    let ruleset = ruleset::Ruleset::load(&sources(&[("r.rhai", body)])).unwrap().ruleset;
    for subject in [Subject::Refund, Subject::Maturity] {
        let record = Fake::on(subject).money("order.amount", money(500, "USD")).text("market", "US");
        assert_eq!(ruleset.judge(&record, &Measures::default()).len(), 1, "{subject:?}");
    }
}

#[test]
fn a_refund_sees_its_order_by_either_name() {
    let body = "//! x\nconst ON = \"refund\";\nconst SEVERITY = \"low\";\nconst PUBLIC_CODE = \"x\";\n\
        if refund.order.units == 2 && order.units == 2 && refund.reason == \"late\" { flag(\"f\"); }";
    let ruleset = ruleset::Ruleset::load(&sources(&[("r.rhai", body)])).unwrap().ruleset;
    let record = Fake::on(Subject::Refund).int("order.units", 2).text("reason", "late");
    assert_eq!(effects(&ruleset.judge(&record, &Measures::default())), [Effect::Flag]);
}

#[test]
fn ratios_reach_a_rule_as_numbers_with_a_fraction() {
    let body = "let share = top_share(\"order\", \"buyer_id\").by(\"creator_id\").within(\"30d\"); if share >= 0.3 { flag(`${share}`); }";
    let ruleset = load(body);
    let judge = |measure| ruleset.judge(&Fake::order(), &measures(&[measure])).len();
    assert_eq!(judge(Measure::Ratio { numerator: 3, denominator: 10 }), 1);
    assert_eq!(judge(Measure::Ratio { numerator: 29, denominator: 100 }), 0);
    assert_eq!(judge(Measure::Missing), 0);
}

#[test]
fn labels_are_a_list_of_texts() {
    let record = Fake::order().with("creator.labels", Own::Texts(vec!["new".into(), "watched".into()]));
    assert!(holds("order.creator.labels.contains(\"watched\")", &record));
    assert!(holds("\"new\" in creator.labels && order.creator.labels.len() == 2", &record));
    assert!(!holds("\"old\" in creator.labels", &record));
}

#[test]
fn places_stay_true_over_line_breaks_of_any_kind() {
    let record = Fake::order().text("ip", "192.0.2.7").int("units", 2);
    for text in [
        "let t = `a\n b ${order.ip}\n c`; if order\n  .units\n  > 1 { flag(`${t} ${order.units}`); }",
        "/* é\n */ let t = `é ${order.ip}`;\r\nif order.units > 1 { flag(`${t} ${\r\norder.units}`); }",
        "\tlet t = \"x\ty\";\r flag(`${t} ${order.units}`);",
        "let t = #\"`${\"#; flag(`${t}${order.ip}` + order.units);",
    ] {
        assert_eq!(said(text, &record), [Effect::Flag], "{text}");
    }
}
