//! The station against the slow model, and against itself after a rest.

use bytes::Bytes;
use model::admitted::{OrderRecord, TermsSource, What};
use model::log::{Control, RecordBody};
use model::policy::Policy;
use model::refusal::Code;
use model::{EventTime, Position, Record, Span};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::random::{self, Crowd, Maker, Step, genesis, logs, policies};
use super::slow::{Effect, Fate, Slow};
use crate::{Admission, Attribution};

fn record(position: usize, step: &Step) -> Record {
    let body = match step {
        Step::Event(event) => RecordBody::Event(Box::new(event.clone())),
        Step::Tick(time) => RecordBody::Control(Control::Tick(*time)),
    };
    let position = Position(position as u64);
    Record { position, stamp: None, raw: Bytes::from(position.to_string()), body }
}

/// The sweep at the last grid point up to a time, if anything is due.
fn sweep_at(station: &Attribution, clock: EventTime) -> Option<EventTime> {
    let grid = Span::from_mins(1);
    station.next_expiry().map(|due| due.grid_ceiling(grid)).filter(|due| *due <= clock)
}

fn fate(admission: &Admission) -> Option<Fate> {
    match admission {
        Admission::Applied => Some(Fate::Applied),
        Admission::Parked => Some(Fate::Parked),
        Admission::Duplicate => Some(Fate::Duplicate),
        Admission::Refused(refusal) => Some(Fate::Refused(refusal.code)),
        Admission::Control => None,
    }
}

fn check_against_the_slow_model(
    policy: Arc<Policy>,
    crowd: Crowd,
    log: &[random::Bytes],
) -> Result<(), TestCaseError> {
    let mut maker = Maker::new(crowd);
    let mut slow = Slow::new(genesis(), policy.default_program.clone());
    let mut station = Attribution::new(&genesis(), policy);
    for (n, bytes) in log.iter().enumerate() {
        let step = maker.step(bytes);
        let record = record(n, &step);
        let promised = station.advances_to(&record);
        while let Some(at) = promised.and_then(|clock| sweep_at(&station, clock)) {
            let mut dead = Vec::new();
            station.expire(at, record.position, &mut dead);
            let dead: Vec<(Position, Code)> = dead.iter().map(|d| (d.position, d.refusal.code)).collect();
            prop_assert_eq!(dead, slow.expire(at), "sweep before {}", n);
        }
        let (before, mut out) = (station.clock(), Vec::new());
        let admission = station.apply(&record, &mut out);
        match &step {
            Step::Tick(time) => slow.tick(*time),
            Step::Event(event) => {
                let (expected, effects) = slow.apply(record.position, event);
                prop_assert_eq!(fate(&admission), Some(expected), "record {}: {:?}", n, event);
                let out: Vec<Effect> = out.iter().map(Effect::of).collect();
                prop_assert_eq!(out, effects, "record {}: {:?}", n, event);
            }
        }
        prop_assert_eq!(station.clock(), slow.clock);
        prop_assert_eq!(promised, station.clock().filter(|clock| Some(*clock) != before));
    }
    check_end(&station, &slow)
}

fn check_end(station: &Attribution, slow: &Slow) -> Result<(), TestCaseError> {
    for order in &slow.orders {
        let program = genesis().default_program;
        let key = model::OrderKey { program, order: order.id.clone() };
        prop_assert!(order.is(station.order(&key).unwrap()));
    }
    prop_assert_eq!(station.next_expiry(), slow.waiting.iter().map(|waiting| waiting.deadline).min());
    Ok(())
}

/// Everything that a station says about a log from `from` on, as bytes.
fn run(station: &mut Attribution, steps: &[Step], from: usize) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    for (n, step) in steps.iter().enumerate().skip(from) {
        let record = record(n, step);
        let promised = station.advances_to(&record);
        let (mut dead, mut out) = (Vec::new(), Vec::new());
        while let Some(at) = promised.and_then(|clock| sweep_at(station, clock)) {
            station.expire(at, record.position, &mut dead);
        }
        let admission = format!("{:?}", station.apply(&record, &mut out));
        said.push(postcard::to_allocvec(&(dead, admission, out)).unwrap());
    }
    said
}

