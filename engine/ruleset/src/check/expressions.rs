//! Values: what type they have, whether they may be missing, and which of their operators cannot mean what
//! they say.

use crate::check::Checker;
use crate::diagnostic::Range;
use crate::tree::{Expr, ExprKind, Operator};
use crate::vocabulary::{Missing, Shape, Type};

impl Checker<'_> {
    pub(super) fn value(&mut self, expr: &Expr) -> Shape {
        let shape = self.shape_of(expr);
        assert!(!shape.is_failed() || self.problems.has_errors(), "what failed was reported");
        shape
    }

    fn shape_of(&mut self, expr: &Expr) -> Shape {
        match &expr.kind {
            ExprKind::Unit => Shape::maybe(Type::Unit),
            ExprKind::Bool(_) => Shape::always(Type::Bool),
            ExprKind::Int(_) => Shape::always(Type::Int),
            ExprKind::Float(_) => Shape::always(Type::Float),
            ExprKind::Text(_) => Shape::always(Type::Text),
            ExprKind::Interpolated(parts) => Shape::always(Type::Text).made_of(&self.values(parts)),
            ExprKind::Array(items) => Shape::always(Type::Array).made_of(&self.values(items)),
            ExprKind::Map(entries) => {
                let values: Vec<Shape> = entries.iter().map(|(_, value)| self.value(value)).collect();
                Shape::UNKNOWN.made_of(&values)
            }
            ExprKind::Name(_) | ExprKind::Property(..) | ExprKind::Method(..) | ExprKind::Call(_) => {
                self.chain(expr)
            }
            ExprKind::Not(inner) => self.not(inner),
            ExprKind::Negative(inner) => {
                let shape = self.value(inner);
                if shape.of.is_number() || shape.of.is_open() {
                    return shape;
                }
                let message = format!("{} has no negative", shape.of.name());
                self.error("type.arithmetic", inner.range, message, "");
                Shape::FAILED
            }
            ExprKind::Binary(operator, _, left, right) => self.binary(*operator, left, right, expr.range),
            ExprKind::All(parts) | ExprKind::Any(parts) => {
                let shapes: Vec<Shape> = parts.iter().map(|part| self.truth(part)).collect();
                Shape::always(Type::Bool).made_of(&shapes)
            }
            ExprKind::Either(parts) => self.either(parts),
            ExprKind::Span(from, to) => {
                let ends = [self.value(from), self.value(to)];
                Shape::UNKNOWN.made_of(&ends)
            }
            ExprKind::Block(statements) => self.block(statements),
            ExprKind::Closure(..) => {
                let message = "a condition `|e| …` belongs into a feature's `.where`".to_owned();
                self.error("where.place", expr.range, message, "");
                self.mention(std::slice::from_ref(expr));
                Shape::FAILED
            }
            ExprKind::Refused(what, names) => {
                self.refused(*what, names, expr.range);
                Shape::FAILED
            }
        }
    }

    pub(super) fn values(&mut self, exprs: &[Expr]) -> Vec<Shape> {
        exprs.iter().map(|e| self.value(e)).collect()
    }

    fn either(&mut self, parts: &[Expr]) -> Shape {
        let shapes = self.values(parts);
        let missing = shapes.last().map_or(Missing::Maybe, |s| s.missing);
        let joined = shapes.into_iter().reduce(Shape::join).unwrap_or(Shape::UNKNOWN);
        Shape { of: joined.of, missing }
    }

    fn not(&mut self, inner: &Expr) -> Shape {
        let shape = self.truth(inner);
        if let ExprKind::Binary(operator, _, left, right) = &inner.kind
            && operator.comparison().is_some()
        {
            let missing = [left, right].into_iter().find(|side| {
                let literal = matches!(side.kind, ExprKind::Unit);
                !literal && self.quietly(side).missing == Missing::Maybe
            });
            if let Some(side) = missing {
                let text = self.source.slice(side.range);
                let message = format!("this holds too when `{text}` is missing");
                let help = "turn the comparison around instead of putting `!` before it";
                self.warning("not.missing", inner.range, message, help);
            }
        }
        Shape::always(Type::Bool).made_of(&[shape])
    }

    /// The shape of an expression that was looked at before.
    fn quietly(&mut self, expr: &Expr) -> Shape {
        // Problems are kept once, and everything else that a second look does, it did before.
        self.value(expr)
    }

    fn binary(&mut self, operator: Operator, left: &Expr, right: &Expr, range: Range) -> Shape {
        let (a, b) = (self.value(left), self.value(right));
        if operator.comparison().is_none() {
            let shape = self.arithmetic(operator, a, b, range);
            let odd = [(left, a), (right, b)].into_iter().filter(|(_, side)| !side.of.is_number());
            odd.filter(|_| shape.is_failed()).for_each(|(side, _)| self.blame(side));
            return shape;
        }
        if self.money_against_number(a, b, left, right) {
            return Shape::FAILED;
        }
        self.comparable(operator, a, b, range);
        self.both_missing(operator, a, b, left, right, range);
        Shape::always(Type::Bool).made_of(&[a, b])
    }

    fn money_against_number(&mut self, a: Shape, b: Shape, left: &Expr, right: &Expr) -> bool {
        let number = match (a.of, b.of) {
            (Type::Money, of) if of.is_number() => right,
            (of, Type::Money) if of.is_number() => left,
            _ => return false,
        };
        let text = self.source.slice(number.range).to_owned();
        let amount = if text.parse::<f64>().is_ok() { text.as_str() } else { "500.00" };
        let message = format!("an amount cannot be compared with `{text}`: a number has no currency");
        self.error("money.number", number.range, message, &format!("write `money(\"{amount}\", \"USD\")`"));
        self.blame(number);
        true
    }

    fn comparable(&mut self, operator: Operator, a: Shape, b: Shape, range: Range) {
        let same = a.of == b.of || (a.of.is_number() && b.of.is_number());
        if same || a.of.is_open() || b.of.is_open() {
            return;
        }
        let outcome = if operator == Operator::NotEqual { "always holds" } else { "never holds" };
        let message = format!("this {outcome}: {} is compared with {}", a.of.name(), b.of.name());
        self.warning("comparison.types", range, message, "");
    }

    /// `() == ()` is true: two orders without an address would have the same one.
    fn both_missing(
        &mut self,
        operator: Operator,
        a: Shape,
        b: Shape,
        left: &Expr,
        right: &Expr,
        range: Range,
    ) {
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        let literal = matches!(left.kind, ExprKind::Unit) || matches!(right.kind, ExprKind::Unit);
        if !equality || literal || a.missing == Missing::Never || b.missing == Missing::Never {
            return;
        }
        let (left, right) = (self.source.slice(left.range), self.source.slice(right.range));
        let not = if operator == Operator::NotEqual { "!" } else { "" };
        let message = "both sides may be missing, and two missing values are equal".to_owned();
        self.warning(
            "comparison.missing",
            range,
            message,
            &format!("`{not}same({left}, {right})` is about values that are there"),
        );
    }

    pub(super) fn arithmetic(&mut self, operator: Operator, a: Shape, b: Shape, range: Range) -> Shape {
        let missing = a.missing.or(b.missing);
        if a.is_failed() || b.is_failed() {
            return Shape::FAILED;
        }
        if operator == Operator::Add && (a.of == Type::Text || b.of == Type::Text) {
            return Shape::always(Type::Text);
        }
        if a.of == Type::Money || b.of == Type::Money {
            return self.money_arithmetic(operator, a.of, b.of, range);
        }
        for side in [a.of, b.of] {
            if matches!(side, Type::Bool | Type::Text | Type::Array | Type::List) {
                let message = format!("`{}` does not work on {}", operator.symbol(), side.name());
                self.error("type.arithmetic", range, message, "");
                return Shape::FAILED;
            }
        }
        if operator == Operator::Divide && a.of == Type::Int && b.of == Type::Int {
            let text = self.source.slice(range);
            let (left, right) = text.split_once('/').unwrap_or((text, "…"));
            let message = "whole numbers divide to a whole number: 3 / 4 is 0".to_owned();
            let help = format!("write `ratio({}, {}, 20)`: a share, from 20 on", left.trim(), right.trim());
            self.warning("division.integer", range, message, &help);
        }
        let of = match (a.of, b.of) {
            (Type::Int, Type::Int) => Type::Int,
            (Type::Float, other) | (other, Type::Float) if other.is_number() => Type::Float,
            (Type::Unit, _) | (_, Type::Unit) => Type::Unit,
            _ => Type::Unknown,
        };
        Shape { of, missing }
    }

    fn money_arithmetic(&mut self, operator: Operator, a: Type, b: Type, range: Range) -> Shape {
        let fine = match operator {
            Operator::Add | Operator::Subtract => [a, b].iter().all(|t| *t == Type::Money || t.is_open()),
            Operator::Multiply => [a, b].iter().any(|t| *t == Type::Int || t.is_open()),
            _ => false,
        };
        if fine {
            // Between currencies there is no sum.
            return Shape::maybe(Type::Money);
        }
        let message = format!("`{}` does not work on {} and {}", operator.symbol(), a.name(), b.name());
        let help = match operator {
            Operator::Divide => "`ratio(a, b, 1)` is the share of one amount in another",
            _ => "add amounts to amounts, and multiply them by whole numbers",
        };
        self.error("money.arithmetic", range, message, help);
        Shape::FAILED
    }
}
