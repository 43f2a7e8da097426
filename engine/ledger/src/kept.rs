//! Reasons as state: evidence is published untagged, which only a self-describing format can read back.

use model::hit::EvidenceValue;
use model::verdict::Reason;
use model::{RuleId, Text};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[derive(Serialize, Deserialize)]
struct Kept {
    rule: RuleId,
    public_code: Text,
    evidence: Vec<(Text, Value)>,
}

#[derive(Serialize, Deserialize)]
enum Value {
    Int(i64),
    Ratio(i64, i64),
    Id(Text),
}

pub(crate) fn serialize<S: Serializer>(reason: &Reason, serializer: S) -> Result<S::Ok, S::Error> {
    let value = |value: &EvidenceValue| match value {
        EvidenceValue::Int(number) => Value::Int(*number),
        EvidenceValue::Ratio { numerator, denominator } => Value::Ratio(*numerator, *denominator),
        EvidenceValue::Id(id) => Value::Id(id.clone()),
    };
    let evidence = reason.evidence.iter().map(|(name, known)| (name.clone(), value(known))).collect();
    let (rule, public_code) = (reason.rule.clone(), reason.public_code.clone());
    Kept { rule, public_code, evidence }.serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Reason, D::Error> {
    let Kept { rule, public_code, evidence } = Kept::deserialize(deserializer)?;
    let value = |value: Value| match value {
        Value::Int(number) => EvidenceValue::Int(number),
        Value::Ratio(numerator, denominator) => EvidenceValue::Ratio { numerator, denominator },
        Value::Id(id) => EvidenceValue::Id(id),
    };
    let evidence = evidence.into_iter().map(|(name, kept)| (name, value(kept))).collect();
    Ok(Reason { rule, public_code, evidence })
}
