//! Exported logs: one JSON object per line, the first of them `genesis`.
//!
//! ```text
//! {"position":0,"control":{"genesis":{…}}}
//! {"position":1,"ingested_at":1700000000000,"event":{…}}
//! {"position":2,"ingested_at":1700000000001,"event":{…},"raw":"…"}
//! {"position":3,"refusal":{"code":"json.syntax","pointer":"","detail":"…"},"raw":"…"}
//! {"position":4,"control":{"tick":1700000060000}}
//! ```
//!
//! Positions are gap-free from 0. Where the bytes as they arrived are one line of JSON that says the event, they
//! stand as `event` themselves; else they are kept beside it as `raw` (or `raw_base64`, when they are not UTF-8),
//! so that a replay gives the same dead letters, byte for byte.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::borrow::Cow;

use model::log::{Control, Feeds, Genesis, RecordBody};
use model::refusal::Refusal;
use model::{Event, EventTime, Market, Position, ProgramId, Record, Text};

use crate::wire::{
    self, Choice, Codec, Counter, Fields, Id, Key64, Length, Named, Obj, Place, RawBytes, RawText,
    RefusalFields, Time, Trust, Words, object, put, raw_from, raw_parts, read_line, shortened,
};

/// Seconds in a century: the longest length of time of a genesis.
const CENTURY_S: i64 = 36_525 * 86_400;

object! {
    Genesis / GenesisDraft: "What is fixed for the life of a log."
    {
        default_program = "default_program": required Id<ProgramId>, "The program of events that name none.";
        default_market = "default_market": required Id<Market>, "The market of events that name none.";
        sweep_grid = "sweep_grid": required Length<1, 86_400>, "Timers fire on this grid of the log clock, from 1s to 1d.";
        allowed_skew = "allowed_skew": required Length<0, CENTURY_S>, "How far ahead of its stamp an event may be.";
        dedup_horizon = "dedup_horizon": required Length<0, CENTURY_S>, "How long clicks are remembered for deduplication; an older one is refused.";
        park_for = "park_for": required Length<0, CENTURY_S>, "How long a record waits for what it refers to.";
        canary_key = "canary_key": required Key64, "Buckets creators into canaries, and keys the ids of group holds: 16 hexadecimal digits.";
        feeds = "feeds": required Choice<Feeds>, "How completeness of feeds is known.";
        semantics = "semantics": required Counter<u32, 1>, "The number of the engine's semantics.";
        ruleset = "ruleset": required Words, "The hash of the first ruleset.";
    }
}

impl Named for Feeds {
    fn all() -> &'static [Feeds] {
        &[Feeds::CompleteToClock, Feeds::Marked]
    }

    fn name(self) -> &'static str {
        match self {
            Feeds::CompleteToClock => "complete_to_clock",
            Feeds::Marked => "marked",
        }
    }
}

/// A control record as it is written: exactly one of its fields.
struct ControlFields {
    genesis: Option<Genesis>,
    tick: Option<EventTime>,
    ruleset: Option<Text>,
    upgrade: Option<u32>,
}

object! {
    ControlFields / ControlDraft: "A record that steers the engine; exactly one of its fields."
    {
        genesis = "genesis": optional Obj<Genesis>, "The first record of every log.";
        tick = "tick": optional Time, "Time has passed without events: to then, in milliseconds since the epoch.";
        ruleset = "ruleset": optional Words, "Another ruleset applies from here, by hash.";
        upgrade = "upgrade": optional Counter<u32, 1>, "Another number of semantics applies from here.";
    }
    any_of "genesis" "tick" "ruleset" "upgrade";
}

impl ControlFields {
    fn one(self) -> Option<Control> {
        match (self.genesis, self.tick, self.ruleset, self.upgrade) {
            (Some(genesis), None, None, None) => Some(Control::Genesis(Box::new(genesis))),
            (None, Some(time), None, None) => Some(Control::Tick(time)),
            (None, None, Some(hash), None) => Some(Control::Ruleset(hash)),
            (None, None, None, Some(semantics)) => Some(Control::Upgrade(semantics)),
            _ => None,
        }
    }
}

