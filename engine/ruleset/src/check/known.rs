//! What is known of a value when the rule loads.

use std::collections::BTreeSet;

use crate::check::Checker;
use crate::constant::{Constant, evaluate};
use crate::tree::Expr;

/// What is known of an expression when the rule loads.
pub(super) enum Known {
    Value(Constant),
    /// Something is wrong with it, which was reported.
    Failed,
    /// It depends on the record.
    No,
}

impl Checker<'_> {
    pub(super) fn known(&mut self, expr: &Expr) -> Known {
        match evaluate(expr, &self.constants, &mut self.read) {
            Some(value) => Known::Value(value),
            None if self.value(expr).is_failed() => Known::Failed,
            None => Known::No,
        }
    }

    /// As [`Checker::known`], for what must be the same in every market.
    pub(super) fn fixed(&mut self, expr: &Expr) -> Known {
        let mut used = BTreeSet::new();
        evaluate(expr, &self.constants, &mut used);
        self.fix(used);
        self.known(expr)
    }
}
