//! A lane on Kafka, as the binary serves it: whatever happens to instances, whoever reads the topics finds each verdict
//! once, in the bytes that a replay of the log gives.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use connector::store::Store;
use model::Position;
use runtime::JournalReader as _;
use serde_json::Value;
use tempfile::TempDir;

use super::cluster::Cluster;
use super::console::{self, Producer, Read};
use super::within;
use crate::engine;
use crate::served::{Replay, Served, batches, output, tidegate};

/// Longest that an instance takes to come to the end of the inputs, on a busy machine.
const PATIENCE_SECONDS: u32 = 120;

/// A lane and the folders of its instances.
struct Lane {
    name: &'static str,
    servers: String,
    folder: TempDir,
}

impl Lane {
    fn new(name: &'static str, cluster: &Cluster) -> Lane {
        let lane = Lane { name, servers: cluster.servers(), folder: tempfile::tempdir().unwrap() };
        let written = format!(
            "[transport]\nkind = \"kafka\"\nservers = \"{}\"\nlane = \"{name}\"\nevent_partitions = 2\n\
             verdict_partitions = 2\ncopies = {}\ncreate_topics = true\n",
            lane.servers,
            lane.servers.split(',').count()
        );
        std::fs::write(lane.config(), written).unwrap();
        lane
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("tidegate.toml")
    }

    fn data(&self, instance: &str) -> PathBuf {
        self.folder.path().join(instance)
    }

    /// Starts an instance with a folder of its own.
    fn start(&self, instance: &str) -> Served {
        let mut command = tidegate(&["run", "--listen", "127.0.0.1:0", "--snapshot-interval", "300"]);
        command.arg("--config").arg(self.config()).arg("--data").arg(self.data(instance));
        command.arg("--rules").arg(engine::root().join("rules"));
        Served::running(command)
    }

    fn topic(&self, end: &str) -> String {
        format!("{}.{end}", self.name)
    }

    /// Waits until an instance has decided so many events.
    fn decides(&self, instance: &str, events: usize) {
        let data = self.data(instance);
        let is_done = || {
            let mut store = Store::read(&data).unwrap();
            let head = store.head().unwrap();
            head.undecided() == 0 && store.records(Position(0), usize::MAX).unwrap().len() > events
        };
        assert!(within(PATIENCE_SECONDS, is_done), "{:?}", Store::read(&data).unwrap().head());
    }

    /// What stands on the topic of verdicts is what a replay of an instance's log gives: each verdict once, and the
    /// sequence of each partition without gaps.
    fn holds_together(&self, cluster: &Cluster, instance: &str) -> usize {
        let into = self.folder.path().join(format!("replay-{instance}"));
        std::fs::create_dir(&into).unwrap();
        let replay = Replay::of(&into, &self.data(instance));
        let read = console::read_committed(cluster, &self.topic("verdicts"));
        let mut by_partition = BTreeMap::<String, u64>::new();
        for Read { partition, headers, .. } in &read {
            let last = by_partition.entry(partition.clone()).or_default();
            *last += 1;
            assert_eq!(headers["tg-sequence"], last.to_string(), "{partition}");
        }
        let mut found: Vec<&str> = read.iter().map(|read| read.value.as_str()).collect();
        let mut expected: Vec<&str> = replay.verdicts.iter().map(String::as_str).collect();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found.len(), expected.len());
        assert!(found == expected, "the topic has other verdicts than a replay gives");
        let books = output(&["reconcile", "--state", &replay.state]);
        assert!(books.contains("The books balance"), "{books}");
        expected.len()
    }
}

/// Made-up trade, by kind.
fn events(count: usize) -> BTreeMap<String, Vec<String>> {
    let mut by_kind = BTreeMap::<String, Vec<String>>::new();
    for batch in batches(count) {
        for line in std::str::from_utf8(&batch).unwrap().lines() {
            let event: Value = serde_json::from_str(line).unwrap();
            by_kind.entry(event["kind"].as_str().unwrap().to_owned()).or_default().push(line.to_owned());
        }
    }
    by_kind
}

/// Sends them to their topics, from a share to another one, in hundredths.
fn send(
    cluster: &Cluster,
    lane: &Lane,
    events: &BTreeMap<String, Vec<String>>,
    share: (usize, usize),
) -> usize {
    let mut sent = 0;
    for (kind, lines) in events {
        let part = &lines[lines.len() * share.0 / 100..lines.len() * share.1 / 100];
        if !part.is_empty() {
            let mut producer = Producer::to(cluster, &lane.topic(kind));
            producer.send(part);
            producer.finish();
            sent += part.len();
        }
    }
    sent
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn what_a_client_of_another_make_sends_is_decided_and_what_it_reads_is_what_a_replay_gives() {
    let cluster = Cluster::shared();
    let lane = Lane::new("whole", cluster);
    let served = lane.start("a");
    let sent = send(cluster, &lane, &events(60), (0, 100));
    lane.decides("a", sent);
    served.stop();
    assert!(lane.holds_together(cluster, "a") > 500);
    let data = lane.data("a");
    let own = tidegate(&["run", "--listen", "127.0.0.1:0", "--data"]).arg(&data).output().unwrap();
    let said = String::from_utf8_lossy(&own.stderr).into_owned();
    assert_eq!(own.status.code(), Some(2), "{said}");
    assert!(said.contains("follows lane whole on Kafka"), "{said}");
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn an_instance_with_an_empty_folder_goes_on_where_a_killed_one_was() {
    let cluster = Cluster::shared();
    let lane = Lane::new("taken", cluster);
    let (events, mut sent) = (events(60), 0);
    for (turn, instance) in ["a", "a", "b", "a"].into_iter().enumerate() {
        let served = lane.start(instance);
        sent += send(cluster, &lane, &events, (turn * 25, turn * 25 + 25));
        std::thread::sleep(Duration::from_millis(150 * turn as u64));
        served.signal("-KILL");
        served.wait();
    }
    let served = lane.start("b");
    lane.decides("b", sent);
    served.stop();
    assert!(lane.holds_together(cluster, "b") > 500);
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn an_instance_that_was_frozen_while_another_one_took_over_writes_nothing_more() {
    let cluster = Cluster::shared();
    let lane = Lane::new("zombie", cluster);
    let events = events(40);
    let zombie = lane.start("a");
    let mut sent = send(cluster, &lane, &events, (0, 30));
    zombie.signal("-STOP");
    let heir = lane.start("b");
    sent += send(cluster, &lane, &events, (30, 60));
    zombie.signal("-CONT");
    sent += send(cluster, &lane, &events, (60, 100));
    lane.decides("b", sent);
    assert!(!zombie.wait().success(), "it finds out that it does not lead any more");
    heir.stop();
    assert!(lane.holds_together(cluster, "b") > 300);
}
