//! `tidegate dlq`: what was refused, why, and what was done about it: sent again, mended, closed.

mod replay;

use model::refusal::Code;
use runtime::books::{DeadLetterFilter, DeadLetterState, DeadLetterView, PageOf};
use runtime::letters::{Clerk as _, Closing, Hand, REPLAY_ATTEMPTS_MAX};

use crate::args::{Data, Dlq, DlqClose, DlqList, OutputForm};
use crate::config::Config;
use crate::data::now;
use crate::door;
use crate::failure::{Failure, nearest};
use crate::holds::time;
use crate::pages::{List, or_empty};
use crate::print;

const DEAD_LETTERS: List<DeadLetterView> = List {
    rows: "dead letters",
    columns: &[">number", ">position", "refused", "code", "where", "what is wrong", ">attempts", "state"],
    cells: |letter| {
        vec![
            letter.number.to_string(),
            letter.position.to_string(),
            letter.refused_at.map(time).unwrap_or_default(),
            letter.code.clone(),
            letter.pointer.clone(),
            letter.detail.clone(),
            letter.attempts.to_string(),
            letter.state.name().to_owned(),
        ]
    },
    fields: &[
        "number",
        "position",
        "received_at",
        "refused_at_position",
        "refused_at",
        "code",
        "pointer",
        "detail",
        "attempts",
        "state",
        "ended_at",
        "ended_by",
        "became_position",
        "note",
        "raw",
        "raw_base64",
    ],
    values: |letter| {
        vec![
            letter.number.to_string(),
            letter.position.to_string(),
            maybe(letter.received_at),
            letter.refused_at_position.to_string(),
            maybe(letter.refused_at),
            letter.code.clone(),
            letter.pointer.clone(),
            letter.detail.clone(),
            letter.attempts.to_string(),
            letter.state.name().to_owned(),
            maybe(letter.ended_at),
            or_empty(letter.ended_by.as_ref()),
            letter.became_position.map(|position| position.to_string()).unwrap_or_default(),
            or_empty(letter.note.as_ref()),
            or_empty(letter.raw.as_ref()),
            or_empty(letter.raw_base64.as_ref()),
        ]
    },
};

/// Runs the command.
pub(crate) fn run(command: &Dlq, config: &Config) -> Result<(), Failure> {
    match command {
        Dlq::List(args) => list(args, config),
        Dlq::Show { data, number } => show(data, *number, config),
        Dlq::Replay(args) => replay::run(args, config),
        Dlq::Close(args) => close(args),
    }
}

fn list(args: &DlqList, config: &Config) -> Result<(), Failure> {
    let code = args.code.as_deref().map(code).transpose()?;
    let state = args.is_state.as_deref().map(state).transpose()?;
    let filter = DeadLetterFilter { code, state, all: args.all };
    let reader = args.data.read()?;
    let page = |page: &PageOf| args.data.answered(reader.dead_letters(&filter, page));
    DEAD_LETTERS.print(config.output, args.limit, |_| true, page)
}

/// A filter that is misspelt must not show nothing.
fn code(name: &str) -> Result<String, Failure> {
    let codes: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    let unknown = || Failure::usage(format!("`{name}` is no code{}", nearest(name, "codes", &codes)));
    Code::from_name(name).map(|code| code.name().to_owned()).ok_or_else(unknown)
}

fn state(name: &str) -> Result<DeadLetterState, Failure> {
    let states = DeadLetterState::ALL.map(DeadLetterState::name);
    let unknown = || Failure::usage(format!("`{name}` is no state{}", nearest(name, "states", &states)));
    DeadLetterState::from_name(name).ok_or_else(unknown)
}

fn maybe(at: Option<i64>) -> String {
    at.map(|at| at.to_string()).unwrap_or_default()
}

fn unknown(number: u64) -> Failure {
    Failure::usage(format!("there is no dead letter {number}; `tidegate dlq list` shows them"))
}

fn show(data: &Data, number: u64, config: &Config) -> Result<(), Failure> {
    let letter = data.answered(data.read()?.dead_letter(number))?.ok_or_else(|| unknown(number))?;
    match config.output {
        OutputForm::Json => print::out(&print::json(&letter)?),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(DEAD_LETTERS.fields)?;
            csv.write_record((DEAD_LETTERS.values)(&letter))
        })?),
        OutputForm::Table => print::tell(&text(&letter)),
    }
}

fn text(letter: &DeadLetterView) -> String {
    let place = if letter.pointer.is_empty() { "the whole record" } else { &letter.pointer };
    let on = |at: Option<i64>| at.map(|at| format!(", on {}", time(at))).unwrap_or_default();
    let (came, refused) = (on(letter.received_at), on(letter.refused_at));
    let refused = if letter.refused_at_position == letter.position {
        format!("refused when it came, at position {}{came}", letter.position)
    } else {
        let position = letter.refused_at_position;
        format!(
            "came at position {}{came}\n  refused after waiting, at position {position}{refused}",
            letter.position
        )
    };
    let bytes = match (&letter.raw, &letter.raw_base64) {
        (Some(raw), _) => raw.clone(),
        (None, Some(raw)) => format!("{raw}\n(base64: the bytes are not text)"),
        (None, None) => String::new(),
    };
    format!(
        "Dead letter {}, {}\n  {refused}\n  {} at {place}\n  {}\n  sent again {} time(s), of \
         {REPLAY_ATTEMPTS_MAX} at most\n{}\n{bytes}\n",
        letter.number,
        letter.state.words(),
        letter.code,
        letter.detail,
        letter.attempts,
        ended(letter),
    )
}

/// What was done about it, by whom; nothing for one that nobody has dealt with.
fn ended(letter: &DeadLetterView) -> String {
    let Some(at) = letter.ended_at else { return String::new() };
    let by = letter.ended_by.as_deref().unwrap_or("somebody");
    let became =
        letter.became_position.map(|position| format!(": it became the record at position {position}"));
    let note = letter.note.as_ref().map(|note| format!(": {note}"));
    let what = became.or(note).unwrap_or_default();
    format!("  {} by {by} on {}{what}\n", letter.state.words(), time(at))
}

/// Nobody has to deal with them any more: they leave the list, and stay to be shown.
fn close(args: &DlqClose) -> Result<(), Failure> {
    let mut operator = args.data.operator()?;
    let by = door::user()?;
    let hand = Hand { by: &by, at: now() };
    for number in &args.numbers {
        match args.data.written(operator.close(*number, &args.note, &hand))? {
            Closing::Closed => print::note(&format!("dead letter {number} is closed")),
            Closing::Ended(state) => {
                return Err(Failure::found(format!("dead letter {number} is {} already", state.words())));
            }
            Closing::Unknown => return Err(unknown(*number)),
        }
    }
    Ok(())
}
