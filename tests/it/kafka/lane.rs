//! A lane on Kafka, as the binary serves it: whatever happens to instances, whoever reads the topics finds each verdict
//! once, in the bytes that a replay of the log gives.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use connector::store::Store;
use model::log::RecordBody;
use model::{Position, Record};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
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

/// How often an instance is started until it leads: brokers that come back may not answer it at first.
const STARTS_MAX: usize = 4;

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

    /// An instance with a folder of its own.
    fn command(&self, instance: &str) -> Command {
        let mut command = tidegate(&["run", "--listen", "127.0.0.1:0", "--snapshot-interval", "300"]);
        command.arg("--config").arg(self.config()).arg("--data").arg(self.data(instance));
        command.arg("--rules").arg(engine::root().join("rules")).stderr(Stdio::null());
        command
    }

    /// Starts it, and waits until it leads. Where it ends before, it is started again, as whoever runs it would.
    fn start(&self, instance: &str) -> Served {
        let mut said = Vec::new();
        while said.len() < STARTS_MAX {
            match Served::listening(self.command(instance)) {
                Ok(served) => return served,
                Err(why) => said.push(why),
            }
        }
        panic!("it does not listen: {said:#?}");
    }

    /// Changes its settings.
    fn configure(&self, before: &str, after: &str) {
        let written = std::fs::read_to_string(self.config()).unwrap();
        assert!(written.contains(before), "{written}");
        std::fs::write(self.config(), written.replace(before, after)).unwrap();
    }

    fn topic(&self, end: &str) -> String {
        format!("{}.{end}", self.name)
    }

    /// Waits until an instance has decided so many records of the inputs.
    fn decides(&self, instance: &str, sent: usize) {
        let data = self.data(instance);
        let logged = || {
            let mut store = Store::read(&data).unwrap();
            let records = store.records(Position(0), usize::MAX).unwrap();
            // A quiet moment lets time pass by records of the engine's own.
            let is_own = |record: &&Record| matches!(record.body, RecordBody::Control(_));
            (records.len() - records.iter().filter(is_own).count(), store.head().unwrap().undecided())
        };
        assert!(within(PATIENCE_SECONDS, || logged() == (sent, 0)), "of {sent}: {:?}", logged());
    }

    /// An instance decides all that was sent, stops, and has left behind what holds together.
    fn ends_well(&self, served: Served, cluster: &Cluster, (instance, sent): (&str, usize)) {
        self.decides(instance, sent);
        served.stop();
        let verdicts = self.holds_together(cluster, instance);
        assert!(verdicts > 20, "{verdicts} verdicts");
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

/// What the rest is decided by: sent first.
const TERMS: [&str; 2] = ["plan", "creator"];

/// Sends them to their topics, from a share to another one, in hundredths.
fn send(
    cluster: &Cluster,
    lane: &Lane,
    events: &BTreeMap<String, Vec<String>>,
    share: (usize, usize),
) -> usize {
    let is_of_the_terms = |kind: &&String| TERMS.contains(&kind.as_str());
    let (terms, others): (Vec<_>, Vec<_>) = events.keys().partition(is_of_the_terms);
    let mut sent = 0;
    for kind in terms.iter().chain(&others) {
        let lines = &events[*kind];
        let part = match share {
            (0, _) if terms.contains(kind) => &lines[..],
            _ if terms.contains(kind) => &[],
            (from, to) => &lines[lines.len() * from / 100..lines.len() * to / 100],
        };
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
    lane.ends_well(served, cluster, ("a", sent));
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
    lane.ends_well(served, cluster, ("b", sent));
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
    lane.ends_well(heir, cluster, ("b", sent));
}

/// How often instances are killed, at random moments of whatever they do.
const KILLS: u64 = 50;

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn instances_killed_fifty_times_in_rotation_publish_each_verdict_once() {
    let cluster = Cluster::shared();
    let lane = Lane::new("rotation", cluster);
    let events = events(60);
    lane.start("a").stop();
    let sent = std::thread::scope(|threads| {
        let (lane, events) = (&lane, &events);
        let sending = threads
            .spawn(move || (0..5).map(|turn| send(cluster, lane, events, (turn * 20, turn * 20 + 20))).sum());
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for kill in 0..KILLS {
            let mut instance = lane.command(["a", "b"][usize::from(kill % 3 == 2)]).spawn().unwrap();
            std::thread::sleep(Duration::from_millis(random.random_range(50..2_000)));
            instance.kill().unwrap();
            instance.wait().unwrap();
        }
        sending.join().unwrap()
    });
    let served = lane.start("b");
    lane.ends_well(served, cluster, ("b", sent));
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn brokers_that_are_stopped_and_killed_one_after_the_other_cost_nothing() {
    let mut cluster = Cluster::start(3);
    let lane = Lane::new("bounced", &cluster);
    let events = events(60);
    let (mut served, mut sent) = (lane.start("a"), 0);
    for turn in 0..4 {
        let broker = turn % 3;
        sent += send(&cluster, &lane, &events, (turn * 25, turn * 25 + 25));
        if turn % 2 == 0 {
            cluster.broker(broker).kill()
        } else {
            cluster.broker(broker).stop()
        }
        std::thread::sleep(Duration::from_secs(2));
        cluster.broker(broker).start();
        // Whoever cannot tell what became of a commit ends, and is started again.
        if served.has_ended() {
            served = lane.start("a");
        }
    }
    assert!(within(PATIENCE_SECONDS, || console::behind(&cluster).is_empty()));
    if served.has_ended() {
        served = lane.start("a");
    }
    lane.ends_well(served, &cluster, ("a", sent));
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn what_is_no_event_goes_beside_its_topic_as_it_came_and_with_what_is_wrong() {
    let cluster = Cluster::shared();
    let lane = Lane::new("letters", cluster);
    let served = lane.start("a");
    console::send_whole(
        cluster,
        &lane.topic("order"),
        "trace:t-1,tg-sequence:9",
        "k-7",
        "{\"kind\": \"order\"",
    );
    lane.decides("a", 1);
    served.stop();
    let letters = console::read_committed(cluster, &lane.topic("order.dlq"));
    let [letter] = letters.as_slice() else { panic!("{} dead letters", letters.len()) };
    assert_eq!((letter.key.as_str(), letter.value.as_str()), ("k-7", "{\"kind\": \"order\""));
    for (header, value) in [
        ("trace", "t-1"),
        ("__connect.errors.topic", "letters.order"),
        ("__connect.errors.offset", "0"),
        ("tg-code", "json.syntax"),
        ("tg-sequence", "1"),
    ] {
        assert_eq!(letter.headers.get(header).map(String::as_str), Some(value), "{:?}", letter.headers);
    }
}

/// What it says when it ends by itself.
fn refused(lane: &Lane) -> String {
    let run = lane.command("a").stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(run.status.code(), Some(2), "{said}");
    said
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn topics_that_are_missing_or_of_another_number_are_said_and_nothing_begins() {
    let cluster = Cluster::shared();
    let lane = Lane::new("stands", cluster);
    lane.configure("create_topics = true", "create_topics = false");
    assert!(refused(&lane).contains("the topic stands.click is missing; create it with --partitions 2"));
    lane.configure("create_topics = false", "create_topics = true");
    lane.start("a").stop();
    lane.configure("event_partitions = 2", "event_partitions = 3");
    let said = refused(&lane);
    assert!(said.contains("the topic stands.click has 2 partitions and needs 3"), "{said}");
    lane.configure("event_partitions = 3", "event_partitions = 0");
    assert!(refused(&lane).contains("`transport.event_partitions` must be at least 1"));
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn brokers_that_do_not_answer_are_waited_for() {
    let mut cluster = Cluster::start(1);
    let lane = Lane::new("waits", &cluster);
    cluster.broker(0).kill();
    let waiting = std::thread::scope(|threads| {
        let waiting = threads.spawn(|| lane.start("a"));
        std::thread::sleep(Duration::from_secs(7));
        cluster.broker(0).start();
        waiting.join().unwrap()
    });
    assert!(waiting.said().contains("does not answer"), "{}", waiting.said());
    waiting.stop();
}
