//! Brokers that belong together, in a folder that goes with them.

use std::sync::LazyLock;
use tempfile::TempDir;

use super::broker::Broker;
use super::settings::Ports;

/// Any will do: a cluster never meets another one.
const ID: &str = "dGlkZWdhdGUtdW5kZXItdA";

static SHARED: LazyLock<Cluster> = LazyLock::new(|| Cluster::start(1));

/// One broker, or several of which one may be lost.
pub(crate) struct Cluster {
    // Before the folder: they write into it.
    brokers: Vec<Broker>,
    ports: Vec<Ports>,
    folder: TempDir,
}

impl Cluster {
    /// Formats and starts so many, and waits until clients can come.
    pub(crate) fn start(count: usize) -> Cluster {
        let folder = tempfile::Builder::new().prefix("tidegate-kafka-").tempdir().unwrap();
        let ports: Vec<Ports> = std::iter::repeat_with(Ports::free).take(count).collect();
        let lay = |node: usize| Broker::lay(node, &ports, ID, folder.path().join(node.to_string()));
        let (mut brokers, formats): (Vec<_>, Vec<_>) = (0..count).map(lay).unzip();
        for mut format in formats {
            assert!(
                format.wait().unwrap().success(),
                "its format.log says why, in {}",
                folder.path().display()
            );
        }
        brokers.iter_mut().for_each(Broker::launch);
        brokers.iter_mut().for_each(Broker::is_ready);
        Cluster { brokers, ports, folder }
    }

    /// A single broker for all tests that do it no harm. It ends with the process.
    pub(crate) fn shared() -> &'static Cluster {
        &SHARED
    }

    /// One of its brokers, counted from 0.
    pub(crate) fn broker(&mut self, index: usize) -> &mut Broker {
        &mut self.brokers[index]
    }

    /// Where clients begin: all that come may do everything.
    pub(crate) fn servers(&self) -> String {
        self.listening(|ports| ports.open)
    }

    /// Where the [guest](super::settings::GUEST) has to say who it is.
    pub(crate) fn servers_for_users(&self) -> String {
        self.listening(|ports| ports.users)
    }

    /// Where it keeps everything.
    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    fn listening(&self, port: impl Fn(&Ports) -> u16) -> String {
        let servers = self.ports.iter().map(|ports| format!("127.0.0.1:{}", port(ports)));
        servers.collect::<Vec<_>>().join(",")
    }
}
