//! No bytes make a ruleset panic: neither while it loads nor while it judges.

use model::fact::Subject;
use model::feature::{Measure, Measures};
use proptest::prelude::*;
use ruleset::{Ruleset, Sources};

use crate::record::*;

/// Pieces of the language, glued together without sense.
const PIECES: &[&str] = &[
    "const ",
    "let ",
    "if ",
    "else ",
    "for x in ",
    "switch ",
    "while ",
    "return ",
    "fn f() ",
    "order",
    "refund",
    "click",
    ".ip",
    ".amount",
    ".click",
    ".age_s",
    ".creator",
    ".shares(",
    "\"payment\"",
    "count(\"order\")",
    ".by(\"ip\")",
    ".within(\"10m\")",
    ".where(|e| ",
    "e.amount",
    "hold(\"x\")",
    "score(",
    "flag(`a ${",
    "}`)",
    ".lasting(\"7d\")",
    "money(\"5\", \"USD\")",
    "ratio(",
    "list(\"x\")",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "#{",
    ";",
    ",",
    ":",
    " == ",
    " != ",
    " >= ",
    " && ",
    " || ",
    "!",
    "-",
    " + ",
    " / ",
    " in ",
    "=",
    "=>",
    "1",
    "2.5",
    "\"text\"",
    "()",
    "x",
    "X",
    "ON",
    "_",
    "'c'",
    "`",
    "\"",
    "//",
    "/*",
    "*/",
    "\n",
    "é",
    "\0",
    "99999999999999999999",
    "|",
    "..",
    "this",
    "import \"a\" as b;",
    "try { } catch { }",
    "throw 1;",
    "x.y.z",
    "a[0]",
    "?.",
    "??",
];

fn load_anything(text: String) -> Option<Ruleset> {
    let all: Sources = [("r.rhai".to_owned(), text)].into_iter().collect();
    match Ruleset::load(&all) {
        Ok(loaded) => Some(loaded.ruleset),
        Err(problems) => {
            assert!(!problems.is_empty());
            // Every problem can be shown.
            rendered(&all, &problems);
            None
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn no_text_makes_a_load_panic(text in any::<String>()) {
        load_anything(text);
    }

    #[test]
    fn no_sequence_of_pieces_makes_a_load_or_a_judgement_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..30),
        age in any::<i64>(),
        count in any::<i64>(),
    ) {
        if let Some(ruleset) = load_anything(rule(&pieces.concat())) {
            let record = Fake::order().int("click.age_s", age).money("amount", money(age, "USD"));
            let measures = Measures { values: vec![Measure::Int(count); ruleset.features().len()], ..Measures::default() };
            ruleset.judge(&record, &measures);
            ruleset.judge(&Fake::order(), &Measures::default());
            ruleset.trace(&record, &measures);
        }
    }

    #[test]
    fn no_settings_make_a_load_panic(settings in ".{0,80}", list in any::<String>()) {
        let all = sources(&[("ruleset.toml", &settings), ("programs.toml", &settings), ("lists/l.txt", &list)]);
        if let Err(problems) = Ruleset::load(&all) {
            rendered(&all, &problems);
        }
    }

    #[test]
    fn the_same_record_is_judged_the_same(units in any::<i64>(), count in any::<i64>(), text in any::<String>()) {
        let ruleset = load(
            "let n = count(\"order\").by(\"ip\").within(\"1h\");\n\
             if n + order.units > 5 || order.ip.contains(\"a\") { hold(`${n} ${order.units} ${order.ip}`); score(n, \"n\"); }",
        );
        let record = Fake::on(Subject::Order).int("units", units).text("ip", &text);
        let measures = measures(&[Measure::Int(count)]);
        prop_assert_eq!(ruleset.judge(&record, &measures), ruleset.judge(&record, &measures));
    }
}

#[test]
fn deep_and_endless_texts_are_refused() {
    for unit in [
        "(",
        "1 + ",
        "a.",
        "!",
        "-",
        "if true { ",
        "else if ",
        "[",
        "#{a: ",
        "f(",
        "x = ",
        "\"a\" + ",
        "`${",
        "|e| ",
        "a && ",
        "a ?? ",
        "{",
    ] {
        load_anything(rule(&unit.repeat(3_000)));
    }
    let chain = "if order.units > 1 { flag(\"a\"); } else ".repeat(1_500) + "{ }";
    load_anything(rule(&chain));
    let sum = format!("let a = {}1; flag(`${{a}}`);", "1 + ".repeat(8_000));
    load_anything(rule(&sum));
    let dots = format!("let a = order{}; flag(`${{a}}`);", ".a".repeat(8_000));
    load_anything(rule(&dots));
}
