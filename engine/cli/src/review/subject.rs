//! What a review is about, looked up in the store: a slip of the pen decides nothing.

use connector::store::Reader;
use model::RuleId;
use model::verdict::HoldId;
use runtime::service::genesis;
use serde_json::{Value, json};

use crate::args::Review;
use crate::config::Config;
use crate::failure::Failure;

/// Characters of an id that are enough to mean it.
pub(crate) const BEGINNING: usize = 6;

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
    if let Some(beginning) = &subject.commission {
        let found = args.data.answered(reader.commissions_named(long_enough(beginning)?, 2))?;
        let id = one(beginning, found.into_iter().map(|found| found.commission_id).collect(), "commission")?;
        return Ok(plain("commission_id", json!(id), format!("commission {id}")));
    }
    if let Some(beginning) = &subject.hold {
        let found = args.data.answered(reader.holds_named(long_enough(beginning)?, 2))?;
        let id = one(beginning, found, "hold")?;
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

fn one(beginning: &str, mut found: Vec<String>, what: &str) -> Result<String, Failure> {
    match (found.pop(), found.is_empty()) {
        (Some(id), true) => Ok(id),
        (Some(_), false) => Err(Failure::usage(format!("more than one {what} begins with `{beginning}`"))),
        (None, _) => Err(Failure::usage(format!("no {what} begins with `{beginning}`"))),
    }
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
        crate::print::note(&format!("creator {creator} has earned nothing here so far"));
    }
    Ok(Meant { field: "creator_id", value: json!(creator), program, words: format!("creator {creator}") })
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
