//! `tidegate dlq replay`: dead letters are sent again, as they were once what was wrong with the lane is mended, or as
//! a record that was mended by hand.

use model::Position;
use runtime::books::{DeadLetterFilter, DeadLetterState};
use runtime::letters::{Hand, Put, SentAgain, send_again};
use std::ops::ControlFlow;
use std::path::Path;

use super::{code, unknown};
use crate::args::{Data, DlqReplay, OutputForm};
use crate::config::Config;
use crate::data::now;
use crate::door::{self, Door};
use crate::failure::Failure;
use crate::pages::each_page;
use crate::print;
use crate::table::table;

/// Dead letters may be of any kind: whoever replays them posts as all who post.
const SCOPES: [&str; 3] = ["producer", "finance", "risk"];

/// Runs the command.
pub(super) fn run(args: &DlqReplay, config: &Config) -> Result<(), Failure> {
    if args.with.is_some() && args.numbers.len() != 1 {
        return Err(Failure::usage("a mended record is sent in place of one dead letter: name one".into()));
    }
    let mended = args.with.as_deref().map(mended).transpose()?;
    let numbers = numbers(args)?;
    if let (Some(file), Some(mended), [number]) = (&args.with, &mended, numbers.as_slice()) {
        is_the_letter(*number, mended, file, &args.data)?;
    }
    if numbers.is_empty() {
        print::note("there are no open dead letters like that");
        return Ok(());
    }
    let by = door::identity(&args.data, &args.reach)?;
    let sent = door::open(&args.data, &args.reach, &SCOPES, config, |door| {
        numbers.iter().map(|number| one(*number, mended.as_deref(), &by, &args.data, door)).collect()
    });
    let sent: Vec<SentAgain> = sent?;
    tell(&sent, config)?;
    match sent.iter().filter(|one| !one.outcome.is_alive()).count() {
        0 => Ok(()),
        count => Err(Failure::found(format!("{count} of {} stay dead", sent.len()))),
    }
}

/// A mended record. What would be refused at once is not sent, and costs no attempt.
fn mended(file: &Path) -> Result<Vec<u8>, Failure> {
    let bytes = std::fs::read(file).map_err(|error| Failure::input(file, &error))?;
    let raw = bytes.trim_ascii();
    match connector::wire::decode(raw) {
        Ok(_) => Ok(raw.to_vec()),
        Err(refusal) => {
            let place = match refusal.pointer.as_str() {
                "" => String::new(),
                pointer => format!(" at `{pointer}`"),
            };
            let (file, code, detail) = (file.display(), refusal.code.name(), refusal.detail);
            let what = format!("{file} would be refused again, and was not sent: {code}{place}: {detail}");
            Err(Failure::found(what))
        }
    }
}

/// What is another record than the dead letter is not sent in its place, and costs no attempt.
fn is_the_letter(number: u64, mended: &[u8], file: &Path, data: &Data) -> Result<(), Failure> {
    let letter = data.answered(data.read()?.dead_letter(number))?.ok_or_else(|| unknown(number))?;
    console::stranger(&letter, mended).map_or(Ok(()), |stranger| {
        let file = file.display();
        Err(Failure::found(format!("{file} is not dead letter {number}, and was not sent: {stranger}")))
    })
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
    let state = Some(DeadLetterState::Open);
    let filter = DeadLetterFilter { code: Some(code(name)?), state, ..DeadLetterFilter::default() };
    let mut numbers = Vec::new();
    each_page(
        |page| args.data.answered(reader.dead_letters(&filter, page)),
        |letters| {
            numbers.extend(letters.iter().map(|letter| letter.number));
            Ok(ControlFlow::Continue(()))
        },
    )?;
    Ok(numbers)
}

fn one(
    number: u64,
    mended: Option<&[u8]>,
    by: &str,
    data: &Data,
    door: &Door<'_>,
) -> Result<SentAgain, Failure> {
    let hand = Hand { by, at: now() };
    let put = |raw: &[u8]| match door.put(raw)? {
        door::Put::At(position) => decided(number, position, data, door),
        door::Put::Refused(why) => Ok(Put::Refused(why)),
    };
    send_again(number, mended, &hand, &mut data.operator()?, put)?.ok_or_else(|| unknown(number))
}

/// What was decided of what was put down: later than the dead letter that it is sent for.
fn decided(number: u64, position: Position, data: &Data, door: &Door<'_>) -> Result<Put, Failure> {
    door.wait(position)?;
    let again = data.answered(data.read()?.dead_letter_at(position, number))?;
    Ok(again.map_or(Put::Taken(position), |letter| Put::Dead(Box::new(letter))))
}

fn tell(sent: &[SentAgain], config: &Config) -> Result<(), Failure> {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let cells = |one: &SentAgain| {
        [
            one.number.to_string(),
            one.outcome.name().to_owned(),
            number(one.position),
            number(one.attempts.map(u64::from)),
            one.why.clone().unwrap_or_default(),
        ]
    };
    match config.output {
        OutputForm::Json => sent.iter().try_for_each(|one| print::out(&print::json_line(one)?)),
        OutputForm::Csv => print::out(&print::csv_text(|csv| {
            csv.write_record(["number", "outcome", "position", "attempts", "why"])?;
            sent.iter().try_for_each(|one| csv.write_record(cells(one)))
        })?),
        OutputForm::Table => {
            let mut table = table(&[">number", "outcome", ">position", ">attempts", "why"]);
            for one in sent {
                table.add_row(cells(one));
            }
            print::tell(&format!("{table}\n"))
        }
    }
}
