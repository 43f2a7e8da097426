//! The codecs of money: amounts, balances, currencies, rates.

use serde::Deserializer;
use serde_json::{Value, json};

use model::limit::AMOUNT_MINOR_MAX;
use model::refusal::Code;
use model::{BasisPoints, Currency, Minor};

use super::codec::{Codec, read_text, read_whole, write_json};
use super::context::{Context, Problem};
use super::scalar::Whole;

/// An amount of money in minor units.
pub(crate) struct Amount;

impl Codec for Amount {
    type Value = Minor;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Minor, D::Error> {
        read_whole(from, context, "a whole number of minor units: 12.50 USD is 1250, 500 JPY is 500", amount)
    }

    fn write(value: &Minor, out: &mut Vec<u8>) {
        write_json(&value.0, out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": AMOUNT_MINOR_MAX})
    }
}

fn amount(number: i128) -> Result<Minor, Problem> {
    if number < 0 {
        let detail =
            format!("{number} is negative; amounts are never negative, money going back is a refund");
        return Err(Problem::new(Code::AmountNegative, detail));
    }
    i64::try_from(number).ok().filter(|minor| *minor <= AMOUNT_MINOR_MAX).map(Minor).ok_or_else(|| {
        let detail = format!("{number} is more than {AMOUNT_MINOR_MAX}, the largest amount in minor units");
        Problem::new(Code::AmountTooLarge, detail)
    })
}

/// A balance, which is written by the engine itself and has no other bound than its type.
pub(crate) struct Balance;

impl Codec for Balance {
    type Value = Minor;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Minor, D::Error> {
        Whole::<{ i64::MIN }, { i64::MAX }>::read(from, context).map(Minor)
    }

    fn write(value: &Minor, out: &mut Vec<u8>) {
        write_json(&value.0, out);
    }

    fn schema() -> Value {
        json!({"type": "integer"})
    }
}

/// An ISO 4217 currency.
pub(crate) struct CurrencyCode;

impl Codec for CurrencyCode {
    type Value = Currency;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Currency, D::Error> {
        read_text(from, context, "a currency: a string such as \"USD\"", |code| {
            Currency::new(code).ok_or_else(|| Problem::new(Code::CurrencyUnknown, unknown_currency(code)))
        })
    }

    fn write(value: &Currency, out: &mut Vec<u8>) {
        write_json(value.code(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "pattern": "^[A-Z]{3}$"})
    }
}

/// Says that a code is not a currency, and which one may be meant.
pub(crate) fn unknown_currency(code: &str) -> String {
    let capitals = code.trim().to_ascii_uppercase();
    match Currency::new(&capitals) {
        Some(meant) => {
            format!("currency `{code}` is not an active ISO 4217 code; use capitals, such as {meant}")
        }
        None => format!("currency `{code}` is not an active ISO 4217 code; use one, such as USD"),
    }
}

/// A rate in basis points.
pub(crate) struct Rate;

impl Codec for Rate {
    type Value = BasisPoints;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<BasisPoints, D::Error> {
        read_whole(from, context, "a whole number of basis points: 1000 is 10 %", |number| {
            i64::try_from(number).ok().and_then(BasisPoints::new).ok_or_else(|| {
                let detail = format!("{number} is not within 0 to 10000 basis points; 1000 is 10 %");
                Problem::new(Code::FieldValue, detail)
            })
        })
    }

    fn write(value: &BasisPoints, out: &mut Vec<u8>) {
        write_json(&value.get(), out);
    }

    fn schema() -> Value {
        json!({"type": "integer", "minimum": 0, "maximum": 10_000})
    }
}
