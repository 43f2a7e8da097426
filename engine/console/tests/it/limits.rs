//! Too large, too many, too long: each is refused, and costs no more than its limit.

use console::Limits;
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::client::{Asked, send};
use crate::world::{World, example, posting};

const LINES: &str = "application/x-ndjson";
const MIB: usize = 1 << 20;

/// As many spaces, compressed.
fn bomb(encoding: &str, mib: usize) -> Vec<u8> {
    let spaces = vec![b' '; MIB];
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
            (0..mib).for_each(|_| encoder.write_all(&spaces).unwrap());
            encoder.finish().unwrap()
        }
        _ => {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            (0..mib).for_each(|_| encoder.write_all(&spaces).unwrap());
            encoder.finish().unwrap()
        }
    }
}

/// Frames of zstd that ask for a window of `log` bits.
fn as_zstd(bytes: &[u8], log: u32) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.long_distance_matching(true).unwrap();
    encoder.window_log(log).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The most memory that this process has had, in bytes.
#[cfg(target_os = "linux")]
fn peak_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<usize>().unwrap() << 10
}

#[test]
fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let world = World::with(Limits { body_bytes_max: MIB, ..Limits::default() });
    let answer = world.post("tg_click", &" ".repeat(3 * MIB));
    assert_eq!((answer.status, answer.code().as_str()), (413, "body.too_large"));
    let fits = format!("{}{}", example("click"), " ".repeat(MIB - 10_000));
    assert_eq!(world.post("tg_click", &fits).status, 202);
}

#[test]
fn a_body_of_unknown_length_is_refused_when_it_gets_too_large() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let world = World::with(Limits { body_bytes_max: MIB, ..Limits::default() });
    let answer = world.clients.block_on(async {
        let mut socket = crate::client::connect(world.address).await.unwrap();
        let head = "POST /v1/events HTTP/1.1\r\nhost: lane\r\nauthorization: Bearer tg_click\r\n\
                    content-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head.as_bytes()).await.unwrap();
        let chunk = format!("{:x}\r\n{}\r\n", MIB / 4, " ".repeat(MIB / 4));
        for _ in 0..8 {
            if socket.write_all(chunk.as_bytes()).await.is_err() {
                break;
            }
        }
        let mut answer = String::new();
        drop(socket.read_to_string(&mut answer).await);
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("body.too_large"), "{answer}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_bomb_is_refused_before_memory_grows() {
    let world = World::with(Limits { decoded_bytes_max: 2 * MIB, ..Limits::default() });
    for encoding in ["gzip", "zstd"] {
        let bomb = bomb(encoding, 512);
        assert!(bomb.len() < MIB, "{encoding} {}", bomb.len());
        let before = peak_bytes();
        let answer = world.send(posting("tg_click", LINES, bomb).header("content-encoding", encoding));
        assert_eq!((answer.status, answer.code().as_str()), (413, "body.too_large"));
        // Other tests run beside this one; 512 MiB of spaces would show nevertheless.
        assert!(peak_bytes() - before < 256 * MIB, "{encoding}");
    }
}

#[test]
fn a_zstd_frame_that_wants_a_large_window_is_refused() {
    let world = World::new();
    let click = example("click").into_bytes();
    let asked = |log| posting("tg_click", LINES, as_zstd(&click, log)).header("content-encoding", "zstd");
    assert_eq!(world.send(asked(27)).code(), "body.broken");
    assert_eq!(world.send(asked(20)).status, 202);
}

#[test]
fn a_request_has_so_many_records() {
    let world = World::with(Limits { records_max: 3, ..Limits::default() });
    let lines = |count| vec![example("click"); count].join("\n");
    assert_eq!(world.post("tg_click", &lines(3)).status, 202);
    let answer = world.post("tg_click", &lines(4));
    assert_eq!((answer.status, answer.code().as_str()), (413, "body.too_many_records"));
    assert_eq!(world.taken(), 3, "nothing of a request is kept that is refused");
}

#[test]
fn a_record_larger_than_an_event_is_a_dead_letter() {
    let world = World::new();
    let large = format!(r#"{{"kind":"click","pad":"{}"}}"#, "x".repeat(MIB));
    let answer = world.post("tg_click", &format!("{large}\n{}", example("click")));
    assert_eq!((answer.status, &answer.json()["errors"][0]["code"]), (202, &"record.too_large".into()));
}

#[test]
fn bodies_share_the_memory_that_there_is_for_them() {
    let world = World::with(Limits { intake_bytes_max: MIB, ..Limits::default() });
    let answer = world.post("tg_click", &" ".repeat(2 * MIB));
    assert_eq!((answer.status, answer.code().as_str()), (429, "console.busy"));
    assert_eq!(world.post("tg_click", &example("click")).status, 202, "it has been given back");
}

#[test]
fn a_head_has_so_many_headers_and_so_many_bytes() {
    let world = World::new();
    let asked = Asked::new(Method::GET, "/livez");
    let many = (0..200).fold(asked.clone(), |asked, n| asked.header(&format!("x-{n}"), "y"));
    assert_eq!(world.send(many).status, 431);
    let large = asked.clone().header("x-large", &"y".repeat(100_000));
    assert_eq!(world.send(large).status, 431);
    let long = Asked::new(Method::GET, &format!("/v1/holds?rule={}", "r".repeat(3_000)));
    let answer = world.send(long);
    assert_eq!((answer.status, answer.code().as_str()), (414, "target.too_long"));
    assert_eq!(world.send(asked).status, 200);
}

#[test]
fn so_many_read_the_store_at_once() {
    let world = World::with(Limits { readers_max: 3, ..Limits::default() });
    *world.books.read_takes.lock().unwrap() = Duration::from_millis(20);
    world.clients.block_on(async {
        let asked = Asked::new(Method::GET, "/v1/holds").token("tg_read");
        let all: Vec<_> = (0..40).map(|_| tokio::spawn(send(world.address, asked.clone()))).collect();
        for one in all {
            assert_eq!(one.await.unwrap().unwrap().status, 200);
        }
    });
    assert_eq!(world.books.readers_seen_max.load(Ordering::SeqCst), 3);
}

#[test]
fn a_thousand_clients_are_served_at_once() {
    let world = World::new();
    let served = world.clients.block_on(async {
        let asked = posting("tg_click", LINES, example("click"));
        let all: Vec<_> = (0..1_000).map(|_| tokio::spawn(send(world.address, asked.clone()))).collect();
        let mut served = 0;
        for one in all {
            served += usize::from(one.await.unwrap().unwrap().status == 202);
        }
        served
    });
    assert_eq!((served, world.taken()), (1_000, 1_000));
}

#[test]
fn more_clients_than_connections_come_through_when_they_come_again() {
    let world = World::with(Limits { connections_max: 32, ..Limits::default() });
    let taken = world.clients.block_on(async {
        let asked = posting("tg_click", LINES, example("click"));
        let all: Vec<_> = (0..1_000)
            .map(|_| {
                let (asked, address) = (asked.clone(), world.address);
                tokio::spawn(async move {
                    // One that had to make room, or was turned away, comes again.
                    for _ in 0..200 {
                        match send(address, asked.clone()).await {
                            Ok(answer) if answer.status == 202 => return 1,
                            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                        }
                    }
                    0
                })
            })
            .collect();
        let mut taken = 0;
        for one in all {
            taken += one.await.unwrap();
        }
        taken
    });
    assert_eq!(taken, 1_000);
}
