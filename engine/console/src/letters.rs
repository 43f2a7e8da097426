//! Dealing with dead letters: one is sent again, as it was or mended, or closed. Whoever may post a record may deal with
//! it when it is dead: a dead letter does for nobody what they may not do themselves.

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use bytes::Bytes;
use model::Position;
use model::log::RecordBody;
use runtime::books::DeadLetterView;
use runtime::letters::{Closing, Hand, Outcome, Put, SentAgain, send_again};
use runtime::service::Arrived;
use runtime::{JournalError, SteadyClock};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::app::App;
use crate::body::{self, Received, misshapen};
use crate::events::submit;
use crate::kinds;
use crate::letterhead::{Stranger, stranger};
use crate::lists::{Answer, Id, not_utf8};
use crate::problem::{Code, Problem};
use crate::query;
use crate::scope::Scope;
use crate::token::Caller;

/// What is sent in place of a dead letter.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Replay {
    /// A mended record, of the same kind and ids, as `schemas/` describes events; its own bytes when missing.
    #[schemars(with = "Option<Map<String, Value>>")]
    record: Option<Box<RawValue>>,
}

/// Why nobody has to deal with a dead letter any more.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Close {
    /// For whoever looks at it later: 1 to 1024 bytes.
    note: String,
}

pub(crate) async fn replay(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Arc<Caller>>,
    id: Id,
    headers: HeaderMap,
    body: Body,
) -> Answer<SentAgain> {
    let received = body::json_or_nothing(&app, &headers, body).await?;
    let letter = dead_letter(&app, &caller, id).await?;
    let asked = received.as_ref().map(|received| said::<Replay>(received, RECORD)).transpose()?;
    let record = asked.and_then(|asked| asked.record);
    let mended = record.map(|record| Bytes::from(record.get().to_owned()));
    mended.clone().map_or(Ok(()), |record| may_be_sent(&app, &caller, &letter, record))?;
    let number = letter.number;
    let (sender, runtime) = (Sender { app: Arc::clone(&app), caller, number }, Handle::current());
    let sent = app.clerks.run(move || {
        let mut clerk = (sender.app.given.clerk)()?;
        let hand = Hand { by: &sender.caller.identity, at: SteadyClock::start().now() };
        send_again(number, mended.as_deref(), &hand, &mut *clerk, |raw| runtime.block_on(sender.put(raw)))
    });
    let sent: SentAgain = sent.await??.ok_or_else(unknown)?;
    match (sent.outcome, sent.why) {
        (Outcome::Skipped, why) => Err(ended(&why.unwrap_or_default())),
        (outcome @ (Outcome::Replayed | Outcome::Mended | Outcome::Refused), why) => {
            Ok(Json(SentAgain { outcome, why, ..sent }))
        }
    }
}

pub(crate) async fn close(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Arc<Caller>>,
    id: Id,
    headers: HeaderMap,
    body: Body,
) -> Answer<DeadLetterView> {
    let received = body::json(&app, &headers, body).await?;
    let number = dead_letter(&app, &caller, id).await?.number;
    let asked: Close = said(&received, NOTE)?;
    let clerk = Arc::clone(&app.given.clerk);
    let closing = app.clerks.run(move || {
        let hand = Hand { by: &caller.identity, at: SteadyClock::start().now() };
        clerk()?.close(number, &asked.note, &hand)
    });
    match closing.await?.map_err(not_written)? {
        Closing::Closed => {
            let letter = app.ask(move |books| books.dead_letter(number)).await?;
            letter.map(Json).ok_or_else(unknown)
        }
        Closing::Ended(state) => Err(ended(&format!("it is {}", state.words()))),
        Closing::Unknown => Err(unknown()),
    }
}

/// The only members that there are, as people are told of them.
const RECORD: &str = "`record`, an event";
const NOTE: &str = "`note`, a text";

/// What is asked to be done about a dead letter.
fn said<T: DeserializeOwned>(received: &Received, member: &str) -> Result<T, Problem> {
    serde_json::from_slice(&received.bytes).map_err(|error| {
        let shape = format!("send an object with {member}, and nothing else in it");
        // What is no JSON has a place; what the parser says of types and members is about ours.
        let what = if error.is_data() { shape } else { format!("this is no JSON: {error}; {shape}") };
        misshapen("", what)
    })
}

