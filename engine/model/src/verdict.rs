//! What goes out: one verdict per decision, exactly once, with the postings that it makes.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt;

use crate::event::{Beneficiary, Component};
use crate::hit::Evidence;
use crate::names::names;
use crate::{
    ClickId, CreatorId, Currency, EventTime, Market, Minor, OrderId, OrderKey, Position, ProgramId, RuleId,
    RunId, ShopId, Text,
};

macro_rules! hashes {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The first 128 bits of SHA-256 over the length-prefixed parts.
            fn of(parts: &[&[u8]]) -> $name {
                $name(hash128(parts))
            }

            /// Parses 32 hexadecimal digits.
            pub fn parse(hex: &str) -> Option<$name> {
                (hex.len() == 32).then(|| u128::from_str_radix(hex, 16).ok().map($name)).flatten()
            }

            /// The 128 bits.
            pub const fn as_u128(self) -> u128 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                if s.is_human_readable() { s.collect_str(self) } else { self.0.serialize(s) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                if d.is_human_readable() {
                    let hex = Text::deserialize(d)?;
                    $name::parse(&hex).ok_or_else(|| serde::de::Error::custom("not 32 hexadecimal digits"))
                } else {
                    u128::deserialize(d).map($name)
                }
            }
        }
    )*};
}

fn hash128(parts: &[&[u8]]) -> u128 {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    let digest = hasher.finalize();
    digest.iter().take(16).fold(0, |bits, byte| bits << 8 | u128::from(*byte))
}

hashes! {
    /// One beneficiary's share of one order, or of one obligation.
    CommissionId
    /// A hold within its scope.
    HoldId
    /// A verdict.
    VerdictId
}

impl CommissionId {
    /// The commission of an order.
    pub fn of_order(key: &OrderKey, beneficiary: &Beneficiary, component: Component) -> CommissionId {
        CommissionId::named(key.program.as_str(), key.order.as_str(), beneficiary, component)
    }

    /// The commission named by (program, order or obligation, beneficiary, component).
    pub fn named(program: &str, name: &str, beneficiary: &Beneficiary, component: Component) -> CommissionId {
        let beneficiary = beneficiary.to_string();
        let parts = [program, name, beneficiary.as_str(), component.name()];
        CommissionId::of(&parts.map(str::as_bytes))
    }
}

impl VerdictId {
    /// The verdict with that sequence about that subject.
    pub fn of_subject(subject: &Subject, sequence: u64) -> VerdictId {
        VerdictId::of(&[subject.to_string().as_bytes(), sequence.to_string().as_bytes()])
    }
}

impl HoldId {
    /// The hold of a rule on a scope; `scope` is `commission:ID` or `creator:PROGRAM/ID`.
    pub fn of_scope(scope: &str, rule: &RuleId) -> HoldId {
        HoldId::of(&[scope.as_bytes(), rule.as_str().as_bytes()])
    }

    /// The hold of a rule on a group. Its id is published, and a group's key may be an address or something else
    /// that few values are possible of: without the `secret` of the lane (genesis' canary key) nobody finds it by
    /// trying them all.
    pub fn of_group(secret: u64, key: &str, rule: &RuleId) -> HoldId {
        let domain = b"the hold of a group";
        HoldId::of(&[domain, &secret.to_be_bytes(), key.as_bytes(), rule.as_str().as_bytes()])
    }
}

/// What a verdict is about: a commission, or, for a flag, something that has none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Subject {
    /// A commission: its id in hex.
    Commission(CommissionId),
    /// A click of a program.
    Click(ProgramId, ClickId),
    /// An order that earns nobody anything.
    Order(OrderKey),
    /// A creator of a program.
    Creator(ProgramId, CreatorId),
    /// A payout run of a program.
    Run(ProgramId, RunId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Commission(id) => write!(f, "{id}"),
            Subject::Click(program, id) => write!(f, "click:{program}/{id}"),
            Subject::Order(key) => write!(f, "order:{}/{}", key.program, key.order),
            Subject::Creator(program, id) => write!(f, "creator:{program}/{id}"),
            Subject::Run(program, id) => write!(f, "run:{program}/{id}"),
        }
    }
}

