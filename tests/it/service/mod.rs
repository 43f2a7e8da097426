//! The service on a journal in memory: what it publishes is what a straight replay of its log gives, whatever
//! happens to it on the way.

mod memory;

use decider::{Decider, Successor};
use model::log::{Control, Genesis, RecordBody};
use model::{EventTime, HashKey, Position, Record, Span};
use ruleset::Sources;
use runtime::service::{
    Arrived, Happening, Lane, Load, RecoveryError, Refused, Serve, Service, StartError, Tell, begin,
};
use runtime::{Journal as _, Origin, Threads};
use std::sync::{Arc, Mutex};

use crate::engine;
use crate::service::memory::{Disk, Machine, Writing};

const SERVE: Serve = Serve {
    chunk: 500,
    threads: Threads::Exactly(1),
    snapshot_interval_records: 1_000,
    undecided_records_max: 1_000_000,
};

fn sources() -> Sources {
    engine::sources(&engine::root().join("rules"))
}

/// The shipped rules with one window widened.
fn changed() -> Sources {
    let mut changed = sources();
    let rule = changed.text("same_ip_burst.rhai").unwrap().into_owned();
    changed.put("same_ip_burst.rhai", rule.replace("const WITHIN = \"10m\"", "const WITHIN = \"3h\""));
    changed
}

type Running = Service<Writing, Machine>;

/// What operators were told of what went wrong.
type Told = Arc<Mutex<Vec<String>>>;

fn start(machine: &Machine, serve: Serve) -> Result<(Running, Told), StartError> {
    start_with(machine, serve, Genesis::standard)
}

fn start_with(
    machine: &Machine,
    serve: Serve,
    genesis: impl FnOnce(model::Text) -> Genesis,
) -> Result<(Running, Told), StartError> {
    let mut journal = machine.journal();
    begin(&mut journal, genesis, &sources())?;
    let told = Told::default();
    let ear = Arc::clone(&told);
    let tell: Tell = Arc::new(move |what| match what {
        Happening::PassedOver(_) | Happening::NotSnapped { .. } | Happening::Faulty(_) => {
            ear.lock().unwrap().push(what.to_string());
        }
        Happening::Recovered { .. }
        | Happening::Snapped { .. }
        | Happening::InForce { .. }
        | Happening::Mended => {}
    });
    Ok((Service::start(journal, machine.clone(), serve, &tell, &mut |_| {})?, told))
}

/// Made-up trade as it arrives, in batches.
fn batches() -> Vec<Vec<Arrived>> {
    let start = EventTime::from_ms(1_767_225_600_000).unwrap();
    let settings = trade::Settings { orders_per_day: 200, ..trade::Settings::new(5, start) };
    let events: Vec<Arrived> = trade::Trade::new(settings)
        .map(|happening| happening.event)
        .take(4_000)
        .map(|event| Arrived {
            raw: connector::wire::encode(&event).into(),
            body: RecordBody::Event(Box::new(event)),
            origin: Origin::Bytes,
        })
        .collect();
    events.chunks(137).map(<[Arrived]>::to_vec).collect()
}

fn submit(service: &Running, batch: Vec<Arrived>) -> Position {
    let answer = service.handle().submit(batch).unwrap();
    answer.blocking_recv().unwrap().unwrap().first
}

