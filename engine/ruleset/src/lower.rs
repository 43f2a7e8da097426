//! From a checked rule to a small tree that is evaluated without rhai, for what most rules are made of: `let`,
//! `if`, comparisons, whole numbers and fractions, texts, lists and verdicts. What is not among it is not
//! lowered, and the whole rule runs on rhai, which is the reference.

use model::feature::Slot;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::checked::{Checked, Instead, VerdictKind};
use crate::constant::{Constant, Constants, evaluate};
use crate::diagnostic::Place;
use crate::list::List;
use crate::tree::{Call, Expr, ExprKind, Operator, Stmt, StmtKind};

/// Most variables of a lowered rule.
pub(crate) const LOCALS_MAX: usize = 24;
/// Most nodes: rhai, which counts at most a few operations a node, would not exceed its budget either.
const NODES_MAX: usize = 1_500;

/// A lowered rule.
#[derive(Debug)]
pub(crate) struct Lowered {
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) enum Step {
    Set(usize, Node),
    If(Node, Vec<Step>, Vec<Step>),
    /// Which call, its points and its reason.
    Say(usize, Option<Node>, Vec<Node>),
    Return,
}

#[derive(Debug)]
pub(crate) enum Node {
    Constant(Constant),
    /// The fact's place among the rule's facts.
    Fact(usize),
    Feature(Slot),
    Local(usize),
    Not(Box<Node>),
    All(Vec<Node>),
    Any(Vec<Node>),
    Either(Vec<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Ratio(Box<[Node; 3]>),
    Same(Box<[Node; 2]>),
    Question(Question, Box<[Node; 2]>),
    Listed(Arc<List>, Box<Node>),
}

/// A question to a text or a list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    Contains,
    StartsWith,
    EndsWith,
}

impl Question {
    fn from_name(name: &str) -> Option<Question> {
        match name {
            "contains" => Some(Question::Contains),
            "starts_with" => Some(Question::StartsWith),
            "ends_with" => Some(Question::EndsWith),
            _ => None,
        }
    }
}

/// Lowers a rule for one set of dials; nothing when some of it cannot be.
pub(crate) fn lower(
    checked: &Checked,
    constants: &Constants,
    slots: &BTreeMap<String, Slot>,
) -> Option<Lowered> {
    let facts = checked.facts.keys().map(String::as_str).collect();
    let mut lowering = Lowering { checked, constants, slots, facts, locals: Vec::new(), used: 0, nodes: 0 };
    let steps = lowering.block(&checked.statements)?;
    Some(Lowered { steps })
}

struct Lowering<'a> {
    checked: &'a Checked,
    constants: &'a Constants,
    slots: &'a BTreeMap<String, Slot>,
    facts: Vec<&'a str>,
    /// The variables in reach and their places.
    locals: Vec<(&'a str, usize)>,
    used: usize,
    nodes: usize,
}

impl<'a> Lowering<'a> {
    fn block(&mut self, statements: &'a [Stmt]) -> Option<Vec<Step>> {
        let length = self.locals.len();
        let mut steps = Vec::new();
        for statement in statements {
            steps.extend(self.statement(statement)?);
        }
        self.locals.truncate(length);
        Some(steps)
    }

    fn statement(&mut self, statement: &'a Stmt) -> Option<Option<Step>> {
        Some(Some(match &statement.kind {
            StmtKind::Nothing | StmtKind::Const(..) => return Some(None),
            StmtKind::Let(name, value) => {
                let value = self.node(value)?;
                let place = self.used;
                self.used += 1;
                self.locals.push((&name.text, place));
                (self.used <= LOCALS_MAX).then_some(Step::Set(place, value))?
            }
            StmtKind::Assign(name, operator, value) => {
                let place = self.local(&name.text)?;
                let value = self.node(value)?;
                let value = match operator {
                    None => value,
                    Some(operator) => Node::Binary(*operator, Box::new(Node::Local(place)), Box::new(value)),
                };
                Step::Set(place, value)
            }
            StmtKind::If(condition, then, otherwise) => {
                Step::If(self.node(condition)?, self.block(then)?, self.block(otherwise)?)
            }
            StmtKind::Expr(expr) => self.verdict(expr)?,
            StmtKind::Return(None) => Step::Return,
            StmtKind::Return(Some(_))
            | StmtKind::Switch(..)
            | StmtKind::For(..)
            | StmtKind::Block(_)
            | StmtKind::Jump
            | StmtKind::Refused(..) => return None,
        }))
    }

    /// Only verdicts stand as statements; what follows one was read when it was checked.
    fn verdict(&mut self, expr: &'a Expr) -> Option<Step> {
        let call = root_call(expr)?;
        let Some(Instead::Verdict { site, kind }) = self.instead(call.name.range.start) else { return None };
        let (site, kind) = (*site, *kind);
        let points = match kind {
            VerdictKind::Score => Some(self.node(call.args.first()?)?),
            VerdictKind::Plain | VerdictKind::Group => None,
        };
        let reason = call.args.last()?;
        let pieces = if let ExprKind::Interpolated(parts) = &reason.kind {
            self.nodes(parts)?
        } else if let ExprKind::Text(text) = &reason.kind {
            vec![Node::Constant(Constant::Text(text.into()))]
        } else {
            return None;
        };
        Some(Step::Say(site, points, pieces))
    }

