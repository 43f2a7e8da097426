//! Text in, tree out. Rhai's own parser reads the text; its tree is kept beside ours, because it is what runs.
//!
//! Rhai's node types are open-ended: whatever is not named here is refused, never guessed at.

#![expect(clippy::wildcard_enum_match_arm, reason = "rhai's enums are open-ended; the rest is refused")]

use std::collections::BTreeMap;

use rhai::{ASTFlags, ASTNode, Engine, OptimizationLevel, ParseErrorType, Position};

use crate::diagnostic::{Place, Problems, Range};
use crate::rewrite::place;
use crate::source::Source;
use crate::tree::{Call, Expr, ExprKind, Operator, Refused, Stmt, StmtKind, Word};

/// Longest rule, in bytes: rhai counts lines and columns in 16 bits.
pub(crate) const RULE_BYTES_MAX: usize = 65_000;
/// Deepest nesting of a rule's text, in levels.
const NESTING_MAX: usize = 48;
/// A rule's text as rhai parsed it, and our tree of it.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) statements: Vec<Stmt>,
    /// Rhai's statements, not yet optimised.
    pub(crate) rhai: Vec<rhai::Stmt>,
    /// The lines of the `//!` comments, without their leaders.
    pub(crate) doc: Vec<String>,
    /// The functions that it defines, all of them refused.
    pub(crate) functions: Vec<String>,
}

/// Parses a rule; on a syntax error, which rhai's parser finds only the first of, says it and gives `None`.
pub(crate) fn parse(source: &Source<'_>, problems: &mut Problems) -> Option<Parsed> {
    if source.text.len() > RULE_BYTES_MAX {
        let message = format!("a rule has at most {RULE_BYTES_MAX} bytes");
        problems.error("rule.too_long", Range::TOP, message, Some("move long lists to `lists/`".to_owned()));
        return None;
    }
    let mut engine = Engine::new_raw();
    engine
        .set_optimization_level(OptimizationLevel::None)
        .set_max_expr_depths(NESTING_MAX, NESTING_MAX)
        .set_max_string_size(crate::engine::STRING_BYTES_MAX)
        .set_max_array_size(crate::engine::ARRAY_ENTRIES_MAX)
        .set_max_map_size(crate::engine::MAP_ENTRIES_MAX);
    if let Some(at) = crate::nesting::too_deep(source) {
        let message = "this statement goes on for too long".to_owned();
        problems.error("syntax.too_long", at, message, Some("split it with `let`".to_owned()));
        return None;
    }
    match engine.compile(source.text) {
        Err(error) => {
            let rhai::ParseError(kind, position) = error;
            syntax_error(source, problems, &kind, position);
            None
        }
        Ok(ast) => {
            let lowering = Lowering { source, functions: ast.shared_lib(), bodies: bodies(&ast) };
            let written = ast.iter_functions().filter(|f| !f.name.starts_with("anon$"));
            let functions: Vec<String> = written.map(|f| f.name.to_owned()).collect();
            let inside = names_in_functions(&ast);
            let refused = functions.iter().map(|name| lowering.refused_function(name, inside.clone()));
            let statements = refused.chain(lowering.block(ast.statements())).collect();
            let doc = ast.doc().lines().map(|l| l.trim_start_matches("//!").trim().to_owned()).collect();
            Some(Parsed { statements, rhai: ast.statements().to_vec(), doc, functions })
        }
    }
}

/// The names inside something that is refused.
fn names_in(node: ASTNode<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut note = |path: &[ASTNode<'_>]| {
        names.extend(path.last().and_then(name_of));
        true
    };
    match node {
        ASTNode::Stmt(statement) => statement.walk(&mut Vec::new(), &mut note),
        ASTNode::Expr(expr) => expr.walk(&mut Vec::new(), &mut note),
        _ => true,
    };
    names
}

/// The names inside functions, whose bodies a walk reaches behind the statements of the text.
fn names_in_functions(ast: &rhai::AST) -> Vec<String> {
    let (mut names, mut seen) = (Vec::new(), 0);
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        seen += usize::from(path.len() == 1);
        if seen > ast.statements().len() {
            names.extend(path.last().and_then(name_of));
        }
        true
    });
    names
}

fn name_of(node: &ASTNode<'_>) -> Option<String> {
    match node {
        ASTNode::Expr(rhai::Expr::Variable(parts, ..)) => Some(parts.1.to_string()),
        ASTNode::Stmt(rhai::Stmt::FnCall(call, _)) | ASTNode::Expr(rhai::Expr::FnCall(call, _)) => {
            Some(call.name.to_string())
        }
        _ => None,
    }
}

