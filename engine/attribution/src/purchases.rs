//! Which lines a refund without an order may be of: bought, and not all given back.

use model::{BuyerId, EventTime, OrderId, Position, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::table::{Program, Scoped, Table};

/// What was bought by whom.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Article {
    pub(crate) buyer: BuyerId,
    pub(crate) sku: Text,
}

/// A line with quantity left. The greatest is the newest: of the latest order, its first line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Purchase {
    pub(crate) occurred_at: EventTime,
    /// Of the order's first revision.
    pub(crate) position: Position,
    /// The line's index.
    pub(crate) line: Reverse<usize>,
    pub(crate) order: OrderId,
}

/// Lines with quantity left, by what they are of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Purchases {
    open: Table<Scoped<Article>, BTreeSet<Purchase>>,
}

impl Purchases {
    pub(crate) fn open(&mut self, program: Program, article: Article, purchase: Purchase) {
        self.open.at(Scoped::new(program, article)).insert(purchase);
    }

    pub(crate) fn close(&mut self, program: Program, article: Article, purchase: &Purchase) {
        let key = Scoped::new(program, article);
        if let Some(open) = self.open.get_mut(&key) {
            open.remove(purchase);
            if open.is_empty() {
                self.open.remove(&key);
            }
        }
    }

    /// Open purchases that happened at `until` or before, newest first.
    pub(crate) fn newest_first(
        &self,
        program: Program,
        article: Article,
        until: EventTime,
    ) -> impl Iterator<Item = &Purchase> {
        let open = self.open.get(&Scoped::new(program, article));
        open.into_iter().flat_map(|open| open.iter().rev()).skip_while(move |p| p.occurred_at > until)
    }
}
