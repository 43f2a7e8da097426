//! The codecs of objects whose names are the producer's: attributes, `utm` parameters, evidence, balances.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::{Value, json};

use model::Text;
use model::event::Attribute;
use model::hit::EvidenceValue;
use model::limit::{COUNT_MAX, ID_BYTES_MAX};
use model::refusal::Code;
use model::verdict::Account;

use super::choice::{Named, chosen};
use super::codec::{Codec, Key, Nullable, Seed, given_twice, write_json};
use super::context::{Context, Problem, Step};
use super::money::Balance;
use super::object::{Obj, allow_null, object};
use super::scalar::{Whole, bounded_text};

/// A name within a map.
pub(crate) trait Name: Ord + Sized {
    fn parse(text: &str) -> Result<Self, Problem>;
    fn text(&self) -> &str;
    fn schema() -> Value;
}

impl Name for Text {
    fn parse(text: &str) -> Result<Text, Problem> {
        if text.is_empty() || text.len() > ID_BYTES_MAX {
            let detail = format!("a name has 1 to {ID_BYTES_MAX} bytes, and one of these has {}", text.len());
            return Err(Problem::new(Code::FieldValue, detail));
        }
        Ok(Text::new(text))
    }

    fn text(&self) -> &str {
        self.as_str()
    }

    fn schema() -> Value {
        json!({"minLength": 1, "maxLength": ID_BYTES_MAX})
    }
}

impl Name for Account {
    fn parse(text: &str) -> Result<Account, Problem> {
        chosen(text).ok_or_else(|| Problem::new(Code::FieldValue, format!("`{text}` is not an account")))
    }

    fn text(&self) -> &str {
        (*self).name()
    }

    fn schema() -> Value {
        json!({"enum": Account::all().iter().map(|account| account.name()).collect::<Vec<_>>()})
    }
}

/// At most `MAX` named values. A value of `null` is the same as leaving the name out.
pub(crate) struct Entries<N, C, const MAX: usize>(PhantomData<(N, C)>);

/// The producer's own fields.
pub(crate) type Attributes<const MAX: usize> = Entries<Text, AttributeValue, MAX>;
/// Texts by name.
pub(crate) type Dictionary<const MAX: usize> = Entries<Text, Raw, MAX>;
/// Money by account.
pub(crate) type Balances = Entries<Account, Balance, { Account::ALL.len() }>;

struct MapVisitor<'c, N, C, const MAX: usize> {
    context: &'c mut Context,
    of: PhantomData<(N, C)>,
}

impl<N: Name, C: Codec, const MAX: usize> Codec for Entries<N, C, MAX> {
    type Value = BTreeMap<N, C::Value>;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Self::Value, D::Error> {
        from.deserialize_map(MapVisitor::<N, C, MAX> { context, of: PhantomData })
    }

    fn write(values: &Self::Value, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (name, value)) in values.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_json(name.text(), out);
            out.push(b':');
            C::write(value, out);
        }
        out.push(b'}');
    }

    fn schema() -> Value {
        let mut value = C::schema();
        allow_null(&mut value);
        json!({
            "type": "object",
            "propertyNames": N::schema(),
            "additionalProperties": value,
            "maxProperties": MAX,
        })
    }
}

impl<'de, N: Name, C: Codec, const MAX: usize> Visitor<'de> for MapVisitor<'_, N, C, MAX> {
    type Value = BTreeMap<N, C::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = BTreeMap::new();
        while let Some(Key(key)) = map.next_key()? {
            let name = N::parse(&key).map_err(|problem| self.context.fail(problem))?;
            let value = match map.next_value_seed(Nullable(Seed::<C>::new(self.context))) {
                Ok(Some(value)) => value,
                Ok(None) => continue,
                Err(error) => {
                    self.context.within(Step::Field(Cow::Owned(key.into_owned())));
                    return Err(error);
                }
            };
            if values.len() == MAX {
                let detail = format!("there are more than {MAX} names; send fewer");
                return Err(self.context.fail(Problem::new(Code::FieldTooMany, detail)));
            }
            if values.insert(name, value).is_some() {
                let mut problem = given_twice(&key);
                problem.below.push(Step::Field(Cow::Owned(key.into_owned())));
                return Err(self.context.fail(problem));
            }
        }
        Ok(values)
    }
}