fn wait_until_decided(service: &Running) {
    let handle = service.handle();
    while handle.status().undecided() > 0 {
        assert!(!service.has_failed(), "{:?}", handle.status().fault());
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// The verdicts of a straight replay of a log.
fn replayed(disk: &Disk) -> Vec<u8> {
    let RecordBody::Control(Control::Genesis(genesis)) = &disk.records[0].body else { panic!("genesis") };
    let ruleset = |hash: &str| engine::load(&Sources::from_archive(&disk.rulesets[hash]).unwrap());
    let mut decider = Decider::new((**genesis).clone(), ruleset(&genesis.ruleset), HashKey::public());
    for record in &disk.records {
        if let RecordBody::Control(Control::Ruleset(hash)) = &record.body {
            decider.announce(Successor::new(ruleset(hash), HashKey::public()));
        }
    }
    let decided: Vec<Record> = disk.records[1..].to_vec();
    engine::decide(&mut decider, &decided, 4096).verdicts
}

/// Records that are no ticks: a moment without news may have let time pass.
fn events(disk: &Disk) -> usize {
    disk.records.iter().filter(|record| matches!(record.body, RecordBody::Event(_))).count()
}

fn published(disk: &Disk) -> Vec<u8> {
    disk.verdicts.iter().flat_map(|(_, bytes)| bytes.clone()).collect()
}

#[test]
fn what_is_published_is_what_a_replay_of_the_log_gives() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    for batch in batches() {
        submit(&service, batch);
    }
    service.stop().unwrap();
    let disk = machine.disk();
    let gap = (0..).zip(&disk.records).find(|(place, record)| record.position != Position(*place));
    assert!(gap.is_none(), "positions have no gaps");
    assert_eq!(events(&disk), 4_000);
    assert!(published(&disk).len() > 100_000, "the log is worth comparing");
    assert!(published(&disk) == replayed(&disk));
    let last = disk.records.len() as u64 - 1;
    assert!(disk.snapshots.contains_key(&last), "a stop leaves its state behind");
}

#[test]
fn a_stop_at_every_commit_loses_nothing_and_repeats_nothing() {
    let machine = Machine::default();
    machine.keep_copies();
    let (service, _) = start(&machine, SERVE).unwrap();
    for batch in batches() {
        submit(&service, batch);
    }
    service.stop().unwrap();
    let whole = published(&machine.disk());
    let copies = machine.copies();
    assert!(copies.len() > 20);
    for disk in copies {
        let (records, before) = (disk.records.len(), published(&disk));
        let again = Machine::with(disk);
        let (service, told) = start(&again, SERVE).unwrap();
        service.stop().unwrap();
        let disk = again.disk();
        assert_eq!(disk.records.len(), records);
        let after = published(&disk);
        assert!(after.starts_with(&before) && whole.starts_with(&after), "after {records} records");
        assert!(after == replayed(&disk), "after {records} records");
        assert_eq!(*told.lock().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn a_full_disk_refuses_records_and_loses_no_verdict() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    let mut batches = batches().into_iter();
    submit(&service, batches.next().unwrap());
    wait_until_decided(&service);
    machine.fail(3);
    let mut refused = 0;
    for batch in batches {
        loop {
            let outcome = match service.handle().submit(batch.clone()) {
                Ok(answer) => answer.blocking_recv().unwrap(),
                Err(refusal) => Err(refusal),
            };
            match outcome {
                Ok(_) => break,
                Err(Refused::Unavailable(_)) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
    assert!(refused > 0);
    service.stop().unwrap();
    let disk = machine.disk();
    assert_eq!(events(&disk), 4_000);
    assert!(published(&disk) == replayed(&disk));
}

#[test]
fn a_damaged_snapshot_is_passed_over_and_told() {
    let machine = Machine::default();
    let (service, _) = start(&machine, Serve { snapshot_interval_records: 500, ..SERVE }).unwrap();
    for batch in batches() {
        submit(&service, batch);
        wait_until_decided(&service);
    }
    service.stop().unwrap();
    let mut disk = machine.disk();
    let expected = replayed(&disk);
    let newest = *disk.snapshots.keys().next_back().unwrap();
    let bytes = disk.snapshots.get_mut(&newest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    let again = Machine::with(disk);
    let (service, told) = start(&again, SERVE).unwrap();
    service.stop().unwrap();
    let told = told.lock().unwrap().join("\n");
    assert!(told.contains("checksum") && told.contains(&newest.to_string()), "{told}");
    assert!(published(&again.disk()) == expected);
}

#[test]
fn a_verdict_that_is_not_what_the_log_gives_stops_the_lane() {
    let machine = Machine::default();
    let (service, _) = start(&machine, Serve { snapshot_interval_records: u64::MAX, ..SERVE }).unwrap();
    for batch in batches().into_iter().take(5) {
        submit(&service, batch);
    }
    service.stop().unwrap();
    let mut disk = machine.disk();
    disk.snapshots.clear();
    let middle = disk.verdicts.len() / 2;
    let (position, bytes) = &mut disk.verdicts[middle];
    let position = *position;
    bytes[20] ^= 1;
    match start(&Machine::with(disk), SERVE).map(|_| ()).unwrap_err() {
        StartError::Recovery(RecoveryError::Differs { position: found }) => assert_eq!(found, position),
        other @ (StartError::Recovery(_) | StartError::Threads(_) | StartError::Pool(_)) => panic!("{other}"),
    }
}

#[test]
fn a_ruleset_is_loaded_into_the_running_service_as_if_it_had_always_been_measured() {
    let machine = Machine::default();
    machine.keep_copies();
    let (service, _) = start(&machine, SERVE).unwrap();
    for (index, batch) in batches().into_iter().enumerate() {
        submit(&service, batch);
        if index == 9 {
            assert!(matches!(service.handle().load(&changed()).unwrap(), Load::Loaded(..)));
            assert!(matches!(service.handle().load(&changed()).map(drop), Ok(())));
        }
        if index == 20 {
            wait_until_decided(&service);
            assert!(matches!(service.handle().load(&sources()).unwrap(), Load::Loaded(..)));
        }
    }
    service.stop().unwrap();
    let disk = machine.disk();
    let whole = published(&disk);
    assert!(whole == replayed(&disk), "what is measured from rows is what a replay measures");
    for disk in machine.copies() {
        let again = Machine::with(disk);
        start(&again, SERVE).unwrap().0.stop().unwrap();
        assert!(whole.starts_with(&published(&again.disk())));
    }
}

#[test]
fn a_ruleset_is_loaded_into_a_lane_that_has_nothing_yet() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    assert_eq!(service.handle().status().undecided(), 0);
    assert!(matches!(service.handle().load(&changed()).unwrap(), Load::Loaded(Position(1), _)));
    submit(&service, batches().swap_remove(0));
    service.stop().unwrap();
    let disk = machine.disk();
    assert!(published(&disk) == replayed(&disk));
}

#[test]
fn a_ruleset_that_was_accepted_is_rolled_back_whether_it_is_in_force_yet_or_not() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    for batch in batches().into_iter().take(8) {
        submit(&service, batch);
    }
    let handle = service.handle();
    for _ in 0..3 {
        assert!(matches!(handle.load(&changed()).unwrap(), Load::Loaded(..)));
        assert!(matches!(handle.load(&changed()).unwrap(), Load::InForce));
        assert!(matches!(handle.load(&sources()).unwrap(), Load::Loaded(..)));
    }
    service.stop().unwrap();
    let disk = machine.disk();
    assert!(published(&disk) == replayed(&disk));
}

#[test]
fn a_service_stops_though_its_disk_is_full_and_says_so() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    let mut batches = batches().into_iter();
    submit(&service, batches.next().unwrap());
    machine.fail(u32::MAX);
    // Refused, with what was decided of the batch before it still to be written.
    drop(service.handle().submit(batches.next().unwrap()));
    let stopped = service.stop().map(|journal| journal.head().clone());
    let whole = machine.disk().verdicts.len();
    machine.fail(0);
    if let Ok(head) = stopped {
        // A tick may have come between.
        assert_eq!(head.undecided(), 0, "all had been written before");
    }
    let (service, _) = start(&machine, SERVE).unwrap();
    service.stop().unwrap();
    let disk = machine.disk();
    assert!(disk.verdicts.len() >= whole && published(&disk) == replayed(&disk));
}

#[test]
fn a_fault_is_told_until_something_was_written() {
    let machine = Machine::default();
    let (service, told) = start(&machine, SERVE).unwrap();
    let mut batches = batches().into_iter();
    submit(&service, batches.next().unwrap());
    wait_until_decided(&service);
    machine.fail(1);
    let answer = service.handle().submit(batches.next().unwrap()).unwrap();
    assert!(matches!(answer.blocking_recv().unwrap(), Err(Refused::Unavailable(_))));
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert!(service.handle().status().fault().is_some(), "{told:?}");
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    submit(&service, batches.next().unwrap());
    assert!(service.handle().status().fault().is_none());
    service.stop().unwrap();
}

#[test]
fn a_ruleset_that_does_not_check_changes_nothing() {
    let machine = Machine::default();
    let (service, _) = start(&machine, SERVE).unwrap();
    let mut broken = sources();
    broken.put("broken.rhai", "hold(".into());
    assert!(service.handle().load(&broken).is_err());
    assert_eq!(&*service.handle().status().ruleset(), engine::shipped().hash());
    service.stop().unwrap();
    assert_eq!(machine.disk().records.len(), 1, "only genesis");
}

#[test]
fn a_quiet_night_still_releases() {
    let machine = Machine::default();
    let genesis = |ruleset| Genesis {
        sweep_grid: Span::from_ms(1_000),
        allowed_skew: Span::ZERO,
        ..Genesis::standard(ruleset)
    };
    let (service, _) = start_with(&machine, SERVE, genesis).unwrap();
    let now = runtime::SteadyClock::start().now().minus(Span::from_days(20));
    let line = format!(
        "{{\"event_id\":\"e\",\"kind\":\"order\",\"occurred_at\":{},\"order_id\":\"o\",\"currency\":\"USD\",\
         \"lines\":[{{\"line_id\":\"1\",\"product_id\":\"p\",\"quantity\":1,\"paid\":1000,\
         \"declared\":{{\"creator_id\":\"maria\",\"rate_bp\":1000}}}}]}}",
        now.as_ms()
    );
    let event = connector::wire::decode(line.as_bytes()).unwrap().event;
    submit(
        &service,
        vec![Arrived { raw: line.into(), body: RecordBody::Event(Box::new(event)), origin: Origin::Bytes }],
    );
    let released = || {
        let text = String::from_utf8(published(&machine.disk())).unwrap();
        text.contains("\"decision\":\"release\"")
    };
    for _ in 0..200 {
        if released() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    service.stop().unwrap();
    assert!(released(), "time passes without events");
    let disk = machine.disk();
    assert!(published(&disk) == replayed(&disk));
}
