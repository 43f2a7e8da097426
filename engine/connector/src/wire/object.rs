//! Objects: one table of fields each, from which reader, writer and schema are made.
//!
//! A field is `required`, `optional` (an `Option` in the model), or has a `default {…}`, which is not written.
//! `null` is the same as leaving the field out. Unknown fields are tolerated and counted.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::codec::{Codec, Key};
use super::context::{Context, Problem};

/// What a table of fields gives.
pub(crate) trait Object: Sized {
    /// The fields read so far.
    type Draft: Default;
    /// What it is, in a sentence.
    const ABOUT: &'static str;

    /// Reads the value of a field into the draft; `false` when there is no field of that name.
    fn offer<'de, A: MapAccess<'de>>(
        draft: &mut Self::Draft,
        key: &str,
        map: &mut A,
        context: &mut Context,
    ) -> Result<bool, A::Error>;

    /// Makes the object once all fields are read.
    fn finish(draft: Self::Draft) -> Result<Self, Problem>;

    /// Writes the fields in the table's order.
    fn write(&self, fields: &mut Fields<'_>);

    /// The fields, for schemas.
    fn fields() -> Vec<FieldSchema>;

    /// At least one of these fields must be there, for schemas; the reader's check is in `finish`.
    fn any_of() -> &'static [&'static str] {
        &[]
    }
}

/// A field as a schema shows it.
pub(crate) struct FieldSchema {
    pub(crate) name: &'static str,
    pub(crate) is_required: bool,
    pub(crate) about: &'static str,
    pub(crate) schema: Value,
}

/// Writes the fields of an object.
pub(crate) struct Fields<'o> {
    out: &'o mut Vec<u8>,
    is_first: bool,
}

impl<'o> Fields<'o> {
    /// Begins an object.
    pub(crate) fn open(out: &'o mut Vec<u8>) -> Fields<'o> {
        out.push(b'{');
        Fields { out, is_first: true }
    }

    /// Writes a field. Names are plain ASCII and need no escapes.
    pub(crate) fn put<C: Codec>(&mut self, name: &str, value: &C::Value) {
        C::write(value, self.name(name));
    }

    /// Writes a field, unless it has its default.
    pub(crate) fn put_unless<C: Codec<Value: PartialEq>>(
        &mut self,
        name: &str,
        value: &C::Value,
        default: &C::Value,
    ) {
        if value != default {
            self.put::<C>(name, value);
        }
    }

    /// Writes a field's name; its value is to follow.
    pub(crate) fn name(&mut self, name: &str) -> &mut Vec<u8> {
        if !self.is_first {
            self.out.push(b',');
        }
        self.is_first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Ends the object.
    pub(crate) fn close(self) {
        self.out.push(b'}');
    }
}

/// An object as a value.
pub(crate) struct Obj<O>(PhantomData<O>);

struct ObjectVisitor<'c, O> {
    context: &'c mut Context,
    object: PhantomData<O>,
}

impl<O: Object> Codec for Obj<O> {
    type Value = O;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<O, D::Error> {
        from.deserialize_map(ObjectVisitor { context, object: PhantomData })
    }

    fn write(value: &O, out: &mut Vec<u8>) {
        let mut fields = Fields::open(out);
        value.write(&mut fields);
        fields.close();
    }

    fn schema() -> Value {
        let mut schema = object_schema(O::fields(), O::any_of());
        put(&mut schema, "description", json!(O::ABOUT));
        schema
    }
}

impl<'de, O: Object> Visitor<'de> for ObjectVisitor<'_, O> {
    type Value = O;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<O, A::Error> {
        let mut draft = O::Draft::default();
        while let Some(Key(key)) = map.next_key()? {
            if !O::offer(&mut draft, &key, &mut map, self.context)? {
                skip(&mut map, self.context)?;
            }
        }
        O::finish(draft).map_err(|problem| self.context.fail(problem))
    }
}

/// Passes over a field that is not known, and counts it.
pub(crate) fn skip<'de, A: MapAccess<'de>>(map: &mut A, context: &mut Context) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>()?;
    context.unknown = context.unknown.saturating_add(1);
    Ok(())
}

/// The schema of an object with these fields.
pub(crate) fn object_schema(fields: Vec<FieldSchema>, any_of: &[&str]) -> Value {
    let required: Vec<&str> = fields.iter().filter(|f| f.is_required).map(|f| f.name).collect();
    let properties: Map<String, Value> =
        fields.into_iter().map(|field| (field.name.to_owned(), field_schema(field))).collect();
    let mut schema = json!({"type": "object", "properties": properties, "required": required});
    if !any_of.is_empty() {
        let choices: Vec<Value> = any_of.iter().map(|name| json!({"required": [name]})).collect();
        put(&mut schema, "anyOf", json!(choices));
    }
    schema
}

