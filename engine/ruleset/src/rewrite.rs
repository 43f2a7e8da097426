//! From the tree that rhai parsed to the one that runs: chains that name facts and features become variables,
//! constants become literals, verdicts become calls that name their place. Positions stay as they are in the
//! source, so that a failure at run time points at the rule's own text.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "rhai's enums are open-ended; the checker refused the rest"
)]

use rhai::{ASTFlags, BinaryExpr, Dynamic, Engine, Expr, FnCallExpr, ImmutableString, Position, Stmt};
use std::collections::BTreeSet;

use crate::checked::{Checked, Instead, VerdictKind};
use crate::constant::{Constant, Constants, evaluate};
use crate::diagnostic::Place;
use crate::engine::{Amount, SINK, VERDICT};

/// Rewrites one rule for one set of dials.
pub(crate) struct Rewrite<'a> {
    pub(crate) checked: &'a Checked,
    pub(crate) constants: &'a Constants,
    /// A call of the verdict function with three and with four arguments, as rhai parses it.
    pub(crate) plain: FnCallExpr,
    pub(crate) score: FnCallExpr,
}

impl<'a> Rewrite<'a> {
    pub(crate) fn new(checked: &'a Checked, constants: &'a Constants, engine: &Engine) -> Rewrite<'a> {
        Rewrite {
            checked,
            constants,
            plain: call_of(engine, "a, b, c"),
            score: call_of(engine, "a, b, c, d"),
        }
    }

    pub(crate) fn statements(&self) -> Vec<Stmt> {
        let mut statements = self.checked.rhai.clone();
        statements.iter_mut().for_each(|s| self.statement(s));
        statements
    }

    fn block(&self, block: &mut rhai::StmtBlock) {
        block.statements_mut().iter_mut().for_each(|s| self.statement(s));
    }

    fn statement(&self, statement: &mut Stmt) {
        match statement {
            Stmt::Var(parts, flags, position) => {
                if flags.contains(ASTFlags::CONSTANT) {
                    *statement = Stmt::Noop(*position);
                    return;
                }
                // Constants are gone from the scope: what was counted from its end is found by name instead.
                parts.2 = None;
                self.expr(&mut parts.1);
            }
            Stmt::Assignment(parts) => {
                self.expr(&mut parts.1.lhs);
                self.expr(&mut parts.1.rhs);
            }
            Stmt::If(flow, _) => {
                self.expr(&mut flow.expr);
                self.block(&mut flow.body);
                self.block(&mut flow.branch);
            }
            Stmt::Switch(parts, _) => {
                self.expr(&mut parts.0);
                for case in &mut parts.1.expressions {
                    self.expr(&mut case.lhs);
                    self.expr(&mut case.rhs);
                }
            }
            Stmt::For(parts, _) => {
                self.expr(&mut parts.2.expr);
                self.block(&mut parts.2.body);
            }
            Stmt::Block(block) => self.block(block),
            Stmt::FnCall(call, position) => {
                let mut expr = Expr::FnCall(std::mem::replace(call, Box::new(self.plain.clone())), *position);
                self.expr(&mut expr);
                *statement = match expr {
                    Expr::FnCall(call, position) => Stmt::FnCall(call, position),
                    other => Stmt::Expr(Box::new(other)),
                };
            }
            Stmt::Expr(expr) => self.expr(expr),
            Stmt::Return(Some(value), ..) => self.expr(value),
            _ => {}
        }
    }

    fn expr(&self, expr: &mut Expr) {
        match expr {
            Expr::Dot(..) => self.chain(expr),
            Expr::FnCall(..) => self.call(expr),
            Expr::Variable(parts, short, position) => {
                let position = *position;
                match self.constants.get(parts.1.as_str()) {
                    Some(value) => *expr = Expr::from_dynamic(dynamic(value), position),
                    None => {
                        parts.0 = None;
                        *short = None;
                    }
                }
            }
            Expr::InterpolatedString(parts, _) | Expr::Array(parts, _) => {
                parts.iter_mut().for_each(|p| self.expr(p));
            }
            Expr::Map(parts, _) => parts.0.iter_mut().for_each(|(_, value)| self.expr(value)),
            Expr::And(parts, _) | Expr::Or(parts, _) | Expr::Coalesce(parts, _) => {
                parts.iter_mut().for_each(|p| self.expr(p));
            }
            Expr::Stmt(block) => self.block(block),
            _ => {}
        }
    }

    fn instead(&self, position: Position) -> Option<&Instead> {
        self.checked.instead.get(&place(position)?)
    }

    fn call(&self, expr: &mut Expr) {
        let Expr::FnCall(call, position) = expr else { return };
        let position = *position;
        match self.instead(position) {
            Some(Instead::Verdict { site, kind }) => *expr = self.verdict(*site, *kind, call, position),
            Some(Instead::Amount(amount)) => {
                let value = evaluate(amount, self.constants, &mut BTreeSet::new());
                *expr = Expr::from_dynamic(dynamic(&value.unwrap_or(Constant::Unit)), position);
            }
            Some(Instead::Variable { name, .. }) => *expr = variable(name, position),
            Some(Instead::AnyOf { .. }) | None => call.args.iter_mut().for_each(|a| self.expr(a)),
        }
    }

    fn verdict(&self, site: usize, kind: VerdictKind, call: &mut FnCallExpr, position: Position) -> Expr {
        let mut args: Vec<Expr> = std::mem::take(&mut call.args).into_iter().collect();
        if kind == VerdictKind::Group {
            args.remove(0);
        }
        args.iter_mut().for_each(|a| self.expr(a));
        let template = if kind == VerdictKind::Score { &self.score } else { &self.plain };
        let site = i64::try_from(site).unwrap_or(i64::MAX);
        let mut call = template.clone();
        call.args = [variable(SINK, position), Expr::IntegerConstant(site, position)]
            .into_iter()
            .chain(args)
            .collect();
        Expr::FnCall(Box::new(call), position)
    }

    fn chain(&self, expr: &mut Expr) {
        let (mut root, steps) = unchain(std::mem::take(expr));
        let position = root.start_position();
        let consumed = match self.instead(position) {
            Some(Instead::Variable { name, steps }) => {
                root = variable(name, position);
                *steps
            }
            Some(Instead::AnyOf { names, steps }) => {
                let mut any: Vec<Expr> = names.iter().map(|n| variable(n, position)).collect();
                root = match any.len() {
                    1 => any.remove(0),
                    _ => Expr::Or(Box::new(any.into_iter().collect()), position),
                };
                *steps
            }
            Some(Instead::Verdict { .. }) => {
                self.call(&mut root);
                steps.len()
            }
            Some(Instead::Amount(_)) | None => {
                self.expr(&mut root);
                0
            }
        };
        let rest = steps.into_iter().skip(consumed).map(|mut step| {
            if let Expr::MethodCall(call, _) = &mut step.expr {
                call.args.iter_mut().for_each(|a| self.expr(a));
            }
            step
        });
        *expr = rechain(root, rest.collect());
    }
}

