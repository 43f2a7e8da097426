//! From a chain of calls (`count("order").by("ip").within("10m")`) to the feature it names.

#![expect(clippy::wildcard_enum_match_arm, reason = "whatever has not the form that is read is reported")]

mod filter;

use model::fact::{self, Field, Subject};
use model::feature::{Aggregate, Counted, Feature, Filter};
use model::{Span, Text};

use crate::check::Checker;
use crate::check::known::Known;
use crate::constant::Constant;
use crate::diagnostic::{Range, did_you_mean, nearest};
use crate::facts;
use crate::tree::{Call, Expr};
use crate::vocabulary::{FEATURE_STEPS, FEATURES, Shape, Type};

/// Reads one feature.
pub(super) struct Reader<'c, 'a> {
    pub(super) checker: &'c mut Checker<'a>,
}

/// What the function that begins a feature says.
struct Head {
    family: Family,
    /// What is counted, if at least that is known.
    counted: Option<Counted>,
    /// Nothing when something is wrong with it.
    aggregate: Option<(Aggregate, Shape)>,
}

/// Which steps a feature has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    /// Of the rows within a window.
    Window,
    /// Of a cohort of orders.
    Cohort,
    /// Nobody knows: the function's name is wrong.
    Unknown,
}

impl Family {
    fn of(name: &str) -> Family {
        if name == "refund_ratio" { Family::Cohort } else { Family::Window }
    }

    const fn steps(self) -> &'static [&'static str] {
        match self {
            Family::Window => &["by", "where", "within"],
            Family::Cohort => &["by", "where", "over", "at_least"],
            Family::Unknown => FEATURE_STEPS,
        }
    }

    /// The steps that it cannot do without, as messages say them.
    const fn needed(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Family::Window => &[("by", "`.by(…)`"), ("within", "`.within(\"24h\")`")],
            Family::Cohort => {
                &[("by", "`.by(…)`"), ("over", "`.over(\"30d\")`"), ("at_least", "`.at_least(20)`")]
            }
            Family::Unknown => &[],
        }
    }

    const fn example(self) -> &'static str {
        match self {
            Family::Window | Family::Unknown => "count(\"order\").by(\"ip\").within(\"10m\")",
            Family::Cohort => "refund_ratio().by(\"creator_id\").over(\"30d\").at_least(20)",
        }
    }

    /// The step of this family that is said, or likely meant.
    fn meant(self, said: &str) -> Option<&'static str> {
        let twin = match said {
            "within" => "over",
            "over" => "within",
            other => other,
        };
        let own = |name: &str| self.steps().iter().copied().find(|step| *step == name);
        own(said).or_else(|| own(twin)).or_else(|| nearest(said, self.steps().iter().copied()))
    }
}

/// What was said of a feature so far.
#[derive(Default)]
struct Said {
    by: Option<Vec<Field>>,
    filter: Option<Filter>,
    window: Option<Span>,
    at_least: Option<u32>,
}

impl Reader<'_, '_> {
    /// Reads a chain; whatever is wrong with it becomes problems, and there is no feature.
    pub(super) fn read(&mut self, root: &Call, steps: &[&Call], range: Range) -> Option<(Feature, Shape)> {
        let head = self.head(root);
        let mut said = Said::default();
        let mut fine = true;
        // Without a head the steps are still read against something, so that one slip does not hide others.
        for step in steps {
            let read = self.step(step, &head, &mut said);
            if read.is_none() {
                self.checker.mention(&step.args);
            }
            fine &= read.is_some();
        }
        let whole = self.whole(head.family, steps, range);
        let Some((aggregate, shape)) = head.aggregate else {
            self.checker.mention(&root.args);
            return None;
        };
        if !fine || !whole {
            return None;
        }
        let aggregate = match aggregate {
            Aggregate::RefundRatio { .. } => Aggregate::RefundRatio { at_least: said.at_least? },
            other => other,
        };
        let (by, window) = (said.by?, said.window?);
        Some((Feature { counted: head.counted?, aggregate, by, filter: said.filter, window }, shape))
    }

