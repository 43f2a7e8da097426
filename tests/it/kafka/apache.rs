//! Apache Kafka as `tests/kafka/fetch` left it, and how its programs are run.

use std::path::PathBuf;
use std::process::Command;

use crate::engine;

/// One of its programs, by its main class, with this much heap in megabytes.
pub(super) fn program(class: &str, heap_mb: u32) -> Command {
    let mut java = Command::new("java");
    // Ready sooner, and on fewer threads: how fast it is later does not matter here.
    java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]).arg(format!("-Xmx{heap_mb}m"));
    java.arg("-cp").arg(jars().join("*")).arg(class);
    java
}

fn jars() -> PathBuf {
    let fetched = cache().join("tidegate/kafka");
    let asked = std::fs::read(engine::root().join("tests/kafka/pom.xml")).unwrap();
    let is_there = std::fs::read(fetched.join("pom.xml")).is_ok_and(|pom| pom == asked);
    assert!(is_there, "Apache Kafka is not in {}: tests/kafka/fetch puts it there", fetched.display());
    fetched.join("jars")
}

#[expect(clippy::disallowed_methods, reason = "whoever runs it says where caches are")]
fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|cache| !cache.is_empty());
    cache.map_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache"), PathBuf::from)
}
