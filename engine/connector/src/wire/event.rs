//! Events: what every kind has, and which table reads the rest.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use model::event::{Attribute, Body, Click, Creator, Obligation, Order, OrderStatus, PayoutRun, Plan};
use model::limit::{ATTRIBUTES_MAX, EVENT_BYTES_MAX};
use model::refusal::{Code, Refusal};
use model::{Event, EventId, EventTime, Kind, Market, ProgramId, SourceId, Text};

use super::choice::{Choice, not_a_choice};
use super::codec::{Codec, Key, read_text};
use super::context::{Context, Problem, Step};
use super::id::Id;
use super::kind::{FeedMarkFields, KindFields, RefundFields, ReviewFields};
use super::map::Attributes;
use super::object::{Fields, Object, object, object_schema, put, skip};
use super::time::Time;
use super::{Decoded, Trust};

/// What every event has.
pub(crate) struct Envelope {
    pub(crate) event_id: EventId,
    pub(crate) kind: Kind,
    pub(crate) occurred_at: EventTime,
    pub(crate) program: Option<ProgramId>,
    pub(crate) market: Option<Market>,
    pub(crate) source: Option<SourceId>,
    pub(crate) attributes: BTreeMap<Text, Attribute>,
}

object! {
    Envelope / EnvelopeDraft: "What every event has."
    {
        event_id = "event_id": required Id<EventId>, "The producer's name for this event.";
        kind = "kind": required KindName, "What sort of event it is.";
        occurred_at = "occurred_at": required Time, "When it happened, in milliseconds since the epoch, from 2000 to 2200.";
        program = "program_id": optional Id<ProgramId>, "The program; the lane's default when missing.";
        market = "market": optional Id<Market>, "The market; the lane's default when missing.";
        source = "source": optional Id<SourceId>, "The system it came from.";
        attributes = "attributes": default {BTreeMap::new()} Attributes<ATTRIBUTES_MAX>, "The producer's own fields, which rules can read: strings, whole numbers and truth values.";
    }
}

/// The name of a kind, which has a code of its own.
pub(crate) struct KindName;

impl Codec for KindName {
    type Value = Kind;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Kind, D::Error> {
        read_text(from, context, "the name of a kind: a string", |text| {
            Kind::from_name(text).ok_or_else(|| Problem::new(Code::KindUnknown, not_a_choice::<Kind>(text)))
        })
    }

    fn write(value: &Kind, out: &mut Vec<u8>) {
        Choice::<Kind>::write(value, out);
    }

    fn schema() -> Value {
        Choice::<Kind>::schema()
    }
}

/// Reads an event.
pub(crate) fn decode(raw: &[u8], trust: Trust) -> Result<Decoded, Refusal> {
    if raw.len() > EVENT_BYTES_MAX {
        let detail =
            format!("{} bytes are more than an event may have, {EVENT_BYTES_MAX}; split it", raw.len());
        return Err(Refusal::new(Code::TooLarge, "", detail));
    }
    let text = std::str::from_utf8(raw).map_err(|error| {
        let byte = raw.get(error.valid_up_to()).copied().unwrap_or_default();
        let place = error.valid_up_to() + 1;
        let detail =
            format!("byte {place} of the record, 0x{byte:02X}, is not UTF-8; encode events as UTF-8");
        Refusal::new(Code::JsonUtf8, "", detail)
    })?;
    let mut context = Context::new(trust);
    match read(text, None, &mut context) {
        Err(_) if context.kind_is_late => decode_late_kind(text, trust),
        outcome => concluded(outcome, context),
    }
}

/// The kind stands after fields that only the kind can read: look for it first.
fn decode_late_kind(text: &str, trust: Trust) -> Result<Decoded, Refusal> {
    let mut context = Context::new(trust);
    let mut parser = serde_json::Deserializer::from_str(text);
    let kind = parser.deserialize_map(KindVisitor(&mut context));
    match kind.and_then(|kind| read(text, Some(kind), &mut context)) {
        Ok(event) => concluded(Ok(event), context),
        Err(error) => Err(context.refusal(&error)),
    }
}

