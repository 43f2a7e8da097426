//! How one value is read, written and described: a codec per sort of value, so that reader, writer and schema
//! cannot drift apart.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::refusal::Code;

use super::context::{Context, Problem, Step};
use super::object::put;

/// A sort of value on the wire.
pub(crate) trait Codec {
    /// What it is once it is checked.
    type Value;

    /// Reads and checks a value.
    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Self::Value, D::Error>;

    /// Writes a value as JSON.
    fn write(value: &Self::Value, out: &mut Vec<u8>);

    /// Its JSON Schema.
    fn schema() -> Value;

    /// Whether a value says no more than leaving the field out would.
    fn is_absent(_: &Self::Value) -> bool {
        false
    }
}

/// Reads a value by its codec.
pub(crate) struct Seed<'c, C> {
    context: &'c mut Context,
    codec: PhantomData<C>,
}

impl<'c, C> Seed<'c, C> {
    pub(crate) fn new(context: &'c mut Context) -> Seed<'c, C> {
        Seed { context, codec: PhantomData }
    }
}

impl<'de, C: Codec> DeserializeSeed<'de> for Seed<'_, C> {
    type Value = C::Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<C::Value, D::Error> {
        C::read(from, self.context)
    }
}

/// Reads a value by its codec, or `null`, which is the same as leaving the field out.
pub(crate) struct Nullable<'c, C>(pub(crate) Seed<'c, C>);

impl<'de, C: Codec> DeserializeSeed<'de> for Nullable<'_, C> {
    type Value = Option<C::Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<C::Value>, D::Error> {
        from.deserialize_option(self)
    }
}

impl<'de, C: Codec> Visitor<'de> for Nullable<'_, C> {
    type Value = Option<C::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Option<C::Value>, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Option<C::Value>, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Option<C::Value>, D::Error> {
        C::read(from, self.0.context).map(|value| (!C::is_absent(&value)).then_some(value))
    }
}

/// A field's name, borrowed from the bytes where they have no escapes.
#[derive(Deserialize)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// Reads the value of a field into its slot. A field given twice is refused: which one counts?
pub(crate) fn read_field<'de, C: Codec, A: MapAccess<'de>>(
    slot: &mut Option<C::Value>,
    name: &'static str,
    map: &mut A,
    context: &mut Context,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(context.fail(given_twice(name).at(name)));
    }
    match map.next_value_seed(Nullable(Seed::<C>::new(context))) {
        Ok(value) => {
            *slot = value;
            Ok(())
        }
        Err(error) => {
            context.within(Step::Field(Cow::Borrowed(name)));
            Err(error)
        }
    }
}

pub(crate) fn given_twice(name: &str) -> Problem {
    Problem::new(Code::FieldValue, format!("`{name}` is given twice; send it once"))
}

/// Reads a string and checks it.
pub(crate) fn read_text<'de, D: Deserializer<'de>, T>(
    from: D,
    context: &mut Context,
    expected: &'static str,
    check: impl FnOnce(&str) -> Result<T, Problem>,
) -> Result<T, D::Error> {
    from.deserialize_str(TextVisitor { context, expected, check })
}

struct TextVisitor<'c, F> {
    context: &'c mut Context,
    expected: &'static str,
    check: F,
}

impl<T, F: FnOnce(&str) -> Result<T, Problem>> Visitor<'_> for TextVisitor<'_, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.check)(text).map_err(|problem| self.context.fail(problem))
    }
}

/// Reads a whole number and checks it. JSON numbers with a fraction or an exponent are not whole numbers.
pub(crate) fn read_whole<'de, D: Deserializer<'de>, T>(
    from: D,
    context: &mut Context,
    expected: &'static str,
    check: impl FnOnce(i128) -> Result<T, Problem>,
) -> Result<T, D::Error> {
    from.deserialize_i64(WholeVisitor { context, expected, check })
}

struct WholeVisitor<'c, F> {
    context: &'c mut Context,
    expected: &'static str,
    check: F,
}

impl<T, F: FnOnce(i128) -> Result<T, Problem>> Visitor<'_> for WholeVisitor<'_, F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        (self.check)(i128::from(number)).map_err(|problem| self.context.fail(problem))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        (self.check)(i128::from(number)).map_err(|problem| self.context.fail(problem))
    }
}

/// A list of `MIN` to `MAX` entries.
pub(crate) struct List<C, const MIN: usize, const MAX: usize>(PhantomData<C>);

struct ListVisitor<'c, C, const MIN: usize, const MAX: usize>(Seed<'c, C>);

impl<C: Codec, const MIN: usize, const MAX: usize> Codec for List<C, MIN, MAX> {
    type Value = Vec<C::Value>;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<Self::Value, D::Error> {
        from.deserialize_seq(ListVisitor::<C, MIN, MAX>(Seed::new(context)))
    }

    fn write(values: &Vec<C::Value>, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            C::write(value, out);
        }
        out.push(b']');
    }

    fn schema() -> Value {
        let mut schema = json!({"type": "array", "items": C::schema(), "maxItems": MAX});
        if MIN > 0 {
            put(&mut schema, "minItems", json!(MIN));
        }
        schema
    }
}

impl<'de, C: Codec, const MIN: usize, const MAX: usize> Visitor<'de> for ListVisitor<'_, C, MIN, MAX> {
    type Value = Vec<C::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let context = self.0.context;
        let mut values = Vec::new();
        loop {
            match list.next_element_seed(Seed::<C>::new(context)) {
                Ok(Some(_)) if values.len() == MAX => {
                    let detail = format!("the list has more than {MAX} entries; send fewer");
                    return Err(context.fail(Problem::new(Code::FieldTooMany, detail)));
                }
                Ok(Some(value)) if C::is_absent(&value) => {
                    let empty = Problem::new(Code::FieldValue, "an entry is empty; leave it out instead");
                    return Err(context.fail(empty.at_entry(values.len())));
                }
                Ok(Some(value)) => values.push(value),
                Ok(None) if values.len() < MIN => {
                    let detail = format!("the list has {} entries and needs at least {MIN}", values.len());
                    return Err(context.fail(Problem::new(Code::FieldValue, detail)));
                }
                Ok(None) => return Ok(values),
                Err(error) => {
                    context.within(Step::Entry(values.len()));
                    return Err(error);
                }
            }
        }
    }
}

/// Writes a string, number or truth value as JSON.
pub(crate) fn write_json(value: &(impl Serialize + ?Sized), out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("plain values are JSON, and memory takes all bytes");
}
