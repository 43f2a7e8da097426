//! Chains of dots: facts (`order.click.age_s`), features, lists, and methods of values.

use crate::check::Checker;
use crate::check::features::Reader;
use crate::check::known::Known;
use crate::checked::{FactUse, FeatureUse, Instead};
use crate::constant::Constant;
use crate::diagnostic::{Range, did_you_mean, nearest};
use crate::facts;
use crate::tree::{Call, Expr, ExprKind, Word};
use crate::vocabulary::{self, FEATURE_STEPS, SHARES, Shape, Type};

/// What begins a chain.
pub(super) enum Root<'e> {
    Name(&'e str, Range),
    Call(&'e Call),
    Other(&'e Expr),
}

/// What follows in a chain.
pub(super) enum Step<'e> {
    Property(&'e Word),
    Method(&'e Call),
}

/// A chain from its root on, and the end of each step's text.
pub(super) fn flatten(expr: &Expr) -> (Root<'_>, Vec<(Step<'_>, Range)>) {
    let mut steps = Vec::new();
    let mut at = expr;
    loop {
        match &at.kind {
            ExprKind::Property(inner, name) => {
                steps.push((Step::Property(name), at.range));
                at = inner;
            }
            ExprKind::Method(inner, call) => {
                steps.push((Step::Method(call), at.range));
                at = inner;
            }
            _ => break,
        }
    }
    steps.reverse();
    let root = match &at.kind {
        ExprKind::Name(name) => Root::Name(name, at.range),
        ExprKind::Call(call) => Root::Call(call),
        _ => Root::Other(at),
    };
    (root, steps)
}

/// How many steps a chain has.
pub(super) fn steps_of(expr: &Expr) -> usize {
    flatten(expr).1.len()
}

impl Checker<'_> {
    /// A chain, a call or a name.
    pub(super) fn chain(&mut self, expr: &Expr) -> Shape {
        let (root, steps) = flatten(expr);
        let (shape, consumed) = match root {
            Root::Name(name, range) if self.is_root(name) => self.fact(name, range, &steps),
            Root::Name(name, range) => (self.name(name, range), 0),
            Root::Call(call) if self.is_feature(call, &steps) => self.feature(call, &steps, expr),
            Root::Call(call) if call.name.text == "list" => (self.list(call), 0),
            Root::Call(call) => (self.call(call, root_range(call)), 0),
            Root::Other(inner) => (self.value(inner), 0),
        };
        let mut shape = shape;
        for (step, _) in steps.get(consumed..).unwrap_or(&[]) {
            shape = match step {
                Step::Property(name) => self.property(shape, name),
                Step::Method(call) => self.method(shape, call),
            };
        }
        shape
    }

    fn is_root(&mut self, name: &str) -> bool {
        vocabulary::ROOTS.contains(&name) && self.local(name).is_none()
    }

    /// A fact: the longest run of properties that names one.
    fn fact(&mut self, root: &str, range: Range, steps: &[(Step<'_>, Range)]) -> (Shape, usize) {
        let mut names: Vec<&str> = Vec::new();
        for (step, _) in steps {
            match step {
                Step::Property(name) => names.push(&name.text),
                Step::Method(_) => break,
            }
        }
        let whole = steps.get(names.len().saturating_sub(1)).map_or(range, |(_, range)| *range);
        if !self.sees(root, whole) {
            return (Shape::FAILED, names.len());
        }
        if let Some((Step::Method(call), _)) = steps.get(names.len())
            && vocabulary::function_named(&call.name.text).is_none()
            && nearest(&call.name.text, [SHARES]).is_some()
        {
            return (self.shares(root, range, &names, call), names.len() + 1);
        }
        if names.is_empty() {
            return (Shape::FAILED, self.alone(root, range, steps.first()));
        }
        let mut problem = None;
        for length in (1..=names.len()).rev() {
            let path = names.get(..length).unwrap_or(&[]).join(".");
            match facts::find(&self.on, root, &path) {
                Ok(found) => {
                    let name = format!("{root}.{path}");
                    self.facts.insert(name.clone(), FactUse { fields: found.fields });
                    self.instead.insert(range.start, Instead::Variable { name, steps: length });
                    return (found.shape, length);
                }
                Err(not_found) => problem = problem.or(Some(not_found)),
            }
        }
        if let Some((message, help)) = problem {
            self.problems.error("field.unknown", whole, message, help);
        }
        (Shape::FAILED, names.len())
    }

    /// A root without a fact; how many of the steps behind it are dealt with.
    fn alone(&mut self, root: &str, range: Range, next: Option<&(Step<'_>, Range)>) -> usize {
        let message = format!("`{root}` alone is not a value");
        let Some((Step::Method(call), whole)) = next else {
            self.error(
                "field.missing",
                range,
                message,
                &format!("name one of its facts, such as `{root}.amount`"),
            );
            return 0;
        };
        let name = call.name.text.as_str();
        match facts::find(&self.on, root, name) {
            Ok(_) => {
                let message = format!("`{root}.{name}` is a fact, not a function");
                self.error("field.call", *whole, message, &format!("write `{root}.{name}`"));
            }
            Err((_, help)) => self.problems.error("field.missing", range, message, help),
        }
        self.mention(&call.args);
        1
    }

    /// Whether the rule's records have this root; where they lack it is said once.
    fn sees(&mut self, root: &str, range: Range) -> bool {
        let Err((message, help)) = facts::has_root(&self.on, root) else { return true };
        if self.failed.insert(root.to_owned()) {
            self.used_if_near(root);
            self.problems.error("field.unknown", range, message, help);
        }
        false
    }

    /// `creator.shares("payment", "address")`: whether any of them is the creator's own.
    fn shares(&mut self, root: &str, range: Range, names: &[&str], call: &Call) -> Shape {
        if call.name.text != SHARES {
            let message = format!("there is no function `.{}`", call.name.text);
            let help = did_you_mean(&call.name.text, &[SHARES]);
            self.problems.error("function.unknown", call.name.range, message, help);
        }
        let mut variables = Vec::new();
        for arg in &call.args {
            match self.shared(root, names, call, arg) {
                Some(variable) => variables.push(variable),
                None => return Shape::FAILED,
            }
        }
        if call.args.is_empty() {
            let message = "`shares` needs to know what".to_owned();
            self.error(
                "shares.arguments",
                call.name.range,
                message,
                "write `shares(\"payment\", \"address\")`",
            );
            return Shape::FAILED;
        }
        let steps = names.len() + 1;
        self.instead.insert(range.start, Instead::AnyOf { names: variables, steps });
        if call.name.text == SHARES { Shape::always(Type::Bool) } else { Shape::FAILED }
    }

    /// The variable that says whether one of the creator's own is shared.
    fn shared(&mut self, root: &str, names: &[&str], call: &Call, arg: &Expr) -> Option<String> {
        let known = model::admitted::Shares::NAMES;
        let ExprKind::Text(what) = &arg.kind else {
            let message = "`shares` takes names in quotes".to_owned();
            self.error("shares.arguments", arg.range, message, &format!("one of {}", known.join(", ")));
            self.mention(&call.args);
            return None;
        };
        if !known.contains(&what.as_str()) {
            let message = format!("a creator has no own `{what}` to share");
            self.problems.error("shares.arguments", arg.range, message, did_you_mean(what, &known));
            return None;
        }
        let path = [names, &[&format!("shares_{what}")]].concat().join(".");
        match facts::find(&self.on, root, &path) {
            Ok(found) => {
                let name = format!("{root}.{path}");
                self.facts.insert(name.clone(), FactUse { fields: found.fields });
                Some(name)
            }
            Err((message, help)) => {
                self.problems.error("field.unknown", call.name.range, message, help);
                None
            }
        }
    }

    /// `min` and `max` are plain functions too: a feature names a kind first. A misspelt feature is known by its
    /// steps.
    fn is_feature(&self, call: &Call, steps: &[(Step<'_>, Range)]) -> bool {
        let name = call.name.text.as_str();
        let grouped = steps.iter().any(|(step, _)| match step {
            Step::Method(method) => FEATURE_STEPS.contains(&method.name.text.as_str()),
            Step::Property(_) => false,
        });
        let named = matches!(call.args.first(), Some(Expr { kind: ExprKind::Text(_), .. }));
        match vocabulary::FEATURES.contains(&name) {
            true => grouped || named || vocabulary::function_named(name).is_none(),
            false => grouped && !vocabulary::callable().contains(&name),
        }
    }

    fn feature(&mut self, root: &Call, steps: &[(Step<'_>, Range)], expr: &Expr) -> (Shape, usize) {
        let mut own: Vec<&Call> = Vec::new();
        for (step, _) in steps {
            match step {
                // A misspelt step is read as one of the feature's, to be reported as that.
                Step::Method(call) if vocabulary::function_named(&call.name.text).is_none() => own.push(call),
                Step::Method(_) | Step::Property(_) => break,
            }
        }
        let range = own.len().checked_sub(1).and_then(|last| steps.get(last)).map_or_else(
            || root_range(root).to(root.args.last().map_or(root.name.range, |a| a.range)),
            |(_, range)| *range,
        );
        let Some((feature, shape)) = Reader { checker: self }.read(root, &own, range) else {
            return (Shape::FAILED, own.len());
        };
        let known = self.features.iter().position(|f| f.feature == feature);
        let variable = match known.and_then(|at| self.features.get(at)) {
            Some(known) => known.variable.clone(),
            None => {
                let variable = format!("#{}", self.features.len());
                let text = squeezed(self.source.slice(range));
                self.features.push(FeatureUse {
                    feature,
                    variable: variable.clone(),
                    text,
                    name: None,
                    holds: false,
                });
                variable
            }
        };
        self.instead.insert(expr.range.start, Instead::Variable { name: variable, steps: own.len() });
        (shape, own.len())
    }

    fn list(&mut self, call: &Call) -> Shape {
        let name = match call.args.as_slice() {
            [arg] => self.fixed(arg),
            several => {
                self.mention(several);
                Known::No
            }
        };
        match name {
            Known::Value(Constant::Text(name)) => self.list_named(&name, call),
            Known::Failed => Shape::FAILED,
            Known::Value(_) | Known::No => {
                let message = "`list` takes the name of a list".to_owned();
                let help = "write `list(\"shared_networks\").contains(order.ip)`";
                self.error("list.arguments", call.name.range, message, help);
                Shape::FAILED
            }
        }
    }

    fn list_named(&mut self, name: &str, call: &Call) -> Shape {
        let variable = format!("list.{name}");
        let Some(list) = self.around.lists.get(name) else {
            if self.failed.insert(variable) {
                let names: Vec<&str> = self.around.lists.keys().map(String::as_str).collect();
                let range = call.args.first().map_or(call.name.range, |a| a.range);
                let help =
                    did_you_mean(name, &names).or_else(|| Some(format!("add the file lists/{name}.txt")));
                self.problems.error("list.unknown", range, format!("there is no list `{name}`"), help);
                call.args.iter().for_each(|arg| self.blame(arg));
            }
            return Shape::FAILED;
        };
        self.lists.insert(variable.clone(), std::sync::Arc::clone(list));
        self.instead.insert(call.name.range.start, Instead::Variable { name: variable, steps: 0 });
        Shape::always(Type::List)
    }

    fn property(&mut self, receiver: Shape, name: &Word) -> Shape {
        if name.text == "len" && matches!(receiver.of, Type::Text | Type::Array | Type::Unknown) {
            return Shape { of: Type::Int, missing: receiver.missing };
        }
        if !receiver.is_failed() {
            let message = format!("{} has no `.{}`", receiver.of.name(), name.text);
            self.error("property.unknown", name.range, message, "");
        }
        Shape::FAILED
    }
}

/// A call's own range: from its name.
pub(super) fn root_range(call: &Call) -> Range {
    call.name.range
}

/// A text on one line.
pub(super) fn squeezed(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().concat()
}
