//! Chains of dots: facts (`order.click.age_s`), features, lists, and methods of values.

use crate::check::Checker;
use crate::checked::{FactUse, FeatureUse, Instead};
use crate::diagnostic::{Range, did_you_mean};
use crate::facts;
use crate::features::Reader;
use crate::tree::{Call, Expr, ExprKind, Word};
use crate::vocabulary::{self, FEATURE_STEPS, Shape, Type};

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

    fn name(&mut self, name: &str, range: Range) -> Shape {
        if let Some(local) = self.local(name) {
            local.read = true;
            return local.shape;
        }
        if let Some(value) = self.constants.get(name) {
            let shape = Self::constant_shape(value);
            self.read.insert(name.to_owned());
            return shape;
        }
        self.unknown_variable(name, range);
        Shape::UNKNOWN
    }

    pub(super) fn unknown_variable(&mut self, name: &str, range: Range) {
        let locals = self.locals.iter().map(|l| l.name.clone());
        let names: Vec<String> = locals
            .chain(self.constants.keys().cloned())
            .chain(facts::roots(&self.on).into_iter().map(str::to_owned))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let help = match name {
            "ON" | "SEVERITY" | "PUBLIC_CODE" => {
                Some("it is for the ruleset; the rule itself cannot read it".to_owned())
            }
            _ => did_you_mean(name, &names),
        };
        self.problems.error("variable.unknown", range, format!("there is no variable `{name}`"), help);
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
        let next = steps.get(names.len());
        if let Some((Step::Method(call), _)) = next
            && call.name.text == "shares"
        {
            return (self.shares(root, range, &names, call), names.len() + 1);
        }
        let whole = steps.get(names.len().saturating_sub(1)).map_or(range, |(_, range)| *range);
        if names.is_empty() {
            let message = format!("`{root}` alone is not a value");
            self.error(
                "field.missing",
                range,
                message,
                &format!("name one of its facts, such as `{root}.amount`"),
            );
            return (Shape::UNKNOWN, 0);
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
        (Shape::UNKNOWN, names.len())
    }

    /// `creator.shares("payment", "address")`: whether any of them is the creator's own.
    fn shares(&mut self, root: &str, range: Range, names: &[&str], call: &Call) -> Shape {
        let known = model::admitted::Shares::NAMES;
        let mut variables = Vec::new();
        for arg in &call.args {
            let ExprKind::Text(what) = &arg.kind else {
                let message = "`shares` takes names in quotes".to_owned();
                self.error("shares.arguments", arg.range, message, &format!("one of {}", known.join(", ")));
                continue;
            };
            if !known.contains(&what.as_str()) {
                let message = format!("a creator has no own `{what}` to share");
                self.problems.error("shares.arguments", arg.range, message, did_you_mean(what, &known));
                continue;
            }
            let path = [names, &[&format!("shares_{what}")]].concat().join(".");
            match facts::find(&self.on, root, &path) {
                Ok(found) => {
                    let name = format!("{root}.{path}");
                    self.facts.insert(name.clone(), FactUse { fields: found.fields });
                    variables.push(name);
                }
                Err((message, help)) => self.problems.error("field.unknown", call.name.range, message, help),
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
        }
        let steps = names.len() + 1;
        self.instead.insert(range.start, Instead::AnyOf { names: variables, steps });
        Shape::always(Type::Bool)
    }

    /// `min` and `max` are plain functions too: a feature names a kind first.
    fn is_feature(&self, call: &Call, steps: &[(Step<'_>, Range)]) -> bool {
        let name = call.name.text.as_str();
        let grouped = steps.iter().any(|(step, _)| match step {
            Step::Method(method) => FEATURE_STEPS.contains(&method.name.text.as_str()),
            Step::Property(_) => false,
        });
        let named = matches!(call.args.first(), Some(Expr { kind: ExprKind::Text(_), .. }));
        vocabulary::FEATURES.contains(&name)
            && (grouped || named || vocabulary::function_named(name).is_none())
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
        let mut reader = Reader {
            on: &self.on,
            constants: &self.constants,
            longest_window: self.around.longest_window,
            problems: self.problems,
            used: std::collections::BTreeSet::new(),
        };
        let read = reader.read(root, &own, range);
        let used = reader.used;
        self.fix(used);
        // A variable that must not stand there is used all the same.
        for arg in own.iter().flat_map(|step| &step.args).chain(&root.args) {
            let names: &[String] = match &arg.kind {
                ExprKind::Name(name) => std::slice::from_ref(name),
                ExprKind::Closure(params, _) => params,
                _ => &[],
            };
            for name in names {
                if let Some(local) = self.local(name) {
                    local.read = true;
                }
            }
        }
        let Some((feature, shape)) = read else {
            return (Shape::UNKNOWN, own.len());
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
        let mut used = std::collections::BTreeSet::new();
        let name = match call.args.as_slice() {
            [arg] => crate::constant::evaluate(arg, &self.constants, &mut used),
            _ => None,
        };
        self.fix(used);
        let Some(crate::constant::Constant::Text(name)) = name else {
            let message = "`list` takes the name of a list".to_owned();
            self.error(
                "list.arguments",
                call.name.range,
                message,
                "write `list(\"shared_networks\").contains(order.ip)`",
            );
            return Shape::always(Type::List);
        };
        let Some(list) = self.around.lists.get(name.as_str()) else {
            let names: Vec<&str> = self.around.lists.keys().map(String::as_str).collect();
            let range = call.args.first().map_or(call.name.range, |a| a.range);
            let help = did_you_mean(&name, &names).or_else(|| Some(format!("add the file lists/{name}.txt")));
            self.problems.error("list.unknown", range, format!("there is no list `{name}`"), help);
            return Shape::always(Type::List);
        };
        let variable = format!("list.{name}");
        self.lists.insert(variable.clone(), std::sync::Arc::clone(list));
        self.instead.insert(call.name.range.start, Instead::Variable { name: variable, steps: 0 });
        Shape::always(Type::List)
    }

    fn property(&mut self, receiver: Shape, name: &Word) -> Shape {
        if name.text == "len" && matches!(receiver.of, Type::Text | Type::Array | Type::Unknown) {
            return Shape { of: Type::Int, missing: receiver.missing };
        }
        let message = format!("{} has no `.{}`", receiver.of.name(), name.text);
        self.error("property.unknown", name.range, message, "");
        Shape::UNKNOWN
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
