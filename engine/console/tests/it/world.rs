//! A running console, and how tests speak to it.

use console::{Console, Exposure, Given, Limits, Place, Settings};
use hyper::Method;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::runtime::Runtime;

use crate::client::{self, Answer, Asked};
use crate::given::{Mood, TestBooks, TestClerk, TestLane, decode};

pub(crate) const METRICS: &str = "# TYPE tidegate_events_total counter\ntidegate_events_total 7\n";

pub(crate) struct World {
    pub(crate) lane: Arc<TestLane>,
    pub(crate) books: Arc<TestBooks>,
    pub(crate) address: SocketAddr,
    pub(crate) clients: Runtime,
    console: Option<Console>,
}

pub(crate) fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

impl World {
    pub(crate) fn new() -> World {
        World::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> World {
        World::of(&Settings { listen: any_port(), exposure: Exposure::Loopback, limits })
    }

    pub(crate) fn of(settings: &Settings) -> World {
        let (lane, books) = (Arc::new(TestLane::new()), Arc::new(TestBooks::default()));
        let given = Given {
            lane: lane.clone(),
            books: books.clone(),
            clerk: Arc::new(|| Ok(Box::new(TestClerk))),
            decode,
            metrics: Arc::new(|| METRICS.to_owned()),
            adopt: |_, _| {},
        };
        let console = Console::start(given, Place::take(settings).unwrap()).unwrap();
        let clients =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        World { lane, books, address: console.address(), clients, console: Some(console) }
    }

    /// With the lane in a mood.
    pub(crate) fn mood(self, mood: Mood) -> World {
        *self.lane.mood.lock().unwrap() = mood;
        self
    }

    pub(crate) fn send(&self, asked: Asked) -> Answer {
        self.clients.block_on(client::send(self.address, asked)).unwrap()
    }

    pub(crate) fn get(&self, token: &str, path: &str) -> Answer {
        self.send(Asked::new(Method::GET, path).token(token))
    }

    /// Posts lines of events.
    pub(crate) fn post(&self, token: &str, lines: &str) -> Answer {
        self.send(posting(token, "application/x-ndjson", lines))
    }

    pub(crate) fn stop(&mut self) {
        self.console.take().into_iter().for_each(Console::stop);
    }

    /// How many records were taken.
    pub(crate) fn taken(&self) -> usize {
        self.lane.submitted.lock().unwrap().iter().map(Vec::len).sum()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop();
    }
}

pub(crate) fn posting(token: &str, content: &str, body: impl Into<Vec<u8>>) -> Asked {
    Asked::new(Method::POST, "/v1/events").token(token).header("content-type", content).body(body)
}

/// The example of a kind, on one line.
pub(crate) fn example(kind: &str) -> String {
    let file = format!("{}/../../schemas/examples/{kind}.json", env!("CARGO_MANIFEST_DIR"));
    let event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    event.to_string()
}
