//! What goes out: verdicts and dead letters, a line of JSON each.
//!
//! A verdict is written by its own `Serialize`: the order of its fields in the model is the order of the bytes,
//! which are part of the engine's promise. The tables here read lines back and make the schemas.

use bytes::Bytes;
use data_encoding::BASE64;
use serde::Deserializer;

use model::limit::EVIDENCE_ENTRIES_MAX;
use model::refusal::{Code, DeadLetter, Refusal};
use model::verdict::{Account, CommissionId, Decision, HoldId, HoldView, Posting, Reason, VerdictId};
use model::{CreatorId, Market, OrderId, Position, ProgramId, RuleId, ShopId, Text, Verdict};
use std::collections::BTreeMap;

use super::Trust;
use super::choice::{Choice, Named};
use super::codec::{Codec, List, read_text, write_json};
use super::context::{Context, Problem};
use super::id::{Hex, Id};
use super::map::{Balances, Entries, EvidenceEntry};
use super::money::{Balance, CurrencyCode};
use super::object::{Obj, object};
use super::scalar::{Counter, Words};
use super::time::FollowingTime;

/// Lists of a verdict are bounded by the engine, not by its readers.
const UNBOUNDED: usize = 1_000_000;

/// A place in the log.
pub(crate) struct Place;

impl Codec for Place {
    type Value = Position;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Position, D::Error> {
        Counter::<u64, 0>::read(from, context).map(Position)
    }

    fn write(value: &Position, out: &mut Vec<u8>) {
        write_json(&value.0, out);
    }

    fn schema() -> serde_json::Value {
        Counter::<u64, 0>::schema()
    }
}

object! {
    Verdict / VerdictDraft: "A decision about a commission (or a flag about something that has none), with the postings that it makes."
    {
        verdict_id = "verdict_id": required Hex<VerdictId>, "The verdict: the first 128 bits of SHA-256 over its subject and sequence.";
        commission_id = "commission_id": optional Hex<CommissionId>, "The commission: the first 128 bits of SHA-256 over program, order or obligation, beneficiary and component.";
        subject = "subject": optional Words, "What else it is about, when there is no commission: click:PROGRAM/ID, order:PROGRAM/ID, creator:PROGRAM/ID or run:PROGRAM/ID.";
        sequence = "sequence": required Counter<u64, 1>, "Gap-free from 1 per commission or subject.";
        position = "position": required Place, "The record at which it was decided.";
        occurred_at = "occurred_at": required FollowingTime, "The record's own time, or the sweep's, in milliseconds since the epoch.";
        decision = "decision": required Choice<Decision>, "What was decided.";
        postings = "postings": required List<Obj<Posting>, 0, UNBOUNDED>, "The movements between accounts.";
        currency = "currency": optional CurrencyCode, "The ISO 4217 currency of all amounts.";
        balance = "balance": default {BTreeMap::new()} Balances, "Every account after it, in minor units.";
        beneficiary = "beneficiary": optional Words, "Who earns: creator:ID or agency:ID.";
        component = "component": optional Words, "What for: cps, ads_cps, agency_share, or an obligation's component.";
        order_id = "order_id": optional Id<OrderId>, "The order.";
        shop_id = "shop_id": optional Id<ShopId>, "The shop.";
        market = "market": required Id<Market>, "The market.";
        program_id = "program_id": required Id<ProgramId>, "The program.";
        due = "due_at": optional FollowingTime, "When it would be released as things stand, in milliseconds since the epoch.";
        holds = "holds": required List<Obj<HoldView>, 0, UNBOUNDED>, "The holds that stand after it.";
        reasons = "reasons": required List<Obj<Reason>, 0, UNBOUNDED>, "Why, sorted by rule.";
        actors = "actors": default {Vec::new()} List<Words, 0, UNBOUNDED>, "The people who decided.";
        reattributed_from = "reattributed_from": optional Id<CreatorId>, "Whose credit this took over.";
        ruleset = "ruleset": required Words, "The ruleset in force, by hash.";
        semantics = "semantics": required Counter<u32, 0>, "The number of the engine's semantics.";
    }
}

object! {
    Posting / PostingDraft: "A movement between two accounts of one commission."
    {
        from = "from": required Choice<Account>, "Out of.";
        to = "to": required Choice<Account>, "Into.";
        amount = "amount": required Balance, "How much, in minor units.";
    }
}

object! {
    HoldView / HoldViewDraft: "A hold that stands."
    {
        hold_id = "hold_id": required Hex<HoldId>, "Which hold.";
        rule = "rule": required Id<RuleId>, "Whose.";
        until = "until_at": optional FollowingTime, "Until when, in milliseconds since the epoch; until reviewed when missing.";
    }
}

object! {
    Reason / ReasonDraft: "Why, as it is published: numbers and ids only."
    {
        rule = "rule": required Id<RuleId>, "Which rule, or built-in cause.";
        public_code = "public_code": required Words, "What creators are told.";
        evidence = "evidence": required Entries<Text, EvidenceEntry, EVIDENCE_ENTRIES_MAX>, "The numbers behind it, by name.";
    }
}

/// Writes a verdict as a line of JSON, with its line feed.
pub fn write_verdict(verdict: &Verdict, out: &mut Vec<u8>) {
    write_json(verdict, out);
    out.push(b'\n');
}

/// Reads a verdict back from its line.
pub fn read_verdict(line: &[u8]) -> Result<Verdict, Refusal> {
    read_line::<Obj<Verdict>>(line)
}

