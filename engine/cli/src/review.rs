//! `tidegate review`: a person decides about a commission, a hold, a group or a creator. The decision is a record of
//! the log; what it did, or would do, is told from the verdicts that name it.

mod outcome;
mod subject;
mod words;

use connector::store::SnapshotFolder;
use model::Position;
use model::event::{ReviewDecision, ReviewStage};
use runtime::service::Onlooker;
use runtime::{Digest, JournalReader, hash_key};
use serde_json::{Value, json};
use std::path::Path;

use crate::args::{OutputForm, Review};
use crate::config::Config;
use crate::data::now;
use crate::door::{self, Put};
use crate::failure::{Failure, nearest};
use crate::review::outcome::{Outcome, When};
use crate::review::subject::Meant;
use crate::review::words::Decided;
use crate::run::decode;
use crate::verdict_source::parsed;
use crate::{print, progress};

/// Runs the command.
pub(crate) fn run(args: &Review, config: &Config) -> Result<(), Failure> {
    let decision = decision(&args.decision)?;
    let meant = subject::find(args, config)?;
    let review_id = format!("review-{:032x}", hash_key().secret());
    let raw = document(args, decision, &meant, &review_id)?;
    let outcome = if args.dry_run {
        imagined(args, &raw, &review_id, config)?
    } else {
        decided(args, &raw, &review_id, config)?
    };
    let said = Decided { decision, stage: stage(args) };
    match config.output {
        OutputForm::Json => print::out(&print::json(&outcome)?),
        OutputForm::Csv => print::out(&crate::verdicts::csv(outcome.verdicts.iter())?),
        OutputForm::Table => print::tell(&outcome.text(said, &meant)),
    }
}

fn decision(name: &str) -> Result<ReviewDecision, Failure> {
    let known = ReviewDecision::ALL.map(ReviewDecision::name);
    ReviewDecision::from_name(name).ok_or_else(|| {
        Failure::usage(format!("`{name}` is no decision{}", nearest(name, "decisions", &known)))
    })
}

const fn stage(args: &Review) -> ReviewStage {
    if args.propose { ReviewStage::Proposal } else { ReviewStage::Approval }
}

/// The review as an event. What a producer could get wrong is answered as it would be for a producer.
fn document(
    args: &Review,
    decision: ReviewDecision,
    meant: &Meant,
    review_id: &str,
) -> Result<Vec<u8>, Failure> {
    let evidence = args.evidence.iter().map(|text| evidence(text)).collect::<Result<Vec<_>, _>>()?;
    let mut document = json!({
        "event_id": review_id,
        "kind": "review",
        "occurred_at": now().as_ms(),
        "review_id": review_id,
        "decision": decision.name(),
        "stage": stage(args).name(),
        "evidence": evidence,
    });
    if let Value::Object(fields) = &mut document {
        fields.insert(meant.field.to_owned(), meant.value.clone());
        let program = meant.program.as_ref().map(|program| ("program_id", program));
        let note = args.note.as_ref().map(|note| ("note", note));
        fields.extend(program.into_iter().chain(note).map(|(name, text)| (name.to_owned(), json!(text))));
    }
    let raw = document.to_string().into_bytes();
    match connector::wire::decode(&raw) {
        Ok(_) => Ok(raw),
        Err(refusal) => Err(Failure::usage(format!("`{}`: {}", refusal.pointer, refusal.detail))),
    }
}

/// A document: a file of this machine, or where it is and its hash.
fn evidence(text: &str) -> Result<Value, Failure> {
    if let Some((uri, sha256)) = text.rsplit_once(',') {
        return Ok(json!({ "uri": uri, "sha256": sha256 }));
    }
    let bytes = std::fs::read(text).map_err(|error| {
        Failure::usage(format!(
            "`{text}` cannot be read ({error}); for a document elsewhere give its SHA-256 too: {text},SHA256"
        ))
    })?;
    let place = Path::new(text).canonicalize().unwrap_or_else(|_| text.into());
    Ok(json!({ "uri": format!("file://{}", place.display()), "sha256": Digest::of(&bytes).to_string() }))
}

/// What it would do: the log is decided again up to its end, and then the review, as if it came next.
fn imagined(args: &Review, raw: &[u8], review_id: &str, config: &Config) -> Result<Outcome, Failure> {
    let reader = args.data.read()?;
    let total = args.data.answered(reader.head())?.next().0;
    let snapshots = SnapshotFolder::in_store(args.data.folder());
    let unable = |error: &dyn std::fmt::Display| Failure::unreadable(error.to_string());
    let mut onlooker = Onlooker::start(reader, &snapshots, None).map_err(|error| unable(&error))?;
    let bar = progress::deciding(total);
    onlooker.follow(config.chunk, &mut |_, next| bar.set_position(next.0)).map_err(|error| unable(&error))?;
    bar.finish_and_clear();
    let position = onlooker.next();
    let arrived = decode(bytes::Bytes::copy_from_slice(raw), &door::user()?);
    let effects = onlooker.imagine(vec![arrived], now());
    match effects.dead_letters.first() {
        Some(letter) => Err(refused(&letter.refusal.detail)),
        None => Ok(Outcome::of(effects.verdicts, review_id, position, When::Would)),
    }
}

/// What it did.
fn decided(args: &Review, raw: &[u8], review_id: &str, config: &Config) -> Result<Outcome, Failure> {
    let position = door::open(&args.data, &args.reach, &["review"], config, |door| match door.put(raw)? {
        Put::At(position) => door.wait(position).map(|()| position),
        Put::Refused(what) => Err(Failure::found(what)),
    })?;
    let mut reader = args.data.read()?;
    if let Some(letter) = args.data.answered(reader.dead_letter_at(position, 0))? {
        return Err(refused(&letter.detail));
    }
    let before = Position(position.0.saturating_sub(1));
    let published = args.data.answered(reader.verdicts(before, position))?;
    let verdicts = published.iter().map(|line| parsed(&args.data, line));
    let verdicts = verdicts.collect::<Result<_, _>>()?;
    Ok(Outcome::of(verdicts, review_id, position, When::Did))
}

fn refused(detail: &str) -> Failure {
    Failure::found(format!("the review is refused, and is a dead letter: {detail}"))
}