struct Step {
    expr: Expr,
    flags: ASTFlags,
    position: Position,
}

/// The root of a chain, and its steps in the order of the text.
fn unchain(expr: Expr) -> (Expr, Vec<Step>) {
    let Expr::Dot(sides, flags, position) = expr else { return (expr, Vec::new()) };
    let BinaryExpr { lhs, rhs } = *sides;
    let (root, mut steps) = unchain(lhs);
    let (mut flags, mut position, mut rest) = (flags, position, rhs);
    loop {
        match rest {
            Expr::Dot(sides, next_flags, next_position) => {
                let BinaryExpr { lhs, rhs } = *sides;
                steps.push(Step { expr: lhs, flags, position });
                (flags, position, rest) = (next_flags, next_position, rhs);
            }
            last => {
                steps.push(Step { expr: last, flags, position });
                return (root, steps);
            }
        }
    }
}

/// The inverse: rhai nests chains to the right.
fn rechain(root: Expr, steps: Vec<Step>) -> Expr {
    let mut steps = steps.into_iter().rev();
    let Some(Step { expr: mut tail, mut flags, mut position }) = steps.next() else { return root };
    for step in steps {
        let sides = BinaryExpr { lhs: step.expr, rhs: tail };
        tail = Expr::Dot(Box::new(sides), flags, position);
        (flags, position) = (step.flags, step.position);
    }
    Expr::Dot(Box::new(BinaryExpr { lhs: root, rhs: tail }), flags, position)
}