    /// Whether all steps are there. One that is there and wrong was reported as that, and it may be the one that
    /// seems to be missing.
    fn whole(&mut self, family: Family, steps: &[&Call], range: Range) -> bool {
        let meant: Option<Vec<&str>> = steps.iter().map(|step| family.meant(&step.name.text)).collect();
        let Some(meant) = meant else { return false };
        let lacks = family.needed().iter().filter(|(step, _)| !meant.contains(step));
        let open: Vec<&str> = lacks.map(|(_, text)| *text).collect();
        if !open.is_empty() {
            let message = format!("the feature lacks {}", open.join(" and "));
            let help = format!("a feature is `{}`", family.example());
            self.error("feature.incomplete", range, message, Some(help));
        }
        open.is_empty()
    }

    fn error(&mut self, code: &'static str, range: Range, message: String, help: Option<String>) {
        self.checker.problems.error(code, range, message, help);
    }

    /// An error about the value of a constant.
    fn wrong(&mut self, code: &'static str, value: &Expr, message: String, help: Option<String>) {
        self.error(code, value.range, message, help);
        self.checker.blame(value);
    }

    fn head(&mut self, root: &Call) -> Head {
        let said = root.name.text.as_str();
        match FEATURES.iter().copied().find(|name| *name == said) {
            Some("refund_ratio") => self.cohort(root),
            Some(name) => self.windowed(name, root),
            None => self.misspelt(root),
        }
    }

    /// What can be said of a feature whose function is not one.
    fn misspelt(&mut self, root: &Call) -> Head {
        self.checker.unknown_function(&root.name);
        let meant = nearest(&root.name.text, FEATURES.iter().copied());
        let family = meant.map_or(Family::Unknown, Family::of);
        let counted = match family {
            Family::Window => root.args.first().and_then(|kind| self.counted(kind)),
            Family::Cohort => Some(Counted::Refund),
            Family::Unknown => None,
        };
        Head { family, counted, aggregate: None }
    }

    fn cohort(&mut self, root: &Call) -> Head {
        let ratio = (Aggregate::RefundRatio { at_least: 0 }, Shape::maybe(Type::Float));
        let mut head =
            Head { family: Family::Cohort, counted: Some(Counted::Refund), aggregate: Some(ratio) };
        if let Some(arg) = root.args.first() {
            let message = "`refund_ratio()` takes nothing: it is about orders and their refunds".to_owned();
            self.error("feature.arguments", arg.range, message, None);
            head.aggregate = None;
        }
        head
    }

    fn windowed(&mut self, name: &str, root: &Call) -> Head {
        let plain = matches!(
            name,
            "count" | "gap_mean" | "gap_deviation" | "seconds_since_first" | "seconds_since_last"
        );
        let counted = root.args.first().and_then(|kind| self.counted(kind));
        let aggregate = match root.args.as_slice() {
            [_] if plain => counted.and_then(|_| self.aggregate(name, None, root)),
            [_, field] if !plain => {
                let field = counted.and_then(|counted| self.field(field, counted));
                field.and_then(|field| self.aggregate(name, Some(field), root))
            }
            _ => {
                self.wanted(name, if plain { 1 } else { 2 }, root);
                None
            }
        };
        Head { family: Family::Window, counted, aggregate }
    }

