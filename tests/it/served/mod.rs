//! `tidegate run` as people use it.

mod crash;
mod faults;
mod load;
mod migration;
mod spans;

use connector::store::Store;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::engine;

pub(crate) fn tidegate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tidegate-under-test"));
    command.args(arguments).current_dir(engine::root()).env("NO_COLOR", "1");
    command
}

pub(crate) fn output(arguments: &[&str]) -> String {
    let run = tidegate(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// A running service and where it listens.
pub(crate) struct Served {
    process: Child,
    address: String,
    /// What it has said.
    said: Arc<Mutex<String>>,
}

impl Served {
    pub(crate) fn start(data: &Path, rules: &Path) -> Served {
        Served::start_with(data, rules, &[])
    }

    fn start_with(data: &Path, rules: &Path, more: &[&str]) -> Served {
        let mut command = tidegate(&["run", "--listen", "127.0.0.1:0", "--snapshot-interval", "300"]);
        command.args(more).arg("--data").arg(data).arg("--rules").arg(rules);
        Served::running(command)
    }

    pub(crate) fn running(command: Command) -> Served {
        Served::listening(command).unwrap_or_else(|said| panic!("it does not listen: {said}"))
    }

    /// Starts it and waits until it listens; what it said, if it ended before.
    pub(crate) fn listening(mut command: Command) -> Result<Served, String> {
        let mut process = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut address = None;
        for line in &mut lines {
            let told: serde_json::Value = serde_json::from_str(&line).expect("JSON where nobody watches");
            address = told["address"].as_str().map(str::to_owned);
            *said.lock().unwrap() += &(line + "\n");
            if address.is_some() {
                break;
            }
        }
        let Some(address) = address else {
            process.wait().unwrap();
            return Err(said.lock().unwrap().clone());
        };
        let later = Arc::clone(&said);
        let listen = move || lines.for_each(|line| *later.lock().unwrap() += &(line + "\n"));
        std::thread::Builder::new().spawn(listen).unwrap();
        Ok(Served { process, address, said })
    }

    pub(crate) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// One request; the status and the body, or nothing if it was killed meanwhile.
    pub(crate) fn ask(&self, head: &str, token: &str, body: &[u8]) -> Option<(u16, String)> {
        self.ask_as("application/x-ndjson", head, token, body)
    }

    fn ask_as(&self, content: &str, head: &str, token: &str, body: &[u8]) -> Option<(u16, String)> {
        let mut socket = TcpStream::connect(&self.address).ok()?;
        let length = body.len();
        let head = format!(
            "{head} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-type: {content}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        socket.write_all(head.as_bytes()).ok()?;
        socket.write_all(body).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        Some((status, body.to_owned()))
    }

    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    pub(crate) fn wait(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    pub(crate) fn stop(self) {
        self.signal("-TERM");
        assert!(self.wait().success(), "it ends well");
    }
}

impl Drop for Served {
    /// A test that fails leaves nothing running.
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// What a replay of a lane's log leaves behind.
pub(crate) struct Replay {
    /// The log, a record a line.
    log: String,
    /// Its verdicts, as the lane would publish them.
    pub(crate) verdicts: Vec<String>,
    /// Where it keeps them.
    pub(crate) state: String,
}

impl Replay {
    /// Exports the log of a lane, with its rulesets, and decides it again.
    pub(crate) fn of(folder: &Path, data: &Path) -> Replay {
        let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        let (log, archive, state, verdicts) = (path("log"), path("archive"), path("state"), path("verdicts"));
        output(&["export", "--data", data.to_str().unwrap(), &log, "--archive", &archive]);
        output(&["replay", &log, "--archive", &archive, "--state", &state, "--verdicts", &verdicts]);
        let verdicts = std::fs::read_to_string(verdicts).unwrap().lines().map(str::to_owned).collect();
        Replay { log: std::fs::read_to_string(log).unwrap(), verdicts, state }
    }
}

/// The verdicts that a lane has published, as they were.
fn published(data: &Path) -> Vec<String> {
    let verdicts = Store::read(data).unwrap().verdicts_after(0, 1_000_000).unwrap();
    verdicts.into_iter().map(|verdict| verdict.json).collect()
}

/// A token that may do everything.
pub(crate) fn token(data: &Path) -> String {
    let scopes = "producer,finance,risk,ruleset,read";
    let create = ["token", "create", "--identity", "t", "--scope", scopes, "--data"];
    output(&[&create[..], &[data.to_str().unwrap()]].concat()).trim().to_owned()
}

/// Events in a batch.
const BATCH: usize = 60;

/// Made-up trade of the last two days as NDJSON, in batches: a quiet moment takes the log clock to the present.
pub(crate) fn batches(count: usize) -> Vec<Vec<u8>> {
    let start = runtime::SteadyClock::start().now().minus(model::Span::from_days(2));
    let settings = trade::Settings { orders_per_day: 300, ..trade::Settings::new(9, start) };
    let events: Vec<_> = trade::Trade::new(settings).map(|h| h.event).take(BATCH * count).collect();
    let line = |event| [connector::wire::encode(event), b"\n".to_vec()].concat();
    events.chunks(BATCH).map(|batch| batch.iter().flat_map(line).collect()).collect()
}

/// Holds much of it.
const BUSY: &str = include_str!("../../../engine/connector/tests/it/store/busy.rhai");

/// A folder of rules in this one, with that rule.
fn rules_in(folder: &Path) -> PathBuf {
    let rules = folder.join("rules");
    std::fs::create_dir(&rules).unwrap();
    std::fs::write(rules.join("busy.rhai"), BUSY).unwrap();
    rules
}

#[test]
fn a_changed_folder_of_rules_takes_effect_and_a_broken_one_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    let served = Served::start(&data, &rules);
    let token = token(&data);
    let batch = batches(1).swap_remove(0);
    assert_eq!(served.ask("POST /v1/events", &token, &batch).unwrap().0, 202);
    let rulesets = || served.ask("GET /v1/rulesets", &token, b"").unwrap().1.matches("\"hash\"").count();
    assert_eq!(rulesets(), 1);
    std::fs::write(rules.join("broken.rhai"), "hold(").unwrap();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(rulesets(), 1, "what does not check changes nothing");
    std::fs::remove_file(rules.join("broken.rhai")).unwrap();
    std::fs::write(rules.join("busy.rhai"), BUSY.replace("7d", "8d")).unwrap();
    let takes_effect = (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        rulesets() == 2
    });
    assert!(takes_effect);
    let other = serde_json::json!({ "busy.rhai": BUSY.replace("7d", "9d") }).to_string();
    let loaded = served.ask_as("application/json", "POST /v1/rulesets", &token, other.as_bytes()).unwrap();
    assert!(loaded.1.contains("\"loaded\""), "{loaded:?}");
    std::thread::sleep(Duration::from_secs(4));
    let status = served.ask("GET /v1/status", &token, b"").unwrap().1;
    let loaded: serde_json::Value = serde_json::from_str(&loaded.1).unwrap();
    assert!(status.contains(loaded["hash"].as_str().unwrap()), "the folder has not changed since: {status}");
    served.stop();
}

#[test]
fn a_second_start_says_who_holds_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &engine::root().join("rules"));
    let second =
        tidegate(&["run", "--listen", "127.0.0.1:0"]).arg("--data").arg(folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(2));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("is in use by process") && said.contains("stop it first"), "{said}");
    served.stop();
}

#[test]
fn what_cannot_be_listened_at_is_refused_before_a_store_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let no_key = ["--listen", "127.0.0.1:0", "--tls-certificate", "no.pem", "--tls-key", "no.key"];
    for (listen, said) in [
        (&["--listen", taken.as_str()][..], "cannot be listened at"),
        (&["--listen", "0.0.0.0:0"], "can be reached from other machines"),
        (&["--listen", "203.0.113.1:0", "--behind-proxy"], "cannot be listened at"),
        (&no_key, "no.pem cannot be used for TLS"),
    ] {
        let data = folder.path().join("data");
        let run = tidegate(&["run"]).args(listen).arg("--data").arg(&data).output().unwrap();
        let heard = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(2), "{listen:?}: {heard}");
        assert!(heard.contains(said), "{listen:?}: {heard}");
        assert!(!data.exists(), "{listen:?} leaves nothing behind");
    }
}
