//! The topics of a lane are there and as they must be, or it is said what is wrong with each.

use connector::kafka::{Brokers, LaneName, Layout, Missing, Role, StandError, stand};
use model::Span;
use model::event::Kind;
use std::collections::BTreeMap;
use std::time::Duration;

use super::cluster::Cluster;
use super::console;
use super::settings::GUEST;

fn brokers(servers: String) -> Brokers {
    Brokers { servers, properties: BTreeMap::new(), patience: Duration::from_secs(10) }
}

fn guest(cluster: &Cluster, password: &str) -> Brokers {
    let properties = [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanism", "PLAIN"),
        ("sasl.username", GUEST.0),
        ("sasl.password", password),
    ];
    let properties = properties.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    Brokers { properties, ..brokers(cluster.servers_for_users()) }
}

fn layout(lane: &str) -> Layout {
    Layout {
        lane: LaneName::parse(lane).unwrap(),
        event_partitions: 3,
        verdict_partitions: 2,
        copies: 1,
        retention: Span::from_days(7),
    }
}

/// What is said of the topics that are not as they must be.
fn said(stood: Result<Vec<String>, StandError>) -> Vec<String> {
    stood.unwrap_err().to_string().lines().map(str::to_owned).collect()
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn missing_topics_are_created_and_are_found_to_be_right_afterwards() {
    let brokers = brokers(Cluster::shared().servers());
    let layout = layout("created");
    let created = stand(&brokers, &layout, Missing::Create).unwrap();
    let names: Vec<String> = layout.topics().into_iter().map(|topic| topic.name).collect();
    assert_eq!(created, names);
    assert!(created.contains(&"created.payout_run".to_owned()), "who may write those can be said");
    assert_eq!(stand(&brokers, &layout, Missing::Create).unwrap(), Vec::<String>::new());
    assert_eq!(stand(&brokers, &layout, Missing::Refuse).unwrap(), Vec::<String>::new());
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn two_instances_that_create_the_same_topics_at_once_both_go_on() {
    let brokers = brokers(Cluster::shared().servers());
    let layout = layout("twice");
    let stands = || stand(&brokers, &layout, Missing::Create).unwrap();
    let (mut one, other) = rayon::join(stands, stands);
    one.extend(other);
    one.sort();
    let mut names: Vec<String> = layout.topics().into_iter().map(|topic| topic.name).collect();
    names.sort();
    assert_eq!(one, names, "each was created by one of them");
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn each_missing_topic_is_named_with_what_it_is_to_be_created_with() {
    let said = said(stand(&brokers(Cluster::shared().servers()), &layout("missing"), Missing::Refuse));
    assert_eq!(said.len(), layout("missing").topics().len(), "{said:?}");
    assert_eq!(
        said[2],
        "the topic missing.click is missing; create it with --partitions 3 --replication-factor 1 \
         --config message.timestamp.type=LogAppendTime --config unclean.leader.election.enable=false \
         --config min.insync.replicas=1 --config max.message.bytes=1179648 --config cleanup.policy=delete \
         --config retention.ms=604800000 --config retention.bytes=-1, or let tidegate create topics"
    );
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn another_number_of_partitions_is_refused_and_nothing_is_created() {
    let brokers = brokers(Cluster::shared().servers());
    stand(&brokers, &layout("counted"), Missing::Create).unwrap();
    let more = Layout { verdict_partitions: 4, copies: 2, ..layout("counted") };
    let said = said(stand(&brokers, &more, Missing::Create));
    let of_verdicts: Vec<&String> = said.iter().filter(|said| said.contains("counted.verdicts")).collect();
    assert_eq!(
        of_verdicts,
        [
            "the topic counted.verdicts has 2 partitions and needs 4; their number is fixed when a lane begins",
            "the topic counted.verdicts has a partition with 1 of the 2 copies that it needs; reassign it to more \
             brokers",
            "the topic counted.verdicts has min.insync.replicas=1 and needs 2 or more: a record that fewer have can \
             be lost",
        ]
    );
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn every_wrong_setting_has_its_line_and_nothing_is_created_beside_it() {
    let cluster = Cluster::shared();
    let layout = layout("wrong");
    let (manifests, topics) = (layout.topic(Role::Manifests).name, layout.topics());
    let settings = ["cleanup.policy=compact,delete", "retention.bytes=1000000", "max.message.bytes=1000"];
    console::create(cluster, &manifests, &settings);
    let brokers = brokers(cluster.servers());
    let expected = [
        "message.timestamp.type=CreateTime and needs LogAppendTime: inputs are merged by when their records were \
         appended, whatever producers say",
        "max.message.bytes=1000 and needs 8388608 or more: a record may be as large as that",
        "cleanup.policy=compact,delete and needs delete: compaction would destroy history",
        "retention.ms=604800000 and needs -1, which is no limit: it is the log",
        "retention.bytes=1000000 and needs -1, which is no limit: a flood would push out what is still needed",
    ]
    .map(|what| format!("the topic wrong.manifests has {what}"));
    assert_eq!(said(stand(&brokers, &layout, Missing::Create)), expected);
    let missing = said(stand(&brokers, &layout, Missing::Refuse)).len() - expected.len();
    assert_eq!(missing, topics.len() - 1, "nothing has been created");
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn whoever_may_not_create_a_topic_is_told_and_what_they_may_not_see_as_well() {
    let cluster = Cluster::shared();
    let guest = guest(cluster, GUEST.1);
    let layout = layout("guarded");
    let click = layout.topic(Role::Input(Kind::Click)).name;
    let of_click = |said: Vec<String>| said.into_iter().find(|said| said.contains(&click)).unwrap();
    assert_eq!(
        of_click(said(stand(&guest, &layout, Missing::Create))),
        "this user may not see the topic guarded.click; allow Describe and DescribeConfigs"
    );
    console::allow(cluster, GUEST.0, &["Describe", "DescribeConfigs"], "guarded.");
    let told = of_click(said(stand(&guest, &layout, Missing::Create)));
    let expected = "the topic guarded.click is missing, and this user may not create it; allow Create, or create it \
                    with --partitions 3 ";
    assert!(told.starts_with(expected), "{told}");
    console::allow(cluster, GUEST.0, &["Create"], "guarded.");
    assert_eq!(stand(&guest, &layout, Missing::Create).unwrap().len(), layout.topics().len());
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn more_copies_than_there_are_brokers_is_said() {
    let too_many = Layout { copies: 3, ..layout("copied") };
    let said = said(stand(&brokers(Cluster::shared().servers()), &too_many, Missing::Create));
    assert!(said[0].starts_with("the topic copied.plan could not be created: "), "{said:?}");
    assert!(said[0].contains("replication factor"), "{said:?}");
}

#[test]
#[ignore = "needs Apache Kafka: `make test` runs it"]
fn a_wrong_password_is_said_as_such() {
    let patience = Duration::from_secs(2);
    let guest = Brokers { patience, ..guest(Cluster::shared(), "wrong") };
    let said = said(stand(&guest, &layout("unknown"), Missing::Create));
    assert!(said[0].contains("does not answer") && said[0].contains("Authentication failed"), "{said:?}");
    assert!(!format!("{guest:?}").contains("wrong"), "secrets are not shown");
}

#[test]
fn a_cluster_that_is_not_there_is_said_to_be_unreachable_and_why() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let brokers = Brokers { patience: Duration::from_secs(1), ..brokers(nobody.to_string()) };
    let error = stand(&brokers, &layout("nowhere"), Missing::Create).unwrap_err();
    assert!(matches!(error, StandError::Unreachable(_)), "{error}");
    let said = error.to_string();
    assert!(said.starts_with(&format!("Kafka at {nobody} does not answer: ")), "{said}");
    assert!(said.contains("Connection refused"), "{said}");
}
