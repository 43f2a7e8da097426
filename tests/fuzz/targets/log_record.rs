#![no_main]

#[path = "../decoders.rs"]
#[expect(dead_code, reason = "a target is for one of them")]
mod decoders;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::log_record(bytes));