/// Reads a variable by its name, wherever it is in the scope.
fn variable(name: &str, position: Position) -> Expr {
    Expr::Variable(Box::new((None, ImmutableString::from(name), rhai::Namespace::NONE, 0)), None, position)
}

fn call_of(engine: &Engine, args: &str) -> FnCallExpr {
    let ast = engine.compile(format!("{VERDICT}({args})")).expect("the text of a call parses");
    match ast.statements() {
        [Stmt::FnCall(call, _)] => (**call).clone(),
        [Stmt::Expr(expr)] => match &**expr {
            Expr::FnCall(call, _) => (**call).clone(),
            other => unreachable!("a call parses as a call, not as {other:?}"),
        },
        other => unreachable!("a call parses as one statement, not as {other:?}"),
    }
}

/// A constant as rhai holds it.
pub(crate) fn dynamic(value: &Constant) -> Dynamic {
    match value {
        Constant::Unit => Dynamic::UNIT,
        Constant::Bool(truth) => Dynamic::from_bool(*truth),
        Constant::Int(number) => Dynamic::from_int(*number),
        Constant::Float(number) => Dynamic::from_float(*number),
        Constant::Text(text) => Dynamic::from(ImmutableString::from(text.as_str())),
        Constant::Array(items) => Dynamic::from_array(items.iter().map(dynamic).collect()),
        Constant::Money(amounts) => Dynamic::from(Amount::of(amounts)),
    }
}

/// A position of rhai's as a place of ours.
pub(crate) fn place(position: Position) -> Option<Place> {
    let line = u32::try_from(position.line()?).ok()?;
    let column = u32::try_from(position.position().unwrap_or(1)).ok()?;
    Some(Place { line, column })
}

/// The terms of the conditions of these statements, by the place by which the checker knows them.
pub(crate) fn terms(statements: &[Stmt], found: &mut Vec<(Place, Expr)>) {
    for statement in statements {
        match statement {
            Stmt::If(flow, _) => {
                terms_of(&flow.expr, found);
                terms(flow.body.statements(), found);
                terms(flow.branch.statements(), found);
            }
            Stmt::Switch(parts, _) => {
                for case in &parts.1.expressions {
                    if let Expr::Stmt(block) = &case.rhs {
                        terms(block.statements(), found);
                    }
                }
            }
            Stmt::Block(block) => terms(block.statements(), found),
            _ => {}
        }
    }
}

fn terms_of(condition: &Expr, found: &mut Vec<(Place, Expr)>) {
    match condition {
        Expr::And(parts, _) | Expr::Or(parts, _) => parts.iter().for_each(|p| terms_of(p, found)),
        Expr::FnCall(call, _) if call.name == "!" && call.args.len() == 1 => {
            call.args.iter().for_each(|a| terms_of(a, found));
        }
        Expr::Stmt(block) => {
            if let [Stmt::Expr(inner)] = block.statements() {
                terms_of(inner, found);
            }
        }
        other => {
            if let Some(place) = place(other.start_position()) {
                found.push((place, other.clone()));
            }
        }
    }
}
