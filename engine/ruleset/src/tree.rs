//! The tree of a rule, free of the parser's own types: what the checker reads. Every node knows its range in
//! the source; a node that no rule may use is kept as `Refused`, so that all problems are found at once.

use crate::diagnostic::Range;

/// An expression and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) range: Range,
}

#[derive(Debug, Clone)]
pub(crate) enum ExprKind {
    Unit,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    /// A text with `${…}` in it.
    Interpolated(Vec<Expr>),
    Array(Vec<Expr>),
    Map(Vec<(String, Expr)>),
    Name(String),
    Property(Box<Expr>, Word),
    Method(Box<Expr>, Call),
    Call(Call),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    /// The operator, where it stands, and its sides.
    Binary(Operator, Range, Box<Expr>, Box<Expr>),
    /// `a && b && …`
    All(Vec<Expr>),
    /// `a || b || …`
    Any(Vec<Expr>),
    /// `a ?? b ?? …`
    Either(Vec<Expr>),
    Closure(Vec<String>, Box<Expr>),
    /// `a..b` or `a..=b`
    Span(Box<Expr>, Box<Expr>),
    /// `{ … }`, `if` or `switch` as a value.
    Block(Vec<Stmt>),
    /// With the names inside it.
    Refused(Refused, Vec<String>),
}

impl Expr {
    /// The names in it: of variables, constants and functions, those that a closure captures included.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.name_into(&mut names);
        names
    }

    fn name_into<'e>(&'e self, names: &mut Vec<&'e str>) {
        match &self.kind {
            ExprKind::Unit
            | ExprKind::Bool(_)
            | ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_) => {}
            ExprKind::Name(name) => names.push(name),
            ExprKind::Interpolated(parts)
            | ExprKind::Array(parts)
            | ExprKind::All(parts)
            | ExprKind::Any(parts)
            | ExprKind::Either(parts) => parts.iter().for_each(|p| p.name_into(names)),
            ExprKind::Map(entries) => entries.iter().for_each(|(_, value)| value.name_into(names)),
            ExprKind::Property(inner, _) | ExprKind::Not(inner) | ExprKind::Negative(inner) => {
                inner.name_into(names);
            }
            ExprKind::Method(inner, call) => {
                inner.name_into(names);
                call.name_into(names);
            }
            ExprKind::Call(call) => call.name_into(names),
            ExprKind::Binary(_, _, left, right) | ExprKind::Span(left, right) => {
                left.name_into(names);
                right.name_into(names);
            }
            ExprKind::Closure(params, body) => {
                names.extend(params.iter().map(String::as_str));
                body.name_into(names);
            }
            ExprKind::Block(statements) => statements.iter().for_each(|s| s.name_into(names)),
            ExprKind::Refused(_, inside) => names.extend(inside.iter().map(String::as_str)),
        }
    }
}

impl Call {
    fn name_into<'e>(&'e self, names: &mut Vec<&'e str>) {
        names.push(&self.name.text);
        self.args.iter().for_each(|arg| arg.name_into(names));
    }
}

/// A word and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) range: Range,
}

#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) name: Word,
    pub(crate) args: Vec<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Power,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Operator {
    pub(crate) const ALL: [(&'static str, Operator); 12] = [
        ("+", Operator::Add),
        ("-", Operator::Subtract),
        ("*", Operator::Multiply),
        ("/", Operator::Divide),
        ("%", Operator::Remainder),
        ("**", Operator::Power),
        ("==", Operator::Equal),
        ("!=", Operator::NotEqual),
        ("<", Operator::Less),
        ("<=", Operator::LessOrEqual),
        (">", Operator::Greater),
        (">=", Operator::GreaterOrEqual),
    ];

    pub(crate) fn from_symbol(symbol: &str) -> Option<Operator> {
        Operator::ALL.into_iter().find(|(s, _)| *s == symbol).map(|(_, operator)| operator)
    }

    pub(crate) fn symbol(self) -> &'static str {
        Operator::ALL.into_iter().find(|(_, o)| *o == self).map_or("", |(symbol, _)| symbol)
    }

    pub(crate) const fn comparison(self) -> Option<model::feature::Comparison> {
        use model::feature::Comparison;
        match self {
            Operator::Equal => Some(Comparison::Equal),
            Operator::NotEqual => Some(Comparison::NotEqual),
            Operator::Less => Some(Comparison::Less),
            Operator::LessOrEqual => Some(Comparison::LessOrEqual),
            Operator::Greater => Some(Comparison::Greater),
            Operator::GreaterOrEqual => Some(Comparison::GreaterOrEqual),
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Power => None,
        }
    }

    /// The comparison with its sides exchanged.
    pub(crate) const fn flipped(self) -> Operator {
        match self {
            Operator::Less => Operator::Greater,
            Operator::LessOrEqual => Operator::GreaterOrEqual,
            Operator::Greater => Operator::Less,
            Operator::GreaterOrEqual => Operator::LessOrEqual,
            Operator::Add
            | Operator::Subtract
            | Operator::Multiply
            | Operator::Divide
            | Operator::Remainder
            | Operator::Power
            | Operator::Equal
            | Operator::NotEqual => self,
        }
    }
}

