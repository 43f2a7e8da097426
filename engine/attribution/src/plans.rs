//! Commission plans, found by what they cover.
//!
//! The most specific plan wins, compared creator > product > category > shop > tier > content type; then the
//! latest `valid_from`, the highest version, the first plan id, the latest record. Plans are kept by their exact
//! scope, so a sale looks up one key for each combination of fields that some plan of the program uses (seldom
//! more than five), the most specific first, instead of walking all plans.

use hashbrown::Equivalent;
use model::event::{ContentType, Plan, PlanScope};
use model::{CreatorId, EventTime, PlanId, Position, ProductId, ShopId, Text};
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::table::{Program, Table};

/// The plans of all programs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Plans {
    by_scope: Table<ScopeKey, Vec<KnownPlan>>,
    /// Which combinations of fields each program's plans use, the most specific first.
    shapes: BTreeMap<Program, BTreeSet<Reverse<Shape>>>,
}

/// A version of a plan and the record that brought it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct KnownPlan {
    position: Position,
    plan: Arc<Plan>,
}

/// What is sold, by whom: what a plan's scope is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale<'a> {
    pub(crate) creator: &'a CreatorId,
    pub(crate) product: &'a ProductId,
    pub(crate) category: Option<&'a Text>,
    pub(crate) shop: Option<&'a ShopId>,
    pub(crate) tier: Option<&'a Text>,
    pub(crate) content_type: Option<ContentType>,
}

impl Plans {
    pub(crate) fn add(&mut self, program: Program, position: Position, plan: &Arc<Plan>) {
        self.shapes.entry(program).or_default().insert(Reverse(Shape::of(&plan.scope)));
        let known = KnownPlan { position, plan: Arc::clone(plan) };
        let versions = self.by_scope.at(ScopeKey::new(program, &plan.scope));
        let place = versions.partition_point(|other| other.rank() < known.rank());
        versions.insert(place, known);
    }

    /// The plan for a sale: valid at `at`, known at `known`.
    pub(crate) fn find(
        &self,
        program: Program,
        sale: &Sale<'_>,
        at: EventTime,
        known: Position,
    ) -> Option<&Arc<Plan>> {
        let good = |version: &&KnownPlan| version.position <= known && is_valid(&version.plan, at);
        let found = self.versions(program, *sale).find_map(|versions| versions.iter().find(good));
        found.map(|version| &version.plan)
    }

    /// The first plan to come after `known` that `covers` a sale: the one that gave terms to a line that had none.
    pub(crate) fn find_later(
        &self,
        program: Program,
        sale: &Sale<'_>,
        known: Position,
        covers: impl Fn(&Plan) -> bool,
    ) -> Option<&Arc<Plan>> {
        let later = self.versions(program, *sale).flatten().filter(|version| version.position > known);
        later.filter(|version| covers(&version.plan)).min_by_key(|version| version.position).map(|v| &v.plan)
    }

    /// For each scope that covers the sale, most specific first: its versions, best first.
    fn versions<'p>(&'p self, program: Program, sale: Sale<'_>) -> impl Iterator<Item = &'p Vec<KnownPlan>> {
        let shapes = self.shapes.get(&program).into_iter().flatten();
        shapes.filter_map(move |shape| self.by_scope.get(&shape.0.cut(program, &sale)?))
    }
}

impl KnownPlan {
    fn rank(&self) -> (Reverse<EventTime>, Reverse<i64>, &PlanId, Reverse<Position>) {
        let plan = &self.plan;
        (Reverse(plan.valid_from), Reverse(plan.version), &plan.plan_id, Reverse(self.position))
    }
}

/// Whether a plan is valid at a time: from `valid_from`, before `valid_to`.
pub(crate) fn is_valid(plan: &Plan, at: EventTime) -> bool {
    plan.valid_from <= at && plan.valid_to.is_none_or(|end| at < end)
}

