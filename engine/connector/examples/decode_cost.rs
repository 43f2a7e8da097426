//! What decoding and encoding cost: `cargo run --release -p connector --example decode_cost`.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a measurement reads the clock and prints"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use connector::wire::{decode, encode};

const CLICK: &str = r#"{"event_id":"evt-90031234","kind":"click","occurred_at":1764547200000,"market":"ID","click_id":"clk-71f3a0b2","creator_id":"mia-1204","buyer_id":"buyer-811204","device_h":"h:0c5e77aa12","shop_id":"shop-12","product_id":"prod-912","content_type":"video","content_id":"vid-310","ip":"198.51.100.23","country":"ID"}"#;
const ORDER: &str = r#"{"event_id":"evt-90041234","kind":"order","occurred_at":1764547800000,"market":"ID","order_id":"ord-10014711","currency":"IDR","buyer_id":"buyer-811204","device_h":"h:0c5e77aa12","ip":"198.51.100.23","payment_h":"h:31aa77aa12","lines":[{"line_id":"1","product_id":"prod-912","quantity":2,"paid":13500000,"tax":1350000}]}"#;
const ROUNDS: u32 = 200_000;

fn main() {
    for (name, text) in [("click", CLICK), ("order", ORDER)] {
        let event = decode(text.as_bytes()).expect("it is an event").event;
        let decoding = best(|| drop(black_box(decode(black_box(text.as_bytes())))));
        let encoding = best(|| drop(black_box(encode(black_box(&event)))));
        println!("{name}: {} bytes, decode {decoding} ns, encode {encoding} ns", text.len());
    }
}

/// Nanoseconds a round, the best of five.
fn best(mut work: impl FnMut()) -> u128 {
    let time = |work: &mut dyn FnMut()| -> Duration {
        let start = Instant::now();
        (0..ROUNDS).for_each(|_| work());
        start.elapsed()
    };
    (0..5).map(|_| time(&mut work)).min().unwrap_or_default().as_nanos() / u128::from(ROUNDS)
}