/// The accounts: every amount of a commission is in exactly one. `Accrued` is where money comes from: its
/// balance is what was ever accrued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What was ever earned.
    Accrued,
    /// Nothing decided yet.
    Pending,
    /// Somebody doubts it.
    Held,
    /// Free to be paid.
    Released,
    /// In a payout run.
    Scheduled,
    /// With the beneficiary.
    Paid,
    /// Paid, and to be got back.
    OwedBack,
    /// Got back.
    Recovered,
    /// Given up.
    WrittenOff,
    /// Taken off by refunds.
    Reduced,
    /// Taken off by fraud or cancellation.
    Void,
}

names! {
    Account {
        Accrued = "accrued", Pending = "pending", Held = "held", Released = "released",
        Scheduled = "scheduled", Paid = "paid", OwedBack = "owed_back", Recovered = "recovered",
        WrittenOff = "written_off", Reduced = "reduced", Void = "void",
    }
}

/// The decisions, in the order in which several at one position are emitted for one commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Money was earned: always the first.
    Accrue,
    /// Reduced or void money came back.
    Restore,
    /// A refund took money off.
    Reduce,
    /// Fraud or cancellation took money off.
    Void,
    /// Money that was paid is owed back.
    ClawBack,
    /// Money is doubted.
    Hold,
    /// Released money is doubted.
    Recall,
    /// A person should look.
    Flag,
    /// A payout run took it.
    Schedule,
    /// It is free to be paid.
    Release,
    /// It was paid.
    Pay,
}

names! {
    Decision {
        Accrue = "accrue", Restore = "restore", Reduce = "reduce", Void = "void", ClawBack = "claw_back",
        Hold = "hold", Recall = "recall", Flag = "flag", Schedule = "schedule", Release = "release",
        Pay = "pay",
    }
}

/// A movement between two accounts of one commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// Out of.
    pub from: Account,
    /// Into.
    pub to: Account,
    /// How much, positive.
    pub amount: Minor,
}

/// A hold as a verdict shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Which hold.
    pub hold_id: HoldId,
    /// Whose.
    pub rule: RuleId,
    /// Until when; until reviewed when missing.
    #[serde(rename = "until_at", skip_serializing_if = "Option::is_none")]
    pub until: Option<EventTime>,
}

/// A reason as a verdict publishes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Which rule, or built-in cause.
    pub rule: RuleId,
    /// What creators are told.
    pub public_code: Text,
    /// The numbers behind it.
    pub evidence: Evidence,
}

/// A decision about a commission (or a flag about something that has none), with the postings it makes.
/// The field order is the order of the JSON, which is written by one writer and never changes silently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// SHA-256 of subject and sequence.
    pub verdict_id: VerdictId,
    /// The commission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission_id: Option<CommissionId>,
    /// What else it is about (`click:…`, `order:…`, `creator:…`, `run:…`), when there is no commission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Text>,
    /// Gap-free from 1 per commission or subject.
    pub sequence: u64,
    /// The record at which it was decided.
    pub position: Position,
    /// The record's own time; in a sweep the grid point.
    pub occurred_at: EventTime,
    /// What was decided.
    pub decision: Decision,
    /// The movements.
    pub postings: Vec<Posting>,
    /// The currency of all amounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// Every account after it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub balance: BTreeMap<Account, Minor>,
    /// Who earns: `creator:ID` or `agency:ID`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beneficiary: Option<Text>,
    /// What for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub component: Option<Text>,
    /// The order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<ShopId>,
    /// The market.
    pub market: Market,
    /// The program.
    pub program_id: ProgramId,
    /// When it would be released as things stand.
    #[serde(rename = "due_at", skip_serializing_if = "Option::is_none")]
    pub due: Option<EventTime>,
    /// The holds that stand after it.
    pub holds: Vec<HoldView>,
    /// Why, sorted by rule.
    pub reasons: Vec<Reason>,
    /// The people who decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actors: Vec<Text>,
    /// Whose credit this took over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reattributed_from: Option<CreatorId>,
    /// The ruleset in force, by hash.
    pub ruleset: Text,
    /// See [`crate::SEMANTICS`].
    pub semantics: u32,
}
