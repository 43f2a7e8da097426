//! Statements: what they declare, what they need, and which conditions decide about them.

use crate::check::Checker;
use crate::check::known::Known;
use crate::checked::{Instead, Shown};
use crate::constant::Constant;
use crate::diagnostic::Range;
use crate::tree::{Expr, ExprKind, Operator, Refused, Stmt, StmtKind, Word};
use crate::vocabulary::{HEADER, Shape, Type};

/// Longest list or range that a `for` may go through.
const FOR_STEPS_MAX: i64 = 256;

impl Checker<'_> {
    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Shape {
        let mut last = Shape::maybe(Type::Unit);
        for statement in statements {
            last = self.statement(statement);
        }
        last
    }

    pub(super) fn block(&mut self, statements: &[Stmt]) -> Shape {
        let length = self.locals.len();
        self.depth += 1;
        let shape = self.statements(statements);
        self.depth -= 1;
        self.close_scope(length);
        shape
    }

    fn statement(&mut self, statement: &Stmt) -> Shape {
        match &statement.kind {
            StmtKind::Nothing | StmtKind::Jump => {}
            StmtKind::Let(name, value) => self.let_statement(name, value),
            StmtKind::Const(name, defined) => self.const_statement(name, defined),
            StmtKind::Assign(name, operator, value) => self.assignment(name, *operator, value),
            StmtKind::If(condition, then, otherwise) => return self.if_statement(condition, then, otherwise),
            StmtKind::Switch(subject, guards, bodies) => return self.switch(subject, guards, bodies),
            StmtKind::For(names, over, body) => self.for_statement(names, over, body),
            StmtKind::Block(inner) => return self.block(inner),
            StmtKind::Expr(expr) => return self.expression_statement(expr),
            StmtKind::Return(value) => {
                if let Some(value) = value {
                    self.expression_statement(value);
                }
            }
            StmtKind::Refused(what, names) => self.refused(*what, names, statement.range),
        }
        Shape::maybe(Type::Unit)
    }

    pub(super) fn refused(&mut self, what: Refused, names: &[String], range: Range) {
        self.error(what.code(), range, what.message().to_owned(), what.help());
        self.used(names.iter().map(String::as_str));
    }

    fn const_statement(&mut self, name: &Word, defined: &Expr) {
        if self.depth > 0 {
            return self.misplaced(name, defined);
        }
        // What the header says, and what is defined twice, was reported when the constants were read.
        if HEADER.contains(&name.text.as_str()) {
            self.mention(std::slice::from_ref(defined));
        } else if self.failed.contains(&name.text)
            && let Known::No = self.known(defined)
        {
            let message =
                "a constant is a literal, an amount, or whole numbers added and multiplied".to_owned();
            self.error("const.value", defined.range, message, "use `let` for what depends on the event");
        }
    }

    fn misplaced(&mut self, name: &Word, defined: &Expr) {
        let known = self.constants.contains_key(&name.text) || HEADER.contains(&name.text.as_str());
        if !known {
            let message = format!("the constant `{}` does not stand at the top of the rule", name.text);
            self.error("const.place", name.range, message, "move it to the other constants, or use `let`");
            self.failed.insert(name.text.clone());
        }
        self.mention(std::slice::from_ref(defined));
    }

    fn let_statement(&mut self, name: &Word, value: &Expr) {
        let shape = self.value(value);
        let origin = self.origin_of(value);
        if let Some(Shown::Feature(index)) = &origin
            && let Some(feature) = self.features.get_mut(*index)
        {
            feature.name.get_or_insert_with(|| name.text.clone());
        }
        if self.depth == 0
            && let Some(shown) = &origin
        {
            self.evidence.push((model::Text::new(&name.text), shown.clone()));
        }
        self.declare(&name.text, name.range, shape, origin);
    }

    /// What a variable shows as evidence: a feature, a ratio of two, or a number of the record.
    fn origin_of(&mut self, value: &Expr) -> Option<Shown> {
        if let Some(instead) = self.instead.get(&value.range.start) {
            return match (instead, &value.kind) {
                (Instead::Variable { name, steps }, ExprKind::Method(..) | ExprKind::Property(..)) => {
                    (crate::check::chains::steps_of(value) == *steps).then(|| name.clone()).and_then(|name| {
                        let feature = self.features.iter().position(|f| f.variable == name);
                        feature.map(Shown::Feature).or_else(|| self.number_fact(&name))
                    })
                }
                _ => None,
            };
        }
        let ExprKind::Call(call) = &value.kind else { return None };
        match (call.name.text.as_str(), call.args.as_slice()) {
            ("ratio", [a, b, _]) => {
                let mut feature = |expr: &Expr| match self.origin_of_operand(expr) {
                    Some(Shown::Feature(index)) => Some(index),
                    _ => None,
                };
                Some(Shown::Ratio(feature(a)?, feature(b)?))
            }
            _ => None,
        }
    }

    fn origin_of_operand(&mut self, expr: &Expr) -> Option<Shown> {
        match &expr.kind {
            ExprKind::Name(name) => self.local(name)?.origin.clone(),
            _ => self.origin_of(expr),
        }
    }

    fn number_fact(&self, variable: &str) -> Option<Shown> {
        let (root, path) = variable.split_once('.')?;
        let found = crate::facts::find(&self.on, root, path).ok()?;
        matches!(found.shape.of, Type::Int | Type::Money).then(|| Shown::Fact(variable.to_owned()))
    }

    fn assignment(&mut self, name: &Word, operator: Option<Operator>, value: &Expr) {
        let given = self.value(value);
        let known = self.constants.contains_key(&name.text);
        let Some(local) = self.local(&name.text) else {
            if known {
                let message = format!("`{}` is a constant and cannot change", name.text);
                self.error("assignment.constant", name.range, message, "use a `let` of another name");
                self.read.insert(name.text.clone());
            } else {
                self.unknown_variable(&name.text, name.range);
            }
            return;
        };
        local.origin = None;
        let shape = local.shape;
        let result = match operator {
            None => given,
            Some(operator) => self.arithmetic(operator, shape, given, name.range.to(value.range)),
        };
        let name_text = model::Text::new(&name.text);
        self.evidence.retain(|(shown, _)| *shown != name_text);
        if let Some(local) = self.local(&name.text) {
            local.shape = shape.join(result);
        }
    }

    fn if_statement(&mut self, condition: &Expr, then: &[Stmt], otherwise: &[Stmt]) -> Shape {
        let never = self.condition(condition);
        self.never += u32::from(never);
        let a = self.block(then);
        self.never -= u32::from(never);
        let b = self.block(otherwise);
        a.join(b)
    }

    fn switch(&mut self, subject: &Expr, guards: &[Expr], bodies: &[Expr]) -> Shape {
        self.value(subject);
        for guard in guards.iter().filter(|g| !matches!(g.kind, ExprKind::Bool(true))) {
            self.condition(guard);
        }
        let shapes: Vec<Shape> = bodies.iter().map(|body| self.arm(body)).collect();
        shapes.into_iter().fold(Shape::maybe(Type::Unit), Shape::join)
    }

    fn arm(&mut self, body: &Expr) -> Shape {
        match &body.kind {
            ExprKind::Block(statements) => self.block(statements),
            _ => self.expression_statement(body),
        }
    }

    fn for_statement(&mut self, names: &[String], over: &Expr, body: &[Stmt]) {
        let item = self.loop_item(over);
        let length = self.locals.len();
        for (at, name) in names.iter().enumerate() {
            let shape = if at == 0 { item } else { Shape::always(Type::Int) };
            self.declare(name, over.range, shape, None);
            if let Some(local) = self.locals.last_mut() {
                local.read = true;
            }
        }
        self.block(body);
        self.close_scope(length);
    }

    /// A loop goes through a short list or range that is known at load; anything else could stall.
    fn loop_item(&mut self, over: &Expr) -> Shape {
        let shape = match &over.kind {
            ExprKind::Array(items) => self.joined(items),
            ExprKind::Span(from, to) => self.counter(from, to),
            _ => match self.known(over) {
                Known::Value(Constant::Array(items)) => {
                    items.iter().map(Self::constant_shape).reduce(Shape::join).or(Some(Shape::UNKNOWN))
                }
                Known::Failed => Some(Shape::FAILED),
                Known::Value(_) | Known::No => None,
            },
        };
        shape.unwrap_or_else(|| {
            let message =
                format!("a `for` goes through a literal list, or a range of at most {FOR_STEPS_MAX}");
            let help = "write the values out: `for x in [\"a\", \"b\"]`";
            self.error("loop.forbidden", over.range, message, help);
            Shape::FAILED
        })
    }

    fn joined(&mut self, items: &[Expr]) -> Option<Shape> {
        self.values(items).into_iter().reduce(Shape::join).or(Some(Shape::UNKNOWN))
    }

    fn counter(&mut self, from: &Expr, to: &Expr) -> Option<Shape> {
        match (self.known(from), self.known(to)) {
            (Known::Value(Constant::Int(a)), Known::Value(Constant::Int(b))) => {
                (b.saturating_sub(a) <= FOR_STEPS_MAX).then_some(Shape::always(Type::Int))
            }
            (Known::Failed, _) | (_, Known::Failed) => Some(Shape::FAILED),
            (Known::Value(_) | Known::No, _) => None,
        }
    }

    pub(super) fn expression_statement(&mut self, expr: &Expr) -> Shape {
        if self.verdict_statement(expr) {
            return Shape::maybe(Type::Unit);
        }
        self.value(expr)
    }
}