/// A text within a map: as it is, empty or not.
pub(crate) struct Raw;

impl Codec for Raw {
    type Value = Text;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Text, D::Error> {
        super::scalar::Words::read(from, context)
    }

    fn write(value: &Text, out: &mut Vec<u8>) {
        write_json(value.as_str(), out);
    }

    fn schema() -> Value {
        super::scalar::Words::schema()
    }
}

/// A string, a whole number or a truth value.
pub(crate) struct AttributeValue;

struct AttributeVisitor<'c>(&'c mut Context);

impl Codec for AttributeValue {
    type Value = Attribute;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Attribute, D::Error> {
        from.deserialize_any(AttributeVisitor(context))
    }

    fn write(value: &Attribute, out: &mut Vec<u8>) {
        match value {
            Attribute::Bool(flag) => write_json(flag, out),
            Attribute::Int(number) => write_json(number, out),
            Attribute::Text(text) => write_json(text.as_str(), out),
        }
    }

    fn schema() -> Value {
        json!({
            "type": ["string", "integer", "boolean"],
            "maxLength": model::limit::TEXT_BYTES_MAX,
            "minimum": i64::MIN,
            "maximum": i64::MAX,
        })
    }
}

impl Visitor<'_> for AttributeVisitor<'_> {
    type Value = Attribute;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, a whole number or a truth value (a fraction as parts per million)")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Attribute, E> {
        Ok(Attribute::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Attribute, E> {
        Ok(Attribute::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Attribute, E> {
        i64::try_from(number).map(Attribute::Int).map_err(|_| {
            let detail = format!("{number} is more than {}; send it as a string", i64::MAX);
            self.0.fail(Problem::new(Code::FieldValue, detail))
        })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Attribute, E> {
        let text = bounded_text(text).map_err(|problem| self.0.fail(problem))?;
        Ok(Attribute::Text(Text::new(text)))
    }
}

/// A number, a ratio or an id behind a reason.
pub(crate) struct EvidenceEntry;

/// Two whole numbers, one over the other.
pub(crate) struct Ratio {
    numerator: i64,
    denominator: i64,
}

object! {
    Ratio / RatioDraft: "A ratio of two whole numbers."
    {
        numerator = "numerator": required Whole<{ i64::MIN }, { i64::MAX }>, "Above the line.";
        denominator = "denominator": required Whole<{ i64::MIN }, { i64::MAX }>, "Below the line.";
    }
}

struct EvidenceVisitor<'c>(&'c mut Context);

impl Codec for EvidenceEntry {
    type Value = EvidenceValue;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<EvidenceValue, D::Error> {
        from.deserialize_any(EvidenceVisitor(context))
    }

    fn write(value: &EvidenceValue, out: &mut Vec<u8>) {
        write_json(value, out);
    }

    fn schema() -> Value {
        json!({"anyOf": [
            {"type": "integer"},
            Obj::<Ratio>::schema(),
            {"type": "string", "description": "An id."},
        ]})
    }
}

impl<'de> Visitor<'de> for EvidenceVisitor<'_> {
    type Value = EvidenceValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number, a ratio or an id")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<EvidenceValue, E> {
        Ok(EvidenceValue::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<EvidenceValue, E> {
        i64::try_from(number).map(EvidenceValue::Int).map_err(E::custom)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<EvidenceValue, E> {
        Ok(EvidenceValue::Id(Text::new(text)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EvidenceValue, A::Error> {
        let from = serde::de::value::MapAccessDeserializer::new(map);
        let ratio = Seed::<Obj<Ratio>>::new(self.0).deserialize(from)?;
        Ok(EvidenceValue::Ratio { numerator: ratio.numerator, denominator: ratio.denominator })
    }
}

/// A count: from `MIN` to the largest count.
pub(crate) type Count<const MIN: i64> = Whole<MIN, COUNT_MAX>;
