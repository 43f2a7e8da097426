//! The rules that are shipped: their cases, the honest days that must not trip them, the attacks that must.

use std::process::Command;

use crate::engine;

#[test]
fn every_case_beside_a_rule_comes_out_as_written() {
    let run = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"))
        .args(["rules", "test", "--rules"])
        .arg(engine::root().join("rules"))
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success(), "{report}\n{}", String::from_utf8_lossy(&run.stderr));
    let rules = engine::shipped();
    for rule in rules.rules() {
        let cases = report.lines().filter(|line| line.starts_with(&format!("ok   {}:", rule.id))).count();
        assert!(
            cases >= 3,
            "{} ships with an attack, an honest neighbour and missing fields: {cases} cases",
            rule.id
        );
    }
}

#[test]
fn honest_days_are_left_alone_and_every_attack_is_caught_by_its_rule() {
    let rules = engine::shipped();
    let honest = tidegate::days::benign(&rules, 1);
    let attacks = tidegate::days::attacks(&rules, 1);
    println!("{}\n{}", tidegate::days::honest_table(&honest), tidegate::days::attacks_table(&attacks));
    assert_eq!(tidegate::days::problems(&honest, &attacks), Vec::<String>::new());
    let all = honest.last().unwrap();
    assert!(all.orders > 1_000, "the honest days are days of trade");
}

#[test]
fn another_seed_is_another_trade_and_the_limits_still_hold() {
    let rules = engine::shipped();
    for seed in [2, 3] {
        let (honest, attacks) = (tidegate::days::benign(&rules, seed), tidegate::days::attacks(&rules, seed));
        assert_eq!(tidegate::days::problems(&honest, &attacks), Vec::<String>::new(), "seed {seed}");
    }
}
