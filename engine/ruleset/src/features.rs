//! From a chain of calls (`count("order").by("ip").within("10m")`) to the feature it names.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever has not the form that is read is reported")]

mod filter;

use model::fact::{self, Field, Subject};
use model::feature::{Aggregate, Counted, Feature, Filter};
use model::{Span, Text};
use std::collections::BTreeSet;

use crate::constant::{Constant, Constants, evaluate};
use crate::diagnostic::{Problems, Range, did_you_mean, nearest};
use crate::facts;
use crate::tree::{Call, Expr};
use crate::vocabulary::{Shape, Type};

/// What a feature is read against.
pub(crate) struct Reader<'a> {
    pub(crate) on: &'a BTreeSet<Subject>,
    pub(crate) constants: &'a Constants,
    pub(crate) longest_window: Span,
    pub(crate) problems: &'a mut Problems,
    /// The constants that features need.
    pub(crate) used: BTreeSet<String>,
}

/// What was said of a feature so far.
#[derive(Default)]
struct Said {
    by: Option<Vec<Field>>,
    filter: Option<Filter>,
    window: Option<Span>,
    at_least: Option<u32>,
}

impl Reader<'_> {
    /// Reads a chain; whatever is wrong with it becomes problems, and there is no feature.
    pub(crate) fn read(&mut self, root: &Call, steps: &[&Call], range: Range) -> Option<(Feature, Shape)> {
        let cohort = root.name.text == "refund_ratio";
        let head = if cohort { self.cohort(root) } else { self.head(root) };
        let mut said = Said::default();
        let mut fine = true;
        // Without a head the steps are still read against something, so that one slip does not hide others.
        let counted = head.as_ref().map(|(counted, ..)| *counted);
        for step in steps {
            fine &= self.step(step, counted, cohort, &mut said).is_some();
        }
        let missing = self.missing_step(steps, cohort, range);
        let (counted, aggregate, shape) = head?;
        if !fine || missing {
            return None;
        }
        let aggregate = match aggregate {
            Aggregate::RefundRatio { .. } => Aggregate::RefundRatio { at_least: said.at_least? },
            other => other,
        };
        let feature = Feature { counted, aggregate, by: said.by?, filter: said.filter, window: said.window? };
        Some((feature, shape))
    }

    /// Steps that are not there at all; one that is there and wrong was reported as that.
    fn missing_step(&mut self, steps: &[&Call], cohort: bool, range: Range) -> bool {
        let (needed, example): (&[(&str, &str)], &str) = if cohort {
            let needed = &[("by", "by(…)"), ("over", "over(\"30d\")"), ("at_least", "at_least(20)")];
            (needed, "refund_ratio().by(\"creator_id\").over(\"30d\").at_least(20)")
        } else {
            (&[("by", "by(…)"), ("within", "within(\"24h\")")], "count(\"order\").by(\"ip\").within(\"10m\")")
        };
        let near = |step: &str, said: &str| said == step || nearest(said, [step]).is_some();
        let lacks = |step: &str| !steps.iter().any(|s| near(step, &s.name.text));
        let open: Vec<String> =
            needed.iter().filter(|(step, _)| lacks(step)).map(|(_, text)| format!("`.{text}`")).collect();
        if open.is_empty() {
            return false;
        }
        let message = format!("the feature lacks {}", open.join(" and "));
        let help = format!("a feature is `{example}`");
        self.problems.error("feature.incomplete", range, message, Some(help));
        true
    }

    fn cohort(&mut self, root: &Call) -> Option<(Counted, Aggregate, Shape)> {
        if let Some(arg) = root.args.first() {
            let message = "`refund_ratio()` takes nothing: it is about orders and their refunds".to_owned();
            self.problems.error("feature.arguments", arg.range, message, None);
            return None;
        }
        Some((Counted::Refund, Aggregate::RefundRatio { at_least: 0 }, Shape::maybe(Type::Float)))
    }

    fn head(&mut self, root: &Call) -> Option<(Counted, Aggregate, Shape)> {
        let name = root.name.text.as_str();
        let plain = matches!(
            name,
            "count" | "gap_mean" | "gap_deviation" | "seconds_since_first" | "seconds_since_last"
        );
        let wanted = if plain { 1 } else { 2 };
        if root.args.len() != wanted {
            let example =
                if plain { format!("{name}(\"order\")") } else { format!("{name}(\"order\", \"amount\")") };
            let message = format!("`{name}` takes {wanted} argument{}", if plain { "" } else { "s" });
            self.problems.error(
                "feature.arguments",
                root.name.range,
                message,
                Some(format!("write `{example}`")),
            );
            return None;
        }
        let mut args = root.args.iter();
        let counted = self.counted(args.next()?)?;
        let field = match args.next() {
            Some(arg) => Some(self.field(arg, counted)?),
            None => None,
        };
        self.aggregate(name, field, root).map(|(aggregate, shape)| (counted, aggregate, shape))
    }

    fn aggregate(
        &mut self,
        name: &str,
        field: Option<(Field, fact::Type)>,
        root: &Call,
    ) -> Option<(Aggregate, Shape)> {
        let Some((field, of)) = field else {
            return Some(match name {
                "gap_mean" => (Aggregate::GapMean, Shape::maybe(Type::Float)),
                "gap_deviation" => (Aggregate::GapDeviation, Shape::maybe(Type::Float)),
                "seconds_since_first" => (Aggregate::SecondsSinceFirst, Shape::maybe(Type::Int)),
                "seconds_since_last" => (Aggregate::SecondsSinceLast, Shape::maybe(Type::Int)),
                _ => (Aggregate::Count, Shape::maybe(Type::Int)),
            });
        };
        match name {
            "distinct" => return Some((Aggregate::Distinct(field), Shape::maybe(Type::Int))),
            "top_share" => return Some((Aggregate::TopShare(field), Shape::maybe(Type::Float))),
            _ => {}
        }
        let range = root.args.last().map_or(root.name.range, |a| a.range);
        let (whole, fraction) = match of {
            fact::Type::Int => (Type::Int, Type::Float),
            fact::Type::Money => (Type::Money, Type::Money),
            fact::Type::Any => (Type::Unknown, Type::Unknown),
            fact::Type::Bool | fact::Type::Text | fact::Type::Texts => {
                let message = format!("`{name}` needs a number or an amount, and this is {}", of.name());
                let help = Some("`distinct` and `top_share` take any field".to_owned());
                self.problems.error("feature.type", range, message, help);
                return None;
            }
        };
        Some(match name {
            "sum" => (Aggregate::Sum(field), Shape::maybe(whole)),
            "min" => (Aggregate::Min(field), Shape::maybe(whole)),
            "max" => (Aggregate::Max(field), Shape::maybe(whole)),
            "mean" => (Aggregate::Mean(field), Shape::maybe(fraction)),
            _ => (Aggregate::Deviation(field), Shape::maybe(fraction)),
        })
    }

    fn step(&mut self, step: &Call, counted: Option<Counted>, cohort: bool, said: &mut Said) -> Option<()> {
        let twice = match step.name.text.as_str() {
            "by" => said.by.replace(self.by(step, counted)?).is_some(),
            "where" => {
                let filter = self.filter_of(step, counted);
                said.filter.replace(filter?).is_some()
            }
            "within" if !cohort => said.window.replace(self.window(step)?).is_some(),
            "over" if cohort => said.window.replace(self.window(step)?).is_some(),
            "at_least" if cohort => said.at_least.replace(self.at_least(step)?).is_some(),
            other => {
                let message = format!("`.{other}` does not belong to this feature");
                let known: &[&str] =
                    if cohort { &["by", "where", "over", "at_least"] } else { &["by", "where", "within"] };
                self.problems.error("feature.step", step.name.range, message, did_you_mean(other, known));
                return None;
            }
        };
        if twice {
            let message = format!("`.{}` is said twice", step.name.text);
            self.problems.error(
                "feature.step",
                step.name.range,
                message,
                Some("keep one of them".to_owned()),
            );
            return None;
        }
        Some(())
    }

    fn constant(&mut self, expr: &Expr, what: &str) -> Option<Constant> {
        let value = evaluate(expr, self.constants, &mut self.used);
        if value.is_none() {
            let message =
                format!("{what} must be constant, so that the feature is known when the rule loads");
            let help = "use a literal, or an upper-case constant of the rule".to_owned();
            self.problems.error("feature.not_constant", expr.range, message, Some(help));
        }
        value
    }

    fn text(&mut self, expr: &Expr, what: &str) -> Option<Text> {
        match self.constant(expr, what)? {
            Constant::Text(text) => Some(text),
            other => {
                let message = format!("{what} must be a text, and this is {}", other.type_name());
                self.problems.error("feature.arguments", expr.range, message, None);
                None
            }
        }
    }

    fn counted(&mut self, expr: &Expr) -> Option<Counted> {
        let name = self.text(expr, "the kind")?;
        let kinds = [Counted::Click, Counted::Order, Counted::Refund];
        let found = kinds.into_iter().find(|k| k.name() == name);
        if found.is_none() {
            let message = format!("there is no kind `{name}` to count");
            let names = kinds.map(Counted::name);
            self.problems.error("kind.unknown", expr.range, message, did_you_mean(&name, &names));
        }
        found
    }

    fn field(&mut self, expr: &Expr, counted: Counted) -> Option<(Field, fact::Type)> {
        let path = self.text(expr, "the field")?;
        self.path(&path, counted, expr.range)
    }

    fn path(&mut self, path: &str, counted: Counted, range: Range) -> Option<(Field, fact::Type)> {
        match facts::of_counted(subject(counted), path) {
            Ok(found) => Some(found),
            Err((message, help)) => {
                self.problems.error("field.unknown", range, message, help);
                None
            }
        }
    }

    /// The grouping; every field is one of the judged record and of the counted one.
    fn by(&mut self, step: &Call, counted: Option<Counted>) -> Option<Vec<Field>> {
        if step.args.is_empty() {
            let message = "`.by` needs at least one field".to_owned();
            let help = "write `.by(\"ip\")`, or `.by(\"market\")` for all of a market".to_owned();
            self.problems.error("feature.arguments", step.name.range, message, Some(help));
            return None;
        }
        let mut fields = Vec::new();
        let mut fine = true;
        for arg in &step.args {
            let Some(path) = self.text(arg, "the field") else {
                fine = false;
                continue;
            };
            let Some((field, _)) = counted.and_then(|counted| self.path(&path, counted, arg.range)) else {
                fine = false;
                continue;
            };
            fine &= self.judged_by(&path, arg.range);
            fields.push(field);
        }
        fine.then_some(fields)
    }

    fn judged_by(&mut self, path: &str, range: Range) -> bool {
        let lacking = self.on.iter().find(|subject| !facts::judged_has(**subject, path));
        if let Some(subject) = lacking {
            let message = format!("the judged `{}` has no field `{path}` to group by", subject.name());
            let help =
                "a feature groups by a field that the judged record and the counted one both have".to_owned();
            self.problems.error("field.unknown", range, message, Some(help));
        }
        lacking.is_none()
    }

    fn only_argument<'s>(&mut self, step: &'s Call) -> Option<&'s Expr> {
        match step.args.as_slice() {
            [only] => Some(only),
            _ => {
                let message = format!("`.{}` takes one argument", step.name.text);
                self.problems.error("feature.arguments", step.name.range, message, None);
                None
            }
        }
    }

    fn window(&mut self, step: &Call) -> Option<Span> {
        let arg = self.only_argument(step)?;
        let text = self.text(arg, "the window")?;
        let Some(window) = Span::parse(&text).filter(|w| *w > Span::ZERO) else {
            let message = format!("`{text}` is not a window");
            let help = "write a whole number and a unit: \"90s\", \"10m\", \"24h\", \"30d\"".to_owned();
            self.problems.error("window.invalid", arg.range, message, Some(help));
            return None;
        };
        if window > self.longest_window {
            let longest = self.longest_window;
            let message = format!("the window {window} is longer than {longest}, the ruleset's longest");
            let help = "shorten it, or raise `longest_window` in ruleset.toml".to_owned();
            self.problems.error("window.too_long", arg.range, message, Some(help));
            return None;
        }
        Some(window)
    }

    fn at_least(&mut self, step: &Call) -> Option<u32> {
        let arg = self.only_argument(step)?;
        let number = match self.constant(arg, "the least number of orders")? {
            Constant::Int(n) => u32::try_from(n).ok().filter(|n| *n >= 1),
            _ => None,
        };
        if number.is_none() {
            let message = "`.at_least` needs a whole number of at least 1".to_owned();
            self.problems.error("feature.arguments", arg.range, message, None);
        }
        number
    }
}

/// The table of what is counted.
pub(crate) const fn subject(counted: Counted) -> Subject {
    match counted {
        Counted::Click => Subject::Click,
        Counted::Order => Subject::Order,
        Counted::Refund => Subject::Refund,
    }
}
