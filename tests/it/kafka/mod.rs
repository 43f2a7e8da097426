//! A real Apache Kafka, without Docker: `tests/kafka/fetch` puts it into the user's cache, and a [`Cluster`] of one
//! broker or three runs on loopback for as long as a test needs it.
//!
//! What must hold: nothing of it outlives the process that started it, however that process ends; and where there is
//! no Kafka its tests are reported as ignored.

mod apache;
mod broker;
mod cluster;
mod console;
mod guard;
mod lane;
mod lifecycle;
mod settings;
mod topics;

use cluster::Cluster;
use std::process::{Child, Command};
use std::time::Duration;

/// Whether it comes true within some seconds.
fn within(seconds: u32, mut it: impl FnMut() -> bool) -> bool {
    (0..seconds * 20).any(|_| {
        let is_so = it();
        if !is_so {
            std::thread::sleep(Duration::from_millis(50));
        }
        is_so
    })
}

/// Sends a signal to a process that has not been waited for.
fn signal(process: &Child, signal: &str) {
    let pid = process.id().to_string();
    assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success(), "{signal} {pid}");
}
