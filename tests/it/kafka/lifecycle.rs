//! The brokers themselves do what a test wants of them.

use std::path::PathBuf;
use std::process::Command;

use super::console::{self, Producer};
use super::{Cluster, within};

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| number.to_string()).collect()
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn a_broker_takes_a_record_and_gives_it_back() {
    let cluster = Cluster::shared();
    console::create(cluster, "a-record", &[]);
    let mut producer = Producer::to(cluster, "a-record");
    producer.send(["a record"]);
    producer.finish();
    assert_eq!(console::consume(cluster, "a-record", 1), ["a record"]);
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn a_broker_keeps_what_it_took_when_it_is_stopped_killed_and_frozen() {
    let mut cluster = Cluster::start(1);
    console::create(&cluster, "kept", &[]);
    let mut producer = Producer::to(&cluster, "kept");
    producer.send(numbers(0..1));
    producer.finish();
    cluster.broker(0).stop();
    cluster.broker(0).start();
    assert_eq!(console::consume(&cluster, "kept", 1), numbers(0..1));
    cluster.broker(0).kill();
    cluster.broker(0).start();
    cluster.broker(0).freeze();
    let mut producer = Producer::to(&cluster, "kept");
    producer.send(numbers(1..2));
    producer.close();
    assert!(!within(3, || !producer.is_busy()), "nobody takes it");
    cluster.broker(0).thaw();
    producer.finish();
    assert_eq!(console::consume(&cluster, "kept", 2), numbers(0..2));
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn a_cluster_that_loses_a_broker_goes_on_and_the_broker_catches_up_when_it_comes_back() {
    let mut cluster = Cluster::start(3);
    console::create(&cluster, "acknowledged", &["min.insync.replicas=2"]);
    let mut producer = Producer::to(&cluster, "acknowledged");
    producer.send(numbers(0..100));
    let leader = console::leader(&cluster, "acknowledged");
    cluster.broker(leader).kill();
    producer.send(numbers(100..200));
    producer.finish();
    assert_eq!(console::consume(&cluster, "acknowledged", 200), numbers(0..200));
    cluster.broker(leader).start();
    assert!(within(60, || console::behind(&cluster).is_empty()), "{}", console::behind(&cluster));
    // What it has caught up with is enough: of the two that remain, it has to be one.
    cluster.broker((leader + 1) % 3).kill();
    assert_eq!(console::consume(&cluster, "acknowledged", 200), numbers(0..200));
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn a_test_that_panics_leaves_no_broker_behind() {
    let panicked = std::panic::catch_unwind(|| {
        let mut cluster = Cluster::start(1);
        let left: (u32, PathBuf) = (cluster.broker(0).process().id(), cluster.folder().to_owned());
        std::panic::panic_any(left);
    });
    let (pid, folder) = *panicked.unwrap_err().downcast::<(u32, PathBuf)>().expect("it started");
    assert!(!folder.exists());
    let alive = Command::new("kill").args(["-0", &pid.to_string()]).output().unwrap();
    assert!(!alive.status.success(), "the broker has been ended and waited for");
}
