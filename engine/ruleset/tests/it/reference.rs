//! What is evaluated without rhai answers as rhai does.

use model::feature::{Measure, Measures};
use proptest::prelude::*;

use crate::record::*;

const NUMBERS: &[&str] = &[
    "order.units",
    "order.click.age_s",
    "order.buyer_age_s",
    "n",
    "share",
    "spread",
    "a",
    "3",
    "0",
    "-7",
    "2.5",
    "0.1",
    "SOME",
    "PART",
    "9223372036854775807",
    "order.attributes.x",
];
const AMOUNTS: &[&str] =
    &["order.amount", "order.coupon_amount", "paid", "money(\"5.00\", \"USD\")", "LIMIT"];
const TEXTS: &[&str] = &["order.country", "order.click.country", "\"US\"", "\"\"", "WORD"];
const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> + Clone {
    prop::sample::select(texts).prop_map(str::to_owned)
}

fn numbers() -> impl Strategy<Value = String> + Clone {
    let joined = |inner: BoxedStrategy<String>| {
        prop_oneof![
            (inner.clone(), prop::sample::select(&["+", "-", "*", "/", "%"][..]), inner.clone())
                .prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            inner.clone().prop_map(|a| format!("-({a})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("ratio({a}, {b}, {c})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a} ?? {b})")),
        ]
        .boxed()
    };
    one_of(NUMBERS).boxed().prop_recursive(2, 8, 3, move |inner| joined(inner.boxed()))
}

fn terms() -> impl Strategy<Value = String> + Clone {
    let compared = |a: BoxedStrategy<String>, b: BoxedStrategy<String>| {
        (a, prop::sample::select(COMPARISONS), b).prop_map(|(a, o, b)| format!("{a} {o} {b}")).boxed()
    };
    let (number, amount, text) = (numbers().boxed(), one_of(AMOUNTS).boxed(), one_of(TEXTS).boxed());
    prop_oneof![
        compared(number.clone(), number.clone()),
        compared(amount.clone(), amount.clone()),
        compared(text.clone(), text.clone()),
        compared(number.clone(), Just("()".to_owned()).boxed()),
        (text.clone(), text.clone()).prop_map(|(a, b)| format!("same({a}, {b})")),
        (number.clone(), number).prop_map(|(a, b)| format!("same({a}, {b})")),
        (text.clone(), text.clone()).prop_map(|(a, b)| format!("{a}.starts_with({b})")),
        text.clone().prop_map(|a| format!("{a} in [\"US\", \"GB\", 3]")),
        text.clone().prop_map(|a| format!("list(\"words\").contains({a})")),
        text.clone().prop_map(|a| format!("{a} in order.creator.labels")),
        text.prop_map(|a| format!("{a} !in list(\"words\")")),
        Just("order.attribution.mismatch".to_owned()),
        Just("order.creator.shares(\"payment\", \"ip\")".to_owned()),
    ]
}

fn conditions() -> impl Strategy<Value = String> {
    terms().boxed().prop_recursive(2, 8, 3, |inner| {
        let inner = inner.boxed();
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|a| format!("!({a})")),
        ]
        .boxed()
    })
}

fn rules() -> impl Strategy<Value = String> {
    (numbers(), conditions(), conditions(), numbers(), numbers(), one_of(TEXTS)).prop_map(|(a, c, d, points, shown, text)| {
        format!(
            "const SOME = 5; const PART = 0.3; const WORD = \"GB\"; const LIMIT = money(#{{USD: \"3.00\", JPY: \"400\"}});\n\
             let n = count(\"order\").by(\"ip\").within(\"1d\");\n\
             let share = top_share(\"order\", \"buyer_id\").by(\"ip\").within(\"1d\");\n\
             let spread = deviation(\"order\", \"units\").by(\"ip\").within(\"1d\");\n\
             let paid = sum(\"order\", \"amount\").by(\"ip\").within(\"1d\");\n\
             let a = 1; a = {a};\n\
             if {c} {{ let b = a; hold(`${{b}} ${{share}} ${{{shown}}} ${{{text}}} ${{paid}} ${{order.amount}}`).lasting(\"2d\"); if {d} {{ return; }} a = b; }} \
             else if {d} {{ flag(\"d\"); }}\n\
             score(a, \"a\"); flag(`${{{points}}}`); if a == () {{ hold_creator(\"a\"); }}"
        )
    })
}

fn ints() -> impl Strategy<Value = i64> {
    prop_oneof![-9_i64..9, any::<i64>(), Just(0), Just(i64::MAX), Just(i64::MIN)]
}

fn records() -> impl Strategy<Value = Fake> {
    let amount = || prop::option::of((0_i64..900, prop::sample::select(&["USD", "JPY", "EUR"][..])));
    let text = || prop::option::of(prop::sample::select(&["US", "GB", "", "USA"][..]));
    (
        prop::option::of(ints()),
        prop::option::of(ints()),
        prop::option::of(ints()),
        amount(),
        amount(),
        text(),
        text(),
        any::<[bool; 3]>(),
    )
        .prop_map(|(units, click_age, age, amount, coupon, country, click_country, truths)| {
            let mut record = Fake::order()
                .truth("attribution.mismatch", truths[0])
                .truth("creator.shares_payment", truths[1])
                .truth("creator.shares_ip", truths[2])
                .with("creator.labels", Own::Texts(vec!["GB".into()]));
            for (path, number) in
                [("units", units), ("click.age_s", click_age), ("buyer_age_s", age), ("attributes.x", age)]
            {
                record = number.into_iter().fold(record, |r, n| r.int(path, n));
            }
            for (path, amount) in [("amount", amount), ("coupon_amount", coupon)] {
                record =
                    amount.into_iter().fold(record, |r, (minor, code)| r.money(path, money(minor, code)));
            }
            for (path, text) in [("country", country), ("click.country", click_country)] {
                record = text.into_iter().fold(record, |r, t| r.text(path, t));
            }
            record
        })
}

fn values() -> impl Strategy<Value = Measure> {
    prop_oneof![
        2 => Just(Measure::Missing),
        1 => Just(Measure::Unknown),
        2 => ints().prop_map(Measure::Int),
        2 => (-20_i64..20, 1_i64..20)
            .prop_map(|(numerator, denominator)| Measure::Ratio { numerator, denominator }),
        2 => (0_i128..900, 1_i64..9).prop_map(|(square, count)| Measure::Deviation { square, count }),
        2 => (0_i64..900).prop_map(|minor| Measure::Money(money(minor, "USD"))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_lowered_rule_says_what_rhai_says(
        body in rules(),
        cases in prop::collection::vec((records(), prop::collection::vec(values(), 4)), 16),
    ) {
        let text = rule(&body);
        let all = sources(&[("r.rhai", &text), ("lists/words.txt", "US\nXX\n")]);
        // A rule that some operand's type forbids is not a case.
        if let Ok(loaded) = ruleset::Ruleset::load(&all) {
            let ruleset = loaded.ruleset;
            prop_assert_eq!(ruleset.interpreted().count(), 0);
            for (record, values) in cases {
                let measures = Measures { values, ..Measures::default() };
                let before = ruleset.mismatched_currencies();
                let fast = ruleset.judge(&record, &measures);
                let counted = ruleset.mismatched_currencies() - before;
                let reference = ruleset.judge_by_reference(&record, &measures);
                prop_assert_eq!(&fast, &reference, "{}", body);
                let counted_again = ruleset.mismatched_currencies() - before - counted;
                // A rule that was left to rhai half-way counts twice.
                prop_assert!(counted >= counted_again);
            }
        }
    }
}
