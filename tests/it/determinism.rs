//! The engine is a function of its log: nothing else reaches a byte of its output.

use decider::Decider;
use model::Record;
use ruleset::Ruleset;
use runtime::Reconciler;
use std::sync::{Arc, OnceLock};
use trade::{Settings, Trade};

use crate::engine::{self, Output};

/// A few days of made-up trade with every benign day and every planted attack in it, some of it disordered and
/// repeated, as feeds are.
fn trade() -> &'static (Arc<Ruleset>, Vec<Record>) {
    static TRADE: OnceLock<(Arc<Ruleset>, Vec<Record>)> = OnceLock::new();
    TRADE.get_or_init(|| {
        let ruleset = engine::shipped();
        let start = model::EventTime::from_ms(1_767_225_600_000).unwrap();
        let settings = Settings { orders_per_day: 400, ..Settings::new(7, start) };
        let mut events: Vec<_> = Trade::new(settings).map(|h| h.event).take(12_000).collect();
        for index in (0..events.len()).step_by(97) {
            let other = (index + 31).min(events.len() - 1);
            events.swap(index, other);
            let again = events[index].clone();
            events.insert(other, again);
        }
        let records = engine::log(&ruleset, events);
        (ruleset, records)
    })
}

fn in_pool(threads: usize, chunk: usize) -> Output {
    let (ruleset, records) = trade();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| engine::decide(&mut engine::decider(ruleset), records, chunk))
}

#[test]
fn chunk_size_and_threads_never_show_in_a_byte() {
    let expected = in_pool(1, 1);
    assert!(expected.verdicts.len() > 100_000, "the log is worth comparing");
    for chunk in [7, 1000, 4096, 1_000_000] {
        assert!(in_pool(1, chunk) == expected, "chunks of {chunk}");
    }
    for threads in [2, 4] {
        assert!(in_pool(threads, 1000) == expected, "{threads} threads");
    }
}

#[test]
fn the_key_of_the_hash_tables_never_shows_in_a_byte() {
    let (ruleset, records) = trade();
    let genesis = || model::log::Genesis::standard(ruleset.hash().into());
    let expected = engine::decide(&mut engine::decider(ruleset), records, 1000);
    for secret in [1, u128::MAX, 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834] {
        let key = model::HashKey::new(secret);
        let mut decider = Decider::new(genesis(), Arc::clone(ruleset), key);
        assert!(engine::decide(&mut decider, records, 1000) == expected, "key {secret:x}");
    }
}

#[test]
fn a_snapshot_resumes_as_if_never_stopped() {
    let (ruleset, records) = trade();
    let expected = engine::decide(&mut engine::decider(ruleset), records, 500);
    let mut output = Output::default();
    let mut decider = engine::decider(ruleset);
    let mut effects = decider::Effects::default();
    for part in records.chunks(731) {
        decider.decide(part, &mut effects);
        output.take(&mut effects);
        decider = Decider::restore(&decider.snapshot(), &[Arc::clone(ruleset)]).unwrap();
    }
    assert!(output == expected);
}

#[test]
fn a_redelivered_log_changes_nothing() {
    let (ruleset, records) = trade();
    let mut decider = engine::decider(ruleset);
    let once = engine::decide(&mut decider, records, 1000);
    let before = decider.ledger().totals();
    // Only what is still remembered: clicks are for a week.
    let from = records.len() - 2_000;
    let again = engine::decide(&mut decider, &records[from..], 1000);
    assert!(
        !once.verdicts.is_empty() && again.verdicts.is_empty(),
        "{}",
        String::from_utf8_lossy(&again.verdicts)
    );
    assert_eq!(decider.ledger().totals(), before);
}

#[test]
fn the_verdicts_alone_prove_the_balances() {
    let (ruleset, records) = trade();
    let mut decider = engine::decider(ruleset);
    let output = engine::decide(&mut decider, records, 1000);
    let mut reconciler = Reconciler::default();
    output.parsed().iter().for_each(|verdict| reconciler.read(verdict));
    let result = reconciler.finish();
    assert_eq!(result.findings, []);
    for total in &result.totals {
        let key = (total.program_id.clone(), total.market.clone(), total.currency);
        assert_eq!(total.balance, engine::wide(&decider.ledger().totals()[&key]), "{key:?}");
    }
}

#[test]
fn a_tampered_verdict_is_found() {
    let (ruleset, records) = trade();
    let output = engine::decide(&mut engine::decider(ruleset), records, 1000);
    let mut verdicts = output.parsed();
    let index = verdicts.iter().position(|v| v.postings.iter().any(|p| p.amount.0 > 1)).unwrap();
    verdicts[index].postings[0].amount.0 -= 1;
    let mut reconciler = Reconciler::default();
    verdicts.iter().for_each(|verdict| reconciler.read(verdict));
    assert!(!reconciler.finish().findings.is_empty());
}

