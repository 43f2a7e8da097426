//! The console tools that come with Kafka: a client of another make than ours.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use super::apache;
use super::cluster::Cluster;

const HEAP_MB: u32 = 100;

fn tool(class: &str, cluster: &Cluster) -> Command {
    let mut tool = apache::program(&format!("org.apache.kafka.tools.{class}"), HEAP_MB);
    tool.args(["--bootstrap-server", &cluster.servers()]);
    tool
}

/// What it says when it is run to its end.
fn said(mut tool: Command) -> String {
    let run = tool.stdin(Stdio::null()).output().unwrap();
    assert!(run.status.success(), "{tool:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// Creates a topic with one partition and a copy on each broker.
pub(crate) fn create(cluster: &Cluster, topic: &str, settings: &[&str]) {
    let copies = cluster.servers().split(',').count().to_string();
    let mut tool = tool("TopicCommand", cluster);
    tool.args(["--create", "--topic", topic, "--partitions", "1", "--replication-factor", &copies]);
    tool.args(settings.iter().flat_map(|setting| ["--config", *setting]));
    said(tool);
}

/// The broker that leads the first partition of a topic.
pub(crate) fn leader(cluster: &Cluster, topic: &str) -> usize {
    let mut tool = tool("TopicCommand", cluster);
    tool.args(["--describe", "--topic", topic]);
    let said = said(tool);
    let leader = said.split("Leader: ").nth(1).and_then(|rest| rest.split_whitespace().next());
    leader.and_then(|leader| leader.parse().ok()).unwrap_or_else(|| panic!("no leader: {said}"))
}

/// Partitions that have not all their copies in step; nothing if all are.
pub(crate) fn behind(cluster: &Cluster) -> String {
    let mut tool = tool("TopicCommand", cluster);
    tool.args(["--describe", "--under-replicated-partitions"]);
    said(tool)
}

/// A producer that wants every record acknowledged by all copies in step.
pub(crate) struct Producer(Child);

impl Producer {
    pub(crate) fn to(cluster: &Cluster, topic: &str) -> Producer {
        let mut tool = tool("ConsoleProducer", cluster);
        tool.args(["--topic", topic, "--request-required-acks", "all", "--message-send-max-retries", "1000"]);
        Producer(tool.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    pub(crate) fn send(&mut self, records: impl IntoIterator<Item = impl std::fmt::Display>) {
        let lines: String = records.into_iter().map(|record| format!("{record}\n")).collect();
        self.0.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// Whether it still has records that were not acknowledged, or could get more.
    pub(crate) fn is_busy(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// There is nothing more to come.
    pub(crate) fn close(&mut self) {
        drop(self.0.stdin.take());
    }

    /// Waits until all has been acknowledged, or given up.
    pub(crate) fn finish(mut self) {
        self.close();
        assert!(self.0.wait().unwrap().success());
    }
}

/// The first records of a topic, so many.
pub(crate) fn consume(cluster: &Cluster, topic: &str, count: usize) -> Vec<String> {
    let mut tool = tool("consumer.ConsoleConsumer", cluster);
    tool.args(["--topic", topic, "--from-beginning", "--timeout-ms", "60000"]);
    tool.args(["--max-messages", &count.to_string()]);
    said(tool).lines().map(str::to_owned).collect()
}

/// A record as it is read.
pub(crate) struct Read {
    pub(crate) partition: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// Sends a record with a header, written `name:value`, and a key.
pub(crate) fn send_whole(cluster: &Cluster, topic: &str, header: &str, key: &str, value: &str) {
    let mut tool = tool("ConsoleProducer", cluster);
    tool.args(["--topic", topic]);
    for read in ["parse.headers=true", "parse.key=true"] {
        tool.args(["--reader-property", read]);
    }
    let mut producer = Producer(tool.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    producer.send([format!("{header}\t{key}\t{value}")]);
    producer.finish();
}

/// All records of a topic that are committed.
pub(crate) fn read_committed(cluster: &Cluster, topic: &str) -> Vec<Read> {
    let mut tool = tool("consumer.ConsoleConsumer", cluster);
    tool.args(["--topic", topic, "--from-beginning", "--timeout-ms", "6000"]);
    tool.args(["--isolation-level", "read_committed"]);
    for shown in ["print.headers=true", "print.partition=true", "print.key=true"] {
        tool.args(["--formatter-property", shown]);
    }
    // It says by an error that nothing more has come.
    let run = tool.stdin(Stdio::null()).output().unwrap();
    String::from_utf8(run.stdout).unwrap().lines().map(Read::of).collect()
}

impl Read {
    fn of(line: &str) -> Read {
        let mut parts = line.splitn(4, '\t');
        let (partition, headers, key, value) = (parts.next(), parts.next(), parts.next(), parts.next());
        let headers = headers.unwrap_or_default().split(',').filter_map(|header| header.split_once(':'));
        Read {
            partition: partition.unwrap_or_default().to_owned(),
            headers: headers.map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            key: key.unwrap_or_default().to_owned(),
            value: value.unwrap_or_else(|| panic!("{line}")).to_owned(),
        }
    }
}

/// Allows a user to do something with topics whose names begin like that.
pub(crate) fn allow(cluster: &Cluster, user: &str, operations: &[&str], prefix: &str) {
    let mut tool = tool("AclCommand", cluster);
    tool.args(["--add", "--allow-principal", &format!("User:{user}")]);
    tool.args(["--topic", prefix, "--resource-pattern-type", "prefixed"]);
    tool.args(operations.iter().flat_map(|operation| ["--operation", *operation]));
    said(tool);
}
