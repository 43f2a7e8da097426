//! Draws: every choice of the generator is made here, from ChaCha8 by integer arithmetic only, so that a seed
//! means the same trade on every machine and after every upgrade.

use model::Span;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A source of draws for one purpose.
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The dice of one purpose. Seed, purpose (its first 16 bytes count) and number fix every draw, whatever else
    /// is drawn elsewhere: one buyer's traits do not depend on how many were looked at before.
    pub(crate) fn new(seed: u64, purpose: &str, number: u64) -> Dice {
        let numbers = seed.to_le_bytes().into_iter().chain(number.to_le_bytes());
        let bytes = numbers.chain(purpose.bytes().chain(std::iter::repeat(0)).take(16));
        let mut key = [0_u8; 32];
        key.iter_mut().zip(bytes).for_each(|(slot, byte)| *slot = byte);
        Dice(ChaCha8Rng::from_seed(key))
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Evenly 0..n; 0 for an `n` of 0.
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        let wide = u128::from(self.bits()) * u128::from(n);
        u64::try_from(wide >> 64).expect("less than n")
    }

    /// Evenly low..=high.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high - low).expect("low <= high") + 1;
        low + i64::try_from(self.below(width)).expect("at most high - low")
    }

    /// Evenly between two spans, to the millisecond.
    pub(crate) fn span(&mut self, low: Span, high: Span) -> Span {
        Span::from_ms(self.between(low.as_ms(), high.as_ms()))
    }

    /// True in so many of a hundred draws.
    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of several; there must be one.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        let count = u64::try_from(items.len()).expect("a slice is shorter than 2^64");
        let index = usize::try_from(self.below(count)).expect("less than a length");
        items.get(index).expect("something to pick from")
    }

    /// One of several by weight: the choice and its weight in each pair.
    pub(crate) fn weighted<'a, T>(&mut self, choices: &'a [(T, u64)]) -> &'a T {
        let mut ticket = self.below(choices.iter().map(|(_, weight)| weight).sum());
        for (choice, weight) in choices {
            match ticket.checked_sub(*weight) {
                Some(rest) => ticket = rest,
                None => return choice,
            }
        }
        &choices.first().expect("something to choose from").0
    }

    /// Every doubling equally likely: what waiting times and popularity look like. `low` is at least 1.
    pub(crate) fn doublings(&mut self, low: u64, high: u64) -> u64 {
        let (first, last) = (low.ilog2(), high.ilog2());
        loop {
            let octave = first + u32::try_from(self.below(u64::from(last - first) + 1)).expect("below 64");
            let start = 1_u64 << octave;
            let value = start + self.below(start);
            if (low..=high).contains(&value) {
                return value;
            }
        }
    }

    /// A span by [`Dice::doublings`] of its milliseconds.
    pub(crate) fn wait(&mut self, low: Span, high: Span) -> Span {
        let ms = |span: Span| u64::try_from(span.as_ms()).expect("a span is never negative").max(1);
        let drawn = self.doublings(ms(low), ms(high));
        Span::from_ms(i64::try_from(drawn).expect("between two spans"))
    }

    /// A rank 0..n, zipf-like: the first is drawn most, each doubling of rank as often as the next.
    pub(crate) fn rank(&mut self, n: u64) -> u64 {
        self.doublings(1, n) - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_its_own_draws() {
        let draws = |seed, purpose, number| Dice::new(seed, purpose, number).bits();
        assert_eq!(draws(1, "buyer", 7), draws(1, "buyer", 7));
        let others = [draws(2, "buyer", 7), draws(1, "seller", 7), draws(1, "buyer", 8)];
        assert!(others.iter().all(|other| *other != draws(1, "buyer", 7)));
    }

    #[test]
    fn the_draws_never_change() {
        // Kept figures: if they change, every recorded seed means another day.
        let mut dice = Dice::new(42, "kept", 0);
        let drawn = [dice.bits(), dice.below(1_000), dice.doublings(10, 100_000), dice.rank(300_000)];
        assert_eq!(drawn, KEPT);
    }

    const KEPT: [u64; 4] = [17_679_657_970_361_104_234, 459, 738, 4];

    #[test]
    fn each_doubling_of_rank_is_drawn_as_often_as_the_next() {
        let mut dice = Dice::new(1, "ranks", 0);
        let mut octaves = [0_u32; 10];
        for _ in 0..10_230 {
            octaves[(dice.rank(1_023) + 1).ilog2() as usize] += 1;
        }
        assert!(octaves.iter().all(|drawn| (850..1_200).contains(drawn)), "{octaves:?}");
    }

    #[test]
    fn a_weight_of_nothing_is_never_chosen() {
        let mut dice = Dice::new(1, "weights", 0);
        let choices = [("never", 0), ("always", 3), ("not either", 0)];
        assert!((0..200).all(|_| *dice.weighted(&choices) == "always"));
    }
}