/// Whether a plan's scope covers a sale: every field that is present matches.
pub(crate) fn is_in_scope(scope: &PlanScope, sale: &Sale<'_>) -> bool {
    let Some(cut) = Shape::of(scope).cut(Program::UNKNOWN, sale) else { return false };
    cut.is(scope)
}

/// Which fields of a scope are present; a greater one is more specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Shape {
    creator: Present,
    product: Present,
    category: Present,
    shop: Present,
    tier: Present,
    content_type: Present,
}

/// Whether a field of a scope is present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Present {
    No,
    Yes,
}

impl Present {
    fn of<T>(field: Option<&T>) -> Present {
        if field.is_some() { Present::Yes } else { Present::No }
    }

    /// The value if the field is wanted, nothing if it is not; `None` when it is wanted and missing.
    fn cut<T>(self, value: Option<T>) -> Option<Option<T>> {
        match self {
            Present::No => Some(None),
            Present::Yes => value.map(Some),
        }
    }
}

impl Shape {
    fn of(scope: &PlanScope) -> Shape {
        Shape {
            creator: Present::of(scope.creator_id.as_ref()),
            product: Present::of(scope.product_id.as_ref()),
            category: Present::of(scope.category.as_ref()),
            shop: Present::of(scope.shop_id.as_ref()),
            tier: Present::of(scope.tier.as_ref()),
            content_type: Present::of(scope.content_type.as_ref()),
        }
    }

    /// The scope of this shape that covers the sale; none when the sale lacks a field.
    fn cut<'a>(self, program: Program, sale: &Sale<'a>) -> Option<ScopeCut<'a>> {
        Some(ScopeCut {
            program,
            creator: self.creator.cut(Some(sale.creator))?,
            product: self.product.cut(Some(sale.product))?,
            category: self.category.cut(sale.category)?,
            shop: self.shop.cut(sale.shop)?,
            tier: self.tier.cut(sale.tier)?,
            content_type: self.content_type.cut(sale.content_type)?,
        })
    }
}

/// A scope within a program, as a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
struct ScopeKey {
    program: Program,
    creator: Option<CreatorId>,
    product: Option<ProductId>,
    category: Option<Text>,
    shop: Option<ShopId>,
    tier: Option<Text>,
    content_type: Option<ContentType>,
}

impl ScopeKey {
    fn new(program: Program, scope: &PlanScope) -> ScopeKey {
        ScopeKey {
            program,
            creator: scope.creator_id.clone(),
            product: scope.product_id.clone(),
            category: scope.category.clone(),
            shop: scope.shop_id.clone(),
            tier: scope.tier.clone(),
            content_type: scope.content_type,
        }
    }
}

/// The same, borrowed from a sale. Hashes as the key does: same fields, same order.
#[derive(Debug, Hash)]
struct ScopeCut<'a> {
    program: Program,
    creator: Option<&'a CreatorId>,
    product: Option<&'a ProductId>,
    category: Option<&'a Text>,
    shop: Option<&'a ShopId>,
    tier: Option<&'a Text>,
    content_type: Option<ContentType>,
}

impl ScopeCut<'_> {
    fn is(&self, scope: &PlanScope) -> bool {
        self.creator == scope.creator_id.as_ref()
            && self.product == scope.product_id.as_ref()
            && self.category == scope.category.as_ref()
            && self.shop == scope.shop_id.as_ref()
            && self.tier == scope.tier.as_ref()
            && self.content_type == scope.content_type
    }
}

impl Equivalent<ScopeKey> for ScopeCut<'_> {
    fn equivalent(&self, key: &ScopeKey) -> bool {
        self.program == key.program
            && self.creator == key.creator.as_ref()
            && self.product == key.product.as_ref()
            && self.category == key.category.as_ref()
            && self.shop == key.shop.as_ref()
            && self.tier == key.tier.as_ref()
            && self.content_type == key.content_type
    }
}
