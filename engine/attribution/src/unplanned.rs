//! Orders with candidates that have no terms yet, so that a plan finds those it covers without walking all orders.

use model::admitted::{Candidate, OrderRecord, TermsSource};
use model::event::PlanScope;
use model::{CreatorId, OrderId, Position, ProductId, ShopId, Text};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use crate::table::{In, Program, Scoped, Table};

/// Orders without terms, by each field that a plan may name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Unplanned {
    by_creator: Table<Scoped<CreatorId>, Places>,
    by_product: Table<Scoped<ProductId>, Places>,
    by_category: Table<Scoped<Text>, Places>,
    by_shop: Table<Scoped<ShopId>, Places>,
    all: BTreeMap<Program, Places>,
}

/// Orders, in the order in which they came.
type Places = BTreeSet<Place>;

/// An order, by where its first revision came.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) first: Position,
    pub(crate) order: OrderId,
}

impl Unplanned {
    /// Adds an order if any of its candidates has no terms.
    pub(crate) fn add(&mut self, program: Program, first: Position, record: &OrderRecord) {
        self.change(program, first, record, Places::insert_place);
    }

    /// Removes what [`Unplanned::add`] added.
    pub(crate) fn remove(&mut self, program: Program, first: Position, record: &OrderRecord) {
        self.change(program, first, record, Places::remove_place);
    }

    /// The orders that a plan may cover: looked up by the most selective field of its scope.
    pub(crate) fn in_reach(&self, program: Program, scope: &PlanScope) -> Vec<Place> {
        let places = if let Some(creator) = &scope.creator_id {
            self.by_creator.get(&In(program, creator))
        } else if let Some(product) = &scope.product_id {
            self.by_product.get(&In(program, product))
        } else if let Some(category) = &scope.category {
            self.by_category.get(&In(program, category))
        } else if let Some(shop) = &scope.shop_id {
            self.by_shop.get(&In(program, shop))
        } else {
            self.all.get(&program)
        };
        places.map_or_else(Vec::new, |places| places.iter().cloned().collect())
    }

    fn change(
        &mut self,
        program: Program,
        first: Position,
        record: &OrderRecord,
        how: fn(&mut Places, &Place),
    ) {
        let lines = record.order.lines.iter().zip(&record.candidates);
        let mut lines = lines.filter(|(_, candidates)| candidates.iter().any(has_no_plan)).peekable();
        if lines.peek().is_none() {
            return;
        }
        let place = Place { first, order: record.key.order.clone() };
        change(&mut self.by_shop, program, record.order.shop_id.as_ref(), &place, how);
        how(self.all.entry(program).or_default(), &place);
        for (line, candidates) in lines {
            change(&mut self.by_product, program, Some(&line.product_id), &place, how);
            change(&mut self.by_category, program, line.category.as_ref(), &place, how);
            for candidate in candidates.iter().filter(|candidate| has_no_plan(candidate)) {
                change(&mut self.by_creator, program, Some(&candidate.creator), &place, how);
            }
        }
    }
}

/// Whether a candidate earns nothing until a plan comes.
pub(crate) fn has_no_plan(candidate: &Candidate) -> bool {
    candidate.terms.source == TermsSource::NoPlan
}

/// Set operations as functions of one shape.
trait Changes {
    fn insert_place(&mut self, place: &Place);
    fn remove_place(&mut self, place: &Place);
}

impl Changes for Places {
    fn insert_place(&mut self, place: &Place) {
        self.insert(place.clone());
    }

    fn remove_place(&mut self, place: &Place) {
        self.remove(place);
    }
}

fn change<K: Clone + Eq + Hash>(
    table: &mut Table<Scoped<K>, Places>,
    program: Program,
    key: Option<&K>,
    place: &Place,
    how: fn(&mut Places, &Place),
) {
    let Some(key) = key else { return };
    let places = table.at(Scoped::new(program, key.clone()));
    how(places, place);
    if places.is_empty() {
        table.remove(&In(program, key));
    }
}
