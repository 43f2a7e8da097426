//! The codec of choices among names.

use std::marker::PhantomData;

use serde::Deserializer;
use serde_json::{Value, json};

use model::event::{
    Base, Component, ContentType, Fault, Funder, Kind, OrderType, RefundState, RefundType, ReviewDecision,
    ReviewStage, RunState, SettlementFrom, Status, Touch,
};
use model::refusal::Code;
use model::verdict::{Account, Decision};

use super::codec::{Codec, read_text, write_json};
use super::context::{Context, Problem};

/// A choice among names.
pub(crate) trait Named: Copy + Sized + 'static {
    fn all() -> &'static [Self];
    fn name(self) -> &'static str;
}

macro_rules! named {
    ($($type:ident)*) => {$(
        impl Named for $type {
            fn all() -> &'static [$type] {
                &$type::ALL
            }

            fn name(self) -> &'static str {
                $type::name(self)
            }
        }
    )*};
}

named! {
    Touch ContentType OrderType Funder Status RefundState RefundType Fault Base SettlementFrom ReviewDecision
    ReviewStage RunState Kind Account Decision
}

impl Named for Component {
    fn all() -> &'static [Component] {
        &Component::OWED
    }

    fn name(self) -> &'static str {
        Component::name(self)
    }
}

/// One of the names of `T`.
pub(crate) struct Choice<T>(PhantomData<T>);

impl<T: Named> Codec for Choice<T> {
    type Value = T;

    fn read<'de, D: Deserializer<'de>>(from: D, context: &mut Context) -> Result<T, D::Error> {
        read_text(from, context, "one of the names that the schema lists: a string", |text| {
            chosen(text).ok_or_else(|| Problem::new(Code::FieldValue, not_a_choice::<T>(text)))
        })
    }

    fn write(value: &T, out: &mut Vec<u8>) {
        write_json(value.name(), out);
    }

    fn schema() -> Value {
        json!({"type": "string", "enum": names::<T>()})
    }
}

/// The value of that name.
pub(crate) fn chosen<T: Named>(text: &str) -> Option<T> {
    T::all().iter().copied().find(|value| value.name() == text)
}

fn names<T: Named>() -> Vec<&'static str> {
    T::all().iter().map(|value| value.name()).collect()
}

/// Says what the choices are, and which one may be meant.
pub(crate) fn not_a_choice<T: Named>(text: &str) -> String {
    let names = names::<T>();
    match crate::nearest(text, names.iter().copied()) {
        Some(near) => format!("`{text}` is not one of {}; did you mean `{near}`?", names.join(", ")),
        None => format!("`{text}` is not one of {}", names.join(", ")),
    }
}