/// Reads a value from a line of the engine's own.
pub(crate) fn read_line<C: Codec>(line: &[u8]) -> Result<C::Value, Refusal> {
    let mut context = Context::new(Trust::Log);
    let mut parser = serde_json::Deserializer::from_slice(line);
    let value = C::read(&mut parser, &mut context).and_then(|value| parser.end().map(|()| value));
    value.map_err(|error| context.refusal(&error))
}

impl Named for Code {
    fn all() -> &'static [Code] {
        Code::ALL
    }

    fn name(self) -> &'static str {
        Code::name(self)
    }
}

/// Bytes in base64.
pub(crate) struct RawBytes;

impl Codec for RawBytes {
    type Value = Bytes;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Bytes, D::Error> {
        read_text(from, context, "bytes in base64: a string", |text| {
            let bytes = BASE64.decode(text.as_bytes()).map(Bytes::from);
            bytes.map_err(|error| Problem::new(Code::FieldValue, format!("not base64: {error}")))
        })
    }

    fn write(value: &Bytes, out: &mut Vec<u8>) {
        write_json(&BASE64.encode(value), out);
    }

    fn schema() -> serde_json::Value {
        serde_json::json!({"type": "string", "contentEncoding": "base64"})
    }
}

/// Bytes that are text, as a string.
pub(crate) struct RawText;

impl Codec for RawText {
    type Value = Bytes;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Bytes, D::Error> {
        read_text(from, context, "a string", |text| Ok(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn write(value: &Bytes, out: &mut Vec<u8>) {
        write_json(&String::from_utf8_lossy(value), out);
    }

    fn schema() -> serde_json::Value {
        serde_json::json!({"type": "string"})
    }
}

/// A text of any length.
pub(crate) struct LongText;

impl Codec for LongText {
    type Value = String;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<String, D::Error> {
        read_text(from, context, "a string", |text| Ok(text.to_owned()))
    }

    fn write(value: &String, out: &mut Vec<u8>) {
        write_json(value, out);
    }

    fn schema() -> serde_json::Value {
        serde_json::json!({"type": "string"})
    }
}

/// A dead letter as it is written.
pub(crate) struct DeadLetterLine {
    position: Position,
    refused_at: Position,
    code: Code,
    pointer: String,
    detail: String,
    raw: Option<Bytes>,
    raw_base64: Option<Bytes>,
}

object! {
    DeadLetterLine / DeadLetterDraft: "A record that was refused, with its original bytes: raw when they are UTF-8, else raw_base64."
    {
        position = "position": required Place, "The record that was refused.";
        refused_at = "refused_at": required Place, "The position at which it was refused: later than position for one that was parked.";
        code = "code": required Choice<Code>, "The stable code.";
        pointer = "pointer": required LongText, "JSON pointer (RFC 6901) of what is wrong; empty for the whole record.";
        detail = "detail": required LongText, "What is wrong and how to mend it, for a person.";
        raw = "raw": optional RawText, "The bytes as they arrived, when they are UTF-8.";
        raw_base64 = "raw_base64": optional RawBytes, "The bytes as they arrived, in base64, when they are not UTF-8.";
    }
    any_of "raw" "raw_base64";
}

/// Why a record was refused, as an exported log shows it.
pub(crate) struct RefusalFields {
    pub(crate) code: Code,
    pub(crate) pointer: String,
    pub(crate) detail: String,
}

object! {
    RefusalFields / RefusalDraft: "Why a record was refused."
    {
        code = "code": required Choice<Code>, "The stable code.";
        pointer = "pointer": required LongText, "JSON pointer (RFC 6901) of what is wrong; empty for the whole record.";
        detail = "detail": required LongText, "What is wrong and how to mend it, for a person.";
    }
}

/// Bytes as the two fields show them: a string if they are UTF-8, else base64.
pub(crate) fn raw_parts(raw: &Bytes) -> (Option<Bytes>, Option<Bytes>) {
    match std::str::from_utf8(raw) {
        Ok(_) => (Some(raw.clone()), None),
        Err(_) => (None, Some(raw.clone())),
    }
}

/// The bytes that the two fields show.
pub(crate) fn raw_from(raw: Option<Bytes>, raw_base64: Option<Bytes>) -> Bytes {
    raw.or(raw_base64).unwrap_or_default()
}

/// Writes a dead letter as a line of JSON, with its line feed.
pub fn write_dead_letter(letter: &DeadLetter, out: &mut Vec<u8>) {
    let (raw, raw_base64) = raw_parts(&letter.raw);
    let line = DeadLetterLine {
        position: letter.position,
        refused_at: letter.refused_at,
        code: letter.refusal.code,
        pointer: letter.refusal.pointer.clone(),
        detail: letter.refusal.detail.clone(),
        raw,
        raw_base64,
    };
    Obj::<DeadLetterLine>::write(&line, out);
    out.push(b'\n');
}

/// Reads a dead letter back from its line.
pub fn read_dead_letter(line: &[u8]) -> Result<DeadLetter, Refusal> {
    let line = read_line::<Obj<DeadLetterLine>>(line)?;
    Ok(DeadLetter {
        position: line.position,
        refused_at: line.refused_at,
        refusal: Refusal { code: line.code, pointer: line.pointer, detail: line.detail },
        raw: raw_from(line.raw, line.raw_base64),
    })
}