/// A statement and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Stmt {
    pub(crate) kind: StmtKind,
    pub(crate) range: Range,
}

#[derive(Debug, Clone)]
pub(crate) enum StmtKind {
    Nothing,
    Let(Word, Expr),
    Const(Word, Expr),
    /// The target, and the value after the operator. The value of `x += v` is `v`.
    Assign(Word, Option<Operator>, Expr),
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// What is looked at, the guards of all cases, and their bodies.
    Switch(Expr, Vec<Expr>, Vec<Expr>),
    For(Vec<String>, Expr, Vec<Stmt>),
    Block(Vec<Stmt>),
    Expr(Expr),
    /// `return`, with a value or without.
    Return(Option<Expr>),
    /// `break` or `continue` of a `for`.
    Jump,
    /// With the names inside it.
    Refused(Refused, Vec<String>),
}

impl Stmt {
    fn name_into<'e>(&'e self, names: &mut Vec<&'e str>) {
        match &self.kind {
            StmtKind::Nothing | StmtKind::Jump | StmtKind::Return(None) => {}
            StmtKind::Let(_, value)
            | StmtKind::Const(_, value)
            | StmtKind::Expr(value)
            | StmtKind::Return(Some(value)) => value.name_into(names),
            StmtKind::Assign(target, _, value) => {
                names.push(&target.text);
                value.name_into(names);
            }
            StmtKind::If(condition, then, otherwise) => {
                condition.name_into(names);
                then.iter().chain(otherwise).for_each(|s| s.name_into(names));
            }
            StmtKind::Switch(subject, guards, bodies) => {
                subject.name_into(names);
                guards.iter().chain(bodies).for_each(|e| e.name_into(names));
            }
            StmtKind::For(_, over, body) => {
                over.name_into(names);
                body.iter().for_each(|s| s.name_into(names));
            }
            StmtKind::Block(inner) => inner.iter().for_each(|s| s.name_into(names)),
            StmtKind::Refused(_, inside) => names.extend(inside.iter().map(String::as_str)),
        }
    }
}

/// What the language has and rules may not use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// `while`, `until` and `loop`.
    Loop,
    /// `fn`.
    Function,
    /// `import`, `export`, `a::b`.
    Module,
    /// `try`, `catch` and `throw`.
    Throw,
    /// `a[b]`
    Index,
    /// An assignment to anything but a variable.
    Assignment,
    /// `this`, currying and whatever else there is.
    Other,
}

impl Refused {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Refused::Loop => "loop.forbidden",
            Refused::Function => "function.forbidden",
            Refused::Module => "module.forbidden",
            Refused::Throw => "throw.forbidden",
            Refused::Index => "index.forbidden",
            Refused::Assignment => "assignment.forbidden",
            Refused::Other => "syntax.unsupported",
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Refused::Loop => "a rule may not loop without a bound",
            Refused::Function => "a rule is read from top to bottom: it has no functions of its own",
            Refused::Module => "a rule stands alone: it cannot use other modules",
            Refused::Throw => "a rule cannot raise or catch errors",
            Refused::Index => "values cannot be picked by index",
            Refused::Assignment => "only a variable of the rule can be assigned to",
            Refused::Other => "rules cannot use this",
        }
    }

    pub(crate) const fn help(self) -> &'static str {
        match self {
            Refused::Loop => "features count for you; `for x in [\"a\", \"b\"]` over a short list is fine",
            Refused::Function => "write the steps out, or use two rules",
            Refused::Module => "functions and facts are all in reach without `import` or `::`",
            Refused::Throw => "use `if`, and `return` to stop early",
            Refused::Index => "use `.contains(…)` or `in`",
            Refused::Assignment => "facts and features cannot be changed; use a `let` of your own",
            Refused::Other => "see the rule language for what a rule may contain",
        }
    }
}
