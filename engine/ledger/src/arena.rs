//! Things that are created in order, never removed, and named by their place. For commissions the place is the
//! order of creation, in which verdicts of one position are emitted.

use serde::{Deserialize, Serialize};
use std::ops::{Index, IndexMut};

/// A vector that is indexed by one type of name only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Arena<I, T> {
    items: Vec<T>,
    name: std::marker::PhantomData<I>,
}

/// A name of a place in an [`Arena`].
pub(crate) trait Place: Copy {
    fn at(place: u32) -> Self;
    fn place(self) -> u32;
}

impl<I, T> Default for Arena<I, T> {
    fn default() -> Self {
        Arena { items: Vec::new(), name: std::marker::PhantomData }
    }
}

impl<I: Place, T> Arena<I, T> {
    pub(crate) fn next(&self) -> I {
        I::at(u32::try_from(self.items.len()).expect("a lane has fewer than 2^32 of anything"))
    }

    pub(crate) fn push(&mut self, item: T) -> I {
        let name = self.next();
        self.items.push(item);
        name
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.items.iter()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = I> + use<I, T> {
        (0..self.next().place()).map(I::at)
    }
}

impl<I: Place, T> Index<I> for Arena<I, T> {
    type Output = T;
    fn index(&self, name: I) -> &T {
        self.items.get(name.place() as usize).expect("names come from this arena")
    }
}

impl<I: Place, T> IndexMut<I> for Arena<I, T> {
    fn index_mut(&mut self, name: I) -> &mut T {
        self.items.get_mut(name.place() as usize).expect("names come from this arena")
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