/// The bodies of closures by their position: the only way in which rhai hands them out.
fn bodies(ast: &rhai::AST) -> BTreeMap<Position, rhai::Stmt> {
    let mut found = BTreeMap::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(statement)] = path {
            found.insert(statement.position(), (*statement).clone());
        }
        true
    });
    found
}

fn syntax_error(source: &Source<'_>, problems: &mut Problems, kind: &ParseErrorType, position: Position) {
    let range = match place(position) {
        Some(start) if source.offset(start) < source.text.trim_end().len() => source.token(start),
        _ => source.end(),
    };
    let token = source.slice(range);
    let (message, help) = match kind {
        ParseErrorType::UnexpectedEOF => {
            ("the text ends in the middle of a statement".to_owned(), Some("is a `}` or `)` missing?"))
        }
        ParseErrorType::MissingToken(missing, purpose) => {
            (format!("`{missing}` is missing {purpose}"), help_before(missing))
        }
        ParseErrorType::Reserved(word) => {
            (format!("`{word}` cannot be used here"), Some("choose another name"))
        }
        ParseErrorType::AssignmentToConstant(name) => {
            (format!("`{name}` is a constant and cannot change"), Some("use `let` and another name"))
        }
        ParseErrorType::ExprTooDeep => {
            ("this is nested too deeply".to_owned(), Some("give parts of it a name with `let`"))
        }
        ParseErrorType::VariableExpected => ("a name is expected here".to_owned(), None),
        ParseErrorType::LoopBreak => ("`break` and `continue` belong inside a `for`".to_owned(), None),
        other => (format!("{other}").to_lowercase_first(), None),
    };
    let message = if token.is_empty() || token.contains('\n') {
        message
    } else {
        format!("{message}, at `{}`", token.chars().take(40).collect::<String>())
    };
    problems.error("syntax", range, message, help.map(str::to_owned));
}

fn help_before(missing: &str) -> Option<&'static str> {
    match missing {
        ";" => Some("end the statement before this with `;`"),
        ")" | "}" | "]" => Some("close what was opened before this"),
        _ => None,
    }
}

trait LowercaseFirst {
    fn to_lowercase_first(&self) -> String;
}

impl LowercaseFirst for String {
    fn to_lowercase_first(&self) -> String {
        let mut chars = self.chars();
        chars.next().map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
    }
}

struct Lowering<'a> {
    source: &'a Source<'a>,
    functions: &'a rhai::Module,
    bodies: BTreeMap<Position, rhai::Stmt>,
}