/// A line as it is read, its event still bytes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    position: u64,
    ingested_at: Option<i64>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    control: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
    #[serde(borrow)]
    raw: Option<Cow<'a, str>>,
    #[serde(borrow)]
    raw_base64: Option<&'a RawValue>,
}

/// Whether a file that begins with this line is an exported log.
pub fn is_log(first_line: &[u8]) -> bool {
    serde_json::from_slice::<Line<'_>>(first_line)
        .is_ok_and(|line| line.position == 0 && line.control.is_some())
}

/// Reads a record from its line. The error says what is wrong with the line: the engine wrote it, so something
/// else has changed it. An event that cannot be decoded is no error: it is a record that will be a dead letter.
pub fn read_record(line: &Bytes) -> Result<Record, String> {
    read_counted(line).map(|(record, _)| record)
}

/// As [`read_record`], with the number of the event's fields that this version does not know.
pub(crate) fn read_counted(line: &Bytes) -> Result<(Record, u32), String> {
    let fields: Line<'_> = serde_json::from_slice(line).map_err(|error| shortened(error.to_string()))?;
    let position = Position(fields.position);
    let stamp = fields
        .ingested_at
        .map(|ms| EventTime::from_ms(ms).ok_or("`ingested_at` is not a time"))
        .transpose()?;
    let parts = [fields.event.is_some(), fields.control.is_some(), fields.refusal.is_some()];
    if parts.iter().filter(|given| **given).count() != 1 {
        return Err("a record has exactly one of `event`, `control` and `refusal`".to_owned());
    }
    let kept = kept_bytes(fields.raw.as_deref(), fields.raw_base64)?;
    let mut unknown_fields = 0;
    let (raw, body) = if let Some(event) = fields.event {
        let said = line.slice_ref(event.get().as_bytes());
        let body = event_body(&said, &mut unknown_fields);
        (kept.unwrap_or(said), body)
    } else if let Some(control) = fields.control {
        (Bytes::new(), RecordBody::Control(read_control(control)?))
    } else {
        let refusal = fields.refusal.map(|value| refusal_from(value.get())).transpose()?;
        let refusal = refusal.ok_or("`refusal` is empty")?;
        (kept.unwrap_or_default(), RecordBody::Undecodable(refusal))
    };
    Ok((Record { position, stamp, raw, body }, unknown_fields))
}

fn event_body(said: &[u8], unknown_fields: &mut u32) -> RecordBody {
    match wire::decode_from(said, Trust::Log) {
        Ok(decoded) => {
            *unknown_fields = decoded.unknown_fields;
            RecordBody::Event(Box::new(decoded.event))
        }
        Err(refusal) => RecordBody::Undecodable(refusal),
    }
}

fn kept_bytes(raw: Option<&str>, raw_base64: Option<&RawValue>) -> Result<Option<Bytes>, String> {
    let decoded = raw_base64.map(|value| read_value::<RawBytes>("raw_base64", value)).transpose()?;
    let text = raw.map(|text| Bytes::copy_from_slice(text.as_bytes()));
    Ok((text.is_some() || decoded.is_some()).then(|| raw_from(text, decoded)))
}

fn read_control(value: &RawValue) -> Result<Control, String> {
    control_from(value.get())
}

/// Reads a control record from the JSON that [`control_json`] wrote.
pub(crate) fn control_from(json: &str) -> Result<Control, String> {
    let one = read_text::<Obj<ControlFields>>("control", json)?.one();
    one.ok_or_else(|| "`control` has exactly one of `genesis`, `tick`, `ruleset` and `upgrade`".to_owned())
}

/// Reads a refusal from the JSON that [`refusal_json`] wrote.
pub(crate) fn refusal_from(json: &str) -> Result<Refusal, String> {
    read_text::<Obj<RefusalFields>>("refusal", json).map(Refusal::from)
}

fn read_value<C: Codec>(name: &str, value: &RawValue) -> Result<C::Value, String> {
    read_text::<C>(name, value.get())
}

fn read_text<C: Codec>(name: &str, json: &str) -> Result<C::Value, String> {
    read_line::<C>(json.as_bytes()).map_err(|r| format!("`{name}{}`: {}", r.pointer, r.detail))
}

