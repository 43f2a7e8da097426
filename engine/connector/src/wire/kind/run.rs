//! What finance and feeds say: payout runs, obligations, feed marks.

use serde::Deserializer;
use serde_json::{Value, json};

use model::event::{Beneficiary, Body, Component, FeedMark, Obligation, PayoutLine, PayoutRun, RunState};
use model::limit::{ID_BYTES_MAX, PAYOUT_LINES_MAX};
use model::refusal::Code;
use model::{EventTime, Kind, ObligationId, OrderId, RunId};

use super::KindFields;
use crate::wire::choice::Choice;
use crate::wire::codec::{Codec, List, read_text, write_json};
use crate::wire::context::{Context, Problem};
use crate::wire::event::Envelope;
use crate::wire::id::Id;
use crate::wire::money::{Amount, CurrencyCode};
use crate::wire::object::{Obj, object};
use crate::wire::scalar::Words;
use crate::wire::time::Time;

/// Who earns: `creator:ID` or `agency:ID`.
pub(crate) struct Earner;

impl Codec for Earner {
    type Value = Beneficiary;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Beneficiary, D::Error> {
        read_text(from, context, "a beneficiary: a string such as \"creator:42\"", |text| {
            Beneficiary::parse(text).ok_or_else(|| {
                let detail = format!("`{text}` is not a beneficiary; write creator:ID or agency:ID");
                Problem::new(Code::FieldValue, detail)
            })
        })
    }

    fn write(value: &Beneficiary, out: &mut Vec<u8>) {
        write_json(&value.to_string(), out);
    }

    fn schema() -> Value {
        let longest = "creator:".len() + ID_BYTES_MAX;
        json!({"type": "string", "maxLength": longest, "pattern": r"^(creator|agency):[^\u0000-\u001f\u007f]+$"})
    }
}

object! {
    PayoutRun / PayoutRunDraft: "A step of finance's payout run."
    {
        run_id = "run_id": required Id<RunId>, "Which run.";
        state = "state": required Choice<RunState>, "The step. locked schedules what was released by the cutoff; paid says that the money has gone.";
        cutoff = "cutoff_at": required Time, "Releases up to then are paid, in milliseconds since the epoch.";
        time_zone = "time_zone": required Words, "The zone in which the cutoff was chosen, an IANA name such as Asia/Jakarta.";
        lines = "lines": default {Vec::new()} List<Obj<PayoutLine>, 0, PAYOUT_LINES_MAX>, "Who is paid what; everyone, in full, when empty.";
    }
}

object! {
    PayoutLine / PayoutLineDraft: "One beneficiary's payment of a run."
    {
        beneficiary = "beneficiary": required Earner, "Who: creator:ID or agency:ID.";
        currency = "currency": required CurrencyCode, "The ISO 4217 currency of the commissions.";
        gross = "gross": required Amount, "Commissions consumed, before fees and tax, in minor units.";
        fee = "fee": optional Amount, "Fee taken off, in minor units.";
        tax_withheld = "tax_withheld": optional Amount, "Tax taken off, in minor units.";
        fx_rate = "fx_rate": optional Words, "Exchange rate, as text: it computes nothing here.";
        net = "net": required Amount, "What reached the beneficiary, in minor units.";
        bank_ref = "bank_ref": optional Words, "The bank's reference.";
    }
}

object! {
    Obligation / ObligationDraft: "Money owed that no rate computes, into the same ledger."
    {
        obligation_id = "obligation_id": required Id<ObligationId>, "The obligation; unique per program.";
        beneficiary = "beneficiary": required Earner, "Who is owed: creator:ID or agency:ID.";
        component = "component": required Choice<Component>, "What for.";
        currency = "currency": required CurrencyCode, "The ISO 4217 currency.";
        amount = "amount": required Amount, "How much, in minor units.";
        order_id = "order_id": optional Id<OrderId>, "The order that it belongs to, if any.";
        due = "due_at": optional Time, "When it is due, in milliseconds since the epoch; at its own time when missing.";
        contract_ref = "contract_ref": optional Words, "The contract.";
    }
}

/// A feed mark as it is written: its source and market are those of every event.
pub(crate) struct FeedMarkFields {
    kinds: Vec<Kind>,
    complete_through: EventTime,
}

object! {
    FeedMarkFields / FeedMarkDraft: "Everything of these kinds from this source up to then has been sent."
    {
        kinds = "kinds": required List<Choice<Kind>, 1, { Kind::ALL.len() }>, "The kinds of which it speaks.";
        complete_through = "complete_through_at": required Time, "Up to when, inclusive, in milliseconds since the epoch.";
    }
}

impl KindFields for FeedMarkFields {
    const ALSO_REQUIRED: &'static [&'static str] = &["source"];

    fn into_body(self, envelope: &Envelope) -> Result<Body, Problem> {
        Ok(Body::FeedMark(Box::new(FeedMark {
            source: envelope.source.clone().ok_or_else(|| Problem::missing("source"))?,
            kinds: self.kinds,
            market: envelope.market.clone(),
            complete_through: self.complete_through,
        })))
    }
}

impl From<&FeedMark> for FeedMarkFields {
    fn from(mark: &FeedMark) -> FeedMarkFields {
        FeedMarkFields { kinds: mark.kinds.clone(), complete_through: mark.complete_through }
    }
}
