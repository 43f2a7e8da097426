//! The words of the rule language: what can be called, on what, and what comes of it. What is not in these
//! tables is refused when the rule loads.

/// The type of a value, as far as it is known at load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    /// Anything: an attribute, a variable that changes its type.
    Unknown,
    /// Of what an error was reported about. Whatever is made of it is the same, and every check accepts it: one
    /// mistake is one error.
    Failed,
    Unit,
    Bool,
    Int,
    Float,
    Text,
    Money,
    Array,
    List,
}

impl Type {
    /// The name in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Type::Unknown | Type::Failed => "anything",
            Type::Unit => "()",
            Type::Bool => "a truth value",
            Type::Int => "a whole number",
            Type::Float => "a number with a fraction",
            Type::Text => "a text",
            Type::Money => "an amount",
            Type::Array => "a list of values",
            Type::List => "a list",
        }
    }

    pub(crate) const fn is_number(self) -> bool {
        matches!(self, Type::Int | Type::Float)
    }

    /// Whether nothing can be said against a value of this type.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Type::Unknown | Type::Failed | Type::Unit)
    }
}

/// A type, and whether the value may be `()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) of: Type,
    pub(crate) missing: Missing,
}

/// Whether a value may be `()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Never,
    Maybe,
}

impl Missing {
    pub(crate) const fn or(self, other: Missing) -> Missing {
        match (self, other) {
            (Missing::Never, Missing::Never) => Missing::Never,
            (Missing::Maybe, _) | (_, Missing::Maybe) => Missing::Maybe,
        }
    }
}

impl Shape {
    pub(crate) const UNKNOWN: Shape = Shape { of: Type::Unknown, missing: Missing::Never };
    pub(crate) const FAILED: Shape = Shape { of: Type::Failed, missing: Missing::Never };

    pub(crate) const fn always(of: Type) -> Shape {
        Shape { of, missing: Missing::Never }
    }

    pub(crate) const fn maybe(of: Type) -> Shape {
        Shape { of, missing: Missing::Maybe }
    }

    pub(crate) fn is_failed(self) -> bool {
        self.of == Type::Failed
    }

    /// This, if it is made of parts that are what they should be.
    #[must_use]
    pub(crate) fn made_of(self, parts: &[Shape]) -> Shape {
        if parts.iter().any(|part| part.is_failed()) { Shape::FAILED } else { self }
    }

    /// What a variable is that is sometimes the one and sometimes the other.
    pub(crate) fn join(self, other: Shape) -> Shape {
        let missing = self.missing.or(other.missing);
        match (self.of, other.of) {
            (Type::Failed, _) | (_, Type::Failed) => Shape::FAILED,
            (a, b) if a == b => Shape { of: a, missing },
            (Type::Unit, of) | (of, Type::Unit) => Shape::maybe(of),
            _ => Shape { of: Type::Unknown, missing },
        }
    }
}

/// What a function gives, when what it is asked may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// This, always.
    Always(Type),
    /// This, or `()` where an argument is.
    Follows(Type),
    /// This or `()`.
    Maybe(Type),
    /// The type of its first argument.
    SameAsFirst,
}

/// A function, callable as `f(x, …)` and as `x.f(…)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Function {
    pub(crate) name: &'static str,
    /// Arguments, a receiver included: least and most.
    pub(crate) arity: (usize, usize),
    /// What the first argument must be.
    pub(crate) takes: &'static [Type],
    pub(crate) gives: Gives,
}

const NUMBERS: &[Type] = &[Type::Int, Type::Float];
const TEXTS: &[Type] = &[Type::Text];
const SIZED: &[Type] = &[Type::Text, Type::Array];
const HOLDERS: &[Type] = &[Type::Text, Type::Array, Type::List];
const ANY: &[Type] = &[];

const fn function(
    name: &'static str,
    arity: (usize, usize),
    takes: &'static [Type],
    gives: Gives,
) -> Function {
    Function { name, arity, takes, gives }
}

/// Every plain function.
pub(crate) const FUNCTIONS: &[Function] = &[
    function("abs", (1, 1), NUMBERS, Gives::SameAsFirst),
    function("ceiling", (1, 1), &[Type::Float], Gives::Follows(Type::Float)),
    function("contains", (2, 2), HOLDERS, Gives::Always(Type::Bool)),
    function("ends_with", (2, 2), TEXTS, Gives::Always(Type::Bool)),
    function("floor", (1, 1), &[Type::Float], Gives::Follows(Type::Float)),
    function("is_empty", (1, 1), SIZED, Gives::Always(Type::Bool)),
    function("len", (1, 1), SIZED, Gives::Follows(Type::Int)),
    function("max", (2, 2), NUMBERS, Gives::Follows(Type::Unknown)),
    function("min", (2, 2), NUMBERS, Gives::Follows(Type::Unknown)),
    function("ratio", (3, 3), &[Type::Int, Type::Float, Type::Money], Gives::Maybe(Type::Float)),
    function("round", (1, 1), &[Type::Float], Gives::Follows(Type::Float)),
    function("same", (2, 2), ANY, Gives::Always(Type::Bool)),
    function("starts_with", (2, 2), TEXTS, Gives::Always(Type::Bool)),
    function("to_float", (1, 1), NUMBERS, Gives::Follows(Type::Float)),
    function("to_int", (1, 1), NUMBERS, Gives::Follows(Type::Int)),
    function("to_lower", (1, 1), TEXTS, Gives::Follows(Type::Text)),
    function("to_string", (1, 1), ANY, Gives::Always(Type::Text)),
    function("to_upper", (1, 1), TEXTS, Gives::Follows(Type::Text)),
];

/// The functions that begin a feature, and whether they name a field beside the kind.
pub(crate) const FEATURES: &[&str] = &[
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "deviation",
    "distinct",
    "top_share",
    "gap_mean",
    "gap_deviation",
    "seconds_since_first",
    "seconds_since_last",
    "refund_ratio",
];

/// What follows a feature's function.
pub(crate) const FEATURE_STEPS: &[&str] = &["by", "where", "within", "over", "at_least"];

/// What may follow the owner of fingerprints: `order.creator.shares("payment")`.
pub(crate) const SHARES: &str = "shares";

/// The verdicts.
pub(crate) const VERDICTS: &[&str] =
    &["hold", "hold_all_of", "hold_creator", "flag", "score", "invalidate", "reject"];

/// What may follow a verdict.
pub(crate) const VERDICT_STEPS: &[&str] = &["lasting", "until_reviewed"];

/// The variables through which a rule sees its record.
pub(crate) const ROOTS: &[&str] = &["order", "refund", "click", "commission", "creator", "event"];

/// The constants that are not dials.
pub(crate) const HEADER: &[&str] = &["ON", "SEVERITY", "PUBLIC_CODE"];

/// The function of that name.
pub(crate) fn function_named(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// Every name that can be called as `name(…)`.
pub(crate) fn callable() -> Vec<&'static str> {
    let plain = FUNCTIONS.iter().map(|f| f.name);
    let others = FEATURES.iter().chain(VERDICTS).copied();
    let mut names: Vec<&str> = plain.chain(others).chain(["money", "list"]).collect();
    names.sort_unstable();
    names.dedup();
    names
}
