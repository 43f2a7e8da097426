use crate::record::*;

#[test]
fn every_problem_of_the_settings_is_found_at_once() {
    let settings = r#"longest_windw = "10d"
longest_hold = "forever"

[score]
threshold = 0

[holds]
hihg = "7d"

[rules.same_ip_brust]
mode = "live"

[rules.r]
mode = "alive"
may_reject = "yes"
dials = { LEST = 3, LEAST = "five" }
"#;
    let body = rule("const LEAST = 5; if order.units > LEAST { flag(\"f\"); }");
    insta::assert_snapshot!(problems_of(&[("r.rhai", &body), ("ruleset.toml", settings)]));
}

#[test]
fn every_problem_of_the_programs_is_found_at_once() {
    let programs = r#"[default]
attribution_window = "90d"
pick = "best"
requires = ["refnd", "order_status"]

[programs.vip]
settlement_delai = "3d"
device_evidence = 1
"#;
    insta::assert_snapshot!(problems_of(&[("programs.toml", programs)]));
}

#[test]
fn a_file_that_is_not_toml_is_shown_where_it_breaks() {
    insta::assert_snapshot!(problems_of(&[("ruleset.toml", "[score\nthreshold = 3\n")]));
}

#[test]
fn a_file_that_nobody_reads_is_named() {
    let body = rule("flag(\"f\");");
    insta::assert_snapshot!(problems_of(&[
        ("more/r.rhai", &body),
        ("lists/a/b.txt", ""),
        ("r.cases", ""),
        ("README.md", "")
    ]));
}

#[test]
fn problems_are_data_for_editors() {
    let problems =
        ruleset::Ruleset::load(&sources(&[("r.rhai", &rule("if order.amout > 3 { flag(\"f\"); }"))]))
            .unwrap_err();
    insta::assert_json_snapshot!(problems);
}
