//! What a token is good for. Kinds of event are privileged separately: who may post clicks may not release money.

use model::Kind;
use std::collections::BTreeSet;
use std::fmt;

/// One thing that a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Post events of a kind.
    Post(Kind),
    /// Read verdicts, books, status and metrics.
    Read,
    /// Check and load rulesets.
    Ruleset,
}

const PRODUCER: &[Scope] = &[
    Scope::Post(Kind::Click),
    Scope::Post(Kind::Order),
    Scope::Post(Kind::OrderStatus),
    Scope::Post(Kind::Refund),
    // Who sends a feed knows how far it is complete.
    Scope::Post(Kind::FeedMark),
];
const FINANCE: &[Scope] =
    &[Scope::Post(Kind::PayoutRun), Scope::Post(Kind::Plan), Scope::Post(Kind::Obligation)];
const RISK: &[Scope] = &[Scope::Post(Kind::Review), Scope::Post(Kind::Creator), Scope::Ruleset];

impl Scope {
    /// What a name stands for: a kind, `read`, `ruleset`, or a group of them (`producer`, `finance`, `risk`);
    /// `None` for any other.
    pub fn named(name: &str) -> Option<Vec<Scope>> {
        match name {
            "read" => Some(vec![Scope::Read]),
            "ruleset" => Some(vec![Scope::Ruleset]),
            "producer" => Some(PRODUCER.to_vec()),
            "finance" => Some(FINANCE.to_vec()),
            "risk" => Some(RISK.to_vec()),
            kind => Kind::from_name(kind).map(|kind| vec![Scope::Post(kind)]),
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Post(kind) => kind.name(),
            Scope::Read => "read",
            Scope::Ruleset => "ruleset",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Everything that a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// A name that this version does not know allows nothing.
    pub(crate) fn of(names: &[String]) -> Scopes {
        Scopes(names.iter().filter_map(|name| Scope::named(name)).flatten().collect())
    }

    pub(crate) fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub(crate) fn allow_posting(&self) -> bool {
        Kind::ALL.into_iter().any(|kind| self.allow(Scope::Post(kind)))
    }
}
