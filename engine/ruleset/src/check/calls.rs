//! Calls of plain functions and methods: that they exist, take what they are given, and what they give.

use crate::check::chains::squeezed;
use crate::check::{Checker, Verdicts};
use crate::checked::Instead;
use crate::constant;
use crate::diagnostic::{Range, did_you_mean};
use crate::tree::{Call, Expr, ExprKind, Word};
use crate::vocabulary::{
    self, FEATURE_STEPS, FUNCTIONS, Function, Gives, Missing, SHARES, Shape, Type, VERDICT_STEPS,
    function_named,
};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, range: Range) -> Shape {
        let name = call.name.text.as_str();
        if name == "money" {
            return self.money(call, range);
        }
        if vocabulary::VERDICTS.contains(&name) {
            self.verdicts = Verdicts::Reachable;
            let message = format!("`{name}` is a statement of its own, not a value");
            self.error(
                "verdict.place",
                call.name.range,
                message,
                &format!("write `{name}(…);` on its own line"),
            );
            self.values(&call.args);
            return Shape::FAILED;
        }
        let Some(function) = function_named(name) else {
            self.unknown_function(&call.name);
            self.given_to_nothing(&call.args);
            return Shape::FAILED;
        };
        let shapes = self.values(&call.args);
        self.applied(function, &shapes, call)
    }

    /// What an unknown function is given has its own mistakes; a closure may be what it wants.
    fn given_to_nothing(&mut self, args: &[Expr]) {
        for arg in args {
            match &arg.kind {
                ExprKind::Closure(..) => self.mention(std::slice::from_ref(arg)),
                _ => drop(self.value(arg)),
            }
        }
    }

    pub(super) fn unknown_function(&mut self, name: &Word) {
        // It may have been meant as a verdict.
        self.verdicts = Verdicts::Reachable;
        if self.failed.contains(&name.text) {
            return;
        }
        let message = format!("there is no function `{}`", name.text);
        let help = did_you_mean(&name.text, &vocabulary::callable());
        self.problems.error("function.unknown", name.range, message, help);
    }

    pub(super) fn method(&mut self, receiver: Shape, call: &Call) -> Shape {
        let name = call.name.text.as_str();
        let of_another_chain =
            VERDICT_STEPS.contains(&name) || FEATURE_STEPS.contains(&name) || name == SHARES;
        if receiver.is_failed() && of_another_chain {
            self.mention(&call.args);
            return Shape::FAILED;
        }
        if let Some(function) = function_named(name) {
            let shapes: Vec<Shape> = std::iter::once(receiver).chain(self.values(&call.args)).collect();
            return self.applied(function, &shapes, call);
        }
        self.given_to_nothing(&call.args);
        let message = if VERDICT_STEPS.contains(&name) {
            format!("`.{name}` belongs directly behind a hold")
        } else {
            format!("there is no function `.{name}`")
        };
        let known: Vec<&str> =
            FUNCTIONS.iter().map(|f| f.name).chain(FEATURE_STEPS.iter().copied()).collect();
        self.problems.error("function.unknown", call.name.range, message, did_you_mean(name, &known));
        Shape::FAILED
    }

    fn applied(&mut self, function: &Function, shapes: &[Shape], call: &Call) -> Shape {
        let enough = self.enough(function, shapes.len(), call);
        let first = shapes.first().copied().unwrap_or(Shape::UNKNOWN);
        if !self.takes(function, first, call) || !enough {
            return Shape::FAILED;
        }
        let missing = shapes.iter().fold(Missing::Never, |m, s| m.or(s.missing));
        let given = match function.gives {
            Gives::Always(of) => Shape::always(of),
            Gives::Follows(Type::Unknown) => {
                let joined = shapes.iter().copied().reduce(Shape::join).unwrap_or(Shape::UNKNOWN);
                Shape { of: joined.of, missing }
            }
            Gives::Follows(of) => Shape { of, missing },
            Gives::Maybe(of) => Shape::maybe(of),
            Gives::SameAsFirst => first,
        };
        given.made_of(shapes)
    }

    fn enough(&mut self, function: &Function, found: usize, call: &Call) -> bool {
        let (least, most) = function.arity;
        if (least..=most).contains(&found) {
            return true;
        }
        let message = format!("`{}` takes {least} values, and here are {found}", function.name);
        let help = match function.name {
            "ratio" => "write `ratio(part, whole, 20)`: `()` until there are 20",
            "same" => "write `same(a, b)`: false if either is missing",
            _ => "",
        };
        self.error("function.arguments", call.name.range, message, help);
        false
    }

    fn takes(&mut self, function: &Function, first: Shape, call: &Call) -> bool {
        if function.takes.is_empty() || function.takes.contains(&first.of) || first.of.is_open() {
            return true;
        }
        let wanted: Vec<&str> = function.takes.iter().map(|t| t.name()).collect();
        let (name, wanted) = (function.name, wanted.join(" or "));
        let message = format!("`{name}` works on {wanted}, and this is {}", first.of.name());
        self.error("function.type", call.name.range, message, "");
        false
    }

    /// An amount is known at load: it is put into the running rule as it is.
    fn money(&mut self, call: &Call, range: Range) -> Shape {
        let Err(message) = constant::money(call, &self.constants, &mut self.read) else {
            let kind = ExprKind::Call(call.clone());
            let expr = Expr { kind, range };
            self.instead.insert(call.name.range.start, Instead::Amount(expr));
            return Shape::always(Type::Money);
        };
        if !self.values(&call.args).iter().any(|arg| arg.is_failed()) {
            let text = squeezed(self.source.slice(self.source.call(call.name.range.start)));
            let message =
                if message.starts_with("write") { format!("`{text}` is not constant") } else { message };
            let help = "write `money(\"500.00\", \"USD\")` or `money(#{USD: \"500.00\", JPY: \"75000\"})`";
            self.error("money.invalid", call.name.range, message, help);
            call.args.iter().for_each(|arg| self.blame(arg));
        }
        Shape::FAILED
    }
}
