//! The files of a ruleset as bytes: what is no text is a problem like any other.

use ruleset::{Ruleset, Sources};
use std::collections::BTreeMap;

use crate::record::*;

/// Bytes that are Latin-1 and, where they have an accent, not UTF-8.
fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn files(files: Vec<(&str, Result<Vec<u8>, &str>)>) -> Sources {
    Sources::of_files(
        files.into_iter().map(|(path, bytes)| (path.to_owned(), bytes)).collect::<BTreeMap<_, _>>(),
    )
}

fn problems_of_files(all: &Sources) -> String {
    rendered(all, &Ruleset::load(all).unwrap_err())
}

#[test]
fn a_file_that_is_no_text_is_a_problem_beside_all_others() {
    let asks = "if list(\"offices\").contains(order.ip) || order.amout > 3 { reject(\"x\"); }";
    let all = files(vec![
        ("asks.rhai", Ok(rule(asks).into())),
        ("accents.rhai", Ok(latin1(&rule("// Häufung\nflag(\"à\");")))),
        ("lists/offices.txt", Ok(latin1("192.0.2.0/24\nZoë\n"))),
        ("lists/quotes.txt", Ok(b"maria \x93x\x94\n".into())),
        ("programs.toml", Ok([0xff, 0xfe, b'[', 0].into())),
        ("ruleset.toml", Err("Permission denied (os error 13)")),
    ]);
    insta::assert_snapshot!(problems_of_files(&all));
}

#[test]
fn settings_may_name_a_rule_and_a_dial_in_a_file_that_is_no_text() {
    let settings = "[rules.accents]\nmode = \"live\"\ndials.LEAST = 3\n";
    let all = files(vec![
        ("accents.rhai", Ok(latin1(&rule("const LEAST = 5; flag(`à ${LEAST}`);")))),
        ("ruleset.toml", Ok(settings.into())),
    ]);
    let codes: Vec<&str> = Ruleset::load(&all).unwrap_err().iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["file.encoding"]);
}

#[test]
fn a_byte_order_mark_and_line_ends_of_another_system_say_nothing() {
    let marked = |text: &str| Ok(format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes());
    let text = rule("// A comment\nif list(\"creators\").contains(order.ip) { flag(\"f\"); }\n");
    let all = files(vec![
        ("r.rhai", marked(&text)),
        ("lists/creators.txt", marked("maria\nana\n")),
        ("ruleset.toml", marked("[rules.r]\nmode = \"live\"\n")),
        ("programs.toml", marked("[default]\n")),
    ]);
    let loaded = Ruleset::load(&all).unwrap_or_else(|problems| panic!("{}", rendered(&all, &problems)));
    assert_eq!(loaded.warnings, []);
    for first_and_last in ["maria", "ana"] {
        let hits = loaded
            .ruleset
            .judge(&Fake::order().text("ip", first_and_last), &model::feature::Measures::default());
        assert_eq!(hits.len(), 1, "{first_and_last}");
    }
}
