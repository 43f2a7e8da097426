use model::policy::WindowLimits;

use crate::record::*;

#[test]
fn every_problem_of_the_settings_is_found_at_once() {
    let settings = r#"longest_windw = "10d"
longest_hold = "forever"

[score]
threshold = 0

[holds]
hihg = "7d"

[limits]
window_keys = 0
window_pairs = 1_000_000_001
keys = 5

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
fn room_for_few_keys_is_warned_of_and_room_is_what_it_says() {
    let body = rule("flag(\"f\");");
    let modes = "[rules.r]\nmode = \"live\"\n";
    let settings = format!("[limits]\nwindow_keys = 9_999\nwindow_pairs = 10_000\n{modes}");
    insta::assert_snapshot!(problems_of(&[("r.rhai", &body), ("ruleset.toml", &settings)]));
    let limits = |settings: &str| {
        let loaded = ruleset::Ruleset::load(&sources(&[("r.rhai", &body), ("ruleset.toml", settings)]));
        loaded.unwrap().ruleset.policy().windows
    };
    assert_eq!(limits(&settings), WindowLimits { keys: 9_999, pairs: 10_000 });
    assert_eq!(limits(modes), WindowLimits { keys: 10_000_000, pairs: 20_000_000 });
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