#[test]
fn a_missing_verdict_is_found() {
    let (ruleset, records) = trade();
    let mut verdicts = engine::decide(&mut engine::decider(ruleset), records, 1000).parsed();
    let later = verdicts.iter().find(|v| v.sequence == 2 && v.commission_id.is_some()).unwrap().commission_id;
    let first = verdicts.iter().position(|v| v.commission_id == later).unwrap();
    verdicts.remove(first);
    let mut reconciler = Reconciler::default();
    verdicts.iter().for_each(|verdict| reconciler.read(verdict));
    let findings = reconciler.finish().findings;
    assert!(findings.iter().any(|f| f.what.contains("sequence 2 follows 0")), "{findings:?}");
}

/// The logs of all cases beside the shipped rules.
fn case_logs() -> Vec<(String, Vec<Record>)> {
    let folder = engine::root().join("rules");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut logs = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|kind| kind == "cases")) {
        let file = trade::cases::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
        for case in file.cases {
            let records = (1..).zip(&case.steps).map(|(position, step)| Record {
                position: model::Position(position),
                stamp: None,
                raw: bytes::Bytes::new(),
                body: match step {
                    trade::cases::Step::Event(event) => model::log::RecordBody::Event(event.clone()),
                    trade::cases::Step::Tick(at) => {
                        model::log::RecordBody::Control(model::log::Control::Tick(*at))
                    }
                },
            });
            logs.push((format!("{}: {}", path.display(), case.title), records.collect()));
        }
    }
    logs
}

#[test]
fn every_case_resumes_at_every_index_in_chunks_of_any_size() {
    let ruleset = engine::shipped();
    let logs = case_logs();
    assert!(logs.len() >= 36, "three cases a rule");
    for (name, records) in &logs {
        let expected = engine::decide(&mut engine::decider(&ruleset), records, 1);
        for chunk in [7, 1000] {
            assert!(
                engine::decide(&mut engine::decider(&ruleset), records, chunk) == expected,
                "{name}, {chunk}"
            );
        }
        for stop in 0..=records.len() {
            let (before, after) = records.split_at(stop);
            let mut decider = engine::decider(&ruleset);
            let mut output = engine::decide(&mut decider, before, 1000);
            let mut resumed = Decider::restore(&decider.snapshot(), &[Arc::clone(&ruleset)]).unwrap();
            let rest = engine::decide(&mut resumed, after, 1000);
            output.verdicts.extend(rest.verdicts);
            output.dead_letters.extend(rest.dead_letters);
            assert!(output == expected, "{name}, stopped before record {stop}");
        }
    }
}

/// A burst of more orders than a hold may touch at one position, and trade that goes on while it is finished.
#[test]
fn a_hold_wider_than_one_position_may_touch_is_the_same_in_chunks_of_any_size() {
    const ORDERS: i64 = 10_300;
    let rule = "//! Burst\n//! A very wide one.\nconst ON = \"order\";\nconst SEVERITY = \"high\";\n\
                const PUBLIC_CODE = \"x\";\nconst MIN_ORDERS = 10300;\n\
                let orders = count(\"order\").by(\"ip\").within(\"1h\");\n\
                if orders >= MIN_ORDERS { hold_all_of(orders, `${orders} orders`).until_reviewed(); }\n";
    let files = [("burst.rhai".to_owned(), rule.to_owned())];
    let ruleset = engine::load(&files.into_iter().collect());
    let event = |number: i64| {
        let line = format!(
            "{{\"event_id\":\"e{number}\",\"kind\":\"order\",\"occurred_at\":{},\"order_id\":\"o{number}\",\
             \"currency\":\"USD\",\"ip\":\"192.0.2.7\",\"lines\":[{{\"line_id\":\"1\",\"product_id\":\"p\",\
             \"quantity\":1,\"paid\":1000,\"declared\":{{\"creator_id\":\"maria\",\"rate_bp\":1000}}}}]}}",
            1_767_268_800_000 + number * 300
        );
        connector::wire::decode(line.as_bytes()).unwrap().event
    };
    let records = engine::log(&ruleset, (0..ORDERS + 400).map(event));
    let expected = engine::decide(&mut engine::decider(&ruleset), &records, 1);
    let held = expected.parsed().iter().filter(|v| v.decision == model::verdict::Decision::Hold).count();
    assert!(held >= usize::try_from(ORDERS).unwrap() - 1, "the whole burst is held: {held}");
    for chunk in [1000, 4096, 1_000_000] {
        assert!(
            engine::decide(&mut engine::decider(&ruleset), &records, chunk) == expected,
            "chunks of {chunk}"
        );
    }
}
