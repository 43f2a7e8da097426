//! `tidegate dlq`: what was refused, why, and sending it again once what was wrong is mended.

use connector::store::{Attempt, Operator, REPLAY_ATTEMPTS_MAX};
use model::refusal::Code;
use runtime::books::{DeadLetterFilter, DeadLetterState, DeadLetterView, PAGE_ROWS_MAX, PageOf};
use serde::Serialize;

use crate::args::{Data, Dlq, DlqList, DlqReplay, OutputForm};
use crate::config::Config;
use crate::door::{self, Door, Put};
use crate::failure::{Failure, nearest};
use crate::holds::time;
use crate::pages::{List, or_empty};
use crate::print;
use crate::table::table;

/// Dead letters may be of any kind: whoever replays them posts as all who post.
const SCOPES: [&str; 3] = ["producer", "finance", "risk"];

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
        Dlq::Replay(args) => replay(args, config),
    }
}

fn list(args: &DlqList, config: &Config) -> Result<(), Failure> {
    let code = args.code.as_deref().map(code).transpose()?;
    let filter = DeadLetterFilter { code, state: args.is_state.as_deref().map(state).transpose()? };
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
        OutputForm::Table => print::out(&text(&letter)),
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
         {REPLAY_ATTEMPTS_MAX} at most\n\n{bytes}\n",
        letter.number,
        letter.state.name().replace('_', " "),
        letter.code,
        letter.detail,
        letter.attempts,
    )
}

/// What became of one.
#[derive(Debug, Serialize)]
struct Replayed {
    /// Which.
    number: u64,
    /// `replayed`, `refused`, or `skipped`.
    outcome: &'static str,
    /// The position of the new record, if there is one.
    position: Option<u64>,
    /// How often it has been tried, this time included.
    attempts: Option<u32>,
    /// Why it was refused or skipped.
    why: Option<String>,
}

fn replay(args: &DlqReplay, config: &Config) -> Result<(), Failure> {
    let numbers = numbers(args)?;
    if numbers.is_empty() {
        print::note("there are no open dead letters like that");
        return Ok(());
    }
    let mut operator = args.data.operator()?;
    let replayed = door::open(&args.data, &args.reach, &SCOPES, config, |door| {
        numbers
            .iter()
            .map(|number| one(*number, &args.data, &mut operator, door))
            .collect::<Result<Vec<_>, _>>()
    })?;
    tell(&replayed, config)?;
    match replayed.iter().filter(|one| one.outcome != "replayed").count() {
        0 => Ok(()),
        count => Err(Failure::found(format!("{count} of {} stay dead", replayed.len()))),
    }
}

/// Those that are named, or all open ones with a code; none twice.
fn numbers(args: &DlqReplay) -> Result<Vec<u64>, Failure> {
    let reader = args.data.read()?;
    let Some(name) = &args.code else {
        for number in &args.numbers {
            args.data.answered(reader.dead_letter(*number))?.ok_or_else(|| unknown(*number))?;
        }
        let mut numbers = args.numbers.clone();
        numbers.sort_unstable();
        numbers.dedup();
        return Ok(numbers);
    };
    let filter = DeadLetterFilter { code: Some(code(name)?), state: Some(DeadLetterState::Open) };
    let (mut numbers, mut after) = (Vec::new(), None);
    loop {
        let page =
            args.data.answered(reader.dead_letters(&filter, &PageOf { after, rows: PAGE_ROWS_MAX }))?;
        numbers.extend(page.rows.iter().map(|letter| letter.number));
        match page.next {
            None => return Ok(numbers),
            next => after = next,
        }
    }
}

fn one(number: u64, data: &Data, operator: &mut Operator, door: &Door<'_>) -> Result<Replayed, Failure> {
    let skipped = |why: String| {
        let (position, attempts) = (None, None);
        Replayed { number, outcome: "skipped", position, attempts, why: Some(why) }
    };
    let (attempts, raw) = match data.written(operator.attempt(number))? {
        Attempt::Replay { attempts, raw } => (attempts, raw),
        Attempt::TooOften => {
            return Ok(skipped(format!("it was sent again {REPLAY_ATTEMPTS_MAX} times, and is given up")));
        }
        Attempt::Closed(state) => return Ok(skipped(format!("it is {}", state.name()))),
        Attempt::Unknown => return Err(unknown(number)),
    };
    let refused = |position, why| Replayed {
        number,
        outcome: "refused",
        position,
        attempts: Some(attempts),
        why: Some(why),
    };
    let position = match door.put(&raw)? {
        Put::At(position) => position,
        Put::Refused(why) => return Ok(refused(None, why)),
    };
    door.wait(position)?;
    match data.answered(data.read()?.dead_letter_at(position, number))? {
        Some(again) => {
            // The one that was there stands for its bytes, with all attempts: the other would begin to count anew.
            data.written(operator.set_dead_letter(again.number, DeadLetterState::GivenUp))?;
            Ok(refused(Some(position.0), format!("{}: {}", again.code, again.detail)))
        }
        None => {
            data.written(operator.set_dead_letter(number, DeadLetterState::Replayed))?;
            let position = Some(position.0);
            Ok(Replayed { number, outcome: "replayed", position, attempts: Some(attempts), why: None })
        }
    }
}

fn tell(replayed: &[Replayed], config: &Config) -> Result<(), Failure> {
    let text = |number: Option<String>| number.unwrap_or_default();
    let cells = |one: &Replayed| {
        [
            one.number.to_string(),
            one.outcome.to_owned(),
            text(one.position.map(|position| position.to_string())),
            text(one.attempts.map(|attempts| attempts.to_string())),
            text(one.why.clone()),
        ]
    };
    match config.output {
        OutputForm::Json => replayed.iter().try_for_each(|one| print::out(&print::json_line(one)?)),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(["number", "outcome", "position", "attempts", "why"])?;
            replayed.iter().try_for_each(|one| csv.write_record(cells(one)))
        })?),
        OutputForm::Table => {
            let mut table = table(&[">number", "outcome", ">position", ">attempts", "why"]);
            for one in replayed {
                table.add_row(cells(one));
            }
            print::out(&format!("{table}\n"))
        }
    }
}
