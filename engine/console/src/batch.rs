//! The records of a body: split, decoded, and sorted into those that are put down and those that may not be posted.

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use model::log::RecordBody;
use model::refusal::Refusal;
use model::{Kind, Position};
use runtime::service::Arrived;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::Decode;
use crate::kinds;
use crate::problem::{Code, Problem};
use crate::scope::Scope;
use crate::token::Caller;

/// How records lie in a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The body is one record.
    One,
    /// Each line is one.
    Lines,
}

impl Form {
    /// As the headers say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Form, Problem> {
        let named =
            headers.get(header::CONTENT_TYPE).and_then(|named| named.to_str().ok()).unwrap_or_default();
        let named = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match named.as_str() {
            "application/json" => Ok(Form::One),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Ok(Form::Lines),
            _ => Err(Problem::new(
                Code::BodyType,
                "send one event as application/json, or one on each line as application/x-ndjson",
            )),
        }
    }
}

/// What is wrong with a record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordError {
    /// Which record of the request, from 0.
    index: usize,
    /// The line that it is on, from 1.
    line: usize,
    /// A stable code: `auth.kind`, or that of a dead letter.
    code: &'static str,
    /// JSON pointer of what is wrong; empty for the whole record.
    pointer: String,
    /// What is wrong and how to mend it, for a person.
    detail: String,
    /// Where it was put down, to become a dead letter; missing when it was not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u64>,
    /// Its place among those that are put down.
    #[serde(skip)]
    kept: Option<usize>,
}

/// The records of a request.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Those to put down, in their order.
    pub(crate) arrived: Vec<Arrived>,
    errors: Vec<RecordError>,
}

impl Batch {
    /// What is wrong, with the places of what was put down from `first` on.
    pub(crate) fn errors_from(mut self, first: Position) -> Vec<RecordError> {
        for error in &mut self.errors {
            let kept = error.kept.and_then(|kept| u64::try_from(kept).ok());
            error.position = kept.map(|kept| first.0 + kept);
        }
        self.errors
    }

    /// What is wrong, when nothing is put down.
    pub(crate) fn errors(self) -> Vec<RecordError> {
        self.errors
    }
}

/// Who posts, and how it is read.
pub(crate) struct Poster<'c> {
    pub(crate) caller: &'c Caller,
    pub(crate) decode: Decode,
    pub(crate) records_max: usize,
}

impl Poster<'_> {
    /// Reads a body.
    pub(crate) fn read(&self, body: &Bytes, form: Form) -> Result<Batch, Problem> {
        match body.trim_ascii_start().first() {
            None => return Err(Problem::new(Code::BodyEmpty, "send at least one event")),
            Some(b'[') => {
                let detail = "an array is not read; send one event on each line, as application/x-ndjson";
                return Err(Problem::new(Code::BodyArray, detail));
            }
            Some(_) => {}
        }
        let mut batch = Batch::default();
        for (index, (line, raw)) in records(body, form).enumerate() {
            if index == self.records_max {
                let detail = format!("it has more than {} records; send it in parts", self.records_max);
                return Err(Problem::new(Code::BodyTooMany, detail));
            }
            self.record(&mut batch, At { index, line }, body.slice_ref(raw));
        }
        release_the_rest(&mut batch, body.len());
        Ok(batch)
    }

    fn record(&self, batch: &mut Batch, at: At, raw: Bytes) {
        let arrived = (self.decode)(raw, &self.caller.identity);
        let named = match &arrived.body {
            RecordBody::Event(event) => vec![event.kind()],
            RecordBody::Undecodable(_) => kinds::named(&arrived.raw),
            RecordBody::Control(_) => return batch.errors.push(at.forbidden("records of the engine's own")),
        };
        if let Some(kind) = named.into_iter().find(|kind| !self.may_post(*kind)) {
            return batch.errors.push(at.forbidden(kind.name()));
        }
        if let RecordBody::Undecodable(refusal) = &arrived.body {
            batch.errors.push(at.refused(refusal, batch.arrived.len()));
        }
        batch.arrived.push(arrived);
    }

    fn may_post(&self, kind: Kind) -> bool {
        self.caller.scopes.allow(Scope::Post(kind))
    }
}

/// The records, with the line on which each begins; blank lines are none.
fn records(body: &[u8], form: Form) -> impl Iterator<Item = (usize, &[u8])> {
    let lines = match form {
        Form::One => 1,
        Form::Lines => usize::MAX,
    };
    let split = body.splitn(lines, |byte| *byte == b'\n').enumerate();
    split.map(|(at, line)| (at + 1, line.trim_ascii())).filter(|(_, line)| !line.is_empty())
}

/// Records are parts of their body, which lives as long as any of them: a body that is mostly padding is left behind.
fn release_the_rest(batch: &mut Batch, body_bytes: usize) {
    let kept: usize = batch.arrived.iter().map(|arrived| arrived.raw.len()).sum();
    if kept < body_bytes / 2 {
        batch.arrived.iter_mut().for_each(|arrived| arrived.raw = Bytes::copy_from_slice(&arrived.raw));
    }
}

#[derive(Clone, Copy)]
struct At {
    index: usize,
    line: usize,
}

impl At {
    fn forbidden(self, what: &str) -> RecordError {
        let At { index, line } = self;
        let detail = format!("this token may not post {what}; nothing was kept of the record");
        let code = Code::AuthKind.name();
        RecordError { index, line, code, pointer: "/kind".into(), detail, position: None, kept: None }
    }

    fn refused(self, refusal: &Refusal, kept: usize) -> RecordError {
        let At { index, line } = self;
        let Refusal { code, pointer, detail } = refusal.clone();
        RecordError { index, line, code: code.name(), pointer, detail, position: None, kept: Some(kept) }
    }
}
