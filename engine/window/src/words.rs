//! Integers of several widths in a record of 32-bit words: counts take one, times two, sums four.

/// The count at a word.
pub(crate) fn count(words: &[u32], at: usize) -> u32 {
    *words.get(at).expect("the layout has this word")
}

/// One more.
pub(crate) fn raise(words: &mut [u32], at: usize) -> u32 {
    let word = words.get_mut(at).expect("the layout has this word");
    *word = word.checked_add(1).expect("fewer rows than 2^32 are live");
    *word
}

/// One less.
pub(crate) fn lower(words: &mut [u32], at: usize) -> u32 {
    let word = words.get_mut(at).expect("the layout has this word");
    *word = word.checked_sub(1).expect("only what was counted is subtracted");
    *word
}

/// Writes a count.
pub(crate) fn put(words: &mut [u32], at: usize, count: u32) {
    *words.get_mut(at).expect("the layout has this word") = count;
}

/// The time at two words.
pub(crate) fn time(words: &[u32], at: usize) -> i64 {
    (u64::from(count(words, at)) | u64::from(count(words, at + 1)) << 32).cast_signed()
}

/// Writes a time.
pub(crate) fn put_time(words: &mut [u32], at: usize, time: i64) {
    let bits = time.cast_unsigned();
    put(words, at, low(bits));
    put(words, at + 1, low(bits >> 32));
}

/// The wide integer at four words.
pub(crate) fn wide(words: &[u32], at: usize) -> i128 {
    let word = |i: usize| u128::from(count(words, at + i)) << (32 * i);
    (word(0) | word(1) | word(2) | word(3)).cast_signed()
}

/// Adds to the wide integer at four words.
pub(crate) fn add_wide(words: &mut [u32], at: usize, delta: i128) {
    let sum = wide(words, at) + delta;
    put_wide(words, at, sum.cast_unsigned());
}

/// Writes four words.
pub(crate) fn put_wide(words: &mut [u32], at: usize, bits: u128) {
    for (i, word) in quarters(bits).into_iter().enumerate() {
        put(words, at + i, word);
    }
}

/// The four words of a wide integer, lowest first.
#[expect(clippy::cast_possible_truncation, reason = "each takes its own 32 bits")]
pub(crate) fn quarters(bits: u128) -> [u32; 4] {
    [bits as u32, (bits >> 32) as u32, (bits >> 64) as u32, (bits >> 96) as u32]
}

/// The low word of a number.
#[expect(clippy::cast_possible_truncation, reason = "the low half is what is asked for")]
pub(crate) fn low(bits: u64) -> u32 {
    bits as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut words = [0; 6];
        for value in [0, 1, -1, i64::MIN, i64::MAX, 1_700_000_000_123] {
            put_time(&mut words, 4, value);
            assert_eq!(time(&words, 4), value);
            put_wide(&mut words, 0, 0);
            add_wide(&mut words, 0, i128::from(value) * 1_000_000_007);
            assert_eq!(wide(&words, 0), i128::from(value) * 1_000_000_007);
        }
    }
}