fn concluded(outcome: serde_json::Result<Event>, context: Context) -> Result<Decoded, Refusal> {
    match outcome {
        Ok(event) => Ok(Decoded { event, unknown_fields: context.unknown }),
        Err(error) => Err(context.refusal(&error)),
    }
}

fn read(text: &str, kind: Option<Kind>, context: &mut Context) -> serde_json::Result<Event> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let event = parser.deserialize_map(EventVisitor { kind, context })?;
    parser.end()?;
    Ok(event)
}

struct EventVisitor<'c> {
    kind: Option<Kind>,
    context: &'c mut Context,
}

impl<'de> Visitor<'de> for EventVisitor<'_> {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object: one event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let mut envelope = EnvelopeDraft::default();
        if let Some(kind) = self.kind {
            return visit_kind(kind, envelope, map, self.context);
        }
        while let Some(Key(key)) = map.next_key()? {
            if !Envelope::offer(&mut envelope, &key, &mut map, self.context)? {
                self.context.kind_is_late = true;
                return Err(A::Error::custom("the kind is late"));
            }
            if let Some(kind) = envelope.kind {
                return visit_kind(kind, envelope, map, self.context);
            }
        }
        Err(self.context.fail(no_kind()))
    }
}

fn no_kind() -> Problem {
    let detail = format!("`kind` is missing; send one of {}", Kind::ALL.map(Kind::name).join(", "));
    Problem::new(Code::KindUnknown, detail).at("kind")
}

fn visit_kind<'de, A: MapAccess<'de>>(
    kind: Kind,
    envelope: EnvelopeDraft,
    map: A,
    context: &mut Context,
) -> Result<Event, A::Error> {
    match kind {
        Kind::Plan => visit_rest::<Plan, A>(envelope, map, context),
        Kind::Creator => visit_rest::<Creator, A>(envelope, map, context),
        Kind::Click => visit_rest::<Click, A>(envelope, map, context),
        Kind::Order => visit_rest::<Order, A>(envelope, map, context),
        Kind::OrderStatus => visit_rest::<OrderStatus, A>(envelope, map, context),
        Kind::Refund => visit_rest::<RefundFields, A>(envelope, map, context),
        Kind::PayoutRun => visit_rest::<PayoutRun, A>(envelope, map, context),
        Kind::Review => visit_review(envelope, map, context),
        Kind::Obligation => visit_rest::<Obligation, A>(envelope, map, context),
        Kind::FeedMark => visit_rest::<FeedMarkFields, A>(envelope, map, context),
    }
}

/// Who decided is the identity that posted the review. Only a log that the engine wrote may say it.
fn visit_review<'de, A: MapAccess<'de>>(
    envelope: EnvelopeDraft,
    map: A,
    context: &mut Context,
) -> Result<Event, A::Error> {
    let mut event = visit_rest::<ReviewFields, A>(envelope, map, context)?;
    if let (Body::Review(review), Trust::Producer) = (&mut event.body, context.trust) {
        context.unknown = context.unknown.saturating_add(u32::from(review.actor.take().is_some()));
    }
    Ok(event)
}

fn visit_rest<'de, K: KindFields, A: MapAccess<'de>>(
    mut envelope: EnvelopeDraft,
    mut map: A,
    context: &mut Context,
) -> Result<Event, A::Error> {
    let mut draft = K::Draft::default();
    while let Some(Key(key)) = map.next_key()? {
        let is_known = K::offer(&mut draft, &key, &mut map, context)?
            || Envelope::offer(&mut envelope, &key, &mut map, context)?;
        if !is_known {
            skip(&mut map, context)?;
        }
    }
    let event = Envelope::finish(envelope).and_then(|envelope| {
        let body = K::finish(draft)?.into_body(&envelope)?;
        Ok(Event {
            event_id: envelope.event_id,
            occurred_at: envelope.occurred_at,
            program: envelope.program,
            market: envelope.market,
            source: envelope.source,
            attributes: envelope.attributes,
            body,
        })
    });
    event.map_err(|problem| context.fail(problem))
}

