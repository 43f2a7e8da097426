//! Verdict calls: which may stand where, what they are given, and how long a hold lasts.

use model::Span;
use model::fact::Subject;
use model::feature::{Aggregate, Counted};
use model::hit::Until;

use crate::check::chains::{Root, Step, flatten};
use crate::check::known::Known;
use crate::check::{Checker, MayReject, Verdicts};
use crate::checked::{Instead, Shown, Site, VerdictKind};
use crate::constant::Constant;
use crate::diagnostic::{Range, did_you_mean};
use crate::tree::{Call, Expr, ExprKind};
use crate::vocabulary::{Type, VERDICT_STEPS, VERDICTS};

impl Checker<'_> {
    /// Reads a statement that is a verdict; false when it is something else.
    pub(super) fn verdict_statement(&mut self, expr: &Expr) -> bool {
        let (root, steps) = flatten(expr);
        let Root::Call(call) = root else { return false };
        if !VERDICTS.contains(&call.name.text.as_str()) {
            return false;
        }
        self.verdicts = match (self.verdicts, self.never) {
            (_, 0) | (Verdicts::Reachable, _) => Verdicts::Reachable,
            (Verdicts::None | Verdicts::Unreachable, _) => Verdicts::Unreachable,
        };
        let until = self.until(call, &steps);
        let site = self.site(call, until);
        self.allowed_here(call);
        if let Some(site) = site {
            let kind = match site {
                Site::Score => VerdictKind::Score,
                Site::HoldAllOf(..) => VerdictKind::Group,
                Site::Hold(_) | Site::HoldCreator(_) | Site::Flag | Site::Invalidate | Site::Reject => {
                    VerdictKind::Plain
                }
            };
            self.instead.insert(call.name.range.start, Instead::Verdict { site: self.sites.len(), kind });
            self.sites.push(site);
        }
        true
    }

    fn site(&mut self, call: &Call, until: Until) -> Option<Site> {
        let (plain, usage) = match call.name.text.as_str() {
            "score" => (false, "score(30, \"why\")"),
            "hold_all_of" => (false, "hold_all_of(orders, \"why\")"),
            _ => (true, "(\"why\")"),
        };
        let wanted = if plain { 1 } else { 2 };
        if call.args.len() != wanted {
            let name = &call.name.text;
            let usage = if plain { format!("{name}{usage}") } else { usage.to_owned() };
            let found = call.args.len();
            let message = format!(
                "`{name}` takes {wanted} argument{}, and here are {found}",
                if plain { "" } else { "s" }
            );
            self.error("verdict.arguments", call.name.range, message, &format!("write `{usage}`"));
            self.values(&call.args);
            return None;
        }
        if let Some(reason) = call.args.last() {
            let shape = self.value(reason);
            if !matches!(shape.of, Type::Text | Type::Unknown | Type::Failed) {
                let message = format!("a reason is a text, and this is {}", shape.of.name());
                self.error(
                    "verdict.reason",
                    reason.range,
                    message,
                    "say why in words: `\"5 orders in 10 minutes\"`",
                );
            }
        }
        match call.name.text.as_str() {
            "hold" => Some(Site::Hold(until)),
            "hold_creator" => Some(Site::HoldCreator(until)),
            "flag" => Some(Site::Flag),
            "invalidate" => Some(Site::Invalidate),
            "reject" => Some(Site::Reject),
            "score" => self.score(call).then_some(Site::Score),
            _ => self.group(call).map(|feature| Site::HoldAllOf(feature, until)),
        }
    }

    fn score(&mut self, call: &Call) -> bool {
        let Some(points) = call.args.first() else { return false };
        let shape = self.value(points);
        if shape.of != Type::Int && !shape.of.is_open() {
            let message = format!("points are a whole number, and this is {}", shape.of.name());
            self.error("score.points", points.range, message, "write `score(30, \"why\")`");
            return false;
        }
        true
    }

    /// The feature that a group hold names: a variable that holds one count of orders, and nothing else.
    fn group(&mut self, call: &Call) -> Option<usize> {
        let argument = call.args.first()?;
        if self.value(argument).is_failed() {
            return None;
        }
        let shown = match &argument.kind {
            ExprKind::Name(name) => self.local(name).and_then(|local| local.origin.clone()),
            _ => None,
        };
        if let Some(Shown::Feature(index)) = shown
            && let Some(used) = self.features.get_mut(index)
            && used.feature.counted == Counted::Order
            && used.feature.aggregate == Aggregate::Count
        {
            used.holds = true;
            return Some(index);
        }
        let message =
            "`hold_all_of` needs to know which orders: a `let` of one `count(\"order\")`".to_owned();
        let help = "write `let orders = count(\"order\").by(…).within(…);` and `hold_all_of(orders, …)`";
        self.error("hold_all_of.feature", argument.range, message, help);
        None
    }

    fn allowed_here(&mut self, call: &Call) {
        let click = self.on.contains(&Subject::Click);
        let only_clicks = click && self.on.len() == 1;
        let range = call.name.range;
        match call.name.text.as_str() {
            "invalidate" if !only_clicks && !self.on.is_empty() => {
                let message = "only a click can be invalidated".to_owned();
                self.error(
                    "invalidate.place",
                    range,
                    message,
                    "use `const ON = \"click\";`, or `hold` or `flag` here",
                );
            }
            "score" if click => {
                let message =
                    "a click has no score: points are added up over the rules of an order".to_owned();
                self.error("score.place", range, message, "use `flag` or `invalidate` for clicks");
            }
            "hold" | "reject" if click => {
                let message = format!("a click has no commission to {}", call.name.text);
                self.error(
                    "hold.place",
                    range,
                    message,
                    "use `flag`, `invalidate` or `hold_creator` for clicks",
                );
            }
            "reject" if self.around.may_reject == MayReject::No => {
                let message = "this rule may not reject".to_owned();
                let help = "add `may_reject = true` to the rule in ruleset.toml, or use `hold`";
                self.error("reject.forbidden", range, message, help);
            }
            _ => {}
        }
    }

    fn until(&mut self, call: &Call, steps: &[(Step<'_>, Range)]) -> Until {
        let holds = call.name.text.starts_with("hold");
        let mut until = None;
        for (step, range) in steps {
            let step = match step {
                Step::Method(step) => *step,
                Step::Property(word) => {
                    self.error("verdict.step", word.range, format!("a verdict has no `.{}`", word.text), "");
                    continue;
                }
            };
            let said = match step.name.text.as_str() {
                _ if !holds && VERDICT_STEPS.contains(&step.name.text.as_str()) => {
                    let message = format!("`{}` has no length: only holds do", call.name.text);
                    self.error("verdict.step", step.name.range, message, "");
                    self.mention(&step.args);
                    continue;
                }
                "lasting" => self.lasting(step).map(Until::Lasting),
                "until_reviewed" => self.reviewed(step),
                other => {
                    let message = format!("a verdict has no `.{other}`");
                    self.problems.error(
                        "verdict.step",
                        step.name.range,
                        message,
                        did_you_mean(other, VERDICT_STEPS),
                    );
                    self.mention(&step.args);
                    continue;
                }
            };
            if until.is_some() {
                let message = "a hold has one length".to_owned();
                self.error(
                    "verdict.step",
                    *range,
                    message,
                    "keep one of `.lasting(…)` and `.until_reviewed()`",
                );
            }
            until = until.or(said);
        }
        until.unwrap_or(Until::Default)
    }

    fn reviewed(&mut self, step: &Call) -> Option<Until> {
        if let Some(arg) = step.args.first() {
            self.error("verdict.step", arg.range, "`.until_reviewed()` takes nothing".to_owned(), "");
            self.mention(&step.args);
        }
        Some(Until::Reviewed)
    }

    fn lasting(&mut self, step: &Call) -> Option<Span> {
        let [argument] = step.args.as_slice() else {
            self.error(
                "lasting.invalid",
                step.name.range,
                "`.lasting` takes one time".to_owned(),
                "write `.lasting(\"7d\")`",
            );
            self.mention(&step.args);
            return None;
        };
        let text = match self.fixed(argument) {
            Known::Value(Constant::Text(text)) => text,
            Known::Failed => return None,
            Known::Value(_) | Known::No => {
                let message = "how long a hold lasts must be constant".to_owned();
                self.error("lasting.not_constant", argument.range, message, "write `.lasting(\"7d\")`");
                return None;
            }
        };
        let Some(span) = Span::parse(&text).filter(|s| *s > Span::ZERO) else {
            let message = format!("`{text}` is not a time");
            self.error(
                "lasting.invalid",
                argument.range,
                message,
                "write a whole number and a unit: \"12h\", \"7d\"",
            );
            self.blame(argument);
            return None;
        };
        if span > self.around.longest_hold {
            let message = format!("{span} is longer than {}, the longest hold", self.around.longest_hold);
            self.error(
                "lasting.too_long",
                argument.range,
                message,
                "shorten it, or raise `longest_hold` in ruleset.toml",
            );
            self.blame(argument);
        }
        Some(span)
    }
}