/// A note that cannot be kept is a member of the body.
fn not_written(error: JournalError) -> Problem {
    match error {
        JournalError::Unanswerable { parameter, what } => misshapen(&format!("/{parameter}"), what),
        JournalError::Unwritable(_)
        | JournalError::Unreadable(_)
        | JournalError::Damaged(_)
        | JournalError::Deposed(_) => error.into(),
    }
}

/// The dead letter that the path names, where the caller may post what it says. One that names no kind may have been
/// anything: that takes whoever may post all that producers do.
async fn dead_letter(app: &App, caller: &Caller, id: Id) -> Result<DeadLetterView, Problem> {
    let id = id.map_err(|_| not_utf8())?.0;
    let number: u64 =
        id.parse().map_err(|_| query::invalid("id", format!("`{id}` is no number of a dead letter")))?;
    let letter = app.ask(move |books| books.dead_letter(number)).await?.ok_or_else(unknown)?;
    let named = letter.raw.as_ref().map(|raw| kinds::named(raw.as_bytes())).unwrap_or_default();
    let needed = match named.as_slice() {
        [] => Scope::named("producer").unwrap_or_default(),
        kinds => kinds.iter().map(|kind| Scope::Post(*kind)).collect(),
    };
    match needed.into_iter().find(|scope| !caller.scopes.allow(*scope)) {
        Some(scope) => Err(forbidden(scope.name())),
        None => Ok(letter),
    }
}

/// A mended record is refused as it would be when it is posted, and when it is another one than the dead letter, before
/// an attempt is counted.
fn may_be_sent(app: &App, caller: &Caller, letter: &DeadLetterView, record: Bytes) -> Result<(), Problem> {
    match (app.given.decode)(record.clone(), &caller.identity).body {
        RecordBody::Event(event) if caller.scopes.allow(Scope::Post(event.kind())) => {
            stranger(letter, &record).map_or(Ok(()), |stranger| Err(another(&stranger)))
        }
        RecordBody::Event(event) => Err(forbidden(event.kind().name())),
        RecordBody::Control(_) => Err(forbidden("records of the engine's own")),
        RecordBody::Undecodable(refusal) => Err(Problem::new(Code::RecordRefused, refusal.detail)
            .with("refusal", refusal.code.name().into())
            .with("pointer", json!(format!("/record{}", refusal.pointer)))),
    }
}

/// Puts down what is sent for a dead letter.
struct Sender {
    app: Arc<App>,
    caller: Arc<Caller>,
    number: u64,
}

impl Sender {
    async fn put(&self, raw: &[u8]) -> Result<Put, Problem> {
        let arrived: Arrived = (self.app.given.decode)(Bytes::copy_from_slice(raw), &self.caller.identity);
        let at = submit(&self.app, vec![arrived]).await?.first;
        let patience = self.app.limits.durable_wait;
        let slow = |_| Problem::new(Code::LaneSlow, format!("not decided after {patience:?}"));
        timeout(patience, self.decided(at)).await.map_err(slow)?;
        // What is refused at once has a number after that of the dead letter that it is sent for.
        let (books, number) = (Arc::clone(&self.app.given.books), self.number);
        Ok(books.dead_letter_at(at, number)?.map_or(Put::Taken(at), |letter| Put::Dead(Box::new(letter))))
    }

    /// Waits until a record is decided: every commit is told to those who count verdicts.
    async fn decided(&self, at: Position) {
        let status = self.app.given.lane.status();
        let mut commits = status.verdicts();
        while status.decided() < Some(at) && commits.changed().await.is_ok() {}
    }
}

fn another(stranger: &Stranger) -> Problem {
    let pointer = json!(format!("/record/{}", stranger.field));
    Problem::new(Code::RecordOther, stranger.to_string()).with("pointer", pointer)
}

fn unknown() -> Problem {
    Problem::new(Code::DeadLetterUnknown, "no dead letter has this number")
}

fn ended(why: &str) -> Problem {
    Problem::new(Code::DeadLetterEnded, why)
}

fn forbidden(what: &str) -> Problem {
    Problem::new(Code::AuthKind, format!("this token may not post {what}"))
}
