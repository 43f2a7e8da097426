//! One broker, which is a controller too: a process and its folder.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::guard::Guard;
use super::settings::{self, Ports};
use super::{apache, signal, within};

const HEAP_MB: u32 = 400;
/// Longest that one takes to be ready, or to end when it is asked to, on a busy machine.
const PATIENCE_SECONDS: u32 = 60;
/// It says so when clients can come.
const READY: &str = "Kafka Server started";

/// A broker that runs or not.
pub(crate) struct Broker {
    folder: PathBuf,
    starts: u32,
    running: Option<(Child, Guard)>,
}

impl Broker {
    /// Lays its folder; formatting it is another process, still running.
    pub(super) fn lay(node: usize, ports: &[Ports], cluster: &str, folder: PathBuf) -> (Broker, Child) {
        std::fs::create_dir(&folder).unwrap();
        let properties = folder.join("server.properties");
        std::fs::write(&properties, settings::properties(node, ports, &folder.join("data"))).unwrap();
        let mut format = apache::program("kafka.tools.StorageTool", 100);
        format.args(["format", "-t", cluster, "-c"]).arg(properties);
        let log = File::create(folder.join("format.log")).unwrap();
        let format =
            format.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        (Broker { folder, starts: 0, running: None }, format)
    }

    /// Starts it; it is not [ready](Broker::is_ready) yet.
    pub(super) fn launch(&mut self) {
        assert!(self.running.is_none(), "it runs");
        self.starts += 1;
        let log = File::create(self.log()).unwrap();
        let mut java = apache::program("kafka.Kafka", HEAP_MB);
        java.arg(self.folder.join("server.properties")).stdin(Stdio::null());
        let process = java.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let guard = Guard::over(&process, &self.folder);
        self.running = Some((process, guard));
    }

    /// Waits until clients can come.
    pub(super) fn is_ready(&mut self) {
        let log = self.log();
        let said = || String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
        let process = self.process();
        let is_over =
            within(PATIENCE_SECONDS, || said().contains(READY) || process.try_wait().unwrap().is_some());
        assert!(is_over && said().contains(READY), "the broker is not ready:\n{}", said());
    }

    /// Starts it again, or for the first time, and waits until clients can come.
    pub(crate) fn start(&mut self) {
        self.launch();
        self.is_ready();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(&mut self) {
        signal(self.process(), "-TERM");
        let ended = within(PATIENCE_SECONDS, || self.process().try_wait().unwrap().is_some());
        assert!(ended, "the broker does not end");
        self.end();
    }

    /// Kill -9.
    pub(crate) fn kill(&mut self) {
        self.end();
    }

    /// It does nothing more, and does not know it.
    pub(crate) fn freeze(&mut self) {
        signal(self.process(), "-STOP");
    }

    /// It goes on as if no time had passed.
    pub(crate) fn thaw(&mut self) {
        signal(self.process(), "-CONT");
    }

    /// The process that runs.
    pub(super) fn process(&mut self) -> &mut Child {
        &mut self.running.as_mut().expect("the broker runs").0
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("broker-{}.log", self.starts))
    }

    fn end(&mut self) {
        if let Some((mut process, guard)) = self.running.take() {
            process.kill().unwrap();
            process.wait().unwrap();
            guard.dismiss();
        }
    }
}

impl Drop for Broker {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        self.end();
    }
}
