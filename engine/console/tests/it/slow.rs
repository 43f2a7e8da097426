//! Clients that are slow, silent or gone hold nobody up.

use console::Limits;
use hyper::Method;
use runtime::books::PublishedVerdict;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::client::{Asked, Events, connect, send};
use crate::verdicts::following;
use crate::world::{World, example, posting};

const SOON: Duration = Duration::from_secs(10);

async fn silent(world: &World, count: usize) -> Vec<TcpStream> {
    let mut sockets = Vec::new();
    for _ in 0..count {
        sockets.push(connect(world.address).await.unwrap());
    }
    sockets
}

/// Whether the other side closes, within a while.
async fn is_closed(socket: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    timeout(SOON, socket.read_to_end(&mut rest)).await.is_ok()
}

fn click() -> Asked {
    posting("tg_click", "application/x-ndjson", example("click"))
}

#[test]
fn a_head_that_takes_too_long_is_not_waited_for() {
    let world = World::with(Limits { head_wait: Duration::from_millis(300), ..Limits::default() });
    world.clients.block_on(async {
        let mut slow = connect(world.address).await.unwrap();
        slow.write_all(b"GET /livez HTTP/1.1\r\nhost: la").await.unwrap();
        let mut mute = connect(world.address).await.unwrap();
        assert_eq!(send(world.address, click()).await.unwrap().status, 202, "others are served meanwhile");
        assert!(is_closed(&mut slow).await && is_closed(&mut mute).await);
    });
}

#[test]
fn one_byte_at_a_time_does_not_prolong_the_wait() {
    let world = World::with(Limits { head_wait: Duration::from_millis(500), ..Limits::default() });
    world.clients.block_on(async {
        let mut slow = connect(world.address).await.unwrap();
        let trickle = async {
            for byte in b"GET /livez HTTP/1.1\r\nx: ".iter().chain(std::iter::repeat(&b'y')) {
                if slow.write_all(&[*byte]).await.is_err() {
                    return;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(SOON, trickle).await.expect("it was cut off");
    });
}

#[test]
fn those_who_say_nothing_make_room_for_those_who_ask() {
    let limits = Limits { connections_max: 8, head_wait: Duration::from_secs(600), ..Limits::default() };
    let world = World::with(limits);
    world.clients.block_on(async {
        let mut sockets = silent(&world, 100).await;
        for _ in 0..5 {
            let answer = timeout(SOON, send(world.address, click())).await.unwrap().unwrap();
            assert_eq!(answer.status, 202);
            sockets.extend(silent(&world, 20).await);
        }
        assert!(is_closed(&mut sockets[0]).await, "the first to come was the first to go");
    });
}

#[test]
fn when_all_have_a_request_another_is_turned_away() {
    let world = World::with(Limits { connections_max: 2, ..Limits::default() });
    world.clients.block_on(async {
        let mut first = Events::begin(world.address, following("")).await;
        let mut second = Events::begin(world.address, following("")).await;
        first.next().await.unwrap();
        second.next().await.unwrap();
        let mut third = connect(world.address).await.unwrap();
        let mut answer = String::new();
        timeout(SOON, third.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("connections.too_many"), "{answer}");
        assert!(answer.contains("retry-after: 1"), "{answer}");
        drop(first);
        let mut status = 0;
        for _ in 0..100 {
            status = send(world.address, click()).await.map_or(0, |answer| answer.status);
            if status == 202 {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(status, 202, "the place is free again");
    });
}

#[test]
fn a_body_that_takes_too_long_is_not_waited_for() {
    let world = World::with(Limits { body_wait: Duration::from_millis(300), ..Limits::default() });
    let answer = world.clients.block_on(async {
        let mut slow = connect(world.address).await.unwrap();
        let head = "POST /v1/events HTTP/1.1\r\nhost: lane\r\nauthorization: Bearer tg_click\r\n\
                    content-type: application/x-ndjson\r\ncontent-length: 1000\r\n\r\n{\"kind\"";
        slow.write_all(head.as_bytes()).await.unwrap();
        assert_eq!(send(world.address, click()).await.unwrap().status, 202, "others are served meanwhile");
        let mut answer = String::new();
        timeout(SOON, slow.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    });
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("body.slow"), "{answer}");
    assert_eq!(world.taken(), 1, "half a body is nothing");
}

#[test]
fn a_client_that_goes_in_the_middle_of_a_body_leaves_nothing() {
    let world = World::new();
    world.clients.block_on(async {
        let mut gone = connect(world.address).await.unwrap();
        let head = "POST /v1/events HTTP/1.1\r\nhost: lane\r\nauthorization: Bearer tg_click\r\n\
                    content-type: application/x-ndjson\r\ncontent-length: 100000\r\n\r\n";
        gone.write_all(head.as_bytes()).await.unwrap();
        gone.write_all(format!("{}\n", example("click")).as_bytes()).await.unwrap();
        drop(gone);
        sleep(Duration::from_millis(200)).await;
        assert_eq!(world.taken(), 0);
        assert_eq!(send(world.address, click()).await.unwrap().status, 202);
    });
}

#[test]
fn a_stream_that_nobody_reads_is_dropped() {
    let limits = Limits {
        followers_max: 1,
        write_wait: Duration::from_millis(500),
        heartbeat: Duration::from_millis(100),
        ..Limits::default()
    };
    let world = World::with(limits);
    let verdict = format!(r#"{{"pad":"{}"}}"#, "x".repeat(100_000));
    *world.books.verdicts.lock().unwrap() =
        (1..=1_000).map(|sequence| PublishedVerdict { sequence, json: verdict.clone() }).collect();
    world.lane.published(1_000);
    world.clients.block_on(async {
        let mut deaf = connect(world.address).await.unwrap();
        let head = "GET /v1/verdicts HTTP/1.1\r\nhost: lane\r\nauthorization: Bearer tg_read\r\n\
                    accept: text/event-stream\r\n\r\n";
        deaf.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        deaf.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        assert_eq!(send(world.address, click()).await.unwrap().status, 202, "others are served meanwhile");
        let mut status = 429;
        for _ in 0..100 {
            status = send(world.address, following("?wait=1&limit=1")).await.unwrap().status;
            if status == 200 {
                break;
            }
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(status, 200, "its place is free, though its socket is open");
        drop(deaf);
    });
    let read = world.books.asked.lock().unwrap().iter().filter(|asked| asked.starts_with("verdicts")).count();
    assert!(read < 8, "nothing is read for one who takes nothing: {read} pages");
}

#[test]
fn requests_in_flight_are_answered_before_it_stops() {
    let mut world = World::new();
    *world.books.read_takes.lock().unwrap() = Duration::from_millis(400);
    let asked = Asked::new(Method::GET, "/v1/holds").token("tg_read");
    let flying = world.clients.spawn(send(world.address, asked));
    std::thread::sleep(Duration::from_millis(150));
    world.stop();
    assert_eq!(world.clients.block_on(flying).unwrap().unwrap().status, 200);
    assert!(world.clients.block_on(connect(world.address)).is_err(), "nobody listens any more");
}