/// Writes a record as a line, with its line feed.
pub fn write_record(record: &Record, out: &mut Vec<u8>) {
    let mut fields = Fields::open(out);
    fields.put::<Place>("position", &record.position);
    if let Some(stamp) = &record.stamp {
        fields.put::<Time>("ingested_at", stamp);
    }
    match &record.body {
        RecordBody::Event(event) => write_event(event, &record.raw, &mut fields),
        RecordBody::Undecodable(refusal) => {
            fields.put::<Obj<RefusalFields>>("refusal", &RefusalFields::from(refusal));
            write_raw(&record.raw, &mut fields);
        }
        RecordBody::Control(control) => write_control(control, &mut fields),
    }
    fields.close();
    out.push(b'\n');
}

fn write_event(event: &Event, raw: &Bytes, fields: &mut Fields<'_>) {
    if says(raw, event) {
        fields.name("event").extend_from_slice(raw);
        return;
    }
    wire::encode_into(event, fields.name("event"));
    write_raw(raw, fields);
}

/// Whether these bytes are one line of JSON that says this event, and nothing around it.
fn says(raw: &[u8], event: &Event) -> bool {
    raw.first() == Some(&b'{')
        && raw.last() == Some(&b'}')
        && !raw.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
        && wire::decode_from(raw, Trust::Log).is_ok_and(|decoded| decoded.event == *event)
}

fn write_raw(raw: &Bytes, fields: &mut Fields<'_>) {
    let (text, bytes) = raw_parts(raw);
    if let Some(text) = text {
        fields.put::<RawText>("raw", &text);
    }
    if let Some(bytes) = bytes {
        fields.put::<RawBytes>("raw_base64", &bytes);
    }
}

fn write_control(control: &Control, fields: &mut Fields<'_>) {
    fields.put::<Obj<ControlFields>>("control", &ControlFields::from(control));
}

/// A control record as JSON.
pub(crate) fn control_json(control: &Control) -> String {
    written::<Obj<ControlFields>>(&ControlFields::from(control))
}

/// A refusal as JSON.
pub(crate) fn refusal_json(refusal: &Refusal) -> String {
    written::<Obj<RefusalFields>>(&RefusalFields::from(refusal))
}

fn written<C: Codec>(value: &C::Value) -> String {
    let mut out = Vec::with_capacity(128);
    C::write(value, &mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}

impl From<&Control> for ControlFields {
    fn from(control: &Control) -> ControlFields {
        let mut parts = ControlFields { genesis: None, tick: None, ruleset: None, upgrade: None };
        match control {
            Control::Genesis(genesis) => parts.genesis = Some((**genesis).clone()),
            Control::Tick(time) => parts.tick = Some(*time),
            Control::Ruleset(hash) => parts.ruleset = Some(hash.clone()),
            Control::Upgrade(semantics) => parts.upgrade = Some(*semantics),
        }
        parts
    }
}

/// The schema of a line.
pub(crate) fn line_schema() -> Value {
    let mut control = Obj::<ControlFields>::schema();
    put(&mut control, "maxProperties", json!(1));
    let mut stamp = Time::schema();
    put(&mut stamp, "description", json!("When the log received it, in milliseconds since the epoch."));
    json!({
        "type": "object",
        "description": "A line of an exported log: an event, a control record, or a record that is not an event.",
        "properties": {
            "position": Place::schema(),
            "ingested_at": stamp,
            "event": {"type": "object", "description": "The event: see the schema of its kind."},
            "control": control,
            "refusal": Obj::<RefusalFields>::schema(),
            "raw": {"type": "string", "description": "The bytes as they arrived, where they are not the event itself."},
            "raw_base64": {
                "type": "string",
                "contentEncoding": "base64",
                "description": "The same in base64, where they are not UTF-8.",
            },
        },
        "required": ["position"],
        "additionalProperties": false,
        "oneOf": [{"required": ["event"]}, {"required": ["control"]}, {"required": ["refusal"]}],
    })
}

impl From<&Refusal> for RefusalFields {
    fn from(refusal: &Refusal) -> RefusalFields {
        RefusalFields { code: refusal.code, pointer: refusal.pointer.clone(), detail: refusal.detail.clone() }
    }
}

impl From<RefusalFields> for Refusal {
    fn from(fields: RefusalFields) -> Refusal {
        Refusal { code: fields.code, pointer: fields.pointer, detail: fields.detail }
    }
}
