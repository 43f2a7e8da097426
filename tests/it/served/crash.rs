//! Killed at any moment, it goes on where it was: nothing that was accepted is lost, nothing is said twice, and what
//! was said is what a replay of the log gives.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{BUSY, Replay, Served, batches, output, published, rules_in, tidegate, token};

/// How often it is killed while it serves.
const KILLS: usize = 100;
/// How often it is killed while it begins a store.
const KILLS_AT_THE_BEGINNING: usize = 20;

/// What a client knows of a lane that is killed again and again.
struct Client<'t> {
    token: &'t str,
    batches: &'t [Vec<u8>],
    /// Batches that were acknowledged.
    accepted: usize,
    rulesets: usize,
    /// The verdicts that it was told, in order.
    told: Vec<Value>,
}

impl Client<'_> {
    /// Sends batches, loads rulesets and reads verdicts until the lane is gone.
    fn talk(&mut self, served: &Served) {
        while self.send(served)
            && self.read(served)
            && (!self.accepted.is_multiple_of(31) || self.load(served))
        {
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    /// Sends the next batch; one that was not acknowledged is sent again, and is a duplicate if it was durable.
    fn send(&mut self, served: &Served) -> bool {
        let Some(batch) = self.batches.get(self.accepted) else { return true };
        match served.ask("POST /v1/events", self.token, batch) {
            Some((202, _)) => self.accepted += 1,
            Some((503, _)) | None => return false,
            Some((status, body)) => panic!("{status}: {body}"),
        }
        true
    }

    fn read(&mut self, served: &Served) -> bool {
        let Some((200, page)) =
            served.ask(&format!("GET /v1/verdicts?limit=1000&after={}", self.told.len()), self.token, b"")
        else {
            return false;
        };
        // The answer may have been cut off.
        let Ok(page) = serde_json::from_str::<Value>(&page) else { return false };
        for verdict in page["verdicts"].as_array().unwrap() {
            assert_eq!(verdict["sequence"], self.told.len() + 1, "verdicts are told without gaps");
            self.told.push(verdict["verdict"].clone());
        }
        true
    }

    fn load(&mut self, served: &Served) -> bool {
        self.rulesets += 1;
        let rule = BUSY.replace("7d", &format!("{}d", 1 + self.rulesets % 9));
        let body = json!({ "busy.rhai": rule }).to_string();
        match served.ask_as("application/json", "POST /v1/rulesets", self.token, body.as_bytes()) {
            Some((200, _)) => true,
            Some((503, _)) | None => false,
            Some((status, body)) => panic!("{status}: {body}"),
        }
    }
}

#[test]
fn a_service_killed_a_hundred_times_loses_nothing_and_says_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    Served::start(&data, &rules).stop();
    let token = token(&data);
    let batches = batches(600);
    let mut client = Client { token: &token, batches: &batches, accepted: 0, rulesets: 0, told: Vec::new() };
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for kill in 0..KILLS {
        let served = Served::start(&data, &rules);
        // Now and then long enough for the follower to take a snapshot, else in the middle of whatever it does.
        let longest = if kill % 5 == 4 { 1_500 } else { 250 };
        let lives = Duration::from_millis(random.random_range(1..longest));
        let killed = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                client.talk(&served);
                assert!(killed.load(Ordering::Relaxed), "it answers until it is killed");
            });
            std::thread::sleep(lives);
            killed.store(true, Ordering::Relaxed);
            served.signal("-KILL");
        });
        served.wait();
    }
    let served = Served::start(&data, &rules);
    assert!(client.read(&served));
    served.stop();
    assert!(client.accepted > KILLS, "{} batches were accepted", client.accepted);
    assert!(client.rulesets > 3, "{} rulesets were loaded", client.rulesets);
    assert!(client.told.len() > 500, "{} verdicts were told", client.told.len());
    holds_together(folder.path(), &data, &client);
}

/// The log has everything that was accepted, and its replay says what was published, in the same bytes.
fn holds_together(folder: &Path, data: &Path, client: &Client<'_>) {
    let replay = Replay::of(folder, data);
    let logged: BTreeSet<String> = replay.log.lines().filter_map(event_id).collect();
    let accepted = client.batches.iter().take(client.accepted).flat_map(|batch| lines(batch));
    let lost: Vec<String> = accepted.filter(|id| !logged.contains(id)).collect();
    assert!(lost.is_empty(), "{} events were accepted and are lost, such as {}", lost.len(), lost[0]);

    let published = published(data);
    assert_eq!(published.len(), replay.verdicts.len());
    for (sequence, (published, replayed)) in (1..).zip(published.iter().zip(&replay.verdicts)) {
        assert_eq!(published, replayed, "verdict {sequence}");
    }
    let published: Vec<Value> = published.iter().map(|json| serde_json::from_str(json).unwrap()).collect();
    assert!(published.starts_with(&client.told), "what was told was never taken back");
    let books = output(&["reconcile", "--state", &replay.state]);
    assert!(books.contains("The books balance"), "{books}");
}

fn lines(batch: &[u8]) -> Vec<String> {
    std::str::from_utf8(batch).unwrap().lines().filter_map(event_id).collect()
}

/// The id of an event, as it is in a batch or in an exported log.
fn event_id(line: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).unwrap();
    let event = line.get("event").unwrap_or(&line);
    event["event_id"].as_str().map(str::to_owned)
}

#[test]
fn a_store_whose_beginning_was_interrupted_is_begun_again() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut begun = 0;
    for _ in 0..KILLS_AT_THE_BEGINNING {
        let folder = tempfile::tempdir().unwrap();
        let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
        let run = ["run", "--listen", "127.0.0.1:0", "--data", data.to_str().unwrap(), "--rules"];
        let mut process = tidegate(&run).arg(&rules).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(random.random_range(1_000..120_000)));
        process.kill().unwrap();
        process.wait().unwrap();
        begun += usize::from(data.exists());
        Served::start(&data, &rules).stop();
    }
    assert!(begun > 0, "some were killed in the middle");
}