/// Finds the kind, wherever it stands.
struct KindVisitor<'c>(&'c mut Context);

impl<'de> Visitor<'de> for KindVisitor<'_> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object: one event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Kind, A::Error> {
        let mut kind = None;
        while let Some(Key(key)) = map.next_key()? {
            if key == "kind" && kind.is_none() {
                let seed = super::codec::Seed::<KindName>::new(self.0);
                kind = Some(map.next_value_seed(seed).inspect_err(|_| {
                    self.0.within(Step::Field(Cow::Borrowed("kind")));
                })?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        kind.ok_or_else(|| self.0.fail(no_kind()))
    }
}

/// Writes an event: the common fields, those of its kind, its attributes.
pub(crate) fn write(event: &Event, out: &mut Vec<u8>) {
    let mut fields = Fields::open(out);
    fields.put::<Id<EventId>>("event_id", &event.event_id);
    fields.put::<KindName>("kind", &event.kind());
    fields.put::<Time>("occurred_at", &event.occurred_at);
    if let Some(program) = &event.program {
        fields.put::<Id<ProgramId>>("program_id", program);
    }
    if let Some(market) = &event.market {
        fields.put::<Id<Market>>("market", market);
    }
    if let Some(source) = &event.source {
        fields.put::<Id<SourceId>>("source", source);
    }
    match &event.body {
        Body::Plan(plan) => plan.write(&mut fields),
        Body::Creator(creator) => creator.write(&mut fields),
        Body::Click(click) => click.write(&mut fields),
        Body::Order(order) => order.write(&mut fields),
        Body::OrderStatus(status) => status.write(&mut fields),
        Body::Refund(refund) => RefundFields::from(&**refund).write(&mut fields),
        Body::PayoutRun(run) => run.write(&mut fields),
        Body::Review(review) => ReviewFields::from(&**review).write(&mut fields),
        Body::Obligation(obligation) => obligation.write(&mut fields),
        Body::FeedMark(mark) => FeedMarkFields::from(&**mark).write(&mut fields),
    }
    if !event.attributes.is_empty() {
        fields.put::<Attributes<ATTRIBUTES_MAX>>("attributes", &event.attributes);
    }
    fields.close();
}

/// A kind's schema, before its title.
pub(crate) struct KindSchema {
    /// The fields in the order in which they are written, with their schemas.
    pub(crate) names: Vec<&'static str>,
    /// The schema.
    pub(crate) schema: Value,
}

/// The schema of a kind.
pub(crate) fn kind_schema(kind: Kind) -> KindSchema {
    match kind {
        Kind::Plan => schema_of::<Plan>(kind),
        Kind::Creator => schema_of::<Creator>(kind),
        Kind::Click => schema_of::<Click>(kind),
        Kind::Order => schema_of::<Order>(kind),
        Kind::OrderStatus => schema_of::<OrderStatus>(kind),
        Kind::Refund => schema_of::<RefundFields>(kind),
        Kind::PayoutRun => schema_of::<PayoutRun>(kind),
        Kind::Review => schema_of::<ReviewFields>(kind),
        Kind::Obligation => schema_of::<Obligation>(kind),
        Kind::FeedMark => schema_of::<FeedMarkFields>(kind),
    }
}

fn schema_of<K: KindFields>(kind: Kind) -> KindSchema {
    let mut fields = Envelope::fields();
    let attributes = fields.pop();
    fields.extend(K::fields());
    fields.extend(attributes);
    for field in &mut fields {
        field.is_required |= K::ALSO_REQUIRED.contains(&field.name);
        if field.name == "kind" {
            field.schema = json!({"const": kind.name()});
        }
    }
    let names = fields.iter().map(|field| field.name).collect();
    let mut schema = object_schema(fields, K::any_of());
    put(&mut schema, "description", json!(K::ABOUT));
    KindSchema { names, schema }
}