impl Lowering<'_> {
    fn block(&self, statements: &[rhai::Stmt]) -> Vec<Stmt> {
        statements.iter().map(|s| self.statement(s)).collect()
    }

    fn token(&self, position: Position) -> Range {
        place(position).map_or(Range::TOP, |at| self.source.token(at))
    }

    fn word(&self, text: &str, position: Position) -> Word {
        Word { text: text.to_owned(), range: self.token(position) }
    }

    fn refused_function(&self, name: &str, names: Vec<String>) -> Stmt {
        let at = self.source.text.find(&format!("fn {name}")).unwrap_or(0);
        let range = self.source.range(at, at + 2);
        Stmt { kind: StmtKind::Refused(Refused::Function, names), range }
    }

    fn statement(&self, statement: &rhai::Stmt) -> Stmt {
        use rhai::Stmt as S;
        let range = self.token(statement.position());
        let refused = |what| StmtKind::Refused(what, names_in(statement.into()));
        let kind = match statement {
            S::Noop(_) | S::Share(_) => StmtKind::Nothing,
            S::Var(parts, flags, _) => match flags.contains(ASTFlags::EXPORTED) {
                true => refused(Refused::Module),
                false => self.variable(&parts.0, &parts.1, *flags),
            },
            S::Assignment(parts) => self.assignment(&parts.0, &parts.1).unwrap_or_else(refused),
            S::If(flow, _) => StmtKind::If(
                self.expr(&flow.expr),
                self.block(flow.body.statements()),
                self.block(flow.branch.statements()),
            ),
            S::Switch(parts, _) => {
                let cases = &parts.1.expressions;
                StmtKind::Switch(
                    self.expr(&parts.0),
                    cases.iter().map(|case| self.expr(&case.lhs)).collect(),
                    cases.iter().map(|case| self.expr(&case.rhs)).collect(),
                )
            }
            S::For(parts, _) => {
                let (name, counter, flow) = &**parts;
                let names = std::iter::once(name).chain(counter).map(|n| n.name.to_string()).collect();
                StmtKind::For(names, self.expr(&flow.expr), self.block(flow.body.statements()))
            }
            S::FnCall(call, position) => StmtKind::Expr(self.call(call, *position)),
            S::Expr(expr) => StmtKind::Expr(self.expr(expr)),
            S::Block(block) => StmtKind::Block(self.block(block.statements())),
            S::Return(_, flags, _) if flags.contains(ASTFlags::BREAK) => refused(Refused::Throw),
            S::Return(value, _, _) => StmtKind::Return(value.as_ref().map(|v| self.expr(v))),
            S::BreakLoop(..) => StmtKind::Jump,
            S::While(..) | S::Do(..) => refused(Refused::Loop),
            S::TryCatch(..) => refused(Refused::Throw),
            S::Import(..) | S::Export(..) => refused(Refused::Module),
            _ => refused(Refused::Other),
        };
        let range = match &kind {
            StmtKind::Expr(expr) => expr.range,
            _ => range,
        };
        Stmt { kind, range }
    }

    fn variable(&self, name: &rhai::Ident, value: &rhai::Expr, flags: ASTFlags) -> StmtKind {
        let word = self.word(&name.name, name.pos);
        let value = match value {
            // `let x;` has a value without a place.
            rhai::Expr::Unit(position) if position.is_none() => {
                Expr { kind: ExprKind::Unit, range: word.range }
            }
            other => self.expr(other),
        };
        if flags.contains(ASTFlags::CONSTANT) {
            StmtKind::Const(word, value)
        } else {
            StmtKind::Let(word, value)
        }
    }

    fn assignment(
        &self,
        operator: &rhai::OpAssignment,
        sides: &rhai::BinaryExpr,
    ) -> Result<StmtKind, Refused> {
        let rhai::Expr::Variable(parts, _, position) = &sides.lhs else {
            return Err(Refused::Assignment);
        };
        let operator = match operator.get_op_assignment_info() {
            None => None,
            Some((.., symbol)) => match Operator::from_symbol(symbol) {
                Some(operator) => Some(operator),
                None => return Err(Refused::Other),
            },
        };
        Ok(StmtKind::Assign(self.word(&parts.1, *position), operator, self.expr(&sides.rhs)))
    }

    fn expr(&self, expr: &rhai::Expr) -> Expr {
        use rhai::Expr as E;
        let at = self.token(expr.start_position());
        let refused = |what| (ExprKind::Refused(what, names_in(expr.into())), at);
        let (kind, range) = match expr {
            E::Unit(_) => (ExprKind::Unit, at),
            E::BoolConstant(value, _) => (ExprKind::Bool(*value), at),
            E::IntegerConstant(value, _) => (ExprKind::Int(*value), self.number(at)),
            E::FloatConstant(value, _) => (ExprKind::Float(**value), self.number(at)),
            E::CharConstant(value, _) => (ExprKind::Text(value.to_string()), at),
            E::StringConstant(value, _) => (ExprKind::Text(value.to_string()), at),
            E::InterpolatedString(parts, _) => {
                (ExprKind::Interpolated(parts.iter().map(|p| self.expr(p)).collect()), at)
            }
            E::Array(items, _) => (
                ExprKind::Array(items.iter().map(|i| self.expr(i)).collect()),
                self.source.bracketed(at.start),
            ),
            E::Map(parts, _) => {
                let entries = parts.0.iter().map(|(name, value)| (name.name.to_string(), self.expr(value)));
                (ExprKind::Map(entries.collect()), self.source.bracketed(at.start))
            }
            E::Variable(parts, ..) if !parts.2.is_empty() => refused(Refused::Module),
            E::Variable(parts, ..) => (ExprKind::Name(parts.1.to_string()), at),
            E::And(parts, _) => self.joined(parts, ExprKind::All),
            E::Or(parts, _) => self.joined(parts, ExprKind::Any),
            E::Coalesce(parts, _) => self.joined(parts, ExprKind::Either),
            E::FnCall(call, position) => return self.call(call, *position),
            E::Dot(sides, ..) => return self.chain(self.expr(&sides.lhs), &sides.rhs),
            E::DynamicConstant(value, _) => return self.function_pointer(value, at),
            E::Index(..) => refused(Refused::Index),
            E::Stmt(block) => return self.block_value(block.statements(), at),
            _ => refused(Refused::Other),
        };
        Expr { kind, range }
    }

    /// Rhai folds a minus into the number: the token is then the minus alone.
    fn number(&self, at: Range) -> Range {
        if self.source.slice(at) == "-" {
            let next = Place { line: at.end.line, column: at.end.column };
            at.to(self.source.token(next))
        } else {
            at
        }
    }

    fn joined(&self, parts: &[rhai::Expr], kind: fn(Vec<Expr>) -> ExprKind) -> (ExprKind, Range) {
        let parts: Vec<Expr> = parts.iter().map(|p| self.expr(p)).collect();
        let range = parts.iter().map(|p| p.range).reduce(Range::to).unwrap_or(Range::TOP);
        (kind(parts), range)
    }

    /// A block that only holds an expression is that expression. A closure that captures something stands in a
    /// block of its own, behind the statement that shares what it captures.
    fn block_value(&self, statements: &[rhai::Stmt], at: Range) -> Expr {
        let mut lowered = self.block(statements);
        lowered.retain(|s| !matches!(s.kind, StmtKind::Nothing));
        match lowered.pop() {
            Some(Stmt { kind: StmtKind::Expr(expr), .. }) if lowered.is_empty() => expr,
            last => {
                lowered.extend(last);
                Expr { kind: ExprKind::Block(lowered), range: at }
            }
        }
    }

    /// `a.b.c()` nests to the right in rhai's tree and to the left in ours.
    fn chain(&self, receiver: Expr, step: &rhai::Expr) -> Expr {
        use rhai::Expr as E;
        match step {
            E::Dot(sides, ..) => self.chain(self.chain(receiver, &sides.lhs), &sides.rhs),
            E::Property(parts, position) => {
                let name = self.word(&parts.2, *position);
                let range = receiver.range.to(name.range);
                Expr { kind: ExprKind::Property(Box::new(receiver), name), range }
            }
            E::MethodCall(call, position) => {
                let name = self.word(&call.name, *position);
                let range = receiver.range.to(self.source.call(name.range.start));
                let args = call.args.iter().map(|a| self.expr(a)).collect();
                Expr { kind: ExprKind::Method(Box::new(receiver), Call { name, args }), range }
            }
            _ => {
                let names = receiver.names().into_iter().map(str::to_owned).chain(names_in(step.into()));
                Expr { kind: ExprKind::Refused(Refused::Index, names.collect()), range: receiver.range }
            }
        }
    }

    fn call(&self, call: &rhai::FnCallExpr, position: Position) -> Expr {
        let at = self.token(position);
        if call.is_qualified() {
            let names = call.args.iter().flat_map(|arg| names_in(arg.into())).collect();
            return Expr { kind: ExprKind::Refused(Refused::Module, names), range: at };
        }
        match (call.name.as_str(), &*call.args) {
            ("curry", [first, ..]) => self.expr(first),
            ("!", [inner]) => {
                let inner = self.expr(inner);
                let range = at.to(inner.range);
                Expr { kind: ExprKind::Not(Box::new(inner)), range }
            }
            ("-", [inner]) => {
                let inner = self.expr(inner);
                let range = at.to(inner.range);
                Expr { kind: ExprKind::Negative(Box::new(inner)), range }
            }
            ("contains", [list, item]) if matches!(self.source.slice(at), "in" | "!in") => {
                let args = vec![self.expr(list), self.expr(item)];
                let range = args.iter().map(|a| a.range).fold(at, Range::to);
                let name = Word { text: "contains".to_owned(), range: at };
                Expr { kind: ExprKind::Call(Call { name, args }), range }
            }
            (symbol, [left, right]) if call.is_operator_call() => {
                let (left, right) = (Box::new(self.expr(left)), Box::new(self.expr(right)));
                let range = left.range.to(right.range);
                let kind = match (symbol, Operator::from_symbol(symbol)) {
                    (_, Some(operator)) => ExprKind::Binary(operator, at, left, right),
                    (".." | "..=", None) => ExprKind::Span(left, right),
                    _ => {
                        let names = left.names().into_iter().chain(right.names()).map(str::to_owned);
                        ExprKind::Refused(Refused::Other, names.collect())
                    }
                };
                Expr { kind, range }
            }
            (name, args) => {
                let name = self.word(name, position);
                let range = self.source.call(name.range.start);
                let args = args.iter().map(|a| self.expr(a)).collect();
                Expr { kind: ExprKind::Call(Call { name, args }), range }
            }
        }
    }

    /// A closure is a constant that points to a function of the script.
    fn function_pointer(&self, value: &rhai::Dynamic, at: Range) -> Expr {
        match value.read_lock::<rhai::FnPtr>() {
            Some(pointer) => self.closure(pointer.fn_name(), at),
            None => Expr { kind: ExprKind::Refused(Refused::Other, Vec::new()), range: at },
        }
    }

    fn closure(&self, name: &str, at: Range) -> Expr {
        let function = self.functions.iter_script_fn_info().find(|(_, _, n, ..)| *n == name).map(|f| f.4);
        let body = function.and_then(|f| self.bodies.get(&f.body.start_position()).zip(Some(f)));
        let Some((rhai::Stmt::Expr(body), function)) = body else {
            return Expr { kind: ExprKind::Refused(Refused::Function, Vec::new()), range: at };
        };
        let body = self.expr(body);
        let params = function.params.iter().map(ToString::to_string).collect();
        Expr { kind: ExprKind::Closure(params, Box::new(body)), range: at }
    }
}
