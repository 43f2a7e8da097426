//! From the condition in `.where(|e| e.country == "US")` to the filter it is.

use model::fact;
use model::feature::{Comparison, Constant as FilterConstant, Counted, Filter};

use super::Reader;
use crate::constant::Constant;
use crate::diagnostic::Range;
use crate::tree::{Call, Expr, ExprKind, Operator};

impl Reader<'_, '_> {
    /// The condition of a `.where`.
    pub(super) fn filter_of(&mut self, step: &Call, counted: Option<Counted>) -> Option<Filter> {
        let usage = || Some("write `.where(|e| e.country == \"US\")`".to_owned());
        let arg = self.only_argument(step)?;
        let ExprKind::Closure(params, body) = &arg.kind else {
            let message = "`.where` takes a condition on the counted event".to_owned();
            self.error("where.form", arg.range, message, usage());
            return None;
        };
        // Rhai puts what a closure captures before its own parameter; the rule's constants are welcome there.
        let Some((event, captured)) = params.split_last() else {
            self.error("where.form", arg.range, "the condition names no event".to_owned(), usage());
            return None;
        };
        if let Some(name) = captured.iter().find(|name| !self.checker.constants.contains_key(*name)) {
            return self.captured(name, arg.range);
        }
        self.filter(body, event, counted?)
    }

    fn captured<T>(&mut self, name: &str, range: Range) -> Option<T> {
        if !self.checker.name(name, range).is_failed() {
            let message = format!("`{name}` is not known when the rule loads");
            let help = "`.where` compares the counted event's fields with constants".to_owned();
            self.error("where.capture", range, message, Some(help));
        }
        None
    }

    fn filter(&mut self, expr: &Expr, event: &str, counted: Counted) -> Option<Filter> {
        match &expr.kind {
            ExprKind::All(parts) => self.filters(parts, event, counted).map(Filter::All),
            ExprKind::Any(parts) => self.filters(parts, event, counted).map(Filter::Any),
            ExprKind::Not(inner) => self.filter(inner, event, counted).map(|f| Filter::Not(Box::new(f))),
            ExprKind::Binary(operator, _, left, right) => {
                self.compare(*operator, left, right, event, counted, expr.range)
            }
            _ => match event_path(expr, event) {
                // `e.mismatch` alone asks whether it is true.
                Some(path) => {
                    let (field, of) = self.path(&path, counted, expr.range)?;
                    if matches!(of, fact::Type::Bool | fact::Type::Any) {
                        let comparison = Comparison::Equal;
                        return Some(Filter::Compare(field, comparison, FilterConstant::Bool(true)));
                    }
                    self.filter_form(expr.range)
                }
                None => self.filter_form(expr.range),
            },
        }
    }

    fn filter_form<T>(&mut self, range: Range) -> Option<T> {
        let message =
            "`.where` is made of `&&`, `||`, `!` and comparisons of the event's fields with constants";
        let help = Some("write `|e| e.country == \"US\" && e.amount > money(\"5.00\", \"USD\")`".to_owned());
        self.error("where.form", range, message.to_owned(), help);
        None
    }

    fn filters(&mut self, parts: &[Expr], event: &str, counted: Counted) -> Option<Vec<Filter>> {
        let read: Vec<Option<Filter>> = parts.iter().map(|p| self.filter(p, event, counted)).collect();
        read.into_iter().collect()
    }

    fn compare(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        event: &str,
        counted: Counted,
        range: Range,
    ) -> Option<Filter> {
        let (path, field_side, constant, flipped) = match (event_path(left, event), event_path(right, event))
        {
            (Some(path), None) => (path, left, right, operator),
            (None, Some(path)) => (path, right, left, operator.flipped()),
            (Some(_), Some(_)) | (None, None) => return self.filter_form(range),
        };
        let Some(comparison) = flipped.comparison() else { return self.filter_form(range) };
        let (field, of) = self.path(&path, counted, field_side.range)?;
        let what = "what a field is compared with";
        if constant.names().contains(&event) {
            return self.not_constant(constant, what);
        }
        let value = self.constant(constant, what)?;
        match filter_constant(&value, of) {
            Some(value) => Some(Filter::Compare(field, comparison, value)),
            None => {
                let message = format!("`{path}` is {}, and this is {}", of.name(), value.type_name());
                self.wrong("where.type", constant, message, None);
                None
            }
        }
    }
}

/// `e.click.age_s` as `click.age_s`.
fn event_path(expr: &Expr, event: &str) -> Option<String> {
    match &expr.kind {
        ExprKind::Property(inner, name) => match &inner.kind {
            ExprKind::Name(root) if root == event => Some(name.text.clone()),
            _ => Some(format!("{}.{}", event_path(inner, event)?, name.text)),
        },
        _ => None,
    }
}

fn filter_constant(value: &Constant, of: fact::Type) -> Option<FilterConstant> {
    let fits = |wanted: &[fact::Type]| of == fact::Type::Any || wanted.contains(&of);
    match value {
        Constant::Unit => Some(FilterConstant::Missing),
        Constant::Bool(truth) => fits(&[fact::Type::Bool]).then_some(FilterConstant::Bool(*truth)),
        Constant::Int(number) => fits(&[fact::Type::Int]).then_some(FilterConstant::Int(*number)),
        Constant::Text(text) => fits(&[fact::Type::Text]).then(|| FilterConstant::Text(text.clone())),
        Constant::Money(amounts) => {
            fits(&[fact::Type::Money]).then(|| FilterConstant::Money(amounts.clone()))
        }
        Constant::Float(_) | Constant::Array(_) => None,
    }
}
