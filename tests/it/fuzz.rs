//! The corpora of the fuzz targets, replayed: as they are, and changed a little, the same way in every run.

#[path = "../fuzz/decoders.rs"]
mod decoders;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::path::Path;

use crate::engine;

/// Changed texts of each text of a corpus.
const CHANGES: usize = 100;

/// The texts of a corpus; those of events are the producers' examples as well.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let mut texts = texts(&engine::root().join("tests/fuzz/corpus").join(name));
    if name == "event" {
        texts.extend(self::texts(&engine::root().join("schemas/examples")));
        texts.extend(self::texts(&engine::root().join("schemas/examples/refused")));
    }
    if name == "rule" {
        texts.extend(self::texts(&engine::root().join("rules")));
    }
    texts
}

fn texts(folder: &Path) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().filter(|file| file.is_file()).map(|file| std::fs::read(file).unwrap()).collect()
}

/// A text with a few bytes changed, cut out, put in, or taken from another one.
fn changed(text: &[u8], other: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=text.len());
        let end = (at + random.random_range(0..16)).min(text.len());
        let from = random.random_range(0..=other.len());
        let piece = &other[from..(from + random.random_range(0..16)).min(other.len())];
        match random.random_range(0..4) {
            0 if at < text.len() => text[at] ^= 1 << random.random_range(0..8),
            1 => drop(text.drain(at..end)),
            2 => drop(text.splice(at..end, piece.iter().copied())),
            _ => text.insert(at, random.random()),
        }
    }
    text
}

#[test]
fn no_bytes_make_a_decoder_panic_and_what_is_read_is_what_was_written() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (name, decode) in decoders::ALL {
        let corpus = corpus(name);
        assert!(corpus.len() > 2, "{name} has a corpus");
        for (place, text) in corpus.iter().enumerate() {
            decode(text);
            let other = &corpus[(place + 1) % corpus.len()];
            for _ in 0..CHANGES {
                decode(&changed(text, other, &mut random));
            }
        }
    }
}

#[test]
fn every_decoder_has_a_fuzz_target() {
    let manifest: toml::Table =
        std::fs::read_to_string(engine::root().join("tests/fuzz/Cargo.toml")).unwrap().parse().unwrap();
    let targets: Vec<&str> =
        manifest["bin"].as_array().unwrap().iter().map(|target| target["name"].as_str().unwrap()).collect();
    assert_eq!(targets, decoders::ALL.map(|(name, _)| name));
    for (name, _) in decoders::ALL {
        let text = engine::root().join(format!("tests/fuzz/targets/{name}.rs"));
        assert!(std::fs::read_to_string(text).unwrap().contains(&format!("decoders::{name}(")), "{name}");
    }
}
