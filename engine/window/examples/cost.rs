//! What eight features cost per event: short windows against long ones with as many live rows, few keys against
//! many. `cargo run -p window --release --example cost`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    reason = "a benchmark reads the clock, prints, and rounds"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use model::admitted::{ClickRecord, Context, What};
use model::event::Click;
use model::fact::Subject;
use model::feature::{Aggregate, Counted, Feature, PlannedFeature};
use model::policy::WindowLimits;
use model::*;
use window::Windows;

/// Events timed together. The median over chunks is printed, so that other work on the machine does not count.
const CHUNK: u64 = 128;

fn main() {
    println!(
        "{:>10} {:>10} {:>12} {:>12} {:>9} {:>9} {:>8}",
        "window", "rows", "keys", "pairs", "ns/event", "B/key", "MiB"
    );
    let few = 12_500;
    let many = 1_500_000;
    for (window, keys) in [("1m", few), ("30d", few), ("1m", few), ("30d", few), ("1m", many), ("30d", many)]
    {
        measure(Span::parse(window).expect("a span"), keys);
    }
}

/// Uniformly random keys, the worst case for caches; two live rows a key.
fn measure(window: Span, keys: u64) {
    let mut world = World { keys, state: 0x9e37_79b9_7f4a_7c15, live: 2 * keys, window, context: context() };
    let mut windows = Windows::new(features(window), WindowLimits::default(), 42);
    let mut position = 0;
    let mut run = |windows: &mut Windows, events: u64| {
        let mut spent = Vec::new();
        for _ in 0..events.div_ceil(CHUNK) {
            let chunk: Vec<Admitted> = (position..position + CHUNK).map(|p| world.click(p)).collect();
            position += CHUNK;
            let start = Instant::now();
            let measured = windows.apply_all(&chunk);
            spent.push(start.elapsed());
            assert!(measured.iter().all(Option::is_some));
        }
        spent.sort_unstable();
        spent.get(spent.len() / 2).map_or(0.0, |chunk| chunk.as_nanos() as f64 / CHUNK as f64)
    };
    run(&mut windows, 5 * keys);
    let cost = run(&mut windows, keys.clamp(400_000, 1_000_000));
    let usage = windows.usage();
    println!(
        "{:>10} {:>10} {:>12} {:>12} {:>9.0} {:>9.0} {:>8}",
        window.to_string(),
        usage.rows,
        usage.keys,
        usage.pairs,
        cost,
        usage.bytes as f64 / usage.keys as f64,
        usage.bytes >> 20
    );
}

fn features(window: Span) -> Vec<PlannedFeature> {
    let [ip, device, buyer, creator] =
        [Fact::Ip, Fact::Device, Fact::BuyerId, Fact::CreatorId].map(Field::Fact);
    let feature = |aggregate, by: &[&Field]| PlannedFeature {
        feature: Feature {
            counted: Counted::Click,
            aggregate,
            by: by.iter().map(|field| (*field).clone()).collect(),
            filter: None,
            window,
        },
        read_at: BTreeSet::from([Subject::Click]),
        holds: false,
    };
    vec![
        feature(Aggregate::Count, &[&ip]),
        feature(Aggregate::Count, &[&device]),
        feature(Aggregate::Count, &[&buyer]),
        feature(Aggregate::Count, &[&creator]),
        feature(Aggregate::Count, &[&ip, &creator]),
        feature(Aggregate::Distinct(buyer.clone()), &[&ip]),
        feature(Aggregate::Distinct(creator.clone()), &[&buyer]),
        feature(Aggregate::SecondsSinceLast, &[&device, &creator]),
    ]
}

struct World {
    keys: u64,
    state: u64,
    live: u64,
    window: Span,
    context: Arc<Context>,
}

impl World {
    /// xorshift64.
    fn random(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % below
    }

    fn click(&mut self, position: u64) -> Admitted {
        let ms = i128::from(self.window.as_ms()) * i128::from(position) / i128::from(self.live);
        let at = EventTime::from_ms(1_700_000_000_000 + ms as i64).expect("a time");
        let [ip, device, buyer] = [(); 3].map(|()| self.random(self.keys));
        let creator = self.random(self.keys / 10);
        let click = Click {
            buyer_id: Some(BuyerId::new(&format!("buyer-{buyer:08}")).expect("an id")),
            device_h: Some(Fingerprint::new(&format!("{device:016x}")).expect("an id")),
            ..Click::new(
                ClickId::new("c").expect("an id"),
                CreatorId::new(&format!("creator-{creator}")).expect("an id"),
            )
        };
        let record = ClickRecord {
            ip: Some(Text::new(format!("10.{}.{}.{}", ip >> 16, ip >> 8 & 255, ip & 255))),
            ..ClickRecord::new(Position(position), at, self.context.clone(), click)
        };
        Admitted {
            position: Position(position),
            clock: at,
            occurred_at: at,
            event_id: EventId::new("e").expect("an id"),
            context: self.context.clone(),
            what: What::Click(Arc::new(record)),
        }
    }
}

fn context() -> Arc<Context> {
    Arc::new(Context {
        program: ProgramId::new("main").expect("an id"),
        market: Market::new("main").expect("an id"),
        source: None,
        attributes: BTreeMap::new(),
    })
}