    fn instead(&self, place: Place) -> Option<&'a Instead> {
        self.checked.instead.get(&place)
    }

    fn local(&self, name: &str) -> Option<usize> {
        self.locals.iter().rev().find(|(local, _)| *local == name).map(|(_, place)| *place)
    }

    fn boxed(&mut self, expr: &'a Expr) -> Option<Box<Node>> {
        self.node(expr).map(Box::new)
    }

    fn nodes(&mut self, exprs: &'a [Expr]) -> Option<Vec<Node>> {
        exprs.iter().map(|e| self.node(e)).collect()
    }

    fn node(&mut self, expr: &'a Expr) -> Option<Node> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return None;
        }
        Some(match &expr.kind {
            ExprKind::Unit
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Array(_) => Node::Constant(evaluate(expr, self.constants, &mut BTreeSet::new())?),
            ExprKind::Name(name) => match self.local(name) {
                Some(place) => Node::Local(place),
                None => Node::Constant(self.constants.get(name)?.clone()),
            },
            ExprKind::Not(inner) => Node::Not(self.boxed(inner)?),
            ExprKind::Negative(inner) => Node::Negative(self.boxed(inner)?),
            ExprKind::All(parts) => Node::All(self.nodes(parts)?),
            ExprKind::Any(parts) => Node::Any(self.nodes(parts)?),
            ExprKind::Either(parts) => Node::Either(self.nodes(parts)?),
            ExprKind::Binary(operator, _, left, right) => {
                Node::Binary(*operator, self.boxed(left)?, self.boxed(right)?)
            }
            ExprKind::Property(..) | ExprKind::Method(..) => self.chain(expr)?,
            ExprKind::Call(call) => self.call(call)?,
            ExprKind::Interpolated(_)
            | ExprKind::Map(_)
            | ExprKind::Closure(..)
            | ExprKind::Span(..)
            | ExprKind::Block(_)
            | ExprKind::Refused(..) => return None,
        })
    }

    /// A fact, a feature or a list, alone or asked one question.
    fn chain(&mut self, expr: &'a Expr) -> Option<Node> {
        let (start, steps) = extent(expr);
        match self.instead(start) {
            Some(Instead::Variable { name, steps: own }) if *own == steps => return self.variable(name),
            Some(Instead::AnyOf { names, steps: own }) if *own == steps => {
                let any = names.iter().map(|name| self.variable(name)).collect::<Option<_>>()?;
                return Some(Node::Any(any));
            }
            _ => {}
        }
        let ExprKind::Method(receiver, call) = &expr.kind else { return None };
        let [argument] = call.args.as_slice() else { return None };
        self.question(&call.name.text, receiver, argument)
    }

    fn question(&mut self, name: &str, receiver: &'a Expr, argument: &'a Expr) -> Option<Node> {
        let question = Question::from_name(name)?;
        if let Some(list) = self.list(receiver) {
            return (question == Question::Contains).then_some(Node::Listed(list, self.boxed(argument)?));
        }
        Some(Node::Question(question, Box::new([self.node(receiver)?, self.node(argument)?])))
    }

    fn list(&self, expr: &Expr) -> Option<Arc<List>> {
        let ExprKind::Call(call) = &expr.kind else { return None };
        match self.instead(call.name.range.start) {
            Some(Instead::Variable { name, steps: 0 }) => self.checked.lists.get(name).cloned(),
            _ => None,
        }
    }

    fn variable(&self, name: &str) -> Option<Node> {
        if let Some(slot) = self.slots.get(name) {
            return Some(Node::Feature(*slot));
        }
        self.facts.binary_search(&name).ok().map(Node::Fact)
    }

    fn call(&mut self, call: &'a Call) -> Option<Node> {
        if let Some(Instead::Amount(amount)) = self.instead(call.name.range.start) {
            return Some(Node::Constant(evaluate(amount, self.constants, &mut BTreeSet::new())?));
        }
        match (call.name.text.as_str(), call.args.as_slice()) {
            ("ratio", [a, b, c]) => {
                Some(Node::Ratio(Box::new([self.node(a)?, self.node(b)?, self.node(c)?])))
            }
            ("same", [a, b]) => Some(Node::Same(Box::new([self.node(a)?, self.node(b)?]))),
            (name, [receiver, argument]) => self.question(name, receiver, argument),
            _ => None,
        }
    }
}

/// Where a chain begins, and how many steps it has.
fn extent(expr: &Expr) -> (Place, usize) {
    let mut at = expr;
    let mut steps = 0;
    while let ExprKind::Property(inner, _) | ExprKind::Method(inner, _) = &at.kind {
        at = inner;
        steps += 1;
    }
    (at.range.start, steps)
}

fn root_call(expr: &Expr) -> Option<&Call> {
    let mut at = expr;
    while let ExprKind::Method(inner, _) = &at.kind {
        at = inner;
    }
    if let ExprKind::Call(call) = &at.kind { Some(call) } else { None }
}