fn check_resuming(policy: Arc<Policy>, log: &[random::Bytes], at: usize) -> Result<(), TestCaseError> {
    let mut maker = Maker::new(Crowd::Few);
    let steps: Vec<Step> = log.iter().map(|bytes| maker.step(bytes)).collect();
    let rest = at % (steps.len() + 1);
    let mut straight = Attribution::new(&genesis(), policy);
    run(&mut straight, &steps[..rest], 0);
    let snapshot = postcard::to_allocvec(&straight).unwrap();
    let mut resumed: Attribution = postcard::from_bytes(&snapshot).unwrap();
    prop_assert_eq!(&postcard::to_allocvec(&resumed).unwrap(), &snapshot);
    prop_assert_eq!(run(&mut resumed, &steps, rest), run(&mut straight, &steps, rest));
    prop_assert_eq!(postcard::to_allocvec(&resumed).unwrap(), postcard::to_allocvec(&straight).unwrap());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(15_000) })]

    #[test]
    fn the_station_says_what_the_slow_model_says(policy in policies(), log in logs(90)) {
        check_against_the_slow_model(policy, Crowd::Few, &log)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    #[test]
    fn it_does_so_with_more_candidates_than_fit(policy in policies(), log in logs(90)) {
        check_against_the_slow_model(policy, Crowd::One, &log)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn resuming_from_a_snapshot_is_as_if_it_had_never_stopped(
        policy in policies(),
        log in logs(60),
        at in any::<usize>(),
    ) {
        check_resuming(policy, &log, at)?;
    }
}

/// A generator that stops making something would make the tests above blind to it.
#[test]
fn random_logs_contain_what_they_are_for() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for _ in 0..1_000 {
        let policy = policies().new_tree(&mut runner).unwrap().current();
        let log = logs(60).new_tree(&mut runner).unwrap().current();
        let (mut maker, mut station) = (Maker::new(Crowd::Few), Attribution::new(&genesis(), policy));
        for (n, bytes) in log.iter().enumerate() {
            let record = record(n, &maker.step(bytes));
            let (mut dead, mut out) = (Vec::new(), Vec::new());
            while let Some(at) = station.advances_to(&record).and_then(|clock| sweep_at(&station, clock)) {
                station.expire(at, record.position, &mut dead);
            }
            let admission = station.apply(&record, &mut out);
            let given_up = dead.iter().map(|letter| format!("given up {}", letter.refusal.code.name()));
            let refused = match admission {
                Admission::Refused(refusal) => Some(format!("refused {}", refusal.code.name())),
                admission => Some(format!("{admission:?}")),
            };
            let effects = out.iter().flat_map(|admitted| kinds_of(&admitted.what));
            given_up.chain(refused).chain(effects).for_each(|kind| *seen.entry(kind).or_default() += 1);
        }
    }
    let wanted = [
        "given up line.unknown",
        "given up order.unknown",
        "given up refund.match_none",
        "refused click.too_old",
        "refused key.conflict",
        "refused line.unknown",
        "refused order.revision_stale",
        "Applied",
        "Parked",
        "Duplicate",
        "order",
        "amendment",
        "planned",
        "orphan",
        "mismatch",
        "by coupon",
        "by click_id",
        "by buyer",
        "by device",
        "by declared",
        "direct",
        "shop",
        "neither",
        "plan",
        "declared",
        "no plan",
        "a part",
        "requested",
        "approved",
        "rejected",
        "completed",
        "reversed",
    ];
    for kind in wanted {
        let times = seen.get(kind).copied().unwrap_or(0);
        assert!(times >= 50, "{kind}: only {times} of {seen:#?}");
    }
}

fn kinds_of(what: &What) -> Vec<String> {
    let kinds: Vec<&str> = match what {
        What::Order(order) => return kinds_of_order("order", order),
        What::Amendment(order) => return kinds_of_order("amendment", order),
        What::Planned(_) => vec!["planned"],
        What::Refund(refund) if refund.part.as_str().contains('/') => {
            vec!["a part", refund.refund.state.name()]
        }
        What::Refund(refund) => vec![refund.refund.state.name()],
        What::Click(_)
        | What::Status(_)
        | What::Creator(_)
        | What::Plan(_)
        | What::Review(_)
        | What::PayoutRun(_)
        | What::Obligation(_)
        | What::FeedMark(_) => vec![],
    };
    kinds.into_iter().map(str::to_owned).collect()
}

fn kinds_of_order(kind: &str, order: &OrderRecord) -> Vec<String> {
    let mut kinds = vec![kind.to_owned()];
    kinds.extend(order.orphan_refund.then(|| "orphan".to_owned()));
    kinds.extend(order.mismatch.then(|| "mismatch".to_owned()));
    for candidate in order.candidates.iter().flatten() {
        kinds.push(format!("by {}", candidate.evidence.name()));
        kinds.extend(candidate.directness.map(|directness| directness.name().to_owned()));
        kinds.push(match candidate.terms.source {
            TermsSource::Plan { .. } => "plan".to_owned(),
            TermsSource::Declared => "declared".to_owned(),
            TermsSource::NoPlan => "no plan".to_owned(),
        });
    }
    kinds
}
