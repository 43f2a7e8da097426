//! A rule that is sure to exceed its budget: loops within loops go through every combination. What is counted is the
//! least that a loop costs, one operation a statement; only what is certain is an error.

use model::limit::OPERATIONS_PER_RULE;

use crate::constant::{Constant, Constants};
use crate::diagnostic::{Problems, Range};
use crate::tree::{Expr, ExprKind, Stmt, StmtKind};

/// Finds the loops that fail whenever they are reached.
pub(super) fn check(statements: &[Stmt], constants: &Constants, problems: &mut Problems) {
    for (range, operations) in too_long(statements, constants) {
        let message = format!(
            "this loop takes at least {operations} operations, and a rule has {OPERATIONS_PER_RULE}: it would fail \
             whenever it came here"
        );
        let help = "go through fewer values, or let a feature count".to_owned();
        problems.error("loop.budget", range, message, Some(help));
    }
}

/// The outermost loops that cost more than a rule may spend, with what they cost.
fn too_long(statements: &[Stmt], constants: &Constants) -> Vec<(Range, u64)> {
    let mut found = Vec::new();
    for statement in statements {
        match &statement.kind {
            StmtKind::For(_, over, _) if least(statement, constants) > OPERATIONS_PER_RULE => {
                found.push((over.range, least(statement, constants)));
            }
            StmtKind::For(_, _, body) | StmtKind::Block(body) => found.extend(too_long(body, constants)),
            StmtKind::If(_, then, otherwise) => {
                found.extend(too_long(then, constants));
                found.extend(too_long(otherwise, constants));
            }
            StmtKind::Switch(_, _, bodies) => {
                let arms = bodies.iter().filter_map(block);
                found.extend(arms.flat_map(|arm| too_long(arm, constants)));
            }
            StmtKind::Nothing
            | StmtKind::Let(..)
            | StmtKind::Const(..)
            | StmtKind::Assign(..)
            | StmtKind::Expr(_)
            | StmtKind::Return(_)
            | StmtKind::Jump
            | StmtKind::Refused(..) => {}
        }
    }
    found
}

fn block(expr: &Expr) -> Option<&[Stmt]> {
    if let ExprKind::Block(statements) = &expr.kind { Some(statements) } else { None }
}

/// The least that a statement costs, in operations.
fn least(statement: &Stmt, constants: &Constants) -> u64 {
    let all = |statements: &[Stmt]| {
        statements.iter().map(|inner| least(inner, constants)).fold(0, u64::saturating_add)
    };
    match &statement.kind {
        StmtKind::Nothing | StmtKind::Refused(..) => 0,
        StmtKind::For(_, _, body) if body.iter().any(may_leave) => 1,
        StmtKind::For(_, over, body) => steps(over, constants).saturating_mul(all(body)).saturating_add(1),
        StmtKind::If(_, then, otherwise) => all(then).min(all(otherwise)).saturating_add(1),
        StmtKind::Block(body) => all(body),
        StmtKind::Let(..)
        | StmtKind::Const(..)
        | StmtKind::Assign(..)
        | StmtKind::Switch(..)
        | StmtKind::Expr(_)
        | StmtKind::Return(_)
        | StmtKind::Jump => 1,
    }
}

/// Whether a loop around it may end early.
fn may_leave(statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Jump | StmtKind::Return(_) => true,
        StmtKind::If(_, then, otherwise) => then.iter().chain(otherwise).any(may_leave),
        StmtKind::For(_, _, body) | StmtKind::Block(body) => body.iter().any(may_leave),
        StmtKind::Switch(_, _, bodies) => bodies.iter().filter_map(block).flatten().any(may_leave),
        StmtKind::Nothing
        | StmtKind::Let(..)
        | StmtKind::Const(..)
        | StmtKind::Assign(..)
        | StmtKind::Expr(_)
        | StmtKind::Refused(..) => false,
    }
}

/// How many values a loop goes through, as far as that is known.
fn steps(over: &Expr, constants: &Constants) -> u64 {
    match &over.kind {
        ExprKind::Array(items) => items.len() as u64,
        ExprKind::Name(name) => match constants.get(name) {
            Some(Constant::Array(items)) => items.len() as u64,
            Some(_) | None => 0,
        },
        ExprKind::Span(from, to) => {
            let length =
                whole(to, constants).zip(whole(from, constants)).map(|(to, from)| to.saturating_sub(from));
            length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0)
        }
        _ => 0,
    }
}

fn whole(expr: &Expr, constants: &Constants) -> Option<i64> {
    match &expr.kind {
        ExprKind::Int(number) => Some(*number),
        ExprKind::Name(name) => match constants.get(name) {
            Some(Constant::Int(number)) => Some(*number),
            Some(_) | None => None,
        },
        _ => None,
    }
}
