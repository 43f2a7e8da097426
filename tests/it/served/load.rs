//! More than it can decide, for a while, from clients of every sort: it says to come again, stays within its memory,
//! serves the others meanwhile, and has everything that it accepted.

use connector::store::Store;
use std::io::Write as _;
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::{Served, rules_in, token};

/// How long it lasts, in seconds, where TIDEGATE_LOAD_SECONDS says nothing.
const LASTS_S: u64 = 120;
/// Clients that send as fast as they can.
const SENDERS: u64 = 4;
/// Events in a batch.
const BATCH: u64 = 2_000;
/// Records that may wait to be decided.
const UNDECIDED_MAX: u64 = 2_000;
/// Resident memory, in kilobytes.
const MEMORY_MAX_KB: u64 = 600_000;
/// Clients that never finish their request, and clients that never read their answer.
const HALF_OPEN: usize = 40;

#[derive(Default)]
struct Count {
    accepted: AtomicU64,
    refused: AtomicU64,
    over: AtomicBool,
}

/// Clicks of a sender; later batches repeat earlier ones, so that what the lane must remember does not grow.
fn clicks(sender: u64, batch: u64, now_ms: i64) -> Vec<u8> {
    let click = |n: u64| {
        let id = format!("{sender}-{}", batch % 10 * BATCH + n);
        format!(
            "{{\"event_id\":\"e-{id}\",\"kind\":\"click\",\"occurred_at\":{now_ms},\"click_id\":\"c-{id}\",\
             \"creator_id\":\"mia-{}\",\"device_h\":\"h:{}\",\"product_id\":\"p-{}\"}}\n",
            n % 50,
            n % 1_000,
            n % 10,
        )
    };
    (0..BATCH).flat_map(|n| click(n).into_bytes()).collect()
}

/// Sends batch after batch; one that is refused is sent again.
fn send(served: &Served, token: &str, sender: u64, count: &Count) {
    let now_ms = runtime::SteadyClock::start().now().as_ms();
    let mut batch = 0;
    while !count.over.load(Ordering::Relaxed) {
        match served.ask("POST /v1/events", token, &clicks(sender, batch, now_ms)) {
            Some((202, _)) => {
                count.accepted.fetch_add(BATCH, Ordering::Relaxed);
                batch += 1;
            }
            Some((429, body)) => {
                assert!(body.contains("lane.busy") || body.contains("console.busy"), "{body}");
                count.refused.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Connections on which nothing goes on.
fn half_open(served: &Served, token: &str) -> Vec<TcpStream> {
    let open = |n: usize| {
        let mut socket = TcpStream::connect(&served.address).unwrap();
        let said = if n.is_multiple_of(2) {
            "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: ".to_owned()
        } else {
            let stream = "accept: text/event-stream";
            format!(
                "GET /v1/verdicts HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n{stream}\r\n\r\n"
            )
        };
        socket.write_all(said.as_bytes()).unwrap();
        socket
    };
    (0..HALF_OPEN).map(open).collect()
}

/// The most memory that it has had, in kilobytes; nothing where the system does not say.
fn memory_kb(served: &Served) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", served.process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn records(data: &Path) -> u64 {
    let mut store = Store::read(data).unwrap();
    let end = store.status().unwrap().records;
    let controls = runtime::JournalReader::controls(&mut store, model::Position(0)).unwrap().len() as u64;
    end - controls
}

#[expect(clippy::disallowed_methods, reason = "whoever runs it may make it last")]
fn lasts_s() -> u64 {
    std::env::var("TIDEGATE_LOAD_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(LASTS_S)
}

#[test]
fn sustained_overload_is_refused_politely_and_nothing_accepted_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, rules) = (folder.path().join("data"), rules_in(folder.path()));
    let served = Served::start_with(&data, &rules, &["--undecided-max", &UNDECIDED_MAX.to_string()]);
    let token = token(&data);
    let lasts_s = lasts_s();
    let count = Count::default();
    let silent = half_open(&served, &token);
    std::thread::scope(|threads| {
        for sender in 0..SENDERS {
            let (served, token, count) = (&served, &token, &count);
            threads.spawn(move || send(served, token, sender, count));
        }
        for _ in 0..lasts_s {
            std::thread::sleep(Duration::from_secs(1));
            for path in ["GET /livez", "GET /v1/status", "GET /v1/verdicts?limit=1"] {
                assert_eq!(
                    served.ask(path, &token, b"").unwrap().0,
                    200,
                    "others are served meanwhile: {path}"
                );
            }
        }
        count.over.store(true, Ordering::Relaxed);
    });
    let (accepted, refused) = (count.accepted.into_inner(), count.refused.into_inner());
    println!("{accepted} events accepted and {refused} batches refused in {lasts_s} s");
    assert!(accepted > 0 && refused > 0);
    if let Some(kb) = memory_kb(&served) {
        println!("{} MB of memory at most", kb / 1_000);
        assert!(kb < MEMORY_MAX_KB, "{kb} kB");
    }
    drop(silent);
    served.stop();
    assert_eq!(records(&data), accepted, "everything that was accepted is there, and nothing else");
}