fn field_schema(field: FieldSchema) -> Value {
    let mut schema = field.schema;
    if !field.is_required {
        allow_null(&mut schema);
    }
    put(&mut schema, "description", json!(field.about));
    schema
}

/// `null` is the same as leaving an optional field out.
pub(crate) fn allow_null(schema: &mut Value) {
    match schema.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!("null")),
        Some(single) => *single = json!([single, "null"]),
        None => {}
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.push(Value::Null);
    }
}

/// Sets a keyword of a schema.
pub(crate) fn put(schema: &mut Value, keyword: &str, value: Value) {
    if let Value::Object(keywords) = schema {
        keywords.insert(keyword.to_owned(), value);
    }
}

/// Declares an object: `Type / Draft: "About it."`, then `field = "wire_name": presence Codec, "About it.";`,
/// then a check of the whole, if there is one.
macro_rules! object {
    (
        $object:ident / $draft:ident: $about:literal
        { $($field:ident = $name:literal: $presence:ident $({$default:expr})? $codec:ty, $doc:literal;)* }
        $(any_of $($any:literal)+;)?
        $(check $check:path;)?
    ) => {
        #[derive(Default)]
        pub(crate) struct $draft {
            $(pub(crate) $field: Option<<$codec as $crate::wire::codec::Codec>::Value>,)*
        }

        impl $crate::wire::object::Object for $object {
            type Draft = $draft;
            const ABOUT: &'static str = $about;

            fn offer<'de, A: serde::de::MapAccess<'de>>(
                draft: &mut $draft,
                key: &str,
                map: &mut A,
                context: &mut $crate::wire::context::Context,
            ) -> Result<bool, A::Error> {
                match key {
                    $($name => $crate::wire::codec::read_field::<$codec, A>(&mut draft.$field, $name, map, context)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }

            fn finish(draft: $draft) -> Result<$object, $crate::wire::context::Problem> {
                let object = $object {
                    $($field: $crate::wire::object::object!(@take $presence $({$default})? draft.$field, $name),)*
                };
                $($check(&object)?;)?
                Ok(object)
            }

            fn write(&self, fields: &mut $crate::wire::object::Fields<'_>) {
                $($crate::wire::object::object!(@write $presence $({$default})? self.$field, fields, $name, $codec);)*
            }

            fn fields() -> Vec<$crate::wire::object::FieldSchema> {
                vec![$($crate::wire::object::FieldSchema {
                    name: $name,
                    is_required: $crate::wire::object::object!(@is_required $presence),
                    about: $doc,
                    schema: $crate::wire::object::object!(@schema $presence $({$default})? $codec),
                }),*]
            }

            $(fn any_of() -> &'static [&'static str] {
                &[$($any),+]
            })?
        }
    };
    (@take required $slot:expr, $name:literal) => {
        $slot.ok_or_else(|| $crate::wire::context::Problem::missing($name))?
    };
    (@take optional $slot:expr, $name:literal) => { $slot };
    (@take default {$default:expr} $slot:expr, $name:literal) => { $slot.unwrap_or_else(|| $default) };
    (@write required $value:expr, $fields:ident, $name:literal, $codec:ty) => {
        $fields.put::<$codec>($name, &$value)
    };
    (@write optional $value:expr, $fields:ident, $name:literal, $codec:ty) => {
        if let Some(value) = &$value {
            $fields.put::<$codec>($name, value);
        }
    };
    (@write default {$default:expr} $value:expr, $fields:ident, $name:literal, $codec:ty) => {
        $fields.put_unless::<$codec>($name, &$value, &$default)
    };
    (@is_required required) => { true };
    (@is_required optional) => { false };
    (@is_required default) => { false };
    (@schema default {$default:expr} $codec:ty) => {
        $crate::wire::object::with_default::<$codec>(&$default)
    };
    (@schema $presence:ident $codec:ty) => { <$codec as $crate::wire::codec::Codec>::schema() };
}
pub(crate) use object;

/// The schema of a field that has a default.
pub(crate) fn with_default<C: Codec>(value: &C::Value) -> Value {
    let mut written = Vec::new();
    C::write(value, &mut written);
    let mut schema = C::schema();
    put(&mut schema, "default", serde_json::from_slice(&written).expect("codecs write JSON"));
    schema
}
