//! How a broker of the tests is set up: few threads, little memory, quick to notice that another one is gone.

use rand::RngExt as _;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;

/// The user that has to say who it is, and what it says.
pub(crate) const GUEST: (&str, &str) = ("guest", "guest-secret");

/// Where a broker listens, on loopback.
#[derive(Clone, Copy)]
pub(super) struct Ports {
    /// For whoever comes: they may do everything.
    pub(super) open: u16,
    /// For users who say who they are (SASL PLAIN): they may do what they have been allowed.
    pub(super) users: u16,
    /// For the controllers among themselves.
    controllers: u16,
}

impl Ports {
    pub(super) fn free() -> Ports {
        Ports { open: free_port(), users: free_port(), controllers: free_port() }
    }
}

/// Below those that the operating system gives to clients: a broker that is down would lose its port to one.
fn free_port() -> u16 {
    let mut random = rand::rng();
    let mut ports = std::iter::repeat_with(|| random.random_range(20_000..32_000));
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).unwrap()
}

/// The `server.properties` of one of the nodes of a cluster.
pub(super) fn properties(node: usize, ports: &[Ports], data: &Path) -> String {
    let own = ports[node];
    let voters =
        ports.iter().enumerate().map(|(node, ports)| format!("{node}@127.0.0.1:{}", ports.controllers));
    let clients = format!("OPEN://127.0.0.1:{},USERS://127.0.0.1:{}", own.open, own.users);
    let (user, password) = GUEST;
    let login = "org.apache.kafka.common.security.plain.PlainLoginModule required";
    let copies = ports.len().to_string();
    let in_sync = if ports.len() > 1 { "2" } else { "1" };
    let mut settings: BTreeMap<&str, String> =
        FIXED.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    settings.extend([
        ("node.id", node.to_string()),
        ("controller.quorum.voters", voters.collect::<Vec<_>>().join(",")),
        ("listeners", format!("{clients},CONTROLLERS://127.0.0.1:{}", own.controllers)),
        ("advertised.listeners", clients),
        ("listener.name.users.plain.sasl.jaas.config", format!("{login} user_{user}=\"{password}\";")),
        ("log.dirs", data.display().to_string()),
        ("offsets.topic.replication.factor", copies.clone()),
        ("transaction.state.log.replication.factor", copies),
        ("transaction.state.log.min.isr", in_sync.to_owned()),
    ]);
    settings.iter().map(|(key, value)| format!("{key}={value}\n")).collect()
}

const FIXED: &[(&str, &str)] = &[
    ("process.roles", "broker,controller"),
    ("controller.listener.names", "CONTROLLERS"),
    ("inter.broker.listener.name", "OPEN"),
    ("listener.security.protocol.map", "OPEN:PLAINTEXT,CONTROLLERS:PLAINTEXT,USERS:SASL_PLAINTEXT"),
    ("sasl.enabled.mechanisms", "PLAIN"),
    ("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"),
    ("super.users", "User:ANONYMOUS"),
    ("allow.everyone.if.no.acl.found", "false"),
    ("auto.create.topics.enable", "false"),
    ("group.initial.rebalance.delay.ms", "0"),
    // A broker that is gone is noticed after three seconds instead of nine.
    ("broker.heartbeat.interval.ms", "500"),
    ("broker.session.timeout.ms", "3000"),
    ("controller.quorum.election.timeout.ms", "500"),
    ("controller.quorum.fetch.timeout.ms", "1000"),
    ("replica.lag.time.max.ms", "5000"),
    ("offsets.topic.num.partitions", "2"),
    ("transaction.state.log.num.partitions", "2"),
    ("num.network.threads", "1"),
    ("num.io.threads", "2"),
    ("log.cleaner.dedupe.buffer.size", "2097152"),
];
