//! Keyed 128-bit hashes of values: what stands for a group or a value in every table.
//!
//! SipHash-1-3 under the lane's secret, since an attacker chooses addresses, coupons and names. Tuples of values
//! are hashed as polynomials of their values' hashes: those are unpredictable without the secret, so a collision
//! of tuples is as unlikely as one of values.

use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use model::{Currency, Value};

use crate::seen::{Line, Reading, Seen, Source};

/// Of the polynomial: odd, otherwise arbitrary (the fraction of the golden ratio).
const STEP: u128 = 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835;

/// Hashes values, each field of a record once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Secret", into = "Secret")]
pub(crate) struct Hashes {
    secret: Secret,
    /// By type, so that equal bytes of different types differ.
    hashers: [SipHasher13; 5],
    /// By field: what is known of the record at hand.
    memo: Vec<Option<Option<u128>>>,
}

/// What a snapshot keeps.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Secret {
    key: u128,
    fields: usize,
}

impl From<Secret> for Hashes {
    fn from(secret: Secret) -> Hashes {
        Hashes::new(secret.key, secret.fields)
    }
}

impl From<Hashes> for Secret {
    fn from(hashes: Hashes) -> Secret {
        hashes.secret
    }
}

impl Hashes {
    /// Of a lane with this secret, whose features read so many fields.
    pub(crate) fn new(key: u128, fields: usize) -> Hashes {
        let hasher = |kind: u8| SipHasher13::new_with_key(&(key ^ u128::from(kind)).to_le_bytes());
        Hashes {
            secret: Secret { key, fields },
            hashers: [1, 2, 3, 4, 5].map(hasher),
            memo: vec![None; fields],
        }
    }

    /// Turns to another record.
    pub(crate) fn turn(&mut self) {
        self.memo.fill(None);
    }

    /// The hash of a field of the record at hand; `None` where it is missing.
    pub(crate) fn of(&mut self, source: &Source, seen: Seen<'_>, line: Line) -> Option<u128> {
        if line != Line::Whole && source.reading() == Reading::ByLine {
            return self.of_value(source.value(seen, line));
        }
        if let Some(Some(known)) = self.memo.get(source.id) {
            return *known;
        }
        let hash = self.of_value(source.value(seen, line));
        *self.memo.get_mut(source.id).expect("every field has its place") = Some(hash);
        hash
    }

    /// The hash of a value.
    pub(crate) fn of_value(&self, value: Value<'_>) -> Option<u128> {
        let [bools, ints, amounts, texts, lists] = &self.hashers;
        let hash = match value {
            Value::Missing => return None,
            Value::Bool(truth) => bools.hash(&[u8::from(truth)]),
            Value::Int(number) => ints.hash(&number.to_le_bytes()),
            Value::Money(money) => {
                let mut hasher = *amounts;
                hasher.write(money.currency.code().as_bytes());
                hasher.write(&money.minor.0.to_le_bytes());
                hasher.finish128()
            }
            Value::Text(text) => texts.hash(text.as_bytes()),
            Value::Texts(list) => {
                let mut hasher = *lists;
                for text in list {
                    hasher.write_usize(text.len());
                    hasher.write(text.as_bytes());
                }
                hasher.finish128()
            }
        };
        Some(hash.as_u128())
    }

    /// The hash of a currency.
    pub(crate) fn of_currency(&self, currency: Currency) -> Option<u128> {
        self.of_value(Value::Text(currency.code()))
    }
}

/// Appends a value to a tuple, by their hashes.
pub(crate) fn join(tuple: u128, value: u128) -> u128 {
    tuple.wrapping_mul(STEP).wrapping_add(value)
}

/// The key of a value within a group that lives at this slot.
pub(crate) fn within(group: u32, value: u128) -> u128 {
    value.wrapping_add(STEP.wrapping_mul(u128::from(group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_different_types_and_lists_cut_differently_differ() {
        let hashes = Hashes::new(7, 0);
        let lists: [Vec<model::Text>; 3] =
            [vec!["ab".into()], vec!["a".into(), "b".into()], vec!["".into(), "ab".into()]];
        let mut values: Vec<Value<'_>> = lists.iter().map(|list| Value::Texts(list)).collect();
        values.extend([Value::Text("ab"), Value::Bool(true), Value::Int(1), Value::Text("\u{1}")]);
        let mut all: Vec<_> = values.iter().map(|value| hashes.of_value(*value).unwrap()).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), values.len());
        assert_eq!(hashes.of_value(Value::Missing), None);
    }

    #[test]
    fn the_secret_changes_every_hash() {
        let of = |key| Hashes::new(key, 0).of_value(Value::Text("192.0.2.7"));
        assert_ne!(of(1), of(2));
        assert_eq!(of(1), of(1));
    }
}
