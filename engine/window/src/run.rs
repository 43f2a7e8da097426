//! A queue of small values, each addressed by how many were pushed before it, for ever.
//!
//! It grows and shrinks by blocks, so that no push ever copies what is there: a queue that doubles would stop
//! the stream for as long as it takes to move millions of rows.

use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// Values per block.
const BLOCK: usize = 4_096;

/// Values pushed at the end and released from the front.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Run<T> {
    blocks: VecDeque<Vec<T>>,
    /// The address of the first value of the first block: a multiple of [`BLOCK`].
    first: u64,
    /// The address of the next value.
    end: u64,
}

impl<T> Default for Run<T> {
    fn default() -> Run<T> {
        Run { blocks: VecDeque::new(), first: 0, end: 0 }
    }
}

impl<T: Copy> Run<T> {
    /// Appends a value.
    pub(crate) fn push(&mut self, value: T) {
        if self.end.is_multiple_of(BLOCK as u64) {
            self.blocks.push_back(Vec::with_capacity(BLOCK));
        }
        self.blocks.back_mut().expect("the last block was just made, or is not full").push(value);
        self.end += 1;
    }

    /// The value at an address that was pushed and not released.
    pub(crate) fn get(&self, address: u64) -> T {
        let offset = usize::try_from(address - self.first).expect("an address in memory");
        let block = self.blocks.get(offset / BLOCK).expect("not released");
        *block.get(offset % BLOCK).expect("pushed")
    }

    /// The address of the next value to be pushed.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Lets go of what lies before an address, by whole blocks.
    pub(crate) fn release(&mut self, before: u64) {
        while self.first + BLOCK as u64 <= before {
            self.blocks.pop_front();
            self.first += BLOCK as u64;
        }
    }

    /// How many bytes it occupies.
    pub(crate) fn bytes(&self) -> usize {
        let values: usize = self.blocks.iter().map(Vec::capacity).sum();
        values * size_of::<T>() + self.blocks.capacity() * size_of::<Vec<T>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stays_when_what_lies_before_it_is_released() {
        let mut run = Run::default();
        for value in 0..20_000_u64 {
            run.push(value);
            run.release(value.saturating_sub(100));
            assert_eq!(run.get(value.saturating_sub(100)), value.saturating_sub(100));
        }
        assert_eq!(run.end(), 20_000);
        assert!(run.blocks.len() <= 2);
    }
}
