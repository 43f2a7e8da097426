//! Conditions: that they are true or false, that they can hold at all, and what an explanation shows of them.

use model::feature::Comparison;
use std::collections::BTreeMap;

use crate::check::Checker;
use crate::check::chains::squeezed;
use crate::checked::Term;
use crate::constant::{Constant, evaluate};
use crate::diagnostic::Place;
use crate::tree::{Expr, ExprKind, Operator};
use crate::vocabulary::{Missing, Shape, Type};

/// The values that are left for an expression, both ends and whether they belong to it.
#[derive(Clone, Copy)]
struct Left {
    low: (i64, Closed),
    high: (i64, Closed),
}

#[derive(Clone, Copy, PartialEq)]
enum Closed {
    Yes,
    No,
}

impl Checker<'_> {
    /// Checks a condition; true when it can be seen that it never holds.
    pub(super) fn condition(&mut self, expr: &Expr) -> bool {
        self.truth(expr);
        self.terms_of(expr);
        let never = self.never_holds(expr);
        if never {
            self.nevers.push(expr.range);
        }
        never
    }

    /// The shape of what must be true or false. A missing value is neither, and the rule would fail on it.
    pub(super) fn truth(&mut self, expr: &Expr) -> Shape {
        let shape = self.value(expr);
        match (shape.of, shape.missing) {
            (Type::Failed, _) | (Type::Bool | Type::Unknown, Missing::Never) => return shape,
            (Type::Bool | Type::Unknown, Missing::Maybe) => {
                let text = squeezed(self.source.slice(expr.range));
                let message = format!("`{text}` may be missing, and the rule would fail then");
                self.error("condition.missing", expr.range, message, &format!("write `{text} == true`"));
            }
            (of, _) => {
                let message = format!("a condition is true or false, and this is {}", of.name());
                self.error("condition.type", expr.range, message, "compare it with something");
            }
        }
        Shape::FAILED
    }

    /// Remembers what a condition is made of.
    fn terms_of(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::All(parts) | ExprKind::Any(parts) => parts.iter().for_each(|p| self.terms_of(p)),
            ExprKind::Not(inner) => self.terms_of(inner),
            ExprKind::Binary(operator, at, left, right) if operator.comparison().is_some() => {
                let text = |e: &Expr| squeezed(self.source.slice(e.range));
                let sides = Some((text(left), operator.symbol(), text(right)));
                self.term(at.start, expr, sides);
            }
            ExprKind::Call(call) => self.term(call.name.range.start, expr, None),
            _ => self.term(expr.range.start, expr, None),
        }
    }

    fn term(&mut self, at: Place, expr: &Expr, sides: Option<(String, &'static str, String)>) {
        let text = squeezed(self.source.slice(expr.range));
        self.terms.insert(at, Term { text, sides, line: expr.range.start.line });
    }

    fn never_holds(&mut self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Bool(truth) => !truth,
            ExprKind::All(parts) => parts.iter().any(|p| self.never_holds(p)) || self.contradictory(parts),
            ExprKind::Any(parts) => parts.iter().all(|p| self.never_holds(p)),
            ExprKind::Binary(operator, _, left, right) => {
                let mut of = |e: &Expr| evaluate(e, &self.constants, &mut self.read);
                let (left, right) = (of(left), of(right));
                match (operator.comparison(), left, right) {
                    (Some(comparison), Some(Constant::Int(a)), Some(Constant::Int(b))) => {
                        !comparison.holds(Some(a.cmp(&b)))
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    }

    /// Whether comparisons of one expression with whole numbers leave it no value.
    fn contradictory(&mut self, parts: &[Expr]) -> bool {
        let mut left: BTreeMap<String, Left> = BTreeMap::new();
        for part in parts {
            let Some((text, comparison, number)) = self.bound(part) else { continue };
            let all = Left { low: (i64::MIN, Closed::Yes), high: (i64::MAX, Closed::Yes) };
            let left = left.entry(text).or_insert(all);
            left.narrow(comparison, number);
            if left.is_empty() {
                return true;
            }
        }
        false
    }

    fn bound(&mut self, part: &Expr) -> Option<(String, Comparison, i64)> {
        let ExprKind::Binary(operator, _, left, right) = &part.kind else { return None };
        let mut number = |e: &Expr| match evaluate(e, &self.constants, &mut self.read) {
            Some(Constant::Int(n)) => Some(n),
            _ => None,
        };
        let (side, operator, number): (&Expr, Operator, i64) = match (number(left), number(right)) {
            (None, Some(n)) => (left, *operator, n),
            (Some(n), None) => (right, operator.flipped(), n),
            _ => return None,
        };
        let comparison = operator.comparison()?;
        Some((squeezed(self.source.slice(side.range)), comparison, number))
    }
}

impl Left {
    fn narrow(&mut self, comparison: Comparison, number: i64) {
        let raise = |low: (i64, Closed), closed| match (number.cmp(&low.0), closed) {
            (std::cmp::Ordering::Greater, _) => (number, closed),
            (std::cmp::Ordering::Equal, Closed::No) => (number, Closed::No),
            _ => low,
        };
        let lower = |high: (i64, Closed), closed| match (number.cmp(&high.0), closed) {
            (std::cmp::Ordering::Less, _) => (number, closed),
            (std::cmp::Ordering::Equal, Closed::No) => (number, Closed::No),
            _ => high,
        };
        match comparison {
            Comparison::Greater => self.low = raise(self.low, Closed::No),
            Comparison::GreaterOrEqual => self.low = raise(self.low, Closed::Yes),
            Comparison::Less => self.high = lower(self.high, Closed::No),
            Comparison::LessOrEqual => self.high = lower(self.high, Closed::Yes),
            Comparison::Equal => {
                self.low = raise(self.low, Closed::Yes);
                self.high = lower(self.high, Closed::Yes);
            }
            Comparison::NotEqual => {}
        }
    }

    /// A value may have a fraction: only a point or less is too little.
    fn is_empty(&self) -> bool {
        let open = self.low.1 == Closed::No || self.high.1 == Closed::No;
        self.low.0 > self.high.0 || (self.low.0 == self.high.0 && open)
    }
}
