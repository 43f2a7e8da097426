//! Things that are created in order, never removed, and named by their place. For commissions the place is the
//! order of creation, in which verdicts of one position are emitted.

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::ops::{Index, IndexMut};

/// Items of a page.
const PAGE: usize = 1_024;

/// A vector that is indexed by one type of name only. It lies in pages, so that growing moves nothing: a vector of a
/// million commissions would be copied whole, and the stream would stand still.
#[derive(Debug, Clone)]
pub(crate) struct Arena<I, T> {
    /// All of them full but the last.
    pages: Vec<Vec<T>>,
    name: std::marker::PhantomData<I>,
}

/// A name of a place in an [`Arena`].
pub(crate) trait Place: Copy {
    fn at(place: u32) -> Self;
    fn place(self) -> u32;
}

impl<I, T> Default for Arena<I, T> {
    fn default() -> Self {
        Arena { pages: Vec::new(), name: std::marker::PhantomData }
    }
}

impl<I: Place, T> Arena<I, T> {
    pub(crate) fn next(&self) -> I {
        let full = self.pages.len().saturating_sub(1) * PAGE;
        let count = full + self.pages.last().map_or(0, Vec::len);
        I::at(u32::try_from(count).expect("a lane has fewer than 2^32 of anything"))
    }

    pub(crate) fn push(&mut self, item: T) -> I {
        let name = self.next();
        if (name.place() as usize).is_multiple_of(PAGE) {
            // Only a page after the first is made for all that it will hold: what is small stays small.
            self.pages.push(Vec::with_capacity(if self.pages.is_empty() { 0 } else { PAGE }));
        }
        self.pages.last_mut().expect("there is a page").push(item);
        name
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.next().place()).map(I::at)
    }
}

impl<I: Place, T> Index<I> for Arena<I, T> {
    type Output = T;
    fn index(&self, name: I) -> &T {
        let place = name.place() as usize;
        let page = self.pages.get(place / PAGE);
        page.and_then(|page| page.get(place % PAGE)).expect("names come from this arena")
    }
}

impl<I: Place, T> IndexMut<I> for Arena<I, T> {
    fn index_mut(&mut self, name: I) -> &mut T {
        let place = name.place() as usize;
        let page = self.pages.get_mut(place / PAGE);
        page.and_then(|page| page.get_mut(place % PAGE)).expect("names come from this arena")
    }
}

impl<I: Place, T: Serialize> Serialize for Arena<I, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut items = serializer.serialize_seq(Some(self.next().place() as usize))?;
        self.iter().try_for_each(|item| items.serialize_element(item))?;
        items.end()
    }
}

impl<'de, I: Place, T: Deserialize<'de>> Deserialize<'de> for Arena<I, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut arena = Arena::default();
        for item in Vec::deserialize(deserializer)? {
            arena.push(item);
        }
        Ok(arena)
    }
}

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub(crate) struct $name(u32);

        impl Place for $name {
            fn at(place: u32) -> Self {
                $name(place)
            }
            fn place(self) -> u32 {
                self.0
            }
        }
    )*};
}

places! {
    /// A commission, by creation.
    CommissionIx
    /// An order.
    OrderIx
    /// A (program, market, currency) whose accounts are added up.
    BookIx
    /// A creator of a program.
    CreatorIx
    /// A group of a feature.
    KeyIx
    /// A hold over a group or a creator.
    WideIx
    /// A payout run.
    RunIx
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_and_so_does_the_order_over_all_pages_and_a_snapshot() {
        let count = 2 * PAGE + 3;
        let mut arena = Arena::<RunIx, usize>::default();
        let names: Vec<RunIx> = (0..count).map(|item| arena.push(item)).collect();
        assert!(arena.names().eq(names.iter().copied()));
        arena[names[PAGE]] += 1_000_000;
        let resumed: Arena<RunIx, usize> =
            postcard::from_bytes(&postcard::to_allocvec(&arena).unwrap()).unwrap();
        for arena in [&arena, &resumed] {
            assert_eq!(
                (arena[names[0]], arena[names[PAGE - 1]], arena[names[2 * PAGE]]),
                (0, PAGE - 1, 2 * PAGE)
            );
            assert_eq!(arena[names[PAGE]], 1_000_000 + PAGE);
            assert_eq!(arena.iter().count(), count);
        }
    }
}
