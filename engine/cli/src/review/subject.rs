//! What a review is about, looked up in the store: a slip of the pen decides nothing.

use connector::store::Reader;
use model::RuleId;
use model::verdict::HoldId;
use runtime::service::genesis;
use serde_json::{Value, json};

use crate::args::Review;
use crate::config::Config;
use crate::failure::{Failure, near};

/// Characters of an id that are enough to mean it.
pub(crate) const BEGINNING: usize = 6;
/// Characters that an id shares with one that could be meant instead.
const SHARED: usize = 4;
/// Ids that could be meant instead, at most.
const NEAR: u32 = 3;
/// Creators among whom somebody who could be meant instead is looked for.
const CREATORS_COMPARED: u32 = 100_000;

/// What is meant, as an event says it.
pub(crate) struct Meant {
    /// The field that names it.
    pub field: &'static str,
    /// Its value.
    pub value: Value,
    /// The program, where it matters and is not the lane's own.
    pub program: Option<String>,
    /// In words.
    pub words: String,
}

/// What the arguments mean.
pub(crate) fn find(args: &Review, config: &Config) -> Result<Meant, Failure> {
    let mut reader = args.data.read()?;
    let subject = &args.subject;
    if args.unknown_ok && subject.creator.is_none() {
        return Err(Failure::usage(
            "--unknown-ok is about a --creator: all others are there, or are none".into(),
        ));
    }
    if let Some(beginning) = &subject.commission {
        let named = |beginning: &str, rows| {
            let found = args.data.answered(reader.commissions_named(beginning, rows))?;
            Ok(found.into_iter().map(|found| found.commission_id).collect())
        };
        let id = one(beginning, "commission", named)?;
        return Ok(plain("commission_id", json!(id), format!("commission {id}")));
    }
    if let Some(beginning) = &subject.hold {
        let named = |beginning: &str, rows| args.data.answered(reader.holds_named(beginning, rows));
        let id = one(beginning, "hold", named)?;
        return Ok(plain("hold_id", json!(id), format!("hold {id}")));
    }
    match (&subject.creator, subject.group.as_deref()) {
        (Some(creator), _) => of_creator(creator, &reader, args, config),
        (None, Some([rule, key])) => of_group(rule, key, &mut reader, args),
        (None, _) => Err(Failure::usage("say what it is about".into())),
    }
}

fn plain(field: &'static str, value: Value, words: String) -> Meant {
    Meant { field, value, program: None, words }
}

fn long_enough(beginning: &str) -> Result<&str, Failure> {
    let is_hex = beginning.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if beginning.len() >= BEGINNING && is_hex {
        return Ok(beginning);
    }
    Err(Failure::usage(format!(
        "`{beginning}` is no id: give at least its first {BEGINNING} hexadecimal digits, as lists show them"
    )))
}

/// The one id that begins so.
fn one(
    beginning: &str,
    what: &str,
    named: impl Fn(&str, u32) -> Result<Vec<String>, Failure>,
) -> Result<String, Failure> {
    let mut found = named(long_enough(beginning)?, 2)?;
    match (found.pop(), found.is_empty()) {
        (Some(id), true) => Ok(id),
        (Some(_), false) => Err(Failure::usage(format!("more than one {what} begins with `{beginning}`"))),
        (None, _) => {
            let near = sharing_most(beginning, named)?;
            let near = if near.is_empty() { near } else { format!("; the nearest: {near}") };
            Err(Failure::usage(format!("no {what} begins with `{beginning}`{near}")))
        }
    }
}

/// The ids that share the longest beginning with what was typed, where that is no accident.
fn sharing_most(
    typed: &str,
    named: impl Fn(&str, u32) -> Result<Vec<String>, Failure>,
) -> Result<String, Failure> {
    for shared in (SHARED..typed.len()).rev().filter_map(|length| typed.get(..length)) {
        let found = named(shared, NEAR)?;
        if !found.is_empty() {
            return Ok(found.join(", "));
        }
    }
    Ok(String::new())
}

/// A creator is one of a program: the one in which they have earned.
fn of_creator(creator: &str, reader: &Reader, args: &Review, config: &Config) -> Result<Meant, Failure> {
    let programs = args.data.answered(reader.programs_of(&format!("creator:{creator}")))?;
    let asked = config.program.as_str();
    let program = match programs.as_slice() {
        [] => None,
        [one] => Some(one.clone()),
        several if several.iter().any(|program| program == asked) => Some(asked.to_owned()),
        several => {
            let programs = several.join(", ");
            return Err(Failure::usage(format!(
                "creator {creator} earns in {programs}: say which by --program"
            )));
        }
    };
    if program.is_none() {
        is_expected(creator, reader, args)?;
        crate::print::note(&format!("creator {creator} has earned nothing here so far"));
    }
    Ok(Meant { field: "creator_id", value: json!(creator), program, words: format!("creator {creator}") })
}

/// A freeze of nobody would be recorded, and would hold nothing: who has not earned yet has to be meant.
fn is_expected(creator: &str, reader: &Reader, args: &Review) -> Result<(), Failure> {
    if args.unknown_ok {
        return Ok(());
    }
    let known = args.data.answered(reader.creator_ids(CREATORS_COMPARED))?;
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let meant = near(creator, &known).map(|meant| format!("; did you mean `{meant}`?")).unwrap_or_default();
    Err(Failure::usage(format!(
        "nobody called `{creator}` has earned anything here{meant}; --unknown-ok decides about somebody who is yet to come"
    )))
}

fn of_group(rule: &str, key: &str, reader: &mut Reader, args: &Review) -> Result<Meant, Failure> {
    let named = RuleId::new(rule).map_err(|error| Failure::usage(format!("`{rule}`: {error}")))?;
    let genesis = genesis(reader).map_err(|error| Failure::unreadable(error.to_string()))?;
    let hold = HoldId::of_group(genesis.canary_key, key, &named).to_string();
    if args.data.answered(reader.hold(&hold, 1))?.is_empty() {
        return Err(Failure::usage(format!(
            "{rule} has held no group `{key}`; a hold's id says which one is meant, too: --hold"
        )));
    }
    let value = json!({ "rule": rule, "key": key });
    Ok(plain("group", value, format!("group {key} of {rule}")))
}
