//! Calls of plain functions and methods: that they exist, take what they are given, and what they give.

use crate::check::Checker;
use crate::check::chains::squeezed;
use crate::checked::Instead;
use crate::constant;
use crate::diagnostic::{Range, did_you_mean};
use crate::tree::Call;
use crate::vocabulary::{
    self, FEATURE_STEPS, FUNCTIONS, Function, Gives, Missing, Shape, Type, VERDICT_STEPS, function_named,
};

impl Checker<'_> {
    pub(super) fn call(&mut self, call: &Call, range: Range) -> Shape {
        let name = call.name.text.as_str();
        if name == "money" {
            return self.money(call, range);
        }
        if vocabulary::VERDICTS.contains(&name) {
            self.verdicts = crate::check::Verdicts::Reachable;
            let message = format!("`{name}` is a statement of its own, not a value");
            self.error(
                "verdict.place",
                call.name.range,
                message,
                &format!("write `{name}(…);` on its own line"),
            );
            self.values(&call.args);
            return Shape::maybe(Type::Unit);
        }
        let shapes = self.values(&call.args);
        match function_named(name) {
            Some(function) => self.applied(function, &shapes, call),
            None => {
                let message = format!("there is no function `{name}`");
                let help = did_you_mean(name, &vocabulary::callable());
                self.problems.error("function.unknown", call.name.range, message, help);
                Shape::UNKNOWN
            }
        }
    }

    pub(super) fn method(&mut self, receiver: Shape, call: &Call) -> Shape {
        let name = call.name.text.as_str();
        let shapes: Vec<Shape> = std::iter::once(receiver).chain(self.values(&call.args)).collect();
        if let Some(function) = function_named(name) {
            return self.applied(function, &shapes, call);
        }
        let message = if VERDICT_STEPS.contains(&name) {
            format!("`.{name}` belongs directly behind a hold")
        } else {
            format!("there is no function `.{name}`")
        };
        let known: Vec<&str> =
            FUNCTIONS.iter().map(|f| f.name).chain(FEATURE_STEPS.iter().copied()).collect();
        self.problems.error("function.unknown", call.name.range, message, did_you_mean(name, &known));
        Shape::UNKNOWN
    }

    fn applied(&mut self, function: &Function, shapes: &[Shape], call: &Call) -> Shape {
        let (least, most) = function.arity;
        if shapes.len() < least || shapes.len() > most {
            let message = format!("`{}` takes {least} values, and here are {}", function.name, shapes.len());
            let help = match function.name {
                "ratio" => "write `ratio(part, whole, 20)`: `()` until there are 20",
                "same" => "write `same(a, b)`: false if either is missing",
                _ => "",
            };
            self.error("function.arguments", call.name.range, message, help);
        }
        let first = shapes.first().copied().unwrap_or(Shape::UNKNOWN);
        let takes = function.takes.is_empty() || function.takes.contains(&first.of);
        if !takes && !matches!(first.of, Type::Unknown | Type::Unit) {
            let wanted: Vec<&str> = function.takes.iter().map(|t| t.name()).collect();
            let message = format!(
                "`{}` works on {}, and this is {}",
                function.name,
                wanted.join(" or "),
                first.of.name()
            );
            self.error("function.type", call.name.range, message, "");
        }
        let missing = shapes.iter().fold(Missing::Never, |m, s| m.or(s.missing));
        match function.gives {
            Gives::Always(of) => Shape::always(of),
            Gives::Follows(Type::Unknown) => {
                let joined = shapes.iter().copied().reduce(Shape::join).unwrap_or(Shape::UNKNOWN);
                Shape { of: joined.of, missing }
            }
            Gives::Follows(of) => Shape { of, missing },
            Gives::Maybe(of) => Shape::maybe(of),
            Gives::SameAsFirst => first,
        }
    }

    /// An amount is known at load: it is put into the running rule as it is.
    fn money(&mut self, call: &Call, range: Range) -> Shape {
        match constant::money(call, &self.constants, &mut self.read) {
            Ok(_) => {
                let kind = crate::tree::ExprKind::Call(call.clone());
                let expr = crate::tree::Expr { kind, range };
                self.instead.insert(call.name.range.start, Instead::Amount(expr));
            }
            Err(message) => {
                let text = squeezed(self.source.slice(self.source.call(call.name.range.start)));
                let message =
                    if message.starts_with("write") { format!("`{text}` is not constant") } else { message };
                let help =
                    "write `money(\"500.00\", \"USD\")` or `money(#{USD: \"500.00\", JPY: \"75000\"})`";
                self.error("money.invalid", call.name.range, message, help);
            }
        }
        Shape::always(Type::Money)
    }
}