    fn wanted(&mut self, name: &str, wanted: usize, root: &Call) {
        let (example, plural) = match wanted {
            1 => (format!("{name}(\"order\")"), ""),
            _ => (format!("{name}(\"order\", \"amount\")"), "s"),
        };
        let message = format!("`{name}` takes {wanted} argument{plural}");
        self.error("feature.arguments", root.name.range, message, Some(format!("write `{example}`")));
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
                self.error("feature.type", range, message, help);
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

    fn step(&mut self, step: &Call, head: &Head, said: &mut Said) -> Option<()> {
        let steps = head.family.steps();
        let twice = match step.name.text.as_str() {
            other if !steps.contains(&other) => {
                let message = format!("`.{other}` does not belong to this feature");
                let help = match head.family.meant(other) {
                    Some(meant) => Some(format!("did you mean `{meant}`?")),
                    None => did_you_mean(other, steps),
                };
                self.error("feature.step", step.name.range, message, help);
                return None;
            }
            "by" => said.by.replace(self.by(step, head.counted)?).is_some(),
            "where" => {
                let filter = self.filter_of(step, head.counted);
                said.filter.replace(filter?).is_some()
            }
            "at_least" => said.at_least.replace(self.at_least(step)?).is_some(),
            _ => said.window.replace(self.window(step)?).is_some(),
        };
        if twice {
            let message = format!("`.{}` is said twice", step.name.text);
            self.error("feature.step", step.name.range, message, Some("keep one of them".to_owned()));
            return None;
        }
        Some(())
    }

    fn constant(&mut self, expr: &Expr, what: &str) -> Option<Constant> {
        match self.checker.fixed(expr) {
            Known::Value(value) => Some(value),
            Known::Failed => None,
            Known::No => self.not_constant(expr, what),
        }
    }

    fn not_constant<T>(&mut self, expr: &Expr, what: &str) -> Option<T> {
        let message = format!("{what} must be constant, so that the feature is known when the rule loads");
        let help = "use a literal, or an upper-case constant of the rule".to_owned();
        self.error("feature.not_constant", expr.range, message, Some(help));
        None
    }

    fn text(&mut self, expr: &Expr, what: &str) -> Option<Text> {
        match self.constant(expr, what)? {
            Constant::Text(text) => Some(text),
            other => {
                let message = format!("{what} must be a text, and this is {}", other.type_name());
                self.wrong("feature.arguments", expr, message, None);
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
            self.wrong("kind.unknown", expr, message, did_you_mean(&name, &names));
        }
        found
    }

    fn field(&mut self, expr: &Expr, counted: Counted) -> Option<(Field, fact::Type)> {
        let path = self.text(expr, "the field")?;
        let found = self.path(&path, counted, expr.range);
        if found.is_none() {
            self.checker.blame(expr);
        }
        found
    }

    fn path(&mut self, path: &str, counted: Counted, range: Range) -> Option<(Field, fact::Type)> {
        match facts::of_counted(subject(counted), path) {
            Ok(found) => Some(found),
            Err((message, help)) => {
                self.error("field.unknown", range, message, help);
                None
            }
        }
    }

    /// The grouping; every field is one of the judged record and of the counted one.
    fn by(&mut self, step: &Call, counted: Option<Counted>) -> Option<Vec<Field>> {
        if step.args.is_empty() {
            let message = "`.by` needs at least one field".to_owned();
            let help = "write `.by(\"ip\")`, or `.by(\"market\")` for all of a market".to_owned();
            self.error("feature.arguments", step.name.range, message, Some(help));
            return None;
        }
        let fields: Vec<Option<Field>> = step.args.iter().map(|arg| self.by_one(arg, counted)).collect();
        fields.into_iter().collect()
    }

    fn by_one(&mut self, arg: &Expr, counted: Option<Counted>) -> Option<Field> {
        let path = self.text(arg, "the field")?;
        // Where what is counted is not known, the judged record must have the field all the same.
        let field = counted.map(|counted| self.path(&path, counted, arg.range).map(|(field, _)| field));
        let fine = field != Some(None) && self.judged_by(&path, arg.range);
        if !fine {
            self.checker.blame(arg);
        }
        field.flatten().filter(|_| fine)
    }

    fn judged_by(&mut self, path: &str, range: Range) -> bool {
        let lacking = self.checker.on.iter().copied().find(|subject| !facts::judged_has(*subject, path));
        if let Some(subject) = lacking {
            let message = format!("the judged `{}` has no field `{path}` to group by", subject.name());
            let help =
                "a feature groups by a field that the judged record and the counted one both have".to_owned();
            self.error("field.unknown", range, message, Some(help));
        }
        lacking.is_none()
    }

    fn only_argument<'s>(&mut self, step: &'s Call) -> Option<&'s Expr> {
        match step.args.as_slice() {
            [only] => Some(only),
            _ => {
                let message = format!("`.{}` takes one argument", step.name.text);
                self.error("feature.arguments", step.name.range, message, None);
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
            self.wrong("window.invalid", arg, message, Some(help));
            return None;
        };
        let longest = self.checker.around.longest_window;
        if window > longest {
            let message = format!("the window {window} is longer than {longest}, the ruleset's longest");
            let help = "shorten it, or raise `longest_window` in ruleset.toml".to_owned();
            self.wrong("window.too_long", arg, message, Some(help));
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
            self.wrong("feature.arguments", arg, message, None);
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
